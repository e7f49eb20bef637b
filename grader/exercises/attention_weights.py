"""Chapter 02, step one: from match scores to attention weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.exercises import Exercise, Mistake
from grader.exercises.drawing import Random
from grader.student.calls import Call, Layer
from grader.student.compare import Output
from grader.student.messages import N_

# Said by more than one exercise ---------------------------------------------------------------------------------------

SOFTMAXED = N_(
    "the softmax is already in there: every row sums to 1. This function gives the raw scores; "
    "turning scores into shares is the job of masked_softmax."
)
EXTRA_AXIS = N_(
    "the numbers are right, but an axis of size 1 is left over at the end: (B, S, 1). Take away "
    "that axis, and only that."
)
SQUEEZED = N_(
    "right, until a size is 1: then .squeeze() without a number takes away the batch or the source axis too. "
    "Say which axis you mean."
)
FIRST_QUERY = N_(
    "every sentence is scored with the first sentence's query. Each sentence in the batch has its own: row b of the "
    "query belongs to row b of the keys."
)
NO_UNSQUEEZE = N_(
    "the query (B, ...) meets the keys (B, S, ...) one axis short, so broadcasting lines its batch up with the source "
    "positions (it even runs, when B happens to equal S). Give the query an axis of size 1 where the keys have S."
)
RESHAPED = N_(
    "the keys have the right shape for the product, but their numbers are shuffled: reshape "
    "and view only deal the same "
    "numbers out again, row by row. Swapping two axes is called transpose."
)

# attention_weights ----------------------------------------------------------------------------------------------------


def _draw_classic(random: Random, sizes: dict[str, int], topic: str) -> Call:
    H, S = sizes["H"], sizes["S"]
    args = [random.normal(1, 1, H), random.normal(1, 1, H), random.layer(2 * H, S)]
    return Call(args, ["embedded", "hidden", "attn"], sizes)


def _classic_reference(embedded: Tensor, hidden: Tensor, attn: Layer) -> Tensor:
    H = embedded.shape[2]
    scores = []
    for row, bias in zip(attn.weight, attn.bias, strict=True):
        scores.append((row[:H] * embedded[0, 0]).sum() + (row[H:] * hidden[0, 0]).sum() + bias)
    shares = [1 / sum(torch.exp(other - score) for other in scores) for score in scores]
    return torch.stack(shares).unsqueeze(0)


def _classic_scores(embedded: Tensor, hidden: Tensor, attn: nn.Linear) -> Tensor:
    return attn(torch.cat([embedded[0], hidden[0]], dim=1))


def _classic_by_halves(embedded: Tensor, hidden: Tensor, attn: nn.Linear) -> Tensor:
    left, right = attn.weight.chunk(2, dim=1)
    scores = embedded[0] @ left.T + hidden[0] @ right.T + attn.bias
    powers = scores.exp()
    return powers / powers.sum(dim=1, keepdim=True)


attention_weights = Exercise(
    name="attention_weights",
    outputs=[Output("attn_weights", "1 S")],
    sizes={"S": (3, 6), "H": (2, 7)},
    ones="S",
    draw=_draw_classic,
    reference=_classic_reference,
    mistakes=[
        Mistake(
            "swapped",
            lambda e, h, attn: torch.softmax(_classic_scores(h, e, attn), dim=1),
            N_(
                "the two halves are in the other order: hidden stands before embedded. attn has "
                "learnt which half is which."
            ),
        ),
        Mistake(
            "no_softmax",
            _classic_scores,
            N_("these are the raw scores (some below 0, the sum is not 1). One step is missing to make them shares."),
        ),
        Mistake(
            "softmax_over_batch",
            lambda e, h, attn: torch.softmax(_classic_scores(e, h, attn), dim=0),
            N_(
                "every weight is 1: the softmax ran over an axis of size 1, so each "
                "number shared with nobody. "
                "Let the source positions share among themselves."
            ),
        ),
        Mistake(
            "softmax_over_ones",
            lambda e, h, attn: torch.softmax(attn(torch.cat([e, h], dim=2)), dim=1),
            N_(
                "every weight is 1, and there are three axes: in (1, 1, S), dim 1 is not the source axis. "
                "Drop an axis first, or count again which one holds the source positions."
            ),
        ),
        Mistake(
            "extra_axis",
            lambda e, h, attn: torch.softmax(attn(torch.cat([e, h], dim=2)), dim=2),
            N_("the weights are right, but one axis of size 1 too many is left: (1, 1, S) instead of (1, S)."),
        ),
        Mistake(
            "flat",
            lambda e, h, attn: torch.softmax(attn(torch.cat([e[0, 0], h[0, 0]])), dim=0),
            N_("the weights are right, but the row axis is gone: (S,) instead of (1, S). torch.bmm will want it back."),
        ),
        Mistake(
            "log_softmax",
            lambda e, h, attn: torch.log_softmax(_classic_scores(e, h, attn), dim=1),
            N_("these are logarithms of the weights (all below 0): log_softmax is for the words at the end, not here."),
        ),
        Mistake(
            "sigmoid",
            lambda e, h, attn: torch.sigmoid(_classic_scores(e, h, attn)),
            N_(
                "each number went through a sigmoid on its own, so the row does not sum to 1. "
                "Attention is shared: more here must mean less there."
            ),
        ),
        Mistake(
            "plain_division",
            lambda e, h, attn: (scores := _classic_scores(e, h, attn)) / scores.sum(dim=1, keepdim=True),
            N_(
                "the scores are divided by their sum. The row sums to 1, but negative scores give negative shares, "
                "and a sum near 0 blows up. What makes every number positive first?"
            ),
        ),
        Mistake(
            "embedded_twice",
            lambda e, h, attn: torch.softmax(_classic_scores(e, e, attn), dim=1),
            N_("embedded stands in both halves; hidden is never looked at."),
        ),
        Mistake(
            "hidden_twice",
            lambda e, h, attn: torch.softmax(_classic_scores(h, h, attn), dim=1),
            N_("hidden stands in both halves; embedded is never looked at."),
        ),
        Mistake(
            "bias_dropped",
            lambda e, h, attn: torch.softmax(_classic_scores(e, h, attn) - attn.bias, dim=1),
            N_("attn's bias is missing. Call the layer, attn(...), and it multiplies and adds the bias for you."),
        ),
        Mistake(
            "tanh",
            lambda e, h, attn: torch.softmax(torch.tanh(_classic_scores(e, h, attn)), dim=1),
            N_(
                "a tanh stands between the layer and the softmax. It belongs to additive_scores; "
                "the classic way goes straight from the layer to the softmax."
            ),
        ),
        Mistake(
            "relu",
            lambda e, h, attn: torch.softmax(torch.relu(_classic_scores(e, h, attn)), dim=1),
            N_(
                "a relu stands between the layer and the softmax: all scores below 0 become equal. "
                "The relu comes later, in combine."
            ),
        ),
        Mistake(
            "softmax_twice",
            lambda e, h, attn: torch.softmax(torch.softmax(_classic_scores(e, h, attn), dim=1), dim=1),
            N_("the softmax ran twice; the second one smears the weights until they are nearly equal."),
        ),
        Mistake(
            "scaled",
            lambda e, h, attn: torch.softmax(_classic_scores(e, h, attn) / e.shape[2] ** 0.5, dim=1),
            N_(
                "the scores are divided by √H before the softmax. That scaling belongs to "
                "chapter 05; leave it out here."
            ),
        ),
    ],
    right=[
        lambda embedded, hidden, attn: F.softmax(attn(torch.cat((embedded[0], hidden[0]), 1)), dim=1),
        lambda embedded, hidden, attn: attn(torch.cat([embedded, hidden], dim=2)).softmax(dim=-1).squeeze(1),
        lambda embedded, hidden, attn: nn.Softmax(dim=1)(attn(torch.hstack([embedded[:, 0], hidden[:, 0]]))),
        lambda e, h, layer: F.linear(torch.cat([e, h], -1), layer.weight, layer.bias).log_softmax(-1).exp()[0],
        lambda e, h, layer: torch.softmax(layer(torch.cat([e.flatten(), h.flatten()])), dim=0).reshape(1, -1),
        _classic_by_halves,
    ],
)

# dot_scores -----------------------------------------------------------------------------------------------------------


def _draw_query_keys(random: Random, sizes: dict[str, int], topic: str) -> Call:
    B, S, H = sizes["B"], sizes["S"], sizes["H"]
    query, keys = random.normal(B, H), random.normal(B, S, H)
    if topic == "zero key":
        keys[random.integer(0, B - 1), random.integer(0, S - 1)] = 0
    if topic == "zero query":
        query[random.integer(0, B - 1)] = 0
    return Call([query, keys], ["query", "keys"], sizes)


def _dot(query: Tensor, keys: Tensor) -> Tensor:
    return (keys * query.unsqueeze(1)).sum(2)


def _dot_by_loops(query: Tensor, keys: Tensor) -> Tensor:
    return torch.stack([torch.stack([torch.dot(key, q) for key in row]) for q, row in zip(query, keys, strict=True)])


dot_scores = Exercise(
    name="dot_scores",
    outputs=[Output("scores", "B S")],
    sizes={"B": (2, 4), "S": (3, 6), "H": (2, 7)},
    ones="BS",
    draw=_draw_query_keys,
    reference=lambda query, keys: torch.einsum("bh,bsh->bs", query, keys),
    mistakes=[
        Mistake(
            "scaled",
            lambda query, keys: _dot(query, keys) / query.shape[1] ** 0.5,
            N_(
                "the scores are divided by √H. That is the scaled dot product of chapter 05; "
                "here the plain one is asked for."
            ),
        ),
        Mistake(
            "mean_not_sum",
            lambda query, keys: (keys * query.unsqueeze(1)).mean(2),
            N_("the products are averaged over H; a dot product adds them up."),
        ),
        Mistake("first_query", lambda query, keys: keys @ query[0], FIRST_QUERY),
        Mistake("no_unsqueeze", lambda query, keys: (query * keys).sum(-1), NO_UNSQUEEZE),
        Mistake(
            "reshaped",
            lambda query, keys: (query.unsqueeze(1) @ keys.reshape(len(keys), keys.shape[2], -1)).squeeze(1),
            RESHAPED,
        ),
        Mistake(
            "every_query",
            lambda query, keys: keys @ query.T,
            N_(
                "every key is scored with every query of the batch: (B, S, B). Sentences do not look into one another; "
                "torch.bmm, or a product of matching axes and a sum, keeps each sentence to itself."
            ),
        ),
        Mistake("softmaxed", lambda query, keys: torch.softmax(_dot(query, keys), dim=1), SOFTMAXED),
        Mistake(
            "cosine",
            lambda query, keys: F.cosine_similarity(query.unsqueeze(1), keys, dim=2),
            N_(
                "this is the cosine: lengths are divided out. A dot product keeps them; "
                "cosine_scores is the next exercise."
            ),
        ),
        Mistake(
            "not_summed",
            lambda query, keys: query.unsqueeze(1) * keys,
            N_(
                "the products are there, (B, S, H), but not added up: one key deserves one number. "
                "Which axis should disappear?"
            ),
        ),
        Mistake(
            "summed_over_source",
            lambda query, keys: (query.unsqueeze(1) * keys).sum(1),
            N_("the sum ran over the source positions (dim 1) and left (B, H). Add up over the features instead."),
        ),
        Mistake("extra_axis", lambda query, keys: torch.bmm(keys, query.unsqueeze(2)), EXTRA_AXIS),
        Mistake("squeezed", lambda query, keys: torch.bmm(keys, query.unsqueeze(2)).squeeze(), SQUEEZED),
        Mistake(
            "distance",
            lambda query, keys: (query.unsqueeze(1) - keys).norm(dim=2),
            N_("this is the distance between query and key: small where they match. A score must be large there."),
        ),
        Mistake(
            "absolute",
            lambda query, keys: _dot(query, keys).abs(),
            N_("the sign is gone. A key that points the other way must score below 0, not as high as a match."),
        ),
        Mistake(
            "squared",
            lambda query, keys: _dot(query, keys) ** 2,
            N_("the dot products are squared, so opposite directions look like a match. Leave them as they are."),
        ),
    ],
    right=[
        lambda query, keys: torch.bmm(keys, query.unsqueeze(2)).squeeze(2),
        lambda query, keys: (keys * query[:, None]).sum(-1),
        lambda query, keys: torch.matmul(query.unsqueeze(1), keys.transpose(1, 2))[:, 0],
        lambda query, keys: torch.stack([keys[b] @ query[b] for b in range(len(keys))]),
        lambda q, k: torch.einsum("bsh, bh -> bs", k, q),
        lambda q, k: torch.linalg.vecdot(k, q.unsqueeze(1)),
        lambda q, k: torch.baddbmm(q.new_zeros(len(k), k.shape[1], 1), k, q.unsqueeze(-1)).flatten(1),
        _dot_by_loops,
    ],
)

# cosine_scores --------------------------------------------------------------------------------------------------------


def _cosine_reference(query: Tensor, keys: Tensor) -> Tensor:
    rows = []
    for q, row in zip(query, keys, strict=True):
        scores = []
        for key in row:
            lengths = (torch.sqrt((vector * vector).sum()) for vector in (q, key))
            product = torch.prod(torch.stack(list(lengths)))
            scores.append((q * key).sum() / product if product > 0 else (q * key).sum() * 0)
        rows.append(torch.stack(scores))
    return torch.stack(rows)


def _cosine_where(query: Tensor, keys: Tensor) -> Tensor:
    lengths = query.norm(dim=1).unsqueeze(1) * keys.norm(dim=2)
    return torch.where(lengths > 0, _dot(query, keys) / torch.where(lengths > 0, lengths, 1.0), 0.0)


def _cosine_squared_roots(query: Tensor, keys: Tensor) -> Tensor:
    q = query / torch.sqrt((query**2).sum(1, keepdim=True) + 1e-12)
    k = keys / torch.sqrt((keys**2).sum(2, keepdim=True) + 1e-12)
    return torch.einsum("bh,bsh->bs", q, k)


cosine_scores = Exercise(
    name="cosine_scores",
    outputs=[Output("scores", "B S")],
    sizes={"B": (2, 4), "S": (3, 6), "H": (2, 7)},
    ones="BS",
    topics=("zero key", "zero query"),
    draw=_draw_query_keys,
    reference=_cosine_reference,
    mistakes=[
        Mistake(
            "nan_at_zero",
            lambda query, keys: _dot(query, keys) / (query.norm(dim=1, keepdim=True) * keys.norm(dim=2)),
            N_(
                "right, except for a vector of zeros: it has length 0, and 0/0 is NaN. Its cosine should be 0. "
                "A very small number in the right place prevents this."
            ),
        ),
        Mistake(
            "not_divided",
            _dot,
            N_(
                "this is the plain dot product. The cosine does not care how long the vectors "
                "are: divide by both lengths."
            ),
        ),
        Mistake(
            "only_query_length",
            lambda query, keys: _dot(F.normalize(query, dim=1), keys),
            N_("only the query's length is divided out; long keys still win. The keys have a length each as well."),
        ),
        Mistake(
            "only_key_length",
            lambda query, keys: _dot(query, F.normalize(keys, dim=2)),
            N_("only the keys' lengths are divided out, the query's is not: some values lie beyond ±1."),
        ),
        Mistake(
            "squared_lengths",
            lambda query, keys: (
                _dot(query, keys) / ((query**2).sum(1, keepdim=True) * (keys**2).sum(2)).clamp_min(1e-12)
            ),
            N_("the product is divided by the squared lengths. A length is the square root of the sum of squares."),
        ),
        Mistake(
            "one_length_for_all",
            lambda query, keys: _dot(query, keys) / (query.norm() * keys.norm()),
            N_(
                ".norm() without dim takes the whole tensor as one long vector. "
                "Each query and each key has a length of its own."
            ),
        ),
        Mistake(
            "length_over_source",
            lambda query, keys: _dot(F.normalize(query, dim=1), F.normalize(keys, dim=1)),
            N_(
                "the keys' lengths were taken along the source positions (dim 1, where normalize looks unless told). "
                "A key's own numbers lie along the last axis."
            ),
        ),
        Mistake(
            "default_dim",
            lambda query, keys: F.cosine_similarity(query.unsqueeze(1), keys),
            N_(
                "the result is (B, H): cosine_similarity compares along dim 1 unless told otherwise, "
                "and dim 1 is the source axis. Say along which axis the vectors lie."
            ),
        ),
        Mistake("no_unsqueeze", lambda query, keys: F.cosine_similarity(query, keys, dim=-1), NO_UNSQUEEZE),
        Mistake(
            "distance",
            lambda query, keys: 1 - F.cosine_similarity(query.unsqueeze(1), keys, dim=2),
            N_("this is the cosine distance, 1 - cos: 0 for the best match. A score must be largest there."),
        ),
        Mistake(
            "absolute",
            lambda query, keys: F.cosine_similarity(query.unsqueeze(1), keys, dim=2).abs(),
            N_("the sign is gone. A key that points the other way must score below 0, not as high as a match."),
        ),
        Mistake(
            "first_query",
            lambda query, keys: F.cosine_similarity(query[:1].unsqueeze(1), keys, dim=2),
            FIRST_QUERY,
        ),
        Mistake(
            "sum_of_sizes",
            lambda query, keys: _dot(F.normalize(query, p=1, dim=1), F.normalize(keys, p=1, dim=2)),
            N_(
                "the lengths here are sums of absolute values. "
                "The cosine wants the ordinary length, the root of the sum of squares."
            ),
        ),
        Mistake(
            "softmaxed",
            lambda query, keys: torch.softmax(F.cosine_similarity(query.unsqueeze(1), keys, dim=2), dim=1),
            SOFTMAXED,
        ),
        Mistake(
            "squeezed",
            lambda query, keys: torch.bmm(F.normalize(keys, dim=2), F.normalize(query, dim=1).unsqueeze(2)).squeeze(),
            SQUEEZED,
        ),
        Mistake(
            "extra_axis",
            lambda query, keys: torch.bmm(F.normalize(keys, dim=2), F.normalize(query, dim=1).unsqueeze(2)),
            EXTRA_AXIS,
        ),
    ],
    right=[
        lambda query, keys: F.cosine_similarity(query.unsqueeze(1), keys, dim=2),
        lambda query, keys: nn.CosineSimilarity(dim=-1)(keys, query[:, None].expand_as(keys)),
        lambda query, keys: torch.bmm(F.normalize(keys, dim=-1), F.normalize(query, dim=-1).unsqueeze(2)).squeeze(2),
        lambda q, k: (k * q[:, None]).sum(-1) / (q.norm(dim=-1, keepdim=True) * k.norm(dim=-1) + 1e-8),
        lambda q, k: _dot(q, k) / (q.norm(dim=-1, keepdim=True) * k.norm(dim=-1)).clamp(min=1e-8),
        lambda q, k: torch.stack([F.cosine_similarity(q, k[:, s]) for s in range(k.shape[1])], dim=1),
        _cosine_where,
        _cosine_squared_roots,
    ],
)

# general_scores -------------------------------------------------------------------------------------------------------


def _draw_general(random: Random, sizes: dict[str, int], topic: str) -> Call:
    B, S, Hq, Hk = sizes["B"], sizes["S"], sizes["Hq"], sizes["Hk"]
    args = [random.normal(B, Hq), random.normal(B, S, Hk), random.normal(Hk, Hq, scale=0.8)]
    return Call(args, ["query", "keys", "weight"], sizes)


def _general(query: Tensor, keys: Tensor, weight: Tensor) -> Tensor:
    return _dot(query @ weight.T, keys)


def _general_by_loops(query: Tensor, keys: Tensor, weight: Tensor) -> Tensor:
    return torch.stack([torch.stack([key @ weight @ q for key in row]) for q, row in zip(query, keys, strict=True)])


def _general_bilinear(query: Tensor, keys: Tensor, weight: Tensor) -> Tensor:
    queries = query.unsqueeze(1).expand(-1, keys.shape[1], -1)
    return F.bilinear(keys, queries, weight.unsqueeze(0)).squeeze(2)


general_scores = Exercise(
    name="general_scores",
    outputs=[Output("scores", "B S")],
    sizes={"B": (2, 4), "S": (3, 6), "Hq": (2, 7), "Hk": (2, 7)},
    ones="BS",
    draw=_draw_general,
    reference=lambda query, keys, weight: torch.einsum("bq,bsk,kq->bs", query, keys, weight),
    mistakes=[
        Mistake(
            "transposed",
            lambda query, keys, weight: _dot(query @ weight, keys),
            N_(
                "the weight is the wrong way round. It is (Hk, Hq): it takes a query in and gives "
                "something as long as a key "
                "(when Hq equals Hk the error hides). With rows, x times the matrix is x @ weight.T."
            ),
        ),
        Mistake(
            "weight_reshaped",
            lambda query, keys, weight: _dot(query @ weight.reshape(weight.shape[1], -1), keys),
            N_(
                "the weight got its shape by reshape or view, which shuffles its numbers. "
                "Turning rows into columns is a transpose."
            ),
        ),
        Mistake(
            "weight_ignored",
            lambda query, keys, weight: _dot(query, keys),
            N_(
                "the weight is not used: this is the plain dot product, and it only runs when Hq equals Hk. "
                "The weight is what lets vectors of different sizes meet."
            ),
        ),
        Mistake(
            "tanh",
            lambda query, keys, weight: torch.tanh(_general(query, keys, weight)),
            N_(
                "a tanh is added: no score leaves ±1. Here the score is the product itself; the "
                "tanh is for additive_scores."
            ),
        ),
        Mistake(
            "tanh_on_query",
            lambda query, keys, weight: _dot(torch.tanh(query @ weight.T), keys),
            N_("the query goes through a tanh after the weight. General scores are products and nothing else."),
        ),
        Mistake(
            "scaled",
            lambda query, keys, weight: _general(query, keys, weight) / keys.shape[2] ** 0.5,
            N_("the scores are divided by √Hk. Scaling comes in chapter 05; here it is the bare product."),
        ),
        Mistake(
            "mean_not_sum",
            lambda query, keys, weight: ((query @ weight.T).unsqueeze(1) * keys).mean(2),
            N_("the products are averaged over Hk; a dot product adds them up."),
        ),
        Mistake("first_query", lambda query, keys, weight: keys @ (weight @ query[0]), FIRST_QUERY),
        Mistake("no_unsqueeze", lambda query, keys, weight: (keys @ weight * query).sum(2), NO_UNSQUEEZE),
        Mistake(
            "reshaped",
            lambda query, keys, weight: (
                (query @ weight.T).unsqueeze(1) @ keys.reshape(len(keys), keys.shape[2], -1)
            ).squeeze(1),
            RESHAPED,
        ),
        Mistake(
            "every_query",
            lambda query, keys, weight: keys @ weight @ query.T,
            N_(
                "every key is scored with every query of the batch: (B, S, B). Sentences do not look into one another; "
                "torch.bmm, or a product of matching axes and a sum, keeps each sentence to itself."
            ),
        ),
        Mistake("softmaxed", lambda q, k, weight: torch.softmax(_general(q, k, weight), dim=1), SOFTMAXED),
        Mistake("extra_axis", lambda q, k, weight: _general(q, k, weight).unsqueeze(2), EXTRA_AXIS),
        Mistake("squeezed", lambda q, k, weight: _general(q, k, weight).squeeze(), SQUEEZED),
        Mistake(
            "cosine",
            lambda q, k, weight: F.cosine_similarity((q @ weight.T).unsqueeze(1), k, dim=2),
            N_("the lengths are divided out, as in the cosine. General scores keep them."),
        ),
    ],
    right=[
        lambda query, keys, weight: torch.bmm(keys, (query @ weight.T).unsqueeze(2)).squeeze(2),
        lambda query, keys, weight: torch.bmm(keys @ weight, query.unsqueeze(2)).squeeze(-1),
        lambda query, keys, weight: (keys * F.linear(query, weight)[:, None]).sum(-1),
        lambda query, keys, weight: torch.einsum("bsk,kq,bq->bs", keys, weight, query),
        lambda q, k, w: ((k @ w) * q.unsqueeze(1)).sum(2),
        lambda q, k, w: (k @ torch.matmul(w, q.unsqueeze(2)))[..., 0],
        _general_by_loops,
        _general_bilinear,
    ],
)

# additive_scores ------------------------------------------------------------------------------------------------------


def _draw_additive(random: Random, sizes: dict[str, int], topic: str) -> Call:
    B, S, Hq, Hk, A = (sizes[axis] for axis in ("B", "S", "Hq", "Hk", "A"))
    layers = [random.layer(Hq, A), random.layer(Hk, A), random.layer(A, 1)]
    names = ["query", "keys", "query_layer", "key_layer", "score_layer"]
    return Call([random.normal(B, Hq), random.normal(B, S, Hk), *layers], names, sizes)


def _additive_reference(
    query: Tensor, keys: Tensor, query_layer: Layer, key_layer: Layer, score_layer: Layer
) -> Tensor:
    A = query_layer.weight.shape[0]
    scores = score_layer.bias.expand(keys.shape[:2])
    for a in range(A):
        from_query = torch.einsum("bq,q->b", query, query_layer.weight[a]) + query_layer.bias[a]
        from_keys = torch.einsum("bsk,k->bs", keys, key_layer.weight[a]) + key_layer.bias[a]
        total = from_query[:, None] + from_keys
        scores = scores + score_layer.weight[0, a] * (torch.exp(2 * total) - 1) / (torch.exp(2 * total) + 1)
    return scores


def _meet(query: Tensor, keys: Tensor, query_layer: nn.Linear, key_layer: nn.Linear) -> Tensor:
    return query_layer(query).unsqueeze(1) + key_layer(keys)


def _additive(
    query: Tensor, keys: Tensor, query_layer: nn.Linear, key_layer: nn.Linear, score_layer: nn.Linear
) -> Tensor:
    return score_layer(torch.tanh(_meet(query, keys, query_layer, key_layer))).squeeze(2)


def _additive_by_loops(query, keys, query_layer, key_layer, score_layer):
    columns = []
    for position in range(keys.shape[1]):
        columns.append(score_layer((query_layer(query) + key_layer(keys[:, position])).tanh()))
    return torch.cat(columns, dim=1)


def _additive_one_network(query, keys, query_layer, key_layer, score_layer):
    both = torch.cat([query.unsqueeze(1).expand(-1, keys.shape[1], -1), keys], dim=2)
    weight = torch.cat([query_layer.weight, key_layer.weight], dim=1)
    return score_layer(torch.tanh(F.linear(both, weight, query_layer.bias + key_layer.bias)))[:, :, 0]


def _additive_by_sentence(query, keys, query_layer, key_layer, score_layer):
    return torch.stack(
        [score_layer(torch.tanh(query_layer(q) + key_layer(k))).flatten() for q, k in zip(query, keys, strict=True)]
    )


additive_scores = Exercise(
    name="additive_scores",
    outputs=[Output("scores", "B S")],
    sizes={"B": (2, 4), "S": (3, 6), "Hq": (2, 7), "Hk": (2, 7), "A": (2, 7)},
    ones="BS",
    draw=_draw_additive,
    reference=_additive_reference,
    mistakes=[
        Mistake(
            "no_tanh",
            lambda q, k, ql, kl, sl: sl(_meet(q, k, ql, kl)).squeeze(2),
            N_(
                "the tanh is missing. Without a bend in the middle the layers collapse into one: the "
                "query then adds the same "
                "number to every score, and the softmax forgets it."
            ),
        ),
        Mistake(
            "relu",
            lambda q, k, ql, kl, sl: sl(torch.relu(_meet(q, k, ql, kl))).squeeze(2),
            N_("a relu stands where Bahdanau has a tanh."),
        ),
        Mistake(
            "sigmoid",
            lambda q, k, ql, kl, sl: sl(torch.sigmoid(_meet(q, k, ql, kl))).squeeze(2),
            N_("a sigmoid stands where Bahdanau has a tanh."),
        ),
        Mistake(
            "tanh_last",
            lambda q, k, ql, kl, sl: torch.tanh(sl(_meet(q, k, ql, kl))).squeeze(2),
            N_("the tanh comes after score_layer. It belongs before it, on the sum of the two layers."),
        ),
        Mistake(
            "tanh_each",
            lambda q, k, ql, kl, sl: sl(torch.tanh(ql(q)).unsqueeze(1) + torch.tanh(kl(k))).squeeze(2),
            N_(
                "each layer has a tanh of its own, and then they are added. Add first: query "
                "and key must meet inside it."
            ),
        ),
        Mistake(
            "tanh_twice",
            lambda *args: torch.tanh(_additive(*args)),
            N_("the tanh in the middle is right, but a second one squeezes the scores between -1 and 1."),
        ),
        Mistake(
            "query_forgotten",
            lambda q, k, ql, kl, sl: sl(torch.tanh(kl(k))).squeeze(2),
            N_("the query does not come in at all: the model would look at the same place whatever it is writing."),
        ),
        Mistake(
            "query_layer_skipped",
            lambda q, k, ql, kl, sl: sl(torch.tanh(q.unsqueeze(1) + kl(k))).squeeze(2),
            N_("the query is added as it is, without query_layer (that only runs when Hq equals A)."),
        ),
        Mistake(
            "key_layer_skipped",
            lambda q, k, ql, kl, sl: sl(torch.tanh(ql(q).unsqueeze(1) + k)).squeeze(2),
            N_("the keys are added as they are, without key_layer (that only runs when Hk equals A)."),
        ),
        Mistake(
            "product",
            lambda q, k, ql, kl, sl: sl(torch.tanh(ql(q).unsqueeze(1) * kl(k))).squeeze(2),
            N_("the two layers' results are multiplied. These scores are called additive because they are added."),
        ),
        Mistake(
            "minus",
            lambda q, k, ql, kl, sl: sl(torch.tanh(ql(q).unsqueeze(1) - kl(k))).squeeze(2),
            N_("one layer's result is subtracted from the other's; add them."),
        ),
        Mistake(
            "layers_swapped",
            lambda q, k, ql, kl, sl: sl(torch.tanh(_meet(q, k, kl, ql))).squeeze(2),
            N_("query_layer got the keys and key_layer the query (that only runs when Hq equals Hk)."),
        ),
        Mistake(
            "score_layer_skipped",
            lambda q, k, ql, kl, sl: torch.tanh(_meet(q, k, ql, kl)).sum(2),
            N_(
                "the A numbers are simply added up. score_layer weighs them against one another: let it make the score."
            ),
        ),
        Mistake(
            "score_bias_dropped",
            lambda *args: _additive(*args) - args[4].bias,
            N_(
                "score_layer's bias is missing (all scores are off by the same number). "
                "Call the layer instead of multiplying by its weight."
            ),
        ),
        Mistake(
            "no_unsqueeze",
            lambda q, k, ql, kl, sl: sl(torch.tanh(ql(q) + kl(k))).squeeze(2),
            NO_UNSQUEEZE,
        ),
        Mistake("first_query", lambda q, k, ql, kl, sl: _additive(q[:1], k, ql, kl, sl), FIRST_QUERY),
        Mistake("softmaxed", lambda *args: torch.softmax(_additive(*args), dim=1), SOFTMAXED),
        Mistake("extra_axis", lambda *args: _additive(*args).unsqueeze(2), EXTRA_AXIS),
        Mistake("squeezed", lambda *args: _additive(*args).squeeze(), SQUEEZED),
    ],
    right=[
        lambda query, keys, query_layer, key_layer, score_layer: score_layer(
            torch.tanh(query_layer(query).unsqueeze(1) + key_layer(keys))
        ).squeeze(2),
        lambda q, k, ql, kl, sl: sl(torch.tanh(ql(q)[:, None] + kl(k)))[..., 0],
        lambda q, k, ql, kl, sl: sl(nn.Tanh()(ql(q.unsqueeze(1).repeat(1, k.shape[1], 1)) + kl(k))).squeeze(-1),
        lambda q, k, ql, kl, sl: (torch.tanh(ql(q)[:, None] + kl(k)) @ sl.weight.T + sl.bias).squeeze(2),
        lambda q, k, ql, kl, sl: torch.einsum("bsa,a->bs", (ql(q)[:, None] + kl(k)).tanh(), sl.weight[0]) + sl.bias,
        _additive_by_loops,
        _additive_one_network,
        _additive_by_sentence,
    ],
)

# masked_softmax -------------------------------------------------------------------------------------------------------

INVERTED = N_(
    "the mask is the wrong way round: the padding is looked at and the words are not. "
    "Positions from the length on must be hidden."
)
ONE_SHORT = N_(
    "one position too many is hidden: a sentence of length 3 has real tokens at 0, 1 and 2. "
    "(A sentence of length 1 then has nothing left to look at.)"
)
OVER_BATCH = N_(
    "the softmax ran over the batch (dim 0), not over the source positions: the columns sum to 1, "
    "the rows do not. Sentences do not share their attention."
)
WEAK_FILL = N_(
    "the padding still gets a tiny share: it must be exactly 0. What fills it before the softmax must be a number "
    "no score can come close to, and nothing may be added to the zeros afterwards."
)


def _draw_masked(random: Random, sizes: dict[str, int], topic: str) -> Call:
    B, S = sizes["B"], sizes["S"]
    scores, lengths = random.uniform(-3, 3, B, S), random.lengths(B, S)
    if topic == "nothing padded":
        lengths = torch.full_like(lengths, S)
    if topic == "all shorter":
        lengths = random.ids(S, B, low=1)
        lengths[0] = S - 1
    if topic == "length 1":
        lengths[random.integer(0, B - 1)] = 1
    if topic == "low scores":
        scores = random.uniform(-10, -8, B, S)
    if topic == "wide scores":
        scores = random.uniform(-10, 10, B, S)
    return Call([scores, lengths], ["scores", "lengths"], sizes)


def _masked_reference(scores: Tensor, lengths: Tensor) -> Tensor:
    rows = []
    for row, length in zip(scores, lengths.tolist(), strict=True):
        powers = [torch.exp(score - row[:length].max().detach()) for score in row[:length]]
        total = sum(powers)
        rows.append(torch.stack([*(power / total for power in powers), *([row.new_zeros(())] * (len(row) - length))]))
    return torch.stack(rows)


def _real(scores: Tensor, lengths: Tensor) -> Tensor:
    return torch.arange(scores.shape[1]) < lengths.unsqueeze(1)


def _fill(scores: Tensor, hide: Tensor, value: float = -1e9, dim: int = 1) -> Tensor:
    return torch.softmax(scores.masked_fill(hide, value), dim=dim)


def _in_place(scores: Tensor, lengths: Tensor) -> Tensor:
    return torch.softmax(scores.masked_fill_(~_real(scores, lengths), float("-inf")), dim=1)


def _no_unsqueeze(scores: Tensor, lengths: Tensor) -> Tensor:
    return _fill(scores, torch.arange(scores.shape[1]) >= lengths)


def _masked_by_sentence(scores: Tensor, lengths: Tensor) -> Tensor:
    rows = [torch.softmax(row[:length], dim=0) for row, length in zip(scores, lengths, strict=True)]
    return torch.stack([F.pad(row, (0, scores.shape[1] - len(row))) for row in rows])


def _masked_into_zeros(scores: Tensor, lengths: Tensor) -> Tensor:
    weights = torch.zeros_like(scores)
    for b in range(len(scores)):
        weights[b, : lengths[b]] = scores[b, : lengths[b]].softmax(0)
    return weights


def _masked_exp(scores: Tensor, lengths: Tensor) -> Tensor:
    powers = scores.exp() * _real(scores, lengths)
    return powers / powers.sum(dim=1, keepdim=True)


def _masked_filled_copy(scores: Tensor, lengths: Tensor) -> Tensor:
    copy = scores.clone()
    for b, length in enumerate(lengths):
        copy[b, length:] = -float("inf")
    return torch.softmax(copy, -1)


def _masked_renormalised(scores: Tensor, lengths: Tensor) -> Tensor:
    weights = torch.softmax(scores, dim=1) * _real(scores, lengths)
    return weights / weights.sum(1, keepdim=True)


masked_softmax = Exercise(
    name="masked_softmax",
    outputs=[Output("weights", "B S", exact_zeros=True)],
    sizes={"B": (2, 4), "S": (3, 6)},
    ones="BS",
    topics=("nothing padded", "all shorter", "length 1", "low scores", "wide scores"),
    draw=_draw_masked,
    reference=_masked_reference,
    mistakes=[
        Mistake(
            "no_mask",
            lambda scores, lengths: torch.softmax(scores, dim=1),
            N_("the lengths are not used: padding gets a share of the attention like any word."),
        ),
        Mistake(
            "masked_afterwards",
            lambda scores, lengths: torch.softmax(scores, dim=1) * _real(scores, lengths),
            N_(
                "the padding is set to 0 after the softmax, and its share is lost: padded rows sum to less than 1. "
                "Hide it before, or share out again."
            ),
        ),
        Mistake(
            "filled_with_zero",
            lambda scores, lengths: _fill(scores, ~_real(scores, lengths), 0.0),
            N_(
                "the padding's scores are set to 0 before the softmax, but a score of 0 is not a "
                "share of 0: exp(0) is 1. "
                "Which score becomes nothing under exp?"
            ),
        ),
        Mistake("weak_fill_10", lambda scores, lengths: _fill(scores, ~_real(scores, lengths), -10.0), WEAK_FILL),
        Mistake("weak_fill_20", lambda scores, lengths: _fill(scores, ~_real(scores, lengths), -20.0), WEAK_FILL),
        Mistake("weak_fill_100", lambda scores, lengths: _fill(scores, ~_real(scores, lengths), -100.0), WEAK_FILL),
        Mistake("inverted", lambda scores, lengths: _fill(scores, _real(scores, lengths)), INVERTED),
        Mistake("inverted_inf", lambda scores, lengths: _fill(scores, _real(scores, lengths), -torch.inf), INVERTED),
        Mistake("one_short", lambda scores, lengths: _fill(scores, ~_real(scores, lengths - 1)), ONE_SHORT),
        Mistake(
            "one_short_inf", lambda scores, lengths: _fill(scores, ~_real(scores, lengths - 1), -torch.inf), ONE_SHORT
        ),
        Mistake(
            "one_long",
            lambda scores, lengths: _fill(scores, ~_real(scores, lengths + 1)),
            N_(
                "one padding position slips through: counting starts at 0, "
                "so a sentence of length 3 ends at position 2, and position 3 is padding already."
            ),
        ),
        Mistake("over_batch", lambda scores, lengths: _fill(scores, ~_real(scores, lengths), dim=0), OVER_BATCH),
        Mistake(
            "over_batch_inf", lambda scores, lengths: _fill(scores, ~_real(scores, lengths), -torch.inf, 0), OVER_BATCH
        ),
        Mistake(
            "first_length",
            lambda scores, lengths: _fill(scores, ~_real(scores, lengths[:1])),
            N_("the first sentence's length is used for all. Each row has its own."),
        ),
        Mistake(
            "longest_length",
            lambda scores, lengths: _fill(scores, ~_real(scores, lengths.max().unsqueeze(0))),
            N_("the longest length is used for all sentences, so shorter ones still look at padding."),
        ),
        Mistake(
            "sorted_lengths",
            lambda scores, lengths: _fill(scores, ~_real(scores, lengths.sort(descending=True).values)),
            N_("the lengths were sorted, the scores were not: sentences got one another's lengths."),
        ),
        Mistake(
            "sorted_upwards",
            lambda scores, lengths: _fill(scores, ~_real(scores, lengths.sort().values)),
            N_("the lengths were sorted, the scores were not: sentences got one another's lengths."),
        ),
        Mistake(
            "cut_off",
            lambda scores, lengths: _masked_by_sentence(scores, lengths)[:, : lengths.max()],
            N_(
                "the result ends at the longest sentence. Keep all S columns, "
                "even when every sentence is shorter; the rest is 0."
            ),
        ),
        Mistake(
            "no_unsqueeze",
            _no_unsqueeze,
            N_(
                "positions (S,) were compared with lengths (B,) in one go, so position s met the length of sentence s "
                "(it even runs, when B happens to equal S). Make the lengths a column, (B, 1)."
            ),
        ),
        Mistake(
            "in_place",
            _in_place,
            N_(
                "the weights are right, but scores was changed: names that end in _ and "
                "assignments to scores[...] write "
                "into the caller's tensor. Make a new one."
            ),
        ),
        Mistake(
            "log_softmax",
            lambda scores, lengths: torch.log_softmax(scores.masked_fill(~_real(scores, lengths), -1e9), dim=1),
            N_("these are logarithms of the weights (all below 0): log_softmax is for the words at the end, not here."),
        ),
    ],
    right=[
        lambda scores, lengths: torch.softmax(
            scores.masked_fill(torch.arange(scores.shape[1]) >= lengths.unsqueeze(1), float("-inf")), dim=1
        ),
        lambda scores, lengths: _fill(scores, ~_real(scores, lengths), -1e9),
        lambda s, n: torch.where(torch.arange(s.size(1))[None] < n[:, None], s, -torch.inf).softmax(-1),
        lambda s, n: F.softmax(s + (~_real(s, n)) * -1e9, dim=-1),
        lambda s, n: F.log_softmax(s.masked_fill(~_real(s, n), torch.finfo(s.dtype).min), dim=1).exp(),
        _masked_by_sentence,
        _masked_into_zeros,
        _masked_exp,
        _masked_filled_copy,
        _masked_renormalised,
    ],
)

EXERCISES: list[Exercise] = [
    attention_weights,
    dot_scores,
    cosine_scores,
    general_scores,
    additive_scores,
    masked_softmax,
]
