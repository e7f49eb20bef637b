"""Padding: without a mask the weights fall on nothing; with it they are exactly 0 from each length on."""

from collections.abc import Sequence
from math import exp

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from image.pen import COLOURS, INK, code, sheet, tint, write

TOKENS = (("機", "器", "學", "習", "<eos>"), ("你", "好", "<eos>", "<pad>", "<pad>"))
LENGTHS = (5, 3)
SCORES = ((2.0, 1.0, 0.0, 1.0, 0.0), (1.0, 2.0, 0.0, 1.0, 1.0))
WIDE, TALL = 0.78, 0.6


def softmax(scores: Sequence[float]) -> list[float]:
    shares = [exp(score) for score in scores]
    return [share / sum(shares) for share in shares]


def draw() -> Axes:
    ax = sheet(9.6, 4.3)
    masked = [softmax(row[:length]) + [0.0] * (5 - length) for row, length in zip(SCORES, LENGTHS, strict=True)]
    pale = [[0.2] * 5] * 2
    draw_grid(ax, 0.3, 3.27, "tokens", TOKENS, pale, "source")
    draw_grid(ax, 5.4, 3.27, "scores", [[f"{score:g}" for score in row] for row in SCORES], pale, "score")
    draw_weights(ax, 0.3, "softmax(scores)", [softmax(row) for row in SCORES])
    draw_weights(ax, 5.4, "masked_softmax(scores, lengths)", masked)
    code(ax, 4.72, 3.82, "lengths", 12, fontweight="bold")
    for row, length in enumerate(LENGTHS):
        write(ax, 4.72, 3.27 - TALL * row, f"{length}")
    return ax


def draw_weights(ax: Axes, left: float, title: str, weights: Sequence[Sequence[float]]) -> None:
    texts = [[f"{weight:.2f}" if weight else "0" for weight in row] for row in weights]
    draw_grid(ax, left, 1.05, title, texts, weights, "weights")


def draw_grid(
    ax: Axes,
    left: float,
    top: float,
    title: str,
    texts: Sequence[Sequence[str]],
    fills: Sequence[Sequence[float]],
    kind: str,
) -> None:
    """Draw a (2, 5) grid with a title; the padded positions have slanting lines in their corners."""
    code(ax, left, top + 0.55, title, 12, ha="left", fontweight="bold")
    for row, length in enumerate(LENGTHS):
        for column, (text, fill) in enumerate(zip(texts[row], fills[row], strict=True)):
            x, y = left + WIDE * (column + 0.5), top - TALL * row
            square = Rectangle((x - WIDE / 2, y - TALL / 2), WIDE, TALL)
            square.set(facecolor=tint(COLOURS[kind], fill), edgecolor=COLOURS[kind], linewidth=1.2, zorder=3)
            ax.add_patch(square)
            write(ax, x, y, text)
            if column >= length:
                draw_corners(ax, x, y)


def draw_corners(ax: Axes, x: float, y: float) -> None:
    """Draw slanting lines in two corners of a cell, round its text."""
    for step in (0.06, 0.12, 0.18):
        for side in (-1, 1):
            corner, low = x + side * WIDE / 2, y - side * TALL / 2
            ax.plot([corner - side * step, corner], [low, low + side * step], color=INK, linewidth=1, zorder=4)
