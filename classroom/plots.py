"""The plots of the lessons. They speak the edition's language, and have the colours of `classroom.colours`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from torch import Tensor

from classroom.colours import COLOURS
from classroom.fonts import use_fonts
from classroom.language import translate as _
from classroom.training import History

NUMBERS_UP_TO = 48  # a map with no more cells than this shows its numbers
LINES = [COLOURS[name] for name in ("score", "weights", "encoder", "context", "decoder", "source")]
MARKERS = "osD^vP"

use_fonts()


def show_attention(
    weights: Tensor,
    source: Sequence[str],
    target: Sequence[str],
    truth: Sequence[int] | None = None,
    title: str = "",
    ax: Axes | None = None,
) -> None:
    """Draw weights (L, S) as a heat map: a row for each target token, a column for each source token.

    Rows and columns one past the tokens are labelled "end", further columns "pad"; further rows are left out. `truth`
    (a Pair's alignment) outlines, in each row, the source token that the target token came from. `ax` draws it into
    axes of yours, without a colour bar.
    """
    weights = torch.as_tensor(weights).detach().float()
    if weights.dim() != 2 or weights.size(0) < len(target) or weights.size(1) < len(source):
        raise ValueError(
            f"weights of shape {tuple(weights.shape)} do not fit {len(target)} target and {len(source)} source tokens; "
            "give one map (L, S)"
        )
    weights = weights[: len(target) + 1]  # (L, S)
    rows, columns = weights.shape
    alone = ax is None
    if alone:
        _figure, ax = plt.subplots(figsize=(1.8 + 0.36 * columns, 1.3 + 0.32 * rows), layout="constrained")
    image = ax.imshow(
        weights.numpy(),
        cmap="viridis",
        aspect="auto",
        vmin=min(0.0, weights.min().item()),
        vmax=max(1.0, weights.max().item()),
    )
    ax.set_xticks(range(columns), _labels(source, columns))
    ax.set_yticks(range(rows), _labels(target, rows))
    ax.xaxis.tick_top()
    _turn(ax, longer_than=1)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    if title:
        ax.set_title(title)
    if weights.numel() <= NUMBERS_UP_TO:
        _write_numbers(ax, weights, image)
    for row, column in enumerate(truth or []):
        if column >= 0:
            ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, color=COLOURS["weights"], linewidth=2))
    if alone:
        ax.figure.colorbar(image, ax=ax, label=_("attention weight"), shrink=0.8)


def show_softmax(
    scores: Sequence[float] | Tensor,
    labels: Sequence[str] | None = None,
    temperatures: Sequence[float] = (1.0,),
    weights: Sequence[float] | Tensor | None = None,
) -> None:
    """Draw scores (S,) as bars, and beside them the weights that softmax(scores / temperature) makes of them.

    Several `temperatures` give a panel each. `weights` (S,) are drawn as they are, in place of softmax's. `labels`
    name the positions.
    """
    scores = torch.as_tensor(scores, dtype=torch.float)
    if weights is None:
        shares = [(scores / temperature).softmax(dim=0) for temperature in temperatures]
    else:
        shares = [torch.as_tensor(weights, dtype=torch.float)]
    labels = [str(number) for number in range(len(scores))] if labels is None else list(labels)
    width = 1.6 + 0.45 * len(scores)
    _figure, axes = plt.subplots(1, 1 + len(shares), figsize=(width * (1 + len(shares)), 2.8), layout="constrained")
    _bars(axes[0], labels, scores, "{:.4g}", COLOURS["score"], _("scores"))
    axes[0].axhline(0, color="black", linewidth=0.8)
    for ax, share, temperature in zip(axes[1:], shares, temperatures, strict=False):
        name = _("weights") if len(shares) == 1 and temperature == 1 else f"{_('weights')} (T = {temperature:g})"
        _bars(ax, labels, share, "{:.2f}", COLOURS["weights"], name)
        ax.set_ylim(0, 1.12)


def plot_losses(history: History | Mapping[str, History]) -> None:
    """Draw the loss of every step, faint, and its mean over the last twenty. A dict of histories draws one line each."""
    histories = {"": history} if isinstance(history, History) else history
    ax = _line_plot(_("step"), _("loss"))
    for (label, one), colour in zip(histories.items(), LINES, strict=False):
        losses = torch.tensor(one.losses)  # (N,)
        sums = losses.cumsum(0)  # (N,)
        window = torch.arange(1, len(losses) + 1).clamp(max=20)  # (N,)
        before = torch.cat([torch.zeros(20), sums])[: len(losses)]  # (N,)
        ax.plot(one.losses, color=colour, alpha=0.25, linewidth=0.8)
        ax.plot(((sums - before) / window).tolist(), color=colour, label=label or None)
    ax.set_ylim(bottom=0)
    _legend(ax, histories)


def plot_accuracy_by_length(accuracies: Mapping[str, Mapping[int, float]]) -> None:
    """Draw accuracies as accuracy_by_length gives them, a line for each label."""
    ax = _line_plot(_("tokens in the source sentence"), _("translated without a mistake"))
    for (label, accuracy), colour, marker in zip(accuracies.items(), LINES, MARKERS, strict=False):
        ax.plot(list(accuracy), [100 * share for share in accuracy.values()], color=colour, marker=marker, label=label)
    ax.set_ylim(-3, 103)
    ax.yaxis.set_major_formatter("{x:.0f} %")
    ax.xaxis.get_major_locator().set_params(integer=True)
    _legend(ax, accuracies)


def _labels(tokens: Sequence[str], size: int) -> list[str]:
    beyond = [_("end")] + [_("pad")] * size
    return [*tokens, *beyond][:size]


def _write_numbers(ax: Axes, weights: Tensor, image: AxesImage) -> None:
    for row, values in enumerate(weights.tolist()):
        for column, value in enumerate(values):
            dark = image.norm(value) < 0.6
            ax.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=8, color="w" if dark else "k")


def _turn(ax: Axes, longer_than: int) -> None:
    for label in ax.get_xticklabels():
        if len(label.get_text()) > longer_than:
            label.set_rotation(90)


def _bars(ax: Axes, labels: list[str], values: Tensor, number: str, colour: str, title: str) -> None:
    heights = values.nan_to_num(0.0)  # (S,) a nan has no height; its number says that it is one
    bars = ax.bar(range(len(labels)), heights.tolist(), color=colour)
    ax.bar_label(bars, [number.format(value) for value in values.tolist()], fontsize=8, padding=2)
    ax.set_xticks(range(len(labels)), labels)
    _turn(ax, longer_than=4)
    ax.set_title(title)
    ax.spines[["top", "right"]].set_visible(False)
    ax.margins(y=0.15)


def _line_plot(x: str, y: str) -> Axes:
    _figure, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.25)
    return ax


def _legend(ax: Axes, lines: Mapping[str, object]) -> None:
    if any(lines):
        ax.legend(frameon=False)
