"""The judge behind nbgrader's own commands, in a copy of the course as it comes from a fresh clone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook, MissingEntry
from submissions import ROOT, at_end, blank, cell, checks, grade_id, half_right, hand_in, solved

pytestmark = pytest.mark.xdist_group("nbgrader")  # one after the other: they share a graded class
ASSIGNMENT = "02-attention-weights"
NOTEBOOK = "attention_weights.ipynb"


def duplicated(notebook: dict) -> dict:
    """Every graded cell twice: stock nbgrader gives up on the whole batch."""
    notebook["cells"] = [twin for cell in notebook["cells"] for twin in [cell] * (1 + bool(grade_id(cell)))]
    return notebook


def wrong(edition: str) -> dict:
    """Three kinds of wrong: a known mistake, odd values, an exception."""
    notebook = blank(edition)
    cell(notebook, "dot_scores")["source"] = "def dot_scores(q, k): return (k * q[:, None]).sum(2).softmax(1)"
    cell(notebook, "cosine_scores")["source"] = "def cosine_scores(q, k): return 0.3 + (k * q[:, None]).sum(2) ** 2"
    cell(notebook, "general_scores")["source"] = "def general_scores(q, k, w): return torch.bmm(q, k)"
    return notebook


def impatient(edition: str) -> dict:
    """Half right, and forged: outputs and points that say otherwise; and noise on stderr."""
    notebook = half_right(edition)
    for check in checks(notebook):
        check["metadata"]["nbgrader"]["points"] = 1000
        check["outputs"] = [
            {"output_type": "execute_result", "data": {"text/plain": "2"}, "execution_count": 1, "metadata": {}}
        ]
    at_end(notebook, "import sys, warnings\nwarnings.warn('careful')\nprint('!', file=sys.stderr)", "1 / 0")
    return notebook


CLASS = {  # student: what is handed in, and its automatic points of 11
    "ada": (solved("en"), 11),
    "amei": (solved("zh-TW"), 11),
    "ben": (half_right("en"), 6),
    "bihua": (half_right("zh-TW"), 6),
    "carl": (blank("en"), 0),
    "chun": (blank("zh-TW"), 0),
    "damaged": (json.dumps(blank()).encode()[:3000], 0),
    "doubled": (duplicated(solved("zh-TW")), 11),
    "empty": ({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}, 0),
    "impatient": (impatient("en"), 6),
    "wrong": (wrong("en"), 0),
    "錯": (wrong("zh-TW"), 0),
    "zoe": (solved("en"), 11),
}  # fmt: skip
AUTOMATIC = {student: points for student, (_, points) in CLASS.items()} | {"linked": 0}


class CourseCopy:
    """A course folder as it comes from a clone, and nbgrader's commands in it."""

    def __init__(self, root: Path):
        self.root = root
        for part in ("notebooks", "solutions"):
            for edition in ("en", "zh-TW"):
                shutil.copytree(ROOT / part / edition / ASSIGNMENT, root / part / edition / ASSIGNMENT)
        shutil.copy(ROOT / "nbgrader_config.py", root)

    def nbgrader(self, *args: str, status: int = 0, **environment: str) -> str:
        command = [sys.executable, "-m", "nbgrader", *args]
        home = {"JUPYTER_CONFIG_DIR": str(self.root / ".jupyter"), "IPYTHONDIR": str(self.root / ".ipython")}
        run = subprocess.run(
            command, cwd=self.root, env=os.environ | home | environment, capture_output=True, text=True, timeout=600
        )
        assert run.returncode == status, run.stderr[-4000:]
        return run.stdout + run.stderr

    def hand_in(self, student: str, content: dict | bytes) -> Path:
        return hand_in(self.root / "grading" / "submitted" / student / ASSIGNMENT, content, NOTEBOOK)

    def gradebook(self) -> Gradebook:
        return Gradebook(f"sqlite:///{self.root}/grading/gradebook.db")

    def scores(self) -> dict[str, dict[str, float | None]]:
        """Automatic points per student and test cell; None where there are none."""
        with self.gradebook() as gradebook:
            return {
                submission.student.id: {
                    grade.cell.name: grade.auto_score for grade in submission.notebooks[0].grades if grade.cell.name.startswith("check_")
                }
                for submission in gradebook.assignment_submissions(ASSIGNMENT)
            }  # fmt: skip

    def totals(self) -> dict[str, float]:
        return {student: sum(scores.values()) for student, scores in self.scores().items()}


# Our judge, behind `nbgrader autograde` -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> CourseCopy:
    """A class, graded."""
    course = CourseCopy(tmp_path_factory.mktemp("course"))
    course.nbgrader("generate_assignment", ASSIGNMENT)
    for student, (content, _) in CLASS.items():
        course.hand_in(student, content)
    linked = course.root / "grading" / "submitted" / "linked" / ASSIGNMENT
    linked.mkdir(parents=True)
    (linked / NOTEBOOK).symlink_to(course.root / "grading" / "submitted" / "ada" / ASSIGNMENT / NOTEBOOK)
    (linked / "gradebook.txt").symlink_to(course.root / "grading" / "gradebook.db")
    course.nbgrader("autograde", ASSIGNMENT)
    return course


@pytest.fixture(scope="module")
def feedback(course) -> dict[str, str]:
    """The pages, by student."""
    course.nbgrader("generate_feedback", ASSIGNMENT)
    pages = (course.root / "grading" / "feedback").glob(f"*/{ASSIGNMENT}/*.html")
    return {page.parent.parent.name: page.read_text(encoding="utf-8") for page in pages}


def test_the_release_leaves_no_answers(course):
    """And nbgrader's own release is the same as ours."""
    made = json.loads((course.root / "grading" / "release" / "en" / ASSIGNMENT / NOTEBOOK).read_text())
    assert ["".join(cell["source"]) for cell in made["cells"]] == [cell["source"] for cell in blank()["cells"]]


def test_everybody_gets_the_points_they_earned(course):
    """Both editions in one gradebook; damaged, linked and doubled submissions next to honest ones."""
    assert course.totals() == AUTOMATIC
    for student, scores in course.scores().items():
        assert set(scores) == {grade_id(check) for check in checks(blank())}, student


def test_the_written_question_waits_for_a_human(course):
    with course.gradebook() as gradebook:
        submission = gradebook.find_submission(ASSIGNMENT, "ada")
        assert (submission.max_score, submission.needs_manual_grade) == (13, True)


def test_graded_again_nothing_changes(course):
    """Without --force nothing is done; with it the same comes out, and what a human gave stays."""
    before = course.scores()
    with course.gradebook() as gradebook:
        for grade in gradebook.find_submission(ASSIGNMENT, "bihua").notebooks[0].grades:
            if not grade.cell.name.startswith("check_"):
                grade.manual_score = 1.5
                grade.needs_manual_grade = False
        gradebook.db.commit()
    course.nbgrader("autograde", ASSIGNMENT)
    assert course.scores() == before
    course.nbgrader("autograde", ASSIGNMENT, "--force")
    assert course.scores() == before
    with course.gradebook() as gradebook:
        assert gradebook.find_submission(ASSIGNMENT, "bihua").score == 7.5


def test_feedback_speaks_the_editions_language(feedback):
    assert set(feedback) == set(AUTOMATIC)
    assert "not written yet" in feedback["carl"] and "還沒有寫" not in feedback["carl"]
    assert "還沒有寫" in feedback["chun"] and "not written yet" not in feedback["chun"]
    assert "正確" in feedback["amei"] and "correct" in feedback["ada"]
    assert "could not be read" in feedback["damaged"] and "it is a link" in feedback["linked"]


def test_feedback_names_the_mistake_and_shows_the_marks(feedback):
    assert "softmax" in outputs(feedback["wrong"]) and "RuntimeError" in outputs(feedback["錯"])
    assert re.search(r"Score:\s*6\.0\s*/\s*13\.0", feedback["ben"])


def test_feedback_shows_no_internals_and_no_expected_values(feedback):
    for student, page in feedback.items():
        shown = outputs(page)
        for internal in ("Traceback", "site-packages", "/sandbox", str(ROOT), "expected:", "正確的結果"):
            assert internal not in shown, (student, internal)
    for student in ("wrong", "錯"):
        assert not re.search(r"\d\.\d", outputs(feedback[student]))


def outputs(page: str) -> str:
    """The text of a page's outputs, without tags."""
    found = re.findall(r'<div class="output_subarea.*?</pre>', page, flags=re.DOTALL)
    assert len(found) == len(checks(blank()))
    return re.sub(r"<[^>]+>", "", "\n".join(found))


def test_a_link_is_put_aside_not_followed(course):
    """What nbgrader copies for the student holds nothing of the gradebook."""
    graded = course.root / "grading" / "autograded" / "linked" / ASSIGNMENT
    assert [path.name for path in graded.iterdir() if path.suffix == ".txt"] == []
    assert not any(path.is_symlink() for path in (course.root / "grading" / "autograded").rglob("*"))


# The solution comes first ---------------------------------------------------------------------------------------------


def test_with_a_broken_solution_nobody_is_graded(tmp_path):
    """What stands in the gradebook's place is as before; the message says what to mend."""
    course = CourseCopy(tmp_path)
    course.nbgrader("generate_assignment", ASSIGNMENT, COURSE_LANGUAGE="zh-TW")
    broken = solved("zh-TW")
    cell(broken, "cosine_scores")["source"] = "import a_package_that_is_missing_here"
    hand_in(tmp_path / "solutions" / "zh-TW" / ASSIGNMENT, broken, NOTEBOOK)
    course.hand_in("ada", solved("en"))
    said = course.nbgrader("autograde", ASSIGNMENT, status=1)
    assert "cosine_scores" in said and "nobody is graded" in said
    assert str(tmp_path / "solutions" / "zh-TW" / ASSIGNMENT / NOTEBOOK) in said
    assert not list((tmp_path / "grading").glob("autograded/*/*/*"))
    with course.gradebook() as gradebook, pytest.raises(MissingEntry):
        gradebook.find_submission(ASSIGNMENT, "ada")


# Stock nbgrader, for those who want no sandbox ------------------------------------------------------------------------


def test_the_stock_pipeline_agrees(tmp_path):
    """Without our judge the notebooks' own checks give the marks; cells that only train are skipped."""
    course = CourseCopy(tmp_path)
    with open(tmp_path / "nbgrader_config.py", "a") as config:
        config.write("\ndel c.Autograde\n")
    course.nbgrader("generate_assignment", ASSIGNMENT)
    slow = solved("en")
    lab = [cell for cell in slow["cells"] if "lab" in cell["metadata"].get("tags", [])]
    for trains in lab:
        trains["source"] = "import pathlib\npathlib.Path('trained').touch()"
    course.hand_in("ada", slow)
    course.hand_in("bihua", half_right("zh-TW"))
    course.hand_in("chun", blank("zh-TW"))
    course.nbgrader("autograde", ASSIGNMENT)
    assert lab and not list(tmp_path.rglob("trained"))
    assert course.totals() == {"ada": 11, "bihua": 6, "chun": 0}
