"""Words that are to do harm where they are read."""


# ruff: noqa
# %% html
def dot_scores(query, keys):
    raise ValueError("<script>alert(1)</script><img src=x onerror=alert(1)>")


# %% terminal
def dot_scores(query, keys):
    raise ValueError("\x1b[2J\x1b]0;full marks\x07\r\x08[bold]11 / 11[/bold]\u202e")


# %% no_text
def dot_scores(query, keys):
    raise type("\udcff\x00", (ValueError,), {})("\ud800 \udfff")


# %% one_endless_line
def dot_scores(query, keys):
    raise type("E" * 5000, (ValueError,), {})("\n" * 5000 + "x" * 10**6)


# %% format_string
def dot_scores(query, keys):
    raise ValueError("{name.__class__} %s %(x)s {0} {expected}")


# %% exception_that_raises
class Bad(Exception):
    __str__ = __repr__ = lambda self: 1 / 0


def dot_scores(query, keys):
    raise Bad


# %% names_of_types
dot_scores = lambda query, keys: [type("passed\n" * 3000, (), {})()] * 100

# %% changed_names
import grader.student.calls as calls

perform = calls.perform


def lie(answer, call):
    outcome = perform(answer, call)
    outcome.changed = ["<script>\x1b[2J" * 1000] * 1000
    outcome.gradients = {"\x00" * 10: torch.zeros(3), "query": torch.zeros(1)}
    return outcome


calls.perform = lie


def dot_scores(query, keys):
    return torch.bmm(keys, query.unsqueeze(2)).squeeze(2)
