"""The public tensors: inputs, what is expected, and what each known mistake gives. One file per exercise."""

from __future__ import annotations

from pathlib import Path

from grader.exercises import Exercise, all_exercises
from grader.exercises.drawing import Random
from grader.student.calls import dumps, perform
from grader.student.check import REFERENCE
from grader.student.diagnose import Draw, Examples, KnownMistake

SEED = "public"


def examples(exercise: Exercise, *seed: str) -> Examples:
    """Draw inputs from `seed` and compute what is expected; what the known mistakes give, when it is asked for."""
    calls = exercise.calls(Random(exercise.name, *seed))
    return Examples(
        exercise.name,
        exercise.notebook,
        exercise.outputs,
        [Draw(call, exercise.expected(call)) for call in calls],
        lambda: [
            KnownMistake(mistake.id, mistake.message, [perform(mistake.answer, call) for call in calls])
            for mistake in exercise.mistakes
        ],
    )


def written(example: Examples) -> bytes:
    """The bytes of a file in `grader/student/reference`."""
    mistakes = example.known()
    for outcome in (outcome for mistake in mistakes for outcome in mistake.outcomes):
        if outcome.problem:  # only this much of an exception is compared
            outcome.problem.text, outcome.problem.line = outcome.problem.gist(), ""
    return dumps(
        {
            "exercise": example.exercise,
            "notebook": example.notebook,
            "outputs": [vars(output) for output in example.outputs],
            "calls": [draw.call for draw in example.draws],
            "expected": [draw.expected for draw in example.draws],
            "mistakes": [vars(mistake) for mistake in mistakes],
        }
    )


def write_reference(folder: Path = REFERENCE) -> list[Path]:
    """Write every exercise's file anew, and remove files of exercises that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for exercise in all_exercises().values():
        path = folder / f"{exercise.name}.safetensors"
        path.write_bytes(written(examples(exercise, SEED)))
        paths.append(path)
    for path in set(folder.glob("*.safetensors")) - set(paths):
        path.unlink()
    return paths
