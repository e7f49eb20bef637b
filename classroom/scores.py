"""How good a translation is, and how good an attention map."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import torch
from torch import Tensor

from classroom.corpus import Batch, Corpus, Pair

Translate = Callable[[Batch], Tensor]


def exact_match(translate: Translate, corpus: Corpus, pairs: list[Pair] | None = None, batch_size: int = 250) -> float:
    """The share of `pairs` (the test pairs, unless you give others) that `translate` gets right to the last character.

    `translate(batch)` gives ids (B, max_length); they count up to the first EOS.
    """
    right = _right(translate, corpus, corpus.test if pairs is None else pairs, batch_size)
    return sum(right) / len(right)


def accuracy_by_length(
    translate: Translate, corpus: Corpus, pairs: list[Pair] | None = None, batch_size: int = 250
) -> dict[int, float]:
    """exact_match for each length of the source sentence (in tokens, without EOS), shortest first."""
    pairs = corpus.test if pairs is None else pairs
    groups = defaultdict(list)
    for pair, right in zip(pairs, _right(translate, corpus, pairs, batch_size), strict=True):
        groups[len(pair.source)].append(right)
    return {length: sum(groups[length]) / len(groups[length]) for length in sorted(groups)}


def alignment_accuracy(maps: list[tuple[Tensor, Pair]]) -> float:
    """The share of target tokens whose largest weight is on the token they came from.

    `maps` holds (weights, pair): weights (L, S), row i made when target[i] was written. Target tokens that came from
    no single source token (alignment -1) do not count.
    """
    right = []
    for weights, pair in maps:
        if weights.dim() != 2 or len(weights) < len(pair.target):
            raise ValueError(
                f"weights of shape {tuple(weights.shape)} do not fit {len(pair.target)} target tokens; "
                "give one map (L, S) for each pair"
            )
        looks = weights.argmax(dim=1).tolist()
        right += [look == origin for look, origin in zip(looks, pair.alignment, strict=False) if origin >= 0]
    if not right:
        raise ValueError("alignment_accuracy found no target token with a known source; give it maps of some pairs")
    return sum(right) / len(right)


def _right(translate: Translate, corpus: Corpus, pairs: list[Pair], batch_size: int) -> list[bool]:
    if not pairs:
        raise ValueError("there are no pairs to translate; give at least one")
    right = []
    for start in range(0, len(pairs), batch_size):
        chunk = pairs[start : start + batch_size]
        with torch.no_grad():
            ids = translate(corpus.batch(chunk))
        if ids.dim() != 2 or len(ids) != len(chunk):
            raise ValueError(f"translate gave shape {tuple(ids.shape)} for {len(chunk)} sentences; (B, L) is needed")
        rows = ids.tolist()
        right += [corpus.target_vocab.decode(row) == pair.target for row, pair in zip(rows, chunk, strict=True)]
    return right
