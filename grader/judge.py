"""The judge: draws fresh inputs, computes the reference itself, and compares what came back. It fails closed.

The trusted side. Inputs are seeded by the instructor's secret, the assignment, the student and the exercise, so that
grading again draws the same, and nobody else can know them.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from grader.exercises import all_exercises
from grader.intake import Check, Course, Rejected, Released, Submission, read_submission
from grader.reference import examples
from grader.runner import Run, Runner, RunnerError
from grader.student.calls import Outcome, Problem, loads
from grader.student.diagnose import Draw, Examples, judge
from grader.student.messages import N_, translate

SECRET_VARIABLE = "GRADER_SECRET"
MAX_HEADER = 2**20  # bytes of an answer that are not its tensors' numbers


@dataclass
class CheckResult:
    """One check's verdict. status: passed | failed | missing | error | timeout."""

    id: str
    exercise: str
    score: float
    max_score: float
    status: str
    mistake: str | None
    message: str


@dataclass
class Result:
    """One notebook's verdict. `error` is why it could not be judged at all, or None."""

    file: str
    assignment: str | None = None
    notebook: str | None = None
    edition: str | None = None
    score: float = 0.0
    max_score: float = 0.0
    error: str | None = None
    walls: bool = True
    checks: list[CheckResult] = field(default_factory=list)


def read_secret(root: Path) -> str:
    """The instructor's secret: from the environment, or from `grading/secret`, made at first use (mode 0600).

    Raises:
        RunnerError: the file cannot be read or made, or is empty.
    """
    given = os.environ.get(SECRET_VARIABLE)
    if given:
        return given
    path = root / "grading" / "secret"
    try:
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            # Written beside and moved: of two graders starting at once both read the same, whole secret.
            new = path.with_name(f"secret.{os.getpid()}")
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32) + "\n")
            try:
                os.link(new, path)
            except FileExistsError:
                pass
            finally:
                new.unlink()
        secret = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RunnerError(f"{path}: {error}; make the folder writable, or set {SECRET_VARIABLE}") from error
    if not secret:
        raise RunnerError(f"{path} is empty; restore it from a backup, or remove it to have a new one made")
    return secret


def judge_file(
    path: Path | str,
    course: Course,
    runner: Runner,
    secret: str,
    student: str | None = None,
    released: Released | None = None,
) -> Result:
    """The verdict on one file. Whatever the file is, there is one; only a broken sandbox raises.

    Raises:
        RunnerError: the sandbox does not work.
    """  # fmt: skip
    result = Result(str(path), walls=runner.walls)
    try:
        submission = read_submission(path, course, released)
    except Rejected as error:
        result.error = f"{path}: {error}"
        if released:
            result.assignment, result.notebook = released.assignment, released.notebook
            result.max_score = released.max_score
            result.checks = [_refused(check, str(error)) for check in released.checks]
        return result
    result.assignment, result.notebook = submission.released.assignment, submission.released.notebook
    result.edition, result.max_score = submission.edition, submission.released.max_score
    result.checks = judge_submission(submission, runner, secret, student or submission.digest)
    result.score = sum(check.score for check in result.checks)
    return result


def judge_submission(submission: Submission, runner: Runner, secret: str, student: str) -> list[CheckResult]:
    """Run the submission's cells and judge each of its checks on fresh inputs."""
    released = submission.released
    exercises = all_exercises()
    drawn = {
        check.exercise: examples(exercises[check.exercise], secret, released.assignment, student)
        for check in released.checks
    }
    calls = {name: [draw.call for draw in example.draws] for name, example in drawn.items()}
    run = runner.run(submission.code(), calls)
    return [_verdict(check, drawn[check.exercise], run, submission.edition) for check in released.checks]


def judge_solution(course: Course, released: Released, runner: Runner, secret: str) -> None:
    """Before a class is graded: the solution itself must get full marks in the same sandbox, in every edition.

    Raises:
        RunnerError: it does not; says what is missing.
    """
    for edition in released.editions:
        path = course.root / "solutions" / edition / released.assignment / f"{released.notebook}.ipynb"
        result = judge_file(path, course, runner, secret, "the solution", released)
        failed = [check for check in result.checks if check.status != "passed"]
        if result.error or failed:
            reason = result.error or f"{failed[0].exercise}: {failed[0].status}: {failed[0].message}"
            raise RunnerError(
                f"the solution itself does not get full marks ({reason}), so nobody is graded; "
                f"mend {path}, or what it imports, and grade again"
            )


def _verdict(check: Check, example: Examples, run: Run, edition: str) -> CheckResult:
    content = run.answers.get(check.exercise)
    if content is None:
        return _unanswered(check, run.ended.get(check.exercise, "died"), edition)
    outcomes = read_answers(content, example.draws)
    if outcomes is None:
        return _unanswered(check, "garbled", edition)
    if any(outcome.problem and outcome.problem.kind == "timeout" for outcome in outcomes):
        return _unanswered(check, "timeout", edition)
    try:
        with torch.no_grad():
            verdict = judge(example, outcomes, edition, reveal=False)
    except Exception:  # an answer of a kind that nobody thought of gets no marks, and stops nobody else
        return _unanswered(check, "garbled", edition)
    score = check.points if verdict.status == "passed" else 0.0
    return CheckResult(check.id, check.exercise, score, check.points, verdict.status, verdict.mistake, verdict.message)


ENDS = {
    "missing": ("missing", N_("{name} is not defined in this notebook.")),
    "timeout": ("timeout", N_("{name}: no answer in time. Is there a loop that never ends?")),
    "memory": ("error", N_("{name}: no answer, because the notebook used too much memory.")),
    "died": ("error", N_("{name}: no answer, because the notebook's process ended.")),
    "flood": ("error", N_("{name}: no answer, because the notebook sent too much.")),
    "garbled": ("error", N_("{name}: no answer that could be read.")),
}


def _unanswered(check: Check, end: str, edition: str) -> CheckResult:
    status, text = ENDS[end]
    message = translate(text, edition, "judge").format(name=check.exercise)
    return CheckResult(check.id, check.exercise, 0.0, check.points, status, None, message)


def _refused(check: Check, reason: str) -> CheckResult:
    return CheckResult(check.id, check.exercise, 0.0, check.points, "failed", None, reason)


# Reading what came out of the sandbox -------------------------------------------------------------------------------


def read_answers(content: bytes, draws: list[Draw]) -> list[Outcome] | None:
    """The outcomes in `content`, checked part by part; None unless they are just what `perform` would write."""
    if int.from_bytes(content[:8], "little") > MAX_HEADER:
        return None
    try:
        outcomes = loads(content)
    except (ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(outcomes, list) or len(outcomes) != len(draws):
        return None
    if not all(_is_outcome(outcome, draw) for outcome, draw in zip(outcomes, draws, strict=True)):
        return None
    for outcome in outcomes:
        if outcome.problem:
            outcome.problem = Problem(*(plain(text) for text in vars(outcome.problem).values()))
    return outcomes


def _is_outcome(thing, draw: Draw) -> bool:
    if not isinstance(thing, Outcome):
        return False
    problem = thing.problem
    return (
        (problem is None or (isinstance(problem, Problem) and all(isinstance(v, str) for v in vars(problem).values())))
        and isinstance(thing.outputs, list)
        and all(isinstance(output, Tensor) for output in thing.outputs)
        and isinstance(thing.changed, list)
        and all(isinstance(name, str) and name in draw.call.names for name in thing.changed)
        and isinstance(thing.gradients, dict)
        and all(_is_gradient(value, draw.expected.gradients.get(name)) for name, value in thing.gradients.items())
    )


def _is_gradient(value, expected: Tensor | None) -> bool:
    if not isinstance(value, Tensor):
        return False
    return expected is None or (value.shape == expected.shape and value.dtype == expected.dtype)


def plain(text: str) -> str:
    """A student's words, fit for a terminal, a page and a file: short, and without control characters."""
    return "".join(
        c if c.isprintable() or c == "\n" else " " if c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in text[:2000]
    )
