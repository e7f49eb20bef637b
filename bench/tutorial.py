"""The loop of PyTorch's sequence-to-sequence tutorial: one sentence at a time, one token at a time, plain SGD.

Source: https://pytorch.org/tutorials/intermediate/seq2seq_translation_tutorial.html (its first, unbatched form),
with the decoder that students write in chapter 03, which has that decoder's interface.
"""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn

from classroom import EOS, SOS, Corpus, Pair

HIDDEN = 128
LEARNING_RATE = 0.01
TEACHER_FORCING = 0.5


class Encoder(nn.Module):
    """One token at a time: id () and hidden (1, 1, H) -> output (1, 1, H), hidden (1, 1, H)."""

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.embedding = nn.Embedding(input_size, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size)

    def forward(self, token: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        return self.gru(self.embedding(token).view(1, 1, -1), hidden)


class Tutorial:
    """Encoder, decoder and their two optimizers; `attn_decoder` is the class AttnDecoderRNN."""

    def __init__(self, corpus: Corpus, attn_decoder: type[nn.Module], seed: int):
        torch.manual_seed(seed)
        self.corpus = corpus
        self.random = random.Random(seed)
        self.max_source, self.max_target = corpus.max_source, corpus.max_target
        self.encoder = Encoder(len(corpus.source_vocab), HIDDEN)
        self.decoder = attn_decoder(HIDDEN, len(corpus.target_vocab), max_length=self.max_source)
        self.optimizers = [torch.optim.SGD(half.parameters(), LEARNING_RATE) for half in (self.encoder, self.decoder)]

    def train_one(self, pair: Pair) -> None:
        """One step of SGD on one sentence."""
        targets = torch.tensor(self.corpus.target_vocab.encode(pair.target))  # (L,)
        outputs, hidden = self._encode(pair)
        token = torch.tensor([[SOS]])  # (1, 1)
        forced = self.random.random() < TEACHER_FORCING
        loss = torch.zeros(())
        for target in targets:
            log_probs, hidden, _ = self.decoder(token, hidden, outputs)  # (1, V)
            loss = loss + nn.functional.nll_loss(log_probs, target.view(1))
            token = target.view(1, 1) if forced else log_probs.detach().argmax(dim=1, keepdim=True)  # (1, 1)
            if not forced and token.item() == EOS:
                break
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in self.optimizers:
            optimizer.step()

    @torch.no_grad()
    def accuracy(self, pairs: list[Pair]) -> float:
        """The share of `pairs` that greedy decoding gets right to the last character."""
        self.decoder.eval()
        right = sum(self._translate(pair) == pair.target for pair in pairs)
        self.decoder.train()
        return right / len(pairs)

    def _encode(self, pair: Pair) -> tuple[Tensor, Tensor]:
        outputs = []
        hidden = torch.zeros(1, 1, HIDDEN)
        for token in torch.tensor(self.corpus.source_vocab.encode(pair.source)):
            output, hidden = self.encoder(token, hidden)
            outputs.append(output[0, 0])
        empty = [torch.zeros(HIDDEN)] * (self.max_source - len(outputs))
        return torch.stack(outputs + empty), hidden  # (max_source, H), (1, 1, H)

    def _translate(self, pair: Pair) -> list[str]:
        outputs, hidden = self._encode(pair)
        token, ids = torch.tensor([[SOS]]), []
        for _ in range(self.max_target):
            log_probs, hidden, _ = self.decoder(token, hidden, outputs)
            token = log_probs.argmax(dim=1, keepdim=True)  # (1, 1)
            ids.append(token.item())
            if ids[-1] == EOS:
                break
        return self.corpus.target_vocab.decode(ids)
