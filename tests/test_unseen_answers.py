"""Answers written by somebody who knew the contract only: right ones pass both doors, wrong ones neither."""

from functools import cache

import pytest
import torch
from unseen import attention_context, attention_weights, seq2seq

from grader.exercises import all_exercises
from grader.reference import examples
from grader.student.calls import perform
from grader.student.check import CheckFailed, check
from grader.student.diagnose import judge

CHAPTERS = (seq2seq, attention_weights, attention_context)
SEEDS = ("1", "2", "3")


def _answers(kind: str) -> list:
    return [
        pytest.param(name, answer, chapter.NAMED.get(name, {}).get(label, ""), id=f"{name}: {label}")
        for chapter in CHAPTERS
        for name, answers in getattr(chapter, kind).items()
        for label, answer in answers.items()
    ]


@cache
def _fresh(name: str, seed: str):
    example = examples(all_exercises()[name], "unseen", seed)
    example.known = cache(example.known)
    return example


def _verdict(name: str, answer, seed: str):
    example = _fresh(name, seed)
    return judge(example, [perform(answer, draw.call) for draw in example.draws], "en", reveal=False)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize(("name", "answer", "_"), _answers("RIGHT"))
def test_right_answers_pass(name, answer, _):
    check(name, answer)
    for seed in SEEDS:
        found = _verdict(name, answer, seed)
        assert found.status == "passed", found.message


@pytest.mark.parametrize(("name", "answer", "ids"), _answers("WRONG"))
def test_wrong_answers_are_refused_and_not_misnamed(name, answer, ids):
    with pytest.raises(CheckFailed):
        check(name, answer)
    for seed in SEEDS:
        found = _verdict(name, answer, seed)
        assert found.status != "passed"
        assert found.mistake is None or found.mistake in ids.split(), found.message
