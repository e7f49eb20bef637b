"""One colour for one idea, in every figure, plot and explorer."""

# Okabe and Ito's palette, which colour-blind readers can tell apart: https://jfly.uni-koeln.de/color/
COLOURS: dict[str, str] = {
    "source": "#56B4E9",  # the source tokens: light blue
    "encoder": "#009E73",  # the encoder's states: green
    "decoder": "#E69F00",  # the decoder's states: amber
    "score": "#0072B2",  # the match function and its scores: blue
    "weights": "#D55E00",  # the attention weights: vermilion
    "context": "#CC79A7",  # the context vector: purple
    "output": "#999999",  # the output tokens: grey
}
