"""Chapter 03's Bahdanau model on `dates`, trained as the chapter trains it: accuracy, median of three seeds."""

from __future__ import annotations

import time
from statistics import median

import torch

from bench.chapter03 import Chapter03
from bench.report import progress, report, verdict
from classroom import alignment_accuracy, date_pairs, exact_match, fit

TARGET = 0.98
SEEDS = (0, 1, 2)


def measure() -> None:
    torch.set_num_threads(1)
    chapter = Chapter03()
    corpus = date_pairs("dates")
    runs = []
    for seed in SEEDS:
        model = chapter.bahdanau(corpus, seed)
        started = time.process_time()
        with progress(f"training on dates, seed {seed}"):
            fit(model, chapter.sequence_loss, corpus, **{**chapter.recipe, "seed": seed})
        seconds = time.process_time() - started
        runs.append(
            {
                "seconds": seconds,
                "exact": exact_match(chapter.translator(model), corpus),
                "alignment": alignment_accuracy(chapter.maps(model, corpus, corpus.test)),
            }
        )
    middle = {key: median(run[key] for run in runs) for key in runs[0]}
    rows = [_row(f"seed {seed}", run) for seed, run in zip(SEEDS, runs, strict=True)]
    rows.append(_row("median", middle) | {"target": verdict(middle["exact"] >= TARGET)})
    title = f"Bahdanau on dates ({', '.join(f'{key} {value}' for key, value in chapter.recipe.items())})"
    report("dates", title, rows, {"recipe": chapter.recipe, "median": middle, "runs": dict(enumerate(runs))})


def _row(name: str, run: dict[str, float]) -> dict[str, str]:
    return {
        "": name,
        "exact match": f"{run['exact']:.1%}",
        "of 98 %": f"{run['exact'] / TARGET:.3f}",
        "alignment": f"{run['alignment']:.1%}",
        "CPU time": f"{run['seconds']:.0f} s",
        "target": "",
    }
