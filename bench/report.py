"""Shows results as tables, and keeps them as JSON in bench/results/."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.status import Status
from rich.table import Table

RESULTS = Path(__file__).with_name("results")
console = Console(file=sys.stdout)  # this one, also while `progress` holds back what lessons print


def report(name: str, title: str, rows: list[dict[str, str]], values: dict) -> None:
    """Print `rows` as a table, and write `values`, the numbers behind them, to bench/results/<name>.json."""
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(rows[0]):
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*row.values())
    console.print(table)
    RESULTS.mkdir(exist_ok=True)
    values = {"measured": datetime.now(UTC).isoformat(timespec="seconds"), **values}
    (RESULTS / f"{name}.json").write_text(json.dumps(values, indent=2) + "\n")


@contextlib.contextmanager
def progress(what: str) -> Iterator[Status]:
    """A line that says what is being measured, in place of what the measured code prints."""
    with console.status(what) as status, contextlib.redirect_stdout(io.StringIO()):
        yield status


def verdict(met: bool) -> str:
    return "[green]met[/]" if met else "[red]missed[/]"
