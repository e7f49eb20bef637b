"""Notebooks as students hand them in, made from the release: what the tests of the judge have in common."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = "02-attention-weights/attention_weights"
ANSWERS = {  # right answers to chapter 02, each other than the lesson's
    "attention_weights": """
def attention_weights(embedded, hidden, attn):
    return F.softmax(attn(torch.cat((embedded[0], hidden[0]), 1)), dim=1)
""",
    "dot_scores": """
def dot_scores(query, keys):
    return torch.einsum("bh,bsh->bs", query, keys)
""",
    "cosine_scores": """
def cosine_scores(query, keys):
    return F.cosine_similarity(query[:, None], keys, dim=-1)
""",
    "general_scores": """
def general_scores(query, keys, weight):
    return torch.einsum("bsk,kq,bq->bs", keys, weight, query)
""",
    "additive_scores": """
def additive_scores(query, keys, query_layer, key_layer, score_layer):
    return score_layer(torch.tanh(query_layer(query)[:, None] + key_layer(keys)))[..., 0]
""",
    "masked_softmax": """
def masked_softmax(scores, lengths):
    padding = torch.arange(scores.shape[1]) >= lengths[:, None]
    return scores.masked_fill(padding, -torch.inf).softmax(-1)
""",
}


def solved(edition: str = "en", which: str = WEIGHTS) -> dict:
    """The solution notebook as JSON, with each source one string; yours to change."""
    return json.loads(_read("solutions", edition, which))


def blank(edition: str = "en", which: str = WEIGHTS) -> dict:
    """The same of the student's copy, untouched."""
    return json.loads(_read("notebooks", edition, which))


@cache
def _read(folder: str, edition: str, which: str) -> str:
    notebook = json.loads((ROOT / folder / edition / f"{which}.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return json.dumps(notebook)


def half_right(edition: str = "en") -> dict:
    """Chapter 02 with three of its exercises answered: 6 of 11 points."""
    notebook = blank(edition)
    for name in ("dot_scores", "general_scores", "masked_softmax"):
        cell(notebook, name)["source"] = ANSWERS[name]
    return notebook


def grade_id(cell: dict) -> str:
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def cell(notebook: dict, name: str) -> dict:
    """The cell with this grade_id."""
    return next(cell for cell in notebook["cells"] if grade_id(cell) == name)


def checks(notebook: dict) -> list[dict]:
    """The test cells."""
    return [cell for cell in notebook["cells"] if grade_id(cell).startswith("check_")]


def exercises(notebook: dict) -> list[dict]:
    """The cells for the answers."""
    names = [grade_id(check).removeprefix("check_") for check in checks(notebook)]
    return [cell for cell in notebook["cells"] if grade_id(cell) in names]


def code(source: str) -> dict:
    """A cell of the student's own."""
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}


def prose(source: str) -> dict:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def at_start(notebook: dict, *sources: str) -> None:
    """Own cells after the imports, before the first exercise."""
    place = min(notebook["cells"].index(cell) for cell in exercises(notebook))
    notebook["cells"][place:place] = [code(source) for source in sources]


def at_end(notebook: dict, *sources: str) -> None:
    notebook["cells"] += [code(source) for source in sources]


def after(notebook: dict, name: str, *sources: str) -> None:
    """Own cells directly below the cell with this grade_id."""
    place = notebook["cells"].index(cell(notebook, name)) + 1
    notebook["cells"][place:place] = [code(source) for source in sources]


def hand_in(folder: Path, content: dict | bytes, name: str = "handed-in.ipynb") -> Path:
    """Write a submission's file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path
