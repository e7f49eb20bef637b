"""The figures' one visual language: a white sheet measured in inches, and the few shapes that stand on it."""

from collections.abc import Callable, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, FancyArrowPatch, FancyBboxPatch, Polygon, Rectangle
from PIL import Image

from classroom.colours import COLOURS as COLOURS  # every figure takes its colours from here
from classroom.fonts import use_fonts

Point = tuple[float, float]
Say = Callable[[str, str], str]

INK = "#222222"
FAINT = "#8A8A8A"
CODE = "DejaVu Sans Mono"
DPI = 200
SIZE = 13.0  # points; a nine-inch figure is seen at about 900 pixels, where this is 18 pixels high
SHADES = (0.40, 0.75, 0.55, 0.90, 0.65)


@cache
def settle() -> None:
    """Make a figure look the same whatever settings and fonts the machine has."""
    matplotlib.rcdefaults()
    matplotlib.rcParams["text.hinting"] = "no_hinting"  # versions of freetype hint differently
    use_fonts()


def sheet(width: float = 9.0, height: float = 4.5) -> Axes:
    """Open a white sheet of width x height inches whose coordinates are inches, the origin at the lower left."""
    settle()
    ax = Figure(figsize=(width, height), dpi=DPI, facecolor="white").add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(0, height))
    ax.axis("off")
    return ax


def save(ax: Axes, path: Path) -> None:
    """Write the sheet as a small PNG: a palette instead of full colour, and no date or version inside."""
    raw = BytesIO()
    ax.figure.savefig(raw, format="png", dpi=DPI)
    Image.open(raw).convert("RGB").quantize(96, dither=Image.Dither.NONE).save(path, optimize=True)


def tint(colour: str, share: float) -> str:
    """Mix a colour with white; share 1 is the colour itself, share 0 is white."""
    return to_hex([1 - share * (1 - part) for part in to_rgb(colour)])


def deep(colour: str) -> str:
    """Darken a colour until text in it reads well on white."""
    return to_hex([0.62 * part for part in to_rgb(colour)])


def write(ax: Axes, x: float, y: float, text: str, size: float = SIZE, colour: str = INK, **more) -> None:
    """Write text centred on (x, y); `more` goes to matplotlib's text. Never mix $math$ and Chinese in one string."""
    ax.text(x, y, text, **({"fontsize": size, "color": colour, "ha": "center", "va": "center", "zorder": 5} | more))


def code(ax: Axes, x: float, y: float, text: str, size: float = 11.0, **more) -> None:
    """Write a name or a shape as code."""
    write(ax, x, y, text, size, family=CODE, **more)


def box(
    ax: Axes, x: float, y: float, text: str, colour: str, width: float = 1.1, height: float = 0.46, fill: float = 0.22
) -> None:
    """Draw a rounded box centred on (x, y) with text in it: a token or a tensor (filled)."""
    low = (x - width / 2 + 0.08, y - height / 2 + 0.08)
    shape = FancyBboxPatch(low, width - 0.16, height - 0.16, boxstyle="round,pad=0.08")
    shape.set(facecolor=tint(colour, fill), edgecolor=colour, linewidth=1.6, zorder=3)
    ax.add_patch(shape)
    write(ax, x, y, text)


def operation(
    ax: Axes, x: float, y: float, text: str, colour: str, width: float = 1.1, height: float = 0.46, size: float = 11.0
) -> None:
    """Draw a white box with a coloured edge: something that is done to a tensor."""
    frame = Rectangle((x - width / 2, y - height / 2), width, height)
    frame.set(facecolor="white", edgecolor=colour, linewidth=2.0, zorder=3)
    ax.add_patch(frame)
    code(ax, x, y, text, size)


def tensor(ax: Axes, x: float, y: float, name: str, shape: str, colour: str, width: float = 1.5) -> None:
    """Draw a filled box with a tensor's name and, under it, its shape."""
    box(ax, x, y, "", colour, width, 0.62)
    code(ax, x, y + 0.13, name, 10.5, fontweight="bold")
    code(ax, x, y - 0.15, shape, 10.5)


def vector(
    ax: Axes, x: float, y: float, colour: str, cells: int = 4, cell: float = 0.22, across: bool = False, fade: float = 1
) -> None:
    """Draw a vector centred on (x, y) as a column of cells, or as a row of them if `across`."""
    for number in range(cells):
        step = (number - (cells - 1) / 2) * cell
        left, low = (x + step, y) if across else (x, y - step)
        square = Rectangle((left - cell / 2, low - cell / 2), cell, cell)
        strength = SHADES[number % len(SHADES)] * fade
        square.set(facecolor=tint(colour, strength), edgecolor=tint(colour, fade), linewidth=1.2, zorder=3)
        ax.add_patch(square)


def circle(ax: Axes, x: float, y: float, text: str, colour: str, size: float = 0.5, fill: float = 0.22) -> None:
    """Draw a circle with text in it: one number."""
    shape = Ellipse((x, y), size, size)
    shape.set(facecolor=tint(colour, fill), edgecolor=colour, linewidth=1.6, zorder=3)
    ax.add_patch(shape)
    write(ax, x, y, text)


def arrow(
    ax: Axes, start: Point, end: Point, colour: str = INK, bend: float = 0, width: float = 1.5, style: str = "-"
) -> None:
    """Draw an arrow; `bend` curves it to the right of its way (negative: to the left)."""
    way = {"connectionstyle": f"arc3,rad={bend}", "shrinkA": 0, "shrinkB": 0}
    shape = FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=12, **way)
    shape.set(color=colour, linewidth=width, linestyle=style, zorder=2)
    ax.add_patch(shape)


def line(ax: Axes, points: Sequence[Point], colour: str = INK, width: float = 1.5, style: str = "-") -> None:
    """Draw a line through the points."""
    ax.plot(*zip(*points, strict=True), color=colour, linewidth=width, linestyle=style, zorder=2)


def area(ax: Axes, points: Sequence[Point], colour: str, fill: float = 0.12) -> None:
    """Fill the area between the points with a pale colour, behind everything else."""
    ax.add_patch(Polygon(points, closed=True, facecolor=tint(colour, fill), edgecolor="none", zorder=1))


def band(ax: Axes, left: float, low: float, right: float, high: float, colour: str, fill: float = 0.10) -> None:
    """Fill a rectangle with a pale colour, behind everything else."""
    area(ax, [(left, low), (right, low), (right, high), (left, high)], colour, fill)


def cell(ax: Axes, x: float, y: float, text: str, colour: str, width: float = 0.6, fill: float = 0.2, **more) -> None:
    """Draw one cell of a matrix with a number in it."""
    square = Rectangle((x - width / 2, y - 0.21), width, 0.42)
    square.set(facecolor=tint(colour, fill), edgecolor=colour, linewidth=1.2, zorder=3)
    ax.add_patch(square)
    write(ax, x, y, text, **more)


def grid(
    ax: Axes,
    left: float,
    top: float,
    texts: Sequence[Sequence[str]],
    colour: str,
    wide: float = 0.5,
    tall: float = 0.42,
    fills: Sequence[Sequence[float]] | float = 0.3,
    size: float = SIZE,
) -> None:
    """Draw a matrix whose upper left corner is (left, top); fills says how strong each cell's colour is."""
    for row, line_of in enumerate(texts):
        for column, text in enumerate(line_of):
            x, y = left + wide * column, top - tall * (row + 1)
            square = Rectangle((x, y), wide, tall)
            fill = fills if isinstance(fills, float) else fills[row][column]
            square.set(facecolor=tint(colour, fill), edgecolor=colour, linewidth=1.2, zorder=3)
            ax.add_patch(square)
            write(ax, x + wide / 2, y + tall / 2, text, size)
