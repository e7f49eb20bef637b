"""Inputs drawn at random, from a seed, so that the same seed gives the same inputs."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from grader.student.calls import Layer, TableDecoder


class Random:
    """A source of inputs. Everything is float32 or int64; a draw in float64 is converted afterwards."""

    def __init__(self, *seed: str):
        digest = hashlib.sha256("\0".join(seed).encode()).digest()
        self.generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "little", signed=True))

    def integer(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return int(torch.randint(low, high + 1, (), generator=self.generator))

    def normal(self, *shape: int, scale: float = 1.0) -> Tensor:
        return scale * torch.randn(shape, generator=self.generator)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(shape, generator=self.generator)

    def ids(self, high: int, *shape: int, low: int = 0) -> Tensor:
        """Token ids (long) from low up to, not including, high."""
        return torch.randint(low, high, shape, generator=self.generator)

    def weights(self, *shape: int) -> Tensor:
        """Positive, each last axis summing to 1."""
        return torch.softmax(self.normal(*shape), dim=-1)

    def lengths(self, batch: int, source: int) -> Tensor:
        """Lengths (B,) from 1 to S, in no order, at least one of them S and, where there is room, one shorter."""
        lengths = self.ids(source + 1, batch, low=1)
        places = torch.randperm(batch, generator=self.generator)
        lengths[places[0]] = source
        if batch > 1 and source > 1:
            lengths[places[1]] = self.integer(1, source - 1)
        return lengths

    def layer(self, inputs: int, outputs: int, bias: bool = True) -> Layer:
        return Layer(self.normal(outputs, inputs, scale=0.6), self.normal(outputs, scale=0.6) if bias else None)

    def layer_parameters(self, name: str, inputs: int, outputs: int, bias: bool = True) -> dict[str, Tensor]:
        """A Linear's entries in a state dict."""
        layer = self.layer(inputs, outputs, bias)
        return {f"{name}.weight": layer.weight} | ({f"{name}.bias": layer.bias} if bias else {})

    def embedding_parameters(self, name: str, vocabulary: int, size: int) -> dict[str, Tensor]:
        return {f"{name}.weight": self.normal(vocabulary, size)}

    def gru_parameters(self, name: str, inputs: int, hidden: int) -> dict[str, Tensor]:
        """A one-layer GRU's entries in a state dict."""
        return {
            f"{name}.weight_ih_l0": self.normal(3 * hidden, inputs, scale=0.6),
            f"{name}.weight_hh_l0": self.normal(3 * hidden, hidden, scale=0.6),
            f"{name}.bias_ih_l0": self.normal(3 * hidden, scale=0.6),
            f"{name}.bias_hh_l0": self.normal(3 * hidden, scale=0.6),
        }

    def table_decoder(self, states: int, vocabulary: int) -> TableDecoder:
        return TableDecoder(
            torch.log_softmax(2 * self.normal(states, vocabulary, vocabulary), dim=-1),
            self.ids(states, states, vocabulary).float(),
        )
