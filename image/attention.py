"""Step two: the context is the weighted sum of the states; the decoder looks again for every word."""

from matplotlib.axes import Axes

from image.pen import COLOURS, FAINT, arrow, box, cell, line, sheet, vector, write

LOOKS = (("machine", (0.5, 0.5, 0.0, 0.0)), ("learning", (0.0, 0.0, 0.5, 0.5)))


def draw() -> Axes:
    ax = sheet(10.2, 5.9)
    vector(ax, 0.4, 4.45, COLOURS["decoder"])
    write(ax, 0.4, 5.15, "$z_0$", 15)
    arrow(ax, (0.55, 4.45), (2.69, 4.45))
    arrow(ax, (3.0, 4.45), (7.59, 4.45))
    for number, (word, weights) in enumerate(LOOKS):
        draw_look(ax, 1.45 + 4.9 * number, number, word, weights)
    return ax


def draw_look(ax: Axes, left: float, number: int, word: str, weights: tuple[float, ...]) -> None:
    middle = left + 1.4
    line(ax, [(left - 0.7, 4.45), (left - 0.7, 2.35)], COLOURS["score"], style="--")
    arrow(ax, (left - 0.7, 2.35), (left - 0.34, 2.35), COLOURS["score"])
    for column, (token, weight) in enumerate(zip("機器學習", weights, strict=True)):
        draw_source(ax, left + 0.93 * column, column + 1, token, weight, (middle, 3.2))
    vector(ax, middle, 3.32, COLOURS["context"], across=True, cell=0.24)
    seen = [f"{weight:g}\\,h_{column}" for column, weight in enumerate(weights, 1) if weight]
    write(ax, middle + 0.6, 3.42, f"$c_{number} = {' + '.join(seen)}$", ha="left")
    arrow(ax, (middle, 3.46), (middle, 3.98), COLOURS["context"], width=2.5)
    vector(ax, middle, 4.45, COLOURS["decoder"])
    write(ax, middle + 0.36, 4.75, f"$z_{number + 1}$", 15)
    arrow(ax, (middle, 4.93), (middle, 5.26))
    box(ax, middle, 5.52, word, COLOURS["output"], 1.2, fill=0.5)


def draw_source(ax: Axes, x: float, number: int, token: str, weight: float, to: tuple[float, float]) -> None:
    fade = 1.0 if weight else 0.3
    box(ax, x, 0.4, token, COLOURS["source"], 0.6)
    arrow(ax, (x, 0.66), (x, 0.93))
    vector(ax, x, 1.4, COLOURS["encoder"], fade=fade)
    write(ax, x + 0.34, 1.4, f"$h_{number}$", 14)
    arrow(ax, (x, 1.87), (x, 2.11), COLOURS["encoder"] if weight else FAINT)
    cell(ax, x, 2.35, f"{weight:g}", COLOURS["weights"], fill=weight)
    if weight:
        arrow(ax, (x, 2.6), (to[0] + 0.3 * (x - to[0]), to[1]), COLOURS["encoder"], width=2.5)
