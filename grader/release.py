"""Lessons -> solutions -> notebooks. Files only; no gradebook is touched.

A lesson is one bilingual py:percent file, `lessons/<assignment>/<notebook>.py`. `docs/authors.md` has its rules; what
breaks them is refused with the file, the line and the remedy, before anything is written.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import jupytext
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)
from traitlets.config import Config

from grader import __version__
from grader.editions import KERNEL, LANGUAGES, STARTER_CODE, STARTER_TEXT

SETUP_COMMENT = {"en": "Sets the language of messages and plots.", "zh-TW": "設定訊息與圖表的語言。"}
JUPYTEXT_KEYS = {"lines_to_next_cell", "lines_to_end_of_cell_marker"}  # its notes on blank lines
KEYS = {"lang", "exercise", "check", "points", "lab", "question"}
MARK = re.compile(r"\[(en|zh-TW)\] ?")
PICTURE = re.compile(r"""(?:\]\(|src=["'])image/([^)\s"']+)""")


class LessonError(Exception):
    """A lesson that breaks the rules: file, line and remedy."""


@dataclass
class Cell:
    """One cell of a lesson as it is written."""

    kind: str  # "code" | "markdown"
    source: str
    line: int
    meta: dict = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The grade_id: of an exercise its name, of its test cell check_<name>, of a question its name."""
        if "check" in self.meta:
            return f"check_{self.meta['check']}"
        return self.meta.get("exercise") or self.meta.get("question") or ""


@dataclass
class Lesson:
    """A lesson file, read and found to be in order."""

    path: Path
    cells: list[Cell]

    @property
    def assignment(self) -> str:
        return self.path.parent.name

    @property
    def notebook(self) -> str:
        return self.path.stem

    def pictures(self) -> set[str]:
        return {name for cell in self.cells if cell.kind == "markdown" for name in PICTURE.findall(cell.source)}


def release(root: Path) -> dict[str, int]:
    """Write `solutions/` and `notebooks/` of every lesson below `root`; returns how many files were written and removed.

    Raises:
        LessonError: a lesson breaks the rules; then nothing has been written.
    """
    files = generate(root)
    counts = Counter(unchanged=0, written=0, removed=0)
    for path, content in files.items():
        target = root / path
        if target.is_file() and target.read_bytes() == content:
            counts["unchanged"] += 1
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        counts["written"] += 1
    for old in leftovers(root, set(files)):
        (root / old).unlink()
        counts["removed"] += 1
    return dict(counts)


def leftovers(root: Path, current: set[Path]) -> list[Path]:
    """Notebooks and pictures of an earlier release that no lesson makes any more."""
    found = []
    for folder in ("solutions", "notebooks"):
        for language in LANGUAGES:
            base = root / folder / language
            for path in [*base.glob("*/*.ipynb"), *base.glob("*/image/*")]:
                if path.relative_to(root) not in current:
                    found.append(path.relative_to(root))
    return sorted(found)


def generate(root: Path) -> dict[Path, bytes]:
    """Every file that the lessons below `root` make, by its path relative to `root`."""
    files: dict[Path, bytes] = {}
    for lesson in read_lessons(root):
        for language in LANGUAGES:
            solved = edition(lesson, language)
            student = without_answers(solved, language)
            for folder, notebook in (("solutions", solved), ("notebooks", student)):
                base = Path(folder, language, lesson.assignment)
                files[base / f"{lesson.notebook}.ipynb"] = (nbformat.writes(notebook) + "\n").encode()
                for picture in lesson.pictures():
                    if (root / "image" / picture).is_file():
                        files[base / "image" / picture] = (root / "image" / picture).read_bytes()
    return files


# Reading a lesson ---------------------------------------------------------------------------------------------------


def read_lessons(root: Path) -> list[Lesson]:
    """All lessons below `root`, each checked against the rules, in order of their assignments."""
    paths = sorted((root / "lessons").glob("*/*.py"))
    if not paths:
        raise LessonError(f"{root / 'lessons'}: no lesson found; write one as lessons/<assignment>/<notebook>.py")
    lessons = [read_lesson(path) for path in paths]
    for lesson in lessons:
        for cell in lesson.cells:
            for picture in PICTURE.findall(cell.source) if cell.kind == "markdown" else []:
                if not (root / "image" / picture).is_file():
                    raise _error(lesson.path, cell, f"picture image/{picture} does not exist; draw it in image/ first")
    owners: dict[str, Path] = {}
    for lesson in lessons:
        for cell in lesson.cells:
            name = cell.meta.get("exercise")
            if name and owners.setdefault(name, lesson.path) != lesson.path:
                raise _error(lesson.path, cell, f"exercise {name!r} is already in {owners[name]}; rename one of them")
    return lessons


def read_lesson(path: Path) -> Lesson:
    """Read one lesson and check it against the rules.

    Raises:
        LessonError: naming the file, the line and the remedy.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise LessonError(f"{path}: not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8") from error
    starts = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"# ?%%", line)]
    notebook = jupytext.reads(text, fmt="py:percent")
    # Jupytext makes a cell of its own of anything that stands before the first marker.
    if len(starts) != len(notebook.cells):
        raise LessonError(
            f"{path}:1: the file must begin with a cell marker `# %%`; move what stands before it into a cell"
        )
    cells = [
        Cell(cell.cell_type, cell.source, line, _meta(cell.metadata))
        for line, cell in zip(starts, notebook.cells, strict=True)
    ]
    lesson = Lesson(path, cells)
    _check_cells(lesson)
    _check_prose(lesson)
    _check_exercises(lesson)
    for cell in cells:
        if cell.kind == "code":
            _check_code(lesson.path, cell)
    return lesson


def _meta(metadata: dict) -> dict:
    return {key: value for key, value in metadata.items() if key not in JUPYTEXT_KEYS}


def _error(path: Path, cell: Cell, text: str) -> LessonError:
    return LessonError(f"{path}:{cell.line}: {text}")


def _check_cells(lesson: Lesson) -> None:
    for cell in lesson.cells:
        unknown = set(cell.meta) - KEYS
        if unknown:
            raise _error(
                lesson.path, cell,
                f"unknown cell attribute {', '.join(sorted(unknown))}; known are {', '.join(sorted(KEYS))}",
            )  # fmt: skip
        if cell.kind == "raw":
            raise _error(lesson.path, cell, "raw cells are not used; make it code or markdown")
        if cell.meta.get("lang", "en") not in LANGUAGES:
            raise _error(lesson.path, cell, f'unknown language {cell.meta["lang"]!r}; write lang="en" or lang="zh-TW"')
        for key in ("exercise", "check", "question"):
            value = cell.meta.get(key)
            if value is not None and not (isinstance(value, str) and value.isidentifier()):
                raise _error(lesson.path, cell, f"{key}={value!r} is not a name; use letters, digits and underscores")
        if cell.meta.get("lab") not in (None, True):
            raise _error(lesson.path, cell, f"lab={cell.meta['lab']!r}; write lab=true, or leave it out")
        graded = "check" in cell.meta or "question" in cell.meta
        points = cell.meta.get("points")
        if graded and (isinstance(points, bool) or not isinstance(points, int | float) or points <= 0):
            raise _error(lesson.path, cell, f"{cell.name} needs points=<number above 0>")
        if not graded and points is not None:
            raise _error(lesson.path, cell, "points belong to a check or a question; remove them here")


def _check_prose(lesson: Lesson) -> None:
    """Prose comes in pairs, en then zh-TW, directly after one another."""
    waiting: Cell | None = None
    for cell in [*lesson.cells, None]:
        language = cell.meta.get("lang") if cell and cell.kind == "markdown" else None
        if waiting and language != "zh-TW":
            raise _error(lesson.path, waiting, 'this prose has no lang="zh-TW" cell directly after it; write it')
        if cell is None:
            return
        if cell.kind == "code":
            if "lang" in cell.meta:
                raise _error(
                    lesson.path,
                    cell,
                    "code is shared by both editions; remove lang, mark comments with [en] and [zh-TW]",
                )
            continue
        if language is None:
            raise _error(lesson.path, cell, 'this prose has no language; write lang="en" or lang="zh-TW"')
        if language == "zh-TW":
            if waiting is None:
                raise _error(lesson.path, cell, 'this prose has no lang="en" cell directly before it; write it')
            if {**waiting.meta, "lang": ""} != {**cell.meta, "lang": ""}:
                raise _error(
                    lesson.path, cell, "question and points differ from the English cell's; make them the same"
                )
        if not cell.source.strip():
            raise _error(lesson.path, cell, "this prose cell is empty; write it or remove the pair")
        waiting = cell if language == "en" else None


def _check_exercises(lesson: Lesson) -> None:
    seen: dict[str, Cell] = {}
    for cell in lesson.cells:
        if not cell.name or cell.meta.get("lang") == "zh-TW":
            continue
        if cell.name in seen:
            raise _error(
                lesson.path, cell, f"the name {cell.name} stands already at line {seen[cell.name].line}; rename one"
            )
        seen[cell.name] = cell
        exercise = cell.meta.get("check")
        if exercise:
            if exercise not in seen:
                raise _error(
                    lesson.path, cell, f"check {exercise} has no exercise cell before it; write one or fix the name"
                )
            expected = f'check("{exercise}", {exercise})'
            if cell.source.strip() != expected:
                raise _error(lesson.path, cell, f"a check cell holds just {expected}; move anything else elsewhere")
    for name, cell in seen.items():
        if "exercise" in cell.meta and f"check_{name}" not in seen:
            raise _error(lesson.path, cell, f'exercise {name} has no check; add a cell with check="{name}" points=...')
    for cell in lesson.cells:
        begins, ends = (len(re.findall(rf"{word} SOLUTION", cell.source)) for word in ("BEGIN", "END"))
        if begins != ends:
            raise _error(lesson.path, cell, f"{begins} BEGIN SOLUTION but {ends} END SOLUTION; make them match")
        may = "exercise" in cell.meta or "question" in cell.meta
        if begins and not may:
            raise _error(
                lesson.path,
                cell,
                "a solution outside an exercise or question cell; name the cell or remove the markers",
            )
        if may and not begins:
            raise _error(
                lesson.path,
                cell,
                f"{cell.name} has no solution between ### BEGIN SOLUTION and ### END SOLUTION; add it",
            )


def _check_code(path: Path, cell: Cell) -> None:
    """It parses, defines the exercise it names, and both editions have the same code."""
    trees = {}
    for language in LANGUAGES:
        if not MARK.search(cell.source):
            pass
        elif not any(match[1] == language for match in MARK.finditer(cell.source)):
            raise _error(path, cell, f"comments are marked for one language only; add the [{language}] lines")
        try:
            tree = ast.parse(in_language(cell.source, language))
        except SyntaxError as error:
            line = cell.line + (error.lineno or 1)
            raise LessonError(f"{path}:{line}: {error.msg} in the {language} edition; correct the code") from error
        trees[language] = code_of(tree)
        name = cell.meta.get("exercise")
        defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        if name and name not in defined:
            raise _error(path, cell, f"the cell of exercise {name} defines no function or class {name}; define it")
    if len(set(trees.values())) > 1:
        raise _error(
            path, cell, "the editions' code differs; only comments and docstrings may be marked [en] and [zh-TW]"
        )


def code_of(tree: ast.AST) -> str:
    """A syntax tree without docstrings, to compare code whatever language it speaks."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef | ast.Module) and body:
            first = body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                first.value.value = ""
    return ast.dump(tree)


# Writing an edition -------------------------------------------------------------------------------------------------


def in_language(source: str, language: str) -> str:
    """Keep the comments and docstring lines marked for `language`, without their marks, and drop the others'."""
    kept = []
    for line in source.split("\n"):
        parts = MARK.split(line)  # before, language, text, language, text ...
        marked = dict(zip(parts[1::2], parts[2::2], strict=True))
        if not marked:
            kept.append(line)
        elif language in marked:
            kept.append((parts[0] + marked[language]).rstrip())
        elif parts[0].split("#")[0].strip():  # code stays, whatever comment stands behind it
            kept.append(parts[0].rstrip("# "))
    return "\n".join(kept)


def edition(lesson: Lesson, language: str) -> nbformat.NotebookNode:
    """One edition of a lesson, with answers: nbgrader's source notebook."""
    course = {
        "assignment": lesson.assignment,
        "notebook": lesson.notebook,
        "edition": language,
        "version": __version__,
    }
    notebook = new_notebook(metadata={**KERNEL, "course": course})
    ids: Counter = Counter()
    pair_id = ""
    for cell in lesson.cells:
        if cell.meta.get("lang") != "zh-TW":
            pair_id = _cell_id(cell, ids)  # both languages of a prose cell share an id
        if cell.meta.get("lang", language) != language:
            continue
        if cell.kind == "markdown":
            made = new_markdown_cell(cell.source, id=pair_id)
        else:
            made = new_code_cell(in_language(cell.source, language), id=pair_id)
        made.metadata = nbformat.from_dict(_metadata(cell))
        notebook.cells.append(made)
        if len(notebook.cells) == 1:
            notebook.cells.append(_setup(language))
    nbformat.validate(notebook)
    return notebook


def _setup(language: str) -> nbformat.NotebookNode:
    source = f'# {SETUP_COMMENT[language]}\nimport os\n\nos.environ["COURSE_LANGUAGE"] = "{language}"'
    return new_code_cell(source, id="setup")


def _cell_id(cell: Cell, ids: Counter) -> str:
    if cell.name:
        return cell.name[:64]
    digest = hashlib.sha256(cell.source.encode()).hexdigest()[:10]
    ids[digest] += 1
    return digest if ids[digest] == 1 else f"{digest}-{ids[digest]}"


def _metadata(cell: Cell) -> dict:
    if cell.meta.get("lab"):
        return {"tags": ["lab"]}
    if not cell.name:
        return {}
    check, question = "check" in cell.meta, "question" in cell.meta
    settings = {
        "grade": check or question,
        "grade_id": cell.name,
        "locked": check,
        "schema_version": 3,
        "solution": not check,
        "task": False,
    }
    if check or question:
        settings["points"] = cell.meta["points"]
    return {"nbgrader": settings}


def without_answers(solved: nbformat.NotebookNode, language: str) -> nbformat.NotebookNode:
    """The student's copy, made by nbgrader's own preprocessors."""
    notebook = nbformat.from_dict(solved)
    config = Config()
    config.ClearSolutions.code_stub = {"python": f"{STARTER_CODE[language]}\nraise NotImplementedError()"}
    config.ClearSolutions.text_stub = STARTER_TEXT[language]
    resources: dict = {}
    for step in (
        LockCells,
        ClearSolutions,
        ClearOutput,
        CheckCellMetadata,
        ClearHiddenTests,
        ClearMarkScheme,
        ComputeChecksums,
    ):
        notebook, resources = step(config=config).preprocess(notebook, resources)
    nbformat.validate(notebook)
    return notebook
