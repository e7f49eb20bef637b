"""The judge behind `nbgrader autograde` and formgrader's button; `nbgrader_config.py` names these classes.

nbgrader keeps its gradebook, its folders and its manual grading. What changes: a submission is read by our intake, and
the marks come from the judge instead of the notebook's own outputs.
"""

from __future__ import annotations

import atexit
import os
import stat
from functools import cache
from pathlib import Path

import nbformat
import torch
from nbconvert.exporters import NotebookExporter
from nbformat.v4 import new_markdown_cell, new_output
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import parse_utc

from grader.intake import Course, Rejected, Released, Submission, read_course, read_submission
from grader.judge import CheckResult, judge_solution, judge_submission, read_secret
from grader.runner import Runner, RunnerError

NO_WALLS_VARIABLE = "GRADER_TRUST_SUBMISSIONS"


@cache
def _bench(root: Path) -> tuple[Course, str, Runner]:
    """The course, the secret and a sandbox, started once for a whole batch."""
    torch.set_num_threads(1)  # the other core is the sandbox's
    runner = Runner(walls=not os.environ.get(NO_WALLS_VARIABLE), hidden=[root])
    atexit.register(runner.stop)
    return read_course(root), read_secret(root), runner


@cache
def _approved(root: Path, assignment: str) -> None:
    """Nobody is graded unless the solution itself gets full marks."""
    course, secret, runner = _bench(root)
    for (name, _), released in course.released.items():
        if name == assignment:
            judge_solution(course, released, runner, secret)


class SubmissionExporter(NotebookExporter):
    """Reads a submitted notebook as data: a file that cannot be read becomes one without answers, not an exception."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        try:
            for folder in self.parent.assignments:
                _approved(_root(self), _released(self, Path(folder)))
        except (RunnerError, FileNotFoundError) as error:
            self.log.error("%s", error)
            raise NbGraderException(str(error)) from error

    def from_filename(self, filename, resources=None, **kwargs):
        if not self.parent._sanitizing:  # the second time, nbgrader reads what the first time wrote
            return super().from_filename(filename, resources, **kwargs)
        place = resources["nbgrader"]
        course, _, _ = _bench(_root(self))
        released = course.one(place["assignment"], place["notebook"])
        resources["metadata"] = {"name": place["notebook"], "path": str(Path(filename).parent)}
        return self.from_notebook_node(_rebuilt(Path(filename), course, released, self.log), resources, **kwargs)


def _root(exporter) -> Path:
    return Path(exporter.parent.coursedir.root).resolve()


def _released(exporter, folder: Path) -> str:
    """The assignment of a submission's folder, as nbgrader's own directory structure has it."""
    return (
        folder.name if exporter.parent.coursedir.assignment_id in ("", "*") else exporter.parent.coursedir.assignment_id
    )


def _rebuilt(path: Path, course: Course, released: Released, log) -> nbformat.NotebookNode:
    try:
        if path.parent.is_symlink() or path.parent.parent.is_symlink():
            raise Rejected("its folder is a link")
        return read_submission(path, course, released).notebook()
    except Rejected as error:
        log.warning("%s: %s", path, error)
        empty = Submission(released, "en", "", []).notebook()
        empty.cells.insert(0, new_markdown_cell(f"This submission could not be read: {error}.", id="rejected"))
        empty.metadata.course["rejected"] = str(error)
        return empty


class JudgeCells(NbGraderPreprocessor):
    """Writes the judge's verdicts into the test cells, where nbgrader's SaveAutoGrades and feedback read them."""

    def preprocess(self, nb, resources):
        place = resources["nbgrader"]
        course, secret, runner = _bench(Path(self.parent.parent.coursedir.root).resolve())
        released = course.one(place["assignment"], place["notebook"])
        note = nb.metadata.get("course", {})
        if "rejected" in note:
            results = [
                CheckResult(check.id, check.exercise, 0.0, check.points, "failed", None, note["rejected"])
                for check in released.checks
            ]
        else:
            cells = [
                (
                    "code" if cell.cell_type == "code" else "markdown",
                    cell.source,
                    cell.metadata.get("nbgrader", {}).get("grade_id", ""),
                )
                for cell in nb.cells
            ]
            submission = Submission(released, note.get("edition", "en"), "", cells)
            results = _judged(submission, runner, secret, place["student"])
        verdicts = {result.id: result for result in results}
        for cell in nb.cells:
            verdict = verdicts.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
            if verdict and cell.cell_type == "code":
                cell.outputs = [_output(verdict)]
        return nb, resources


def _judged(submission: Submission, runner: Runner, secret: str, student: str) -> list[CheckResult]:
    """The verdicts; should the same submission break the sandbox twice, that is its verdict, and the class goes on."""
    for _attempt in range(2):
        try:
            return judge_submission(submission, runner, secret, student)
        except RunnerError:
            runner.stop()
    reason = "The sandbox broke while judging this."
    return [
        CheckResult(check.id, check.exercise, 0.0, check.points, "error", None, reason)
        for check in submission.released.checks
    ]


def _output(verdict: CheckResult) -> nbformat.NotebookNode:
    if verdict.status == "passed":
        return new_output("stream", name="stdout", text=verdict.message + "\n")
    lines = verdict.message.splitlines() or [verdict.status]
    return new_output("error", ename="CheckFailed", evalue=lines[0], traceback=lines)


def set_aside(assignment: str, student: str, notebooks: list[str]) -> None:
    """Before nbgrader copies a submission's other files: links, pipes and devices are moved out of its way.

    They stay in `grading/set_aside/`, so nothing is lost; copied, a link would hand the student whatever it points to,
    and a pipe would never end. So does a timestamp that nbgrader could not read, and would not grade because of.
    """
    for folder in {Path(notebook).parent for notebook in notebooks}:
        aside = folder.parents[2] / "set_aside" / folder.parent.name / folder.name
        for place, folders, files in os.walk(folder):
            for name in [*files, *folders]:
                path = Path(place, name)
                mode = path.lstat().st_mode
                plain = stat.S_ISREG(mode) or stat.S_ISDIR(mode) or name.endswith(".ipynb")
                if plain and not _false_timestamp(path, folder):
                    continue  # notebooks are read by intake, and never copied
                target = aside / path.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                os.rename(path, target)


def _false_timestamp(path: Path, folder: Path) -> bool:
    if path != folder / "timestamp.txt":
        return False
    try:
        text = path.read_text().strip()
        return bool(text) and parse_utc(text) is None
    except Exception:  # a folder, no text, or no time: dateutil raises many kinds
        return True
