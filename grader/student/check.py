"""`check()`: compares an answer with the public reference tensors, at once, inside the student's kernel."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from grader.student.calls import loads, perform
from grader.student.compare import Output
from grader.student.diagnose import Draw, Examples, KnownMistake, judge
from grader.student.messages import language

REFERENCE = Path(__file__).with_name("reference")


class CheckFailed(AssertionError):
    """A wrong answer. Jupyter shows only its few lines, without a traceback; it still counts as an error."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


def check(exercise: str, answer: Callable) -> None:
    """Compare `answer` with the reference tensors of `exercise`.

    Prints one line if it is right. Writes nothing to stderr and returns nothing, because nbgrader reads both as marks.

    Args:
        exercise: the exercise's name, for instance "dot_scores".
        answer: the function, or the `nn.Module` class, that the student wrote.

    Raises:
        CheckFailed: the answer is wrong; the message says how, in the edition's language.
        LookupError: there is no exercise of this name.
    """
    examples = _examples(exercise)
    verdict = judge(examples, [perform(answer, draw.call) for draw in examples.draws], language())
    if verdict.status != "passed":
        raise CheckFailed(verdict.message)
    print(verdict.message)


@cache
def _examples(exercise: str) -> Examples:
    path = REFERENCE / f"{exercise}.safetensors"
    if not path.is_file():
        raise LookupError(f"no exercise is called {exercise!r}: look for a typing error in the name given to check()")
    return read_examples(path.read_bytes())


def read_examples(data: bytes) -> Examples:
    """The public tensors of one exercise, as `grader.reference` wrote them."""
    content = loads(data)
    return Examples(
        content["exercise"],
        content["notebook"],
        [Output(**output) for output in content["outputs"]],
        [Draw(call, expected) for call, expected in zip(content["calls"], content["expected"], strict=True)],
        lambda: [KnownMistake(**mistake) for mistake in content["mistakes"]],
    )
