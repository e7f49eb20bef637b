"""Softmax of the same scores at three temperatures: from a spotlight to fog."""

from math import exp

from matplotlib.axes import Axes

from image.pen import COLOURS, arrow, band, deep, line, sheet, write

SCORES = (3.0, 2.0, 1.0, 0.0)
TEMPERATURES = (0.2, 1, 10)


def softmax(scores: tuple[float, ...]) -> list[float]:
    shares = [exp(score - max(scores)) for score in scores]
    return [share / sum(shares) for share in shares]


def draw() -> Axes:
    ax = sheet(9.6, 4.2)
    draw_bars(ax, 0.35, [score / 3 for score in SCORES], [f"{score:g}" for score in SCORES], "score")
    write(ax, 1.3, 3.85, r"$\alpha$", 16, deep(COLOURS["score"]))
    for number, temperature in enumerate(TEMPERATURES):
        left = 2.85 + 2.25 * number
        weights = softmax(tuple(score / temperature for score in SCORES))
        draw_bars(ax, left, weights, [f"{weight:.2f}" for weight in weights], "weights")
        write(ax, left + 0.95, 3.85, f"$T = {temperature:g}$", 16, deep(COLOURS["weights"]))
    arrow(ax, (2.32, 1.9), (2.76, 1.9), width=2)
    write(ax, 5.95, 0.25, r"$\hat\alpha = \mathrm{softmax}(\alpha\,/\,T)$", 15)
    return ax


def draw_bars(ax: Axes, left: float, heights: list[float], labels: list[str], kind: str) -> None:
    """Draw four bars on a base line; a height of 1 is 2.4 inches."""
    line(ax, [(left - 0.05, 0.8), (left + 1.95, 0.8)], width=1)
    for number, (height, label) in enumerate(zip(heights, labels, strict=True)):
        x = left + 0.48 * number
        band(ax, x + 0.04, 0.8, x + 0.42, 0.8 + 2.4 * height, COLOURS[kind], 0.75)
        write(ax, x + 0.23, 0.98 + 2.4 * height, label, 12)
        write(ax, x + 0.23, 0.62, f"$h_{number + 1}$", 12)
