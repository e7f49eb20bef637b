"""A trained heat map: what the solved chapter 03 learns on `dates`, on held-out dates. Trains for about half a minute."""

from pathlib import Path

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.notebook import definitions
from classroom import alignment_accuracy, date_pairs, exact_match, fit, show_attention
from image.pen import DPI, settle

TRAINS = True
SOLUTION = Path(__file__).parent.parent / "solutions" / "en" / "03-attention-context" / "attention_context.ipynb"
HIDDEN = 64


def draw() -> Axes:
    """Train the chapter's own model and draw the map of one held-out interval, the truth outlined."""
    settle()
    lesson = definitions(SOLUTION)
    corpus = date_pairs("dates")
    torch.manual_seed(0)
    encoder = lesson["BiEncoder"](len(corpus.source_vocab), HIDDEN)
    model = lesson["Translator"](encoder, lesson["BahdanauDecoder"](HIDDEN, len(corpus.target_vocab)))
    fit(model, lesson["sequence_loss"], corpus, epochs=7, lr=8e-3)
    print(f"exact match {exact_match(lambda batch: lesson['translate'](model, batch), corpus):.1%}")
    maps = lesson["maps_of"](model, corpus, corpus.test)
    print(f"alignment {alignment_accuracy(maps):.1%}")
    weights, pair = max(maps, key=lambda found: len(found[1].source))
    figure = Figure(figsize=(9, 7), dpi=DPI, facecolor="white", layout="constrained")
    ax = figure.add_subplot()
    show_attention(weights, pair.source, pair.target, truth=pair.alignment, ax=ax)
    return ax
