"""The `grader` command."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from grader import __version__


def _course_folder() -> Path:
    """The course's folder: this one if it is one, else the one this command was installed from."""
    here = Path.cwd()
    return here if (here / "nbgrader_config.py").is_file() else Path(__file__).resolve().parent.parent


ROOT = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=_course_folder,
    help="The course's folder (default: this one, or the one the command was installed from).",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Release, judge and hand back the exercises of "Attention, step by step"."""


@main.command()
@ROOT
def release(root: Path) -> None:
    """Write solutions/ and notebooks/ from lessons/. Files only; no gradebook is touched."""
    from grader.release import LessonError, release

    try:
        counts = release(root)
    except LessonError as error:
        raise click.ClickException(str(error)) from error
    click.echo("{written} files written, {unchanged} unchanged, {removed} removed".format(**counts))


@main.command()
def reference() -> None:
    """Write the public reference tensors, from grader/exercises/."""
    from grader.reference import write_reference

    paths = write_reference()
    total = sum(path.stat().st_size for path in paths)
    click.echo(f"{len(paths)} exercises, {total / 1024:.0f} KiB in {paths[0].parent if paths else '-'}")


@main.command()
@click.argument("notebooks", nargs=-1, required=True, type=click.Path(), metavar="NOTEBOOK...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per notebook, one per line.")
@click.option("--workers", type=click.IntRange(1), default=None, help="Sandboxes at work at once (default: the cores).")
@click.option(
    "--timeout", type=click.FloatRange(1), default=20.0, show_default=True, help="Seconds for one submission."
)
@click.option("--trust-submissions", is_flag=True, help="Judge without the walls; every verdict says so.")
@ROOT
def grade(
    notebooks: tuple[str, ...], as_json: bool, workers: int | None, timeout: float, trust_submissions: bool, root: Path
) -> None:
    """Judge notebooks without a gradebook.

    Exit status 0 when every file got a verdict, whatever the marks; 2, and no verdicts, when judging cannot start.
    """
    from grader.grade import grade_files
    from grader.report import print_result
    from grader.runner import Limits, RunnerError

    sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may be no text
    try:
        for result in grade_files(root, list(notebooks), Limits(seconds=timeout), not trust_submissions, workers):
            print_result(result, as_json)
    except (RunnerError, FileNotFoundError) as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
