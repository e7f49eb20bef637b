"""Verdicts as people and programs read them."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape

from grader.judge import Result, plain

STYLES = {"passed": "green", "failed": "red", "missing": "yellow", "error": "red", "timeout": "magenta"}


def print_result(result: Result, as_json: bool) -> None:
    """One verdict on stdout: a line of JSON, or a few lines to read."""
    if as_json:
        line = json.dumps(asdict(result), ensure_ascii=False)
        try:
            line.encode(sys.stdout.encoding)
        except UnicodeEncodeError:  # a file's name may be no text, and stdout no UTF-8
            line = json.dumps(asdict(result))
        print(line, flush=True)
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]{escape(plain(result.file))}[/]  {result.score:g} / {result.max_score:g}")
    if result.error:
        console.print(f"  [red]{escape(plain(result.error))}[/]")
    if not result.walls:
        console.print("  [yellow]judged without the walls (--trust-submissions)[/]")
    for check in result.checks:
        style = STYLES[check.status]
        console.print(f"  [{style}]{check.status:8}[/] {check.score:g} / {check.max_score:g}  {escape(check.exercise)}")
        if check.status != "passed":
            for line in check.message.splitlines():
                console.print(f"           {escape(line)}")
