"""The four moves of the warm-up: cat, softmax, unsqueeze, weighted sum."""

from matplotlib.axes import Axes

from image.pen import COLOURS, arrow, band, code, grid, sheet, write

DECODER, OUTPUT, SCORE = COLOURS["decoder"], COLOURS["output"], COLOURS["score"]
WEIGHTS, ENCODER, CONTEXT = COLOURS["weights"], COLOURS["encoder"], COLOURS["context"]


def draw() -> Axes:
    ax = sheet(10.4, 4.2)
    for number, name in enumerate(("cat", "softmax", "unsqueeze", "weighted_sum")):
        left = 0.12 + 2.56 * number
        band(ax, left, 0.12, left + 2.44, 4.08, OUTPUT, 0.12)
        code(ax, left + 1.22, 3.78, name, 13, fontweight="bold")
    draw_cat(ax, 1.34)
    draw_softmax(ax, 3.9)
    draw_unsqueeze(ax, 6.46)
    draw_sum(ax, 9.02)
    return ax


def draw_cat(ax: Axes, x: float) -> None:
    grid(ax, x - 1.0, 3.1, [["1", "2"]], OUTPUT, 0.46)
    grid(ax, x + 0.12, 3.1, [["3", "4"]], DECODER, 0.46)
    code(ax, x - 0.54, 3.27, "(2,)")
    code(ax, x + 0.58, 3.27, "(2,)")
    arrow(ax, (x - 0.54, 2.6), (x - 0.46, 1.6))
    arrow(ax, (x + 0.58, 2.6), (x + 0.46, 1.6))
    grid(ax, x - 0.92, 1.5, [["1", "2"]], OUTPUT, 0.46)
    grid(ax, x, 1.5, [["3", "4"]], DECODER, 0.46)
    code(ax, x, 0.88, "(4,)")


def draw_softmax(ax: Axes, x: float) -> None:
    grid(ax, x - 0.96, 3.1, [["1", "2", "3"]], SCORE, 0.64)
    code(ax, x, 3.27, "(3,)")
    arrow(ax, (x, 2.6), (x, 1.6))
    grid(ax, x - 0.96, 1.5, [["0.09", "0.24", "0.67"]], WEIGHTS, 0.64, fills=[[0.09, 0.24, 0.67]])
    code(ax, x, 0.88, "(3,)")
    write(ax, x, 0.5, "0.09 + 0.24 + 0.67 = 1", 11)


def draw_unsqueeze(ax: Axes, x: float) -> None:
    grid(ax, x - 0.69, 3.1, [["1", "2", "3"]], ENCODER, 0.46)
    code(ax, x, 3.27, "(3,)")
    arrow(ax, (x - 0.3, 2.6), (x - 0.42, 1.6))
    arrow(ax, (x + 0.3, 2.6), (x + 0.78, 2.0))
    code(ax, x - 0.72, 2.1, "dim 0", 10.5)
    code(ax, x + 0.95, 2.42, "dim 1", 10.5)
    grid(ax, x - 1.14, 1.5, [["1", "2", "3"]], ENCODER, 0.46)
    grid(ax, x + 0.6, 1.9, [["1"], ["2"], ["3"]], ENCODER, 0.46)
    code(ax, x - 0.45, 0.88, "(1,3)")
    code(ax, x + 0.83, 0.46, "(3,1)")


def draw_sum(ax: Axes, x: float) -> None:
    code(ax, x - 0.72, 3.27, "(3,)")
    code(ax, x + 0.54, 3.27, "(3,2)")
    grid(ax, x - 1.02, 3.1, [["0.5"], ["0.5"], ["0"]], WEIGHTS, 0.6, fills=[[0.5], [0.5], [0.0]])
    write(ax, x - 0.16, 2.47, "×", 18)
    grid(ax, x + 0.08, 3.1, [["2", "0"], ["4", "2"], ["1", "1"]], ENCODER, 0.46)
    arrow(ax, (x + 0.54, 1.76), (x + 0.54, 1.2))
    grid(ax, x + 0.08, 1.1, [["3", "1"]], CONTEXT, 0.46)
    code(ax, x + 0.54, 0.48, "(2,)")
    write(ax, x - 0.55, 0.89, r"$0.5\cdot 2$", 11)
    write(ax, x - 0.55, 0.63, r"$+\,0.5\cdot 4$", 11)
