"""Every exercise is tested by its own right answers and known mistakes; and check() by answers of every kind."""

import os
from functools import cache
from pathlib import Path

import pytest
import torch
from babel.messages.extract import extract_from_file
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from torch import Tensor

from bench.notebook import definitions
from grader.exercises import all_exercises, to_float64
from grader.exercises.drawing import Random
from grader.reference import SEED, examples, written
from grader.student.calls import dumps, loads, perform
from grader.student.check import REFERENCE, CheckFailed, check, read_examples
from grader.student.compare import close, difference
from grader.student.diagnose import judge
from grader.student.messages import LOCALE, translate

ROOT = Path(__file__).parent.parent
EXERCISES = all_exercises()
RIGHT = [(name, number) for name, exercise in EXERCISES.items() for number in range(len(exercise.right))]
MISTAKES = [(name, mistake.id) for name, exercise in EXERCISES.items() for mistake in exercise.mistakes]


@pytest.fixture(params=["en", "zh-TW"])
def language(request, monkeypatch):
    monkeypatch.setenv("COURSE_LANGUAGE", request.param)
    return request.param


def mistake(name: str, id: str):
    return next(mistake for mistake in EXERCISES[name].mistakes if mistake.id == id)


@cache
def fresh(name: str, *seed: str):
    example = examples(EXERCISES[name], *seed)
    example.known = cache(example.known)
    return example


def verdict(name: str, answer, *seed: str, language: str = "en"):
    """The verdict on fresh inputs drawn from `seed`."""
    example = fresh(name, *seed)
    return judge(example, [perform(answer, draw.call) for draw in example.draws], language)


# Every exercise -----------------------------------------------------------------------------------------------------


def test_the_contract_is_covered():
    contract = {
        "warmup": ["softmax", "weighted_sum"],
        "seq2seq": ["EncoderRNN", "DecoderRNN", "sequence_loss", "greedy_decode"],
        "attention_weights": [
            "attention_weights", "dot_scores", "cosine_scores", "general_scores", "additive_scores", "masked_softmax",
        ],
        "attention_context": ["apply_attention", "attention_context", "combine", "AttnDecoderRNN", "BahdanauDecoder"],
    }  # fmt: skip
    for notebook, names in contract.items():
        assert set(names) <= {name for name, exercise in EXERCISES.items() if exercise.notebook == notebook}


@pytest.mark.parametrize("name", EXERCISES)
def test_enough_right_and_wrong_answers(name):
    exercise = EXERCISES[name]
    assert len(exercise.right) >= 4 and len(exercise.mistakes) >= 5
    ids = [mistake.id for mistake in exercise.mistakes]
    assert len(set(ids)) == len(ids)
    example = examples(exercise, SEED)
    plausible = 0
    for known in example.known():
        outcome, expected = known.outcomes[0], example.draws[0].expected
        shapes = [(output.shape, output.dtype) for output in outcome.outputs]
        right = [(output.shape, output.dtype) for output in expected.outputs]
        plausible += shapes == right and all(bool(torch.isfinite(output).all()) for output in outcome.outputs)
    assert plausible >= 4, "at least four mistakes are right in shape and dtype, and finite"


@pytest.mark.parametrize(("name", "number"), RIGHT)
def test_right_answers_pass(name, number, capsys):
    check(name, EXERCISES[name].right[number])
    captured = capsys.readouterr()
    assert name in captured.out and not captured.err
    for seed in range(10):
        found = verdict(name, EXERCISES[name].right[number], "right", str(seed))
        assert found.status == "passed", found.message


@pytest.mark.parametrize(("name", "id"), MISTAKES)
def test_known_mistakes_are_caught_and_named(name, id, language):
    known = mistake(name, id)
    example = read_examples((REFERENCE / f"{name}.safetensors").read_bytes())
    found = judge(example, [perform(known.answer, draw.call) for draw in example.draws], language)
    assert found.status in ("failed", "error")
    assert found.mistake is not None
    assert found.mistake == id or mistake(name, found.mistake).message == known.message
    assert translate(known.message, language, EXERCISES[name].notebook) in found.message
    with pytest.raises(CheckFailed) as failed:
        check(name, known.answer)
    assert str(failed.value) == found.message


@pytest.mark.parametrize(("name", "id"), MISTAKES)
def test_known_mistakes_are_caught_on_fresh_draws(name, id):
    for seed in range(5):
        found = verdict(name, mistake(name, id).answer, "wrong", str(seed))
        assert found.status != "passed"
        assert found.mistake == id or (
            found.mistake and mistake(name, found.mistake).message == mistake(name, id).message
        )


@pytest.mark.parametrize("name", EXERCISES)
def test_public_tensors_are_current(name):
    stored = loads((REFERENCE / f"{name}.safetensors").read_bytes())
    fresh = loads(written(examples(EXERCISES[name], SEED)))
    assert alike(stored, fresh), "run `grader reference`"


def alike(one, other) -> bool:
    """The same structure and, within rounding of another machine's arithmetic, the same numbers."""
    if isinstance(one, Tensor):
        return close(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(alike(a, b) for a, b in zip(one, other, strict=True))
    if hasattr(one, "__dict__"):
        return type(one) is type(other) and alike(vars(one), vars(other))
    return one == other


def test_no_stale_public_tensors():
    assert {path.stem for path in REFERENCE.glob("*")} == set(EXERCISES)


@pytest.mark.parametrize("name", EXERCISES)
def test_the_lessons_solution_agrees_with_the_reference(name):
    """Two derivations, the lesson's and the reference's, must agree, in both editions."""
    for language in ("en", "zh-TW"):
        answer = solution(name, language)
        for seed in range(10):
            found = verdict(name, answer, "solution", str(seed))
            assert found.status == "passed", found.message


def solution(name: str, language: str):
    """The exercise as the solved notebook defines it: its imports, given definitions and answers, nothing run."""
    notebook = EXERCISES[name].notebook
    (path,) = (ROOT / "solutions" / language).glob(f"*/{notebook}.ipynb")
    return definitions(path)[name]


@pytest.mark.parametrize("name", EXERCISES)
def test_untouched_answers_are_told_so(name, language):
    def untouched(*args):
        raise NotImplementedError()

    with pytest.raises(CheckFailed, match="not written yet" if language == "en" else "還沒有寫"):
        check(name, untouched)


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize(
    "answer",
    [
        lambda *args: None,
        lambda *args: args[0],
        lambda *args: torch.zeros(1),
        lambda *args: [],
        lambda: 0,
        3,
        None,
        "x",
    ],
    ids=["none", "first argument", "zeros", "empty list", "no arguments", "number", "none object", "string"],
)
def test_nonsense_is_refused_with_a_short_message(name, answer, language, capsys):
    with pytest.raises(CheckFailed) as failed:
        check(name, answer)
    lines = failed.value._render_traceback_()
    assert name in lines[0] and len(lines) < 45
    assert not capsys.readouterr().err


@pytest.mark.parametrize("name", EXERCISES)
def test_drawing_is_a_function_of_the_seed(name):
    one, again, other = (dumps(EXERCISES[name].calls(Random(name, seed))) for seed in ("a", "a", "b"))
    assert one == again and one != other


@pytest.mark.parametrize("name", EXERCISES)
def test_sizes_vary_between_draws(name):
    calls = EXERCISES[name].calls(Random(name, "sizes"))
    assert len(calls) >= 3
    assert len({tuple(call.sizes.items()) for call in calls}) >= 2


def test_every_message_is_translated():
    texts = {
        "check": {message for _, message, _, _ in extract_from_file("python", ROOT / "grader/student/diagnose.py")}
    }
    for exercise in EXERCISES.values():
        texts.setdefault(exercise.notebook, set()).update(mistake.message for mistake in exercise.mistakes)
    texts["judge"] = {message for _, message, _, _ in extract_from_file("python", ROOT / "grader/judge.py")}
    folder = LOCALE / "zh_TW" / "LC_MESSAGES"
    for domain, messages in texts.items():
        with open(folder / f"{domain}.po", "rb") as file:
            catalogue = {entry.id: entry.string for entry in read_po(file) if entry.id}
        assert set(catalogue) == messages, domain
        assert all(catalogue.values()), domain
        with open(folder / f"{domain}.mo", "rb") as file:
            compiled = {entry.id: entry.string for entry in read_mo(file) if entry.id}
        assert compiled == catalogue, f"run pybabel compile -D {domain} -d grader/student/locale"
    assert {path.stem for path in folder.iterdir()} == set(texts)


# check() itself, by the simplest exercise ---------------------------------------------------------------------------


def dot(query: Tensor, keys: Tensor) -> Tensor:
    return torch.einsum("bh,bsh->bs", query, keys)


def message(answer, name: str = "dot_scores") -> str:
    with pytest.raises(CheckFailed) as failed:
        check(name, answer)
    return str(failed.value)


def test_a_pass_says_what_was_compared(language, capsys):
    assert check("dot_scores", dot) is None
    out = capsys.readouterr().out
    assert ("agree with the reference" in out) if language == "en" else ("都和參考張量一致" in out)
    assert "(1, " in out


@pytest.mark.parametrize("grad", [False, True])
def test_answers_may_print_warn_seed_and_use_float_defaults(capsys, grad):
    import sys
    import warnings

    def noisy(query, keys):
        print("hello")
        print("oops", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        torch.manual_seed(3)
        with torch.set_grad_enabled(True):
            return dot(query, keys)

    state = torch.random.get_rng_state()
    with torch.set_grad_enabled(grad):
        check("dot_scores", noisy)
    captured = capsys.readouterr()
    assert captured.out.count("\n") == 1 and not captured.err
    assert torch.equal(state, torch.random.get_rng_state())


def test_partials_modules_and_callable_objects_are_answers():
    from functools import partial

    class Dot(torch.nn.Module):
        def forward(self, query, keys):
            return dot(query, keys)

    check("dot_scores", partial(dot))
    check("dot_scores", Dot())


def test_broadcasting_never_hides_a_shape():
    assert "(B, S)" in message(lambda q, k: dot(q, k).unsqueeze(0))
    assert "(B, S)" in message(lambda q, k: dot(q, k)[:1])
    assert "size 1 is left over" in message(lambda q, k: dot(q, k).unsqueeze(2))


def test_dtype_and_finiteness_come_before_values():
    assert "dtype" in message(lambda q, k: (dot(q, k) * 3).half().to(torch.float16))
    assert "NaN" in message(lambda q, k: dot(q, k) * float("nan"))
    assert "float32" in message(lambda q, k: dot(q.float(), k.float()))


def test_changed_arguments_are_noticed():
    def greedy(query, keys):
        scores = dot(query, keys)
        with torch.no_grad():
            keys.zero_()
        return scores

    assert "keys" in message(greedy) and "in place" in message(greedy)


def test_missing_gradients_are_noticed():
    assert "no gradient reaches query" in message(lambda q, k: dot(q.detach(), k))


def test_the_students_own_line_is_shown():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.run_cell("def wrong(query, keys):\n    unused = 1\n    return query @ keys.nothing")
    text = message(shell.user_ns["wrong"])
    assert "AttributeError" in text and "return query @ keys.nothing" in text


def test_an_unknown_exercise_says_so():
    with pytest.raises(LookupError, match="dot_score"):
        check("dot_score", dot)


def test_the_failure_shows_only_its_message():
    with pytest.raises(CheckFailed) as failed:
        check("dot_scores", lambda q, k: dot(q, k) * 2)
    assert failed.value._render_traceback_() == str(failed.value).splitlines()
    assert "constant factor of 2" in str(failed.value)


def test_english_where_no_language_is_set(monkeypatch):
    monkeypatch.delenv("COURSE_LANGUAGE", raising=False)
    assert "differ" in message(lambda q, k: dot(q, k) * 2)
    monkeypatch.setenv("COURSE_LANGUAGE", "fr")
    assert "differ" in message(lambda q, k: dot(q, k) * 2)
    assert os.environ["COURSE_LANGUAGE"] == "fr"


def test_descriptions_survive_the_journey():
    for exercise in EXERCISES.values():
        for call in exercise.calls(Random("journey", exercise.name)):
            for thing in (call, to_float64(call), exercise.expected(call)):
                assert alike(thing, loads(dumps(thing)))


@pytest.mark.parametrize("data", [b"", b"x" * 100, b"\x00" * 16, dumps({"a": 1})[:-3], b"\xff" * 8 + b"{}"])
def test_broken_bytes_are_refused(data):
    if data == dumps({"a": 1})[:-3]:
        data = data[: len(data) // 2]
    with pytest.raises(ValueError, match="not a description"):
        loads(data)


def test_difference_is_none_only_for_what_is_expected():
    exercise = EXERCISES["dot_scores"]
    call = exercise.calls(Random("x"))[0]
    expected = exercise.expected(call)
    assert difference(exercise.outputs, call, expected, expected) is None
    off = exercise.expected(call)
    off.outputs = [expected.outputs[0] + 1e-3]
    assert difference(exercise.outputs, call, expected, off).kind == "values"
