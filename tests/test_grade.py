"""`grader grade`: what the design promises to those who call it. Each command is run as a user would."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from submissions import ROOT, blank, cell, exercises, half_right, hand_in, solved

from grader.exercises import all_exercises
from grader.judge import read_secret
from grader.reference import examples
from grader.runner import RunnerError
from grader.student.calls import Outcome
from grader.student.diagnose import judge

pytestmark = pytest.mark.xdist_group("grade")  # one after the other: they share a batch
SECRET = "open sesame 4711"
FIELDS = {
    "file": str,
    "assignment": str | None,
    "notebook": str | None,
    "edition": str | None,
    "score": float,
    "max_score": float,
    "error": str | None,
    "walls": bool,
    "checks": list,
}
CHECK_FIELDS = {
    "id": str,
    "exercise": str,
    "score": float,
    "max_score": float,
    "status": str,
    "mistake": str | None,
    "message": str,
}


def grade(folder: Path, *args: str, **environment: str) -> subprocess.CompletedProcess:
    """Run `grader grade ARGS` in `folder`, which is not the course's."""
    command = [sys.executable, "-m", "grader.cli", "grade", *args]
    kept = {name: value for name, value in os.environ.items() if name != "GRADER_SECRET"}
    return subprocess.run(command, cwd=folder, env=kept | environment, capture_output=True, timeout=300)


def verdicts(run: subprocess.CompletedProcess) -> dict[str, dict]:
    """The objects of a run with --json, by their file, in the order of the lines."""
    assert run.returncode == 0, run.stderr.decode()
    found = [json.loads(line) for line in run.stdout.decode().splitlines()]
    return {verdict["file"]: verdict for verdict in found}


def answered(source: str, edition: str = "en", name: str = "dot_scores") -> dict:
    notebook = blank(edition)
    cell(notebook, name)["source"] = source
    return notebook


def without_metadata(edition: str) -> dict:
    return half_right(edition) | {"metadata": {}}


def curious() -> dict:
    """Looks for the secret, everywhere."""
    return answered(f"""
import glob, os
def dot_scores(query, keys):
    seen = [str(dict(os.environ))]
    for path in [*glob.glob("/proc/*/environ"), *glob.glob("/proc/*/cmdline"), {str(ROOT / "grading" / "secret")!r}]:
        try:
            seen.append(open(path).read())
        except OSError:
            pass
    raise ValueError("visible" if "ses" + "ame 4711" in str(seen) else "hidden")
""")


FILES = {
    "right.ipynb": solved("en"),
    "對的.ipynb": solved("zh-TW"),
    "half.ipynb": half_right("zh-TW"),
    "blank.ipynb": blank("en"),
    "空白.ipynb": blank("zh-TW"),
    "01-seq2seq.ipynb": without_metadata("zh-TW"),
    "attention_context.ipynb": half_right("zh-TW"),
    "known mistake.ipynb": answered("def dot_scores(query, keys): return (keys * query[:, None]).sum(2).softmax(1)", "zh-TW"),
    "odd.ipynb": answered("def dot_scores(query, keys): return (keys * query[:, None]).sum(2) ** 2 + 0.123"),
    "double.ipynb": answered("def dot_scores(query, keys): return 2 * (keys * query[:, None]).sum(2)"),
    "raises.ipynb": answered("def dot_scores(query, keys): return query @ keys.no_such_thing"),
    "ends.ipynb": answered("import os\ndef dot_scores(query, keys): os._exit(0)"),
    "missing.ipynb": answered("def dot_score(query, keys): return keys"),
    "no number.ipynb": answered("dot_scores = 7"),
    "endless.ipynb": answered("def dot_scores(query, keys):\n    while True: pass", "zh-TW"),
    "endless in C.ipynb": answered("def dot_scores(query, keys): return sum(range(10**14))"),
    "curious.ipynb": curious(),
    "text.ipynb": b"This is my homework.",
    "empty.ipynb": b"",
    "cut off.ipynb": json.dumps(blank()).encode()[:5000],
    "alien.ipynb": {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []},
}  # fmt: skip
MORE = ["folder.ipynb", "absent.ipynb", "link.ipynb"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("handed-in")
    for name, content in FILES.items():
        hand_in(folder, content, name)
    (folder / "folder.ipynb").mkdir()
    (folder / "link.ipynb").symlink_to("right.ipynb")
    (folder / "notebooks").mkdir()  # a folder of this name makes no course
    return folder


@pytest.fixture(scope="module")
def batch(folder) -> dict[str, dict]:
    return verdicts(
        grade(
            folder, "--json", "--timeout", "15", "--workers", "2", *FILES, *MORE, "./right.ipynb", GRADER_SECRET=SECRET
        )
    )


def check_of(batch: dict, file: str, exercise: str = "dot_scores") -> dict:
    return next(check for check in batch[file]["checks"] if check["exercise"] == exercise)


def test_one_object_per_file_in_the_order_given(batch):
    assert list(batch) == [*FILES, *MORE, "./right.ipynb"]


def test_fields_and_types(batch):
    for verdict in batch.values():
        assert list(verdict) == list(FIELDS)
        assert all(isinstance(verdict[name], kind) for name, kind in FIELDS.items()), verdict
        assert verdict["walls"] is True
        assert verdict["score"] == sum(check["score"] for check in verdict["checks"])
        for check in verdict["checks"]:
            assert list(check) == list(CHECK_FIELDS)
            assert all(isinstance(check[name], kind) for name, kind in CHECK_FIELDS.items()), check
            assert check["id"] == f"check_{check['exercise']}"
            assert check["status"] in ("passed", "failed", "missing", "error", "timeout")
            assert check["score"] == (check["max_score"] if check["status"] == "passed" else 0)
            assert check["message"]


@pytest.mark.parametrize(
    "file, edition, score",
    [
        ("right.ipynb", "en", 11),
        ("對的.ipynb", "zh-TW", 11),
        ("half.ipynb", "zh-TW", 6),
        ("blank.ipynb", "en", 0),
        ("空白.ipynb", "zh-TW", 0),
        ("01-seq2seq.ipynb", "en", 6),  # without metadata the grade_ids tell the assignment; never the file's name
        ("attention_context.ipynb", "zh-TW", 6),
        ("./right.ipynb", "en", 11),
    ],
)
def test_scores_and_whose_they_are(batch, file, edition, score):
    verdict = batch[file]
    assert (verdict["assignment"], verdict["notebook"]) == ("02-attention-weights", "attention_weights")
    assert (verdict["edition"], verdict["score"], verdict["max_score"]) == (edition, score, 11)
    assert verdict["error"] is None
    assert [check["exercise"] for check in verdict["checks"]] == [
        cell["metadata"]["nbgrader"]["grade_id"] for cell in exercises(blank())
    ]


@pytest.mark.parametrize(
    "file, status, mistake, words",
    [
        ("right.ipynb", "passed", None, "correct"),
        ("對的.ipynb", "passed", None, "正確"),
        ("blank.ipynb", "failed", None, "not written yet"),
        ("空白.ipynb", "failed", None, "還沒有寫"),
        ("known mistake.ipynb", "failed", "softmaxed", "softmax"),
        ("odd.ipynb", "failed", None, "differ"),
        ("double.ipynb", "failed", None, "constant factor"),
        ("raises.ipynb", "error", None, "AttributeError"),
        ("ends.ipynb", "error", None, "process ended"),
        ("missing.ipynb", "missing", None, "not defined"),
        ("no number.ipynb", "error", None, "not callable"),
        ("endless.ipynb", "timeout", None, "迴圈"),
        ("endless in C.ipynb", "timeout", None, "loop"),
    ],
)
def test_statuses(batch, file, status, mistake, words):
    check = check_of(batch, file)
    assert (check["status"], check["mistake"]) == (status, mistake), check
    assert words in check["message"]


@pytest.mark.parametrize("file", ["missing.ipynb", "ends.ipynb", "endless.ipynb", "endless in C.ipynb"])
def test_one_bad_answer_leaves_the_others_theirs(batch, file):
    other = check_of(batch, file, "masked_softmax")
    assert (other["status"], other["mistake"]) == ("failed", None)
    assert re.search("not written yet|還沒有寫", other["message"])


@pytest.mark.parametrize("file", ["text.ipynb", "empty.ipynb", "cut off.ipynb", "alien.ipynb", *MORE])
def test_what_is_no_submission(batch, file):
    verdict = batch[file]
    assert verdict["score"] == 0 and verdict["error"].startswith(f"{file}: ")
    assert all(check["status"] == "failed" for check in verdict["checks"])


def test_a_submission_cannot_see_the_secret(batch):
    assert "hidden" in check_of(batch, "curious.ipynb")["message"]


def test_graded_again_the_inputs_are_the_same(batch, folder):
    again = verdicts(grade(folder, "--json", "--workers", "1", "right.ipynb", "odd.ipynb", GRADER_SECRET=SECRET))
    assert again["right.ipynb"] == batch["right.ipynb"]  # a passed check names the sizes of its draws
    assert again["odd.ipynb"] == batch["odd.ipynb"]


def test_for_people(folder):
    """Without --json, and with a secret of its own: other inputs."""
    run = grade(folder, "half.ipynb", "alien.ipynb", "--workers", "1", GRADER_SECRET="another", NO_COLOR="1")
    text = run.stdout.decode()
    assert run.returncode == 0
    assert "half.ipynb  6 / 11" in text and "masked_softmax" in text and "還沒有寫" in text
    assert "alien.ipynb  0 / 0" in text


# Where judging cannot start -------------------------------------------------------------------------------------------


def test_without_bubblewrap_there_are_no_verdicts(folder):
    run = grade(folder, "--json", "right.ipynb", PATH=str(folder), GRADER_SECRET=SECRET)
    assert (run.returncode, run.stdout) == (2, b"")
    assert b"bubblewrap" in run.stderr and b"apt-get install" in run.stderr and b"Traceback" not in run.stderr


def test_trust_submissions_says_so_in_every_verdict(folder):
    """And needs no bubblewrap."""
    run = grade(
        folder, "--json", "--trust-submissions", "--workers", "1", "right.ipynb", "half.ipynb", "text.ipynb",
        PATH=f"{folder}:/usr/bin-without-bwrap", GRADER_SECRET=SECRET,
    )  # fmt: skip
    found = verdicts(run)
    assert [verdict["walls"] for verdict in found.values()] == [False] * 3
    assert [verdict["score"] for verdict in found.values()] == [11, 6, 0]


def test_a_course_without_a_release(tmp_path):
    run = grade(tmp_path, "--json", "--root", str(tmp_path), "x.ipynb")
    assert (run.returncode, run.stdout) == (2, b"")
    assert b"grader release" in run.stderr


@pytest.fixture
def course(tmp_path) -> Path:
    """A copy of the course, with one assignment and nothing graded yet."""
    for part in ("notebooks", "solutions"):
        for edition in ("en", "zh-TW"):
            shutil.copytree(
                ROOT / part / edition / "02-attention-weights", tmp_path / part / edition / "02-attention-weights"
            )
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    return tmp_path


def test_the_solution_comes_first(course):
    """Nobody is graded where the solution itself does not get full marks; the secret is made all the same."""
    broken = solved("zh-TW")
    cell(broken, "cosine_scores")["source"] = "import a_package_that_is_missing_here"
    place = hand_in(course / "solutions" / "zh-TW" / "02-attention-weights", broken, "attention_weights.ipynb")
    hand_in(course, solved(), "right.ipynb")
    run = grade(course, "--json", "right.ipynb")
    assert (run.returncode, run.stdout) == (2, b"")
    message = run.stderr.decode()
    assert "cosine_scores" in message and str(place) in message and "nobody is graded" in message
    assert stat.S_IMODE((course / "grading" / "secret").stat().st_mode) == 0o600


# The secret -----------------------------------------------------------------------------------------------------------


def test_the_secret_is_made_once(tmp_path, monkeypatch):
    monkeypatch.delenv("GRADER_SECRET", raising=False)
    secret = read_secret(tmp_path)
    path = tmp_path / "grading" / "secret"
    assert len(secret) >= 32 and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_secret(tmp_path) == secret and [*path.parent.iterdir()] == [path]
    path.write_text("")
    with pytest.raises(RunnerError, match="empty"):
        read_secret(tmp_path)


def test_the_environment_gives_the_secret(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADER_SECRET", SECRET)
    assert read_secret(tmp_path) == SECRET
    assert not (tmp_path / "grading").exists()


# What messages may say ------------------------------------------------------------------------------------------------

WRONG = {
    "zeros": lambda output: torch.zeros_like(output),
    "twice": lambda output: output * 2,
    "shifted": lambda output: output + 1.5,
    "off": lambda output: output + torch.linspace(0.1, 1, output.numel()).reshape(output.shape),
    "last one": lambda output: output + torch.eye(1, max(1, output.numel()))[0].flip(0).reshape(output.shape),
    "swapped": lambda output: output.transpose(-1, -2).contiguous() if output.dim() > 1 else output + 0.7,
    "infinite": lambda output: output / 0.0,
}


@pytest.mark.parametrize("language", ["en", "zh-TW"])
@pytest.mark.parametrize(
    "name", ["dot_scores", "attention_weights", "attention_context", "sequence_loss", "BahdanauDecoder"]
)
def test_verdicts_never_show_the_expected_values(name, language):
    """On the secret draws; check() shows them for the public ones."""
    example = examples(all_exercises()[name], "a secret")
    example.known = list
    shown = 0
    for wrong in WRONG.values():
        outcomes = [
            Outcome([wrong(output) for output in draw.expected.outputs], draw.expected.gradients)
            for draw in example.draws
        ]
        verdict = judge(example, outcomes, language, reveal=False)
        assert verdict.status == "failed"
        values = torch.cat([output.flatten().double() for draw in example.draws for output in draw.expected.outputs])
        for number in re.findall(r"\d+\.\d+", verdict.message):  # the answer's own sums may be told
            assert not torch.isclose(values, torch.tensor(float(number)).double(), rtol=1e-3).any(), verdict.message
        shown += bool(re.search(r"\d\.\d", judge(example, outcomes, language).message))
    assert shown >= 3


def test_in_a_verdict_there_are_no_values_either(batch):
    for file in ("odd.ipynb", "double.ipynb"):
        assert not re.search(r"\d\.\d", check_of(batch, file)["message"])
