"""The solved chapters run top to bottom, without an error and without anything on stderr."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest
from conftest import EDITIONS
from nbclient.exceptions import CellExecutionError

import classroom
from bench.notebook import ROOT, run

SOLVED = sorted(ROOT.glob("solutions/*/*/*.ipynb"))
FULL = "en"  # trained in full in this edition, shortened in the other
CORRECT = {"en": "{name}: correct.", "zh-TW": "{name}：正確"}
PLOTS = {name for name in classroom.__all__ if name.startswith(("show_", "plot_", "draw_"))}
# What the lesson promises of a trained model, in a cell put after its last: where it fails, the run fails.
PROMISES = {
    "seq2seq": """
without_attention = exact_match(translator(longer_model, longer), longer)
assert without_attention < 0.5, f"long dates are to fail here, but {without_attention:.1%} are right"
""",
    "attention_context": """
additive = exact_match(lambda batch: translate(model, batch), corpus)
assert additive >= 0.98, f"BahdanauDecoder on dates: {additive:.1%} exact match, 98 % promised"
smeared = exact_match(lambda batch: translate(positional, batch), short)
assert smeared >= 0.95, f"AttnDecoderRNN on date: {smeared:.1%} exact match, 95 % promised"
looks = alignment_accuracy(maps_of(model, corpus, corpus.test))
smear = alignment_accuracy(maps_of(positional, short, short.test))
assert looks - smear > 0.2, f"the maps hardly differ: {looks:.1%} and {smear:.1%} of the looks are right"
""",
}


def _edition(path: Path) -> str:
    return path.relative_to(ROOT).parts[1]


def test_every_lesson_is_here_in_every_edition():
    lessons = {path.with_suffix("").relative_to(ROOT / "lessons") for path in ROOT.glob("lessons/*/*.py")}
    assert lessons
    for edition in EDITIONS:
        folder = ROOT / "solutions" / edition
        assert {path.with_suffix("").relative_to(folder) for path in SOLVED if _edition(path) == edition} == lessons


@pytest.mark.parametrize("path", SOLVED, ids=lambda path: f"{_edition(path)}-{path.stem}")
def test_solved_chapter_runs(path: Path):
    edition = _edition(path)
    full = edition == FULL
    failure = None
    try:
        notebook = run(path, quick=not full, extra=PROMISES.get(path.stem, "") if full else "").notebook
    except CellExecutionError as error:
        failure = _plain(str(error))
    if failure:
        pytest.fail(failure, pytrace=False)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    problems = _problems(cells, edition)
    if not any(map(_has_picture, cells)):
        problems.append("no plot came out")
    assert not problems, "\n".join(problems)


def _problems(cells: list[nbformat.NotebookNode], edition: str) -> list[str]:
    problems = []
    for cell in cells:
        if cell.execution_count is None:
            problems.append(f"{cell.id} was not run")
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                problems.append(f"{cell.id} wrote to stderr: {output.text}")
        text = "".join(output.get("text", "") for output in cell.outputs)
        if re.search(r"Glyph \d+ .*missing", text):
            problems.append(f"{cell.id} draws a character that no font has: {text}")
        if cell.id.startswith("check_") and not _says_correct(text, cell.id.removeprefix("check_"), edition):
            problems.append(f"{cell.id} did not say that the answer is correct: {text!r}")
        if _plots(cell.source) and not _has_picture(cell):
            problems.append(f"{cell.id} calls a plot, but no picture came out")
    return problems


def _says_correct(text: str, name: str, edition: str) -> bool:
    return text.startswith(CORRECT[edition].format(name=name)) and text.count("\n") == 1


def _plots(source: str) -> bool:
    """Whether the cell itself, not a function that it defines, calls one of the classroom's plots."""
    statements = [node for node in ast.parse(source).body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
    calls = [node for statement in statements for node in ast.walk(statement) if isinstance(node, ast.Call)]
    return any(isinstance(call.func, ast.Name) and call.func.id in PLOTS for call in calls)


def _has_picture(cell: nbformat.NotebookNode) -> bool:
    return any("image/png" in output.get("data", {}) for output in cell.outputs)


def _plain(text: str) -> str:
    """Without the colours of a terminal."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
