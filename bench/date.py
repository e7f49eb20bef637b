"""Time to 95 % exact match on `date`: the batched recipe against the tutorial-shaped loop, on one thread.

Both are measured in CPU time, which a busy machine changes little; looking how good a model is does not count.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from itertools import count

import torch
from torch import Tensor

from bench.chapter03 import Chapter03
from bench.report import progress, report, verdict
from bench.tutorial import Tutorial
from classroom import Corpus, date_pairs, exact_match, fit

GOAL = 0.95
TARGET_RATIO = 20
RECIPE = {"epochs": 2, "lr": 1e-2, "batch_size": 64}
LIMIT_SECONDS = 400
LOOK_STEPS = 8  # batches: as often as ...
LOOK_EVERY = 500  # ... sentences of the other loop
GLANCE = 100  # held-out pairs; all of them are looked at only where these are promising


@dataclass
class Result:
    """`seconds` of training until `accuracy`; `reached` says whether that is the goal."""

    seconds: float
    accuracy: float

    @property
    def reached(self) -> bool:
        return self.accuracy >= GOAL


def measure(seed: int = 0) -> None:
    torch.set_num_threads(1)
    chapter = Chapter03()
    corpus = date_pairs("date")
    batched = train_batched(chapter, corpus, seed)
    tutorial = train_tutorial(Tutorial(corpus, chapter.AttnDecoderRNN, seed), corpus, seed)
    ratio = tutorial.seconds / batched.seconds
    at_least = "" if tutorial.reached else "at least "
    rows = [
        _row("tutorial-shaped loop (batch 1, SGD)", tutorial) | {"times sooner": "1", "target": ""},
        _row("batched recipe (Bahdanau, Adam)", batched)
        | {"times sooner": f"{at_least}{ratio:.0f}", "target": verdict(batched.reached and ratio >= TARGET_RATIO)},
    ]
    values = {"ratio": ratio, "at_least": not tutorial.reached, "batched": vars(batched), "tutorial": vars(tutorial)}
    report("date", f"CPU time to {GOAL:.0%} exact match on date", rows, values)


def _row(name: str, result: Result) -> dict[str, str]:
    time_taken = f"{result.seconds:.1f} s" if result.reached else f"more than {result.seconds:.0f} s"
    return {"": name, "exact match": f"{result.accuracy:.1%}", "time": time_taken}


def train_batched(chapter: Chapter03, corpus: Corpus, seed: int) -> Result:
    """The time is that of the first look, one every LOOK_STEPS, which finds the goal reached."""
    model = chapter.bahdanau(corpus, seed)
    looks: list[Result] = []
    looking = 0.0
    steps = count()
    started = time.process_time()

    def look() -> None:
        nonlocal looking
        before = time.process_time()
        looks.append(Result(before - started - looking, exact_match(chapter.translator(model), corpus)))
        looking += time.process_time() - before

    def loss(*args) -> Tensor:
        if next(steps) % LOOK_STEPS == LOOK_STEPS - 1:
            look()
        return chapter.sequence_loss(*args)

    with progress("batched recipe"):
        fit(model, loss, corpus, **RECIPE, seed=seed)
        look()
    return next((result for result in looks if result.reached), looks[-1])


def train_tutorial(tutorial: Tutorial, corpus: Corpus, seed: int) -> Result:
    """One random sentence after the other, until the goal or LIMIT_SECONDS."""
    rng = random.Random(seed)
    seconds = 0.0
    with progress("tutorial-shaped loop") as status:
        for sentences in count(LOOK_EVERY, LOOK_EVERY):
            started = time.process_time()
            for pair in rng.choices(corpus.train, k=LOOK_EVERY):
                tutorial.train_one(pair)
            seconds += time.process_time() - started
            accuracy = tutorial.accuracy(corpus.test[:GLANCE])
            over = seconds > LIMIT_SECONDS
            if over or accuracy >= GOAL - 0.03:
                accuracy = tutorial.accuracy(corpus.test)
            status.update(f"tutorial-shaped loop: {sentences} sentences, {seconds:.0f} s, {accuracy:.0%}")
            if over or accuracy >= GOAL:
                return Result(seconds, accuracy)
    raise AssertionError("count() does not end")
