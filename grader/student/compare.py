"""Compares what came back with what was expected: shape, then dtype, then finiteness, then values."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from grader.student.calls import Call, Outcome

RTOL, ATOL = 1e-4, 1e-5


@dataclass
class Output:
    """One output of an exercise.

    Attributes:
        name: its name in the lesson.
        axes: its axes, a letter or number each: "B S", "1 B H", or "" for a scalar.
        exact_zeros: where the expected value is exactly 0, so must be the answer's.
        first: compared before the others, because the others are computed from it.
    """

    name: str
    axes: str
    exact_zeros: bool = False
    first: bool = False


@dataclass
class Difference:
    """What is wrong with one outcome, and about which output, argument or parameter."""

    kind: str  # a Problem's kind, or count | shape | dtype | nonfinite | zeros | values | changed | no gradient | gradient
    name: str = ""
    expected: Tensor | None = None
    got: Tensor | None = None
    axes: str = ""


def close(expected: Tensor, got: Tensor) -> bool:
    """Same shape and dtype, and equal within the contract's tolerance (whole numbers and booleans exactly)."""
    if expected.shape != got.shape or expected.dtype != got.dtype:
        return False
    if not expected.is_floating_point():
        return torch.equal(expected, got)
    return torch.allclose(got, expected, rtol=RTOL, atol=ATOL, equal_nan=True)


def difference(outputs: list[Output], call: Call, expected: Outcome, got: Outcome) -> Difference | None:
    """The first thing wrong with `got`, or None if it is right."""
    if got.problem:
        return Difference(got.problem.kind)
    if len(got.outputs) != len(expected.outputs):
        return Difference("count", str(len(got.outputs)))
    triples = list(zip(outputs, expected.outputs, got.outputs, strict=True))
    for test in (_shape, _dtype, _nonfinite, _values):
        for output, right, answer in sorted(triples, key=lambda triple: not triple[0].first):
            kind = test(output, right, answer)
            if kind:
                return Difference(kind, output.name, right, answer, output.axes)
    if got.changed:
        return Difference("changed", ", ".join(got.changed))
    if call.gradients:
        return _gradient(expected, got, call.gradients == "equal")
    return None


def _shape(output: Output, right: Tensor, answer: Tensor) -> str:
    return "shape" if right.shape != answer.shape else ""


def _dtype(output: Output, right: Tensor, answer: Tensor) -> str:
    return "dtype" if right.dtype != answer.dtype else ""


def _nonfinite(output: Output, right: Tensor, answer: Tensor) -> str:
    return "nonfinite" if not bool(torch.isfinite(answer).all()) and bool(torch.isfinite(right).all()) else ""


def _values(output: Output, right: Tensor, answer: Tensor) -> str:
    if not close(right, answer):
        return "values"
    if output.exact_zeros and bool((answer[right == 0] != 0).any()):
        return "zeros"
    return ""


def _gradient(expected: Outcome, got: Outcome, equal: bool) -> Difference | None:
    for name, right in expected.gradients.items():
        needed = bool((right.abs() > ATOL).any())
        answer = got.gradients.get(name)
        if needed and (answer is None or not bool((answer.abs() > 0).any())):
            return Difference("no gradient", name)
        if equal and answer is not None and not torch.allclose(answer, right, rtol=1e-3, atol=ATOL):
            return Difference("gradient", name, right, answer)
    return None


def same_outcome(mistake: Outcome, got: Outcome, gradients: bool) -> bool:
    """Whether `got` is what this known mistake gives; with `gradients`, also the same gradients."""
    if mistake.problem or got.problem:
        return bool(mistake.problem and got.problem) and all(
            one == other
            for one, other in (
                (mistake.problem.kind, got.problem.kind),
                (mistake.problem.type, got.problem.type),
                (mistake.problem.gist(), got.problem.gist()),
            )
        )
    if len(mistake.outputs) != len(got.outputs) or mistake.changed != got.changed:
        return False
    if not all(close(m, g) for m, g in zip(mistake.outputs, got.outputs, strict=True)):
        return False
    if not gradients:
        return True
    return mistake.gradients.keys() == got.gradients.keys() and all(
        torch.allclose(mistake.gradients[name], got.gradients[name], rtol=1e-3, atol=ATOL) for name in got.gradients
    )
