"""Finds words for a wrong answer: the known mistake it equals, or else the most useful true thing about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from grader.student.calls import Call, Outcome
from grader.student.compare import Difference, Output, close, difference, same_outcome
from grader.student.messages import N_, translate


@dataclass
class Draw:
    """One public or fresh draw of inputs, and what is expected."""

    call: Call
    expected: Outcome


@dataclass
class KnownMistake:
    """What one known mistake gives on each draw, and what to tell who made it."""

    id: str
    message: str
    outcomes: list[Outcome]


@dataclass
class Examples:
    """All that is needed to judge one exercise. `known` gives the known mistakes; only a wrong answer asks for them."""

    exercise: str
    notebook: str
    outputs: list[Output]
    draws: list[Draw]
    known: Callable[[], list[KnownMistake]]


@dataclass
class Verdict:
    """status: passed | failed | error. `mistake` is the known mistake's id, if it is one."""

    status: str
    mistake: str | None
    message: str


def judge(examples: Examples, outcomes: list[Outcome], language: str, reveal: bool = True) -> Verdict:
    """The verdict on the outcomes of all draws, in the order of the draws.

    Without `reveal`, as for the secret draws, the message says nothing that the expected values could be told from.
    """
    differences = [
        difference(examples.outputs, draw.call, draw.expected, outcome)
        for draw, outcome in zip(examples.draws, outcomes, strict=True)
    ]
    wrong = [number for number, found in enumerate(differences) if found]
    if not wrong:
        return Verdict("passed", None, _passed(examples, language))
    kinds = [differences[number].kind for number in wrong]
    if "unanswered" in kinds:
        return Verdict("failed", None, _sentence(language, N_("{name} is not written yet."), name=examples.exercise))
    # The plainest case first: values that are wrong everywhere say more than a special case that raises.
    number = wrong[0]
    status = "error" if differences[number].kind == "raised" else "failed"
    mistake = _known(examples, outcomes, kinds)
    if mistake:
        words = translate(mistake.message, language, examples.notebook)
        return Verdict(
            status, mistake.id, _sentence(language, N_("{name}: {words}"), name=examples.exercise, words=words)
        )
    return Verdict(status, None, _describe(examples, number, differences, outcomes, language, reveal))


def _known(examples: Examples, outcomes: list[Outcome], kinds: list[str]) -> KnownMistake | None:
    only_gradients = set(kinds) <= {"no gradient", "gradient"}
    for mistake in examples.known():
        pairs = zip(mistake.outcomes, outcomes, strict=True)
        if all(same_outcome(known, got, only_gradients) for known, got in pairs):
            return mistake
    return None


def _sentence(language: str, text: str, /, **values) -> str:
    return translate(text, language).format(**values)


def _passed(examples: Examples, language: str) -> str:
    shapes = ", ".join(
        _shape(draw.expected.outputs[0]) for draw in examples.draws if draw.expected.outputs[0].dim() > 0
    )
    text = N_("{name}: correct. {count} draws agree with the reference")
    line = _sentence(language, text, name=examples.exercise, count=len(examples.draws))
    if shapes:
        line += _sentence(language, N_(" ({output}: {shapes})"), output=examples.outputs[0].name, shapes=shapes)
    if any(draw.call.gradients for draw in examples.draws):
        line += _sentence(language, N_("; gradients too"))
    return line + _sentence(language, N_("."))


# The most useful true thing ----------------------------------------------------------------------------------------


def _describe(
    examples: Examples, number: int, differences: list, outcomes: list[Outcome], language: str, reveal: bool
) -> str:
    found: Difference = differences[number]
    draw, outcome = examples.draws[number], outcomes[number]

    def say(text: str, /, **values) -> str:
        return _sentence(language, text, name=examples.exercise, **values)

    problem = outcome.problem
    if problem:
        lines = [_problem(say, problem, draw.call)]
    elif found.kind == "count":
        lines = [
            say(
                N_("{name} returned {got} tensors; expected {count}: {outputs}."),
                got=found.name,
                count=len(examples.outputs),
                outputs=", ".join(output.name for output in examples.outputs),
            )
        ]
    else:
        lines = _tensor_lines(say, found, reveal)
    topic = _topic(say, draw.call, number, len(examples.draws))
    return "\n".join(line for line in [*lines, topic] if line)


def _problem(say, problem, call: Call) -> str:
    if problem.kind == "parameters" and problem.type == "missing":
        return say(
            N_("{name}: these parameters are missing: {text}. The submodules must be named and made as described."),
            text=problem.text,
        )
    if problem.kind == "parameters":
        return say(N_("{name}: these parameters have the wrong shape: {text}."), text=problem.text)
    if problem.kind == "construction":
        return say(N_("{name} must give an nn.Module when called; it gave {type}."), type=problem.type)
    if problem.kind == "result":
        return say(N_("{name} must return a tensor or a tuple of tensors; it returned {type}."), type=problem.type)
    if problem.kind == "crashed":
        return say(N_("{name}: the process stopped before an answer came."))
    words = say(N_("{name} raised {type}: {text}"), type=problem.type, text=_first_lines(problem.text))
    if problem.line:
        words += "\n" + say(N_("  in your line: {line}"), line=problem.line)
    shapes = _argument_shapes(call)
    return words + ("\n" + say(N_("  called with {shapes}"), shapes=shapes) if shapes else "")


def _first_lines(text: str) -> str:
    return "\n".join(text.splitlines()[:3])[:400]


def _argument_shapes(call: Call) -> str:
    return ", ".join(
        f"{name} {_shape(arg)}" for name, arg in zip(call.names, call.args, strict=True) if isinstance(arg, Tensor)
    )


def _tensor_lines(say, found: Difference, reveal: bool) -> list[str]:
    right, got = found.expected, found.got
    if found.kind == "changed":
        return [
            say(
                N_("{name} changed its argument {argument} in place; leave arguments as they came."),
                argument=found.name,
            )
        ]
    if found.kind == "no gradient":
        return [
            say(
                N_(
                    "{name}: the values are right, but no gradient reaches {argument}, so nothing could be trained through it. "
                    "Look for .detach(), .item(), .data, no_grad() or a tensor built anew from numbers."
                ),
                argument=found.name,
            )
        ]
    if found.kind == "gradient":
        return [
            say(
                N_("{name}: the values are right, but the gradient with respect to {argument} is not."),
                argument=found.name,
            )
        ]
    output = found.name
    if found.kind == "shape":
        line = say(
            N_("{name}: the shape of {output} should be {axes} = {right}, but is {got}."),
            output=output, axes=_axes(found.axes), right=_shape(right), got=_shape(got),
        )  # fmt: skip
        return [line, _shape_hint(say, right, got)]
    if found.kind == "dtype":
        return [
            say(
                N_("{name}: the dtype of {output} should be {right}, but is {got}."),
                output=output, right=_dtype(right), got=_dtype(got),
            )
        ]  # fmt: skip
    if found.kind == "nonfinite":
        what = "NaN" if bool(torch.isnan(got).any()) else "inf"
        count = int((~torch.isfinite(got)).sum())
        return [
            say(
                N_("{name}: {output} holds {what} in {count} of {total} places."),
                output=output, what=what, count=count, total=got.numel(),
            )
        ]  # fmt: skip
    if found.kind == "zeros":
        worst = float(got[right == 0].abs().max())
        return [
            say(
                N_("{name}: {output} should be exactly 0 in some places, but is up to {worst:.1e} there."),
                output=output,
                worst=worst,
            )
        ]
    if not reveal:
        return [say(N_("{name}: the values of {output} differ."), output=output), _value_hint(say, right, got, False)]
    return [
        say(
            N_("{name}: the values of {output} differ (largest difference {largest:.3g})."),
            output=output, largest=_largest(right, got),
        ),
        _value_hint(say, right, got, True),
        _pictures(say, right, got),
    ]  # fmt: skip


def _topic(say, call: Call, number: int, count: int) -> str:
    sizes = ", ".join(f"{axis} = {size}" for axis, size in call.sizes.items())
    return (
        say(N_("  (draw {number} of {count}: {sizes})"), number=number + 1, count=count, sizes=sizes) if sizes else ""
    )


def _shape(tensor: Tensor) -> str:
    return "(" + ", ".join(str(size) for size in tensor.shape) + ("," if tensor.dim() == 1 else "") + ")"


def _axes(axes: str) -> str:
    return "(" + ", ".join(axes.split()) + ")"


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _largest(right: Tensor, got: Tensor) -> float:
    return float((right.double() - got.double()).abs().max()) if right.numel() else 0.0


def _shape_hint(say, right: Tensor, got: Tensor) -> str:
    if got.numel() == right.numel() and got.squeeze().shape == right.squeeze().shape:
        if got.dim() > right.dim():
            return say(N_("  An axis of size 1 is left over."))
        return say(N_("  An axis of size 1 is missing."))
    if sorted(got.shape) == sorted(right.shape):
        return say(N_("  The axes are there, but in another order."))
    return ""


def _value_hint(say, right: Tensor, got: Tensor, reveal: bool) -> str:
    if not right.is_floating_point() or right.numel() < 2:
        return ""
    for first in range(right.dim()):
        for second in range(first + 1, right.dim()):
            if right.shape[first] == right.shape[second] and close(right.transpose(first, second).contiguous(), got):
                return say(
                    N_("  They are right but for two swapped axes (dim {first} and dim {second})."),
                    first=first,
                    second=second,
                )
    if bool((right.abs() > 1e-6).all()):
        ratio = got / right
        if bool(torch.isfinite(ratio).all()) and torch.allclose(ratio, ratio.mean(), rtol=1e-3, atol=1e-4):
            if not reveal:
                return say(N_("  They are right up to a constant factor."))
            return say(N_("  They are right up to a constant factor of {factor:.4g}."), factor=float(ratio.mean()))
    shift = got - right
    if torch.allclose(shift, shift.mean(), rtol=1e-3, atol=1e-4):
        if not reveal:
            return say(N_("  They are right up to a constant shift."))
        return say(N_("  They are right up to a constant shift of {shift:.4g}."), shift=float(shift.mean()))
    if right.dim() > 1 and len(right) > 1 and close(right[0], got[0]):
        return say(N_("  The first row (index 0 along dim 0) is right, a later one is not."))
    sums, given = right.sum(-1), got.sum(-1)
    if torch.allclose(sums, torch.ones_like(sums), atol=1e-4) and not torch.allclose(
        given, torch.ones_like(given), atol=1e-3
    ):
        return say(
            N_("  They should sum to 1 along the last axis, but sum to {sums}."), sums=_numbers(given.flatten()[:4])
        )
    return ""


def _numbers(values: Tensor) -> str:
    return ", ".join(f"{float(value):.4g}" for value in values)


def _pictures(say, right: Tensor, got: Tensor) -> str:
    """The two tensors as small tables, where they fit."""
    if right.dim() > 2 and right.shape[0] == 1:
        right, got = right[0], got[0]
    if right.dim() > 2 or right.numel() > 40:
        return ""
    mine, yours = _table(got), _table(right)
    return "\n".join([say(N_("  yours:")), *mine, say(N_("  expected:")), *yours])


def _table(tensor: Tensor) -> list[str]:
    rows = tensor if tensor.dim() == 2 else tensor.reshape(1, -1)
    cell = (lambda value: f"{float(value):9.4f}") if tensor.is_floating_point() else (lambda value: f"{int(value):5d}")
    return ["    " + " ".join(cell(value) for value in row) for row in rows]
