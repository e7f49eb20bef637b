"""`grader grade FILE...`: many files, several sandboxes at once, verdicts in the order of the files."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from grader.intake import Course, Rejected, read_course, read_submission
from grader.judge import Result, judge_file, judge_solution, read_secret
from grader.runner import Limits, Runner, RunnerError


def grade_files(
    root: Path, files: list[Path | str], limits: Limits | None = None, walls: bool = True, workers: int | None = None
) -> Iterator[Result]:
    """Judge `files`. Before the first verdict, the solution of every assignment among them must get full marks.

    Raises:
        FileNotFoundError: `root` holds no release.
        RunnerError: judging cannot start; then there are no verdicts.
    """
    course = read_course(root)
    secret = read_secret(root)
    limits = limits or Limits()
    workers = min(workers or os.cpu_count() or 1, len(files))
    keys = _assignments(files, course)
    if workers == 1:
        with Runner(limits, walls, hidden=[root]) as runner:
            for key in keys:
                judge_solution(course, course.released[key], runner, secret)
            yield from (_verdict(file, course, runner, secret) for file in files)
        return
    # Forked where that can be done, so that torch is imported once for all of them.
    method = "fork" if sys.platform.startswith("linux") else "spawn"
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(workers, context, _start, (root, limits, walls, secret)) as pool:
        try:
            list(pool.map(_judge_solution, keys))
            yield from pool.map(_judge, files)
        except BrokenProcessPool:
            raise RunnerError(
                "a judge's process was ended from outside (out of memory?); grade again, with fewer --workers"
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def _assignments(files: list[Path | str], course: Course) -> list[tuple[str, str]]:
    keys = {}
    for file in files:
        try:
            released = read_submission(file, course).released
        except Rejected:
            continue
        keys[released.assignment, released.notebook] = None
    return list(keys) or list(course.released)[:1]


def _start(root: Path, limits: Limits, walls: bool, secret: str) -> None:
    """Each worker is a judge with a sandbox of its own."""
    import torch

    global _course, _runner, _secret
    torch.set_num_threads(1)
    _course, _secret = read_course(root), secret
    _runner = Runner(limits, walls, hidden=[root])
    with contextlib.suppress(RunnerError):  # what is wrong is said by the first who wants to run something
        _runner.start()


def _judge_solution(key: tuple[str, str]) -> None:
    judge_solution(_course, _course.released[key], _runner, _secret)


def _judge(file: Path | str) -> Result:
    return _verdict(file, _course, _runner, _secret)


def _verdict(file: Path | str, course: Course, runner: Runner, secret: str) -> Result:
    for _attempt in range(2):
        try:
            return judge_file(file, course, runner, secret)
        except RunnerError:  # start the sandbox anew; if the same file breaks it again, that is this file's result
            runner.stop()
    return Result(str(file), error=f"{file}: the sandbox broke while judging this file", walls=runner.walls)
