"""Chapter 01: a whole sentence in one vector. Encoder, decoder, loss, greedy decoding."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from grader.exercises import Exercise, Mistake
from grader.exercises.drawing import Random
from grader.student.calls import Call, TableDecoder
from grader.student.compare import Output
from grader.student.messages import N_


def _gru_step(parameters: dict[str, Tensor], x: Tensor, h: Tensor) -> Tensor:
    """One step of a GRU for one sentence, gate by gate: x (H,), h (H,) -> (H,)."""
    w_ir, w_iz, w_in = parameters["gru.weight_ih_l0"].chunk(3)
    w_hr, w_hz, w_hn = parameters["gru.weight_hh_l0"].chunk(3)
    b_ir, b_iz, b_in = parameters["gru.bias_ih_l0"].chunk(3)
    b_hr, b_hz, b_hn = parameters["gru.bias_hh_l0"].chunk(3)
    reset = torch.sigmoid(w_ir @ x + b_ir + w_hr @ h + b_hr)
    update = torch.sigmoid(w_iz @ x + b_iz + w_hz @ h + b_hz)
    new = torch.tanh(w_in @ x + b_in + reset * (w_hn @ h + b_hn))
    return (1 - update) * new + update * h


# EncoderRNN ---------------------------------------------------------------------------------------------------------


def _draw_encoder(random: Random, sizes: dict[str, int], topic: str) -> Call:
    B, S, H, V = sizes["B"], sizes["S"], sizes["H"], sizes["V"]
    lengths = random.lengths(B, S)
    if topic == "all shorter":
        lengths = lengths.clamp(max=S - 1)
    if topic == "nothing padded":
        lengths = torch.full((B,), S)
    if topic in ("shortest first", "float64"):
        lengths = lengths.sort().values
    if topic == "anything in the padding":  # and in an order that sorting twice does not undo
        B, lengths = 3, torch.tensor([1, S, 2])
        sizes = sizes | {"B": B}
    # No 0 inside a sentence, so that an embedding made with padding_idx=0 is right too; behind it anything may stand.
    input_ids = random.ids(V, B, S, low=1)
    if topic != "anything in the padding":
        input_ids = input_ids * (torch.arange(S) < lengths[:, None])
    parameters = random.embedding_parameters("embedding", V, H) | random.gru_parameters("gru", H, H)
    return Call([input_ids, lengths], ["input_ids", "lengths"], sizes, init=[V, H], parameters=parameters)


def _encode(call: Call, input_ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    table = call.parameters["embedding.weight"]
    rows, ends = [], []
    for ids, length in zip(input_ids.tolist(), lengths.tolist(), strict=True):
        state = table.new_zeros(table.shape[1])
        row = []
        for position, token in enumerate(ids):
            if position < length:
                state = _gru_step(call.parameters, table[token], state)
                row.append(state)
            else:
                row.append(torch.zeros_like(state))
        rows.append(torch.stack(row))
        ends.append(state)
    return torch.stack(rows), torch.stack(ends).unsqueeze(0)


class _Encoder(nn.Module):
    """The parts of an encoder; right and wrong answers differ in `forward`."""

    batch_first = True

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.embedding = nn.Embedding(input_size, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size, batch_first=self.batch_first)

    def packed(self, embedded: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """The right way, for mistakes that lie before or behind it."""
        packed = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
        outputs, hidden = self.gru(packed)
        return pad_packed_sequence(outputs, batch_first=True, total_length=embedded.shape[1])[0], hidden


class _PackedEncoder(_Encoder):
    def forward(self, input_ids, lengths):
        return self.packed(self.embedding(input_ids), lengths)


class _GatheringEncoder(_Encoder):
    def forward(self, input_ids, lengths):
        outputs, _ = self.gru(self.embedding(input_ids))
        last = outputs[torch.arange(len(lengths)), lengths - 1]
        real = torch.arange(input_ids.shape[1])[None, :, None] < lengths[:, None, None]
        return outputs * real, last.unsqueeze(0)


class _SentenceBySentenceEncoder(_Encoder):
    def forward(self, input_ids, lengths):
        pairs = [self.gru(self.embedding(ids[:n])) for ids, n in zip(input_ids, lengths, strict=True)]
        outputs = pad_sequence([output for output, _ in pairs], batch_first=True)
        outputs = F.pad(outputs, (0, 0, 0, input_ids.shape[1] - outputs.shape[1]))
        return outputs, torch.stack([hidden for _, hidden in pairs], dim=1)


class _StepByStepEncoder(_Encoder):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.embedding = nn.Embedding(input_size, hidden_size, padding_idx=0)

    def forward(self, input_ids, lengths):
        hidden = torch.zeros(1, len(lengths), self.gru.hidden_size)
        outputs = []
        for t in range(input_ids.shape[1]):
            output, following = self.gru(self.embedding(input_ids[:, t : t + 1]), hidden)
            going = (t < lengths).view(1, -1, 1)
            hidden = torch.where(going, following, hidden)
            outputs.append(torch.where(going[0], output[:, 0], 0.0))
        return torch.stack(outputs, 1), hidden


class _SortingEncoder(_Encoder):
    def forward(self, input_ids, lengths):
        ordered, order = lengths.sort(descending=True)
        packed = pack_padded_sequence(self.embedding(input_ids[order]), ordered.tolist(), batch_first=True)
        outputs, hidden = self.gru(packed)
        outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=input_ids.size(1))
        undo = order.argsort()
        return outputs[undo], hidden[:, undo]


class _IgnoresLengths(_Encoder):
    def forward(self, input_ids, lengths):
        return self.gru(self.embedding(input_ids))


class _HiddenAfterPadding(_Encoder):
    def forward(self, input_ids, lengths):
        embedded = self.embedding(input_ids)
        return self.packed(embedded, lengths)[0], self.gru(embedded)[1]


class _OutputsNotZeroed(_Encoder):
    def forward(self, input_ids, lengths):
        embedded = self.embedding(input_ids)
        return self.gru(embedded)[0], self.packed(embedded, lengths)[1]


class _OrderNotUndone(_Encoder):
    def forward(self, input_ids, lengths):
        ordered, order = lengths.sort(descending=True, stable=True)
        return self.packed(self.embedding(input_ids[order]), ordered)


class _SortedTwice(_Encoder):
    def forward(self, input_ids, lengths):
        ordered, order = lengths.sort(descending=True, stable=True)
        outputs, hidden = self.packed(self.embedding(input_ids[order]), ordered)
        return outputs[order], hidden[:, order]


class _SortsLengthsOnly(_Encoder):
    def forward(self, input_ids, lengths):
        return self.packed(self.embedding(input_ids), lengths.sort(descending=True).values)


class _NoTotalLength(_Encoder):
    def forward(self, input_ids, lengths):
        packed = pack_padded_sequence(self.embedding(input_ids), lengths, batch_first=True, enforce_sorted=False)
        outputs, hidden = self.gru(packed)
        return pad_packed_sequence(outputs, batch_first=True)[0], hidden


class _EnforceSorted(_Encoder):
    def forward(self, input_ids, lengths):
        outputs, hidden = self.gru(pack_padded_sequence(self.embedding(input_ids), lengths, batch_first=True))
        return pad_packed_sequence(outputs, batch_first=True, total_length=input_ids.shape[1])[0], hidden


class _LastColumn(_Encoder):
    def forward(self, input_ids, lengths):
        outputs, _ = self.packed(self.embedding(input_ids), lengths)
        return outputs, outputs[:, -1].unsqueeze(0)


class _IndexAtLength(_Encoder):
    def forward(self, input_ids, lengths):
        outputs, _ = self.packed(self.embedding(input_ids), lengths)
        return outputs, outputs[torch.arange(len(lengths)), lengths].unsqueeze(0)


class _FirstLengthForAll(_Encoder):
    def forward(self, input_ids, lengths):
        return self.packed(self.embedding(input_ids), lengths[:1].expand_as(lengths))


class _FlatHidden(_PackedEncoder):
    def forward(self, input_ids, lengths):
        outputs, hidden = super().forward(input_ids, lengths)
        return outputs, hidden.squeeze(0)


class _HiddenBatchFirst(_PackedEncoder):
    def forward(self, input_ids, lengths):
        outputs, hidden = super().forward(input_ids, lengths)
        return outputs, hidden.transpose(0, 1)


class _TimeFirst(_PackedEncoder):
    def forward(self, input_ids, lengths):
        outputs, hidden = super().forward(input_ids, lengths)
        return outputs.transpose(0, 1), hidden


class _SwappedResults(_PackedEncoder):
    def forward(self, input_ids, lengths):
        outputs, hidden = super().forward(input_ids, lengths)
        return hidden, outputs


class _BatchFirstForgotten(_Encoder):
    batch_first = False

    def forward(self, input_ids, lengths):
        return self.gru(self.embedding(input_ids))


class _ReluOnEmbedding(_Encoder):
    def forward(self, input_ids, lengths):
        return self.packed(F.relu(self.embedding(input_ids)), lengths)


class _Reversed(_Encoder):
    def forward(self, input_ids, lengths):
        backwards = input_ids.clone()
        for row, ids, n in zip(backwards, input_ids, lengths, strict=True):
            row[:n] = ids[:n].flip(0)
        return self.packed(self.embedding(backwards), lengths)


encoder_rnn = Exercise(
    name="EncoderRNN",
    outputs=[Output("outputs", "B S H", exact_zeros=True), Output("hidden", "1 B H")],
    sizes={"B": (2, 4), "S": (3, 6), "H": (2, 5), "V": (5, 9)},
    ones="BS",
    topics=("all shorter", "nothing padded", "shortest first", "anything in the padding"),
    draw=_draw_encoder,
    reference=_encode,
    mistakes=[
        Mistake(
            "ignores_lengths",
            _IgnoresLengths,
            N_(
                "the lengths are not used: the GRU reads the padding as if it were words, so the outputs go on "
                "behind a sentence's end and `hidden` is the state after the padding. Look at how the GRU learns "
                "where a sentence ends."
            ),
        ),
        Mistake(
            "hidden_after_padding",
            _HiddenAfterPadding,
            N_(
                "the outputs are right, but `hidden` is the state after the padding. Each sentence's state must be "
                "the one at its own last token: compare hidden[0, b] with outputs[b, lengths[b] - 1]."
            ),
        ),
        Mistake(
            "outputs_not_zeroed",
            _OutputsNotZeroed,
            N_("`hidden` is right, but the outputs go on behind a sentence's end; from each length on they must be 0."),
        ),
        Mistake(
            "order_not_undone",
            _OrderNotUndone,
            N_(
                "the results come in the order of the lengths, longest first, and not in the order of the batch: "
                "sentence b's states stand in another row. Undo the sorting, or let the packing function do both."
            ),
        ),
        Mistake(
            "sorted_twice",
            _SortedTwice,
            N_(
                "the results are sorted a second time, with the order that sorted the sentences, instead of put back: "
                "that needs the opposite order, order.argsort()."
            ),
        ),
        Mistake(
            "sorts_lengths_only",
            _SortsLengthsOnly,
            N_(
                "the lengths were sorted but the sentences were not, so sentences are read with each other's "
                "lengths. The packing function can take lengths in any order."
            ),
        ),
        Mistake(
            "no_total_length",
            _NoTotalLength,
            N_(
                "when every sentence is shorter than S, the outputs shrink to the longest sentence. They must keep "
                "all S positions: look at the arguments of the function that unpacks."
            ),
        ),
        Mistake(
            "enforce_sorted",
            _EnforceSorted,
            N_(
                "it works only when the longest sentence comes first: pack_padded_sequence expects sorted lengths "
                "unless it is told otherwise. Look at its arguments."
            ),
        ),
        Mistake(
            "last_column",
            _LastColumn,
            N_(
                "`hidden` is read from the last position of the outputs, which is padding (zeros) for every sentence "
                "shorter than S. A sentence ends at its own length."
            ),
        ),
        Mistake(
            "index_at_length",
            _IndexAtLength,
            N_(
                "`hidden` is read one position too late: positions count from 0, so a sentence of length 3 ends at "
                "position 2."
            ),
        ),
        Mistake(
            "first_length_for_all",
            _FirstLengthForAll,
            N_("every sentence is read with the length of the first one; each has its own."),
        ),
        Mistake(
            "flat_hidden",
            _FlatHidden,
            N_(
                "`hidden` lost its leading axis: nn.GRU gives and takes (1, B, H), one state per layer, and so does "
                "the decoder."
            ),
        ),
        Mistake(
            "hidden_batch_first",
            _HiddenBatchFirst,
            N_("`hidden` is (B, 1, H); batch_first does not concern it, it stays (1, B, H), as nn.GRU gives it."),
        ),
        Mistake(
            "time_first",
            _TimeFirst,
            N_(
                "the outputs come as (S, B, H): the function that unpacks must be told, too, that the batch comes "
                "first."
            ),
        ),
        Mistake(
            "swapped_results", _SwappedResults, N_("the two results are swapped: first the outputs, then `hidden`.")
        ),
        Mistake(
            "batch_first_forgotten",
            _BatchFirstForgotten,
            N_(
                "the GRU walks along the batch and not along the sentence: without batch_first=True it takes the "
                "first axis for time. Besides, the lengths are not used."
            ),
        ),
        Mistake(
            "relu_on_embedding",
            _ReluOnEmbedding,
            N_("something like a relu stands between the embedding and the GRU; here nothing does."),
        ),
        Mistake(
            "reversed",
            _Reversed,
            N_(
                "the sentences are read backwards (as in Sutskever's paper); here they are read from the first token "
                "to the last."
            ),
        ),
    ],
    right=[
        _PackedEncoder,
        _GatheringEncoder,
        _SentenceBySentenceEncoder,
        _StepByStepEncoder,
        _SortingEncoder,
    ],
)

# DecoderRNN ---------------------------------------------------------------------------------------------------------


def _draw_decoder(random: Random, sizes: dict[str, int], topic: str) -> Call:
    B, H, V = sizes["B"], sizes["H"], sizes["V"]
    parameters = (
        random.embedding_parameters("embedding", V, H)
        | random.gru_parameters("gru", H, H)
        | random.layer_parameters("out", H, V)
    )
    args = [random.ids(V, B, low=1), random.normal(1, B, H, scale=0.7)]
    return Call(args, ["input", "hidden"], sizes, init=[H, V], parameters=parameters)


def _decode_step(call: Call, input: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
    weights = call.parameters
    rows, states = [], []
    for b, token in enumerate(input.tolist()):
        state = _gru_step(weights, weights["embedding.weight"][token], hidden[0, b])
        scores = weights["out.weight"] @ state + weights["out.bias"]
        largest = scores.max()
        rows.append(scores - largest - torch.log(torch.exp(scores - largest).sum()))
        states.append(state)
    return torch.stack(rows), torch.stack(states).unsqueeze(0)


class _Decoder(nn.Module):
    """The parts of a decoder; right and wrong answers differ in `forward`."""

    def __init__(self, hidden_size: int, output_size: int):
        super().__init__()
        self.embedding = nn.Embedding(output_size, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size, batch_first=True)
        self.out = nn.Linear(hidden_size, output_size)

    def scores(self, input: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        output, hidden = self.gru(self.embedding(input).unsqueeze(1), hidden)
        return self.out(output.squeeze(1)), hidden


class _PlainDecoder(_Decoder):
    def forward(self, input, hidden):
        scores, hidden = self.scores(input, hidden)
        return F.log_softmax(scores, dim=-1), hidden


class _SliceDecoder(_Decoder):
    def __init__(self, hidden_size, output_size):
        super().__init__(hidden_size, output_size)
        self.embedding = nn.Embedding(output_size, hidden_size, padding_idx=0)
        self.log_softmax = nn.LogSoftmax(dim=1)

    def forward(self, input, hidden):
        output, hidden = self.gru(self.embedding(input[:, None]), hidden)
        return self.log_softmax(self.out(output)[:, 0]), hidden


class _StateDecoder(_Decoder):
    def forward(self, input, hidden):
        _, hidden = self.gru(self.embedding(input).unsqueeze(1), hidden)
        scores = self.out(hidden[0])
        return scores - scores.logsumexp(1, keepdim=True), hidden


class _SentenceBySentenceDecoder(_Decoder):
    def forward(self, input, hidden):
        states = [self.gru(self.embedding(i).view(1, -1), hidden[:, b])[1] for b, i in enumerate(input)]
        hidden = torch.stack(states, dim=1)
        return self.out(hidden).log_softmax(2).squeeze(0), hidden


class _TimeFirstDecoder(_Decoder):
    def __init__(self, hidden_size, output_size):
        super().__init__(hidden_size, output_size)
        self.gru = nn.GRU(hidden_size, hidden_size)

    def forward(self, input, hidden):
        output, hidden = self.gru(self.embedding(input)[None], hidden)
        return self.out(output[0]).softmax(1).log(), hidden


class _RawScores(_Decoder):
    def forward(self, input, hidden):
        return self.scores(input, hidden)


class _SoftmaxWithoutLog(_Decoder):
    def forward(self, input, hidden):
        scores, hidden = self.scores(input, hidden)
        return scores.softmax(1), hidden


class _SoftmaxOverBatch(_Decoder):
    def forward(self, input, hidden):
        scores, hidden = self.scores(input, hidden)
        return scores.log_softmax(0), hidden


class _SoftmaxTwice(_Decoder):
    def forward(self, input, hidden):
        scores, hidden = self.scores(input, hidden)
        return scores.softmax(1).log_softmax(1), hidden


class _SoftmaxOverTime(_Decoder):
    def forward(self, input, hidden):
        scores, hidden = self.scores(input, hidden)
        return scores.unsqueeze(1).log_softmax(1).squeeze(1), hidden


class _ReluBetween(_Decoder):
    def forward(self, input, hidden):
        output, hidden = self.gru(F.relu(self.embedding(input)).unsqueeze(1), hidden)
        return self.out(output.squeeze(1)).log_softmax(1), hidden


class _OldHidden(_PlainDecoder):
    def forward(self, input, hidden):
        return super().forward(input, hidden)[0], hidden


class _HiddenUnused(_PlainDecoder):
    def forward(self, input, hidden):
        return super().forward(input, None)


class _GruSkipped(_Decoder):
    def forward(self, input, hidden):
        embedded = self.embedding(input)
        return self.out(embedded).log_softmax(1), self.gru(embedded.unsqueeze(1), hidden)[1]


class _OutOfOldHidden(_Decoder):
    def forward(self, input, hidden):
        return self.out(hidden[0]).log_softmax(1), self.scores(input, hidden)[1]


class _TimeAxisLeft(_Decoder):
    def forward(self, input, hidden):
        output, hidden = self.gru(self.embedding(input).unsqueeze(1), hidden)
        return self.out(output).log_softmax(2), hidden


class _FlatDecoderHidden(_PlainDecoder):
    def forward(self, input, hidden):
        log_probs, hidden = super().forward(input, hidden)
        return log_probs, hidden.squeeze(0)


class _SwappedDecoderResults(_PlainDecoder):
    def forward(self, input, hidden):
        log_probs, hidden = super().forward(input, hidden)
        return hidden, log_probs


class _BatchAsTime(_Decoder):
    def forward(self, input, hidden):
        output, hidden = self.gru(self.embedding(input).unsqueeze(0), hidden)
        return self.out(output.squeeze(0)).log_softmax(1), hidden


decoder_rnn = Exercise(
    name="DecoderRNN",
    outputs=[Output("log_probs", "B V"), Output("hidden", "1 B H", first=True)],
    sizes={"B": (2, 4), "H": (2, 5), "V": (5, 9)},
    ones="B",
    draw=_draw_decoder,
    reference=_decode_step,
    mistakes=[
        Mistake(
            "raw_scores",
            _RawScores,
            N_("the output layer's scores come back as they are; log_softmax over the vocabulary is missing."),
        ),
        Mistake(
            "softmax_without_log",
            _SoftmaxWithoutLog,
            N_("these are probabilities (each row sums to 1); their logarithms are asked for."),
        ),
        Mistake(
            "softmax_over_batch",
            _SoftmaxOverBatch,
            N_(
                "the softmax ran over the batch (dim 0), so sentences compete with one another; it belongs to the "
                "vocabulary. Sum the exponentials of one row: they should give 1."
            ),
        ),
        Mistake(
            "softmax_twice",
            _SoftmaxTwice,
            N_("softmax was taken twice, once before log_softmax; the distribution comes out almost flat."),
        ),
        Mistake(
            "softmax_over_time",
            _SoftmaxOverTime,
            N_("all log probabilities are 0: the softmax ran over an axis of size 1 (the single time step)."),
        ),
        Mistake(
            "relu_between",
            _ReluBetween,
            N_(
                "a relu stands between the embedding and the GRU, as in an old version of PyTorch's tutorial; here "
                "nothing does. It would throw away every negative number of the embedding."
            ),
        ),
        Mistake(
            "old_hidden",
            _OldHidden,
            N_(
                "the log probabilities are right, but the hidden state that came in is also the one that goes out: "
                "the decoder would forget every step. Return the GRU's new state."
            ),
        ),
        Mistake(
            "hidden_unused",
            _HiddenUnused,
            N_(
                "the GRU starts from zeros: the hidden state that came in is not used, and with it the whole source "
                "sentence is lost."
            ),
        ),
        Mistake(
            "gru_skipped",
            _GruSkipped,
            N_("the scores are made from the embedding; they should be made from what comes out of the GRU."),
        ),
        Mistake(
            "out_of_old_hidden",
            _OutOfOldHidden,
            N_(
                "the scores are made from the hidden state that came in, before this token was read; they should be "
                "made from what comes out of the GRU."
            ),
        ),
        Mistake(
            "time_axis_left",
            _TimeAxisLeft,
            N_("log_probs is (B, 1, V): the axis of the single time step, needed for the GRU, is still there."),
        ),
        Mistake(
            "flat_hidden",
            _FlatDecoderHidden,
            N_("`hidden` lost its leading axis; it must go out as it came in, (1, B, H), to be fed in again."),
        ),
        Mistake(
            "swapped_results",
            _SwappedDecoderResults,
            N_("the two results are swapped: first log_probs, then `hidden`."),
        ),
        Mistake(
            "batch_as_time",
            _BatchAsTime,
            N_(
                "it works only for a batch of one sentence: the new axis of the single time step stands in front, so "
                "the GRU takes the batch for time. With batch_first=True the GRU wants (B, 1, H)."
            ),
        ),
    ],
    right=[_PlainDecoder, _SliceDecoder, _StateDecoder, _SentenceBySentenceDecoder, _TimeFirstDecoder],
)

# sequence_loss ------------------------------------------------------------------------------------------------------


def _draw_loss(random: Random, sizes: dict[str, int], topic: str) -> Call:
    B, L, V = sizes["B"], sizes["L"], sizes["V"]
    # Draws named for another case keep the usual 0, so that a mistake about pad_id shows where it should.
    pad_id = 0 if topic in ("plain", "nothing padded") else random.integer(1, V - 1)
    log_probs = torch.log_softmax(random.normal(B, L, V, scale=1.5), dim=-1)
    targets = (pad_id + random.ids(V, B, L, low=1)) % V
    lengths = random.lengths(B, L)
    if topic == "pad inside":
        lengths[0] = L
    if topic != "nothing padded":
        targets[torch.arange(L) >= lengths[:, None]] = pad_id
    if topic == "pad inside":
        targets[0] = torch.where(torch.arange(L) % 2 == 0, pad_id, targets[0])
    return Call([log_probs, targets, pad_id], ["log_probs", "targets", "pad_id"], sizes)


def _loss(log_probs: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    total, count = log_probs.new_zeros(()), 0
    for b, row in enumerate(targets.tolist()):
        for position, token in enumerate(row):
            if token != pad_id:
                total = total - log_probs[b, position, token]
                count += 1
    return total / count


def _picked(log_probs: Tensor, targets: Tensor) -> Tensor:
    """What the model gave each target (B, L)."""
    return log_probs.gather(2, targets.unsqueeze(2)).squeeze(2)


def _per_sentence(log_probs, targets, pad_id):
    real = targets != pad_id
    return -(_picked(log_probs, targets) * real).sum(1) / real.sum(1).clamp(min=1)


def _per_step(log_probs, targets, pad_id):
    real = targets != pad_id
    steps = (_picked(log_probs, targets) * real).sum(0) / real.sum(0).clamp(min=1)
    return -steps[real.any(0)].mean()


def _loss_loop(log_probs, targets, pad_id):
    losses = [
        -log_probs[b, i, targets[b, i]]
        for b in range(targets.shape[0])
        for i in range(targets.shape[1])
        if targets[b, i] != pad_id
    ]
    return torch.stack(losses).mean()


def _loss_one_hot(log_probs, targets, pad_id):
    wanted = F.one_hot(targets, log_probs.shape[2]) * (targets != pad_id).unsqueeze(2)
    return -torch.einsum("blv,blv->", log_probs, wanted.to(log_probs.dtype)) / wanted.sum()


sequence_loss = Exercise(
    name="sequence_loss",
    outputs=[Output("loss", "")],
    sizes={"B": (2, 4), "L": (3, 6), "V": (4, 8)},
    ones="BL",
    topics=("nothing padded", "pad inside"),
    draw=_draw_loss,
    reference=_loss,
    # F.cross_entropy on log probabilities is a right answer, with other gradients with respect to log_probs.
    gradients="present",
    mistakes=[
        Mistake(
            "pads_counted",
            lambda log_probs, targets, pad_id: -_picked(log_probs, targets).mean(),
            N_(
                "the padding is counted as if it were words to be guessed: the model would be praised for writing "
                "padding. Only targets that are not pad_id count."
            ),
        ),
        Mistake(
            "pads_in_denominator",
            lambda log_probs, targets, pad_id: (
                -(_picked(log_probs, targets) * (targets != pad_id)).sum() / targets.numel()
            ),
            N_(
                "the padding is left out of the sum but still counted when dividing: the more padding, the smaller "
                "the loss. Divide by the number of targets that are not pad_id."
            ),
        ),
        Mistake(
            "sum",
            lambda log_probs, targets, pad_id: -(_picked(log_probs, targets) * (targets != pad_id)).sum(),
            N_("this is the sum over the targets; the mean is asked for, so that the batch's size does not matter."),
        ),
        Mistake(
            "divided_by_batch",
            lambda log_probs, targets, pad_id: (
                -(_picked(log_probs, targets) * (targets != pad_id)).sum() / len(targets)
            ),
            N_("the sum is divided by the number of sentences; divide by the number of targets that are not pad_id."),
        ),
        Mistake(
            "mean_of_sentence_means",
            lambda log_probs, targets, pad_id: _per_sentence(log_probs, targets, pad_id).mean(),
            N_(
                "each sentence was averaged first, and then the sentences: a token of a short sentence weighs more "
                "than one of a long sentence. Every target that is not pad_id weighs the same."
            ),
        ),
        Mistake(
            "mean_of_step_means",
            _per_step,
            N_(
                "each time step was averaged first, and then the steps: late steps, where few sentences are left, "
                "weigh too much. Every target that is not pad_id weighs the same."
            ),
        ),
        Mistake(
            "not_reduced",
            _per_sentence,
            N_("there is one loss per sentence; one number for the whole batch is asked for."),
        ),
        Mistake(
            "sign",
            lambda log_probs, targets, pad_id: -_loss(log_probs, targets, pad_id),
            N_("the sign is wrong: log probabilities are negative, a loss is their *negative* mean and so at least 0."),
        ),
        Mistake(
            "probabilities",
            lambda log_probs, targets, pad_id: 1 - _picked(log_probs, targets)[targets != pad_id].exp().mean(),
            N_("the probabilities were averaged (as 1 minus their mean); average the log probabilities themselves."),
        ),
        Mistake(
            "log_twice",
            lambda log_probs, targets, pad_id: -_picked(log_probs, targets)[targets != pad_id].abs().log().mean(),
            N_("a logarithm was taken of what already is one: log_probs holds log probabilities."),
        ),
        Mistake(
            "softmax_again",
            lambda log_probs, targets, pad_id: _loss(log_probs.softmax(2).log_softmax(2), targets, pad_id),
            N_("a softmax was taken of log_probs before the loss; these are log probabilities already."),
        ),
        Mistake(
            "pad_is_zero",
            lambda log_probs, targets, pad_id: _loss(log_probs, targets, 0),
            N_("0 is taken for the padding; the padding's number is what pad_id says."),
        ),
        Mistake(
            "view_not_transpose",
            lambda log_probs, targets, pad_id: F.nll_loss(
                log_probs.reshape(log_probs.shape[0], log_probs.shape[2], -1), targets, ignore_index=pad_id
            ),
            N_(
                "view or reshape was used to bring the vocabulary to dim 1: the numbers are cut anew in reading "
                "order and land in other places. Axes are swapped with transpose."
            ),
        ),
        Mistake(
            "other_order",
            lambda log_probs, targets, pad_id: F.nll_loss(
                log_probs.transpose(0, 1).flatten(0, 1), targets.flatten(), ignore_index=pad_id
            ),
            N_("log_probs and targets were flattened in different orders, so predictions meet the wrong targets."),
        ),
    ],
    right=[
        lambda log_probs, targets, pad_id: F.nll_loss(log_probs.transpose(1, 2), targets, ignore_index=pad_id),
        lambda log_probs, targets, pad_id: F.nll_loss(
            log_probs.flatten(0, 1), targets.reshape(-1), ignore_index=pad_id
        ),
        lambda log_probs, targets, pad_id: F.cross_entropy(log_probs.permute(0, 2, 1), targets, ignore_index=pad_id),
        lambda log_probs, targets, pad_id: -_picked(log_probs, targets)[targets != pad_id].mean(),
        _loss_loop,
        _loss_one_hot,
    ],
)

# greedy_decode ------------------------------------------------------------------------------------------------------

STATES = 6


def _walk(table: TableDecoder, state: int, sos_id: int, length: int) -> list[int]:
    """The most probable tokens, one after the other, without stopping anywhere."""
    tokens, token = [], sos_id
    for _ in range(length):
        row = table.log_probs[state, token].tolist()
        token, state = row.index(max(row)), int(table.next_state[state, token])
        tokens.append(token)
    return tokens


def _stopped(tokens: list[int], eos_id: int) -> list[int]:
    if eos_id not in tokens:
        return tokens
    end = tokens.index(eos_id)
    return tokens[:end] + [eos_id] * (len(tokens) - end)


def _interesting(walks: list[list[int]], eos_id: int, topic: str) -> bool:
    """Whether these walks, which do not stop by themselves, show what the draw is there for."""
    length = len(walks[0])
    if length == 1:
        return True
    if topic == "nobody ends":
        return not any(eos_id in walk for walk in walks)
    if topic == "all end early" or len(walks) == 1:
        on_time = all(eos_id in walk[1 : length - 2] and walk[0] != eos_id for walk in walks)
        goes_on = all(walk != _stopped(walk, eos_id) for walk in walks)
        together = any(all(walk[i] == eos_id for walk in walks) for i in range(length))
        return on_time and goes_on and (len(walks) == 1 or not together)
    if topic == "ends at once":
        return walks[-1][0] == eos_id and walks[0][0] != eos_id and any(token != eos_id for token in walks[-1][1:])
    # One sentence ends early and would go on talking; the first never ends.
    early = [walk for walk in walks if eos_id in walk[: length - 2] and walk != _stopped(walk, eos_id)]
    return bool(early) and eos_id not in walks[0] and walks[0][-1] not in (0, walks[0][0])


def _draw_greedy(random: Random, sizes: dict[str, int], topic: str) -> Call:
    B, H, V, L = sizes["B"], sizes["H"], sizes["V"], sizes["L"]
    # Ids other than the usual 1 and 2, so that an answer that knows the usual ones shows.
    eos_id = 0 if topic == "eos_id is 0" else random.integer(3, V - 1)
    sos_id = 2 if topic == "eos_id is 0" else random.integer(0, 2)
    for _ in range(3000):
        table = random.table_decoder(STATES, V)
        starts = random.ids(STATES, B)
        walks = [_walk(table, int(state), sos_id, L) for state in starts]
        if _interesting(walks, eos_id, topic):
            break
    hidden = random.normal(1, B, H)
    hidden[0, :, 0] = starts.float()
    names = ["decoder", "hidden", "sos_id", "eos_id", "max_length"]
    return Call([table, hidden, sos_id, eos_id, L], names, sizes)


def _greedy(decoder: TableDecoder, hidden: Tensor, sos_id: int, eos_id: int, max_length: int) -> Tensor:
    starts = [round(value) for value in hidden[0, :, 0].tolist()]
    return torch.tensor([_stopped(_walk(decoder, state, sos_id, max_length), eos_id) for state in starts])


def _steps(decoder, hidden, sos_id, max_length, feed_back=True, pass_on=True, choose=torch.argmax) -> Tensor:
    """Decoding without any thought of eos (B, max_length), with what right and wrong answers do differently."""
    token = torch.full((hidden.shape[1],), sos_id)
    columns = []
    for _ in range(max_length):
        log_probs, following = decoder(token, hidden)
        hidden = following if pass_on else hidden
        column = choose(log_probs, dim=1)
        token = column if feed_back else token
        columns.append(column)
    return torch.stack(columns, dim=1)


def _end(ids: Tensor, eos_id: int, filler: int) -> Tensor:
    """`filler` in every position after the first eos."""
    ended = (ids == eos_id).cumsum(1) - (ids == eos_id).long() > 0
    return ids.masked_fill(ended, filler)


def _greedy_cumulative(decoder, hidden, sos_id, eos_id, max_length):
    with torch.no_grad():
        return _end(_steps(decoder, hidden, sos_id, max_length), eos_id, eos_id)


def _greedy_stops(decoder, hidden, sos_id, eos_id, max_length):
    batch = hidden.size(1)
    result = torch.full((batch, max_length), eos_id, dtype=torch.long)
    token = torch.full((batch,), sos_id, dtype=torch.long)
    done = torch.zeros(batch, dtype=torch.bool)
    for i in range(max_length):
        log_probs, hidden = decoder(token, hidden)
        token = log_probs.topk(1).indices.squeeze(1)
        result[~done, i] = token[~done]
        done |= token == eos_id
        if done.all():
            break
    return result


def _greedy_feeds_eos(decoder, hidden, sos_id, eos_id, max_length):
    tokens = [hidden.new_full((hidden.shape[1],), sos_id).long()]
    for _ in range(max_length):
        log_probs, hidden = decoder(tokens[-1], hidden)
        following = log_probs.max(-1)[1]
        ended = (tokens[-1] == eos_id) & (len(tokens) > 1)
        tokens.append(torch.where(ended, eos_id, following))
    return torch.stack(tokens[1:], 1)


def _greedy_one_by_one(decoder, hidden, sos_id, eos_id, max_length):
    rows = []
    for b in range(hidden.shape[1]):
        state, token, row = hidden[:, b : b + 1], sos_id, []
        while len(row) < max_length and token != eos_id:
            log_probs, state = decoder(torch.tensor([token]), state)
            token = log_probs[0].argmax().item()
            row.append(token)
        rows.append(row + [eos_id] * (max_length - len(row)))
    return torch.tensor(rows)


def _stops_all_when(stop: Callable[[Tensor], bool]) -> Callable:
    """Everything is eos behind the first step at which `stop` says so of the ended sentences (B,)."""

    def decode(decoder, hidden, sos_id, eos_id, max_length):
        ids = _steps(decoder, hidden, sos_id, max_length)
        for i in range(max_length):
            if stop(ids[:, i] == eos_id):
                ids[:, i + 1 :] = eos_id
                break
        return ids

    return decode


def _shrinks(decoder, hidden, sos_id, eos_id, max_length):
    ids = _greedy_cumulative(decoder, hidden, sos_id, eos_id, max_length)
    columns = int((ids != eos_id).sum(1).max()) + 1
    return ids[:, :columns]


def _eos_left_out(decoder, hidden, sos_id, eos_id, max_length):
    ids = _end(_steps(decoder, hidden, sos_id, max_length), eos_id, eos_id)
    return ids.masked_fill(ids == eos_id, 0)


def _with_sos(decoder, hidden, sos_id, eos_id, max_length):
    ids = _greedy_cumulative(decoder, hidden, sos_id, eos_id, max_length)
    return torch.cat([torch.full_like(ids[:, :1], sos_id), ids], dim=1)


def _batch_of_one(decoder, hidden, sos_id, eos_id, max_length):
    token = torch.full((hidden.shape[0],), sos_id)
    columns = []
    for _ in range(max_length):
        log_probs, hidden = decoder(token, hidden)
        token = log_probs.argmax(1)
        columns.append(token)
    return _end(torch.stack(columns, 1), eos_id, eos_id)


def _first_of_batch(decoder, hidden, sos_id, eos_id, max_length):
    ids = _greedy_cumulative(decoder, hidden[:, :1], sos_id, eos_id, max_length)
    return ids.expand(hidden.shape[1], -1).contiguous()


greedy_decode = Exercise(
    name="greedy_decode",
    outputs=[Output("ids", "B L")],
    sizes={"B": (2, 4), "H": (2, 5), "V": (5, 8), "L": (6, 9)},
    ones="BL",
    topics=("all end early", "nobody ends", "ends at once", "eos_id is 0"),
    draw=_draw_greedy,
    reference=_greedy,
    gradients="",
    mistakes=[
        Mistake(
            "does_not_stop",
            lambda decoder, hidden, sos_id, eos_id, max_length: _steps(decoder, hidden, sos_id, max_length),
            N_("a sentence goes on after its eos_id; from the first eos_id on, every position must be eos_id."),
        ),
        Mistake(
            "sos_every_step",
            lambda decoder, hidden, sos_id, eos_id, max_length: _end(
                _steps(decoder, hidden, sos_id, max_length, feed_back=False), eos_id, eos_id
            ),
            N_(
                "the decoder is fed sos_id at every step; after the first, it should be fed the token it has just "
                "written."
            ),
        ),
        Mistake(
            "hidden_not_passed_on",
            lambda decoder, hidden, sos_id, eos_id, max_length: _end(
                _steps(decoder, hidden, sos_id, max_length, pass_on=False), eos_id, eos_id
            ),
            N_(
                "every step starts from the same hidden state: the one that the decoder gives back is not handed to "
                "the next step, so it forgets what it has written."
            ),
        ),
        Mistake(
            "zeros_after_eos",
            lambda decoder, hidden, sos_id, eos_id, max_length: _end(
                _steps(decoder, hidden, sos_id, max_length), eos_id, 0
            ),
            N_("0 stands after a sentence's end; there should be eos_id, up to max_length."),
        ),
        Mistake(
            "eos_left_out",
            _eos_left_out,
            N_(
                "eos_id itself is missing: where a sentence ends, its eos_id should be written, and again up to "
                "max_length."
            ),
        ),
        Mistake(
            "stops_at_first_eos",
            _stops_all_when(lambda ended: bool(ended.any())),
            N_("all sentences stop as soon as one of them writes eos_id; the others still have something to say."),
        ),
        Mistake(
            "first_sentence_decides",
            _stops_all_when(lambda ended: bool(ended[0])),
            N_("only the first sentence's eos_id is looked at, and it stops all; each sentence ends on its own."),
        ),
        Mistake(
            "all_at_once",
            _stops_all_when(lambda ended: bool(ended.all())),
            N_(
                "it stops only when all sentences write eos_id in the same step. They end at different steps: "
                "remember who has ended, and let everyone write nothing but eos_id from then on."
            ),
        ),
        Mistake(
            "shrinks",
            _shrinks,
            N_(
                "when all sentences have ended, the result has fewer than max_length columns. You may stop early, "
                "but fill up with eos_id."
            ),
        ),
        Mistake(
            "sos_included",
            lambda *args: _with_sos(*args)[:, :-1],
            N_(
                "the result begins with sos_id, which was only there to start; the first column is the first token "
                "written."
            ),
        ),
        Mistake(
            "sos_included_one_longer",
            _with_sos,
            N_("the result has max_length + 1 columns, because it begins with sos_id; leave that out."),
        ),
        Mistake(
            "least_probable",
            lambda decoder, hidden, sos_id, eos_id, max_length: _end(
                _steps(decoder, hidden, sos_id, max_length, choose=torch.argmin), eos_id, eos_id
            ),
            N_(
                "the least probable token is taken each time; log probabilities are negative, and the largest is the "
                "best."
            ),
        ),
        Mistake(
            "usual_ids",
            lambda decoder, hidden, sos_id, eos_id, max_length: _greedy_cumulative(decoder, hidden, 1, 2, max_length),
            N_("sos and eos are taken to be 1 and 2; use sos_id and eos_id as they were given."),
        ),
        Mistake(
            "usual_eos",
            lambda decoder, hidden, sos_id, eos_id, max_length: _greedy_cumulative(
                decoder, hidden, sos_id, 2, max_length
            ),
            N_("eos is taken to be 2; use eos_id as it was given."),
        ),
        Mistake(
            "time_first",
            lambda *args: _greedy_cumulative(*args).t().contiguous(),
            N_(
                "the result is (max_length, B); each sentence should be a row, (B, max_length). Look at how the "
                "steps are stacked."
            ),
        ),
        Mistake(
            "batch_from_wrong_axis",
            _batch_of_one,
            N_(
                "it works only for one sentence: the batch's size is the second axis of `hidden` (1, B, H), not the "
                "first."
            ),
        ),
        Mistake(
            "first_sentence_for_all",
            _first_of_batch,
            N_("every row is the first sentence's translation; each sentence has its own hidden state."),
        ),
    ],
    right=[_greedy_cumulative, _greedy_stops, _greedy_feeds_eos, _greedy_one_by_one],
)

EXERCISES: list[Exercise] = [encoder_rnn, decoder_rnn, sequence_loss, greedy_decode]
