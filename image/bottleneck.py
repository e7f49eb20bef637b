"""The bottleneck: a longer sentence must fit into a vector that does not grow."""

import re

from matplotlib.axes import Axes

from image.pen import COLOURS, Say, area, arrow, band, deep, sheet, vector, write

SENTENCES = ("30 March 2010", "Tuesday, 30 March 2010", "Tuesday, 30 March – Friday, 2 April 2010")
TOKEN = r"[A-Za-z]+|\d|\S"  # words, single digits, punctuation, as in the lessons' data


def draw(say: Say) -> Axes:
    ax = sheet(9.6, 4.2)
    for number, sentence in enumerate(SENTENCES):
        tokens = re.findall(TOKEN, sentence)
        y = 3.25 - 1.2 * number
        write(ax, 0.3, y + 0.42, sentence, 13, ha="left")
        for place in range(len(tokens)):
            x = 0.3 + 0.31 * place
            band(ax, x, y - 0.15, x + 0.26, y + 0.15, COLOURS["source"], 0.7)
        arrow(ax, (0.36 + 0.31 * len(tokens), y), (5.33, y))
        high = 0.1 + 0.022 * len(tokens)
        area(ax, [(5.4, y + high), (5.4, y - high), (6.15, y - 0.11), (6.15, y + 0.11)], COLOURS["encoder"], 0.2)
        vector(ax, 7.03, y, COLOURS["encoder"], 8, across=True)
        arrow(ax, (7.98, y), (8.35, y))
        vector(ax, 8.6, y, COLOURS["decoder"], 3, 0.2)
    write(ax, 7.03, 3.9, say("always 64 numbers", "永遠是 64 個數字"), 14, deep(COLOURS["encoder"]))
    return ax
