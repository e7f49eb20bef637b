"""How long check() takes on right answers, every exercise, once and then again.

CPU time, on one thread: what a student waits on a machine that does nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import torch

from bench.notebook import chapters, definitions
from bench.report import progress, report, verdict
from grader import check
from grader.exercises import all_exercises

TARGET_SECONDS = 0.050
REPEATS = 7


def measure() -> None:
    torch.set_num_threads(1)
    firsts, medians = {}, {}
    for path in chapters("en"):
        defined = definitions(path)
        for name, exercise in all_exercises().items():
            if exercise.notebook == path.stem:
                with progress(f"check {name}"):
                    first, *others = [_seconds(name, defined[name]) for _ in range(1 + REPEATS)]
                firsts[name], medians[name] = first, median(others)
    middle, slowest = median(medians.values()), max(medians, key=medians.get)
    rows = [
        _row("median of all exercises", middle),
        _row("median, its first time in a kernel", median(firsts.values())),
        _row(f"slowest: {slowest}", medians[slowest]),
    ]
    values = {"median_seconds": middle, "seconds": medians, "first_seconds": firsts}
    report("check", f"CPU time of check(), {len(medians)} exercises", rows, values)


def _row(what: str, seconds: float) -> dict[str, str]:
    return {
        "": what,
        "time": f"{seconds * 1000:.1f} ms",
        "of 50 ms": f"{seconds / TARGET_SECONDS:.0%}",
        "target": verdict(seconds < TARGET_SECONDS),
    }


def _seconds(name: str, answer: Callable) -> float:
    started = time.process_time()
    check(name, answer)
    return time.process_time() - started
