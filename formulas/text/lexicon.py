"""How likely a word is to be a Vietnamese syllable: seen in real texts, merely well-formed, or neither."""

from __future__ import annotations

import math
from functools import cache, lru_cache
from importlib.resources import files

from formulas.text.phonology import valid_syllables

_SEEN = 4.0
WELL_FORMED = 1.0
NOT_A_SYLLABLE = -6.0
_VOWELS = frozenset("aeiouy")


@cache
def _counts() -> dict[str, int]:
    lines = (files("formulas.text") / "syllables.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split() for line in lines if not line.startswith("#"))
    return {syllable: int(count) for syllable, count in pairs}


@lru_cache(maxsize=50_000)
def is_syllable(word: str) -> bool:
    """Whether the word (any case) may be written in Vietnamese."""
    small = word.lower()
    return small in _counts() or small in valid_syllables()


@lru_cache(maxsize=50_000)
def weight(word: str) -> float:
    """Evidence that the word is Vietnamese; comparable between readings of one text, like a log-probability."""
    small = word.lower()
    if count := _counts().get(small):
        return _SEEN + math.log(count)
    return WELL_FORMED if small in valid_syllables() else NOT_A_SYLLABLE


def is_abbreviation(word: str) -> bool:
    """Letters that are no word in any language (TNHH, kWh, QĐ): no evidence for or against."""
    return len(word) == 1 or not _VOWELS.intersection(word.lower()) or (word.isupper() and len(word) <= 5)
