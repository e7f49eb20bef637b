"""Step one: z is matched with every h; softmax turns the scores into weights."""

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from image.pen import COLOURS, arrow, box, circle, code, line, operation, sheet, tint, vector, write

SCORES = (8, 8, 0, 0)
WEIGHTS = (0.5, 0.5, 0.0, 0.0)  # softmax(SCORES), to three decimals


def draw() -> Axes:
    ax = sheet(9.0, 6.0)
    line(ax, [(0.85, 2.55), (6.4, 2.55)], COLOURS["decoder"])
    vector(ax, 0.7, 2.55, COLOURS["decoder"])
    write(ax, 0.7, 3.25, "$z_0$", 15)
    for number, (token, score, weight) in enumerate(zip("機器學習", SCORES, WEIGHTS, strict=True)):
        draw_column(ax, 2.2 + 1.4 * number, number + 1, token, score, weight)
    operation(ax, 4.3, 4.3, "softmax", COLOURS["weights"], 5.2)
    for y, name in ((1.45, "encoder_outputs"), (2.55, "match(z, h)"), (3.45, "scores"), (5.3, "attn_weights")):
        code(ax, 7.2, y, name, 11.5, ha="left")
    return ax


def draw_column(ax: Axes, x: float, number: int, token: str, score: int, weight: float) -> None:
    box(ax, x, 0.4, token, COLOURS["source"], 0.6)
    arrow(ax, (x, 0.66), (x, 0.98))
    vector(ax, x, 1.45, COLOURS["encoder"])
    write(ax, x + 0.38, 1.45, f"$h_{number}$", 15)
    arrow(ax, (x, 1.92), (x, 2.32))
    arrow(ax, (x - 0.75, 2.55), (x - 0.47, 2.55), COLOURS["decoder"])
    operation(ax, x, 2.55, "match", COLOURS["score"], 0.9)
    arrow(ax, (x, 2.8), (x, 3.2))
    circle(ax, x, 3.45, str(score), COLOURS["score"])
    write(ax, x + 0.46, 3.45, rf"$\alpha_{number}$", 15)
    arrow(ax, (x, 3.72), (x, 4.07))
    arrow(ax, (x, 4.55), (x, 4.85))
    draw_weight(ax, x, number, weight)


def draw_weight(ax: Axes, x: float, number: int, weight: float) -> None:
    ax.add_patch(Rectangle((x - 0.35, 4.95), 0.7, 0.7, facecolor="white", edgecolor=tint(COLOURS["weights"], 0.5)))
    ax.add_patch(Rectangle((x - 0.35, 4.95), 0.7, 0.7 * weight, facecolor=tint(COLOURS["weights"], 0.55)))
    write(ax, x, 5.47 if weight else 5.3, f"{weight:g}")
    write(ax, x + 0.56, 5.3, rf"$\hat\alpha_{number}$", 15)
