"""The data are true, training trains, and the plots can write Chinese."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from datetime import datetime
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import torch
from babel import Locale
from babel.dates import format_date, format_datetime, format_interval
from babel.messages.pofile import read_po
from matplotlib import font_manager
from torch import nn

import classroom
from classroom import COLOURS, EOS, PAD, SOS, Corpus, History, Pair, data, fonts, language, plots

MONTHS = Locale("en").months["format"]["wide"]
WEEKDAYS = dict(zip("一二三四五六日", ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], strict=True))


@cache
def full(kind: str) -> Corpus:
    return classroom.date_pairs(kind)


@pytest.fixture(params=["date", "dates"])
def corpus(request) -> Corpus:
    return full(request.param)


@pytest.fixture(scope="module")
def small() -> Corpus:
    return classroom.date_pairs("date", train=256, test=64)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


class Unigram(nn.Module):
    """Guesses each target id from the one before it: the smallest model that can learn something."""

    def __init__(self, size: int):
        super().__init__()
        self.table = nn.Embedding(size, size)

    def forward(self, batch: classroom.Batch) -> torch.Tensor:
        return self.table(batch.decoder_inputs).log_softmax(dim=2)  # (B, L, V)


def loss_of(log_probs: torch.Tensor, targets: torch.Tensor, pad: int) -> torch.Tensor:
    return nn.functional.nll_loss(log_probs.flatten(0, 1), targets.flatten(), ignore_index=pad)


def unigram(corpus: Corpus) -> Unigram:
    torch.manual_seed(0)
    return Unigram(len(corpus.target_vocab))


# --- the data


def test_sizes():
    date, dates = full("date"), full("dates")
    assert [len(date.train), len(date.test), len(dates.train), len(dates.test)] == [4000, 1000, 8000, 1000]
    assert [len(date.source_vocab), len(date.target_vocab), date.max_source, date.max_target] == [33, 24, 11, 15]
    assert [len(dates.source_vocab), len(dates.target_vocab), dates.max_source, dates.max_target] == [56, 35, 22, 28]


def test_no_test_sentence_occurs_in_training(corpus):
    for side in ("source", "target"):
        trained = {tuple(getattr(pair, side)) for pair in corpus.train}
        assert trained.isdisjoint(tuple(getattr(pair, side)) for pair in corpus.test)


def test_no_sentence_occurs_twice(corpus):
    sources = [tuple(pair.source) for pair in corpus.train + corpus.test]
    assert len(set(sources)) == len(sources)


def test_the_same_seed_gives_the_same_pairs():
    first, again, other = (classroom.date_pairs("dates", train=50, test=10, seed=seed) for seed in (1, 1, 2))
    assert (first.train, first.test) == (again.train, again.test)
    assert first.train != other.train


def test_unknown_kind_is_named():
    with pytest.raises(ValueError, match="'times'"):
        classroom.date_pairs("times")


@pytest.mark.parametrize("english", data.ENGLISH)
def test_the_words_are_those_of_babel(monkeypatch, english):
    """Babel's own functions, given the same moments, write the same two sentences."""
    start, end = datetime(2010, 3, 30, 21, 5), datetime(2010, 4, 2)
    monkeypatch.setattr(data, "_moment", lambda rng: start)
    monkeypatch.setattr(data, "ENGLISH", (english,))

    def is_one_of(pair: Pair, *written: tuple[str, str]) -> bool:
        expected = [(data.tokenize(source), list(target.replace(" ", ""))) for source, target in written]
        return (pair.source, pair.target) in expected

    for seed in range(20):
        rng = data.random.Random(seed)
        both = (english, data.CHINESE)
        assert is_one_of(
            data._day(rng),
            *(tuple(format_date(start, length, locale) for locale in both) for length in ["full", "long"]),
        )
        times = []
        for length in ("full", "long", "medium"):
            join = [Locale.parse(locale).datetime_formats[length] for locale in both]
            day = [format_date(start, length, locale) for locale in both]
            time = [
                format_datetime(start, Locale.parse(locale).time_formats["short"], locale=locale) for locale in both
            ]
            times.append(tuple(j.replace("{1}", d).replace("{0}", t) for j, d, t in zip(join, day, time, strict=True)))
        assert is_one_of(data._day_and_time(rng), *times)
        monkeypatch.setattr(data.random.Random, "randint", lambda self, low, high: 3)
        assert is_one_of(
            data._interval(rng),
            *(
                tuple(format_interval(start, end, skeleton, locale=locale) for locale in both)
                for skeleton in ("yMMMd", "yMMMEd")
            ),
        )


def test_intervals_share_their_month_or_their_year_or_neither():
    rng = data.random.Random(0)
    written = ["".join(data._interval(rng).target) for _ in range(300)]
    neither = sum(chinese.count("年") == 2 for chinese in written)
    month_too = sum(chinese.count("月") == 1 for chinese in written)  # only yMMMd leaves it out
    assert neither > 30 and month_too > 15 and neither + month_too < 270


def test_alignment_of_one_date():
    pair = next(pair for pair in full("date").train if pair.source[0] == "Tuesday" and len(pair.target) == 14)
    read = [pair.source[index] if index >= 0 else "" for index in pair.alignment]
    month = next(token for token in pair.source if token in MONTHS.values())
    year, rest = read[:5], read[5:]
    assert year == [*pair.target[:4], ""]
    assert rest == [month, month, "", pair.target[8], pair.target[9], "", *["Tuesday"] * 3]
    assert [pair.alignment[i] for i in range(4)] == list(range(pair.alignment[0], pair.alignment[0] + 4))


def test_alignment_is_true(corpus):
    """A digit comes from the same digit or from its month, a weekday from its weekday."""
    for pair in corpus.train[:1500] + corpus.test:
        assert len(pair.alignment) == len(pair.target)
        known = set()
        for place, (token, index) in enumerate(zip(pair.target, pair.alignment, strict=True)):
            if index < 0:
                continue
            origin = pair.source[index]
            if token.isdigit() and origin.isalpha():
                number = int("".join(pair.target[i] for i, other in enumerate(pair.alignment) if other == index))
                assert MONTHS[number][:3] == origin[:3]
            elif token.isdigit():
                assert token == origin
                assert index not in known, "a digit was read twice"
            elif token in "星期週" or (place and pair.target[place - 1] in "期週"):
                assert origin[:3] in WEEKDAYS.values()
                if token in WEEKDAYS and pair.target[place - 1] in "期週":
                    assert origin[:3] == WEEKDAYS[token]
            else:
                raise AssertionError(f"{token} cannot come from {origin}")
            known.add(index)


def test_what_is_unknown_says_so(corpus):
    for pair in corpus.test:
        for place, (token, index) in enumerate(zip(pair.target, pair.alignment, strict=True)):
            weekday = place and pair.target[place - 1] in "期週"
            if token in "年月上下午凌晨清中晚至:" or (token == "日" and not weekday):
                assert index == -1
            elif not token.isdigit():
                assert index >= 0
        # Every digit is known but those of an hour that the 24-hour clock writes otherwise.
        unknown = [
            token for token, index in zip(pair.target, pair.alignment, strict=True) if token.isdigit() and index < 0
        ]
        assert len(unknown) <= (2 if ":" in pair.target and "AM" not in pair.source and "PM" not in pair.source else 0)


def test_an_hour_of_another_clock_is_unknown():
    pairs = [pair for pair in full("dates").train if ":" in pair.target]
    british = [pair for pair in pairs if pair.source[-5:-3] == ["1", "5"] and pair.source[-1].isdigit()]
    assert british
    for pair in british:
        hour = pair.target.index(":") - 1
        assert pair.target[hour - 1 : hour + 1] == ["午", "3"]
        assert pair.alignment[hour] == -1


def test_the_order_is_turned_round(corpus):
    pair = next(pair for pair in corpus.test if "月" in pair.target)
    known = [index for index in pair.alignment if index >= 0]
    assert known != sorted(known)


# --- vocabularies and batches


def test_vocabulary():
    vocabulary = classroom.Vocabulary([["b", "a"], ["a", "c"]])
    assert (PAD, SOS, EOS, len(vocabulary)) == (0, 1, 2, 6)
    assert vocabulary.encode(["c", "a"]) == [5, 3, EOS]
    assert vocabulary.decode(torch.tensor([SOS, 5, PAD, 3, EOS, 4])) == ["c", "a"]
    assert vocabulary.decode([5, 3]) == ["c", "a"]
    with pytest.raises(KeyError, match="'z' is not in this vocabulary"):
        vocabulary.encode(["a", "z"])


def test_batch(corpus):
    pairs = corpus.test[:7]
    batch = corpus.batch(pairs)
    longest = max(len(pair.source) for pair in pairs) + 1
    assert batch.input_ids.shape == (7, longest)
    assert batch.target_ids.shape == (7, max(len(pair.target) for pair in pairs) + 1)
    assert batch.input_ids.dtype == batch.lengths.dtype == batch.target_ids.dtype == torch.long
    for row, pair in enumerate(pairs):
        length = int(batch.lengths[row])
        assert length == len(pair.source) + 1
        assert batch.input_ids[row, length - 1] == EOS
        assert (batch.input_ids[row, length:] == PAD).all()
        assert corpus.source_vocab.decode(batch.input_ids[row]) == pair.source
        assert corpus.target_vocab.decode(batch.target_ids[row]) == pair.target
    assert (batch.decoder_inputs[:, 0] == SOS).all()
    assert torch.equal(batch.decoder_inputs[:, 1:], batch.target_ids[:, :-1])


def test_longest_sentences(corpus):
    batch = corpus.batch(corpus.train + corpus.test)
    assert batch.input_ids.size(1) == corpus.max_source
    assert batch.target_ids.size(1) == corpus.max_target


def test_a_batch_of_nothing_is_refused(corpus):
    with pytest.raises(ValueError, match="no pairs"):
        corpus.batch([])


# --- scores


def perfect(batch: classroom.Batch) -> torch.Tensor:
    return batch.target_ids


def test_exact_match(corpus):
    assert classroom.exact_match(perfect, corpus) == 1.0

    def spoilt(batch: classroom.Batch) -> torch.Tensor:
        ids = batch.target_ids.clone()
        ids[::4, 0] = EOS + 1 + (ids[::4, 0] == EOS + 1).long()
        return ids

    assert classroom.exact_match(spoilt, corpus, batch_size=8) == pytest.approx(0.75)
    assert classroom.exact_match(spoilt, corpus, corpus.test[1:4]) == pytest.approx(2 / 3)


def test_exact_match_reads_up_to_the_end_only(corpus):
    def longer(batch: classroom.Batch) -> torch.Tensor:
        return torch.cat([batch.target_ids, torch.full((len(batch.lengths), 3), EOS + 1)], dim=1)

    def unfinished(batch: classroom.Batch) -> torch.Tensor:
        ids = longer(batch)
        return ids.masked_fill(ids == EOS, EOS + 2)

    assert classroom.exact_match(longer, corpus) == 1.0
    assert classroom.exact_match(unfinished, corpus) == 0.0


def test_exact_match_refuses_other_shapes(corpus):
    with pytest.raises(ValueError, match=r"\(B, L\) is needed"):
        classroom.exact_match(lambda batch: batch.target_ids[:1], corpus, corpus.test[:5])
    with pytest.raises(ValueError, match="no pairs"):
        classroom.exact_match(perfect, corpus, [])


def test_accuracy_by_length(corpus):
    def only_long(batch: classroom.Batch) -> torch.Tensor:
        return batch.target_ids * (batch.lengths > 9).unsqueeze(1)

    accuracy = classroom.accuracy_by_length(only_long, corpus)
    assert list(accuracy) == sorted({len(pair.source) for pair in corpus.test})
    assert all(share == (length + 1 > 9) for length, share in accuracy.items())


def test_alignment_accuracy():
    pair = Pair(["a", "b", "c"], ["x", "y", "z"], [2, -1, 0])
    right = torch.tensor([[0.1, 0.1, 0.8], [1, 0, 0], [0.6, 0.2, 0.2], [0, 0, 1.0]])
    assert classroom.alignment_accuracy([(right, pair)]) == 1.0
    assert classroom.alignment_accuracy([(right, pair), (right.flip(1), pair)]) == 0.5
    with pytest.raises(ValueError, match="do not fit 3 target tokens"):
        classroom.alignment_accuracy([(right[:2], pair)])
    with pytest.raises(ValueError, match="known source"):
        classroom.alignment_accuracy([])


# --- training


def test_fit_reduces_the_loss(small, monkeypatch):
    monkeypatch.delenv("COURSE_QUICK", raising=False)
    seen = []
    model = unigram(small)
    history = classroom.fit(
        model,
        loss_of,
        small,
        epochs=5,
        lr=0.3,
        on_epoch=lambda epoch, model: seen.append((epoch, model.training, torch.is_grad_enabled())),
    )
    assert len(history.losses) == 5 * 4 and history.epochs == 5 and history.seconds > 0
    assert history.losses[0] > 3
    assert sum(history.losses[-4:]) / 4 < 2.6
    assert seen == [(epoch, False, False) for epoch in range(1, 6)]
    assert not model.training


def test_fit_can_be_repeated_and_leaves_no_trace(small, monkeypatch):
    monkeypatch.delenv("COURSE_QUICK", raising=False)

    def noisy_loss(log_probs: torch.Tensor, targets: torch.Tensor, pad: int) -> torch.Tensor:
        return loss_of(log_probs, targets, pad) + torch.rand(())  # as dropout would, it draws from torch's randomness

    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    asked = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    losses = []
    for outside, seed in ((7, 0), (8, 0), (9, 1)):
        model = unigram(small)
        torch.manual_seed(outside)
        expected = torch.rand(3)
        torch.manual_seed(outside)
        losses.append(classroom.fit(model, noisy_loss, small, epochs=1, seed=seed).losses)
        assert torch.equal(torch.rand(3), expected)
    assert losses[0] == losses[1] != losses[2]
    assert asked == [1, 3] * 3


def test_the_seed_decides_the_batches(small, monkeypatch):
    monkeypatch.delenv("COURSE_QUICK", raising=False)
    losses = [classroom.fit(unigram(small), loss_of, small, epochs=1, seed=seed).losses for seed in (0, 1)]
    assert losses[0] != losses[1]


def test_every_example_is_seen_once_an_epoch(small, monkeypatch):
    monkeypatch.delenv("COURSE_QUICK", raising=False)
    seen = []

    class Watched:
        train = small.train

        def batch(self, pairs):
            seen.extend("".join(pair.source) for pair in pairs)
            return small.batch(pairs)

    classroom.fit(unigram(small), loss_of, Watched(), epochs=2, batch_size=100)
    first, second = seen[:256], seen[256:]
    assert sorted(first) == sorted(second) == sorted("".join(pair.source) for pair in small.train)
    assert first != second


def test_quick_mode_is_a_step_an_epoch(small, monkeypatch):
    monkeypatch.setenv("COURSE_QUICK", "1")
    epochs = []
    history = classroom.fit(
        unigram(small), loss_of, small, epochs=3, on_epoch=lambda epoch, model: epochs.append(epoch)
    )
    assert len(history.losses) == 3
    assert epochs == [1, 2, 3]


@pytest.mark.parametrize(("edition", "word"), [("en", "training"), ("zh-TW", "訓練中")])
def test_progress_is_on_stdout(small, monkeypatch, capsys, edition, word):
    monkeypatch.setenv("COURSE_QUICK", "1")
    monkeypatch.setenv("COURSE_LANGUAGE", edition)
    classroom.fit(unigram(small), loss_of, small, epochs=2)
    out, err = capsys.readouterr()
    assert word in out and "2/2" in out
    assert err == ""


# --- language, colours and plots


@pytest.fixture(params=language.LANGUAGES)
def edition(request, monkeypatch) -> str:
    monkeypatch.setenv("COURSE_LANGUAGE", request.param)
    return request.param


def draw_everything() -> None:
    """Each plot once; rendered, so that a missing glyph would warn."""
    pair = full("dates").test[0]
    weights = torch.rand(len(pair.target) + 1, len(pair.source) + 3)
    classroom.show_attention(weights, pair.source, pair.target, truth=pair.alignment, title="BahdanauDecoder")
    every = sorted(set("".join("".join(pair.target) for pair in full("dates").test)))
    classroom.show_attention(torch.full((len(every), 4), torch.nan), list("機器學習"), every)
    classroom.show_softmax([1000.0, 0.0, -1000.0], labels=["–", "機器", "1"], temperatures=(0.1, 10))
    history = History(losses=[3.0, 2.0, 1.0], epochs=1)
    classroom.plot_losses(history)
    classroom.plot_losses({"EncoderRNN": history, "DecoderRNN": history})
    classroom.plot_accuracy_by_length({"EncoderRNN": {6: 1.0, 7: 0.5}})
    for number in plt.get_fignums():
        plt.figure(number).canvas.draw()


def texts() -> set[str]:
    found = set()
    for number in plt.get_fignums():
        plt.figure(number).canvas.draw()
        found |= {text.get_text() for text in plt.figure(number).findobj(plt.Text)}
    return found


def test_plots_do_not_warn(edition):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_everything()


def test_labels_are_in_the_editions_language(edition):
    draw_everything()
    english = {"attention weight", "end", "pad", "scores", "step", "loss", "tokens in the source sentence"}
    chinese = {"注意力權重", "結束", "填充", "分數", "訓練步數", "損失", "來源句的 token 數"}
    mine, other = (english, chinese) if edition == "en" else (chinese, english)
    assert mine <= texts()
    assert not other & texts()


def test_the_added_font_writes_the_chinese():
    """A machine with Chinese fonts of its own would hide a fault, so the file itself is looked at."""
    found = font_manager.fontManager._find_fonts_by_props(
        font_manager.FontProperties(family=plt.rcParams["font.family"])
    )
    assert Path(found[0]).name == "DejaVuSans.ttf"
    assert Path(found[1]) == Path(fonts.CHINESE_FONT)
    faces = [font_manager.get_font(path).get_charmap() for path in found[:2]]
    assert ord("注") not in faces[0] and ord("注") in faces[1]
    assert ord("–") in faces[0]


def test_every_label_is_in_the_catalogue():
    source = "".join(Path(module.__file__).read_text("utf-8") for module in (plots, classroom.training))
    used = set(re.findall(r"\b_\(['\"](.+?)['\"]\)", source))
    path = language.LOCALE / "zh_TW/LC_MESSAGES/classroom.po"
    with path.open("rb") as file:
        catalogue = {message.id: message.string for message in read_po(file) if message.id}
    assert used == set(catalogue)
    assert all(catalogue.values())


def test_the_compiled_catalogue_is_current(monkeypatch):
    monkeypatch.setenv("COURSE_LANGUAGE", "zh-TW")
    with (language.LOCALE / "zh_TW/LC_MESSAGES/classroom.po").open("rb") as file:
        for message in read_po(file):
            if message.id:
                assert language.translate(message.id) == message.string, "run pybabel compile -D classroom"


def test_attention_map(edition):
    pair = Pair(["a", "bc"], list("習學"), [1, -1])
    classroom.show_attention(torch.tensor([[0.25, 0.75], [1, 0]]), pair.source, pair.target, truth=pair.alignment)
    ax = plt.gcf().axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == pair.source
    assert [label.get_text() for label in ax.get_yticklabels()] == pair.target
    assert [text.get_text() for text in ax.texts] == ["0.25", "0.75", "1.00", "0.00"]
    (outline,) = ax.patches
    assert outline.get_xy() == (0.5, -0.5)
    assert ax.images[0].get_clim() == (0, 1)
    with pytest.raises(ValueError, match="do not fit 2 target and 2 source tokens"):
        classroom.show_attention(torch.rand(1, 2), pair.source, pair.target)


def test_attention_maps_in_axes_of_ones_own():
    figure, axes = plt.subplots(1, 2)
    for ax in axes:
        classroom.show_attention(torch.rand(2, 2), ["a", "b"], ["c", "d"], ax=ax)
    assert len(plt.get_fignums()) == 1
    assert figure.axes == list(axes)


def test_scores_out_of_range_are_still_seen():
    classroom.show_attention(torch.tensor([[-2.0, 5.0]]), ["a", "b"], ["c"])
    assert plt.gcf().axes[0].images[0].get_clim() == (-2, 5)


def test_softmax_bars():
    classroom.show_softmax([1.0, 2.0, 3.0])
    scores, weights = ([bar.get_height() for bar in ax.patches] for ax in plt.gcf().axes)
    assert scores == [1, 2, 3]
    assert weights == pytest.approx([0.0900, 0.2447, 0.6652], abs=1e-4)
    colours = [plt.matplotlib.colors.to_hex(ax.patches[0].get_facecolor()).upper() for ax in plt.gcf().axes]
    assert colours == [COLOURS["score"], COLOURS["weights"]]


def test_losses_are_averaged_over_twenty_steps():
    losses = [float(number % 7) for number in range(50)]
    classroom.plot_losses(History(losses=losses))
    raw, mean = (line.get_ydata() for line in plt.gca().lines)
    assert list(raw) == losses
    assert mean[0] == losses[0]
    assert mean[-1] == pytest.approx(sum(losses[-20:]) / 20)
    assert mean[10] == pytest.approx(sum(losses[:11]) / 11)


def test_colours_can_be_told_apart():
    assert set(COLOURS) == {"source", "encoder", "decoder", "score", "weights", "context", "output"}
    assert len(set(COLOURS.values())) == 7


def test_importing_writes_nothing_and_needs_no_grader():
    code = "import sys, classroom; print(sorted(name for name in sys.modules if name.split('.')[0] == 'grader'))"
    root = Path(classroom.__file__).parents[1]
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=root,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (run.returncode, run.stdout.strip(), run.stderr) == (0, "[]", "")


def test_everything_offered_exists():
    assert all(hasattr(classroom, name) for name in classroom.__all__)


@pytest.mark.parametrize(("train", "test"), [(100_000, 10), (-1, 10), (10, -1)])
def test_more_pairs_than_there_are_is_refused(train, test):
    with pytest.raises(ValueError, match="at the most"):
        classroom.date_pairs("date", train=train, test=test)
