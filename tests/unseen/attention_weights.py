"""
Unseen answers of chapter 02.
"""

# ruff: noqa: B905 (as students write)
import torch
import torch.nn.functional as F
from torch import nn


def _mask(scores, lengths):
    return torch.arange(scores.size(1)) < lengths[:, None]


def _side_by_side(embedded, hidden):
    return torch.cat((embedded[0], hidden[0]), dim=1)


def _split_attn(embedded, hidden, attn):
    left, right = attn.weight.chunk(2, dim=1)
    scores = embedded.flatten() @ left.T + hidden.flatten() @ right.T + attn.bias
    scores = torch.exp(scores - scores.max())
    return (scores / scores.sum()).view(1, -1)


def _attn_in_lists(embedded, hidden, attn):
    both = list(embedded.reshape(-1)) + list(hidden.reshape(-1))
    scores = attn(torch.stack(both))
    return torch.stack([1 / torch.exp(scores - s).sum() for s in scores]).unsqueeze(0)


def _loops(score):
    """
    Scores written one by one.
    """

    def scores(query, keys, *more):
        result = keys.new_zeros(keys.shape[:2])
        for b in range(keys.size(0)):
            for s in range(keys.size(1)):
                result[b, s] = score(query[b], keys[b, s], *more)
        return result

    return scores


def _dot(query, keys):
    return (keys @ query.unsqueeze(-1)).squeeze(-1)


def _cosine_where(query, keys):
    norms = query.norm(dim=1, keepdim=True) * keys.norm(dim=2)
    return torch.where(norms == 0, 0.0, _dot(query, keys) / norms)


def _cosine_safe(query, keys):
    q, k = query.square().sum(-1, keepdim=True).sqrt(), keys.square().sum(-1).sqrt()
    safe = (q * k).masked_fill((q * k) == 0, 1)
    return torch.einsum("bh,bsh->bs", query, keys).div(safe)


def _cosine_python(q, k):
    size = torch.linalg.vector_norm(q) * torch.linalg.vector_norm(k)
    return torch.dot(q, k) / size if size > 0 else 0


def _norm(x, dim=-1):
    return x.norm(dim=dim, keepdim=True)


def _additive_broadcast(query, keys, query_layer, key_layer, score_layer):
    return score_layer(torch.tanh(query_layer(query)[:, None] + key_layer(keys)))[..., 0]


def _additive_expanded(query, keys, query_layer, key_layer, score_layer):
    B, S, _ = keys.shape
    q = query_layer(query.unsqueeze(1).expand(-1, S, -1))
    x = (q + key_layer(keys)).view(B * S, -1).tanh()
    return score_layer(x).view(B, S)


def _additive_formulas(query, keys, query_layer, key_layer, score_layer):
    q = F.linear(query, query_layer.weight, query_layer.bias)
    k = F.linear(keys, key_layer.weight, key_layer.bias)
    x = 2 * torch.sigmoid(2 * (q.unsqueeze(1) + k)) - 1
    scores = torch.einsum("bsa,a->bs", x, score_layer.weight[0])
    return scores if score_layer.bias is None else scores + score_layer.bias


def _additive_cat(query, keys, query_layer, key_layer, score_layer):
    """
    One layer over [query; key], which is the same thing.
    """
    weight = torch.cat([query_layer.weight, key_layer.weight], dim=1)
    x = torch.cat([query.unsqueeze(1).repeat(1, keys.size(1), 1), keys], dim=2) @ weight.T
    for bias in (query_layer.bias, key_layer.bias):
        if bias is not None:
            x = x + bias
    return nn.Sequential(nn.Tanh(), score_layer, nn.Flatten(1))(x)


def _additive(
    mix=lambda q, k: torch.tanh(q + k),
    query=lambda q, layer: layer(q).unsqueeze(1),
    key=lambda k, layer: layer(k),
    end=lambda x, layer: layer(x).squeeze(-1),
):
    """
    An additive_scores that is right but for what is given here.
    """
    return lambda q, k, ql, kl, sl: end(mix(query(q, ql), key(k, kl)), sl)


def _renormalised(scores, lengths):
    weights = torch.softmax(scores, dim=1) * _mask(scores, lengths)
    return weights / weights.sum(dim=1, keepdim=True)


def _exp_mask(scores, lengths):
    exps = scores.exp() * _mask(scores, lengths).to(scores.dtype)
    return exps / exps.sum(1).unsqueeze(1)


def _row_by_row(scores, lengths):
    weights = torch.zeros_like(scores)
    for b, n in enumerate(lengths):
        weights[b, :n] = F.softmax(scores[b, :n], dim=0)
    return weights


def _comprehension(scores, lengths):
    S = scores.size(1)
    return torch.stack([F.pad(row[:n].softmax(-1), (0, S - n)) for row, n in zip(scores, lengths.tolist())])


def _filled(value):
    return lambda scores, lengths: F.softmax(scores.masked_fill(~_mask(scores, lengths), value), dim=-1)


def _cloned(scores, lengths):
    scores = scores.clone()
    for b in range(scores.shape[0]):
        scores[b, lengths[b] :] = -float("inf")
    scores = scores - scores.max(dim=1, keepdim=True).values
    return torch.exp(scores) / torch.exp(scores).sum(dim=1, keepdim=True)


def _in_place(scores, lengths):
    return F.softmax(scores.masked_fill_(~_mask(scores, lengths), -float("inf")), dim=1)


def _masked_by(mask, fill=-float("inf")):
    return lambda scores, lengths: F.softmax(scores.masked_fill(~mask(scores, lengths), fill), dim=1)


RIGHT = {
    "attention_weights": {
        "tutorial": lambda e, h, attn: F.softmax(attn(torch.cat((e[0], h[0]), 1)), dim=1),
        "implicit dim": lambda e, h, attn: F.softmax(attn(_side_by_side(e, h))),
        "three axes": lambda e, h, attn: attn(torch.cat([e, h], dim=-1)).softmax(dim=-1).squeeze(1),
        "squeezed": lambda e, h, attn: nn.Softmax(dim=-1)(attn(torch.cat([e.view(-1), h.view(-1)]))).unsqueeze(0),
        "log_softmax": lambda e, h, attn: attn.forward(torch.hstack([e[0], h[0]])).log_softmax(1).exp(),
        "halves": _split_attn,
        "lists": _attn_in_lists,
        "logsumexp": lambda e, h, attn: (lambda x: (x - x.logsumexp(1, keepdim=True)).exp())(
            torch.addmm(attn.bias, _side_by_side(e, h), attn.weight.t())
        ),
    },
    "dot_scores": {
        "einsum": lambda q, k: torch.einsum("bh,bsh->bs", q, k),
        "matmul": _dot,
        "bmm from the left": lambda q, k: torch.bmm(q.unsqueeze(1), k.transpose(1, 2)).squeeze(1),
        "product and sum": lambda q, k: (q[:, None, :] * k).sum(-1),
        "expand_as": lambda q, k: q.unsqueeze(1).expand_as(k).mul(k).sum(dim=2),
        "baddbmm": lambda q, k: torch.baddbmm(k.new_zeros(len(k), k.size(1), 1), k, q[..., None])[..., 0],
        "diagonal": lambda q, k: torch.diagonal(k @ q.T, dim1=0, dim2=2).T,
        "vecdot": lambda q, k: torch.linalg.vecdot(k, q.unsqueeze(1)),
        "vmap": lambda q, k: torch.vmap(torch.mv)(k, q),
        "list": lambda q, k: torch.stack([kb @ qb for kb, qb in zip(k, q)]),
        "loops": _loops(torch.dot),
    },
    "cosine_scores": {
        "cosine_similarity": lambda q, k: F.cosine_similarity(q.unsqueeze(1), k, dim=-1),
        "module": lambda q, k: nn.CosineSimilarity(dim=2)(q[:, None].expand_as(k), k),
        "normalize": lambda q, k: _dot(F.normalize(q, dim=-1), F.normalize(k, dim=-1)),
        "clamp": lambda q, k: _dot(q, k) / (_norm(q) * k.norm(dim=-1)).clamp(min=1e-8),
        "plus eps": lambda q, k: _dot(q, k) / (_norm(q) * k.norm(dim=-1) + 1e-8),
        "nan_to_num": lambda q, k: torch.nan_to_num(_dot(q, k) / (_norm(q) * k.norm(dim=-1))),
        "eps each": lambda q, k: _dot(q / (_norm(q) + 1e-9), k / (_norm(k) + 1e-9)),
        "where": _cosine_where,
        "safe": _cosine_safe,
        "loops": _loops(_cosine_python),
    },
    "general_scores": {
        "einsum": lambda q, k, w: torch.einsum("bq,kq,bsk->bs", q, w, k),
        "keys first": lambda q, k, w: torch.bmm(k @ w, q.unsqueeze(2)).squeeze(2),
        "query first": lambda q, k, w: _dot(q @ w.T, k),
        "linear": lambda q, k, w: (F.linear(q, w).unsqueeze(1) * k).sum(dim=-1),
        "bilinear": lambda q, k, w: F.bilinear(
            k.contiguous(), q.unsqueeze(1).expand(-1, k.size(1), -1).contiguous(), w.unsqueeze(0)
        ).squeeze(-1),
        "multi_dot": _loops(lambda q, k, w: torch.linalg.multi_dot([k, w, q])),
        "outer": lambda q, k, w: (k[..., :, None] * q[:, None, None, :] * w).sum((-2, -1)),
        "matmul": lambda q, k, w: torch.matmul(k, torch.matmul(w, q.unsqueeze(-1))).flatten(1),
    },
    "additive_scores": {
        "broadcast": _additive_broadcast,
        "expanded": _additive_expanded,
        "formulas": _additive_formulas,
        "cat": _additive_cat,
        "loops": _loops(lambda q, k, ql, kl, sl: sl(torch.tanh(ql(q) + kl(k))).squeeze()),
        "per sentence": lambda q, k, ql, kl, sl: torch.stack(
            [sl(F.tanh(ql(q[b]) + kl(k[b]))).view(-1) for b in range(len(q))]
        ),
        "tanh of exps": _additive(mix=lambda q, k: 1 - 2 / ((2 * (q + k)).exp() + 1)),
    },
    "masked_softmax": {
        "-inf": _filled(-float("inf")),
        "-1e9": _filled(-1e9),
        "-1e4": _filled(-1e4),
        "finfo.min": _filled(torch.finfo(torch.float32).min),
        "where": lambda s, n: torch.where(_mask(s, n), s, torch.tensor(float("-inf"))).softmax(1),
        "added": lambda s, n: F.softmax(s + (1 - _mask(s, n).to(s.dtype)) * -1e9, dim=1),
        "log of mask": lambda s, n: F.softmax(s + _mask(s, n).to(s.dtype).log(), dim=1),
        "log_softmax": lambda s, n: F.log_softmax(s.masked_fill(~_mask(s, n), -torch.inf), 1).exp(),
        "renormalised": _renormalised,
        "F.normalize": lambda s, n: F.normalize(s.exp() * _mask(s, n), p=1, dim=1),
        "exp": _exp_mask,
        "row by row": _row_by_row,
        "comprehension": _comprehension,
        "cloned": _cloned,
    },
}


WRONG = {
    "attention_weights": {
        "swapped": lambda e, h, attn: F.softmax(attn(_side_by_side(h, e)), dim=1),
        "dim 0": lambda e, h, attn: F.softmax(attn(_side_by_side(e, h)), dim=0),
        "dim 1 of three": lambda e, h, attn: F.softmax(attn(torch.cat((e, h), 2)), dim=1)[0],
        "no softmax": lambda e, h, attn: attn(_side_by_side(e, h)),
        "log_softmax": lambda e, h, attn: F.log_softmax(attn(_side_by_side(e, h)), dim=1),
        "sigmoid": lambda e, h, attn: torch.sigmoid(attn(_side_by_side(e, h))),
        "(1, 1, S)": lambda e, h, attn: F.softmax(attn(torch.cat((e, h), 2)), dim=2),
        "(S,)": lambda e, h, attn: F.softmax(attn(torch.cat((e, h), 2)), dim=2).squeeze(),
        "embedded twice": lambda e, h, attn: F.softmax(attn(_side_by_side(e, e)), dim=1),
        "hidden twice": lambda e, h, attn: F.softmax(attn(_side_by_side(h, h)), dim=1),
        "sum twice": lambda e, h, attn: F.softmax(attn(_side_by_side(e + h, e + h)), dim=1),
        "no hidden": lambda e, h, attn: F.softmax(attn(_side_by_side(e, torch.zeros_like(h))), dim=1),
        "interleaved": lambda e, h, attn: F.softmax(attn(torch.stack((e, h), -1).view(1, -1)), dim=1),
        "no bias": lambda e, h, attn: F.softmax(_side_by_side(e, h) @ attn.weight.T, dim=1),
        "tanh before": lambda e, h, attn: F.softmax(torch.tanh(attn(_side_by_side(e, h))), dim=1),
        "relu before": lambda e, h, attn: F.softmax(F.relu(attn(_side_by_side(e, h))), dim=1),
        "softmax twice": lambda e, h, attn: attn(_side_by_side(e, h)).softmax(1).softmax(1),
        "softmax of the input": lambda e, h, attn: F.softmax(attn(F.softmax(_side_by_side(e, h), 1)), dim=1),
        "scaled": lambda e, h, attn: F.softmax(attn(_side_by_side(e, h)) / e.size(-1) ** 0.5, dim=1),
        "divided by the sum": lambda e, h, attn: (lambda x: x / x.sum(1, keepdim=True))(attn(_side_by_side(e, h))),
        "only exp": lambda e, h, attn: attn(_side_by_side(e, h)).exp(),
        "hard": lambda e, h, attn: (lambda x: F.one_hot(x.argmax(1), x.size(1)).to(x.dtype))(attn(_side_by_side(e, h))),
        "softmin": lambda e, h, attn: F.softmin(attn(_side_by_side(e, h)), dim=1),
        "sigmoid, sums to 1": lambda e, h, attn: F.normalize(attn(_side_by_side(e, h)).sigmoid(), p=1, dim=1),
        "stacked": lambda e, h, attn: F.softmax(attn(torch.cat((e, h), 1)), dim=2),
        "tanh of hidden": lambda e, h, attn: F.softmax(attn(_side_by_side(e, h.tanh())), dim=1),
        "uniform": lambda e, h, attn: torch.full((1, attn.out_features), 1 / attn.out_features),
    },
    "dot_scores": {
        "scaled": lambda q, k: _dot(q, k) / q.size(1) ** 0.5,
        "mean": lambda q, k: (q.unsqueeze(1) * k).mean(-1),
        "softmax": lambda q, k: _dot(q, k).softmax(1),
        "cosine": lambda q, k: F.cosine_similarity(q.unsqueeze(1), k, dim=-1),
        "query normalised": lambda q, k: _dot(F.normalize(q), k),
        "keys normalised": lambda q, k: _dot(q, F.normalize(k, dim=-1)),
        "(B, S, 1)": lambda q, k: k @ q.unsqueeze(-1),
        "(B, 1, S)": lambda q, k: q.unsqueeze(1) @ k.mT,
        "squeeze()": lambda q, k: torch.bmm(k, q.unsqueeze(2)).squeeze(),
        "squeeze() the other way": lambda q, k: torch.bmm(q.unsqueeze(1), k.mT).squeeze(),
        "squeeze(0)": lambda q, k: torch.bmm(q.unsqueeze(1), k.mT).transpose(0, 1).squeeze(0).squeeze(0),
        "sum over S": lambda q, k: (q.unsqueeze(1) * k).sum(1),
        "first query": lambda q, k: k @ q[0],
        "all queries, first": lambda q, k: (k @ q.T)[:, :, 0],
        "all queries, sum": lambda q, k: (k @ q.T).sum(-1),
        "all queries, mean": lambda q, k: (k @ q.T).mean(-1),
        "all queries, max": lambda q, k: (k @ q.T).amax(-1),
        "all queries": lambda q, k: k @ q.T,
        "repeated the wrong way": lambda q, k: (q.repeat(k.size(1), 1).view_as(k) * k).sum(-1),
        "keys viewed, not transposed": lambda q, k: torch.bmm(q.unsqueeze(1), k.reshape(len(k), k.size(2), -1)).squeeze(
            1
        ),
        "product": lambda q, k: q.unsqueeze(1) * k,
        "abs": lambda q, k: _dot(q, k).abs(),
        "relu": lambda q, k: F.relu(_dot(q, k)),
        "tanh": lambda q, k: _dot(q, k).tanh(),
        "float64": lambda q, k: _dot(q.double(), k.double()),
        "transposed": lambda q, k: _dot(q, k).T,
        "queries shifted": lambda q, k: _dot(q.roll(1, 0), k),
        "distance": lambda q, k: -(q.unsqueeze(1) - k).norm(dim=-1),
        "last number missing": lambda q, k: _dot(q[:, :-1], k[:, :, :-1]),
        "changes the keys": lambda q, k: k.mul_(q.unsqueeze(1)).sum(-1),
        "sum of sums": lambda q, k: q.sum(-1, keepdim=True) * k.sum(-1),
    },
    "cosine_scores": {
        "dot": _dot,
        "only by the query": lambda q, k: _dot(F.normalize(q), k),
        "only by the keys": lambda q, k: _dot(q, F.normalize(k, dim=2)),
        "nan": lambda q, k: _dot(q, k) / (_norm(q) * k.norm(dim=-1)),
        "distance": lambda q, k: 1 - F.cosine_similarity(q.unsqueeze(1), k, dim=-1),
        "squared norms": lambda q, k: (
            _dot(q, k) / (q.square().sum(1, keepdim=True) * k.square().sum(2)).clamp(min=1e-8)
        ),
        "keys over S": lambda q, k: _dot(F.normalize(q), F.normalize(k, dim=1)),
        "keys over everything": lambda q, k: _dot(F.normalize(q), k / k.norm().clamp(min=1e-8)),
        "query over the batch": lambda q, k: _dot(F.normalize(q, dim=0), F.normalize(k, dim=2)),
        "both over dim 1": lambda q, k: _dot(F.normalize(q, dim=1), F.normalize(k)),
        "dim 1": lambda q, k: F.cosine_similarity(q.unsqueeze(1), k),
        "L1": lambda q, k: _dot(F.normalize(q, p=1), F.normalize(k, p=1, dim=2)),
        "centred": lambda q, k: F.cosine_similarity(
            (q - q.mean(1, keepdim=True)).unsqueeze(1), k - k.mean(2, keepdim=True), dim=-1
        ),
        "abs": lambda q, k: F.cosine_similarity(q.unsqueeze(1), k, dim=-1).abs(),
        "relu": lambda q, k: F.cosine_similarity(q.unsqueeze(1), k, dim=-1).relu(),
        "softmax": lambda q, k: F.cosine_similarity(q.unsqueeze(1), k, dim=-1).softmax(1),
        "0 to 1": lambda q, k: (1 + F.cosine_similarity(q.unsqueeze(1), k, dim=-1)) / 2,
        "zero is 1": lambda q, k: torch.where(
            (_norm(q) * k.norm(dim=-1)) == 0, 1.0, F.cosine_similarity(q.unsqueeze(1), k, dim=-1)
        ),
        "large eps": lambda q, k: _dot(q, k) / (_norm(q) * k.norm(dim=-1) + 1e-2),
        "plus one": lambda q, k: _dot(q, k) / (_norm(q) * k.norm(dim=-1) + 1),
        "first query": lambda q, k: F.cosine_similarity(q[:1].unsqueeze(1), k, dim=-1),
        "queries shifted": lambda q, k: F.cosine_similarity(q.roll(1, 0).unsqueeze(1), k, dim=-1),
        "sum of norms": lambda q, k: _dot(q, k) / (_norm(q) + k.norm(dim=-1)).clamp(min=1e-8),
        "root of the product": lambda q, k: _dot(q, k) / (_norm(q) * k.norm(dim=-1)).sqrt().clamp(min=1e-8),
        "angle": lambda q, k: torch.acos(F.cosine_similarity(q.unsqueeze(1), k, dim=-1).clamp(-1, 1)),
        "squeeze()": lambda q, k: F.cosine_similarity(q.unsqueeze(1), k, dim=-1).squeeze(),
        "scaled by H": lambda q, k: F.cosine_similarity(q.unsqueeze(1), k, dim=-1) / q.size(1) ** 0.5,
        "nan to 0 only in the query": lambda q, k: _dot(F.normalize(q), k / _norm(k)),
        "nan to 0 only in the keys": lambda q, k: _dot(q / _norm(q), F.normalize(k, dim=2)),
        "max norm": lambda q, k: _dot(q, k) / (q.norm() * k.norm()).clamp(min=1e-8),
    },
    "general_scores": {
        "transposed": lambda q, k, w: _dot(q @ w, k),
        "viewed, not transposed": lambda q, k, w: _dot(q @ w.reshape(w.size(1), w.size(0)), k),
        "no weight": lambda q, k, w: _dot(q, k),
        "weight summed": lambda q, k, w: k.sum(-1) * (q @ w.T).sum(-1, keepdim=True),
        "scaled by Hq": lambda q, k, w: _dot(q @ w.T, k) / q.size(1) ** 0.5,
        "scaled by Hk": lambda q, k, w: _dot(q @ w.T, k) / k.size(2) ** 0.5,
        "softmax": lambda q, k, w: _dot(q @ w.T, k).softmax(1),
        "tanh": lambda q, k, w: _dot(torch.tanh(q @ w.T), k),
        "tanh of scores": lambda q, k, w: _dot(q @ w.T, k).tanh(),
        "first query": lambda q, k, w: k @ (w @ q[0]),
        "all queries summed": lambda q, k, w: (k @ w @ q.T).sum(-1),
        "all queries": lambda q, k, w: k @ w @ q.T,
        "query shifted": lambda q, k, w: _dot(q.roll(1, 0) @ w.T, k),
        "(B, S, 1)": lambda q, k, w: k @ w @ q.unsqueeze(-1),
        "squeeze()": lambda q, k, w: (k @ w @ q.unsqueeze(-1)).squeeze(),
        "mean": lambda q, k, w: ((k @ w) * q.unsqueeze(1)).mean(-1),
        "repeated the wrong way": lambda q, k, w: ((k @ w) * q.repeat(k.size(1), 1).view(*k.shape[:2], -1)).sum(-1),
        "cosine": lambda q, k, w: F.cosine_similarity((q @ w.T).unsqueeze(1), k, dim=-1),
        "weight normalised": lambda q, k, w: _dot(q @ F.softmax(w, 1).T, k),
        "plus one": lambda q, k, w: _dot(q @ w.T, k) + 1,
        "sum over S": lambda q, k, w: ((k @ w) * q.unsqueeze(1)).sum(1),
        "elementwise": lambda q, k, w: (k @ w) * q.unsqueeze(1),
        "relu": lambda q, k, w: _dot(F.relu(q @ w.T), k),
    },
    "additive_scores": {
        "no tanh": _additive(mix=lambda q, k: q + k),
        "relu": _additive(mix=lambda q, k: F.relu(q + k)),
        "sigmoid": _additive(mix=lambda q, k: torch.sigmoid(q + k)),
        "tanh each": _additive(mix=lambda q, k: q.tanh() + k.tanh()),
        "tanh of the query": _additive(mix=lambda q, k: q.tanh() + k),
        "tanh of the keys": _additive(mix=lambda q, k: q + k.tanh()),
        "product": _additive(mix=lambda q, k: torch.tanh(q * k)),
        "difference": _additive(mix=lambda q, k: torch.tanh(q - k)),
        "difference, keys first": _additive(mix=lambda q, k: torch.tanh(k - q)),
        "mean of both": _additive(mix=lambda q, k: torch.tanh((q + k) / 2)),
        "no query": _additive(mix=lambda q, k: torch.tanh(k)),
        "no keys": _additive(mix=lambda q, k: torch.tanh(q).expand_as(k)),
        "softmax": _additive(end=lambda x, layer: layer(x).squeeze(-1).softmax(1)),
        "sum instead of the layer": _additive(end=lambda x, layer: x.sum(-1)),
        "mean instead of the layer": _additive(end=lambda x, layer: x.mean(-1)),
        "(B, S, 1)": _additive(end=lambda x, layer: layer(x)),
        "squeeze()": _additive(end=lambda x, layer: layer(x).squeeze()),
        "tanh at the end": _additive(end=lambda x, layer: layer(x).squeeze(-1).tanh()),
        "tanh only at the end": _additive(mix=lambda q, k: q + k, end=lambda x, layer: layer(x).squeeze(-1).tanh()),
        "score without bias": _additive(end=lambda x, layer: x @ layer.weight[0]),
        "query without bias": _additive(query=lambda q, layer: (q @ layer.weight.T).unsqueeze(1)),
        "keys without bias": _additive(key=lambda k, layer: k @ layer.weight.T),
        "first query": _additive(query=lambda q, layer: layer(q[:1]).unsqueeze(1)),
        "query shifted": _additive(query=lambda q, layer: layer(q.roll(1, 0)).unsqueeze(1)),
        "query along S": _additive(query=lambda q, layer: layer(q).unsqueeze(0)),
        "query repeated the wrong way": lambda q, k, ql, kl, sl: sl(
            torch.tanh(ql(q).repeat(k.size(1), 1).view(*k.shape[:2], -1) + kl(k))
        ).squeeze(-1),
        "layers swapped": lambda q, k, ql, kl, sl: sl(torch.tanh(kl(q).unsqueeze(1) + ql(k))).squeeze(-1),
        "scaled": _additive(end=lambda x, layer: layer(x).squeeze(-1) / x.size(-1) ** 0.5),
        "dot": lambda q, k, ql, kl, sl: (ql(q).unsqueeze(1) * kl(k)).sum(-1),
        "tanh twice": _additive(mix=lambda q, k: torch.tanh(torch.tanh(q + k))),
        "hard tanh": _additive(mix=lambda q, k: F.hardtanh(q + k)),
    },
    "masked_softmax": {
        "no mask": lambda s, n: s.softmax(1),
        "not renormalised": lambda s, n: s.softmax(1) * _mask(s, n),
        "zero before": _filled(0.0),
        "times mask before": lambda s, n: F.softmax(s * _mask(s, n), dim=1),
        "other side": _masked_by(lambda s, n: ~_mask(s, n), -1e9),
        "one too long": _masked_by(lambda s, n: _mask(s, n + 1)),
        "one too short": _masked_by(lambda s, n: _mask(s, n - 1), -1e9),
        "first length": _masked_by(lambda s, n: _mask(s, n[:1].expand_as(n))),
        "longest": _masked_by(lambda s, n: _mask(s, n.max().expand_as(n))),
        "shortest": _masked_by(lambda s, n: _mask(s, n.min().expand_as(n))),
        "sorted": _masked_by(lambda s, n: _mask(s, n.sort(descending=True).values)),
        "shifted": _masked_by(lambda s, n: _mask(s, n.roll(1))),
        "-10": _filled(-10.0),
        "-30": _filled(-30.0),
        "inf": _filled(float("inf")),
        "1e-9 instead of -1e9": _filled(1e-9),
        "over the batch": lambda s, n: F.softmax(s.masked_fill(~_mask(s, n), -float("inf")), dim=0),
        "over the batch, -1e9": lambda s, n: F.softmax(s.masked_fill(~_mask(s, n), -1e9), dim=0),
        "zero, then over the batch": lambda s, n: s.softmax(0) * _mask(s, n),
        "log_softmax": lambda s, n: F.log_softmax(s.masked_fill(~_mask(s, n), -1e9), dim=1),
        "log_softmax, zero": lambda s, n: F.log_softmax(s.masked_fill(~_mask(s, n), -1e9), dim=1) * _mask(s, n),
        "uniform": lambda s, n: _mask(s, n) / n[:, None],
        "scores over sum": lambda s, n: (s * _mask(s, n)) / (s * _mask(s, n)).sum(1, keepdim=True),
        "abs over sum": lambda s, n: F.normalize(s.abs() * _mask(s, n), p=1, dim=1),
        "sigmoid": lambda s, n: F.normalize(s.sigmoid() * _mask(s, n), p=1, dim=1),
        "exp without sum": lambda s, n: s.exp() * _mask(s, n),
        "renormalised over the batch": lambda s, n: (lambda w: w / w.sum(0, keepdim=True).clamp(min=1e-9))(
            s.softmax(1) * _mask(s, n)
        ),
        "renormalised over everything": lambda s, n: (lambda w: w / w.sum())(s.exp() * _mask(s, n)),
        "shorter": lambda s, n: _filled(-1e9)(s[:, : n.max()], n),
        "changes the scores": _in_place,
        "hard": lambda s, n: F.one_hot(s.masked_fill(~_mask(s, n), -1e9).argmax(1), s.size(1)).to(s.dtype),
        "softmax twice": lambda s, n: (_filled(-1e9)(s, n).softmax(1)) * _mask(s, n),
        "masked twice": lambda s, n: _filled(-1e9)(_filled(-1e9)(s, n), n),
        "divided by the length": lambda s, n: s.softmax(1) * _mask(s, n) / n[:, None],
        "scaled": lambda s, n: _filled(-1e9)(s / s.size(1) ** 0.5, n),
        "float64": lambda s, n: _filled(-1e9)(s.double(), n),
        "eps large": lambda s, n: (lambda w: w / (w.sum(1, keepdim=True) + 1e-3))(s.softmax(1) * _mask(s, n)),
        "clamped at 1e-9": lambda s, n: _filled(-1e9)(s, n).clamp(min=1e-9),
    },
}


# The known mistakes that a wrong answer may be told it is, each message read and found true of it; no others.
NAMED = {
    "attention_weights": {
        "swapped": "swapped",
        "dim 0": "softmax_over_batch",
        "dim 1 of three": "softmax_over_batch",
        "no softmax": "no_softmax",
        "log_softmax": "log_softmax",
        "sigmoid": "sigmoid",
        "(1, 1, S)": "extra_axis",
        "embedded twice": "embedded_twice",
        "hidden twice": "hidden_twice",
        "no bias": "bias_dropped",
        "tanh before": "tanh",
        "relu before": "relu",
        "softmax twice": "softmax_twice",
        "scaled": "scaled",
        "divided by the sum": "plain_division",
    },
    "dot_scores": {
        "scaled": "scaled",
        "mean": "mean_not_sum",
        "softmax": "softmaxed",
        "cosine": "cosine",
        "(B, S, 1)": "extra_axis",
        "squeeze()": "squeezed",
        "squeeze() the other way": "squeezed",
        "sum over S": "summed_over_source",
        "first query": "first_query",
        "all queries, first": "first_query",
        "all queries": "every_query",
        "keys viewed, not transposed": "reshaped",
        "product": "not_summed",
        "abs": "absolute",
    },
    "cosine_scores": {
        "dot": "not_divided",
        "only by the query": "only_query_length",
        "only by the keys": "only_key_length",
        "nan": "nan_at_zero",
        "distance": "distance",
        "squared norms": "squared_lengths",
        "keys over S": "length_over_source",
        "both over dim 1": "length_over_source",
        "dim 1": "default_dim",
        "L1": "sum_of_sizes",
        "abs": "absolute",
        "softmax": "softmaxed",
        "first query": "first_query",
        "squeeze()": "squeezed",
        "max norm": "one_length_for_all",
    },
    "general_scores": {
        "transposed": "transposed",
        "viewed, not transposed": "weight_reshaped",
        "scaled by Hk": "scaled",
        "softmax": "softmaxed",
        "tanh": "tanh_on_query",
        "tanh of scores": "tanh",
        "first query": "first_query",
        "all queries": "every_query",
        "(B, S, 1)": "extra_axis",
        "squeeze()": "squeezed",
        "cosine": "cosine",
    },
    "additive_scores": {
        "no tanh": "no_tanh",
        "relu": "relu",
        "sigmoid": "sigmoid",
        "tanh each": "tanh_each",
        "product": "product",
        "difference": "minus",
        "no query": "query_forgotten",
        "softmax": "softmaxed",
        "sum instead of the layer": "score_layer_skipped",
        "(B, S, 1)": "extra_axis",
        "squeeze()": "squeezed",
        "tanh at the end": "tanh_twice",
        "tanh only at the end": "tanh_last",
        "score without bias": "score_bias_dropped",
        "first query": "first_query",
        "query along S": "no_unsqueeze",
        "layers swapped": "layers_swapped",
    },
    "masked_softmax": {
        "no mask": "no_mask",
        "not renormalised": "masked_afterwards",
        "zero before": "filled_with_zero",
        "times mask before": "filled_with_zero",
        "other side": "inverted",
        "one too long": "one_long",
        "one too short": "one_short",
        "first length": "first_length",
        "longest": "longest_length",
        "sorted": "sorted_lengths",
        "-10": "weak_fill_10",
        "-30": "weak_fill_100",
        "1e-9 instead of -1e9": "filled_with_zero",
        "over the batch": "over_batch_inf",
        "over the batch, -1e9": "over_batch",
        "log_softmax": "log_softmax",
        "shorter": "cut_off",
        "changes the scores": "in_place",
        "clamped at 1e-9": "weak_fill_100",
    },
}
