"""Messages in the edition's language, from gettext catalogues in `locale/` (one domain per notebook, and "check")."""

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


@cache
def _catalogue(domain: str, language: str) -> gettext.NullTranslations:
    return gettext.translation(domain, LOCALE, languages=[language.replace("-", "_")], fallback=True)


def translate(text: str, language: str, domain: str = "check") -> str:
    """`text` in `language`; the text itself where the catalogue has nothing."""
    return _catalogue(domain, language).gettext(text) if text else ""


def N_(text: str) -> str:
    """Marks a message for the catalogue without translating it."""
    return text
