"""Chapter 00, the warm-up: scores to shares, and a mix by shares."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from grader.exercises import Exercise, Mistake
from grader.exercises.drawing import Random
from grader.student.calls import Call
from grader.student.compare import Output
from grader.student.messages import N_

# softmax --------------------------------------------------------------------------------------------------------------

OVER_BATCH = N_(
    "the softmax ran over the batch (dim 0): the columns sum to 1, the rows do not. Each row is one "
    "sentence, and shares out among its own positions."
)
WHOLE = N_(
    "all numbers of the batch together sum to 1. Each row is to sum to 1 by itself: which axis should the sum run along?"
)
OVERFLOW = N_(
    "right for small scores, NaN for scores of 1000 or -1000: exp(1000) is inf, and exp(-1000) is 0. Only the "
    "differences within a row count, so something may be subtracted first."
)
NOT_THE_MAX = N_(
    "what is subtracted is not the row's largest score, so a score can still stand 1000 or more above it, and exp gives "
    "inf. Which number makes sure that nothing is above 0?"
)
NOT_DIVIDED = N_(
    "the powers are there, but the rows do not sum to 1: divide each row by its sum (not by its largest number)."
)
NO_KEEPDIM = N_(
    "a sum or max over dim 1 is (B,), and broadcasting lines it up with the S positions, not with the rows (it even "
    "runs, when B happens to equal S). Keep the axis, with size 1: (B, 1)."
)
CALLS_ITSELF = N_(
    "the function calls itself: inside it, softmax is the name of your own function. torch's is called torch.softmax."
)


def _draw_scores(random: Random, sizes: dict[str, int], topic: str) -> Call:
    B, S = sizes["B"], sizes["S"]
    scores = random.normal(B, S, scale=1.5)
    if topic == "large":  # rows around 1000 and around -1000 by turns
        scores[0::2] += 1000
        scores[1::2] -= 1000
    if topic == "wide":  # 1000 and -1000 in the same row
        scores[:, 0], scores[:, -1] = 1000, -1000
        scores = scores[:, torch.randperm(S, generator=random.generator)]
    return Call([scores], ["scores"], sizes)


def _softmax_reference(scores: Tensor) -> Tensor:
    rows = []
    for row in scores:
        powers = [torch.exp(score - max(row)) for score in row]
        rows.append(torch.stack([power / sum(powers) for power in powers]))
    return torch.stack(rows)


def _powers(scores: Tensor) -> Tensor:
    return torch.exp(scores - scores.amax(dim=1, keepdim=True))


def _shared(powers: Tensor) -> Tensor:
    return powers / powers.sum(dim=1, keepdim=True)


def _in_place(scores: Tensor) -> Tensor:
    scores -= scores.amax(dim=1, keepdim=True)
    return _shared(torch.exp(scores))


def _calls_itself(scores: Tensor) -> Tensor:
    return _calls_itself(scores)


def _calls_itself_with_dim(scores: Tensor) -> Tensor:
    return _calls_itself_with_dim(scores, dim=1)


_calls_itself_with_dim.__qualname__ = "softmax"  # so that the exception says what it says in a student's notebook


def _softmax_by_loops(scores: Tensor) -> Tensor:
    weights = torch.zeros_like(scores)
    for b in range(scores.shape[0]):
        largest = max(scores[b].tolist())
        total = sum((score - largest).exp() for score in scores[b])
        for s in range(scores.shape[1]):
            weights[b, s] = (scores[b, s] - largest).exp() / total
    return weights


softmax = Exercise(
    name="softmax",
    outputs=[Output("weights", "B S")],
    sizes={"B": (2, 4), "S": (3, 6)},
    ones="BS",
    topics=("large", "wide"),
    gradients="",
    draw=_draw_scores,
    reference=_softmax_reference,
    mistakes=[
        Mistake("over_batch", lambda scores: torch.softmax(scores, dim=0), OVER_BATCH),
        Mistake("over_batch_by_hand", lambda scores: scores.exp() / scores.exp().sum(dim=0), OVER_BATCH),
        Mistake("over_batch_with_max", lambda scores: _powers(scores) / _powers(scores).sum(dim=0), OVER_BATCH),
        Mistake("whole", lambda scores: torch.softmax(scores.flatten(), dim=0).view_as(scores), WHOLE),
        Mistake("whole_by_hand", lambda scores: scores.exp() / scores.exp().sum(), WHOLE),
        Mistake("whole_with_max", lambda scores: _powers(scores) / _powers(scores).sum(), WHOLE),
        Mistake("overflow", lambda scores: _shared(scores.exp()), OVERFLOW),
        Mistake("overflow_eps", lambda scores: scores.exp() / (scores.exp().sum(1, keepdim=True) + 1e-9), OVERFLOW),
        Mistake(
            "nan_painted_over",
            lambda scores: torch.nan_to_num(_shared(scores.exp())),
            N_(
                "NaN was turned into a number, but not into the right one: with scores of 1000 or -1000 rows no longer "
                "sum to 1. Keep exp from overflowing instead."
            ),
        ),
        Mistake(
            "clamped",
            lambda scores: torch.softmax(scores.clamp(-50, 50), dim=1),
            N_(
                "scores were cut off to keep exp small, and all that were cut are now alike. Only the differences within a "
                "row count: subtracting loses nothing."
            ),
        ),
        Mistake(
            "global_max",
            lambda scores: _shared(torch.exp(scores - scores.max())),
            N_(
                "the largest score of the whole batch is subtracted: a row that lies far below it is all exp(-2000) = 0, "
                "and 0 / 0 is NaN. Each row has its own largest score."
            ),
        ),
        Mistake("minus_mean", lambda scores: _shared(torch.exp(scores - scores.mean(1, keepdim=True))), NOT_THE_MAX),
        Mistake("minus_min", lambda scores: _shared(torch.exp(scores - scores.amin(1, keepdim=True))), NOT_THE_MAX),
        Mistake(
            "column_max",
            lambda scores: _shared(torch.exp(scores - scores.amax(dim=0))),
            N_(
                "each column lost its own largest score (a max over dim 0). Within a row the same number must be "
                "subtracted everywhere, or the differences change."
            ),
        ),
        Mistake("no_keepdim_sum", lambda scores: _powers(scores) / _powers(scores).sum(dim=1), NO_KEEPDIM),
        Mistake("no_keepdim_sum_only", lambda scores: scores.exp() / scores.exp().sum(dim=1), NO_KEEPDIM),
        Mistake("no_keepdim_max", lambda scores: _shared(torch.exp(scores - scores.amax(dim=1))), NO_KEEPDIM),
        Mistake(
            "no_keepdim_twice",
            lambda scores: (lambda powers: powers / powers.sum(dim=1))(torch.exp(scores - scores.amax(dim=1))),
            NO_KEEPDIM,
        ),
        Mistake(
            "no_exp",
            lambda scores: scores / scores.sum(dim=1, keepdim=True),
            N_(
                "the scores were divided by their sum as they are. Scores may be negative, and a share may not: "
                "what turns every number into one above 0, and keeps their order?"
            ),
        ),
        Mistake("not_divided", lambda scores: scores.exp(), NOT_DIVIDED),
        Mistake("divided_by_max", lambda scores: scores.exp() / scores.exp().amax(1, keepdim=True), NOT_DIVIDED),
        Mistake("not_divided_with_max", _powers, NOT_DIVIDED),
        Mistake(
            "log_softmax",
            lambda scores: torch.log_softmax(scores, dim=1),
            N_("these are logarithms of the shares (none is above 0). Shares lie between 0 and 1."),
        ),
        Mistake(
            "sigmoid",
            torch.sigmoid,
            N_(
                "each number went through a sigmoid on its own, so the rows do not sum to 1. To share means: more here "
                "is less there."
            ),
        ),
        Mistake(
            "upside_down",
            lambda scores: torch.softmax(-scores, dim=1),
            N_(
                "the smallest score got the largest share: the sign is turned round. Subtract the largest from the "
                "scores, not the scores from the largest."
            ),
        ),
        Mistake(
            "twice",
            lambda scores: torch.softmax(torch.softmax(scores, dim=1), dim=1),
            N_("a softmax of a softmax: the shares are right, and then they are taken for scores and flattened out."),
        ),
        Mistake(
            "winner_takes_all",
            lambda scores: F.one_hot(scores.argmax(dim=1), scores.shape[1]).to(scores),
            N_(
                "the largest score gets everything. That is argmax; a *soft* max leaves something for the others, by "
                "how near they come."
            ),
        ),
        Mistake(
            "unit_length",
            lambda scores: F.normalize(scores, dim=1),
            N_("each row was brought to length 1 (its squares sum to 1). Here the numbers themselves sum to 1."),
        ),
        Mistake(
            "in_place",
            _in_place,
            N_(
                "the shares are right, but scores was changed: -= and names that end in _ write into the caller's "
                "tensor. Make a new one."
            ),
        ),
        Mistake(
            "squeezed",
            lambda scores: torch.softmax(scores, dim=1).squeeze(),
            N_("right, until a size is 1: .squeeze() without a number takes that axis away. Here none has to go."),
        ),
        Mistake("calls_itself", _calls_itself, CALLS_ITSELF),
        Mistake("calls_itself_with_dim", _calls_itself_with_dim, CALLS_ITSELF),
    ],
    right=[
        lambda scores: _shared(_powers(scores)),
        lambda scores: torch.softmax(scores, dim=1),
        lambda s: F.softmax(s, dim=-1),
        lambda s: s.log_softmax(-1).exp(),
        lambda s: torch.exp(s - torch.logsumexp(s, dim=1, keepdim=True)),
        lambda s: torch.stack([torch.softmax(row, dim=0) for row in s]),
        lambda s: torch.softmax(s.T, dim=0).T,
        lambda s: (lambda e: e / e.sum(1)[:, None])(torch.exp(s - s.max(1).values[:, None])),
        lambda s: 1 / torch.exp(s.unsqueeze(1) - s.unsqueeze(2)).sum(2),
        _softmax_by_loops,
    ],
)

# weighted_sum ---------------------------------------------------------------------------------------------------------

EXTRA_AXIS = N_(
    "the numbers are right, but an axis of size 1 is left over. A matrix product gave it; take away that axis: (H,)."
)


def _draw_mix(random: Random, sizes: dict[str, int], topic: str) -> Call:
    S, H = sizes["S"], sizes["H"]
    weights, values = random.weights(S), random.normal(S, H)
    if topic == "one takes all":
        weights = F.one_hot(torch.tensor(random.integer(0, S - 1)), S).float()
    if topic == "not shares":
        weights = random.uniform(0.5, 2.0, S)
    return Call([weights, values], ["weights", "values"], sizes)


def _mix_reference(weights: Tensor, values: Tensor) -> Tensor:
    return torch.stack([sum(weights[s] * values[s, h] for s in range(len(weights))) for h in range(values.shape[1])])


def _scaled(weights: Tensor, values: Tensor) -> Tensor:
    return weights.unsqueeze(1) * values


def _values_in_place(weights: Tensor, values: Tensor) -> Tensor:
    values *= weights.unsqueeze(1)
    return values.sum(dim=0)


def _mix_by_loop(weights: Tensor, values: Tensor) -> Tensor:
    mix = torch.zeros(values.shape[1], dtype=values.dtype)
    for weight, value in zip(weights, values, strict=True):
        mix = mix + weight * value
    return mix


weighted_sum = Exercise(
    name="weighted_sum",
    outputs=[Output("mix", "H")],
    sizes={"S": (3, 6), "H": (2, 7)},
    ones="SH",
    topics=("one takes all", "not shares"),
    gradients="",
    draw=_draw_mix,
    reference=_mix_reference,
    mistakes=[
        Mistake(
            "mean",
            lambda weights, values: values.mean(dim=0),
            N_("the weights are not used: this is the plain mean, in which every row has the same share."),
        ),
        Mistake(
            "unweighted",
            lambda weights, values: values.sum(dim=0),
            N_("the weights are not used: every row counts in full. Multiply each row by its weight before the sum."),
        ),
        Mistake(
            "strongest_only",
            lambda weights, values: values[weights.argmax()],
            N_("only the row with the largest weight is there. The others belong into the mix too, each by its share."),
        ),
        Mistake(
            "strongest_weighed",
            lambda weights, values: _scaled(weights, values)[weights.argmax()],
            N_("only the row with the largest weight is there. The others belong into the mix too, each by its share."),
        ),
        Mistake(
            "squared",
            lambda weights, values: weights**2 @ values,
            N_("every weight counts twice: the rows are multiplied by the weight squared."),
        ),
        Mistake(
            "softmaxed_again",
            lambda weights, values: torch.softmax(weights, dim=0) @ values,
            N_("the weights went through a softmax. They are weights already; use them as they come."),
        ),
        Mistake(
            "divided_by_size",
            lambda weights, values: _scaled(weights, values).mean(dim=0),
            N_("right but for a factor: .mean divides by S. The weights are the shares; nothing is left to divide."),
        ),
        Mistake(
            "divided_by_sum",
            lambda weights, values: (weights / weights.sum()) @ values,
            N_(
                "right as long as the weights sum to 1; otherwise the result is divided by their sum. "
                "Use the weights as they come."
            ),
        ),
        Mistake(
            "reversed",
            lambda weights, values: weights.flip(0) @ values,
            N_("the weights are in reverse order: weight s belongs to row s of values."),
        ),
        Mistake(
            "one_short",
            lambda weights, values: weights[:-1] @ values[:-1],
            N_("the last row is missing from the sum: it has S rows, 0 to S - 1."),
        ),
        Mistake(
            "transposed",
            lambda weights, values: values @ weights,
            N_(
                "the product stands the wrong way round: values @ weights sums over H, not over the S rows (it only "
                "runs when S equals H). Which axis is to disappear?"
            ),
        ),
        Mistake(
            "no_unsqueeze",
            lambda weights, values: (weights * values).sum(dim=0),
            N_(
                "broadcasting lines up axes from the right, so the S weights met the H columns (it even runs, when S "
                "happens to equal H). Make the weights a column, (S, 1)."
            ),
        ),
        Mistake(
            "reshaped",
            lambda weights, values: values.reshape(values.shape[1], -1) @ weights,
            N_(
                "the shape fits, but the numbers of values are shuffled: reshape and view deal the same numbers out "
                "again, row by row. Swapping two axes is called transpose, or .T."
            ),
        ),
        Mistake(
            "not_summed",
            _scaled,
            N_("every row is multiplied by its weight, (S, H), but the rows are not yet added up."),
        ),
        Mistake(
            "summed_along_rows",
            lambda weights, values: _scaled(weights, values).sum(dim=1),
            N_("the sum ran along H (dim 1) and left one number for each row. The S rows are to be added: dim 0."),
        ),
        Mistake(
            "summed_all",
            lambda weights, values: _scaled(weights, values).sum(),
            N_("everything was added up into one number. Only the axis of the S rows is to disappear; H stays."),
        ),
        Mistake(
            "added",
            lambda weights, values: (weights.unsqueeze(1) + values).sum(dim=0),
            N_("the weights were added to the rows. A weight says how much of a row to take: multiply."),
        ),
        Mistake("row", lambda weights, values: weights.unsqueeze(0) @ values, EXTRA_AXIS),
        Mistake("column", lambda weights, values: values.T @ weights.unsqueeze(1), EXTRA_AXIS),
        Mistake(
            "squeezed",
            lambda weights, values: (weights.unsqueeze(0) @ values).squeeze(),
            N_("right, until H is 1: .squeeze() without a number takes H away as well. Say which axis you mean."),
        ),
        Mistake(
            "in_place",
            _values_in_place,
            N_(
                "the mix is right, but values was changed: *= and assignments to values[...] write into the caller's "
                "tensor. Make a new one."
            ),
        ),
    ],
    right=[
        lambda weights, values: (weights.unsqueeze(1) * values).sum(dim=0),
        lambda weights, values: weights @ values,
        lambda w, v: v.T @ w,
        lambda w, v: torch.einsum("s,sh->h", w, v),
        lambda w, v: torch.bmm(w[None, None], v[None])[0, 0],
        lambda w, v: torch.tensordot(w, v, dims=1),
        lambda w, v: F.linear(w, v.T),
        lambda w, v: sum(w[s] * v[s] for s in range(len(w))),
        _mix_by_loop,
    ],
)

EXERCISES: list[Exercise] = [softmax, weighted_sum]
