"""Four match functions: each takes z and one h and gives one score."""

from matplotlib.axes import Axes
from matplotlib.patches import Arc

from image.pen import COLOURS, FAINT, arrow, band, circle, code, operation, sheet, tint, vector, write

H, Z, BLUE = COLOURS["encoder"], COLOURS["decoder"], COLOURS["score"]
PANELS = (
    ("dot_scores", r"$\alpha = h^\mathsf{T} z$"),
    ("cosine_scores", r"$\alpha = \dfrac{h^\mathsf{T} z}{\Vert h\Vert\,\Vert z\Vert}$"),
    ("general_scores", r"$\alpha = h^\mathsf{T} W z$"),
    ("additive_scores", r"$\alpha = v^\mathsf{T} \tanh(W_q z + W_k h)$"),
)


def draw() -> Axes:
    ax = sheet(10.4, 4.9)
    for number, (name, formula) in enumerate(PANELS):
        left = 0.12 + 2.56 * number
        band(ax, left, 0.12, left + 2.44, 4.78, BLUE, 0.07)
        code(ax, left + 1.22, 4.5, name, 12, fontweight="bold")
        write(ax, left + 1.22, 0.53, formula, 12.5)
    draw_dot(ax, 1.34)
    draw_cosine(ax, 3.9)
    draw_general(ax, 6.46)
    draw_additive(ax, 9.02)
    return ax


def draw_ends(ax: Axes, x: float, low: float = 1.6, apart: float = 0.55) -> None:
    """Draw h and z at the panel's bottom."""
    for side, colour, name in ((-1, H, "$h$"), (1, Z, "$z$")):
        vector(ax, x + side * apart, low, colour)
        write(ax, x + side * (apart + 0.32), low, name, 15)


def draw_dot(ax: Axes, x: float) -> None:
    draw_ends(ax, x)
    for row in range(4):
        y = 1.93 - 0.22 * row
        ax.plot([x - 0.42, x + 0.42], [y, y], color=FAINT, linewidth=1.2, zorder=2)
        write(ax, x, y, "·", 17, bbox={"facecolor": tint(BLUE, 0.07), "edgecolor": "none", "pad": 0.3})
    arrow(ax, (x, 2.12), (x, 2.4))
    operation(ax, x, 2.63, "sum", BLUE, 0.8)
    arrow(ax, (x, 2.88), (x, 3.52))
    circle(ax, x, 3.78, r"$\alpha$", BLUE)


def draw_cosine(ax: Axes, x: float) -> None:
    start = (x - 0.6, 1.35)
    arrow(ax, start, (x - 0.25, 2.95), H, width=3.5)
    arrow(ax, start, (x + 0.8, 2.1), Z, width=3.5)
    ax.add_patch(Arc(start, 1.3, 1.3, theta1=28, theta2=78, color=BLUE, linewidth=2))
    write(ax, x + 0.02, 2.02, r"$\theta$", 15, BLUE)
    write(ax, x - 0.6, 2.75, "$h$", 15)
    write(ax, x + 0.85, 1.75, "$z$", 15)
    write(ax, x, 3.78, r"$\alpha = \cos\theta$", 14)


def draw_general(ax: Axes, x: float) -> None:
    vector(ax, x - 0.66, 1.9, H, across=True)
    for column in range(3):
        vector(ax, x + 0.11 + 0.22 * column, 1.9, BLUE, fade=0.6)
    vector(ax, x + 0.94, 1.9, Z, 3)
    for place, name in ((-0.66, r"$h^\mathsf{T}$"), (0.33, "$W$"), (0.94, "$z$")):
        write(ax, x + place, 1.24, name, 15)
    arrow(ax, (x, 2.5), (x, 3.52))
    circle(ax, x, 3.78, r"$\alpha$", BLUE)


def draw_additive(ax: Axes, x: float) -> None:
    for side, colour, name, layer in ((-1, H, "$h$", "$W_k$"), (1, Z, "$z$", "$W_q$")):
        vector(ax, x + side * 0.6, 1.25, colour, 3, 0.19)
        write(ax, x + side * 0.9, 1.25, name, 15)
        arrow(ax, (x + side * 0.6, 1.55), (x + side * 0.6, 1.8))
        operation(ax, x + side * 0.6, 2.0, layer, BLUE, 0.62, 0.38, 13)
        arrow(ax, (x + side * 0.6, 2.2), (x + side * 0.25, 2.48))
    operation(ax, x, 2.68, "+, tanh", BLUE, 0.95, 0.38)
    arrow(ax, (x, 2.88), (x, 3.08))
    operation(ax, x, 3.25, r"$v^\mathsf{T}$", BLUE, 0.5, 0.34, 14)
    arrow(ax, (x, 3.43), (x, 3.61))
    circle(ax, x, 3.85, r"$\alpha$", BLUE, 0.46)
