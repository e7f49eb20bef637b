"""Tokens and their numbers."""

from __future__ import annotations

from collections.abc import Iterable

PAD = 0
SOS = 1
EOS = 2
SPECIAL = ("<pad>", "<sos>", "<eos>")


class Vocabulary:
    """The tokens of one language, numbered: first <pad>, <sos> and <eos>, then the rest in alphabetical order."""

    def __init__(self, sentences: Iterable[list[str]]):
        words = sorted({token for sentence in sentences for token in sentence})
        self.tokens = [*SPECIAL, *words]
        self._ids = {token: number for number, token in enumerate(self.tokens)}

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(self, tokens: list[str]) -> list[int]:
        """The ids of `tokens`, with EOS at the end. A token that is not in the vocabulary is a KeyError."""
        unknown = [token for token in tokens if token not in self._ids]
        if unknown:
            raise KeyError(f"{unknown[0]!r} is not in this vocabulary; choose among the tokens in vocabulary.tokens")
        return [self._ids[token] for token in tokens] + [EOS]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """The tokens of `ids` (a list or a tensor) up to the first EOS, without PAD and SOS."""
        tokens = []
        for number in map(int, ids):
            if number == EOS:
                break
            if number not in (PAD, SOS):
                tokens.append(self.tokens[number])
        return tokens
