"""The classic AttnDecoderRNN: one step of it, every tensor with its shape."""

from matplotlib.axes import Axes

from image.flow import Step, draw_steps

STEPS = (
    Step(
        "embedding",
        "output",
        [("input", "(1,1)")],
        [("embedding", "(1,1,H)"), ("dropout", "(1,1,H)")],
        ("embedded", "(1,1,H)"),
    ),
    Step(
        "attention_weights",
        "weights",
        [("embedded", "(1,1,H)"), ("hidden", "(1,1,H)")],
        [("cat", "(1,2H)"), ("attn\nLinear(2H,S)", "(1,S)"), ("softmax", "(1,S)")],
        ("attn_weights", "(1,S)"),
    ),
    Step(
        "apply_attention",
        "context",
        [("attn_weights", "(1,S)"), ("encoder_outputs", "(S,H)")],
        [("bmm", "(1,1,H)")],
        ("attn_applied", "(1,1,H)"),
        layers=[("unsqueeze(0)", "(1,1,S)"), ("unsqueeze(0)", "(1,S,H)")],
    ),
    Step(
        "combine",
        "context",
        [("embedded", "(1,1,H)"), ("attn_applied", "(1,1,H)")],
        [("cat", "(1,1,2H)"), ("attn_combine\nLinear(2H,H)", "(1,1,H)"), ("relu", "(1,1,H)")],
        ("combined", "(1,1,H)"),
    ),
    Step(
        "gru, out",
        "decoder",
        [("combined", "(1,1,H)")],
        [("gru", "(1,1,H)"), ("out\nLinear(H,V)", "(1,V)"), ("log_softmax", "(1,V)")],
        ("log_probs", "(1,V)"),
        state=("hidden", "(1,1,H)"),
    ),
)


def draw() -> Axes:
    return draw_steps(STEPS)
