"""`python -m bench [check] [grading] [date] [dates] [chapters]`: all five by default."""

from __future__ import annotations

import importlib
import os

import click

MEASUREMENTS = ("check", "grading", "date", "dates", "chapters")


@click.command()
@click.argument("measurements", nargs=-1, type=click.Choice(MEASUREMENTS))
def main(measurements: tuple[str, ...]) -> None:
    """Measure what the project claims: time to 95 % on short dates (date), accuracy on long ones (dates), run time and
    memory of the solved chapters (chapters), the time of a check() (check), and grading against stock (grading)."""
    os.environ.pop("COURSE_QUICK", None)  # full training is what is measured
    for name in measurements or MEASUREMENTS:
        importlib.import_module(f"bench.{name}").measure()


main(prog_name="python -m bench")
