"""Image captioning: a picture is a row of regions, and the decoder looks at them as it looked at words."""

from matplotlib.axes import Axes
from matplotlib.patches import Ellipse, Rectangle

from image.pen import COLOURS, INK, Say, arrow, box, code, grid, line, sheet, tint, vector

SIDE = 0.72  # inches, of one region of the four times four
LEFT, TOP = 0.3, 3.75
WEIGHTS = {5: 0.3, 6: 0.3, 9: 0.2, 10: 0.2}  # the regions under the circle, counted row by row
TALL = 0.18


def draw(say: Say) -> Axes:
    ax = sheet(9.6, 4.4)
    draw_picture(ax)
    arrow(ax, (3.28, 2.3), (3.95, 2.3), width=2)
    draw_regions(ax)
    draw_decoder(ax, say("circle", "圓形"))
    return ax


def draw_picture(ax: Axes) -> None:
    ax.add_patch(Ellipse((LEFT + 2 * SIDE, TOP - 2 * SIDE), 1.25, 1.25, facecolor=COLOURS["source"], zorder=3))
    ax.add_patch(Rectangle((LEFT + 3.12 * SIDE, TOP - 3.85 * SIDE), 0.5, 0.5, facecolor=COLOURS["output"], zorder=3))
    for region in range(16):
        x, y = LEFT + SIDE * (region % 4), TOP - SIDE * (region // 4 + 1)
        ax.add_patch(Rectangle((x, y), SIDE, SIDE, facecolor="none", edgecolor=tint(INK, 0.45), linewidth=1, zorder=4))
    low = TOP - 3 * SIDE
    frame = Rectangle((LEFT + SIDE, low), 2 * SIDE, 2 * SIDE)
    frame.set(facecolor="none", edgecolor=COLOURS["weights"], linewidth=3.5, zorder=5)
    ax.add_patch(frame)
    code(ax, LEFT + 2 * SIDE, 4.05, "feature_map (B,C,h,w)", 11)


def draw_regions(ax: Axes) -> None:
    code(ax, 4.55, 4.05, "regions (B,R,C)", 11)
    code(ax, 6.35, 4.05, "attn_weights", 11)
    grid(ax, 4.1, TOP, [[""] * 5] * 16, COLOURS["encoder"], TALL, TALL, [SHADED[row % 3] for row in range(16)])
    weights = [[WEIGHTS.get(region, 0.0)] for region in range(16)]
    texts = [[f"{weight:g}" if weight else ""] for (weight,) in weights]
    grid(ax, 6.1, TOP, texts, COLOURS["weights"], 0.5, TALL, [[2 * weight] for (weight,) in weights], 9.5)
    for region in WEIGHTS:
        y = TOP - TALL * (region + 0.5)
        line(ax, [(5.02, y), (6.08, y)], COLOURS["encoder"], 1.2)
        arrow(ax, (6.62, y), (7.28, 2.3 + 0.25 * (y - 2.3)), COLOURS["encoder"], width=1.8)


SHADED = ((0.4, 0.7, 0.5, 0.8, 0.3), (0.6, 0.3, 0.8, 0.5, 0.7), (0.5, 0.8, 0.3, 0.6, 0.4))


def draw_decoder(ax: Axes, word: str) -> None:
    vector(ax, 7.45, 2.3, COLOURS["context"], 5, TALL)
    code(ax, 7.45, 1.6, "context", 11)
    arrow(ax, (7.6, 2.3), (8.5, 2.3), COLOURS["context"], width=2.5)
    vector(ax, 8.65, 2.3, COLOURS["decoder"])
    arrow(ax, (8.65, 2.77), (8.65, 3.2))
    box(ax, 8.65, 3.46, word, COLOURS["output"], 1.1, fill=0.5)
    vector(ax, 8.65, 0.7, COLOURS["decoder"])
    arrow(ax, (8.65, 1.17), (8.65, 1.82))
    code(ax, 8.9, 0.7, "hidden", 11, rotation=90)
    line(ax, [(8.5, 0.5), (6.35, 0.5)], COLOURS["score"], 1.8, "--")
    arrow(ax, (6.35, 0.5), (6.35, 0.82), COLOURS["score"], width=1.8)
    code(ax, 7.5, 0.3, "additive_scores", 11)
