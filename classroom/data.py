"""English dates and how Taiwan writes them: `Tuesday, 30 March 2010` -> `2010年3月30日星期二`.

The patterns of both sides are those of the Unicode CLDR, as Babel ships them (https://cldr.unicode.org), but for their
spaces, which are no tokens. A pattern says which field wrote which characters, so each target character's source token
is known, not guessed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from babel import Locale
from babel.dates import DateTimeFormat, tokenize_pattern

from classroom.corpus import Corpus, Pair

ENGLISH = ("en_US", "en_GB")
CHINESE = "zh_Hant_TW"
FIRST_DAY = datetime(1950, 1, 1)
DAYS = 36_525  # a century
INTERVAL_DAYS = (20, 300, 3_000)  # so that the two ends often share their month, or their year, or neither
TRAIN = {"date": 4_000, "dates": 8_000}

# CLDR has a letter for the hour on a clock of 12 and one for the hour on a clock of 24.
SAME_FIELD = {"H": "h"}


class Piece(NamedTuple):
    """A token, the field that wrote it (None for punctuation), the field's whole text, and the token's place in it.
    `moment` is 0, or 1 in an interval's second half."""

    token: str
    field: str | None
    moment: int
    text: str
    place: int


def date_pairs(kind: str = "date", train: int | None = None, test: int = 1_000, seed: int = 0) -> Corpus:
    """English dates (words, digits and punctuation) with their Chinese (characters), and the true alignment.

    "date": days, in the order of the United States or of Britain; 4,000 to train on unless `train` says otherwise.
    "dates": also days with a time, and intervals, which are longer; 8,000 to train on.
    The same seed gives the same pairs. No test pair's English or Chinese occurs in training.
    """
    if kind not in TRAIN:
        raise ValueError(f'date_pairs knows no kind {kind!r}; use "date" or "dates"')
    writers = [_day] if kind == "date" else [_day, _day_and_time, _interval]
    train = TRAIN[kind] if train is None else train
    if train < 0 or test < 0 or train + test > DAYS:
        raise ValueError(f"date_pairs cannot give {train} + {test} pairs; ask for {DAYS:,} in all at the most")
    rng = random.Random(seed)
    pairs: dict[str, Pair] = {}
    while len(pairs) < train + test:
        pair = rng.choice(writers)(rng)
        pairs.setdefault("".join(pair.target), pair)
    chosen = list(pairs.values())
    return Corpus(chosen[:train], chosen[train:])


def tokenize(english: str) -> list[str]:
    """Words, single digits and punctuation: `30 March` -> `3`, `0`, `March`."""
    return re.findall(r"\d|[^\W\d]+|[^\w\s]", english)


def _characters(chinese: str) -> list[str]:
    # A space is no token, in either language.
    return list(chinese.replace(" ", ""))


def _day(rng: random.Random) -> Pair:
    length = rng.choice(["full", "long"])
    moment = _moment(rng)
    english, chinese = _locale(rng.choice(ENGLISH)), _locale(CHINESE)
    patterns = [locale.date_formats[length].pattern for locale in (english, chinese)]
    return _pair([moment], english, [patterns[0]], chinese, [patterns[1]])


def _day_and_time(rng: random.Random) -> Pair:
    length = rng.choice(["full", "long", "medium"])
    moment = _moment(rng)
    english, chinese = _locale(rng.choice(ENGLISH)), _locale(CHINESE)
    patterns = []
    for locale in (english, chinese):
        day, time = locale.date_formats[length].pattern, locale.time_formats["short"].pattern
        patterns.append(locale.datetime_formats[length].replace("{1}", day).replace("{0}", time))
    return _pair([moment], english, [patterns[0]], chinese, [patterns[1]])


def _interval(rng: random.Random) -> Pair:
    skeleton = rng.choice(["yMMMd", "yMMMEd"])
    start = _moment(rng)
    end = start + timedelta(days=rng.randint(1, rng.choice(INTERVAL_DAYS)))
    differs = "y" if start.year != end.year else "M" if start.month != end.month else "d"
    english, chinese = _locale(rng.choice(ENGLISH)), _locale(CHINESE)
    patterns = [locale.interval_formats[skeleton][differs] for locale in (english, chinese)]
    return _pair([start, end], english, patterns[0], chinese, patterns[1])


def _moment(rng: random.Random) -> datetime:
    return FIRST_DAY + timedelta(days=rng.randrange(DAYS), minutes=rng.randrange(24 * 60))


def _pair(
    moments: list[datetime], english: Locale, english_patterns: list[str], chinese: Locale, chinese_patterns: list[str]
) -> Pair:
    source = _write(moments, english, english_patterns, tokenize)
    target = _write(moments, chinese, chinese_patterns, _characters)
    return Pair([piece.token for piece in source], [piece.token for piece in target], _alignment(source, target))


def _write(
    moments: list[datetime], locale: Locale, patterns: list[str], split: Callable[[str], list[str]]
) -> list[Piece]:
    """One pattern for each moment, filled in and split into tokens."""
    pieces = []
    for number, (moment, pattern) in enumerate(zip(moments, patterns, strict=True)):
        for kind, content in _tokenized(pattern):
            if kind == "field":
                letter, count = content
                text = DateTimeFormat(moment, locale)[letter * count]
                field = SAME_FIELD.get(letter, letter)
            else:
                text, field = content, None
            pieces += [Piece(token, field, number, text, place) for place, token in enumerate(split(text))]
    return pieces


def _alignment(source: list[Piece], target: list[Piece]) -> list[int]:
    """For each piece of the target the index of the one source token that decides it; -1 where no single one does."""
    starts: dict[tuple[str | None, int], int] = {}
    for index, piece in enumerate(source):
        starts.setdefault((piece.field, piece.moment), index)
    return [_origin(piece, source, starts) for piece in target]


def _origin(piece: Piece, source: list[Piece], starts: dict[tuple[str | None, int], int]) -> int:
    if piece.field is None:
        return -1  # the pattern wrote it: 年, 月, 日, 至 or a colon
    # What an interval's halves share is written once, by each language in a half of its own choice.
    start = starts.get((piece.field, piece.moment), starts.get((piece.field, 1 - piece.moment), -1))
    if start < 0 or not source[start].text.isdigit():
        return start  # a name, such as March, is one token
    number = source[start].text
    place = len(number) - len(piece.text) + piece.place
    same = piece.text.isdigit() and int(number) == int(piece.text)  # not so where 15:00 is 下午3:00
    return start + place if same and place >= 0 else -1


@cache
def _locale(name: str) -> Locale:
    return Locale.parse(name)


@cache
def _tokenized(pattern: str) -> list[tuple]:
    return tokenize_pattern(pattern)
