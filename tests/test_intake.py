"""Whatever file is handed in, there is a verdict: 1,000 mutated and random notebooks, from a fixed seed, and the rest."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from submissions import ROOT, blank, code, half_right, hand_in

from grader.intake import MAX_BYTES, MAX_CELLS, Course, Rejected, read_course, read_submission
from grader.judge import Result, judge_file
from grader.runner import Limits, Runner

SEED = 20261122
RUN = 40  # of those that can be read, so many are run; all are read and rebuilt
STRANGE = [
    None, True, False, 0, -1, 3, 4, 4.0, 5, 10**30, 1e308, float("nan"), float("inf"), "", " ", "4", "code", "markdown",
    "\0", "\ud800", "\ud83d\ude00", "../../etc/passwd", "check_dot_scores", "dot_scores", "02-attention-weights", "zh-TW",
    "注意力", "x" * 5000, [], {}, [[]], [None], [1, "a"], {"": {}}, {"nbgrader": {"grade_id": ["dot_scores"]}},
    {"nbgrader": "dot_scores"}, {"course": {"assignment": 7, "edition": ["en"]}}, ["def", 3], ["%", "reset"],
]  # fmt: skip


@pytest.fixture(scope="module")
def course() -> Course:
    return read_course(ROOT)


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner(Limits(seconds=60), hidden=[ROOT]) as runner:
        yield runner


def verdict(path: Path, course: Course, runner: Runner, **more) -> Result:
    result = judge_file(path, course, runner, "a secret", **more)
    assert result.file == str(path)
    assert 0 <= result.score <= max(result.max_score, 0)
    assert bool(result.error) == (result.edition is None)
    json.dumps(vars(result) | {"checks": [vars(check) for check in result.checks]}).encode()
    return result


# Mutations ------------------------------------------------------------------------------------------------------------


def small(random: random.Random) -> dict:
    """A notebook to start from, without its prose, so that mutations hit something."""
    notebook = random.choice([blank, half_right])(random.choice(["en", "zh-TW"]))
    notebook["cells"] = [cell for cell in notebook["cells"] if "nbgrader" in cell["metadata"]]
    notebook["cells"].insert(0, code("import torch\nfrom torch import Tensor, nn\nfrom grader import check"))
    return notebook


def places(thing, path: tuple = ()) -> list[tuple]:
    """The paths of all values inside `thing`."""
    found = [path] if path else []
    items = thing.items() if isinstance(thing, dict) else enumerate(thing) if isinstance(thing, list) else ()
    for key, value in items:
        found += places(value, (*path, key))
    return found


def mutate(notebook: dict, random: random.Random) -> None:
    """Change one value somewhere: another type, gone, twice, nested, swapped with another."""
    path = random.choice(places(notebook))
    *way, key = path
    parent = notebook
    for step in way:
        parent = parent[step]
    match random.randrange(6):
        case 0:
            del parent[key]
        case 1:
            parent[key] = {random.choice(["source", "metadata", "x"]): parent[key]}
        case 2:
            parent[key] = [parent[key]] * random.choice([0, 1, 2, 50])
        case 3 if isinstance(parent, list):
            parent.insert(random.randrange(len(parent) + 1), parent[random.randrange(len(parent))])
        case 4 if isinstance(parent, dict):
            parent[random.choice(["source", "cells", "nbformat", "grade_id", "日", "\ud800"])] = parent.pop(key)
        case _:
            parent[key] = random.choice(STRANGE)


def spoil(data: bytes, random: random.Random) -> bytes:
    """Change the bytes: cut off, overwritten, doubled, with rubbish inside."""
    match random.randrange(6):
        case 0:
            return data[: random.randrange(len(data))]
        case 1:
            changed = bytearray(data)
            for _ in range(random.choice([1, 3, 30])):
                changed[random.randrange(len(changed))] = random.randrange(256)
            return bytes(changed)
        case 2:
            place = random.randrange(len(data))
            return data[:place] + random.randbytes(random.randrange(1, 200)) + data[place:]
        case 3:
            return data * 2
        case 4:
            return random.choice([b"\xef\xbb\xbf", b"\xff\xfe", b"\x00", b"PK\x03\x04", b"%PDF-1.7\n"]) + data
        case _:
            return data.decode().encode(random.choice(["utf-16", "utf-32", "utf-7", "utf-16-le"]))


def nonsense(random: random.Random) -> bytes:
    """No notebook at all."""
    match random.randrange(6):
        case 0:
            return random.randbytes(random.randrange(2000))
        case 1:
            depth = random.choice([10, 1000, 100_000])
            return b"[" * depth + b"]" * random.choice([0, depth])
        case 2:
            return b'{"nbformat": 4, "cells": ' + b'{"a":' * random.choice([5, 5000]) + b"1"
        case 3:
            return json.dumps(random.choice(STRANGE)).encode()
        case 4:
            return b'{"nbformat": 4, "cells": [], "x": ' + b"9" * random.choice([100, 10_000]) + b"}"
        case _:
            return json.dumps({"nbformat": random.choice(STRANGE), random.choice(["cells", "worksheets"]): random.choice(STRANGE)}).encode()  # fmt: skip


def invented(count: int) -> Iterator[bytes]:
    random_ = random.Random(SEED)
    for number in range(count):
        if number % 10 == 9:
            yield nonsense(random_)
            continue
        notebook = small(random_)
        for _ in range(random_.choice([1, 1, 2, 5, 20])):
            mutate(notebook, random_)
        data = json.dumps(notebook).encode()
        yield spoil(data, random_) if number % 4 == 3 else data


def test_a_thousand_mutated_notebooks_each_get_a_verdict(tmp_path, course, runner):
    """All are read and rebuilt as both doors do it; the first that can be read are judged too."""
    run = rejected = 0
    for number, data in enumerate(invented(1200)):
        path = hand_in(tmp_path, data)
        try:
            submission = read_submission(path, course)
        except Rejected as error:
            rejected += 1
            assert str(error) and "\n" not in str(error)
            assert verdict(path, course, runner).error == f"{path}: {error}"
            continue
        assert all(isinstance(source, str) for source in submission.code())
        rebuilt = submission.notebook()
        nbformat.validate(rebuilt)
        nbformat.writes(rebuilt).encode()
        graded = [cell.metadata.nbgrader.grade_id for cell in rebuilt.cells if "nbgrader" in cell.metadata]
        assert sorted(graded) == sorted(submission.released.graded("en")), number
        if run < RUN:
            run += 1
            assert len(verdict(path, course, runner).checks) == len(submission.released.checks)
    assert run == RUN and 100 < rejected < 900


def test_a_named_release_gets_a_verdict_for_every_check(tmp_path, course, runner):
    """As behind nbgrader, where the folder says which assignment it is."""
    released = course.one("02-attention-weights")
    for data in (b"", b"{}", b'{"nbformat": 4, "cells": 3}', json.dumps(STRANGE).encode()):
        result = verdict(hand_in(tmp_path, data), course, runner, released=released)
        assert result.error and result.max_score == 11
        assert [check.status for check in result.checks] == ["failed"] * 6
    empty = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
    result = verdict(hand_in(tmp_path, empty), course, runner, released=released)
    assert result.error is None and [check.status for check in result.checks] == ["missing"] * 6


# Files that are no files ----------------------------------------------------------------------------------------------


def test_no_ordinary_file(tmp_path, course, runner):
    whole = hand_in(tmp_path, half_right(), "whole.ipynb")
    (tmp_path / "folder.ipynb").mkdir()
    (tmp_path / "link.ipynb").symlink_to(whole)
    (tmp_path / "loop.ipynb").symlink_to("loop.ipynb")
    (tmp_path / "device.ipynb").symlink_to("/dev/zero")
    (tmp_path / "nowhere.ipynb").symlink_to("/no/such/file")
    os.mkfifo(tmp_path / "pipe.ipynb")
    paths = [*tmp_path.glob("[!w]*.ipynb"), Path("/dev/zero"), Path("/dev/stdin"), tmp_path / "absent.ipynb"]
    paths += [whole / "inside.ipynb", tmp_path / ("x" * 300), Path("a\0b"), Path("/proc/self/mem"), Path(".")]
    for path in paths:
        result = verdict(path, course, runner)
        assert result.error and result.error.startswith(f"{path}: ") and result.score == 0


def test_a_file_that_may_not_be_read(tmp_path, course):
    path = hand_in(tmp_path, half_right())
    path.chmod(0)
    user = os.geteuid()
    if user == 0:  # root may read everything, so for a moment be nobody
        os.seteuid(65534)
    try:
        with pytest.raises(Rejected, match="denied"):
            read_submission(path, course)
    finally:
        os.seteuid(user)


@pytest.mark.parametrize(
    "name", ["two\nlines.ipynb", "作業 一.ipynb", "-rf.ipynb", "no ending", "[bold]", "\udcff.ipynb"]
)
def test_a_name_of_any_kind(name, tmp_path, course, runner):
    assert verdict(hand_in(tmp_path, half_right(), name), course, runner).score == 6


def test_too_large(tmp_path, course, runner):
    path = tmp_path / "large.ipynb"
    with open(path, "wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert "larger than" in verdict(path, course, runner).error
    many = blank() | {"cells": [code("1")] * (MAX_CELLS + 1)}
    assert "cells" in verdict(hand_in(tmp_path, many), course, runner).error
