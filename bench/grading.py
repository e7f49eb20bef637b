"""The same submissions through stock nbgrader, through our judge behind the same command, and through `grader grade`.

Wall time of whole commands, start included, one after the other in one run; so ratios, not seconds, are to be quoted.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import psutil

from bench.notebook import ROOT
from bench.report import progress, report, verdict

ASSIGNMENT, NOTEBOOK = "02-attention-weights", "attention_weights"
FEW, MANY = 20, 200
BIN = Path(sys.executable).parent
GRADE_TARGET, NBGRADER_TARGET = 50, 15


@dataclass
class Timing:
    """A command's wall seconds, when each line of its output came, and its trusted processes' memory meanwhile."""

    seconds: float
    lines: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)


def measure() -> None:
    with tempfile.TemporaryDirectory(prefix="course-") as scratch:
        course = Path(scratch)
        for name in ("notebooks", "solutions"):
            shutil.copytree(ROOT / name, course / name)
        config = (ROOT / "nbgrader_config.py").read_text()
        with progress(f"stock nbgrader, {FEW} submissions"):
            stock = _nbgrader(course / "stock", course, config + "\nc.pop('Autograde', None)\n", FEW)
        timings = {}
        for count in (FEW, MANY):
            with progress(f"our judge behind nbgrader autograde, {count} submissions"):
                timings["nbgrader autograde", count] = _nbgrader(course / f"ours{count}", course, config, count)
            with progress(f"grader grade, {count} submissions"):
                timings["grader grade", count] = _grade(course, count)
    each = stock.seconds / FEW
    rows = [_row("stock nbgrader autograde", FEW, stock, each, None)]
    for (command, count), timing in timings.items():
        target = GRADE_TARGET if command == "grader grade" else NBGRADER_TARGET
        rows.append(_row(command, count, timing, each, target if count == MANY else None))
    grade = timings["grader grade", MANY]
    quarter = MANY // 4
    spans = [grade.lines[(n + 1) * quarter - 1] - grade.lines[n * quarter] for n in range(4)]
    rows.append(
        {
            "command": "grader grade: last quarter of the submissions against the first",
            "submissions": str(quarter),
            "seconds": f"{spans[3]:.1f}",
            "each": f"{spans[3] / quarter * 1000:.0f} ms",
            "of stock's rate": f"cost × {spans[3] / spans[0]:.2f}",
            "memory": f"× {grade.memory[-1] / grade.memory[len(grade.memory) // 4]:.2f}",
            "target": "",
        }
    )
    values = {f"{command} {count}": timing.seconds for (command, count), timing in timings.items()}
    report("grading", "The same submissions, three ways", rows, values | {"stock": stock.seconds, "quarters": spans})


def _row(command: str, count: int, timing: Timing, stock: float, target: int | None) -> dict[str, str]:
    ratio = stock / (timing.seconds / count)
    return {
        "command": command,
        "submissions": str(count),
        "seconds": f"{timing.seconds:.1f}",
        "each": f"{timing.seconds / count * 1000:.0f} ms",
        "of stock's rate": f"{ratio:.0f} times",
        "memory": f"{max(timing.memory, default=0) / 2**20:.0f} MB",
        "target": "" if target is None else f"{target} {verdict(ratio >= target)}",
    }


def submissions(folder: Path, count: int) -> list[Path]:
    """`count` notebooks: right ones, untouched ones, and ones with some wrong answers, in both editions."""
    paths = []
    for number in range(count):
        edition = ("en", "zh-TW")[number % 2]
        kind = "notebooks" if number % 5 == 4 else "solutions"
        notebook = nbformat.read(ROOT / kind / edition / ASSIGNMENT / f"{NOTEBOOK}.ipynb", as_version=4)
        for place, cell in enumerate(notebook.cells):
            if number % 5 == 3 and cell.cell_type == "code" and place % 2:
                cell.source = cell.source.replace("squeeze(2)", "mean(2)").replace("torch.tanh", "torch.relu")
        notebook.cells.append(nbformat.v4.new_code_cell(f"student = {number}", id="mine"))
        path = folder / f"student{number:04d}" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
        paths.append(path)
    return paths


def _nbgrader(folder: Path, course: Path, config: str, count: int) -> Timing:
    folder.mkdir()
    for name in ("notebooks", "solutions"):
        (folder / name).symlink_to(course / name)
    (folder / "nbgrader_config.py").write_text(config)
    submissions(folder / "grading" / "submitted", count)
    _timed([BIN / "nbgrader", "generate_assignment", ASSIGNMENT], folder)
    return _timed([BIN / "nbgrader", "autograde", ASSIGNMENT], folder)


def _grade(course: Path, count: int) -> Timing:
    paths = submissions(course / f"plain{count}", count)
    return _timed([BIN / "grader", "grade", "--json", "--root", course, *paths], course)


def _timed(command: list, folder: Path) -> Timing:
    timing = Timing(0.0)
    environment = {**os.environ, "GRADER_SECRET": "bench", "OMP_NUM_THREADS": "1"}
    started = time.perf_counter()
    with subprocess.Popen(
        list(map(str, command)), cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        for _line in process.stdout:
            timing.lines.append(time.perf_counter() - started)
            if len(timing.lines) % 10 == 1:
                timing.memory.append(_trusted_bytes(process.pid))
    timing.seconds = time.perf_counter() - started
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}; run it by hand in a copy of the course")
    return timing


def _trusted_bytes(pid: int) -> int:
    """Memory of the command and its own workers, without the sandboxes."""
    total = 0
    try:
        waiting = [psutil.Process(pid)]
        while waiting:
            process = waiting.pop()
            if process.name() != "bwrap":
                total += process.memory_info().rss
                waiting += process.children()
    except psutil.NoSuchProcess:
        pass
    return total
