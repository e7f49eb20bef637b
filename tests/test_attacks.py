"""Dishonest submissions, judged among honest ones: none earns a point, none hurts a neighbour, nothing survives.

The submissions are in `attacks/`; those that are no code but files are made here. Each family has a control: with
stock nbgrader's way of marking, or with the wall opened that it runs into, the same trick works.
"""

from __future__ import annotations

import contextlib
import copy
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import nbformat
import psutil
import pytest
import torch
from attacks import Attack, read_attacks
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbgrader.utils import determine_grade

from grader import judge
from grader.exercises import all_exercises
from grader.intake import Check, Course, read_course
from grader.judge import Result, judge_file, read_answers
from grader.reference import SEED, examples
from grader.report import print_result
from grader.runner import Limits, Run, Runner, RunnerError
from grader.student.calls import Outcome, Problem, dumps, perform

pytestmark = pytest.mark.xdist_group("attacks")  # one batch, judged once
ROOT = Path(__file__).resolve().parent.parent
ASSIGNMENT, NOTEBOOK, EXERCISE = "02-attention-weights", "attention_weights", "dot_scores"
SECRET = "known to the tests alone"
TIGHT = Limits(seconds=3, memory=700 * 2**20, address_space=4 * 2**30, processes=24, disk=16 * 2**20, answers=4 * 2**20)
LOOSE = Limits(seconds=40, memory=8 * 2**30, address_space=8 * 2**30, processes=400, disk=2**30, answers=2**28)
PATIENCE = 25  # seconds beyond a submission's own, on a busy machine
CODE = [f"{attack.family}/{attack.name}" for attack in read_attacks()]


@dataclass
class Scene:
    """Where it happens: the course, the folder with what was handed in, and one where nothing may appear."""

    course: Course
    batch: Path
    outside: Path
    attacks: dict[str, Attack]


@dataclass
class Verdicts:
    """What came of the whole batch, in order, and how long each took."""

    results: dict[str, Result] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    restarts: int = 0
    left: list[psutil.Process] = field(default_factory=list)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The course, and everything that the attacks are told about it."""
    torch.set_num_threads(1)
    batch, outside = tmp_path_factory.mktemp("batch"), tmp_path_factory.mktemp("outside")
    public = examples(all_exercises()[EXERCISE], SEED).draws
    name = f"attention-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind("\0" + name)
        abstract.listen()
        attacks = read_attacks(
            COURSE=str(ROOT),
            BATCH=str(batch),
            OUTSIDE=str(outside),
            PORT=listening.getsockname()[1],
            SOCKET=name,
            TABLE=[(list(draw.call.args[1].shape), draw.expected.outputs[0].tolist()) for draw in public],
            OUTCOMES=[
                (
                    draw.expected.outputs[0].tolist(),
                    str(draw.expected.outputs[0].dtype).removeprefix("torch."),
                    {name: gradient.tolist() for name, gradient in draw.expected.gradients.items()},
                )
                for draw in public
            ],
        )
        yield Scene(read_course(ROOT), batch, outside, {f"{attack.family}/{attack.name}": attack for attack in attacks})


@pytest.fixture(scope="module")
def verdicts(scene: Scene) -> Verdicts:
    """Everything handed in, judged one after the other in one sandbox: an honest one first, last and in between."""
    files: list[tuple[str, Path]] = []
    for number, group in enumerate(_groups(scene)):
        files += [(f"honest/{number}", _honest(scene.batch / f"honest-{number}.ipynb")), *group]
    files.append(("honest/last", _honest(scene.batch / "honest-last.ipynb")))
    verdicts, before = Verdicts(), set(psutil.Process().children(recursive=True))
    with Runner(TIGHT, hidden=[ROOT]) as runner:
        server = runner._process.pid
        for name, path in files:
            start = time.monotonic()
            verdicts.results[name] = judge_file(path, scene.course, runner, SECRET)
            verdicts.seconds[name] = time.monotonic() - start
            verdicts.restarts += runner._process.pid != server
            server = runner._process.pid
    time.sleep(2)  # what was to be done "later" would be done by now
    verdicts.left = [process for process in psutil.Process().children(recursive=True) if process not in before]
    return verdicts


def _groups(scene: Scene) -> Iterator[list[tuple[str, Path]]]:
    for family in sorted({attack.family for attack in scene.attacks.values()}):
        group = {name: attack for name, attack in scene.attacks.items() if attack.family == family}
        yield [(name, _hand_in(scene, name, attack.cells)) for name, attack in group.items()]
    yield [(f"tampered/{name}", _tampered(scene, name)) for name in TAMPERED]
    yield [(f"no_notebook/{name}", _no_notebook(scene, name)) for name in NO_NOTEBOOK]


def _hand_in(scene: Scene, name: str, cells: list[str]) -> Path:
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    notebook.metadata["course"] = {"assignment": ASSIGNMENT, "notebook": NOTEBOOK, "edition": "en"}
    path = scene.batch / f"{name.replace('/', '-')}.ipynb"
    nbformat.write(notebook, path)
    return path


def _honest(path: Path) -> Path:
    notebook = nbformat.read(ROOT / "solutions" / "en" / ASSIGNMENT / f"{NOTEBOOK}.ipynb", as_version=4)
    notebook.cells.append(new_code_cell("mine = 'honest-neighbour-was-here'"))
    nbformat.write(notebook, path)
    return path


# The batch ----------------------------------------------------------------------------------------------------------


def test_there_are_enough(scene: Scene) -> None:
    assert len(CODE) >= 60
    assert len({attack.family for attack in scene.attacks.values()}) >= 15
    assert {attack.family for attack in scene.attacks.values()} <= set(CONTROLS)


@pytest.mark.parametrize("name", CODE)
def test_no_attack_scores(name: str, verdicts: Verdicts) -> None:
    result = verdicts.results[name]
    assert result.score == 0, [check for check in result.checks if check.score]
    assert result.max_score == sum(check.max_score for check in result.checks) > 0
    assert result.walls and len(result.checks) > 1
    assert not [check for check in result.checks if check.status == "passed"]
    assert verdicts.seconds[name] < TIGHT.seconds + PATIENCE


def test_no_tampered_notebook_scores(verdicts: Verdicts) -> None:
    for name in TAMPERED:
        result = verdicts.results[f"tampered/{name}"]
        assert (name, result.score) == (name, 0)
        assert result.error or len(result.checks) > 1
        assert result.max_score < 100


def test_whatever_is_no_notebook_gets_a_verdict(verdicts: Verdicts) -> None:
    for name in NO_NOTEBOOK:
        result = verdicts.results[f"no_notebook/{name}"]
        assert (name, result.score) == (name, 0)
        assert result.error or result.checks
        assert verdicts.seconds[f"no_notebook/{name}"] < TIGHT.seconds + PATIENCE


def test_no_neighbour_is_hurt(verdicts: Verdicts) -> None:
    honest = {name: result for name, result in verdicts.results.items() if name.startswith("honest/")}
    assert len(honest) > 15
    for name, result in honest.items():
        assert result.score == result.max_score > 0, (name, result)


def test_the_server_goes_on(verdicts: Verdicts) -> None:
    assert verdicts.restarts == 0


def test_nothing_survives(scene: Scene, verdicts: Verdicts) -> None:
    assert verdicts.left == []
    assert list(scene.outside.iterdir()) == []
    for place in (ROOT, ROOT.parent, scene.batch, Path(torch.__file__).parent, Path("/"), Path("/tmp")):
        assert not (place / "planted.py").exists()
    honest = nbformat.read(scene.batch / "honest-0.ipynb", as_version=4)
    assert honest.cells[-1].source == "mine = 'honest-neighbour-was-here'"


def test_words_are_fit_to_be_read(verdicts: Verdicts) -> None:
    for name, result in verdicts.results.items():
        for check in result.checks:
            assert all(c.isprintable() or c == "\n" for c in check.message), (name, check.message[:200])
            assert len(check.message) < 5_000, name
            check.message.encode()


def test_a_verdict_holds_no_reference_value(scene: Scene, verdicts: Verdicts) -> None:
    """All zeros are wrong by just the expected values; the message must not say how much."""
    cell = f"def {EXERCISE}(query, keys):\n    return keys.sum(2) * 0 + query.sum() * 0"
    path = _hand_in(scene, "zeros", [cell])
    with Runner(TIGHT, hidden=[ROOT]) as runner:
        result = judge_file(path, scene.course, runner, SECRET, student="somebody")
    (check,) = (check for check in result.checks if check.exercise == EXERCISE)
    assert check.status == "failed"
    drawn = examples(all_exercises()[EXERCISE], SECRET, ASSIGNMENT, "somebody").draws
    expected = {f"{abs(value):.3g}"[:4] for draw in drawn for value in draw.expected.outputs[0].flatten().tolist()}
    assert not expected & set(re.findall(r"\d+\.\d\d", check.message))


# Notebooks changed as data --------------------------------------------------------------------------------------------


def _checks(notebook) -> list:
    return [
        cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id", "").startswith("check_")
    ]


def _exercises(notebook) -> list:
    return [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")]


def _set(cells: list, **values) -> None:
    for cell in cells:
        cell.metadata.nbgrader.update(values)


def _points(notebook) -> None:
    _set(_checks(notebook), points=1000)


def _unlocked(notebook) -> None:
    _set(_checks(notebook), locked=False, solution=True)
    for cell in _checks(notebook):
        cell.source = "pass"


def _no_tests(notebook) -> None:
    notebook.cells = [cell for cell in notebook.cells if cell not in _checks(notebook)]


def _skipped(notebook) -> None:
    for cell in _checks(notebook):
        cell.metadata["tags"] = ["skip-execution", "lab", "raises-exception"]


def _twice(notebook) -> None:
    notebook.cells += copy.deepcopy(_checks(notebook)) * 3


def _same_ids(notebook) -> None:
    _set(_exercises(notebook) + _checks(notebook), grade_id="check_dot_scores")


def _swapped_ids(notebook) -> None:
    for solution, check in zip(_exercises(notebook), _checks(notebook), strict=False):
        solution.metadata.nbgrader, check.metadata.nbgrader = check.metadata.nbgrader, solution.metadata.nbgrader


def _results(notebook) -> None:
    for cell in _checks(notebook):
        data = {"text/plain": "1000"}
        cell.outputs = [new_output("execute_result", data=data), new_output("stream", text="correct")]


def _markdown(notebook) -> None:
    for cell in _checks(notebook):
        cell.cell_type = "markdown"


def _other_assignment(notebook) -> None:
    notebook.metadata.course["assignment"] = "../01-seq2seq"
    notebook.metadata.course["notebook"] = "seq2seq"


def _odd_metadata(notebook) -> None:
    notebook.metadata["course"] = {"assignment": ["02"], "notebook": {"a": 1}, "edition": {"en": "zh-TW"}}


def _no_metadata(notebook) -> None:
    for cell in notebook.cells:
        cell.metadata["nbgrader"] = ["grade", True]


def _old_schema(notebook) -> None:
    _set(_checks(notebook) + _exercises(notebook), schema_version=0, cell_type="none", task=True)


def _attachments(notebook) -> None:
    for cell in notebook.cells:
        cell["attachments"] = {"../../grading/gradebook.db": {"image/png": "AAAA"}}


def _other_kernel(notebook) -> None:
    notebook.metadata["kernelspec"] = {"name": "bash", "language": "bash", "display_name": "$(id)"}


def _negative(notebook) -> None:
    _set(_checks(notebook), points=-1e308, grade=False)


def _no_ids(notebook) -> None:
    for cell in notebook.cells:
        cell["id"] = "../../x" * 100


def _surrogates(notebook) -> None:
    for cell in notebook.cells:
        cell.source = "# \ud800\x00\u202e\n" + cell.source


TAMPERED: dict[str, Callable] = {
    change.__name__.strip("_"): change
    for change in (
        _points, _unlocked, _no_tests, _skipped, _twice, _same_ids, _swapped_ids, _results, _markdown,
        _other_assignment, _odd_metadata, _no_metadata, _old_schema, _attachments, _other_kernel, _negative,
        _no_ids, _surrogates,
    )
}  # fmt: skip


def _tampered(scene: Scene, name: str) -> Path:
    notebook = nbformat.from_dict(copy.deepcopy(scene.course.released[ASSIGNMENT, NOTEBOOK].editions["en"]))
    TAMPERED[name](notebook)
    path = scene.batch / f"tampered-{name}.ipynb"
    path.write_text(json.dumps(notebook))  # not nbformat.write, which would not have it
    return path


# Files that are no notebooks ------------------------------------------------------------------------------------------


def _link(path: Path) -> None:
    path.symlink_to(path.with_name("honest-0.ipynb"))


def _content(data: bytes) -> Callable:
    return lambda path: path.write_bytes(data)


def _sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 2**40)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as channel, contextlib.chdir(path.parent):
        channel.bind(path.name)


def _notebook_bytes(cells: str, more: str = "") -> Callable:
    return _content(f'{{"nbformat": 4, "nbformat_minor": 5, "metadata": {{}}, "cells": {cells}{more}}}'.encode())


NO_NOTEBOOK: dict[str, Callable] = {
    "link_to_a_neighbour": _link,
    "link_to_itself": lambda path: path.symlink_to(path.name),
    "link_to_a_device": lambda path: path.symlink_to("/dev/zero"),
    "pipe": os.mkfifo,
    "folder": os.mkdir,
    "socket": _socket,
    "absent": lambda path: None,
    "terabyte_of_nothing": _sparse,
    "empty": _content(b""),
    "nothing_but_zeros": _content(bytes(100_000)),
    "program": _content(b"\x7fELF" + bytes(range(256)) * 100),
    "deep_lists": _content(b"[" * 900_000),
    "deep_records": _content(b'{"a":' * 900_000),
    "ten_million_lists": _content(b"[" + b"[]," * 10_000_000 + b"[]]"),
    "endless_number": _content(b'{"nbformat": 4' + b"0" * 1_000_000 + b"}"),
    "not_a_number": _content(b'{"nbformat": NaN, "cells": Infinity}'),
    "list": _content(b"[1, 2, 3]"),
    "no_cells": _notebook_bytes("[]"),
    "cells_are_words": _notebook_bytes('["a", 5, null, [], {"cell_type": 5, "source": 7}]'),
    "many_cells": _notebook_bytes("[" + ",".join(['{"cell_type": "code", "source": ""}'] * 100_000) + "]"),
    "keys_twice": _notebook_bytes("[]", ', "cells": 5, "nbformat": "4"'),
    "later_format": _content(b'{"nbformat": 99, "cells": []}'),
    "cut_off": _content(b'{"nbformat": 4, "cells": [{"cell_type": "code", "sour'),
    "other_encoding": _content('{"nbformat": 4, "cells": ["é"]}'.encode("latin-1")),
}


def _no_notebook(scene: Scene, name: str) -> Path:
    path = scene.batch / f"{name}.ipynb"
    NO_NOTEBOOK[name](path)
    return path


# The controls: each trick works where its wall is not ------------------------------------------------------------------


def _stock(scene: Scene, name: str) -> bool:
    """As stock nbgrader does it: the test cell runs in the student's kernel, and its outputs are the mark."""
    metadata = {"grade": True, "solution": False, "locked": True, "points": 2, "grade_id": f"check_{EXERCISE}"}
    test = new_code_cell(f'check("{EXERCISE}", {EXERCISE})', metadata={"nbgrader": metadata})
    cells = [new_code_cell("from grader import check"), *(new_code_cell(cell) for cell in scene.attacks[name].cells)]
    return _stock_mark(new_notebook(cells=[*cells, test]), scene.outside) == 2


def _stock_mark(notebook, folder: Path) -> float | None:
    client = NotebookClient(notebook, kernel_name="python3", timeout=60, allow_errors=True)
    client.resources = {"metadata": {"path": str(folder)}}
    with contextlib.suppress(DeadKernelError):
        client.execute()
    return determine_grade(notebook.cells[-1])[0]


def _without_walls(scene: Scene, name: str) -> bool:
    path = _hand_in(scene, f"control-{name}", scene.attacks[name].cells)
    with Runner(TIGHT, walls=False) as runner:
        try:
            result = judge_file(path, scene.course, runner, SECRET)
        except RunnerError:
            return True  # it brought the server down
    assert not result.walls
    return result.score > 0


def _with_loose_limits(scene: Scene, name: str) -> bool:
    path = _hand_in(scene, f"control-{name}", scene.attacks[name].cells)
    with Runner(LOOSE, hidden=[ROOT]) as runner:
        return judge_file(path, scene.course, runner, SECRET).score > 0


def _with_public_draws(scene: Scene, name: str) -> bool:
    path = _hand_in(scene, f"control-{name}", scene.attacks[name].cells)
    with pytest.MonkeyPatch.context() as patch, Runner(TIGHT, hidden=[ROOT]) as runner:
        patch.setattr(judge, "examples", lambda exercise, *_: examples(exercise, SEED))
        return judge_file(path, scene.course, runner, SECRET).score > 0


def _comes_back_later(scene: Scene, name: str) -> bool:
    found = scene.outside / "detached"
    _without_walls(scene, name)
    deadline = time.monotonic() + 10
    while not found.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    try:
        return found.exists()
    finally:
        found.unlink(missing_ok=True)


def _words_as_they_came(scene: Scene, name: str) -> bool:
    names: dict = {}
    exec("\n".join(scene.attacks[name].cells), names)
    call = examples(all_exercises()[EXERCISE], SEED).draws[0].call
    return "\x1b" in perform(names[EXERCISE], call).problem.text


CONTROLS: dict[str, tuple[str, Callable[[Scene, str], bool]]] = {
    "agreeable_objects": ("torch_function", _stock),
    "bombs": ("sixty_processes", _with_loose_limits),
    "disks": ("one_large_file", _with_loose_limits),
    "endless": ("blocked_signals", _with_loose_limits),
    "files": ("read_the_lessons", _without_walls),
    "floods": ("six_megabytes_first", _with_loose_limits),
    "forged_frames": ("public_answers_first", _with_public_draws),
    "hunting": ("import_the_exercises", _without_walls),
    "kept_from_running": ("input_transformer", _stock),
    "kernel_doors": ("another_personality", _without_walls),
    "memory": ("many_processes", _with_loose_limits),
    "messages": ("terminal", _words_as_they_came),
    "network": ("this_machine", _without_walls),
    "patched_judging": ("patch_allclose", _stock),
    "proc_and_descriptors": ("list_processes", _without_walls),
    "public_tensors": ("replay_the_reference_files", _stock),
    "signals": ("end_the_parent", _without_walls),
    "survivors": ("detached_process", _comes_back_later),
}


@pytest.mark.parametrize("family", CONTROLS)
def test_control(family: str, scene: Scene, verdicts: Verdicts) -> None:
    name, works = CONTROLS[family]
    assert works(scene, f"{family}/{name}")


def test_control_of_tampered(scene: Scene) -> None:
    """A test cell that is skipped has no output, and stock nbgrader gives full marks for no output."""
    notebook = nbformat.from_dict(copy.deepcopy(scene.course.released[ASSIGNMENT, NOTEBOOK].editions["en"]))
    _skipped(notebook)
    notebook.cells = _checks(notebook)[:1]
    assert _stock_mark(notebook, scene.outside) == notebook.cells[0].metadata.nbgrader.points


def test_control_of_no_notebook(scene: Scene, verdicts: Verdicts) -> None:
    """Whoever follows the link gives the neighbour's marks."""
    path = (scene.batch / "link_to_a_neighbour.ipynb").resolve()
    with Runner(hidden=[ROOT]) as runner:
        assert judge_file(path, scene.course, runner, SECRET).score > 0


# Answers as bytes -----------------------------------------------------------------------------------------------------


def _score(content: bytes) -> tuple[float, str]:
    check, drawn = Check(f"check_{EXERCISE}", EXERCISE, 2.0), examples(all_exercises()[EXERCISE], "s")
    result = judge._verdict(check, drawn, Run({EXERCISE: content}), "en")
    result.message.encode()
    return result.score, result.status


def _safetensors(header: bytes, data: bytes = b"") -> bytes:
    return len(header).to_bytes(8, "little") + header + data


def test_answers_of_every_kind() -> None:
    drawn = examples(all_exercises()[EXERCISE], "s").draws
    right = [draw.expected for draw in drawn]
    assert _score(dumps(right)) == (2.0, "passed")  # the control
    zeros = [Outcome([torch.zeros_like(o) for o in outcome.outputs]) for outcome in right]
    one = right[0].outputs[0]
    wrong = [
        b"", b"\0", bytes(8), b"\xff" * 8, b"\xff" * 100, bytes(4 << 20),
        _safetensors(b"{}"), _safetensors(b"[]"), _safetensors(b"[" * 500_000), _safetensors(b'{"a":' * 200_000),
        _safetensors(b"[" + b"{}," * 300_000 + b"{}]"),
        (2**63).to_bytes(8, "little") + b"{}",
        _safetensors(b'{"__metadata__": {"content": "null"}}'),
        _safetensors(b'{"__metadata__": {"content": "{\\"dict\\": {}}"}}'),
        _safetensors(b'{"__metadata__": {"content": "' + b"[" * 200_000 + b'"}}'),
        _safetensors(b'{"t0": {"dtype": "F32", "shape": [1152921504606846976], "data_offsets": [0, 4]}}', bytes(4)),
        _safetensors(b'{"t0": {"dtype": "F32", "shape": [0, 9223372036854775807, 9], "data_offsets": [0, 0]}}'),
        _safetensors(b'{"t0": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}', bytes(4)),
        _safetensors(b'{"t0": {"dtype": "F99", "shape": [1], "data_offsets": [4, 0]}}', bytes(4)),
        dumps(None), dumps({}), dumps(5), dumps([]), dumps(right[:-1]), dumps(right * 2), dumps(zeros),
        dumps([None] * len(right)), dumps([True] * len(right)), dumps([{"passed": True}] * len(right)),
        dumps([Problem("passed")] * len(right)), dumps([draw.call for draw in drawn]),
        dumps([Outcome(problem=Problem(kind)) for kind in ("unanswered", "passed", "", "parameters", "crashed", "x")]
              + [Outcome(problem=Problem("timeout"))] * (len(right) - 6))[: 1 << 20],
        *(dumps([replace(o, **{name: value}) for o in right]) for name, value in (
            ("outputs", [one] * 3), ("outputs", []), ("outputs", one), ("outputs", None), ("outputs", [None]),
            ("outputs", [5.0]), ("outputs", [one.bool()]), ("outputs", [one.to(torch.complex64)]),
            ("outputs", [one.to(torch.float8_e4m3fn)]), ("outputs", [one.to(torch.uint16)]),
            ("outputs", [one.expand(1, *one.shape)]), ("outputs", [torch.zeros(0, 2**40)]),
            ("outputs", [one * float("nan")]), ("outputs", [torch.zeros([1] * 64)]),
            ("gradients", {}), ("gradients", {"query": torch.zeros(1)}), ("gradients", {"query": torch.ones(())}),
            ("gradients", {"query": torch.ones(3, dtype=torch.bool)}), ("gradients", [one]), ("gradients", 5),
            ("changed", ["query"]), ("changed", ["nobody"]), ("changed", [5]), ("changed", "query"), ("changed", None),
            ("problem", Problem("raised", "E", "t", "l")), ("problem", "none"), ("problem", {"kind": "x"}),
            ("problem", Problem(5)), ("problem", Problem(None, [], {}, 5)),
        )),
    ]  # fmt: skip
    for content in wrong:
        start = time.monotonic()
        score, status = _score(content)
        assert score == 0 and status != "passed", content[:200]
        assert time.monotonic() - start < 10
    assert read_answers(dumps(right), drawn[:-1]) is None


def test_mutated_answers_never_raise() -> None:
    right = dumps([draw.expected for draw in examples(all_exercises()[EXERCISE], "s").draws])
    source = random.Random(7)
    for _ in range(300):
        content = bytearray(right)
        for _ in range(source.randint(1, 4)):
            place = source.randrange(len(content))
            action = source.randrange(3)
            if action == 0:
                content[place] = source.randrange(256)
            elif action == 1:
                del content[place : place + source.randint(1, 50)]
            else:
                content[place:place] = bytes(source.randrange(256) for _ in range(source.randint(1, 50)))
        _score(bytes(content))


# The walls themselves ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inside", ["", "venv", "site-packages"])
def test_a_course_among_pythons_files_is_covered(inside: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the course shows where it shares a folder with Python: the virtual environment may be the course."""
    prefix = tmp_path / "opt"
    course = prefix / inside if inside else prefix
    packages = prefix / "lib" / "python3" / "site-packages"
    for folder in (packages, course / "lessons", prefix / "bin"):
        folder.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(sys, "prefix", str(prefix))
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(packages))
    shown: dict[str, str] = {}
    for kind, place, _ in Runner(hidden=[course])._mounts():
        if kind in ("--ro-bind", "--tmpfs"):
            shown[place] = kind
    over = [place for place in shown if (course / "lessons").is_relative_to(place)]
    assert shown[over[-1]] == "--tmpfs"
    assert any(packages.is_relative_to(place) and kind == "--ro-bind" for place, kind in list(shown.items())[-20:])


def test_the_command_among_planted_modules(scene: Scene, tmp_path: Path) -> None:
    """`grader grade` in a folder full of traps: modules beside the notebook, and names that are no text."""
    for name in ("torch", "json", "safetensors", "IPython", "grader", "nbformat", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('planted')")
    planted = subprocess.run([sys.executable, "-c", "import torch"], cwd=tmp_path, capture_output=True, text=True)
    assert planted.stderr.strip() == "planted"  # the control
    names = ["-rf.ipynb", "a\nb.ipynb", "\x1b[2J.ipynb", os.fsdecode(b"\xff\xfe.ipynb"), "honest.ipynb"]
    for name in names:
        _honest(tmp_path / name)
    for name in ("messages/terminal", "messages/no_text", "hunting/secret_in_the_environment"):
        shutil.copy(_hand_in(scene, name, scene.attacks[name].cells), tmp_path / f"{name.partition('/')[2]}.ipynb")
        names.append(f"{name.partition('/')[2]}.ipynb")
    command = [
        Path(sys.executable).parent / "grader",
        "grade",
        "--root",
        ROOT,
        "--workers",
        "1",
        "--json",
        "--",
        *names,
    ]
    surroundings = os.environ | {"GRADER_SECRET": SECRET}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=180, env=surroundings)
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    assert SECRET not in text and text.replace("\n", "").isprintable()
    results = [json.loads(line) for line in text.splitlines()]
    assert [result["file"] for result in results] == names
    assert [result["score"] == result["max_score"] > 0 for result in results] == [True] * 5 + [False] * 3
    assert all(result["score"] == 0 for result in results[5:])


def test_verdicts_for_people_hold_no_control_characters(capsys: pytest.CaptureFixture) -> None:
    name = "\x1b[2J\x9b2J\u202e\udcff.ipynb"
    print_result(Result(name, error=f"{name}: it is not a regular file"), as_json=False)
    assert all(c.isprintable() or c == "\n" for c in capsys.readouterr().out)


if os.getuid() == 0:  # an ordinary user runs all of the above anyway

    def test_as_an_ordinary_user(tmp_path_factory: pytest.TempPathFactory) -> None:
        """The same once more, as nobody: then bubblewrap makes the outer wall from a user namespace."""
        needed = dict.fromkeys([ROOT, *(Path(place).resolve() for place in (sys.prefix, sys.base_prefix))])
        command = ["bwrap", "--dev-bind", "/", "/"]
        for place in needed:  # what root alone may enter is covered, but for what is needed
            closed = [parent for parent in reversed(place.parents) if not parent.stat().st_mode & 1]
            if not closed:
                continue
            if str(closed[0]) not in command:
                command += ["--perms", "0755", "--tmpfs", str(closed[0])]
            for parent in reversed(place.parents):
                if parent.is_relative_to(closed[0]) and parent != closed[0]:
                    command += ["--perms", "0755", "--dir", str(parent)]
            command += ["--ro-bind", str(place), str(place)]
        home = Path("/tmp") / f"attention-nobody-{os.getpid()}"
        home.mkdir(mode=0o700)
        shutil.chown(home, 65534, 65534)
        command += ["--chdir", str(ROOT), "--", "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        command += ["--no-new-privs", "--", sys.executable, "-B", "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider"]
        command += [
            f"--basetemp={home / 'pytest'}",
            str(Path(__file__)),
            "-k",
            "not control and not planted and not every_kind and not mutated",
        ]
        surroundings = {**os.environ, "HOME": str(home), "TMPDIR": str(home), "PYTEST_ADDOPTS": ""}
        surroundings.pop("PYTEST_XDIST_WORKER", None)
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=900, env=surroundings)
        finally:
            shutil.rmtree(home, ignore_errors=True)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert "skipped" not in done.stdout.splitlines()[-1]
