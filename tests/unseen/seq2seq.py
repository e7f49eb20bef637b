"""
Unseen answers of chapter 01.
"""

# ruff: noqa: B905, UP008 (as students write)
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence, pad_sequence


class _Encoder(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(input_size, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size, batch_first=True)


def _encoder(forward):
    return type("EncoderRNN", (_Encoder,), {"forward": forward})


def _real(x, lengths):
    return torch.arange(x.size(1)) < lengths.unsqueeze(1)


def _last(outputs, lengths):
    return outputs[torch.arange(len(lengths)), lengths - 1].unsqueeze(0)


def _packed(self, x, lengths):
    outputs, hidden = self.gru(pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False))
    return pad_packed_sequence(outputs, batch_first=True, total_length=x.size(1))[0], hidden


def _gates(gru, x, h):
    """
    One step of a GRU, written out.
    """
    xr, xz, xn = (x @ gru.weight_ih_l0.T + gru.bias_ih_l0).chunk(3, -1)
    hr, hz, hn = (h @ gru.weight_hh_l0.T + gru.bias_hh_l0).chunk(3, -1)
    r, z = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
    return (1 - z) * torch.tanh(xn + r * hn) + z * h


class EncoderSortsByHand(_Encoder):
    def forward(self, input_ids, lengths):
        ordered, order = lengths.sort(descending=True)
        packed = pack_padded_sequence(self.embedding(input_ids[order]), ordered, batch_first=True)
        outputs, hidden = self.gru(packed)
        outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=input_ids.shape[1])
        back = order.argsort()
        return outputs[back], hidden[:, back]


class EncoderMasks(_Encoder):
    def forward(self, input_ids, lengths):
        outputs, _ = self.gru(self.embedding(input_ids))
        outputs = outputs * _real(input_ids, lengths).unsqueeze(-1)
        index = (lengths - 1).view(-1, 1, 1).expand(-1, 1, outputs.size(2))
        return outputs, outputs.gather(1, index).transpose(0, 1)


class EncoderSentenceBySentence(_Encoder):
    def forward(self, input_ids, lengths):
        all_outputs, all_hidden = [], []
        for ids, n in zip(input_ids, lengths.tolist()):
            outputs, hidden = self.gru(self.embedding(ids[:n]))
            all_outputs.append(F.pad(outputs, (0, 0, 0, len(ids) - n)))
            all_hidden.append(hidden)
        return torch.stack(all_outputs), torch.stack(all_hidden, dim=1)


class EncoderStepByStep(_Encoder):
    def forward(self, input_ids, lengths):
        x, outputs = self.embedding(input_ids), []
        hidden = x.new_zeros(1, len(x), x.size(2))
        for t in range(x.size(1)):
            output, new = self.gru(x[:, t : t + 1], hidden)
            going = (lengths > t).view(1, -1, 1)
            hidden = torch.where(going, new, hidden)
            outputs.append(output[:, 0] * going[0].to(output.dtype))
        return torch.stack(outputs, 1), hidden


class EncoderByHand(_Encoder):
    def forward(self, input_ids, lengths):
        x = F.one_hot(input_ids, self.embedding.num_embeddings).to(self.embedding.weight.dtype) @ self.embedding.weight
        h, outputs = torch.zeros_like(x[:, 0]), torch.zeros_like(x)
        for t in range(x.shape[1]):
            going = lengths > t
            if not going.any():
                break
            h = torch.where(going[:, None], _gates(self.gru, x[:, t], h), h)
            outputs[going, t] = h[going]
        return outputs, h[None]


class EncoderPadsAfterwards(_Encoder):
    def forward(self, input_ids, lengths):
        packed = pack_padded_sequence(self.embedding(input_ids), lengths, batch_first=True, enforce_sorted=False)
        outputs, hidden = self.gru(packed)
        outputs, _ = pad_packed_sequence(outputs, batch_first=True)
        missing = input_ids.size(1) - outputs.size(1)
        outputs = torch.cat([outputs, outputs.new_zeros(outputs.size(0), missing, outputs.size(2))], dim=1)
        return [outputs, hidden]


class EncoderPackSequence(_Encoder):
    def forward(self, input_ids, lengths):
        pieces = [self.embedding(ids[:n]) for ids, n in zip(input_ids, lengths)]
        outputs, hidden = self.gru(pack_sequence(pieces, enforce_sorted=False))
        full = torch.zeros(*input_ids.shape, hidden.shape[-1], dtype=hidden.dtype)
        for b, n in enumerate(lengths):
            full[b, :n] = pad_packed_sequence(outputs, batch_first=True)[0][b, :n]
        return full, hidden


class EncoderTimeFirst(nn.Module):
    def __init__(self, input_size, hidden_size, padding_idx=0):
        super(EncoderTimeFirst, self).__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.embedding = nn.Embedding(input_size, hidden_size, padding_idx=padding_idx)
        self.gru = nn.GRU(hidden_size, hidden_size)
        self.dropout = nn.Dropout(0.5)  # never used

    def forward(self, input_ids, lengths):
        packed = pack_padded_sequence(self.embedding(input_ids.t()), lengths.tolist(), enforce_sorted=False)
        outputs, hidden = self.gru(packed, None)
        outputs, _ = pad_packed_sequence(outputs, total_length=input_ids.size(1))
        return outputs.transpose(0, 1).contiguous(), hidden


class EncoderPadSequence(_Encoder):
    def forward(self, input_ids, lengths):
        outputs = self.gru(self.embedding(input_ids))[0]
        cut = [o[:n] for o, n in zip(outputs, lengths)] + [outputs[0]]  # the last one only keeps S as it is
        hidden = torch.cat([o[n - 1 : n] for o, n in zip(outputs, lengths)]).unsqueeze(0)
        return pad_sequence(cut, batch_first=True)[:-1], hidden


class EncoderFirstState(_Encoder):
    def forward(self, input_ids, lengths):
        outputs, hidden = self.gru(self.embedding(input_ids), torch.zeros(1, len(input_ids), self.gru.hidden_size))
        hidden = _last(outputs, lengths)
        return outputs.masked_fill(~_real(input_ids, lengths).unsqueeze(2), 0.0), hidden


class EncoderNoUnsort(_Encoder):
    def forward(self, input_ids, lengths):
        ordered, order = lengths.sort(descending=True)
        return _packed(self, self.embedding(input_ids[order]), ordered)


class EncoderUnsortsTwice(_Encoder):
    def forward(self, input_ids, lengths):
        ordered, order = lengths.sort(descending=True)
        outputs, hidden = _packed(self, self.embedding(input_ids[order]), ordered)
        return outputs[order], hidden[:, order]


class EncoderUnsortsOutputsOnly(_Encoder):
    def forward(self, input_ids, lengths):
        ordered, order = lengths.sort(descending=True)
        outputs, hidden = _packed(self, self.embedding(input_ids[order]), ordered)
        return outputs[order.argsort()], hidden


class EncoderDropout(_Encoder):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.dropout = nn.Dropout(0.1)

    def forward(self, input_ids, lengths):
        return _packed(self, self.dropout(self.embedding(input_ids)), lengths)


def _no_total_length(self, input_ids, lengths):
    x = self.embedding(input_ids)
    outputs, hidden = self.gru(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
    return pad_packed_sequence(outputs, batch_first=True)[0], hidden


def _filled(value):
    def forward(self, input_ids, lengths):
        outputs, hidden = _packed(self, self.embedding(input_ids), lengths)
        return outputs.masked_fill(~_real(input_ids, lengths).unsqueeze(2), value), hidden

    return forward


def _masked(keep, last):
    """
    Everything through the GRU, outputs kept where keep says, hidden taken from them by last.
    """

    def forward(self, input_ids, lengths):
        outputs, hidden = self.gru(self.embedding(input_ids))
        kept = outputs * keep(input_ids, lengths).unsqueeze(-1)
        return kept, last(outputs, kept, hidden, lengths)

    return forward


def _h0(make):
    def forward(self, input_ids, lengths):
        x = pack_padded_sequence(self.embedding(input_ids), lengths, batch_first=True, enforce_sorted=False)
        outputs, hidden = self.gru(x, make(1, len(input_ids), self.gru.hidden_size))
        return pad_packed_sequence(outputs, batch_first=True, total_length=input_ids.size(1))[0], hidden

    return forward


class _Decoder(nn.Module):
    def __init__(self, hidden_size, output_size):
        super().__init__()
        self.embedding = nn.Embedding(output_size, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size, batch_first=True)
        self.out = nn.Linear(hidden_size, output_size)


def _decoder(forward):
    return type("DecoderRNN", (_Decoder,), {"forward": forward})


def _finish(finish, embed=lambda x: x, last=lambda output: output[:, 0]):
    """
    A decoder that is right but for what it does at its start or its end.
    """

    def forward(self, input, hidden):
        output, hidden = self.gru(embed(self.embedding(input)).unsqueeze(1), hidden)
        return finish(self.out(last(output))), hidden

    return forward


class DecoderTimeFirst(nn.Module):
    def __init__(self, hidden_size, output_size):
        nn.Module.__init__(self)
        self.hidden_size = hidden_size
        self.output_size = output_size
        self.embedding = nn.Embedding(output_size, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size)
        self.out = nn.Linear(hidden_size, output_size)
        self.softmax = nn.LogSoftmax(dim=1)

    def forward(self, input, hidden):
        output = self.embedding(input).view(1, -1, self.hidden_size)
        output, hidden = self.gru(output, hidden)
        return self.softmax(self.out(output[0])), hidden


class DecoderStateIsOutput(_Decoder):
    def forward(self, input, hidden):
        _, hidden = self.gru(self.embedding(input[:, None]), hidden.contiguous())
        scores = F.linear(hidden[-1], self.out.weight, self.out.bias)
        return scores - scores.logsumexp(dim=-1, keepdim=True), hidden


class DecoderOutputIsState(_Decoder):
    def forward(self, input, hidden):
        output, _ = self.gru(self.embedding(input).unsqueeze(1), hidden)
        return F.log_softmax(self.out(output), dim=2).squeeze(1), output.transpose(0, 1)


class DecoderByHand(_Decoder):
    def forward(self, input, hidden):
        h = _gates(self.gru, self.embedding.weight[input], hidden[0])
        scores = self.out(h)
        scores = scores - scores.max(1, keepdim=True).values
        return scores - scores.exp().sum(1, keepdim=True).log(), h.unsqueeze(0)


class DecoderSentenceBySentence(_Decoder):
    def forward(self, input, hidden):
        rows, states = [], []
        for b in range(input.size(0)):
            output, state = self.gru(self.embedding(input[b].view(1, 1)), hidden[:, b : b + 1])
            rows.append(self.out(output.view(-1)).log_softmax(0))
            states.append(state)
        return [torch.stack(rows), torch.cat(states, dim=1)]


def _decoder_without_gru(self, input, hidden):
    embedded = self.embedding(input)
    _, hidden = self.gru(embedded.unsqueeze(1), hidden)
    return F.log_softmax(self.out(embedded), dim=1), hidden


def _decoder_old_state_written(self, input, hidden):
    new = self.gru(self.embedding(input).unsqueeze(1), hidden)[1]
    return F.log_softmax(self.out(hidden[0]), dim=1), new


class DecoderDropout(_Decoder):
    def forward(self, input, hidden):
        embedded = F.dropout(self.embedding(input), 0.1, self.training)
        output, hidden = self.gru(embedded.unsqueeze(1), hidden)
        return F.log_softmax(self.out(output[:, 0]), dim=1), hidden


def _loss_loops(log_probs, targets, pad_id):
    total, count = 0.0, 0
    for rows, ids in zip(log_probs, targets):
        for row, target in zip(rows, ids.tolist()):
            if target != pad_id:
                total, count = total - row[target], count + 1
    return total / count


def _loss_weights(log_probs, targets, pad_id):
    weight = torch.ones(log_probs.size(-1), dtype=log_probs.dtype)
    weight[pad_id] = 0
    return F.nll_loss(log_probs.flatten(0, 1), targets.flatten(), weight=weight)


def _loss_one_hot(log_probs, targets, pad_id):
    chosen = (F.one_hot(targets, log_probs.size(2)) * log_probs).sum(-1)
    real = (targets != pad_id).to(log_probs.dtype)
    return -(chosen * real).sum() / real.sum().clamp(min=1e-8)


def _loss_index(log_probs, targets, pad_id):
    b, t = torch.nonzero(targets != pad_id, as_tuple=True)
    return log_probs[b, t, targets[b, t]].mean().neg()


def _loss_sum(log_probs, targets, pad_id):
    loss = F.nll_loss(log_probs.permute(0, 2, 1), targets, ignore_index=pad_id, reduction="sum")
    return loss / targets.ne(pad_id).sum()


def _loss_nanmean(log_probs, targets, pad_id):
    chosen = torch.take_along_dim(log_probs, targets[..., None], dim=-1).squeeze(-1)
    return -chosen.masked_fill(targets == pad_id, float("nan")).nanmean()


def _chosen(log_probs, targets):
    return -log_probs.gather(2, targets.unsqueeze(2)).squeeze(2)


def _loss_sentence_means(log_probs, targets, pad_id):
    losses = [F.nll_loss(lp, t, ignore_index=pad_id) for lp, t in zip(log_probs, targets) if (t != pad_id).any()]
    return torch.stack(losses).mean()


def _loss_until_first_pad(log_probs, targets, pad_id):
    real = (targets != pad_id).long().cumprod(1).bool()
    return _chosen(log_probs, targets)[real].mean()


def _loss_full_sentences(log_probs, targets, pad_id):
    full = (targets != pad_id).all(1)
    return _chosen(log_probs, targets)[full].mean() if full.any() else log_probs.sum() * 0


def _loss_column_means(log_probs, targets, pad_id):
    losses = [
        F.nll_loss(log_probs[:, t], targets[:, t], ignore_index=pad_id)
        for t in range(targets.size(1))
        if (targets[:, t] != pad_id).any()
    ]
    return sum(losses) / len(losses)


def _decode_early_stop(decoder, hidden, sos_id, eos_id, max_length):
    B = hidden.size(1)
    result = torch.full((B, max_length), eos_id, dtype=torch.long)
    token = torch.full((B,), sos_id, dtype=torch.long)
    ended = torch.zeros(B, dtype=torch.bool)
    for t in range(max_length):
        log_probs, hidden = decoder(token, hidden)
        token = log_probs.argmax(-1)
        result[~ended, t] = token[~ended]
        ended |= token == eos_id
        if ended.all():
            break
    return result


def _decode_afterwards(decoder, hidden, sos_id, eos_id, max_length):
    token, columns = torch.full((hidden.shape[1],), sos_id), []
    with torch.no_grad():
        for _ in range(max_length):
            log_probs, hidden = decoder.forward(token, hidden)
            token = log_probs.topk(1, dim=1)[1].squeeze(1)
            columns.append(token)
    result = torch.stack(columns, 1)
    return result.masked_fill((result == eos_id).cumsum(1) > 0, eos_id)


def _decode_arithmetic(decoder, hidden, sos_id, eos_id, max_length):
    token = hidden.new_full((hidden.size(1),), sos_id, dtype=torch.long)
    going = torch.ones_like(token)
    result = []
    for _ in range(max_length):
        log_probs, hidden = decoder(token, hidden)
        token = log_probs.max(dim=1).indices * going + eos_id * (1 - going)
        going = going * (token != eos_id).long()
        result += [token.unsqueeze(1)]
    return torch.cat(result, dim=1)


def _decode_sentence_by_sentence(decoder, hidden, sos_id, eos_id, max_length):
    rows = []
    for b in range(hidden.size(1)):
        state, token, row = hidden[:, b : b + 1], sos_id, []
        while len(row) < max_length:
            log_probs, state = decoder(torch.tensor([token]), state)
            token = int(log_probs.exp().argmax())
            row.append(token)
            if token == eos_id:
                break
        rows.append(row + [eos_id] * (max_length - len(row)))
    return torch.tensor(rows)


def _decode_forgetful(decoder, hidden, sos_id, eos_id, max_length):
    """
    What has ended writes eos_id, so the token itself remembers it.
    """
    token = torch.full((hidden.size(1),), sos_id)
    ended = torch.zeros(hidden.size(1)).bool()
    result = torch.zeros(hidden.size(1), max_length, dtype=torch.int64)
    for t in range(max_length):
        log_probs, hidden = decoder(token, hidden)
        token = torch.where(ended, torch.tensor(eos_id), torch.argmax(log_probs, 1))
        ended = token == eos_id
        result[:, t] = token
    return result


def _decode_pads_at_the_end(decoder, hidden, sos_id, eos_id, max_length):
    tokens = [torch.LongTensor([sos_id] * hidden.size(1))]
    ended = torch.zeros_like(tokens[0]).bool()
    while len(tokens) <= max_length and not ended.all():
        log_probs, hidden = decoder(tokens[-1], hidden)
        token = log_probs.argmax(dim=1)
        token[ended] = eos_id
        ended = ended.logical_or(token.eq(eos_id))
        tokens.append(token)
    result = torch.stack(tokens[1:], dim=1)
    return F.pad(result, (0, max_length - result.size(1)), value=eos_id)


def _decode(
    first=lambda sos, eos: sos,
    best=lambda log_probs: log_probs.argmax(1),
    write=lambda token, ended, eos: torch.where(ended, eos, token),
    feed=lambda token, first: token,
    state=lambda old, new: new,
    ends=lambda ended, token, sos, eos: ended | (token == eos),
    stop=lambda ended: False,
    give=lambda tokens, eos: torch.stack(tokens, 1),
    steps=0,
    start=lambda hidden: hidden,
):
    """
    A greedy_decode that is right but for what is given here.
    """

    def greedy_decode(decoder, hidden, sos_id, eos_id, max_length):
        hidden, tokens = start(hidden), []
        begin = token = torch.full((hidden.size(1),), first(sos_id, eos_id))
        ended = torch.zeros(hidden.size(1), dtype=torch.bool)
        for _ in range(max_length + steps):
            log_probs, new = decoder(feed(token, begin), hidden)
            hidden = state(hidden, new)
            token = write(best(log_probs), ended, eos_id)
            ended = ends(ended, token, sos_id, eos_id)
            tokens.append(token)
            if stop(ended):
                break
        return give(tokens, eos_id)

    return greedy_decode


def _fill_up(decoder, hidden, sos_id, eos_id, max_length):
    """
    Stops as soon as any sentence has ended, and fills up with eos_id.
    """
    result = _decode(stop=lambda ended: bool(ended.any()))(decoder, hidden, sos_id, eos_id, max_length)
    return F.pad(result, (0, max_length - result.size(1)), value=eos_id)


def _with_sos(decoder, hidden, sos_id, eos_id, max_length):
    result = _decode()(decoder, hidden, sos_id, eos_id, max_length)
    return F.pad(result, (1, 0), value=sos_id)[:, :max_length]


def _pads_with_zero(decoder, hidden, sos_id, eos_id, max_length):
    result = _decode()(decoder, hidden, sos_id, eos_id, max_length)
    return result.masked_fill((result == eos_id).cumsum(1) > 1, 0)


def _without_eos(decoder, hidden, sos_id, eos_id, max_length):
    result = _decode()(decoder, hidden, sos_id, eos_id, max_length)
    return result.masked_fill(result == eos_id, 0)


def _never_sos(log_probs_of):
    def greedy_decode(decoder, hidden, sos_id, eos_id, max_length):
        def best(log_probs):
            log_probs = log_probs.clone()
            log_probs[:, log_probs_of(sos_id, eos_id)] = -float("inf")
            return log_probs.argmax(1)

        return _decode(best=best)(decoder, hidden, sos_id, eos_id, max_length)

    return greedy_decode


RIGHT = {
    "EncoderRNN": {
        "sorts by hand": EncoderSortsByHand,
        "masks, gathers": EncoderMasks,
        "sentence by sentence": EncoderSentenceBySentence,
        "step by step": EncoderStepByStep,
        "gates by hand": EncoderByHand,
        "pads afterwards, list": EncoderPadsAfterwards,
        "pack_sequence": EncoderPackSequence,
        "time first, unused dropout, padding_idx": EncoderTimeFirst,
        "pad_sequence": EncoderPadSequence,
        "first state of zeros, masked_fill": EncoderFirstState,
        "dropout, which eval turns off": EncoderDropout,
        "F.embedding": _encoder(lambda s, i, n: _packed(s, F.embedding(i, s.embedding.weight), n)),
    },
    "DecoderRNN": {
        "time first": DecoderTimeFirst,
        "state is output": DecoderStateIsOutput,
        "output is state": DecoderOutputIsState,
        "by hand": DecoderByHand,
        "sentence by sentence": DecoderSentenceBySentence,
        "log_softmax twice": _decoder(_finish(lambda x: x.log_softmax(1).log_softmax(1))),
        "log of softmax": _decoder(_finish(lambda x: torch.log(torch.softmax(x, -1)))),
        "implicit dim": _decoder(_finish(lambda x: F.log_softmax(x))),
        "dropout, which eval turns off": DecoderDropout,
        "-cross entropy": _decoder(
            _finish(
                lambda x: torch.stack(
                    [-F.cross_entropy(x, torch.full((len(x),), v), reduction="none") for v in range(x.size(1))], 1
                )
            )
        ),
    },
    "sequence_loss": {
        "nll_loss, transposed": lambda lp, t, pad: F.nll_loss(lp.transpose(1, 2), t, ignore_index=pad),
        "nll_loss, flat": lambda lp, t, pad: F.nll_loss(lp.reshape(-1, lp.size(-1)), t.reshape(-1), ignore_index=pad),
        "NLLLoss": lambda lp, t, pad: nn.NLLLoss(ignore_index=pad)(lp.flatten(0, 1), t.flatten()),
        "cross_entropy": lambda lp, t, pad: F.cross_entropy(lp.mT, t, ignore_index=pad),
        "masked_select": lambda lp, t, pad: _chosen(lp, t).masked_select(t != pad).mean(),
        "where": lambda lp, t, pad: torch.where(t == pad, 0.0, _chosen(lp, t)).sum() / (t != pad).sum(),
        "loops": _loss_loops,
        "class weights": _loss_weights,
        "one_hot": _loss_one_hot,
        "indices": _loss_index,
        "sum / count": _loss_sum,
        "nanmean": _loss_nanmean,
    },
    "greedy_decode": {
        "early stop": _decode_early_stop,
        "afterwards": _decode_afterwards,
        "arithmetic": _decode_arithmetic,
        "sentence by sentence": _decode_sentence_by_sentence,
        "forgetful": _decode_forgetful,
        "pads at the end": _decode_pads_at_the_end,
        "feeds its own argmax": _decode(best=lambda lp: lp.sort(1, descending=True)[1][:, 0]),
    },
}


WRONG = {
    "EncoderRNN": {
        "ignores lengths": _encoder(lambda s, i, n: s.gru(s.embedding(i))),
        "hidden of the last step": _encoder(_masked(_real, lambda o, k, h, n: h)),
        "outputs not zeroed": _encoder(_masked(lambda i, n: torch.ones_like(i), lambda o, k, h, n: _last(o, n))),
        "S shrinks": _encoder(_no_total_length),
        "stays sorted": EncoderNoUnsort,
        "sorted twice": EncoderUnsortsTwice,
        "only outputs unsorted": EncoderUnsortsOutputsOnly,
        "hidden one too early": _encoder(_masked(_real, lambda o, k, h, n: _last(o, (n - 1).clamp(min=1)))),
        "hidden one too late": _encoder(_masked(_real, lambda o, k, h, n: _last(o, (n + 1).clamp(max=o.size(1))))),
        "mask one too long": _encoder(_masked(lambda i, n: _real(i, n + 1), lambda o, k, h, n: _last(o, n))),
        "mask one too short": _encoder(_masked(lambda i, n: _real(i, n - 1), lambda o, k, h, n: _last(o, n))),
        "last column of zeroed": _encoder(_masked(_real, lambda o, k, h, n: k[:, -1].unsqueeze(0))),
        "column of the longest": _encoder(_masked(_real, lambda o, k, h, n: o[:, n.max() - 1].unsqueeze(0))),
        "hidden is the mean": _encoder(_masked(_real, lambda o, k, h, n: k.sum(1).div(n[:, None])[None])),
        "hidden is the maximum": _encoder(_masked(_real, lambda o, k, h, n: o.max(1).values[None])),
        "hidden (B, 1, H)": _encoder(_masked(_real, lambda o, k, h, n: _last(o, n).transpose(0, 1))),
        "hidden (B, H)": _encoder(_masked(_real, lambda o, k, h, n: _last(o, n)[0])),
        "pads are id 0": _encoder(
            _masked(
                lambda i, n: i != 0, lambda o, k, h, n: _last(o, (h.new_ones(1).long()).clamp(min=1).expand(len(n)))
            )
        ),
        "mask by id 0, hidden right": _encoder(_masked(lambda i, n: i != 0, lambda o, k, h, n: _last(o, n))),
        "first state": _encoder(_masked(_real, lambda o, k, h, n: o[:, 0].unsqueeze(0))),
        "masked to the first length": _encoder(
            _masked(lambda i, n: _real(i, n[:1].expand_as(n)), lambda o, k, h, n: _last(o, n))
        ),
        "masks the embeddings only": _encoder(lambda s, i, n: s.gru(s.embedding(i) * _real(i, n).unsqueeze(2))),
        "relu": _encoder(lambda s, i, n: _packed(s, F.relu(s.embedding(i)), n)),
        "swapped results": _encoder(lambda s, i, n: _packed(s, s.embedding(i), n)[::-1]),
        "filled with -1": _encoder(_filled(-1.0)),
        "filled with 1e-3": _encoder(_filled(1e-3)),
        "filled with nan": _encoder(_filled(float("nan"))),
        "h0 of ones": _encoder(_h0(torch.ones)),
        "outputs only": _encoder(lambda s, i, n: _packed(s, s.embedding(i), n)[0]),
        "embedded as outputs": _encoder(
            lambda s, i, n: (s.embedding(i) * _real(i, n).unsqueeze(2), _packed(s, s.embedding(i), n)[1])
        ),
        "reversed": _encoder(lambda s, i, n: _packed(s, s.embedding(i).flip(1), n)),
    },
    "DecoderRNN": {
        "relu of embedding": _decoder(_finish(lambda x: F.log_softmax(x, 1), embed=F.relu)),
        "relu of output": _decoder(_finish(lambda x: F.log_softmax(x, 1), last=lambda o: F.relu(o[:, 0]))),
        "tanh of embedding": _decoder(_finish(lambda x: F.log_softmax(x, 1), embed=torch.tanh)),
        "softmax": _decoder(_finish(lambda x: F.softmax(x, 1))),
        "over the batch": _decoder(_finish(lambda x: F.log_softmax(x, 0))),
        "over the time axis": _decoder(_finish(lambda x: F.log_softmax(x, 1).squeeze(1), last=lambda o: o)),
        "scores": _decoder(_finish(lambda x: x)),
        "negative": _decoder(_finish(lambda x: -F.log_softmax(x, 1))),
        "logsigmoid": _decoder(_finish(F.logsigmoid)),
        "log_softmax of softmax": _decoder(_finish(lambda x: F.log_softmax(F.softmax(x, 1), 1))),
        "log2": _decoder(_finish(lambda x: torch.log2(F.softmax(x, 1)))),
        "log10": _decoder(_finish(lambda x: torch.log10(F.softmax(x, 1)))),
        "log(1 + p)": _decoder(_finish(lambda x: torch.log(1 + F.softmax(x, 1)))),
        "minus maximum": _decoder(_finish(lambda x: x - x.max(1, keepdim=True).values)),
        "normalised over everything": _decoder(_finish(lambda x: x - x.logsumexp((0, 1)))),
        "time axis kept": _decoder(_finish(lambda x: F.log_softmax(x, -1), last=lambda o: o)),
        "squeezes everything": _decoder(_finish(lambda x: F.log_softmax(x, -1), last=lambda o: o.squeeze())),
        "old hidden": _decoder(lambda s, i, h: (_finish(lambda x: F.log_softmax(x, 1))(s, i, h)[0], h)),
        "forgets hidden": _decoder(lambda s, i, h: _finish(lambda x: F.log_softmax(x, 1))(s, i, None)),
        "hidden of the first": _decoder(
            lambda s, i, h: _finish(lambda x: F.log_softmax(x, 1))(s, i, h[:, :1].expand_as(h).contiguous())
        ),
        "no gru": _decoder(_decoder_without_gru),
        "writes from the old state": _decoder(_decoder_old_state_written),
        "hidden (B, 1, H)": _decoder(
            lambda s, i, h: (lambda p, n: (p, n.transpose(0, 1)))(*_finish(lambda x: F.log_softmax(x, 1))(s, i, h))
        ),
        "batch as time": _decoder(lambda s, i, h: s.gru(s.embedding(i).unsqueeze(0), h)),
        "only log_probs": _decoder(lambda s, i, h: _finish(lambda x: F.log_softmax(x, 1))(s, i, h)[0]),
        "swapped results": _decoder(lambda s, i, h: _finish(lambda x: F.log_softmax(x, 1))(s, i, h)[::-1]),
        "two steps": _decoder(
            lambda s, i, h: _finish(lambda x: F.log_softmax(x, 1))(s, i, s.gru(s.embedding(i).unsqueeze(1), h)[1])
        ),
    },
    "sequence_loss": {
        "pads count": lambda lp, t, pad: _chosen(lp, t).mean(),
        "sum": lambda lp, t, pad: _chosen(lp, t)[t != pad].sum(),
        "sign": lambda lp, t, pad: -_chosen(lp, t)[t != pad].mean(),
        "divides by all": lambda lp, t, pad: (_chosen(lp, t) * (t != pad)).mean(),
        "mean of sentence means": _loss_sentence_means,
        "mean of column means": _loss_column_means,
        "divides by B": lambda lp, t, pad: _chosen(lp, t)[t != pad].sum() / len(t),
        "divides by L": lambda lp, t, pad: _chosen(lp, t)[t != pad].sum() / t.size(1),
        "ignores -100": lambda lp, t, pad: F.nll_loss(lp.mT, t),
        "pad is 0": lambda lp, t, pad: F.nll_loss(lp.mT, t, ignore_index=0),
        "pad is lowest": lambda lp, t, pad: _chosen(lp, t)[t > pad].mean(),
        "real below pad": lambda lp, t, pad: _chosen(lp, t)[t < pad].mean(),
        "only pads": lambda lp, t, pad: F.nll_loss(lp.mT, t.masked_fill(t != pad, -100)),
        "view instead of transpose": lambda lp, t, pad: F.nll_loss(
            lp.reshape(len(t), lp.size(2), -1), t, ignore_index=pad
        ),
        "targets transposed": lambda lp, t, pad: F.nll_loss(lp.flatten(0, 1), t.t().flatten(), ignore_index=pad),
        "of probabilities": lambda lp, t, pad: F.nll_loss(lp.exp().mT, t, ignore_index=pad),
        "cross_entropy of probabilities": lambda lp, t, pad: F.cross_entropy(lp.exp().mT, t, ignore_index=pad),
        "one number in a row": lambda lp, t, pad: F.nll_loss(lp.mT, t, ignore_index=pad).unsqueeze(0),
        "per sentence": lambda lp, t, pad: F.nll_loss(lp.mT, t, ignore_index=pad, reduction="none").sum(1),
        "until the first pad": _loss_until_first_pad,
        "full sentences only": _loss_full_sentences,
        "best log_prob": lambda lp, t, pad: -lp.max(2).values[t != pad].mean(),
        "where the guess is no pad": lambda lp, t, pad: _chosen(lp, t)[lp.argmax(2) != pad].mean(),
        "mean over V too": lambda lp, t, pad: -(lp * F.one_hot(t, lp.size(2)))[t != pad].mean(),
        "mean of all log_probs": lambda lp, t, pad: -lp[t != pad].mean(),
        "count plus one": lambda lp, t, pad: _chosen(lp, t)[t != pad].sum() / ((t != pad).sum() + 1),
        "next target": lambda lp, t, pad: (
            F.nll_loss(lp[:, :-1].mT, t[:, 1:], ignore_index=pad)
            if t.size(1) > 1 and (t[:, 1:] != pad).any()
            else lp.sum() * 0
        ),
        "first dropped": lambda lp, t, pad: (
            F.nll_loss(lp[:, 1:].mT, t[:, 1:], ignore_index=pad)
            if t.size(1) > 1 and (t[:, 1:] != pad).any()
            else lp.sum() * 0
        ),
        "python float": lambda lp, t, pad: F.nll_loss(lp.mT, t, ignore_index=pad).item(),
        "float64": lambda lp, t, pad: F.nll_loss(lp.mT.double(), t, ignore_index=pad),
        "median": lambda lp, t, pad: _chosen(lp, t)[t != pad].median(),
        "root mean square": lambda lp, t, pad: _chosen(lp, t)[t != pad].square().mean(),
        "perplexity": lambda lp, t, pad: F.nll_loss(lp.mT, t, ignore_index=pad).exp(),
    },
    "greedy_decode": {
        "never stops": _decode(write=lambda token, ended, eos: token),
        "starts with sos": _with_sos,
        "old hidden": _decode(state=lambda old, new: old),
        "always feeds sos": _decode(feed=lambda token, first: first),
        "first hidden zero": _decode(start=torch.zeros_like),
        "stops and leaves it": _decode(stop=lambda ended: bool(ended.all())),
        "stops at any": _fill_up,
        "stops at any, leaves it": _decode(stop=lambda ended: bool(ended.any())),
        "pads with 0": _pads_with_zero,
        "eos not written": _without_eos,
        "argmin": _decode(best=lambda lp: lp.argmin(1)),
        "second best": _decode(best=lambda lp: lp.topk(2, 1).indices[:, 1]),
        "argmax over the batch": _decode(best=lambda lp: lp.argmax(0)[: len(lp)]),
        "one step short": _decode(steps=-1),
        "one step more": _decode(steps=1),
        "begins with eos": _decode(first=lambda sos, eos: eos),
        "begins with 0": _decode(first=lambda sos, eos: 0),
        "everybody ends with the first": _decode(ends=lambda e, t, sos, eos: e | (t == eos)[:1]),
        "ends at sos": _decode(ends=lambda e, t, sos, eos: e | (t == sos)),
        "ends with any": _decode(ends=lambda e, t, sos, eos: e | (t == eos).any()),
        "first sentence's token for all": _decode(feed=lambda t, f: t[:1].expand_as(t).contiguous()),
        "transposed": _decode(give=lambda tokens, eos: torch.stack(tokens)),
        "flat": _decode(give=lambda tokens, eos: torch.cat(tokens)),
        "stack and view": _decode(give=lambda tokens, eos: torch.stack(tokens).view(len(tokens[0]), -1)),
        "floats": _decode(give=lambda tokens, eos: torch.stack(tokens, 1).float()),
        "int32": _decode(give=lambda tokens, eos: torch.stack(tokens, 1).int()),
        "list": _decode(give=lambda tokens, eos: torch.stack(tokens, 1).tolist()),
        "log_probs instead": _decode(give=lambda tokens, eos: torch.stack(tokens, 1).float().log()),
        "reversed": _decode(give=lambda tokens, eos: torch.stack(tokens[::-1], 1)),
        "feeds eos from the start of the row": _decode(feed=lambda t, f: f),
        "last hidden only": _decode(state=lambda old, new: new[:, :1].expand_as(new).contiguous()),
        "never writes sos": _never_sos(lambda sos, eos: sos),
        "never writes eos": _never_sos(lambda sos, eos: eos),
        "adds states": _decode(state=lambda old, new: old + new),
    },
}


# The known mistakes that a wrong answer may be told it is, each message read and found true of it; no others.
NAMED = {
    "EncoderRNN": {
        "ignores lengths": "ignores_lengths",
        "hidden of the last step": "hidden_after_padding",
        "outputs not zeroed": "outputs_not_zeroed",
        "S shrinks": "no_total_length",
        "stays sorted": "order_not_undone",
        "sorted twice": "sorted_twice",
        "last column of zeroed": "last_column",
        "hidden (B, 1, H)": "hidden_batch_first",
        "hidden (B, H)": "flat_hidden",
        "relu": "relu_on_embedding",
        "swapped results": "swapped_results",
    },
    "DecoderRNN": {
        "relu of embedding": "relu_between",
        "softmax": "softmax_without_log",
        "over the batch": "softmax_over_batch",
        "over the time axis": "softmax_over_time",
        "scores": "raw_scores",
        "log_softmax of softmax": "softmax_twice",
        "time axis kept": "time_axis_left",
        "old hidden": "old_hidden",
        "forgets hidden": "hidden_unused",
        "no gru": "gru_skipped",
        "writes from the old state": "out_of_old_hidden",
        "swapped results": "swapped_results",
    },
    "sequence_loss": {
        "pads count": "pads_counted",
        "sum": "sum",
        "sign": "sign",
        "divides by all": "pads_in_denominator",
        "mean of sentence means": "mean_of_sentence_means",
        "mean of column means": "mean_of_step_means",
        "divides by B": "divided_by_batch",
        "ignores -100": "pads_counted",
        "pad is 0": "pad_is_zero",
        "view instead of transpose": "view_not_transpose",
        "cross_entropy of probabilities": "softmax_again",
    },
    "greedy_decode": {
        "never stops": "does_not_stop",
        "starts with sos": "sos_included",
        "old hidden": "hidden_not_passed_on",
        "always feeds sos": "sos_every_step",
        "stops and leaves it": "shrinks",
        "stops at any": "stops_at_first_eos",
        "pads with 0": "zeros_after_eos",
        "eos not written": "eos_left_out",
        "argmin": "least_probable",
        "everybody ends with the first": "first_sentence_decides",
        "ends with any": "stops_at_first_eos",
        "transposed": "time_first",
        "feeds eos from the start of the row": "sos_every_step",
    },
}
