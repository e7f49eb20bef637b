"""What the lessons lean on: sentence pairs, training, plots.

Importing it lets matplotlib write Chinese (see `classroom.fonts`).
"""

from classroom.colours import COLOURS
from classroom.corpus import Batch, Corpus, Pair
from classroom.data import date_pairs, tokenize
from classroom.plots import plot_accuracy_by_length, plot_losses, show_attention, show_softmax
from classroom.scores import accuracy_by_length, alignment_accuracy, exact_match
from classroom.training import History, fit
from classroom.vocabulary import EOS, PAD, SOS, Vocabulary

__all__ = [
    "COLOURS",
    "EOS",
    "PAD",
    "SOS",
    "Batch",
    "Corpus",
    "History",
    "Pair",
    "Vocabulary",
    "accuracy_by_length",
    "alignment_accuracy",
    "date_pairs",
    "exact_match",
    "fit",
    "plot_accuracy_by_length",
    "plot_losses",
    "show_attention",
    "show_softmax",
    "tokenize",
]
