"""
Unseen answers of chapter 03.
"""

# ruff: noqa: B905, UP008 (as students write)
import torch
import torch.nn.functional as F
from torch import nn


def _apply_loop(attn_weights, encoder_outputs):
    context = encoder_outputs.new_zeros(1, 1, encoder_outputs.size(1))
    for s in range(encoder_outputs.size(0)):
        context[0, 0] += attn_weights[0, s] * encoder_outputs[s]
    return context


def _context_loops(weights, encoder_outputs):
    B, S, H = encoder_outputs.shape
    rows = []
    for b in range(B):
        row = torch.zeros(H, dtype=encoder_outputs.dtype)
        for s in range(S):
            row = row + weights[b, s] * encoder_outputs[b, s]
        rows.append(row)
    return torch.stack(rows)


def _pair(a, b):
    return torch.cat((a, b), dim=-1)


class _Attn(nn.Module):
    """
    A right decoder in pieces; a wrong one replaces a piece.
    """

    def __init__(self, hidden_size, output_size, dropout_p=0.1, max_length=5):
        super().__init__()
        self.embedding = nn.Embedding(output_size, hidden_size)
        self.attn = nn.Linear(2 * hidden_size, max_length)
        self.attn_combine = nn.Linear(2 * hidden_size, hidden_size)
        self.dropout = nn.Dropout(dropout_p)
        self.gru = nn.GRU(hidden_size, hidden_size)
        self.out = nn.Linear(hidden_size, output_size)

    embed = staticmethod(lambda s, input: s.dropout(s.embedding(input)))
    weigh = staticmethod(lambda s, e, h: F.softmax(s.attn(_pair(e[0], h[0])), dim=1))
    context = staticmethod(lambda s, w, enc: torch.bmm(w.unsqueeze(0), enc.unsqueeze(0)))
    combine = staticmethod(lambda s, e, c: F.relu(s.attn_combine(_pair(e, c))))
    step = staticmethod(lambda s, x, h: s.gru(x, h))
    end = staticmethod(lambda s, o: F.log_softmax(s.out(o[0]), dim=1))
    give = staticmethod(lambda s, p, new, w, old: (p, new, w))

    def forward(self, input, hidden, encoder_outputs):
        embedded = self.embed(self, input)
        weights = self.weigh(self, embedded, hidden)
        x = self.combine(self, embedded, self.context(self, weights, encoder_outputs))
        output, new = self.step(self, x, hidden)
        return self.give(self, self.end(self, output), new, weights, hidden)


def _attn(**pieces):
    return type("AttnDecoderRNN", (_Attn,), {name: staticmethod(piece) for name, piece in pieces.items()})


class AttnTutorial(nn.Module):
    def __init__(self, hidden_size, output_size, dropout_p=0.1, max_length=5):
        super(AttnTutorial, self).__init__()
        self.hidden_size = hidden_size
        self.output_size = output_size
        self.dropout_p = dropout_p
        self.max_length = max_length

        self.embedding = nn.Embedding(self.output_size, self.hidden_size)
        self.attn = nn.Linear(self.hidden_size * 2, self.max_length)
        self.attn_combine = nn.Linear(self.hidden_size * 2, self.hidden_size)
        self.dropout = nn.Dropout(self.dropout_p)
        self.gru = nn.GRU(self.hidden_size, self.hidden_size)
        self.out = nn.Linear(self.hidden_size, self.output_size)

    def forward(self, input, hidden, encoder_outputs):
        embedded = self.embedding(input).view(1, 1, -1)
        embedded = self.dropout(embedded)
        attn_weights = F.softmax(self.attn(torch.cat((embedded[0], hidden[0]), 1)), dim=1)
        attn_applied = torch.bmm(attn_weights.unsqueeze(0), encoder_outputs.unsqueeze(0))
        output = torch.cat((embedded[0], attn_applied[0]), 1)
        output = self.attn_combine(output).unsqueeze(0)
        output = F.relu(output)
        output, hidden = self.gru(output, hidden)
        output = F.log_softmax(self.out(output[0]), dim=1)
        return output, hidden, attn_weights


class AttnFunctionalDropout(nn.Module):
    def __init__(self, hidden_size, output_size, dropout_p=0.1, max_length=5):
        super().__init__()
        self.dropout_p = dropout_p
        self.out = nn.Linear(hidden_size, output_size)
        self.gru = nn.GRU(hidden_size, hidden_size, batch_first=True)
        self.embedding = nn.Embedding(output_size, hidden_size)
        self.attn_combine = nn.Linear(2 * hidden_size, hidden_size)
        self.attn = nn.Linear(2 * hidden_size, max_length)

    def forward(self, input, hidden, encoder_outputs):
        embedded = F.dropout(self.embedding(input), self.dropout_p, self.training)
        attn_weights = self.attn(torch.cat([embedded, hidden], 2)).softmax(-1).squeeze(1)
        context = (attn_weights @ encoder_outputs).unsqueeze(0)
        output, hidden = self.gru(self.attn_combine(torch.cat([embedded, context], 2)).clamp(min=0), hidden)
        scores = self.out(output).view(1, -1)
        return [scores - scores.logsumexp(1, keepdim=True), hidden, attn_weights]


class AttnOneDimensional(_Attn):
    def forward(self, input, hidden, encoder_outputs):
        e = self.dropout(self.embedding(input.squeeze()))
        w = torch.softmax(self.attn(torch.cat([e, hidden.squeeze()])), dim=0)
        c = torch.einsum("s,sh->h", w, encoder_outputs)
        x = torch.relu(F.linear(torch.cat([e, c]), self.attn_combine.weight, self.attn_combine.bias))
        output, hidden = self.gru(x.view(1, 1, -1), hidden)
        return self.out(output.flatten()).log_softmax(0).unsqueeze(0), hidden, w.unsqueeze(0)


class AttnSumOfProducts(_Attn):
    def forward(self, input, hidden, encoder_outputs):
        embedded = self.dropout(self.embedding(input[0]))
        scores = self.attn(torch.hstack((embedded, hidden[0])))
        weights = scores.exp() / scores.exp().sum()
        context = (weights.T * encoder_outputs).sum(0, keepdim=True)
        combined = nn.ReLU()(self.attn_combine(torch.hstack((embedded, context))))
        _, state = self.gru(combined[None], hidden)
        return nn.LogSoftmax(dim=1)(self.out(state[-1])), state, weights


class _Bahdanau(nn.Module):
    """
    A right decoder in pieces; a wrong one replaces a piece.
    """

    def __init__(self, hidden_size, output_size):
        super().__init__()
        self.embedding = nn.Embedding(output_size, hidden_size)
        self.query_layer = nn.Linear(hidden_size, hidden_size)
        self.key_layer = nn.Linear(hidden_size, hidden_size, bias=False)
        self.score_layer = nn.Linear(hidden_size, 1, bias=False)
        self.gru = nn.GRU(2 * hidden_size, hidden_size, batch_first=True)
        self.out = nn.Linear(hidden_size, output_size)

    embed = staticmethod(lambda s, input: s.embedding(input))
    query = staticmethod(lambda s, e, h: s.query_layer(h[0]).unsqueeze(1))
    key = staticmethod(lambda s, enc: s.key_layer(enc))
    score = staticmethod(lambda s, q, k: s.score_layer(torch.tanh(q + k)).squeeze(2))
    weigh = staticmethod(lambda s, x, n: x.masked_fill(torch.arange(x.size(1)) >= n[:, None], -float("inf")).softmax(1))
    context = staticmethod(lambda s, w, enc: torch.bmm(w.unsqueeze(1), enc).squeeze(1))
    step = staticmethod(lambda s, e, c, h: s.gru(_pair(e, c).unsqueeze(1), h))
    end = staticmethod(lambda s, o, c: F.log_softmax(s.out(o[:, 0]), dim=1))
    give = staticmethod(lambda s, p, new, w, old: (p, new, w))

    def forward(self, input, hidden, encoder_outputs, lengths):
        e = self.embed(self, input)
        scores = self.score(self, self.query(self, e, hidden), self.key(self, encoder_outputs))
        w = self.weigh(self, scores, lengths)
        c = self.context(self, w, encoder_outputs)
        output, new = self.step(self, e, c, hidden)
        return self.give(self, self.end(self, output, c), new, w, hidden)


def _bahdanau(**pieces):
    return type("BahdanauDecoder", (_Bahdanau,), {name: staticmethod(piece) for name, piece in pieces.items()})


class BahdanauSentenceBySentence(_Bahdanau):
    def forward(self, input, hidden, encoder_outputs, lengths):
        log_probs, states, rows = [], [], []
        for b, n in enumerate(lengths.tolist()):
            keys = encoder_outputs[b, :n]
            scores = self.score_layer(torch.tanh(self.query_layer(hidden[0, b]) + self.key_layer(keys))).view(-1)
            weights = torch.softmax(scores, 0)
            x = torch.cat([self.embedding(input[b]), weights @ keys]).view(1, 1, -1)
            output, state = self.gru(x, hidden[:, b : b + 1].contiguous())
            log_probs.append(F.log_softmax(self.out(output[0]), dim=1))
            states.append(state)
            rows.append(F.pad(weights, (0, encoder_outputs.size(1) - n)))
        return torch.cat(log_probs), torch.cat(states, 1), torch.stack(rows)


class BahdanauTimeFirst(nn.Module):
    def __init__(self, hidden_size, output_size, unused=None):
        super(BahdanauTimeFirst, self).__init__()
        H = self.hidden_size = hidden_size
        self.out = nn.Linear(H, output_size)
        self.gru = nn.GRU(H * 2, H)
        self.score_layer, self.key_layer = nn.Linear(H, 1, False), nn.Linear(H, H, False)
        self.query_layer = nn.Linear(H, H)
        self.embedding = nn.Embedding(output_size, H)
        self.softmax = nn.Softmax(dim=-1)

    def attend(self, hidden, encoder_outputs, lengths):
        energy = self.score_layer((self.query_layer(hidden).transpose(0, 1) + self.key_layer(encoder_outputs)).tanh())
        positions = torch.arange(encoder_outputs.size(1)).expand(len(lengths), -1)
        bias = torch.where(positions < lengths.unsqueeze(-1), 0.0, -torch.inf)
        return self.softmax(energy.squeeze(-1) + bias)

    def forward(self, input, hidden, encoder_outputs, lengths):
        weights = self.attend(hidden, encoder_outputs, lengths)
        context = torch.einsum("bs,bsh->bh", weights, encoder_outputs)
        _, hidden = self.gru(torch.cat((self.embedding(input), context), 1).unsqueeze(0), hidden)
        scores = self.out(hidden.squeeze(0))
        return [scores - torch.logsumexp(scores, 1, keepdim=True), hidden, weights]


def _zero_weigh(s, x, n):
    weights = x.softmax(1) * (torch.arange(x.size(1)) < n[:, None])
    return weights / weights.sum(1, keepdim=True)


def _attend_after(self, input, hidden, encoder_outputs, lengths):
    """
    Luong's order: the GRU first, attention after it.
    """
    e = self.embed(self, input)
    _, early = self.gru(_pair(e, torch.zeros_like(e)).unsqueeze(1), hidden)
    w = self.weigh(self, self.score(self, self.query(self, e, early), self.key(self, encoder_outputs)), lengths)
    output, new = self.gru(_pair(e, self.context(self, w, encoder_outputs)).unsqueeze(1), hidden)
    return self.end(self, output, None), new, w


def _mask(x, n):
    return torch.arange(x.size(1)) < n[:, None]


RIGHT = {
    "apply_attention": {
        "bmm": lambda w, enc: torch.bmm(w.unsqueeze(0), enc.unsqueeze(0)),
        "bmm, indexed": lambda w, enc: torch.bmm(w[None], enc[None]),
        "matmul": lambda w, enc: (w @ enc).unsqueeze(0),
        "einsum": lambda w, enc: torch.einsum("bs,sh->bh", w, enc).view(1, 1, -1),
        "product and sum": lambda w, enc: (w.T * enc).sum(dim=0)[None, None],
        "mv": lambda w, enc: torch.mv(enc.T, w[0]).reshape(1, 1, -1),
        "linear": lambda w, enc: F.linear(w, enc.t()).unsqueeze(1),
        "tensordot": lambda w, enc: torch.tensordot(w, enc, dims=1).unsqueeze(0),
        "baddbmm": lambda w, enc: torch.baddbmm(enc.new_zeros(1, 1, enc.size(1)), w.unsqueeze(1), enc.unsqueeze(0)),
        "loop": _apply_loop,
    },
    "attention_context": {
        "bmm": lambda w, enc: torch.bmm(w.unsqueeze(1), enc).squeeze(1),
        "bmm from the right": lambda w, enc: torch.bmm(enc.transpose(1, 2), w.unsqueeze(2)).squeeze(2),
        "matmul": lambda w, enc: torch.matmul(w[:, None], enc)[:, 0],
        "einsum": lambda w, enc: torch.einsum("ij,ijk->ik", w, enc),
        "product and sum": lambda w, enc: (w.unsqueeze(-1) * enc).sum(1),
        "baddbmm": lambda w, enc: torch.baddbmm(enc.new_zeros(len(enc), 1, enc.size(2)), w.unsqueeze(1), enc).flatten(
            1
        ),
        "vmap": lambda w, enc: torch.vmap(torch.matmul)(w, enc),
        "list": lambda w, enc: torch.stack([wb @ eb for wb, eb in zip(w, enc)]),
        "diagonal": lambda w, enc: (w @ enc)[torch.arange(len(w)), torch.arange(len(w))],
        "loops": _context_loops,
    },
    "combine": {
        "cat": lambda e, a, layer: F.relu(layer(torch.cat([e, a], dim=2))),
        "tutorial": lambda e, a, layer: F.relu(layer(torch.cat((e[0], a[0]), 1)).unsqueeze(0)),
        "clamp": lambda e, a, layer: layer(torch.cat((e, a), -1)).clamp(min=0),
        "where": lambda e, a, layer: (lambda x: torch.where(x > 0, x, 0.0))(layer(_pair(e, a))),
        "times": lambda e, a, layer: (lambda x: x * (x > 0))(layer(_pair(e, a))),
        "ReLU in place": lambda e, a, layer: nn.ReLU(inplace=True)(layer(torch.dstack((e, a)))),
        "halves": lambda e, a, layer: torch.maximum(
            e @ layer.weight[:, : e.size(2)].T + a @ layer.weight[:, e.size(2) :].T + layer.bias, torch.zeros(1)
        ),
        "Sequential": lambda e, a, layer: nn.Sequential(layer, nn.ReLU())(torch.cat((e, a), dim=2)),
        "threshold": lambda e, a, layer: F.threshold(F.linear(_pair(e, a), layer.weight, layer.bias), 0.0, 0.0),
        "(x + |x|) / 2": lambda e, a, layer: (lambda x: (x + x.abs()) / 2)(layer(_pair(e, a))),
    },
    "AttnDecoderRNN": {
        "pieces": _Attn,
        "tutorial": AttnTutorial,
        "functional dropout, batch first, list": AttnFunctionalDropout,
        "one dimension": AttnOneDimensional,
        "sum of products": AttnSumOfProducts,
        "output as state": _attn(step=lambda s, x, h: (lambda o: (o, o))(s.gru(x, h)[0])),
        "dropout by training only": _attn(
            embed=lambda s, i: s.dropout(s.embedding(i)) if s.training else s.embedding(i)
        ),
    },
    "BahdanauDecoder": {
        "pieces": _Bahdanau,
        "sentence by sentence": BahdanauSentenceBySentence,
        "time first": BahdanauTimeFirst,
        "times mask": _bahdanau(weigh=_zero_weigh),
        "query from all hidden": _bahdanau(query=lambda s, e, h: s.query_layer(h).permute(1, 0, 2)),
        "query repeated": _bahdanau(
            score=lambda s, q, k: s.score_layer(torch.tanh(q.repeat(1, k.size(1), 1) + k))[:, :, 0]
        ),
        "loops in the context": _bahdanau(context=lambda s, w, enc: _context_loops(w, enc)),
        "state into out": _bahdanau(
            step=lambda s, e, c, h: (lambda o: (o, o.transpose(0, 1)))(s.gru(torch.hstack([e, c])[:, None], h)[0])
        ),
    },
}


WRONG = {
    "apply_attention": {
        "(1, H)": lambda w, enc: w @ enc,
        "(H,)": lambda w, enc: (w @ enc)[0],
        "mean": lambda w, enc: enc.mean(0).view(1, 1, -1),
        "sum": lambda w, enc: enc.sum(0).view(1, 1, -1),
        "best state": lambda w, enc: enc[w.argmax()].view(1, 1, -1),
        "last state": lambda w, enc: enc[-1].view(1, 1, -1),
        "softmax again": lambda w, enc: (w.softmax(1) @ enc).unsqueeze(0),
        "divided by S": lambda w, enc: (w @ enc).unsqueeze(0) / len(enc),
        "mean of products": lambda w, enc: (w.T * enc).mean(0).view(1, 1, -1),
        "not summed": lambda w, enc: (w.T * enc).unsqueeze(0),
        "transposed states": lambda w, enc: torch.bmm(w.unsqueeze(0), enc.t().unsqueeze(0)),
        "viewed states": lambda w, enc: (w @ enc.reshape(enc.size(1), -1).T).unsqueeze(0),
        "flipped": lambda w, enc: (w.flip(1) @ enc).unsqueeze(0),
        "unsqueeze(1) both": lambda w, enc: torch.bmm(w.unsqueeze(1), enc.unsqueeze(1)),
        "unsqueeze(2)": lambda w, enc: torch.bmm(w.unsqueeze(2), enc.unsqueeze(0)),
        "squared": lambda w, enc: (w.square() @ enc).unsqueeze(0),
        "relu": lambda w, enc: (w @ enc).relu().unsqueeze(0),
        "max of products": lambda w, enc: (w.T * enc).amax(0).view(1, 1, -1),
        "sum over H": lambda w, enc: (w.T * enc).sum(1).view(1, 1, -1),
        "first missing": lambda w, enc: (w[:, 1:] @ enc[1:]).unsqueeze(0),
        "tanh": lambda w, enc: (w @ enc).tanh().unsqueeze(0),
        "shifted": lambda w, enc: (w.roll(1, 1) @ enc).unsqueeze(0),
    },
    "attention_context": {
        "all sentences, first": lambda w, enc: (w @ enc)[0],
        "all sentences, own row lost": lambda w, enc: (w @ enc)[:, 0],
        "all sentences, mean 0": lambda w, enc: (w @ enc).mean(0),
        "all sentences, mean 1": lambda w, enc: (w @ enc).mean(1),
        "all sentences, sum": lambda w, enc: (w @ enc).sum(1),
        "all sentences": lambda w, enc: w @ enc,
        "(B, 1, H)": lambda w, enc: torch.bmm(w.unsqueeze(1), enc),
        "(1, B, H)": lambda w, enc: torch.bmm(w.unsqueeze(1), enc).transpose(0, 1),
        "squeeze()": lambda w, enc: torch.bmm(w.unsqueeze(1), enc).squeeze(),
        "mean": lambda w, enc: enc.mean(1),
        "mean of products": lambda w, enc: (w.unsqueeze(2) * enc).mean(1),
        "sum": lambda w, enc: enc.sum(1),
        "best state": lambda w, enc: enc[torch.arange(len(w)), w.argmax(1)],
        "softmax again": lambda w, enc: torch.bmm(w.softmax(1).unsqueeze(1), enc).squeeze(1),
        "first weights": lambda w, enc: torch.einsum("s,bsh->bh", w[0], enc),
        "mean weights": lambda w, enc: torch.einsum("s,bsh->bh", w.mean(0), enc),
        "not summed": lambda w, enc: w.unsqueeze(2) * enc,
        "sum over H": lambda w, enc: (w.unsqueeze(2) * enc).sum(2),
        "sum over B": lambda w, enc: torch.einsum("bs,bsh->sh", w, enc),
        "everything summed": lambda w, enc: torch.einsum("bs,bsh->h", w, enc).expand(len(w), -1),
        "weights viewed": lambda w, enc: torch.einsum("sb,bsh->bh", w.reshape(w.size(1), -1), enc),
        "weights transposed": lambda w, enc: torch.bmm(w.T.unsqueeze(1), enc).squeeze(1),
        "flipped": lambda w, enc: torch.bmm(w.flip(1).unsqueeze(1), enc).squeeze(1),
        "weights shifted along the batch": lambda w, enc: torch.einsum("bs,bsh->bh", w.roll(1, 0), enc),
        "max of products": lambda w, enc: (w.unsqueeze(2) * enc).amax(1),
        "weights as long": lambda w, enc: torch.bmm(w.long().to(enc.dtype).unsqueeze(1), enc).squeeze(1),
        "renormalised over the batch": lambda w, enc: torch.einsum(
            "bs,bsh->bh", w / w.sum(0, keepdim=True).clamp(min=1e-9), enc
        ),
        "last state": lambda w, enc: enc[:, -1],
        "states viewed": lambda w, enc: torch.bmm(enc.reshape(len(enc), enc.size(2), -1), w.unsqueeze(2)).squeeze(2),
    },
    "combine": {
        "swapped": lambda e, a, layer: F.relu(layer(_pair(a, e))),
        "no relu": lambda e, a, layer: layer(_pair(e, a)),
        "tanh": lambda e, a, layer: torch.tanh(layer(_pair(e, a))),
        "sigmoid": lambda e, a, layer: torch.sigmoid(layer(_pair(e, a))),
        "leaky": lambda e, a, layer: F.leaky_relu(layer(_pair(e, a))),
        "elu": lambda e, a, layer: F.elu(layer(_pair(e, a))),
        "gelu": lambda e, a, layer: F.gelu(layer(_pair(e, a))),
        "softplus": lambda e, a, layer: F.softplus(layer(_pair(e, a))),
        "relu6": lambda e, a, layer: F.relu6(layer(_pair(e, a)) * 1.01),
        "abs": lambda e, a, layer: layer(_pair(e, a)).abs(),
        "at most 0": lambda e, a, layer: layer(_pair(e, a)).clamp(max=0),
        "0 to 1": lambda e, a, layer: layer(_pair(e, a)).clamp(0, 1) * 1.0,
        "minus relu": lambda e, a, layer: F.relu(-layer(_pair(e, a))),
        "relu before": lambda e, a, layer: layer(F.relu(_pair(e, a))),
        "relu of parts": lambda e, a, layer: F.relu(layer(_pair(F.relu(e), F.relu(a)))),
        "no bias": lambda e, a, layer: F.relu(_pair(e, a) @ layer.weight.T),
        "embedded twice": lambda e, a, layer: F.relu(layer(_pair(e, e))),
        "context twice": lambda e, a, layer: F.relu(layer(_pair(a, a))),
        "interleaved": lambda e, a, layer: F.relu(layer(torch.stack((e, a), -1).flatten(2))),
        "(1, H)": lambda e, a, layer: F.relu(layer(_pair(e[0], a[0]))),
        "(H,)": lambda e, a, layer: F.relu(layer(_pair(e, a))).squeeze(),
        "along dim 1": lambda e, a, layer: F.relu(layer(torch.cat((e, a), 1))),
        "residual": lambda e, a, layer: F.relu(layer(_pair(e, a))) + e,
        "dropout": lambda e, a, layer: F.dropout(F.relu(layer(_pair(e, a))), 0.1),
        "softmax": lambda e, a, layer: F.softmax(layer(_pair(e, a)), -1),
        "no context": lambda e, a, layer: F.relu(layer(_pair(e, torch.zeros_like(a)))),
        "no embedded": lambda e, a, layer: F.relu(layer(_pair(torch.zeros_like(e), a))),
        "log_softmax": lambda e, a, layer: F.log_softmax(layer(_pair(e, a)), -1),
    },
    "AttnDecoderRNN": {
        "no dropout": _attn(embed=lambda s, i: s.embedding(i)),
        "dropout always": _attn(embed=lambda s, i: F.dropout(s.embedding(i), s.dropout.p)),
        "dropout of the context input": _attn(
            embed=lambda s, i: s.embedding(i), combine=lambda s, e, c: s.dropout(_Attn.combine(s, e, c))
        ),
        "dropout after, too": _attn(combine=lambda s, e, c: s.dropout(_Attn.combine(s, e, c))),
        "dropout only in step one": _attn(
            embed=lambda s, i: s.embedding(i), weigh=lambda s, e, h: _Attn.weigh(s, s.dropout(e), h)
        ),
        "dropout of a tenth": _attn(embed=lambda s, i: F.dropout(s.embedding(i), 0.1, s.training)),
        "dropout of a half": _attn(embed=lambda s, i: F.dropout(s.embedding(i), 0.5, s.training)),
        "dropout of the output": _attn(embed=lambda s, i: s.embedding(i), end=lambda s, o: _Attn.end(s, s.dropout(o))),
        "dropout of the weights, too": _attn(context=lambda s, w, enc: _Attn.context(s, s.dropout(w), enc)),
        "step one swapped": _attn(weigh=lambda s, e, h: _Attn.weigh(s, h, e)),
        "step one without hidden": _attn(weigh=lambda s, e, h: _Attn.weigh(s, e, e)),
        "step one without softmax": _attn(weigh=lambda s, e, h: s.attn(_pair(e[0], h[0]))),
        "step one dim 0": _attn(weigh=lambda s, e, h: F.softmax(s.attn(_pair(e[0], h[0])), dim=0)),
        "step one log_softmax": _attn(weigh=lambda s, e, h: _Attn.weigh(s, e, h).log()),
        "step two mean": _attn(context=lambda s, w, enc: enc.mean(0).view(1, 1, -1)),
        "step two last": _attn(context=lambda s, w, enc: enc[-1].view(1, 1, -1)),
        "step two flipped": _attn(context=lambda s, w, enc: (w.flip(1) @ enc).unsqueeze(0)),
        "combine swapped": _attn(combine=lambda s, e, c: _Attn.combine(s, c, e)),
        "combine without relu": _attn(combine=lambda s, e, c: s.attn_combine(_pair(e, c))),
        "combine with tanh": _attn(combine=lambda s, e, c: s.attn_combine(_pair(e, c)).tanh()),
        "no combine": _attn(combine=lambda s, e, c: e),
        "context only": _attn(combine=lambda s, e, c: c),
        "combine by sum": _attn(combine=lambda s, e, c: F.relu(e + c)),
        "forgets hidden": _attn(step=lambda s, x, h: s.gru(x)),
        "old hidden": _attn(give=lambda s, p, new, w, old: (p, old, w)),
        "softmax": _attn(end=lambda s, o: F.softmax(s.out(o[0]), dim=1)),
        "scores": _attn(end=lambda s, o: s.out(o[0])),
        "log_softmax dim 0": _attn(end=lambda s, o: F.log_softmax(s.out(o[0]), dim=0)),
        "three axes": _attn(end=lambda s, o: F.log_softmax(s.out(o), dim=2)),
        "relu at the end": _attn(end=lambda s, o: F.log_softmax(s.out(F.relu(o[0])), dim=1)),
        "relu of embedding": _attn(embed=lambda s, i: F.relu(s.dropout(s.embedding(i)))),
        "weights (1, 1, S)": _attn(give=lambda s, p, new, w, old: (p, new, w.unsqueeze(0))),
        "no weights": _attn(give=lambda s, p, new, w, old: (p, new)),
        "results in another order": _attn(give=lambda s, p, new, w, old: (p, w, new)),
        "weights of the new state": _attn(
            give=lambda s, p, new, w, old: (p, new, _Attn.weigh(s, torch.zeros_like(new), new))
        ),
        "attends to the written state": _attn(step=lambda s, x, h: s.gru(x, s.gru(x, h)[1])),
        "out of combine": _attn(step=lambda s, x, h: (x, s.gru(x, h)[1])),
        "dropout of hidden": _attn(weigh=lambda s, e, h: _Attn.weigh(s, e, s.dropout(h))),
    },
    "BahdanauDecoder": {
        "no mask": _bahdanau(weigh=lambda s, x, n: x.softmax(1)),
        "mask after, not renormalised": _bahdanau(weigh=lambda s, x, n: x.softmax(1) * _mask(x, n)),
        "mask one too long": _bahdanau(weigh=lambda s, x, n: _Bahdanau.weigh(s, x, n + 1)),
        "zero before softmax": _bahdanau(weigh=lambda s, x, n: (x * _mask(x, n)).softmax(1)),
        "softmax over the batch": _bahdanau(weigh=lambda s, x, n: x.masked_fill(~_mask(x, n), -1e9).softmax(0)),
        "uniform": _bahdanau(weigh=lambda s, x, n: _mask(x, n) / n[:, None]),
        "first length": _bahdanau(weigh=lambda s, x, n: _Bahdanau.weigh(s, x, n[:1].expand_as(n))),
        "query is embedded": _bahdanau(query=lambda s, e, h: s.query_layer(e).unsqueeze(1)),
        "query without layer": _bahdanau(query=lambda s, e, h: h[0].unsqueeze(1)),
        "keys without layer": _bahdanau(key=lambda s, enc: enc),
        "layers swapped": _bahdanau(
            query=lambda s, e, h: s.key_layer(h[0]).unsqueeze(1), key=lambda s, enc: s.query_layer(enc)
        ),
        "query of the first": _bahdanau(query=lambda s, e, h: s.query_layer(h[0, :1]).unsqueeze(1)),
        "no query": _bahdanau(query=lambda s, e, h: 0),
        "no tanh": _bahdanau(score=lambda s, q, k: s.score_layer(q + k).squeeze(2)),
        "relu scores": _bahdanau(score=lambda s, q, k: s.score_layer(F.relu(q + k)).squeeze(2)),
        "sum instead of score_layer": _bahdanau(score=lambda s, q, k: torch.tanh(q + k).sum(2)),
        "dot": _bahdanau(score=lambda s, q, k: (q * k).sum(2)),
        "difference": _bahdanau(score=lambda s, q, k: s.score_layer(torch.tanh(q - k)).squeeze(2)),
        "scaled": _bahdanau(score=lambda s, q, k: s.score_layer(torch.tanh(q + k)).squeeze(2) / k.size(2) ** 0.5),
        "context of key_layer": _bahdanau(context=lambda s, w, enc: _Bahdanau.context(s, w, s.key_layer(enc))),
        "mean context": _bahdanau(context=lambda s, w, enc: enc.mean(1)),
        "context of neighbours": _bahdanau(context=lambda s, w, enc: (w @ enc).mean(1)),
        "context of first weights": _bahdanau(context=lambda s, w, enc: torch.einsum("s,bsh->bh", w[0], enc)),
        "context squeezed": _bahdanau(context=lambda s, w, enc: torch.bmm(w.unsqueeze(1), enc).squeeze()),
        "context first": _bahdanau(step=lambda s, e, c, h: s.gru(_pair(c, e).unsqueeze(1), h)),
        "embedded twice": _bahdanau(step=lambda s, e, c, h: s.gru(_pair(e, e).unsqueeze(1), h)),
        "hidden instead of context": _bahdanau(step=lambda s, e, c, h: s.gru(_pair(e, h[0]).unsqueeze(1), h)),
        "forgets hidden": _bahdanau(step=lambda s, e, c, h: s.gru(_pair(e, c).unsqueeze(1))),
        "old hidden": _bahdanau(give=lambda s, p, new, w, old: (p, old, w)),
        "softmax": _bahdanau(end=lambda s, o, c: F.softmax(s.out(o[:, 0]), dim=1)),
        "scores": _bahdanau(end=lambda s, o, c: s.out(o[:, 0])),
        "log_softmax over the batch": _bahdanau(end=lambda s, o, c: F.log_softmax(s.out(o[:, 0]), dim=0)),
        "out of the context": _bahdanau(end=lambda s, o, c: F.log_softmax(s.out(c), dim=1)),
        "time axis kept": _bahdanau(end=lambda s, o, c: F.log_softmax(s.out(o), dim=2)),
        "squeeze()": _bahdanau(end=lambda s, o, c: F.log_softmax(s.out(o.squeeze()), dim=-1)),
        "relu": _bahdanau(step=lambda s, e, c, h: s.gru(F.relu(_pair(e, c)).unsqueeze(1), h)),
        "tanh of context": _bahdanau(context=lambda s, w, enc: _Bahdanau.context(s, w, enc).tanh()),
        "attends after": type("BahdanauDecoder", (_Bahdanau,), {"forward": _attend_after}),
        "weights (B, 1, S)": _bahdanau(give=lambda s, p, new, w, old: (p, new, w.unsqueeze(1))),
        "scores as weights": _bahdanau(give=lambda s, p, new, w, old: (p, new, w.log().clamp(min=-1e9))),
        "hidden (B, 1, H)": _bahdanau(give=lambda s, p, new, w, old: (p, new.transpose(0, 1), w)),
        "no weights": _bahdanau(give=lambda s, p, new, w, old: (p, new)),
        "results in another order": _bahdanau(give=lambda s, p, new, w, old: (p, w, new)),
    },
}


# The known mistakes that a wrong answer may be told it is, each message read and found true of it; no others.
NAMED = {
    "apply_attention": {
        "(1, H)": "two_axes",
        "(H,)": "one_axis",
        "mean": "mean",
        "sum": "sum_without_weights",
        "best state": "only_the_largest",
        "last state": "last_state",
        "softmax again": "softmax_again",
        "divided by S": "divided_by_s",
        "mean of products": "divided_by_s",
        "not summed": "not_summed",
        "transposed states": "transposed",
        "flipped": "reversed",
    },
    "attention_context": {
        "all sentences, first": "first_sentence",
        "all sentences, own row lost": "first_weights",
        "(B, 1, H)": "axis_left_over",
        "squeeze()": "all_axes_squeezed",
        "mean": "mean",
        "mean of products": "divided_by_s",
        "sum": "sum_without_weights",
        "best state": "only_the_largest",
        "softmax again": "softmax_again",
        "first weights": "first_weights",
        "sum over H": "summed_over_h",
        "last state": "last_state",
    },
    "combine": {
        "swapped": "swapped",
        "no relu": "no_relu",
        "tanh": "tanh",
        "sigmoid": "sigmoid",
        "gelu": "gelu",
        "relu before": "relu_first",
        "relu of parts": "relu_twice",
        "embedded twice": "context_unused",
        "context twice": "embedding_unused",
        "(1, H)": "two_axes",
    },
    "AttnDecoderRNN": {
        "no dropout": "no_dropout",
        "dropout always": "dropout_always",
        "dropout of the context input": "dropout_after_combine",
        "step one swapped": "attn_swapped",
        "step one without hidden": "embedded_twice",
        "step one without softmax": "raw_scores",
        "step one dim 0": "softmax_wrong_axis",
        "step two mean": "mean_of_states",
        "step two last": "last_state",
        "combine swapped": "combine_swapped",
        "combine without relu": "no_relu",
        "no combine": "context_unused",
        "context only": "context_only",
        "forgets hidden": "gru_forgets",
        "old hidden": "old_hidden",
        "softmax": "softmax_not_log",
        "scores": "logits",
        "log_softmax dim 0": "log_softmax_wrong_axis",
        "three axes": "log_probs_extra_axis",
        "weights (1, 1, S)": "extra_axis",
    },
    "BahdanauDecoder": {
        "no mask": "no_mask",
        "mask after, not renormalised": "mask_after_softmax",
        "mask one too long": "mask_one_late",
        "zero before softmax": "filled_with_zero",
        "softmax over the batch": "softmax_over_batch",
        "query is embedded": "query_is_embedding",
        "keys without layer": "key_layer_unused",
        "layers swapped": "layers_swapped",
        "query of the first": "first_query",
        "no tanh": "no_tanh",
        "mean context": "mean_of_states",
        "context first": "gru_input_swapped",
        "forgets hidden": "gru_forgets",
        "old hidden": "old_hidden",
        "softmax": "softmax_not_log",
        "scores": "logits",
        "time axis kept": "log_probs_extra_axis",
        "relu": "relu_before_gru",
    },
}
