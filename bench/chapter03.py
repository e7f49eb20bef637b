"""The models of chapter 03, taken from its solved notebook: the answers and the given cells."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from bench.notebook import ROOT, definitions, recipe
from classroom import Batch, Corpus, Pair

NOTEBOOK = ROOT / "solutions" / "en" / "03-attention-context" / "attention_context.ipynb"
HIDDEN = 64


class Chapter03:
    """What bench needs of the notebook."""

    def __init__(self) -> None:
        defined = definitions(NOTEBOOK)
        self.AttnDecoderRNN: type[nn.Module] = defined["AttnDecoderRNN"]
        self.sequence_loss: Callable = defined["sequence_loss"]
        self.recipe = recipe(NOTEBOOK)  # how it trains the Bahdanau model on dates
        self._defined = defined

    def bahdanau(self, corpus: Corpus, seed: int) -> nn.Module:
        """An untrained translator with additive attention."""
        torch.manual_seed(seed)
        encoder = self._defined["BiEncoder"](len(corpus.source_vocab), HIDDEN)
        decoder = self._defined["BahdanauDecoder"](HIDDEN, len(corpus.target_vocab))
        return self._defined["Translator"](encoder, decoder)

    def translator(self, model: nn.Module) -> Callable[[Batch], Tensor]:
        return lambda batch: self._defined["translate"](model, batch)

    def maps(self, model: nn.Module, corpus: Corpus, pairs: list[Pair]) -> list[tuple[Tensor, Pair]]:
        return self._defined["maps_of"](model, corpus, pairs)
