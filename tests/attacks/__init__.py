"""Dishonest submissions, to be judged together with honest ones.

Each file is a family. `# %% name` begins an attack, a bare `# %%` another cell of it. The names in capitals are put
in by `test_attacks.py` (COURSE, BATCH, OUTSIDE: folders; PORT, SOCKET: where the test listens; TABLE: the answers to
the public draws).

An attack that needs no answer of its own calls `prize()` once it has got what it wanted. Only that defines a right
answer, so it scores if, and only if, it got through.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PRIZE = """import torch

def prize():
    global dot_scores
    def dot_scores(query, keys):
        return torch.bmm(keys, query.unsqueeze(2)).squeeze(2)

def look_up(name):
    # What the callers know by this name, wherever in the stack.
    import sys
    frame = sys._getframe()
    while frame and name not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals[name]
"""


@dataclass
class Attack:
    """One dishonest submission: its family, its name, and its code cells."""

    family: str
    name: str
    cells: list[str]


def read_attacks(**values: object) -> list[Attack]:
    """Every attack in this folder, the names in capitals replaced by `values`."""
    attacks = []
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        text = path.read_text()
        for name, value in values.items():
            text = re.sub(rf"\b{name}\b", repr(value).replace("\\", r"\\"), text)
        for part in re.split(r"^# %% (?=\w)", text, flags=re.MULTILINE)[1:]:
            name, _, code = part.partition("\n")
            attacks.append(Attack(path.stem, name.strip(), [PRIZE, *re.split(r"^# %%$", code, flags=re.MULTILINE)]))
    return attacks
