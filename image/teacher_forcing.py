"""Teacher forcing: in training the true token goes in next; when translating, the decoder's own token does."""

from matplotlib.axes import Axes

from image.pen import COLOURS, INK, Say, arrow, band, box, deep, line, sheet, vector, write

TRUTH = ("machine", "learning", "<eos>")
FORCED = ("deep", "learning", "<eos>")  # one slip, and the next step starts from the truth again
FREE = ("deep", "sea", "fish")  # one slip leads to the next


def draw(say: Say) -> Axes:
    ax = sheet(10.0, 5.0)
    draw_half(ax, 0.1, say("training: the true token goes in", "訓練：下一步餵入正確的 token"), FORCED, TRUTH)
    draw_half(ax, 5.05, say("translating: its own token goes in", "翻譯：下一步餵入自己寫的 token"), FREE, FREE)
    write(ax, 0.3, 4.06, say("true tokens", "正確答案"), 12, ha="left")
    return ax


def draw_half(ax: Axes, left: float, title: str, written: tuple[str, ...], fed: tuple[str, ...]) -> None:
    """Draw three steps of a decoder that writes one row of tokens and is fed another, one step later."""
    band(ax, left, 0.1, left + 4.85, 4.9, COLOURS["decoder"], 0.08)
    write(ax, left + 2.42, 4.55, title, 14, deep(COLOURS["decoder"]))
    for number, (after, before) in enumerate(zip(written, ("<sos>", *fed), strict=False)):
        x = left + 0.75 + 1.68 * number
        box(ax, x, 0.5, before, COLOURS["output"], 1.1)
        arrow(ax, (x, 0.76), (x, 1.35))
        vector(ax, x, 1.83, COLOURS["decoder"])
        arrow(ax, (x, 2.31), (x, 2.75))
        box(ax, x, 3.0, after, COLOURS["output"], 1.1, fill=0.5)
        if after != TRUTH[number]:
            ax.plot([x - 0.42, x + 0.42], [2.86, 3.14], color=INK, linewidth=1.5, zorder=4)
        if number:
            arrow(ax, (x - 1.54, 1.83), (x - 0.14, 1.83))
        if number < 2:
            elbow(ax, x, 3.62 if fed is TRUTH else 3.0)
        if fed is TRUTH:
            box(ax, x, 3.62, TRUTH[number], INK, 1.1, fill=0)


def elbow(ax: Axes, x: float, high: float) -> None:
    """Lead a token from its box down to the next step's input."""
    line(ax, [(x + 0.55, high), (x + 0.84, high), (x + 0.84, 0.5)], COLOURS["decoder"], 2.2)
    arrow(ax, (x + 0.84, 0.5), (x + 1.13, 0.5), COLOURS["decoder"], width=2.2)
