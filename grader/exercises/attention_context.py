"""Chapter 03, step two: from attention weights to the context, and the decoders that use it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grader.exercises import Exercise, Mistake
from grader.exercises.drawing import Random
from grader.student.calls import Call, Layer
from grader.student.compare import Output
from grader.student.messages import N_

Parameters = dict[str, Tensor]

# apply_attention ----------------------------------------------------------------------------------------------------


def _draw_one_sentence(random: Random, sizes: dict[str, int], topic: str) -> Call:
    S, H = sizes["S"], sizes["H"]
    return Call([random.weights(1, S), random.normal(S, H)], ["attn_weights", "encoder_outputs"], sizes)


def _mix_one(weights: Tensor, encoder_outputs: Tensor) -> Tensor:
    """Σ αᵢ hᵢ, one state after the other."""
    return sum(weights[0, i] * encoder_outputs[i] for i in range(len(encoder_outputs)))[None, None]


apply_attention = Exercise(
    name="apply_attention",
    outputs=[Output("attn_applied", "1 1 H")],
    sizes={"S": (3, 6), "H": (2, 7)},
    ones="SH",
    topics=("again", "once more"),  # or the last state may happen to have the largest weight each time
    draw=_draw_one_sentence,
    reference=_mix_one,
    mistakes=[
        Mistake(
            "mean",
            lambda w, h: h.mean(0)[None, None],
            N_(
                "this is the plain mean of the states; the weights are not used. "
                "Change one weight by hand: the context must change too."
            ),
        ),
        Mistake(
            "sum_without_weights",
            lambda w, h: h.sum(0)[None, None],
            N_("the states are added up, but the weights are not used. Each state counts as much as its weight says."),
        ),
        Mistake(
            "only_the_largest",
            lambda w, h: h[w[0].argmax()][None, None],
            N_(
                "this is the one state with the largest weight. The context mixes all the states; "
                "and an argmax lets no gradient through."
            ),
        ),
        Mistake(
            "last_state",
            lambda w, h: h[-1][None, None],
            N_("this is the last state, all that the decoder of chapter 01 ever saw. The weights are not used."),
        ),
        Mistake(
            "softmax_again",
            lambda w, h: torch.bmm(torch.softmax(w, dim=1)[None], h[None]),
            N_(
                "the weights went through a softmax a second time, which makes them almost equal. "
                "They come as shares already: print their sum."
            ),
        ),
        Mistake(
            "transposed",
            lambda w, h: torch.bmm(w[None], h.t()[None]),
            N_(
                "encoder_outputs was transposed: the states are mixed along H instead of along the source positions. "
                "(1, 1, S) times (1, S, H) has S in the middle without any transposing."
            ),
        ),
        Mistake(
            "reversed",
            lambda w, h: torch.bmm(w.flip(1)[None], h[None]),
            N_("the weights are applied in reverse order: weight i belongs to state i."),
        ),
        Mistake(
            "divided_by_s",
            lambda w, h: torch.bmm(w[None], h[None]) / len(h),
            N_("the sum is divided by S as well. The weights already sum to 1, so their weighted sum is the average."),
        ),
        Mistake(
            "not_summed",
            lambda w, h: (w.t() * h)[None],
            N_("every state is multiplied by its weight, but the products are not added up over the source positions."),
        ),
        Mistake(
            "two_axes",
            lambda w, h: w @ h,
            N_("the numbers are right, but the shape is (1, H). The GRU wants three axes, (1, 1, H): batch, step, H."),
        ),
        Mistake(
            "one_axis",
            lambda w, h: w[0] @ h,
            N_("the numbers are right, but the shape is (H,). The GRU wants three axes, (1, 1, H): batch, step, H."),
        ),
    ],
    right=[
        lambda w, h: torch.bmm(w.unsqueeze(0), h.unsqueeze(0)),
        lambda w, h: (w @ h).unsqueeze(0),
        lambda w, h: torch.einsum("bs,sh->bh", w, h).view(1, 1, -1),
        lambda w, h: (w.t() * h).sum(dim=0, keepdim=True).unsqueeze(0),
        _mix_one,
    ],
)

# attention_context --------------------------------------------------------------------------------------------------


def _draw_batch(random: Random, sizes: dict[str, int], topic: str) -> Call:
    B, S, H = sizes["B"], sizes["S"], sizes["H"]
    weights = random.weights(B, S)
    if topic == "some weights are 0":  # as a mask leaves them
        weights = weights * (torch.arange(S) < random.lengths(B, S)[:, None])
        weights = weights / weights.sum(1, keepdim=True)
    return Call([weights, random.normal(B, S, H)], ["weights", "encoder_outputs"], sizes)


def _with_loops(weights: Tensor, encoder_outputs: Tensor) -> Tensor:
    rows = []
    for row, states in zip(weights, encoder_outputs, strict=True):
        context = torch.zeros_like(states[0])
        for weight, state in zip(row, states, strict=True):
            context = context + weight * state
        rows.append(context)
    return torch.stack(rows)


attention_context = Exercise(
    name="attention_context",
    outputs=[Output("context", "B H")],
    sizes={"B": (2, 4), "S": (3, 6), "H": (2, 7)},
    ones="BSH",
    topics=("some weights are 0",),
    draw=_draw_batch,
    reference=lambda weights, encoder_outputs: torch.einsum("bs,bsh->bh", weights, encoder_outputs),
    mistakes=[
        Mistake(
            "first_weights",
            lambda w, h: torch.einsum("s,bsh->bh", w[0], h),
            N_("the first sentence's weights are used for every sentence of the batch; each has its own row."),
        ),
        Mistake(
            "first_sentence",
            lambda w, h: w @ h[0],
            N_("every row of weights mixes the first sentence's states; each sentence has states of its own."),
        ),
        Mistake(
            "batch_mixed",
            lambda w, h: w @ h.sum(0),
            N_(
                "the states of different sentences are added together. What one sentence sees must not depend on its "
                "neighbours in the batch: bmm keeps dim 0 apart."
            ),
        ),
        Mistake(
            "batch_and_source_swapped",
            lambda w, h: torch.einsum("sb,bsh->bh", w, h),
            N_("batch and source positions changed places in the weights, which goes unnoticed where B equals S."),
        ),
        Mistake(
            "mean",
            lambda w, h: h.mean(1),
            N_(
                "this is the plain mean of the states; the weights are not used. "
                "Change one weight by hand: the context must change too."
            ),
        ),
        Mistake(
            "sum_without_weights",
            lambda w, h: h.sum(1),
            N_("the states are added up, but the weights are not used. Each state counts as much as its weight says."),
        ),
        Mistake(
            "only_the_largest",
            lambda w, h: h[torch.arange(len(h)), w.argmax(1)],
            N_(
                "this is the one state with the largest weight. The context mixes all the states; "
                "and an argmax lets no gradient through."
            ),
        ),
        Mistake(
            "last_state",
            lambda w, h: h[:, -1],
            N_("this is the last state, all that the decoder of chapter 01 ever saw. The weights are not used."),
        ),
        Mistake(
            "softmax_again",
            lambda w, h: torch.bmm(torch.softmax(w, dim=1).unsqueeze(1), h).squeeze(1),
            N_(
                "the weights went through a softmax a second time, which makes them almost equal. "
                "They come as shares already: print their sum."
            ),
        ),
        Mistake(
            "divided_by_s",
            lambda w, h: (w.unsqueeze(2) * h).mean(1),
            N_("the sum is divided by S as well. The weights already sum to 1, so their weighted sum is the average."),
        ),
        Mistake(
            "summed_over_h",
            lambda w, h: (w.unsqueeze(2) * h).sum(2),
            N_("the products are added up over H (dim 2); what has to disappear is the source positions (dim 1)."),
        ),
        Mistake(
            "axis_left_over",
            lambda w, h: torch.bmm(w.unsqueeze(1), h),
            N_("the numbers are right, but the axis of size 1 that bmm needed is left over: (B, 1, H) is not (B, H)."),
        ),
        Mistake(
            "all_axes_squeezed",
            lambda w, h: torch.bmm(w.unsqueeze(1), h).squeeze(),
            N_(
                "squeeze() without an axis removes every axis of size 1, the batch of a single sentence too. "
                "Say which axis goes."
            ),
        ),
    ],
    right=[
        lambda w, h: torch.bmm(w.unsqueeze(1), h).squeeze(1),
        lambda w, h: torch.einsum("bs,bsh->bh", w, h),
        lambda w, h: (w[:, :, None] * h).sum(dim=1),
        lambda w, h: torch.bmm(h.transpose(1, 2), w.unsqueeze(2))[:, :, 0],
        lambda w, h: torch.matmul(w[:, None, :], h)[:, 0],
        _with_loops,
    ],
)

# combine ------------------------------------------------------------------------------------------------------------


def _lively(before_relu: Tensor) -> bool:
    """Whether a relu keeps something, cuts something, and stands on no kink: else mistakes around it cannot be seen."""
    values = before_relu.flatten()
    return bool((values > 0.2).any() and (values < -0.2).any() and (values.abs() > 1e-3).all())


def _linear(layer: Layer, values: Tensor) -> Tensor:
    bias = 0 if layer.bias is None else layer.bias
    return torch.einsum("oi,...i->...o", layer.weight, values) + bias


def _draw_combine(random: Random, sizes: dict[str, int], topic: str) -> Call:
    H = sizes["H"]
    for _ in range(1000):
        embedded, applied, layer = random.normal(1, 1, H), random.normal(1, 1, H), random.layer(2 * H, H)
        if _lively(_linear(layer, torch.cat([embedded, applied], dim=-1))):
            break
    return Call([embedded, applied, layer], ["embedded", "attn_applied", "attn_combine"], sizes)


def _combine_reference(embedded: Tensor, attn_applied: Tensor, attn_combine: Layer) -> Tensor:
    H = embedded.shape[-1]
    left, right = attn_combine.weight[:, :H], attn_combine.weight[:, H:]
    mixed = left @ embedded[0, 0] + right @ attn_applied[0, 0] + attn_combine.bias
    return mixed.clamp(min=0)[None, None]


def _combine_by_halves(embedded: Tensor, attn_applied: Tensor, attn_combine: nn.Linear) -> Tensor:
    left, right = attn_combine.weight.chunk(2, dim=1)
    return (F.linear(embedded, left) + F.linear(attn_applied, right, attn_combine.bias)).relu()


combine = Exercise(
    name="combine",
    outputs=[Output("combined", "1 1 H")],
    sizes={"H": (3, 8)},
    draw=_draw_combine,
    topics=("again", "once more"),
    reference=_combine_reference,
    mistakes=[
        Mistake(
            "swapped",
            lambda e, c, layer: F.relu(layer(torch.cat([c, e], dim=2))),
            N_(
                "the context comes first and the embedding second. It must be [embedded; attn_applied]: "
                "every column of attn_combine's weight belongs to one of them."
            ),
        ),
        Mistake(
            "no_relu",
            lambda e, c, layer: layer(torch.cat([e, c], dim=2)),
            N_("the relu is missing. Look for a negative number in your result: there should be none."),
        ),
        Mistake(
            "tanh",
            lambda e, c, layer: torch.tanh(layer(torch.cat([e, c], dim=2))),
            N_(
                "tanh stands where relu should: it keeps the negative numbers and squeezes the large ones. "
                "After a relu nothing is below 0."
            ),
        ),
        Mistake(
            "gelu",
            lambda e, c, layer: F.gelu(layer(torch.cat([e, c], dim=2))),
            N_("gelu stands where relu should: it looks alike, but lets a little of the negative numbers through."),
        ),
        Mistake(
            "sigmoid",
            lambda e, c, layer: torch.sigmoid(layer(torch.cat([e, c], dim=2))),
            N_("sigmoid stands where relu should: everything lies between 0 and 1, and nothing is exactly 0."),
        ),
        Mistake(
            "relu_first",
            lambda e, c, layer: layer(F.relu(torch.cat([e, c], dim=2))),
            N_("relu came before the linear layer; it belongs after it. The negative half of both inputs is lost."),
        ),
        Mistake(
            "relu_twice",
            lambda e, c, layer: F.relu(layer(F.relu(torch.cat([e, c], dim=2)))),
            N_("there is one relu too many, before the linear layer: the negative half of both inputs is lost."),
        ),
        Mistake(
            "context_unused",
            lambda e, c, layer: F.relu(layer(torch.cat([e, e], dim=2))),
            N_(
                "the embedding stands in both halves; the context is not used, so the decoder would not see the source."
            ),
        ),
        Mistake(
            "embedding_unused",
            lambda e, c, layer: F.relu(layer(torch.cat([c, c], dim=2))),
            N_("the context stands in both halves; the decoder would not know which token it has just written."),
        ),
        Mistake(
            "two_axes",
            lambda e, c, layer: F.relu(layer(torch.cat([e[0], c[0]], dim=1))),
            N_("the numbers are right, but the shape is (1, H). The GRU wants three axes, (1, 1, H): batch, step, H."),
        ),
    ],
    right=[
        lambda e, c, layer: F.relu(layer(torch.cat((e, c), dim=2))),
        lambda e, c, layer: layer(torch.cat([e[0], c[0]], dim=1)).clamp(min=0).unsqueeze(0),
        lambda e, c, layer: nn.Sequential(layer, nn.ReLU())(torch.hstack([e[0], c[0]]))[None],
        lambda e, c, layer: torch.maximum(layer(torch.cat([e, c], -1)), torch.zeros(())).to(e.dtype),
        _combine_by_halves,
    ],
)

# What both decoders' references need --------------------------------------------------------------------------------


def _affine(parameters: Parameters, name: str, values: Tensor) -> Tensor:
    return _linear(Layer(parameters[f"{name}.weight"], parameters.get(f"{name}.bias")), values)


def _gru_step(parameters: Parameters, x: Tensor, h: Tensor) -> Tensor:
    """One step of nn.GRU's equations: x (B, I), h (B, H) -> (B, H)."""
    from_x = x @ parameters["gru.weight_ih_l0"].T + parameters["gru.bias_ih_l0"]
    from_h = h @ parameters["gru.weight_hh_l0"].T + parameters["gru.bias_hh_l0"]
    reset_x, update_x, new_x = from_x.chunk(3, dim=1)
    reset_h, update_h, new_h = from_h.chunk(3, dim=1)
    reset, update = (reset_x + reset_h).sigmoid(), (update_x + update_h).sigmoid()
    new = (new_x + reset * new_h).tanh()
    return (1 - update) * new + update * h


# AttnDecoderRNN -----------------------------------------------------------------------------------------------------


def _draw_classic(random: Random, sizes: dict[str, int], topic: str) -> Call:
    # Dropout of everything: in training it shows, without chance, where dropout acts; in eval mode it must do nothing.
    training = topic == "training"
    if training:  # wide, so that a dropout of another strength cannot look the same by luck
        sizes = sizes | {"H": sizes["H"] + 8}
    S, H, V = sizes["S"], sizes["H"], sizes["V"]
    for _ in range(1000):
        call = Call(
            [random.ids(V, 1, 1), random.normal(1, 1, H), random.normal(S, H)],
            ["input", "hidden", "encoder_outputs"],
            sizes | {"dropout_p": 1, "training": int(training)},
            init=[H, V, 1.0, S],
            parameters=random.embedding_parameters("embedding", V, H)
            | random.layer_parameters("attn", 2 * H, S)
            | random.layer_parameters("attn_combine", 2 * H, H)
            | random.gru_parameters("gru", H, H)
            | random.layer_parameters("out", H, V),
            training=training,
        )
        if _lively(_classic_steps(call, *call.args)[2]):
            break
    return call


def _classic_steps(call: Call, input: Tensor, hidden: Tensor, encoder_outputs: Tensor) -> tuple[Tensor, ...]:
    """embedded (H,), attn_weights (S,), what relu gets (H,)."""
    p = call.parameters
    embedded = p["embedding.weight"][int(input)] * (0 if call.training else 1)
    scores = _affine(p, "attn", torch.cat([embedded, hidden[0, 0]])).exp()
    weights = scores / scores.sum()
    context = torch.einsum("s,sh->h", weights, encoder_outputs)
    return embedded, weights, _affine(p, "attn_combine", torch.cat([embedded, context]))


def _classic_reference(call: Call, input: Tensor, hidden: Tensor, encoder_outputs: Tensor) -> tuple[Tensor, ...]:
    p = call.parameters
    _, weights, mixed = _classic_steps(call, input, hidden, encoder_outputs)
    new_hidden = _gru_step(p, mixed.clamp(min=0)[None], hidden[0])
    logits = _affine(p, "out", new_hidden)
    return logits - logits.exp().sum(1, keepdim=True).log(), new_hidden[None], weights[None]


class _Classic(nn.Module):
    """A right answer in small parts; each mistake replaces one of them."""

    def __init__(self, hidden_size: int, output_size: int, dropout_p: float = 0.1, max_length: int = 5):
        super().__init__()
        self.dropout_p = dropout_p
        self.embedding = nn.Embedding(output_size, hidden_size)
        self.attn = nn.Linear(2 * hidden_size, max_length)
        self.attn_combine = nn.Linear(2 * hidden_size, hidden_size)
        self.dropout = nn.Dropout(dropout_p)
        self.gru = nn.GRU(hidden_size, hidden_size)
        self.out = nn.Linear(hidden_size, output_size)

    def embed(self, input: Tensor) -> Tensor:
        return self.dropout(self.embedding(input))

    def look(self, embedded: Tensor, hidden: Tensor) -> Tensor:
        return torch.softmax(self.attn(torch.cat([embedded, hidden], dim=2)), dim=2)[0]

    def mix(self, weights: Tensor, encoder_outputs: Tensor) -> Tensor:
        return (weights @ encoder_outputs).unsqueeze(0)

    def merge(self, embedded: Tensor, context: Tensor) -> Tensor:
        return torch.relu(self.attn_combine(torch.cat([embedded, context], dim=2)))

    def write(self, output: Tensor) -> Tensor:
        return F.log_softmax(self.out(output[0]), dim=1)

    def forward(self, input: Tensor, hidden: Tensor, encoder_outputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        embedded = self.embed(input)
        weights = self.look(embedded, hidden)
        output, new_hidden = self.gru(self.merge(embedded, self.mix(weights, encoder_outputs)), hidden)
        return self.write(output), new_hidden, weights


def _but(base: type[nn.Module], **parts) -> type[nn.Module]:
    """`base` with some of its methods replaced."""
    return type(base.__name__, (base,), parts)


def _classic_forward(step):
    """A forward with one thing wrong in it: step(self, embedded, hidden, encoder_outputs) -> the three outputs."""
    return _but(_Classic, forward=lambda self, input, hidden, states: step(self, self.embed(input), hidden, states))


def _classic_old_hidden(self, embedded: Tensor, hidden: Tensor, states: Tensor):
    weights = self.look(embedded, hidden)
    output, _ = self.gru(self.merge(embedded, self.mix(weights, states)), hidden)
    return self.write(output), hidden, weights


def _classic_gru_forgets(self, embedded: Tensor, hidden: Tensor, states: Tensor):
    weights = self.look(embedded, hidden)
    output, new_hidden = self.gru(self.merge(embedded, self.mix(weights, states)))
    return self.write(output), new_hidden, weights


def _classic_context_unused(self, embedded: Tensor, hidden: Tensor, states: Tensor):
    output, new_hidden = self.gru(embedded, hidden)
    return self.write(output), new_hidden, self.look(embedded, hidden)


def _classic_not_merged(self, embedded: Tensor, hidden: Tensor, states: Tensor):
    weights = self.look(embedded, hidden)
    output, new_hidden = self.gru(self.mix(weights, states), hidden)
    return self.write(output), new_hidden, weights


def _classic_raw_scores(self, embedded: Tensor, hidden: Tensor, states: Tensor):
    scores = self.attn(torch.cat([embedded, hidden], dim=2))[0]
    output, new_hidden = self.gru(self.merge(embedded, self.mix(torch.softmax(scores, 1), states)), hidden)
    return self.write(output), new_hidden, scores


def _classic_late_dropout(self, input: Tensor, hidden: Tensor, states: Tensor):
    embedded = self.embedding(input)
    weights = self.look(embedded, hidden)
    output, new_hidden = self.gru(self.merge(self.dropout(embedded), self.mix(weights, states)), hidden)
    return self.write(output), new_hidden, weights


def _classic_extra_axis(self, embedded: Tensor, hidden: Tensor, states: Tensor):
    weights = self.look(embedded, hidden)
    output, new_hidden = self.gru(self.merge(embedded, self.mix(weights, states)), hidden)
    return self.write(output), new_hidden, weights.unsqueeze(0)


def _undropped(self, input: Tensor) -> Tensor:
    return self.embedding(input)


class _ClassicTutorial(nn.Module):
    """The order of lines most students know, with functional calls."""

    def __init__(self, hidden_size: int, output_size: int, dropout_p: float = 0.1, max_length: int = 5):
        super().__init__()
        self.hidden_size, self.p = hidden_size, dropout_p
        self.embedding = nn.Embedding(output_size, hidden_size)
        self.attn = nn.Linear(hidden_size * 2, max_length)
        self.attn_combine = nn.Linear(hidden_size * 2, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size)
        self.out = nn.Linear(hidden_size, output_size)

    def forward(self, input: Tensor, hidden: Tensor, encoder_outputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        embedded = F.dropout(self.embedding(input).view(1, 1, -1), self.p, self.training)
        attn_weights = F.softmax(self.attn(torch.cat((embedded[0], hidden[0]), 1)), dim=1)
        attn_applied = torch.bmm(attn_weights.unsqueeze(0), encoder_outputs.unsqueeze(0))
        output = self.attn_combine(torch.cat((embedded[0], attn_applied[0]), 1)).unsqueeze(0)
        output, hidden = self.gru(F.relu(output), hidden)
        return self.out(output[0]).log_softmax(dim=1), hidden, attn_weights


class _ClassicFromGates(_Classic):
    """The GRU by its equations, everything else by einsum and sums."""

    def forward(self, input: Tensor, hidden: Tensor, encoder_outputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        embedded = self.dropout(self.embedding.weight[input.item()])
        scores = self.attn(torch.cat([embedded, hidden.flatten()]))
        attn_weights = torch.exp(scores - torch.logsumexp(scores, dim=0))
        context = sum(weight * state for weight, state in zip(attn_weights, encoder_outputs, strict=True))
        combined = self.attn_combine(torch.cat([embedded, context])).clamp(min=0)
        state = _gru_step(dict(self.named_parameters()), combined[None], hidden[0])
        return torch.log(torch.softmax(self.out(state), dim=1)), state[None], attn_weights[None]


class _ClassicSequential(_Classic):
    """Other helpers, other submodules beside the named ones."""

    def __init__(self, *args):
        super().__init__(*args)
        self.read = nn.Sequential(self.embedding, self.dropout)
        self.score = nn.Sequential(self.attn, nn.Softmax(dim=-1))
        self.mixer = nn.Sequential(self.attn_combine, nn.ReLU())

    def forward(self, input: Tensor, hidden: Tensor, encoder_outputs: Tensor) -> list[Tensor]:
        embedded = self.read(input)
        attn_weights = self.score(torch.cat([embedded, hidden], dim=-1)).squeeze(0)
        applied = torch.einsum("bs,sh->bh", attn_weights, encoder_outputs).unsqueeze(1)
        output, hidden = self.gru(self.mixer(torch.cat([embedded, applied], dim=-1)), hidden)
        return [torch.log_softmax(self.out(output).squeeze(0), dim=-1), hidden, attn_weights]


attn_decoder = Exercise(
    name="AttnDecoderRNN",
    outputs=[Output("log_probs", "1 V"), Output("hidden", "1 1 H"), Output("attn_weights", "1 S", first=True)],
    sizes={"S": (3, 6), "H": (3, 6), "V": (4, 8)},
    ones="S",
    topics=("training", "again", "once more"),
    draw=_draw_classic,
    reference=_classic_reference,
    mistakes=[
        Mistake(
            "attn_swapped",
            _but(_Classic, look=lambda self, e, h: _Classic.look(self, h, e)),
            N_("step one puts the hidden state first; it must be [embedded; hidden], the order attn was trained with."),
        ),
        Mistake(
            "combine_swapped",
            _but(_Classic, merge=lambda self, e, c: _Classic.merge(self, c, e)),
            N_("the weights are right. When combining, the context comes first; it must be [embedded; attn_applied]."),
        ),
        Mistake(
            "no_relu",
            _but(_Classic, merge=lambda self, e, c: self.attn_combine(torch.cat([e, c], dim=2))),
            N_("the weights are right. Between attn_combine and the GRU the relu is missing."),
        ),
        Mistake(
            "no_dropout",
            _but(_Classic, embed=_undropped),
            N_(
                "in eval mode all is right, but in training mode nothing is dropped. "
                "self.dropout must be called on what the embedding gives, not only made in __init__."
            ),
        ),
        Mistake(
            "dropout_always",
            _but(_Classic, embed=lambda self, input: F.dropout(self.embedding(input), self.dropout_p)),
            N_(
                "dropout works in eval mode too. F.dropout does not know the mode by itself; "
                "an nn.Dropout submodule does."
            ),
        ),
        Mistake(
            "dropout_after_combine",
            _but(
                _Classic,
                embed=_undropped,
                merge=lambda self, e, c: self.dropout(_Classic.merge(self, e, c)),
            ),
            N_("dropout is applied to the combined vector; it belongs right after the embedding, before step one."),
        ),
        Mistake(
            "dropout_on_weights",
            _but(_Classic, embed=_undropped, look=lambda self, e, h: self.dropout(_Classic.look(self, e, h))),
            N_("dropout is applied to the attention weights; it belongs right after the embedding, before step one."),
        ),
        Mistake(
            "dropout_on_hidden",
            _but(_Classic, embed=_undropped, look=lambda self, e, h: _Classic.look(self, e, self.dropout(h))),
            N_("dropout is applied to the hidden state; it belongs right after the embedding, before step one."),
        ),
        Mistake(
            "dropout_after_step_one",
            _but(_Classic, forward=_classic_late_dropout),
            N_(
                "dropout comes too late: step one still sees the embedding before dropout, and only combine sees it "
                "after. Drop first, then use the same embedded in both."
            ),
        ),
        Mistake(
            "hidden_not_looked_at",
            _but(_Classic, look=lambda self, e, h: _Classic.look(self, e, torch.zeros_like(h))),
            N_("step one does not use the hidden state: the weights stay the same when hidden changes."),
        ),
        Mistake(
            "embedded_twice",
            _but(_Classic, look=lambda self, e, h: _Classic.look(self, e, e)),
            N_("step one puts the embedding in both halves; the second half is the hidden state."),
        ),
        Mistake(
            "raw_scores",
            _but(_Classic, look=lambda self, e, h: self.attn(torch.cat([e, h], dim=2))[0]),
            N_("attn's scores are used as weights as they are. Print their sum: shares sum to 1. Softmax is missing."),
        ),
        Mistake(
            "raw_scores_returned",
            _classic_forward(_classic_raw_scores),
            N_("log_probs and hidden are right, but what comes back as attn_weights is the scores before the softmax."),
        ),
        Mistake(
            "softmax_wrong_axis",
            _but(_Classic, look=lambda self, e, h: torch.softmax(self.attn(torch.cat([e, h], dim=2)), dim=0)[0]),
            N_("the softmax ran along an axis of size 1, so every weight is 1. It belongs along the source positions."),
        ),
        Mistake(
            "last_state",
            _but(_Classic, mix=lambda self, w, states: states[-1].view(1, 1, -1)),
            N_("the weights are right, but not used: what is combined is the last encoder state, not the context."),
        ),
        Mistake(
            "mean_of_states",
            _but(_Classic, mix=lambda self, w, states: states.mean(0).view(1, 1, -1)),
            N_("the weights are right, but not used: what is combined is the plain mean of the encoder states."),
        ),
        Mistake(
            "context_unused",
            _classic_forward(_classic_context_unused),
            N_("the GRU gets the embedding alone, so the decoder never sees the source. Give it what combine made."),
        ),
        Mistake(
            "context_only",
            _classic_forward(_classic_not_merged),
            N_("the GRU gets the context alone and never learns which token was written last; combine is missing."),
        ),
        Mistake(
            "gru_forgets",
            _classic_forward(_classic_gru_forgets),
            N_("the GRU was called without the hidden state, so it starts from zeros at every step."),
        ),
        Mistake(
            "old_hidden",
            _classic_forward(_classic_old_hidden),
            N_("the hidden state that came in is returned; the next step needs the one the GRU gave back."),
        ),
        Mistake(
            "logits",
            _but(_Classic, write=lambda self, output: self.out(output[0])),
            N_("out's scores are returned as they are; log_softmax is missing. The exp of log_probs must sum to 1."),
        ),
        Mistake(
            "softmax_not_log",
            _but(_Classic, write=lambda self, output: torch.softmax(self.out(output[0]), dim=1)),
            N_("probabilities are returned, not their logarithms. Every log probability is 0 or less."),
        ),
        Mistake(
            "log_softmax_wrong_axis",
            _but(_Classic, write=lambda self, output: F.log_softmax(self.out(output[0]), dim=0)),
            N_("log_softmax ran along an axis of size 1, so every log probability is 0. It belongs along V."),
        ),
        Mistake(
            "extra_axis",
            _classic_forward(_classic_extra_axis),
            N_("the numbers are right, but attn_weights has the shape (1, 1, S) instead of (1, S)."),
        ),
        Mistake(
            "log_probs_extra_axis",
            _but(_Classic, write=lambda self, output: F.log_softmax(self.out(output), dim=2)),
            N_("the numbers are right, but log_probs has the shape (1, 1, V) instead of (1, V): take output[0] first."),
        ),
    ],
    right=[_Classic, _ClassicTutorial, _ClassicFromGates, _ClassicSequential],
)

# BahdanauDecoder ----------------------------------------------------------------------------------------------------


def _draw_bahdanau(random: Random, sizes: dict[str, int], topic: str) -> Call:
    B, S, H, V = (sizes[axis] for axis in "BSHV")
    lengths = torch.full((B,), S) if topic == "nothing padded" else random.lengths(B, S)
    states = random.normal(B, S, H)
    if topic == "length 1":
        lengths[random.integer(0, B - 1)] = 1
    if topic == "padding cannot leak":
        states[torch.arange(S) >= lengths[:, None]] *= 50
    return Call(
        [random.ids(V, B), random.normal(1, B, H), states, lengths],
        ["input", "hidden", "encoder_outputs", "lengths"],
        sizes,
        init=[H, V],
        parameters=random.embedding_parameters("embedding", V, H)
        | random.layer_parameters("query_layer", H, H)
        | random.layer_parameters("key_layer", H, H, bias=False)
        | {"score_layer.weight": random.normal(1, H)}
        | random.gru_parameters("gru", 2 * H, H)
        | random.layer_parameters("out", H, V),
    )


def _bahdanau_reference(
    call: Call, input: Tensor, hidden: Tensor, encoder_outputs: Tensor, lengths: Tensor
) -> tuple[Tensor, ...]:
    p = call.parameters
    rows, contexts = [], []
    for b, states in enumerate(encoder_outputs):
        real = states[: int(lengths[b])]
        scores = _affine(
            p, "score_layer", (_affine(p, "query_layer", hidden[0, b]) + _affine(p, "key_layer", real)).tanh()
        )
        shares = scores[:, 0].exp() / scores[:, 0].exp().sum()
        rows.append(torch.cat([shares, shares.new_zeros(len(states) - len(real))]))
        contexts.append(torch.einsum("s,sh->h", shares, real))
    embedded = p["embedding.weight"][input]
    new_hidden = _gru_step(p, torch.cat([embedded, torch.stack(contexts)], dim=1), hidden[0])
    logits = _affine(p, "out", new_hidden)
    return logits - logits.exp().sum(1, keepdim=True).log(), new_hidden[None], torch.stack(rows)


def _inside(scores: Tensor, lengths: Tensor) -> Tensor:
    """True at the real positions: (B, S)."""
    return torch.arange(scores.shape[1]) < lengths.unsqueeze(1)


class _Bahdanau(nn.Module):
    """A right answer in small parts; each mistake replaces one of them."""

    def __init__(self, hidden_size: int, output_size: int):
        super().__init__()
        self.embedding = nn.Embedding(output_size, hidden_size)
        self.query_layer = nn.Linear(hidden_size, hidden_size)
        self.key_layer = nn.Linear(hidden_size, hidden_size, bias=False)
        self.score_layer = nn.Linear(hidden_size, 1, bias=False)
        self.gru = nn.GRU(2 * hidden_size, hidden_size, batch_first=True)
        self.out = nn.Linear(hidden_size, output_size)

    def query(self, embedded: Tensor, hidden: Tensor) -> Tensor:
        return hidden[0]

    def score(self, query: Tensor, states: Tensor) -> Tensor:
        mixed = torch.tanh(self.query_layer(query).unsqueeze(1) + self.key_layer(states))
        return self.score_layer(mixed).squeeze(2)

    def share(self, scores: Tensor, lengths: Tensor) -> Tensor:
        return torch.softmax(scores.masked_fill(~_inside(scores, lengths), float("-inf")), dim=1)

    def mix(self, weights: Tensor, scores: Tensor, states: Tensor) -> Tensor:
        return torch.bmm(weights.unsqueeze(1), states).squeeze(1)

    def step(self, embedded: Tensor, context: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        return self.gru(torch.cat([embedded, context], dim=1).unsqueeze(1), hidden)

    def write(self, output: Tensor) -> Tensor:
        return F.log_softmax(self.out(output.squeeze(1)), dim=1)

    def shown(self, weights: Tensor, scores: Tensor) -> Tensor:
        return weights

    def forward(
        self, input: Tensor, hidden: Tensor, encoder_outputs: Tensor, lengths: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        embedded = self.embedding(input)
        scores = self.score(self.query(embedded, hidden), encoder_outputs)
        weights = self.share(scores, lengths)
        output, new_hidden = self.step(embedded, self.mix(weights, scores, encoder_outputs), hidden)
        return self.write(output), new_hidden, self.shown(weights, scores)


def _swapped_layers(self, query: Tensor, states: Tensor) -> Tensor:
    mixed = torch.tanh(self.key_layer(query).unsqueeze(1) + self.query_layer(states))
    return self.score_layer(mixed).squeeze(2)


def _no_tanh(self, query: Tensor, states: Tensor) -> Tensor:
    return self.score_layer(self.query_layer(query).unsqueeze(1) + self.key_layer(states)).squeeze(2)


def _keys_as_they_are(self, query: Tensor, states: Tensor) -> Tensor:
    return self.score_layer(torch.tanh(self.query_layer(query).unsqueeze(1) + states)).squeeze(2)


def _mask_one_late(self, scores: Tensor, lengths: Tensor) -> Tensor:
    return _Bahdanau.share(self, scores, lengths + 1)


def _mask_one_early(self, scores: Tensor, lengths: Tensor) -> Tensor:
    return _Bahdanau.share(self, scores, lengths - 1)


def _filled_with_zero(self, scores: Tensor, lengths: Tensor) -> Tensor:
    return torch.softmax(scores.masked_fill(~_inside(scores, lengths), 0.0), dim=1)


def _mask_after_softmax(self, scores: Tensor, lengths: Tensor) -> Tensor:
    return torch.softmax(scores, dim=1) * _inside(scores, lengths)


def _mask_turned_round(self, scores: Tensor, lengths: Tensor) -> Tensor:
    return torch.softmax(scores.masked_fill(_inside(scores, lengths), -1e9), dim=1)


def _softmax_over_batch(self, scores: Tensor, lengths: Tensor) -> Tensor:
    return torch.softmax(scores.masked_fill(~_inside(scores, lengths), -1e9), dim=0)


def _context_first(self, embedded: Tensor, context: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
    return self.gru(torch.cat([context, embedded], dim=1).unsqueeze(1), hidden)


def _relu_before_gru(self, embedded: Tensor, context: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
    return self.gru(torch.relu(torch.cat([embedded, context], dim=1)).unsqueeze(1), hidden)


class _BahdanauByHand(_Bahdanau):
    """Sentence by sentence, without any mask: only the real states are ever touched."""

    def forward(self, input: Tensor, hidden: Tensor, encoder_outputs: Tensor, lengths: Tensor):
        B, S, _ = encoder_outputs.shape
        attn_weights = encoder_outputs.new_zeros(B, S)
        contexts = []
        for b, length in enumerate(lengths.tolist()):
            keys = self.key_layer(encoder_outputs[b, :length])
            energy = torch.tanh(keys + self.query_layer(hidden[0, b]))
            weights = torch.softmax(energy @ self.score_layer.weight[0], dim=0)
            attn_weights[b, :length] = weights
            contexts.append(weights @ encoder_outputs[b, :length])
        x = torch.cat([self.embedding(input), torch.stack(contexts)], dim=-1)
        state = _gru_step(dict(self.named_parameters()), x, hidden[0])
        return torch.log_softmax(self.out(state), dim=-1), state[None], attn_weights


class _BahdanauEinsum(_Bahdanau):
    """Renormalises instead of filling with minus infinity."""

    def forward(self, input: Tensor, hidden: Tensor, encoder_outputs: Tensor, lengths: Tensor):
        energy = (self.query_layer(hidden).transpose(0, 1) + self.key_layer(encoder_outputs)).tanh()
        scores = torch.einsum("bsa,a->bs", energy, self.score_layer.weight.squeeze(0))
        shares = torch.exp(scores - scores.amax(1, keepdim=True)) * _inside(scores, lengths)
        attn_weights = shares / shares.sum(1, keepdim=True)
        context = torch.einsum("bs,bsh->bh", attn_weights, encoder_outputs)
        output, hidden = self.gru(torch.cat([self.embedding(input), context], 1)[:, None], hidden)
        return self.out(output[:, 0]).log_softmax(-1), hidden, attn_weights


class _BahdanauLargeNegative(_Bahdanau):
    """A large negative number for the padding, and torch's functions by another name."""

    def forward(self, input: Tensor, hidden: Tensor, encoder_outputs: Tensor, lengths: Tensor):
        query = self.query_layer(hidden[-1])[:, None, :].expand_as(encoder_outputs)
        scores = self.score_layer(torch.tanh(query + self.key_layer(encoder_outputs)))[..., 0]
        positions = torch.arange(scores.size(1)).expand_as(scores)
        scores = torch.where(positions >= lengths.view(-1, 1), torch.finfo(scores.dtype).min, scores)
        attn_weights = nn.Softmax(dim=-1)(scores)
        context = torch.matmul(attn_weights[:, None], encoder_outputs)
        output, hidden = self.gru(torch.cat([self.embedding(input)[:, None], context], dim=2), hidden)
        return nn.LogSoftmax(dim=-1)(self.out(output))[:, 0], hidden, attn_weights


bahdanau_decoder = Exercise(
    name="BahdanauDecoder",
    outputs=[
        Output("log_probs", "B V"),
        Output("hidden", "1 B H"),
        Output("attn_weights", "B S", exact_zeros=True, first=True),
    ],
    sizes={"B": (2, 4), "S": (3, 6), "H": (3, 6), "V": (4, 8)},
    ones="BS",
    topics=("nothing padded", "length 1", "padding cannot leak"),
    draw=_draw_bahdanau,
    reference=_bahdanau_reference,
    mistakes=[
        Mistake(
            "no_mask",
            _but(_Bahdanau, share=lambda self, scores, lengths: torch.softmax(scores, dim=1)),
            N_(
                "the mask is missing: padding gets weight too. Look at attn_weights from each length on: "
                "0 belongs there."
            ),
        ),
        Mistake(
            "mask_one_late",
            _but(_Bahdanau, share=_mask_one_late),
            N_("the mask begins one position too late: position `length` itself is already padding (counting from 0)."),
        ),
        Mistake(
            "mask_one_early",
            _but(_Bahdanau, share=_mask_one_early),
            N_("the mask begins one position too early: the sentence's own last token gets no weight."),
        ),
        Mistake(
            "filled_with_zero",
            _but(_Bahdanau, share=_filled_with_zero),
            N_(
                "padded scores were set to 0, but e⁰ is 1: padding still gets weight. "
                "Which score becomes exactly 0 after a softmax?"
            ),
        ),
        Mistake(
            "mask_after_softmax",
            _but(_Bahdanau, share=_mask_after_softmax),
            N_(
                "the weights were set to 0 after the softmax, so what is left no longer sums to 1. "
                "Mask the scores, then let softmax share."
            ),
        ),
        Mistake(
            "mask_turned_round",
            _but(_Bahdanau, share=_mask_turned_round),
            N_("the mask is the wrong way round: the real tokens are hidden and the padding is looked at."),
        ),
        Mistake(
            "softmax_over_batch",
            _but(_Bahdanau, share=_softmax_over_batch),
            N_("softmax ran over the batch (dim 0), not over the source positions (dim 1): sum each row to see it."),
        ),
        Mistake(
            "no_tanh",
            _but(_Bahdanau, score=_no_tanh),
            N_(
                "tanh is missing between the sum and score_layer. Without it the query shifts all scores alike, "
                "and softmax forgets it."
            ),
        ),
        Mistake(
            "layers_swapped",
            _but(_Bahdanau, score=_swapped_layers),
            N_("query_layer and key_layer changed places: hidden is the query, encoder_outputs are the keys."),
        ),
        Mistake(
            "key_layer_unused",
            _but(_Bahdanau, score=_keys_as_they_are),
            N_("encoder_outputs went into the sum as they are, without key_layer."),
        ),
        Mistake(
            "query_is_embedding",
            _but(_Bahdanau, query=lambda self, embedded, hidden: embedded),
            N_("the embedding of the input is used as the query; the query is the hidden state, hidden[0]."),
        ),
        Mistake(
            "query_is_zero",
            _but(_Bahdanau, query=lambda self, embedded, hidden: torch.zeros_like(hidden[0])),
            N_("the query is zero, so every step looks at the same place. The query is the hidden state, hidden[0]."),
        ),
        Mistake(
            "first_query",
            _but(_Bahdanau, query=lambda self, embedded, hidden: hidden[0, :1].expand_as(hidden[0])),
            N_(
                "every sentence is scored with the first sentence's hidden state; each has its own: "
                "hidden[0] is (B, H)."
            ),
        ),
        Mistake(
            "gru_input_swapped",
            _but(_Bahdanau, step=_context_first),
            N_("the weights are right. The GRU gets [context; embedded]; it must be [embedded; context]."),
        ),
        Mistake(
            "relu_before_gru",
            _but(_Bahdanau, step=_relu_before_gru),
            N_(
                "the weights are right. A relu stands before the GRU; that belonged to combine, and here there is none."
            ),
        ),
        Mistake(
            "gru_forgets",
            _but(_Bahdanau, step=lambda self, e, c, hidden: self.gru(torch.cat([e, c], dim=1).unsqueeze(1))),
            N_("the GRU was called without the hidden state, so it starts from zeros at every step."),
        ),
        Mistake(
            "old_hidden",
            _but(_Bahdanau, step=lambda self, e, c, hidden: (_Bahdanau.step(self, e, c, hidden)[0], hidden)),
            N_("the hidden state that came in is returned; the next step needs the one the GRU gave back."),
        ),
        Mistake(
            "context_from_unmasked",
            _but(
                _Bahdanau, mix=lambda self, w, scores, h: _Bahdanau.mix(self, torch.softmax(scores, dim=1), scores, h)
            ),
            N_(
                "attn_weights are right, but the context was made with the weights before the mask: "
                "padding leaks into it."
            ),
        ),
        Mistake(
            "unmasked_returned",
            _but(_Bahdanau, shown=lambda self, weights, scores: torch.softmax(scores, dim=1)),
            N_("log_probs and hidden are right, but the weights that come back are those before the mask."),
        ),
        Mistake(
            "scores_returned",
            _but(_Bahdanau, shown=lambda self, weights, scores: scores),
            N_("log_probs and hidden are right, but what comes back as attn_weights is the scores before the softmax."),
        ),
        Mistake(
            "mean_of_states",
            _but(_Bahdanau, mix=lambda self, w, scores, h: h.mean(1)),
            N_("the weights are right, but not used: the context is the plain mean of the encoder states."),
        ),
        Mistake(
            "last_state",
            _but(_Bahdanau, mix=lambda self, w, scores, h: h[:, -1]),
            N_("the weights are right, but not used: the context is the last encoder state."),
        ),
        Mistake(
            "logits",
            _but(_Bahdanau, write=lambda self, output: self.out(output.squeeze(1))),
            N_("out's scores are returned as they are; log_softmax is missing. The exp of log_probs must sum to 1."),
        ),
        Mistake(
            "softmax_not_log",
            _but(_Bahdanau, write=lambda self, output: torch.softmax(self.out(output.squeeze(1)), dim=1)),
            N_("probabilities are returned, not their logarithms. Every log probability is 0 or less."),
        ),
        Mistake(
            "log_probs_extra_axis",
            _but(_Bahdanau, write=lambda self, output: F.log_softmax(self.out(output), dim=2)),
            N_(
                "the numbers are right, but log_probs has the shape (B, 1, V): "
                "the GRU's time axis of size 1 is left over."
            ),
        ),
    ],
    right=[_Bahdanau, _BahdanauByHand, _BahdanauEinsum, _BahdanauLargeNegative],
)

EXERCISES: list[Exercise] = [apply_attention, attention_context, combine, attn_decoder, bahdanau_decoder]
