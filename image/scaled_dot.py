"""Scaled dot-product attention: every query meets every key in one matrix product."""

from matplotlib.axes import Axes

from image.pen import COLOURS, arrow, code, grid, sheet, write

WIDE = 0.3


def draw() -> Axes:
    ax = sheet(10.4, 3.1)
    draw_matrix(ax, 0.3, 3, 2, "decoder", "query", "(L,E)")
    write(ax, 1.2, 1.3, "×", 20)
    draw_matrix(ax, 1.5, 2, 4, "encoder", "key.mT", "(E,S)")
    write(ax, 3.0, 1.3, "=", 20)
    draw_matrix(ax, 3.3, 3, 4, "score", "scores", "(L,S)")
    arrow(ax, (4.62, 1.3), (6.2, 1.3), width=2)
    write(ax, 5.38, 1.62, r"$\div\,\sqrt{E}$", 15)
    code(ax, 5.38, 1.02, "softmax", 12)
    draw_matrix(ax, 6.35, 3, 4, "weights", "weights", "(L,S)")
    write(ax, 7.85, 1.3, "×", 20)
    draw_matrix(ax, 8.15, 4, 2, "encoder", "value", "(S,Ev)")
    write(ax, 9.05, 1.3, "=", 20)
    draw_matrix(ax, 9.4, 3, 2, "context", "context", "(L,Ev)")
    return ax


def draw_matrix(ax: Axes, left: float, rows: int, columns: int, kind: str, name: str, shape: str) -> None:
    """Draw a matrix in the middle of the sheet's height, its first row bright, with its name over it."""
    fills = [[0.6 if row == 0 or kind == "encoder" else 0.2] * columns for row in range(rows)]
    if kind == "weights":
        fills[0] = [0.75, 0.3, 0.12, 0.05]
    grid(ax, left, 1.3 + rows * WIDE / 2, [[""] * columns] * rows, COLOURS[kind], WIDE, WIDE, fills)
    code(ax, left + columns * WIDE / 2, 2.7, name, 12, fontweight="bold")
    code(ax, left + columns * WIDE / 2, 2.4, shape, 11.5)
