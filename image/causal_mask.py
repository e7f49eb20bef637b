"""The causal mask: a position attends to itself and to what stands before it, never to what comes after."""

from math import exp

from matplotlib.axes import Axes

from image.pen import COLOURS, arrow, box, code, grid, sheet, write

TOKENS = ("<sos>", "machine", "learning", "works")
SCORES = ((2, 1, 0, 1), (1, 2, 1, 0), (0, 2, 1, 2), (1, 0, 2, 1))
WIDE, TALL = 0.86, 0.55


def draw() -> Axes:
    ax = sheet(10.0, 4.0)
    mask = [[key <= query for key in range(4)] for query in range(4)]
    for query, token in enumerate(TOKENS):
        box(ax, 0.75, 2.53 - TALL * query, token, COLOURS["decoder"], 1.15)
    draw_keys(ax, 1.5)
    grid(ax, 1.5, 2.8, [[str(may) for may in row] for row in mask], COLOURS["score"], WIDE, TALL, shades(mask), 12)
    arrow(ax, (5.1, 1.7), (5.95, 1.7), width=2)
    code(ax, 5.5, 1.95, "softmax", 11.5)
    weights = [attend(row, may) for row, may in zip(SCORES, mask, strict=True)]
    draw_keys(ax, 6.15)
    texts = [[f"{weight:.2f}" if weight else "0" for weight in row] for row in weights]
    grid(ax, 6.15, 2.8, texts, COLOURS["weights"], WIDE, TALL, [[0.8 * weight for weight in row] for row in weights])
    code(ax, 1.5 + 2 * WIDE, 3.75, "causal_mask(4)", 12, fontweight="bold")
    code(ax, 6.15 + 2 * WIDE, 3.75, "weights", 12, fontweight="bold")
    return ax


def draw_keys(ax: Axes, left: float) -> None:
    for key, token in enumerate(TOKENS):
        box(ax, left + WIDE * (key + 0.5), 3.15, "", COLOURS["decoder"], WIDE - 0.04)
        write(ax, left + WIDE * (key + 0.5), 3.15, token, 11.5)


def shades(mask: list[list[bool]]) -> list[list[float]]:
    return [[0.35 if may else 0.0 for may in row] for row in mask]


def attend(scores: tuple[int, ...], may: list[bool]) -> list[float]:
    shares = [exp(score) * allowed for score, allowed in zip(scores, may, strict=True)]
    return [share / sum(shares) for share in shares]
