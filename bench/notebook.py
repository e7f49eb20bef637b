"""Runs a notebook top to bottom in a kernel of its own, and takes definitions out of notebooks."""

from __future__ import annotations

import ast
import os
import shutil
import tempfile
import threading
import time
import types
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import nbformat
import psutil
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
CELL_SECONDS = 900
POLL_SECONDS = 0.05


@dataclass
class Run:
    """A notebook with its outputs, the seconds from kernel start to kernel end, and the kernel's peak memory."""

    notebook: nbformat.NotebookNode
    seconds: float
    peak_bytes: int


def chapters(edition: str) -> list[Path]:
    """The solved notebooks of one edition, in the order of the series."""
    return sorted(ROOT.glob(f"solutions/{edition}/*/*.ipynb"))


def run(path: Path, quick: bool, extra: str = "") -> Run:
    """Run a copy of the notebook at `path`, in a copy of its folder, on one thread.

    `quick` shortens the training. `extra` is the source of a cell put at the end. A cell that raises stops the run.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised.
    """
    notebook = nbformat.read(path, as_version=4)
    if extra:
        notebook.cells.append(nbformat.v4.new_code_cell(extra, id="extra"))
    with tempfile.TemporaryDirectory(prefix="course-") as scratch:
        folder = Path(scratch) / path.parent.name
        shutil.copytree(path.parent, folder)
        surroundings = {
            "JUPYTER_RUNTIME_DIR": f"{scratch}/runtime",
            "IPYTHONDIR": f"{scratch}/ipython",
            "OMP_NUM_THREADS": "1",
            "COURSE_QUICK": "1" if quick else "0",
        }
        with patch.dict(os.environ, surroundings):
            os.environ.pop("COURSE_LANGUAGE", None)  # the notebook itself must set it
            client = NotebookClient(
                notebook,
                timeout=CELL_SECONDS,
                kernel_name="python3",
                resources={"metadata": {"path": str(folder)}},
                extra_arguments=["--IPKernelApp.log_level=ERROR"],  # it warns that it talks over TCP
                skip_cells_with_tag="",  # training cells count here
            )
            started = time.perf_counter()
            with _Watch(client) as watch:
                client.execute()
            return Run(notebook, time.perf_counter() - started, watch.peak_bytes)


class _Watch:
    """Polls the resident memory of a client's kernel and all that the kernel started."""

    def __init__(self, client: NotebookClient):
        self.client, self.peak_bytes = client, 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._poll, daemon=True)

    def __enter__(self) -> _Watch:
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        self.thread.join()

    def _poll(self) -> None:
        while not self.over.wait(POLL_SECONDS):
            pid = getattr(getattr(self.client.km, "provisioner", None), "pid", None)
            if pid:
                self.peak_bytes = max(self.peak_bytes, tree_bytes(pid))


def tree_bytes(pid: int) -> int:
    """Resident memory of a process and its descendants; those that are gone count nothing."""
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    total = 0
    for process in processes:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def definitions(path: Path) -> dict[str, object]:
    """What the notebook at `path` imports and defines: its functions and classes, without running anything else."""
    notebook = nbformat.read(path, as_version=4)
    kept = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            kept += [
                node
                for node in ast.parse(cell.source).body
                if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)
            ]
    module = types.ModuleType(path.stem)
    exec(compile(ast.Module(kept, type_ignores=[]), str(path), "exec"), module.__dict__)
    return module.__dict__


def recipe(path: Path, number: int = 0) -> dict[str, int | float]:
    """The numbers (epochs, lr ...) that the notebook at `path` gives to its `number`-th call of fit()."""
    calls = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            calls += [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)]
    fits = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "fit"]
    return {word.arg: word.value.value for word in fits[number].keywords if isinstance(word.value, ast.Constant)}
