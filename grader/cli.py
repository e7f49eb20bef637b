"""The `grader` command."""

from __future__ import annotations

from pathlib import Path

import click

from grader import __version__

ROOT = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("."),
    help="The course's folder (default: this one).",
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


if __name__ == "__main__":
    main()
