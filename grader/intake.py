"""Intake: a submission is read as data. Whatever is wrong with it becomes its result, never an exception.

Nothing here runs a student's code. A file that cannot be read is `Rejected` with a sentence for the instructor; one that
can be read is rebuilt: locked cells from the release, everything else the student's, in the student's order.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from traitlets.utils.bunch import Bunch

from grader.editions import KERNEL, LANGUAGES

MAX_BYTES = 32 * 2**20
MAX_CELLS = 5_000
MAX_PARTS = 1_000_000  # lists and records; 32 MiB of "[],[]," would take a gigabyte to read


class Rejected(Exception):
    """A file that is not a submission; the text says why, and is the student's result."""


# The release --------------------------------------------------------------------------------------------------------


@dataclass
class Check:
    """One automatic mark: the test cell's id, the exercise it judges, and its points."""

    id: str
    exercise: str
    points: float


@dataclass
class Released:
    """One released notebook: what the locked cells are, and what the checks are worth."""

    assignment: str
    notebook: str
    editions: dict[str, Bunch]

    @cached_property
    def checks(self) -> list[Check]:
        return [
            Check(cell.metadata.nbgrader.grade_id, cell.metadata.nbgrader.grade_id.removeprefix("check_"), points)
            for cell in self.graded("en").values()
            if cell.metadata.nbgrader.locked and (points := float(cell.metadata.nbgrader.get("points", 0)))
        ]

    @property
    def max_score(self) -> float:
        return sum(check.points for check in self.checks)

    def graded(self, edition: str) -> dict[str, Bunch]:
        """The cells nbgrader knows (exercises, checks, questions), by their grade_id."""
        cells = self.editions[edition].cells
        return {cell.metadata.nbgrader.grade_id: cell for cell in cells if "nbgrader" in cell.metadata}

    @cached_property
    def lab_sources(self) -> set[str]:
        """The sources of the cells that only train or plot, in every edition."""
        return {
            cell.source.strip()
            for notebook in self.editions.values()
            for cell in notebook.cells
            if "lab" in cell.metadata.get("tags", [])
        }


@dataclass
class Course:
    """The released notebooks below a course's folder, by assignment and notebook name."""

    root: Path
    released: dict[tuple[str, str], Released]

    def one(self, assignment: str, notebook: str | None = None) -> Released | None:
        """The notebook of this name in `assignment`; with no name, its only or first one."""
        for (found_assignment, found_notebook), released in self.released.items():
            if found_assignment == assignment and notebook in (None, found_notebook):
                return released
        return None


def read_course(root: Path) -> Course:
    """Read every student notebook of the release in `root`.

    Raises:
        FileNotFoundError: there is no release.
    """
    released: dict[tuple[str, str], Released] = {}
    for language in LANGUAGES:
        for path in sorted((root / "notebooks" / language).glob("*/*.ipynb")):
            key = (path.parent.name, path.stem)
            released.setdefault(key, Released(*key, editions={})).editions[language] = _released_notebook(path)
    released = {key: notebook for key, notebook in released.items() if len(notebook.editions) == len(LANGUAGES)}
    if not released:
        raise FileNotFoundError(
            f"{root}: no released notebooks; run `grader release` there, or name the course with --root"
        )
    return Course(root, released)


def _released_notebook(path: Path) -> Bunch:
    """A notebook of ours, whose form is known: its records as they are, with sources in one piece."""
    notebook = json.loads(path.read_text(encoding="utf-8"), object_hook=Bunch)
    for cell in notebook.cells:
        cell.source = "".join(cell.source)
    return notebook


# A submission -------------------------------------------------------------------------------------------------------


@dataclass
class Submission:
    """One notebook handed in, read as data.

    Attributes:
        released: the release it belongs to.
        edition: the language its messages are in.
        digest: of the file's bytes; who it is where no student is known.
        cells: kind ("code" or "markdown"), source and grade_id ("" where it has none), in the student's order.
    """

    released: Released
    edition: str
    digest: str
    cells: list[tuple[str, str, str]] = field(repr=False)

    def code(self) -> list[str]:
        """The code cells to run: not the locked ones, and not the unchanged ones that only train or plot."""
        return [
            source
            for kind, source, master in self._rebuilt()
            if kind == "code"
            and not (master and master.metadata.nbgrader.locked)
            and source.strip()
            and source.strip() not in self.released.lab_sources
        ]

    def notebook(self):
        """The rebuilt notebook (nbformat): graded cells have the release's metadata, locked ones its source, none is missing."""
        import nbformat  # takes longer to import than a submission to judge, and only nbgrader's door needs it
        from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

        made = []
        for number, (kind, source, master) in enumerate(self._rebuilt()):
            if master:
                cell = nbformat.from_dict(master)
                cell.source = source
            else:
                make = new_code_cell if kind == "code" else new_markdown_cell
                cell = make(source, id=f"own-{number}")
            made.append(cell)
        metadata = {**KERNEL, "course": dict(self.released.editions[self.edition].metadata.course)}
        return new_notebook(cells=made, metadata=metadata)

    def _rebuilt(self) -> list[tuple[str, str, Bunch | None]]:
        """Kind and source of each cell, and the graded cell of the release that it is, if it is one.

        Each of those is there once. A locked one has the release's source; what a student wrote there goes before it
        (an answer may have got there: some editors know no locked cells, and merge them with others).
        """
        waiting = self.released.graded(self.edition)
        cells = []
        for kind, source, grade_id in self.cells:
            master = waiting.pop(grade_id, None)
            if master is None:
                cells.append((kind, source, None))
                continue
            if master.metadata.nbgrader.locked and source != master.source:
                cells.append((kind, source, None))
            cells.append((master.cell_type, master.source if master.metadata.nbgrader.locked else source, master))
        for master in waiting.values():
            cells.append((master.cell_type, master.source if master.metadata.nbgrader.locked else "", master))
        return cells


def read_submission(path: Path | str, course: Course, released: Released | None = None) -> Submission:
    """Read a notebook handed in. Where `released` is not given, its metadata or else its grade_ids tell what it is.

    Raises:
        Rejected: the file is no regular file, too large, unreadable, no notebook, or of no known assignment.
    """
    data = _bytes(path)
    content = _json(data)
    cells = _cells(content)
    metadata = content.get("metadata")
    note = metadata.get("course") if isinstance(metadata, dict) else None
    note = note if isinstance(note, dict) else {}
    released = released or _recognise(course, note, {grade_id for _, _, grade_id in cells})
    if released is None:
        raise Rejected("it belongs to no assignment of this course: neither its metadata nor its cells are known")
    edition = note.get("edition") if note.get("edition") in LANGUAGES else "en"
    return Submission(released, edition, hashlib.sha256(data).hexdigest(), cells)


def _bytes(path: Path | str) -> bytes:
    try:
        # No link is followed and no device or pipe waited for.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Rejected("there is no such file") from None
    except (OSError, ValueError) as error:
        reason = "it is a link" if os.path.islink(path) else getattr(error, "strerror", None) or str(error)
        raise Rejected(f"it cannot be opened: {reason}") from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise Rejected("it is not a regular file")
        if status.st_size > MAX_BYTES:
            raise Rejected(f"it is larger than {MAX_BYTES // 2**20} MiB; clear its outputs and hand it in again")
        with open(handle, "rb", closefd=False) as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Rejected(f"it cannot be read: {error.strerror}") from None
    finally:
        os.close(handle)


def _json(data: bytes) -> dict:
    if data.count(b"[") + data.count(b"{") > MAX_PARTS:
        raise Rejected("it has more parts than any notebook; clear its outputs and hand it in again")
    try:
        content = json.loads(data)  # UTF-8 with or without a mark; also UTF-16, which some Windows tools write
    except UnicodeDecodeError:
        raise Rejected("it is not UTF-8 text, so not a notebook") from None
    except (ValueError, RecursionError, MemoryError):
        raise Rejected("it is not valid JSON, so not a notebook (was it cut off or edited by hand?)") from None
    if not isinstance(content, dict):
        raise Rejected("it is JSON, but not a notebook")
    major = content.get("nbformat")
    if isinstance(major, bool) or major not in (3, 4):
        raise Rejected("it is not a notebook of format 3 or 4; open and save it in JupyterLab")
    return content


def _cells(content: dict) -> list[tuple[str, str, str]]:
    found = content.get("cells")
    if content["nbformat"] == 3:
        sheets = content.get("worksheets")
        sheets = sheets if isinstance(sheets, list) else []
        found = [cell for sheet in sheets if isinstance(sheet, dict) for cell in _list(sheet.get("cells"))]
    if not isinstance(found, list):
        raise Rejected("it has no list of cells, so it is not a notebook")
    if len(found) > MAX_CELLS:
        raise Rejected(f"it has more than {MAX_CELLS} cells")
    cells = []
    for cell in found:
        if not isinstance(cell, dict):
            continue
        source = _text(cell["source"] if "source" in cell else cell.get("input"))
        kind = cell.get("cell_type")
        if source is not None and isinstance(kind, str):
            cells.append(("code" if kind == "code" else "markdown", source, _grade_id(cell)))
    return cells


def _list(thing) -> list:
    return thing if isinstance(thing, list) else []


def _text(source) -> str | None:
    """A source with \\n line ends; None for what is no text. Lone surrogates, which no encoder takes, become "?"."""
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return None
    source = source.encode("utf-8", "replace").decode("utf-8")
    return source.replace("\r\n", "\n").replace("\r", "\n")


def _grade_id(cell: dict) -> str:
    metadata = cell.get("metadata")
    note = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = note.get("grade_id") if isinstance(note, dict) else None
    return grade_id if isinstance(grade_id, str) else ""


def _recognise(course: Course, note: dict, grade_ids: set[str]) -> Released | None:
    assignment, notebook = note.get("assignment"), note.get("notebook")
    if isinstance(assignment, str):
        found = course.one(assignment, notebook if isinstance(notebook, str) else None) or course.one(assignment)
        if found:
            return found
    counts = {key: len(grade_ids & set(released.graded("en"))) for key, released in course.released.items()}
    best = max(counts, key=counts.__getitem__)
    return course.released[best] if counts[best] else None
