"""Training: one function for every model of the series."""

from __future__ import annotations

import math
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from classroom.language import translate as _
from classroom.vocabulary import PAD

CLIP = 1.0


@dataclass
class History:
    """What a training left: the loss of every step (a batch is a step), the number of epochs, and the seconds."""

    losses: list[float] = field(default_factory=list)
    epochs: int = 0
    seconds: float = 0.0


def fit(
    model: nn.Module,
    loss_fn: Callable[[Tensor, Tensor, int], Tensor],
    corpus: Any,
    epochs: int = 8,
    lr: float = 6e-3,
    batch_size: int = 64,
    seed: int = 0,
    on_epoch: Callable[[int, nn.Module], None] | None = None,
) -> History:
    """Train `model` by teacher forcing with Adam, a learning rate that rises to `lr` and falls again (OneCycleLR), and
    gradients clipped at norm 1.

    `model(batch)` gives log_probs (B, L, V), and `loss_fn(log_probs, target_ids, PAD)` one number to make small.
    `corpus` needs `.train`, a list of examples, and `.batch(examples)`, which makes tensors of them with `.target_ids`.
    `on_epoch(epoch, model)` is called after each epoch, counted from 1, with the model in eval mode and gradients off.

    The model is left in eval mode. `seed` decides the batches and the dropout; the random state outside stays as it
    was, so call torch.manual_seed before you make the model if its parameters are to be the same each time. PyTorch
    uses one thread meanwhile: for models this small that is faster, and the numbers can be had again.
    Where the environment says COURSE_QUICK=1, an epoch is a single step.
    """
    steps = 1 if os.environ.get("COURSE_QUICK") == "1" else math.ceil(len(corpus.train) / batch_size)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=lr, total_steps=epochs * steps)
    shuffle = random.Random(seed)
    history = History(epochs=epochs)
    started = time.perf_counter()
    with _one_thread(), _own_randomness(seed), _progress(epochs * steps) as bar:
        for epoch in range(1, epochs + 1):
            model.train()
            examples = shuffle.sample(corpus.train, len(corpus.train))
            for step in range(steps):
                batch = corpus.batch(examples[step * batch_size : (step + 1) * batch_size])
                loss = loss_fn(model(batch), batch.target_ids, PAD)
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), CLIP)
                optimizer.step()
                schedule.step()
                history.losses.append(loss.item())
                bar.set_postfix_str(f"{_('loss')} {loss.item():.3f}", refresh=False)
                bar.update()
            model.eval()
            if on_epoch is not None:
                with torch.no_grad():
                    on_epoch(epoch, model)
    history.seconds = time.perf_counter() - started
    return history


def _progress(steps: int) -> tqdm:
    # On stdout, because whatever a cell writes to stderr costs it marks in nbgrader; and as text, because a notebook
    # would keep a widget's state.
    return tqdm(total=steps, desc=_("training"), unit=_(" steps"), file=sys.stdout, ncols=80, mininterval=0.3)


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _own_randomness(seed: int) -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
