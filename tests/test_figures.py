"""The figures in image/ are what their scripts draw, and all of them are used."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageChops

ROOT = Path(__file__).resolve().parent.parent
FIGURES = sorted((ROOT / "image").glob("*.png"))
# Figures of trained models: the scripts take minutes, so that they are drawn by name only.
TRAINED = {"heatmap"}
# Figures drawn for a chapter; as long as the chapter is not written, nobody need show them.
AWAITED = {
    "image_caption": "04-image-captioning",
    "scaled_dot": "05-transformer",
    "causal_mask": "05-transformer",
    "multihead": "05-transformer",
}
READERS = ("lessons/*/*.py", "README*.md", "docs/*.md", "docs/*/*.md", "CONTRIBUTING.md", "index.ipynb")
# Another version of freetype moves the letters' edges by a part of a pixel; seen from a little further off, nothing has
# changed. Another label has, even by one digit.
COARSE = 4
STEP = 60  # of 255: half a pixel's shift gives 32, an 8 that was a 9 gives 154
LARGEST = 900  # pixels wide in JupyterLab: at twice that a figure is sharp
LIMIT = 200_000  # bytes


def script(figure: Path) -> str:
    """Name the script that draws a figure: seq2seq-en.png comes from seq2seq.py."""
    return figure.stem.split("-")[0]


def changed(one: Path, other: Path) -> int:
    """Count the coarse pixels in which two pictures differ; two sizes differ everywhere."""
    with Image.open(one) as first, Image.open(other) as second:
        if first.size != second.size:
            return first.width * first.height
        difference = ImageChops.difference(*(picture.convert("RGB").reduce(COARSE) for picture in (first, second)))
    return sum(max(pixel) > STEP for pixel in difference.get_flattened_data())


@pytest.fixture(scope="module")
def redrawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all figures drawn once more."""
    folder = tmp_path_factory.mktemp("figures")
    command = [sys.executable, "-W", "error", "-m", "image", "--to", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Glyph" not in done.stderr, f"a character has no glyph, and shows as an empty box: {done.stderr}"
    return folder


def test_every_script_has_drawn_its_figures(redrawn: Path):
    drawn = {path.name for path in redrawn.glob("*.png")}
    there = {path.name for path in FIGURES if script(path) not in TRAINED}
    assert drawn == there, "image/ and its scripts disagree; run `make figures`, and delete what no script draws"


@pytest.mark.parametrize(
    "figure", [path for path in FIGURES if script(path) not in TRAINED], ids=lambda path: path.name
)
def test_figure_is_what_its_script_draws(figure: Path, redrawn: Path):
    if not (redrawn / figure.name).is_file():
        pytest.skip("no script draws it, which another test reports")
    differing = changed(figure, redrawn / figure.name)
    assert not differing, f"image/{figure.name} is not what image/{script(figure)}.py draws; run `make figures`"


@pytest.mark.parametrize("figure", FIGURES, ids=lambda path: path.name)
def test_figure_is_small_sharp_and_has_a_script(figure: Path):
    assert (ROOT / "image" / f"{script(figure)}.py").is_file(), f"no script in image/ draws {figure.name}"
    assert figure.stat().st_size < LIMIT, f"{figure.name} is too large; draw less, or in fewer colours"
    with Image.open(figure) as picture:
        assert picture.width >= 2 * LARGEST, f"{figure.name} is not sharp: draw it at least nine inches wide"


def test_every_figure_is_shown_and_every_shown_figure_is_here():
    text = "\n".join(path.read_text(encoding="utf-8") for reader in READERS for path in ROOT.glob(reader))
    text = re.sub(r"`[^`\n]*`", "", text)  # an example in a guide shows nothing
    shown = set(re.findall(r"image/([\w-]+\.png)", text))
    there = {path.name for path in FIGURES}
    missing = sorted(shown - there)
    assert not missing, f"a text shows {missing}, which image/ does not have; draw it there"
    unseen = sorted(path.name for path in FIGURES if path.name not in shown and not awaited(path))
    assert not unseen, f"no text shows {unseen}; show them, or delete them with their scripts"


def awaited(figure: Path) -> bool:
    """Tell whether a figure was drawn for a chapter that is not yet written."""
    chapter = AWAITED.get(script(figure))
    return chapter is not None and not list(ROOT.glob(f"lessons/{chapter}/*.py"))


@pytest.mark.parametrize("lesson", sorted(ROOT.glob("lessons/*/*.py")), ids=lambda path: path.stem)
def test_prose_shows_figures_in_its_own_language(lesson: Path):
    for cell in re.split(r"^# %%", lesson.read_text(encoding="utf-8"), flags=re.MULTILINE):
        for edition, other in (("en", "zh-TW"), ("zh-TW", "en")):
            if f'lang="{edition}"' in cell.partition("\n")[0]:
                foreign = re.findall(rf"image/[\w-]+-{other}\.png", cell)
                assert not foreign, f"{lesson.name}: a cell in {edition} shows {foreign}"


def test_figures_take_their_colours_from_the_series():
    """A colour is written down in classroom/colours.py alone; a figure has only ink and grey besides."""
    for path in (ROOT / "image").glob("*.py"):
        written = re.findall(r"#[0-9A-Fa-f]{6}\b", path.read_text(encoding="utf-8"))
        assert path.stem == "pen" or not written, f"image/{path.name} writes the colours {written}"


def test_a_changed_label_would_be_noticed(tmp_path: Path):
    """The comparison itself: one other digit is a change, a shift of half a pixel is none."""
    draw = """
import sys
from pathlib import Path
from image.pen import cell, COLOURS, save, sheet, write
for name, text, shift in (("a", "0.8", 0), ("b", "0.9", 0), ("c", "0.8", 0.0025)):
    ax = sheet()
    cell(ax, 2, 2, "", COLOURS["weights"])
    write(ax, 2 + shift, 2, text, 11)
    save(ax, Path(sys.argv[1]) / f"{name}.png")
"""
    subprocess.run([sys.executable, "-c", draw, str(tmp_path)], cwd=ROOT, check=True, timeout=60)
    assert changed(tmp_path / "a.png", tmp_path / "b.png")
    assert not changed(tmp_path / "a.png", tmp_path / "c.png")
