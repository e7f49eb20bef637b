"""The exercises: how inputs are drawn, the reference, the known mistakes, and right answers written differently.

One file per notebook, one `Exercise` per function or class a student writes. The public tensors, the judge and the
tests all follow from these. References are derived independently of the lessons' solutions: in float64, with plain
loops or einsum.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache

import torch
from torch import Tensor

from grader.exercises.drawing import Random
from grader.student.calls import Call, Layer, Outcome, _gradients, _tensors, perform
from grader.student.compare import Output, difference


@dataclass
class Mistake:
    """A small wrong answer that students really write, and what to tell them (English; catalogued as msgid)."""

    id: str
    answer: Callable
    message: str


@dataclass
class Exercise:
    """One exercise.

    Attributes:
        name: the function or class, and the grade_id of its solution cell.
        outputs: what it gives, in order: name and axes, `Output("scores", "B S")`.
        sizes: the range of each axis letter, both ends included: {"B": (2, 4), "S": (3, 6)}.
        draw: (random, sizes, topic) -> Call. An unknown topic is an ordinary draw.
        reference: for a function, reference(*args); for a module, reference(call, *args). It gets float64 tensors
            (a layer argument comes as `Layer`) and gives one tensor or a tuple.
        mistakes: the known mistakes; each is caught and named on the public draws.
        right: right answers written differently, for the grader's own tests.
        topics: special cases that each deserve a draw.
        ones: axes that may be 1 and get a draw in which they are.
        gradients: those of the outputs with respect to the inputs and parameters must be "equal" to the reference's,
            or just "present" (where right answers differ in them); "" where nothing is trained.
    """

    name: str
    outputs: list[Output]
    sizes: dict[str, tuple[int, int]]
    draw: Callable[[Random, dict[str, int], str], Call]
    reference: Callable
    mistakes: list[Mistake]
    right: list[Callable]
    topics: tuple[str, ...] = ()
    ones: str = ""
    gradients: str = "equal"
    notebook: str = field(default="", init=False)

    def calls(self, random: Random) -> list[Call]:
        """Several calls of different sizes: all axes different, all equal, each of `ones` alone, each topic, float64."""
        calls = [
            self.draw(random, self._distinct(random), "plain"),
            self.draw(random, self._equal(random), "equal sizes"),
        ]
        for axis in self.ones:
            calls.append(self.draw(random, self._distinct(random) | {axis: 1}, f"{axis} = 1"))
        for topic in self.topics:
            calls.append(replace(self.draw(random, self._distinct(random), topic), topic=topic))
        last = to_float64(self.draw(random, self._distinct(random), "float64"))
        calls.append(replace(last, gradients=self.gradients, topic="float64"))
        return calls

    def _distinct(self, random: Random) -> dict[str, int]:
        for _ in range(200):
            sizes = {axis: random.integer(low, high) for axis, (low, high) in self.sizes.items()}
            if len(set(sizes.values())) == len(sizes):
                break
        return sizes

    def _equal(self, random: Random) -> dict[str, int]:
        low = max(low for low, _ in self.sizes.values())
        high = min(high for _, high in self.sizes.values())
        size = random.integer(min(low, high), high)
        return {axis: min(max(size, low), high) for axis, (low, high) in self.sizes.items()}

    def expected(self, call: Call) -> Outcome:
        """What the reference gives, in the inputs' dtype."""
        exact = to_float64(call)
        run = _Reference(self.reference, exact)
        with torch.no_grad():
            outcome = Outcome(outputs=[output.clone() for output in _tensors(run())])
        if call.gradients:
            outcome.gradients = run.gradients()
        dtype = call_dtype(call)
        outcome.outputs = [_as(output, dtype) for output in outcome.outputs]
        outcome.gradients = {name: _as(value, dtype) for name, value in outcome.gradients.items()}
        return outcome

    def is_right(self, answer: Callable, call: Call) -> bool:
        return difference(self.outputs, call, self.expected(call), perform(answer, call)) is None


class _Reference:
    """Calls a reference with float64 arguments, and can say its gradients by the same uneven sum as `perform`."""

    def __init__(self, reference: Callable, call: Call):
        self.reference, self.call = reference, call

    def _run(self, args: list, call: Call):
        return self.reference(*args) if call.init is None else self.reference(call, *args)

    def __call__(self):
        return self._run(self.call.args, self.call)

    def gradients(self) -> dict[str, Tensor]:
        args, sources = [], {}
        for name, arg in zip(self.call.names, self.call.args, strict=True):
            if isinstance(arg, Tensor) and arg.is_floating_point():
                arg = sources[name] = arg.clone().requires_grad_(True)
            elif isinstance(arg, Layer):
                arg = Layer(*(p if p is None else p.clone().requires_grad_(True) for p in (arg.weight, arg.bias)))
                sources |= {f"{name}.{part}": value for part, value in vars(arg).items() if value is not None}
            args.append(arg)
        parameters = {name: value.clone().requires_grad_(True) for name, value in self.call.parameters.items()}
        outputs = _tensors(self._run(args, replace(self.call, parameters=parameters)))
        return _gradients(outputs, sources | parameters)


def call_dtype(call: Call) -> torch.dtype:
    """The dtype of the call's floating-point inputs (or parameters); float32 where it has none."""
    for thing in [*call.args, *call.parameters.values()]:
        tensor = thing.weight if isinstance(thing, Layer) else thing
        if isinstance(tensor, Tensor) and tensor.is_floating_point():
            return tensor.dtype
    return torch.float32


def _as(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    return tensor.to(dtype) if tensor.is_floating_point() else tensor


def to_float64(call: Call) -> Call:
    def convert(thing):
        if isinstance(thing, Tensor):
            return _as(thing, torch.float64)
        if isinstance(thing, Layer):
            return Layer(convert(thing.weight), convert(thing.bias))
        return thing

    return replace(
        call,
        args=[convert(arg) for arg in call.args],
        parameters={name: convert(value) for name, value in call.parameters.items()},
    )


@cache
def all_exercises() -> dict[str, Exercise]:
    """Every exercise by its name."""
    found: dict[str, Exercise] = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for thing in vars(module).get("EXERCISES", []):
            if thing.name in found:
                raise ValueError(
                    f"two exercises are called {thing.name}: rename one in grader/exercises/{info.name}.py"
                )
            thing.notebook = info.name
            found[thing.name] = thing
    return found
