"""A student opens chapter 02 in JupyterLab, answers wrong, then right, and is told so in the edition's language."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pylopdf_fonts_zh_tw
import pytest
from conftest import EDITIONS, ROOT
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

CHAPTER = "02-attention-weights/attention_weights.ipynb"
EXERCISE = "dot_scores"
RIGHT = "def dot_scores(query, keys):\n    return torch.bmm(keys, query.unsqueeze(2)).squeeze(2)"
WRONG = "def dot_scores(query, keys):\n    return torch.bmm(keys, query.unsqueeze(2))"
# The sentences stand here in full: a message that nobody translated would equal itself.
SAID = {
    "en": ("dot_scores: the numbers are right, but an axis of size 1 is left over", "dot_scores: correct."),
    "zh-TW": ("數字是對的，但最後多了一個大小為 1 的維度", "dot_scores：正確。"),
}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--no-proxy-server"]
MESSAGE_PIXELS = 120  # a traceback has more than 160
START_MS, ANSWER_MS = 120_000, 60_000
SCREENSHOTS = Path(os.environ.get("SCREENSHOTS", ROOT / "screenshots"))


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.fail("no Chromium on this machine: run `make test`, which installs it, or `apt-get install chromium`")
    home = tmp_path_factory.mktemp("chromium")
    (home / "fonts").mkdir()
    shutil.copy(pylopdf_fonts_zh_tw.sans_path(), home / "fonts")  # a bare machine has no Chinese font
    surroundings = {**os.environ, "XDG_DATA_HOME": str(home)}
    expect.set_options(timeout=ANSWER_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=FLAGS, env=surroundings)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of a browser that has no past."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(START_MS)
    yield page
    context.close()


@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("edition", EDITIONS)
def test_wrong_then_right(lab: str, page: Page, edition: str):
    native = []
    page.on("dialog", lambda dialog: (native.append(dialog.message), dialog.dismiss()))
    page.goto(f"{lab}lab/tree/notebooks/{edition}/{CHAPTER}?reset")
    notebook = Notebook(page, ROOT / "notebooks" / edition / CHAPTER)
    try:
        for number in notebook.imports():
            notebook.run(number)
        wrong, right = SAID[edition]

        notebook.write(EXERCISE, WRONG)
        notebook.run(EXERCISE)
        output = notebook.run(f"check_{EXERCISE}")
        expect(output).to_contain_text(wrong)
        expect(output).not_to_contain_text("Traceback")
        assert output.bounding_box()["height"] < MESSAGE_PIXELS
        notebook.picture(f"{edition}-wrong")

        notebook.write(EXERCISE, RIGHT)
        notebook.run(EXERCISE)
        output = notebook.run(f"check_{EXERCISE}")
        expect(output).to_contain_text(right)
        expect(output).not_to_contain_text(wrong)
        notebook.picture(f"{edition}-right")

        expect(page.locator(".jp-Dialog, .Toastify__toast")).to_have_count(0)
        assert native == []
    except BaseException:
        page.screenshot(path=SCREENSHOTS / f"{edition}-failed.png")
        raise


class Notebook:
    """The notebook open in `page`; cells are named by their number, or by their id in the file at `path`."""

    def __init__(self, page: Page, path: Path):
        self.page = page
        self.file = nbformat.read(path, as_version=4)
        self.panel = page.locator(".jp-NotebookPanel")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        expect(self.panel.locator(".jp-Cell")).to_have_count(len(self.file.cells), timeout=START_MS)
        self._idle(START_MS)

    def imports(self) -> list[int]:
        """The set-up cell, and the ungraded cells that begin by importing."""
        return [
            number
            for number, cell in enumerate(self.file.cells)
            if cell.id == "setup" or (cell.cell_type == "code" and re.match(r"(import|from) ", cell.source))
        ]

    def cell(self, which: int | str) -> Locator:
        number = which if isinstance(which, int) else [cell.id for cell in self.file.cells].index(which)
        return self.panel.locator(".jp-Cell").nth(number)

    def write(self, which: str, source: str) -> None:
        """Replace what stands in a cell, by the keyboard."""
        editor = self.cell(which).locator(".cm-content")
        editor.click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(source)
        expect(editor).to_contain_text(source.splitlines()[-1].strip())

    def run(self, which: int | str) -> Locator:
        """Run a cell by the keyboard, wait until it has its number, and return its output."""
        cell = self.cell(which)
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.inner_text()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+Enter")
        self.page.wait_for_function(
            "([prompt, before]) => /^\\[\\d+\\]/.test(prompt.innerText) && prompt.innerText !== before",
            arg=[prompt.element_handle(), before],
            timeout=ANSWER_MS,
        )
        self._idle(ANSWER_MS)
        return cell.locator(".jp-OutputArea")

    def picture(self, name: str) -> None:
        self.cell(f"check_{EXERCISE}").scroll_into_view_if_needed()
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    def _idle(self, timeout: int) -> None:
        # The notebook's own indicator is idle before there is a kernel, and a cell run then opens a dialog.
        expect(self.page.locator("#jp-main-statusbar")).to_contain_text("Python 3 (ipykernel) | Idle", timeout=timeout)
