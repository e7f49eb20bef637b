"""Multi-head attention: the features are dealt out to the heads, each head looks for itself, the looks are merged."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from image.pen import COLOURS, arrow, code, grid, operation, sheet

CELL = 0.3
FILLS = (0.25, 0.5, 0.8)  # one strength for each head
MIDDLE = 1.85


def draw() -> Axes:
    ax = sheet(10.4, 4.2)
    draw_rows(ax, 0.25, "encoder", "x", "(B,L,D)", [0.4] * 3)
    arrow(ax, (2.15, MIDDLE), (2.45, MIDDLE))
    operation(ax, 2.9, MIDDLE, "q_proj\nk_proj\nv_proj", COLOURS["encoder"], 0.86, 0.8)
    code(ax, 4.2, 3.98, "split_heads", 12, fontweight="bold")
    code(ax, 4.2, 3.72, "(B,heads,L,d)", 11)
    code(ax, 6.85, 3.98, "merge_heads", 12, fontweight="bold")
    for head, fill in enumerate(FILLS):
        y = MIDDLE + 1.05 * (1 - head)
        arrow(ax, (3.36, MIDDLE + 0.2 * (1 - head)), (3.85, y))
        grid(ax, 3.9, y + 1.5 * CELL, [["", ""]] * 3, COLOURS["encoder"], CELL, CELL, fill)
        arrow(ax, (4.55, y), (4.85, y))
        operation(ax, 5.5, y, "attention", COLOURS["weights"], 1.25)
        arrow(ax, (6.15, y), (6.5, y))
        grid(ax, 6.55, y + 1.5 * CELL, [["", ""]] * 3, COLOURS["context"], CELL, CELL, fill)
        arrow(ax, (7.2, y), (7.6, MIDDLE + 0.2 * (1 - head)))
    draw_rows(ax, 7.65, "context", "", "(B,L,D)", FILLS)
    operation(ax, 9.95, MIDDLE, "out\n_proj", COLOURS["context"], 0.66, 0.6)
    arrow(ax, (9.5, MIDDLE), (9.61, MIDDLE))
    return ax


def draw_rows(ax: Axes, left: float, kind: str, name: str, shape: str, fills: Sequence[float]) -> None:
    """Draw a (3, 6) matrix, its features two by two in the strengths of `fills`."""
    for head, fill in enumerate(fills):
        grid(ax, left + 2 * CELL * head, MIDDLE + 1.5 * CELL, [["", ""]] * 3, COLOURS[kind], CELL, CELL, fill)
    code(ax, left + 3 * CELL, MIDDLE + 0.98, name, 12, fontweight="bold")
    code(ax, left + 3 * CELL, MIDDLE + 0.7, shape, 11)
