"""A decoder as a flow of tensors: one coloured band for each step, from its inputs at the left to its result."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from image.pen import COLOURS, arrow, band, code, line, operation, sheet, tensor

WIDTH = 10.0
TITLE = 0.38  # inches above a band's first lane
LANE = 0.74
KINDS = {
    "input": "output",
    "embedded": "output",
    "hidden": "decoder",
    "hidden[0]": "decoder",
    "encoder_outputs": "encoder",
    "lengths": "source",
    "scores": "score",
    "attn_weights": "weights",
    "attn_applied": "context",
    "context": "context",
    "combined": "decoder",
    "log_probs": "output",
}

Named = tuple[str, str]  # a name and a shape


@dataclass(frozen=True)
class Step:
    """One band: inputs enter the first operation (each through a layer of its own, if `layers` names them); each
    operation has the shape it gives; `state` lets the hidden state enter and leave the operation called gru."""

    title: str
    kind: str
    inputs: Sequence[Named]
    operations: Sequence[Named]
    result: Named
    layers: Sequence[Named | None] = ()
    state: Named | None = None

    @property
    def lanes(self) -> int:
        return len(self.inputs) + (self.state is not None)

    @property
    def height(self) -> float:
        return TITLE + LANE * self.lanes + 0.04


def draw_steps(steps: Sequence[Step]) -> Axes:
    """Draw the steps under one another on a sheet that is just high enough."""
    gap = 0.14
    ax = sheet(WIDTH, sum(step.height + gap for step in steps) + gap)
    top = ax.get_ylim()[1] - gap
    for step in steps:
        draw_step(ax, step, top)
        top -= step.height + gap
    return ax


def draw_step(ax: Axes, step: Step, top: float) -> None:
    """Draw one band whose upper edge is at `top`."""
    colour = COLOURS[step.kind]
    band(ax, 0.1, top - step.height, WIDTH - 0.1, top, colour)
    code(ax, 0.25, top - 0.19, step.title, 11, ha="left", fontweight="bold")
    lanes = [top - TITLE - LANE * (lane + 0.5) for lane in range(step.lanes)]
    entries = lanes[: len(step.inputs)]
    middle = sum(entries) / len(entries)
    places = spread(step.operations, 5.0 if step.layers else 2.75, WIDTH - 0.7 - wide(step.result))
    first = places[0] - half(step.operations[0])
    for number, (named, y) in enumerate(zip(step.inputs, entries, strict=True)):
        start = draw_tensor(ax, 0.25, y, named)
        if step.layers:
            start = draw_layer(ax, start, y, step.layers[number], colour)
        arrow(ax, (start, y), (first - 0.02, middle + 0.2 * (y - middle)))
    draw_chain(ax, middle, places, step.operations, colour)
    end = WIDTH - 0.25 - wide(step.result)
    arrow(ax, (places[-1] + half(step.operations[-1]), middle), (end, middle))
    draw_tensor(ax, end, middle, step.result)
    if step.state:
        gru = places[[name for name, _ in step.operations].index("gru")]
        draw_state(ax, gru, lanes[-1], middle, step.state)


def draw_state(ax: Axes, x: float, low: float, high: float, state: Named) -> None:
    """Draw the hidden state going into the operation at (x, high) from the left, and out of it to the right."""
    colour = COLOURS["decoder"]
    start, end = draw_tensor(ax, 0.25, low, state), WIDTH - 0.25 - wide(state)
    line(ax, [(start, low), (x - 0.12, low)], colour, 2)
    arrow(ax, (x - 0.12, low), (x - 0.12, high - 0.24), colour, width=2)
    line(ax, [(x + 0.12, high - 0.24), (x + 0.12, low)], colour, 2)
    arrow(ax, (x + 0.12, low), (end, low), colour, width=2)
    draw_tensor(ax, end, low, state)


def draw_layer(ax: Axes, start: float, y: float, layer: Named | None, colour: str) -> float:
    """Draw the layer that one input goes through, if any; return where its arrow goes on, after its shape."""
    left, end = 2.4, 4.5
    if layer is None:
        line(ax, [(start, y), (end, y)])
        return end
    right = left + 2 * half(layer)
    arrow(ax, (start, y), (left, y))
    operation(ax, (left + right) / 2, y, layer[0], colour, right - left)
    code(ax, (right + end) / 2, y + 0.14, layer[1], 10.5)
    line(ax, [(right, y), (end, y)])
    return end


def draw_chain(ax: Axes, y: float, places: Sequence[float], operations: Sequence[Named], colour: str) -> None:
    """Draw operations at the places, an arrow from each to the next, and over each arrow the shape that comes out."""
    for number, (x, named) in enumerate(zip(places, operations, strict=True)):
        operation(ax, x, y, named[0], colour, 2 * half(named), 0.56 if "\n" in named[0] else 0.46)
        if number + 1 < len(places):
            start, end = x + half(named), places[number + 1] - half(operations[number + 1])
            arrow(ax, (start, y), (end, y))
            code(ax, (start + end) / 2 - 0.03, y + 0.14, named[1], 10.5)


def draw_tensor(ax: Axes, left: float, y: float, named: Named) -> float:
    """Draw a named tensor in the colour of its kind from `left` on; return where it ends."""
    tensor(ax, left + wide(named) / 2, y, *named, COLOURS[KINDS[named[0]]], wide(named))
    return left + wide(named)


def spread(operations: Sequence[Named], left: float, right: float) -> list[float]:
    """Give the operations' middles so that the gaps between them are equal."""
    room = right - left - sum(2 * half(named) for named in operations)
    if len(operations) == 1:
        return [(left + right) / 2]
    places, x = [], left
    for named in operations:
        places.append(x + half(named))
        x += 2 * half(named) + room / (len(operations) - 1)
    return places


def half(named: Named) -> float:
    """Give half the width of an operation's box."""
    return 0.12 + 0.048 * max(map(len, named[0].split("\n")))


def wide(named: Named) -> float:
    """Give the width of a tensor's box."""
    return 0.3 + 0.093 * max(map(len, named))
