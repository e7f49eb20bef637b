"""Labels in the edition's language, from the gettext catalogue in `locale/`."""

from __future__ import annotations

import gettext
import os
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "zh-TW")
LOCALE = Path(__file__).with_name("locale")


def language() -> str:
    """The edition's language, set by a notebook's first code cell; English where nothing is set."""
    chosen = os.environ.get("COURSE_LANGUAGE", "en")
    return chosen if chosen in LANGUAGES else "en"


def translate(text: str) -> str:
    """`text` in the edition's language; the text itself where the catalogue has nothing."""
    return _catalogue(language()).gettext(text)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("classroom", LOCALE, languages=[language.replace("-", "_")], fallback=True)
