"""Is this text legacy Vietnamese? Each encoding's reading is weighed, word by word, against the text as it stands.

Unicode text must never be called legacy: a letter that no legacy view can show (ă đ ơ ư and all of U+1EA0–1EF9) decides
at once, and without a font's word a text that may be Vietnamese as it stands is left alone.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Final

from formulas.text import lexicon
from formulas.text.encodings import LEGACY, Encoding, decode, encoding_of_font, is_capitals_font
from formulas.text.restoring import restored
from formulas.text.weighing import WORD, Reading, may_be_legacy, weigh, weighed

_UNICODE_ONLY: Final = re.compile("[\u0102\u0103\u0110\u0111\u01a0\u01a1\u01af\u01b0\u1ea0-\u1ef9]")
_LETTER_WITH_MARKS: Final = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff][\u0300-\u0303\u0306\u0309\u031b\u0323]+")
# Of these, the ones that give a legacy word away in the middle of Unicode text.
_STRANGE: Final = "\u00a1-\u00bf\u00d7\u00f7ÄÅÆÇËÎÏÐÑÖØÛÜÞßäåæçëîïðñöøûüþÿ"
_TRACE: Final = re.compile(f"[A-Za-z][{_STRANGE}]|[{_STRANGE}][a-z]|[a-z][À-Ý]")
_CAPITAL_AFTER_SMALL: Final = re.compile("[a-z][À-Ý]")
# One class of characters is looked for much faster than the patterns that it begins.
_ODD: Final = re.compile(f"[\u0300-\u0323À-Ý{_STRANGE}]")
_SUSPECT: Final = re.compile(f"[\u0300-\u0323]|{_TRACE.pattern}")
# TCVN3 and VNI were on nine machines of ten; the others must earn their reading.
_PRIOR: Final = {
    Encoding.TCVN3: 0.0,
    Encoding.VNI: 0.0,
    Encoding.VPS: -3.0,
    Encoding.VISCII: -3.0,
    Encoding.CP1258: -2.0,
}
# What the gain may lack where the font, or the neighbouring cells, speak for the encoding.
_TRUST_IN_FONT: Final = -3.0
_TRUST_IN_NEIGHBOURS: Final = -3.0
# What makes a word certain in its font although the spelling rules allow it as it stands (sè).
_CLEAR_IN_FONT: Final = 9.0
_LONGEST: Final = 2000
# Readings of longer texts are not kept: twenty thousand of them would fill the memory.
_LONGEST_KEPT: Final = 500


class Certainty(StrEnum):
    """Certain is proposed for repair and refused by the service; doubtful is asked (C07)."""

    CERTAIN = "certain"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class Detection:
    """A text that is not composed Unicode, and how it reads in Unicode.

    Attributes:
        mixed: part of the text is Unicode already; ``reading`` changes the other words only. Never certain.
    """

    encoding: Encoding
    reading: str
    certainty: Certainty
    mixed: bool = False


def detect(text: str, font: str = "", *, expected: Encoding | None = None) -> Detection | None:
    """What legacy encoding a text is in, or None for Unicode and for plain ASCII.

    Args:
        text: the text of a cell or of one run of it.
        font: name of the run's font; a font drawn for an encoding is strong evidence, but no proof.
        expected: the encoding found for certain in the neighbouring cells, weighed like a font.
    """
    if text.isascii() or (_UNICODE_ONLY.search(text) and not (_ODD.search(text) and _SUSPECT.search(text))):
        return None
    of_font = encoding_of_font(font)
    judge = _detect if len(text) <= _LONGEST_KEPT else _detect.__wrapped__
    found = judge(text, of_font or expected, of_font is not None)
    if found is not None and found.encoding is Encoding.TCVN3 and is_capitals_font(font) and not found.mixed:
        return replace(found, reading=found.reading.upper())
    return found


@lru_cache(maxsize=20_000)
def _detect(text: str, evidence: Encoding | None, by_font: bool) -> Detection | None:
    composed = _LETTER_WITH_MARKS.sub(_composed, text)
    if composed != text:
        return Detection(Encoding.COMBINING, composed, Certainty.CERTAIN)
    if _UNICODE_ONLY.search(text):
        return _mixed(text)
    sample = text[:_LONGEST]
    readings = [reading for encoding in LEGACY if (reading := weigh(sample, encoding, alone=by_font)) is not None]
    if not readings:
        return None
    by_evidence = next((reading for reading in readings if reading.encoding is evidence), None)
    if by_evidence is not None and (certainty := _with_evidence(by_evidence, sample, by_font=by_font)):
        return _detection(text, by_evidence, certainty)
    best = max(readings, key=_score)
    certainty = _without_evidence(best, readings, sample)
    return _detection(text, best, certainty) if certainty else None


def _composed(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", match[0])


def _mixed(text: str) -> Detection | None:
    """Unicode text with legacy words in it: two cells joined, or a legacy text partly retyped. Always asked."""
    best, most = "", 0
    found = LEGACY[0]
    for encoding in LEGACY:
        told = [word for word in WORD.findall(text) if _is_legacy_among_unicode(word, encoding)]
        if len(told) > most:
            best, most, found = _reading_of_words(text, frozenset(told), encoding), len(told), encoding
    return Detection(found, best, Certainty.DOUBTFUL, mixed=True) if most else None


def _is_legacy_among_unicode(word: str, encoding: Encoding) -> bool:
    if _UNICODE_ONLY.search(word) or not may_be_legacy(word, alone=False) or not _TRACE.search(word):
        return False
    told = weighed(word, encoding, quoted=True)
    return told.telling and (told.strong or _CAPITAL_AFTER_SMALL.search(word) is not None)


def _reading_of_words(text: str, words: frozenset[str], encoding: Encoding) -> str:
    return WORD.sub(lambda match: decode(match[0], encoding) if match[0] in words else match[0], text)


def _detection(text: str, reading: Reading, certainty: Certainty) -> Detection | None:
    unicode = restored(text, reading.encoding)
    return Detection(reading.encoding, unicode, certainty) if unicode != text else None


def _score(reading: Reading) -> float:
    return reading.gain + _PRIOR[reading.encoding]


def _with_evidence(reading: Reading, text: str, *, by_font: bool) -> Certainty | None:
    """Fonts and neighbours lie now and then: the reading must be Vietnamese all the same."""
    # In its font, or alone among its like, a text is what it looks like, even a foreign name: Xl«-v¸c.
    lenient = by_font or len(text.split()) == 1
    if reading.broken * 4 > reading.changed + 4 * (lenient or reading.saved > 0) or reading.gain <= (
        _TRUST_IN_FONT if by_font else _TRUST_IN_NEIGHBOURS
    ):
        return None
    if _reads_foreign(text, reading):
        return Certainty.DOUBTFUL if reading.saved or lenient else None
    if reading.gain >= 5 and (reading.telling or (reading.saved > 1 and not reading.displaced)):
        return Certainty.CERTAIN
    if by_font and reading.gain >= _CLEAR_IN_FONT and not reading.displaced:
        return Certainty.CERTAIN
    return Certainty.DOUBTFUL


def _without_evidence(best: Reading, readings: list[Reading], text: str) -> Certainty | None:
    tolerated = best.changed + 4 * (best.strong > 1)
    if best.gain < 5 or not best.seen or best.broken * 4 > tolerated or _reads_foreign(text, best):
        return None
    if not best.rescued:
        enough = len(text.split()) > 1 and best.gain >= (8 if best.changed > 1 else 9)
        clear = best.changed > 1 and not best.displaced
        return Certainty.DOUBTFUL if best.seen == best.changed and (enough or clear) else None
    rivals = [_score(reading) for reading in readings if reading.words != best.words]
    clear = _score(best) - max(rivals, default=0.0) >= 4
    if clear and (best.telling or best.strong or best.saved > 1) and _speaks_for_itself(best, text):
        return Certainty.CERTAIN
    return Certainty.DOUBTFUL if best.changed > 1 or best.telling or max(map(len, best.words)) > 2 else None


def _speaks_for_itself(reading: Reading, text: str) -> bool:
    if reading.symbolic:
        return reading.rescued >= reading.displaced
    enough = reading.changed > 1 or _sensible_words(text, reading) > 2
    return enough and reading.gain >= 10 and reading.rescued >= reading.displaced


def _sensible_words(text: str, reading: Reading) -> int:
    plain = [word for word in WORD.findall(text) if word.isascii()]
    return sum(map(lexicon.is_syllable, [*plain, *reading.words]))


def _reads_foreign(text: str, reading: Reading) -> bool:
    """Whether the plain words around are not Vietnamese: "Où est le café" is no legacy text."""
    plain = [word for word in WORD.findall(text) if word.isascii() and not lexicon.is_abbreviation(word)]
    strange = sum(not lexicon.is_syllable(word) for word in plain)
    odd = strange + reading.broken + (reading.changed - reading.seen) / 2
    sense = (len(plain) - strange + reading.changed) / 2
    return odd > sense + 2 * max(reading.saved - 1, 0) + reading.strong
