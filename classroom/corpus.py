"""Sentence pairs, and the batches of tensors made of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from classroom.vocabulary import PAD, SOS, Vocabulary


@dataclass(frozen=True)
class Pair:
    """A sentence in two languages. `alignment[i]` is the index of the source token that `target[i]` came from, or -1
    where it came from none."""

    source: list[str]
    target: list[str]
    alignment: list[int]


@dataclass(frozen=True)
class Batch:
    """Pairs as tensors of ids (long); shorter sentences are filled up with PAD.

    input_ids (B, S), lengths (B,), target_ids (B, L); the lengths and both ids count each sentence's EOS.
    """

    input_ids: Tensor
    lengths: Tensor
    target_ids: Tensor

    @property
    def decoder_inputs(self) -> Tensor:
        """What teacher forcing feeds the decoder (B, L): SOS, then the target without its last id."""
        start = torch.full_like(self.target_ids[:, :1], SOS)  # (B, 1)
        return torch.cat([start, self.target_ids[:, :-1]], dim=1)  # (B, L)


class Corpus:
    """Pairs to train on, pairs to test on (none of which occurs in training), and the vocabularies of both sides."""

    def __init__(self, train: list[Pair], test: list[Pair]):
        pairs = train + test
        self.train = train
        self.test = test
        self.source_vocab = Vocabulary(pair.source for pair in pairs)
        self.target_vocab = Vocabulary(pair.target for pair in pairs)
        self.max_source = max(len(pair.source) for pair in pairs) + 1
        self.max_target = max(len(pair.target) for pair in pairs) + 1

    def batch(self, pairs: list[Pair]) -> Batch:
        """`pairs`, in their order, as a Batch; S and L are the longest sentences among them, EOS included."""
        if not pairs:
            raise ValueError("corpus.batch got no pairs; give it at least one, such as corpus.test[:4]")
        sources = [torch.tensor(self.source_vocab.encode(pair.source)) for pair in pairs]
        targets = [torch.tensor(self.target_vocab.encode(pair.target)) for pair in pairs]
        return Batch(
            input_ids=pad_sequence(sources, batch_first=True, padding_value=PAD),  # (B, S)
            lengths=torch.tensor([len(source) for source in sources]),  # (B,)
            target_ids=pad_sequence(targets, batch_first=True, padding_value=PAD),  # (B, L)
        )
