"""The batched BahdanauDecoder: one step of it, every tensor with its shape."""

from matplotlib.axes import Axes

from image.flow import Step, draw_steps

STEPS = (
    Step("embedding", "output", [("input", "(B,)")], [("embedding", "(B,H)")], ("embedded", "(B,H)")),
    Step(
        "additive_scores",
        "score",
        [("hidden[0]", "(B,H)"), ("encoder_outputs", "(B,S,H)")],
        [("+, tanh", "(B,S,H)"), ("score_layer", "(B,S,1)")],
        ("scores", "(B,S)"),
        layers=[("query_layer", "(B,1,H)"), ("key_layer", "(B,S,H)")],
    ),
    Step(
        "masked_softmax",
        "weights",
        [("scores", "(B,S)"), ("lengths", "(B,)")],
        [("mask", "(B,S)"), ("softmax", "(B,S)")],
        ("attn_weights", "(B,S)"),
    ),
    Step(
        "attention_context",
        "context",
        [("attn_weights", "(B,S)"), ("encoder_outputs", "(B,S,H)")],
        [("bmm", "(B,1,H)"), ("squeeze(1)", "(B,H)")],
        ("context", "(B,H)"),
        layers=[("unsqueeze(1)", "(B,1,S)"), None],
    ),
    Step(
        "gru, out",
        "decoder",
        [("embedded", "(B,H)"), ("context", "(B,H)")],
        [("cat", "(B,1,2H)"), ("gru", "(B,1,H)"), ("out", "(B,V)"), ("log_softmax", "(B,V)")],
        ("log_probs", "(B,V)"),
        state=("hidden", "(1,B,H)"),
    ),
)


def draw() -> Axes:
    return draw_steps(STEPS)
