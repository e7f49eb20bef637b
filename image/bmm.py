"""torch.bmm: a row of weights meets a column of encoder_outputs, once for each feature, in each sentence of a batch."""

from collections.abc import Container, Sequence

from matplotlib.axes import Axes

from image.pen import COLOURS, arrow, band, cell, code, deep, line, sheet, write

WEIGHTS = (0.5, 0.5, 0, 0)
OUTPUTS = ((2, 0, 4), (4, 2, 0), (1, 1, 1), (3, 0, 2))
CONTEXT = tuple(sum(w * row[column] for w, row in zip(WEIGHTS, OUTPUTS, strict=True)) for column in range(3))
WIDE = 0.62
TALL = 0.42
BACK = 0.16  # how far the batch's next sentence looks out from behind


def draw() -> Axes:
    ax = sheet(9.0, 5.0)
    draw_matrix(ax, 0.55, 2.85, [WEIGHTS], "weights", range(4))
    draw_matrix(ax, 4.05, 3.48, OUTPUTS, "encoder", [0])
    draw_matrix(ax, 6.85, 2.85, [CONTEXT], "context", [0])
    write(ax, 3.5, 2.85, "×", 22)
    write(ax, 6.45, 2.85, "=", 22)
    for row in range(4):
        write(ax, 3.84, 3.48 - TALL * row, f"$h_{row + 1}$", 12, deep(COLOURS["encoder"]))
    names = (
        ("attn_weights", "(B,1,S)", 1.79, 3.6),
        ("encoder_outputs", "(B,S,H)", 4.98, 4.23),
        ("context", "(B,1,H)", 7.78, 3.6),
    )
    for name, shape, x, y in names:
        code(ax, x, y + 0.42, name, 12, fontweight="bold")
        code(ax, x, y + 0.12, shape, 12)
    draw_sum(ax)
    return ax


def draw_matrix(
    ax: Axes, left: float, top: float, rows: Sequence[Sequence[float]], kind: str, bright: Container[int]
) -> None:
    """Draw a matrix whose upper left cell begins at `left`, and another behind it; the bright columns stand out."""
    colour = COLOURS[kind]
    right, low, high = left + WIDE * len(rows[0]), top - TALL * (len(rows) - 0.5), top + TALL / 2
    behind = (left + BACK, low + BACK, right + BACK, high + BACK)
    band(ax, *behind, colour)
    edge = [(behind[0], high), (behind[0], behind[3]), (behind[2], behind[3]), (behind[2], behind[1])]
    line(ax, [*edge, (right, behind[1])], colour, 1.2)
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            fill = 0.55 if column in bright else 0.15
            cell(ax, left + WIDE * (column + 0.5), top - TALL * number, f"{value:g}", colour, WIDE, fill)


def draw_sum(ax: Axes) -> None:
    """Write out how the first feature of the context comes about."""
    terms = [rf"{w:g}\cdot{row[0]}" for w, row in zip(WEIGHTS, OUTPUTS, strict=True)]
    write(ax, 4.5, 0.5, f"${' + '.join(terms)} = {CONTEXT[0]:g}$", 17)
    arrow(ax, (1.79, 2.55), (3.0, 0.83), COLOURS["weights"], bend=0.25, width=2)
    arrow(ax, (4.36, 1.92), (4.36, 0.83), COLOURS["encoder"], width=2)
    arrow(ax, (6.05, 0.83), (7.16, 2.55), COLOURS["context"], bend=0.25, width=2)
