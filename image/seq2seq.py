"""A plain seq2seq model: the whole sentence passes through one vector."""

from matplotlib.axes import Axes

from image.pen import COLOURS, INK, Say, area, arrow, box, deep, sheet, vector, write

NECK = ((3.75, 1.45), (4.15, 0.22), (5.05, 0.22), (5.45, 1.45))  # one jaw, seen from the middle line


def draw(say: Say) -> Axes:
    ax = sheet(9.6, 4.4)
    draw_encoder(ax)
    draw_neck(ax)
    draw_decoder(ax)
    write(ax, 1.95, 3.95, say("encoder", "編碼器"), 15, deep(COLOURS["encoder"]))
    write(ax, 4.6, 3.95, say("one vector", "一個向量"), 15, deep(COLOURS["encoder"]))
    write(ax, 7.57, 3.95, say("decoder", "解碼器"), 15, deep(COLOURS["decoder"]))
    return ax


def draw_encoder(ax: Axes) -> None:
    for number, token in enumerate("機器學習"):
        x = 0.6 + 0.9 * number
        box(ax, x, 0.5, token, COLOURS["source"], 0.6)
        arrow(ax, (x, 0.76), (x, 1.5))
        vector(ax, x, 1.98, COLOURS["encoder"])
        write(ax, x, 2.68, f"$h_{number + 1}$")
        if number:
            arrow(ax, (x - 0.76, 1.98), (x - 0.14, 1.98))


def draw_neck(ax: Axes) -> None:
    for side in (1, -1):
        area(ax, [(x, 1.98 + side * y) for x, y in NECK], INK, 0.16)
    arrow(ax, (3.45, 1.98), (4.12, 1.98))
    vector(ax, 4.6, 1.98, COLOURS["encoder"], across=True)
    arrow(ax, (5.08, 1.98), (6.16, 1.98))


def draw_decoder(ax: Axes) -> None:
    written = ["machine", "learning", "<eos>"]
    for number, (before, after) in enumerate(zip(["<sos>", *written], written, strict=False)):
        x = 6.3 + 1.27 * number
        box(ax, x, 0.5, before, COLOURS["output"], 1.12)
        arrow(ax, (x, 0.76), (x, 1.5))
        vector(ax, x, 1.98, COLOURS["decoder"])
        arrow(ax, (x, 2.46), (x, 3.05))
        box(ax, x, 3.3, after, COLOURS["output"], 1.12, fill=0.5)
        if number:
            arrow(ax, (x - 1.13, 1.98), (x - 0.14, 1.98))
