"""Is this text legacy Vietnamese? Each encoding's reading is weighed, word by word, against the text as it stands.

Unicode text must never be called legacy: a letter that no legacy view can show (ă đ ơ ư and all of U+1EA0–1EF9) decides
at once, and without a font's word a text that already reads as Vietnamese is left alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from formulas.text import lexicon
from formulas.text.encodings import LEGACY, Encoding, decode, encoding_of_font, is_capitals_font

_UNICODE_ONLY = re.compile("[\u0102\u0103\u0110\u0111\u01a0\u01a1\u01af\u01b0\u1ea0-\u1ef9]")
_WORD = re.compile(r"[^\s\x00-\x40\x5b-\x60\x7b-\x7f]+")
_TYPOGRAPHY = "“”‘’‚„«»–—…•·"
# m², °C, µg, Nº: symbols of measure that are letters of some legacy encoding.
_MEASURE = re.compile(r"(?:(?:[kdchnmµ]|da)?m[²³]|°[CFK]?|µ[a-zA-Z]{1,2}|[nN][ºª°])\Z")
# Symbols never stand inside a word of any language, but are letters of TCVN3, VPS and VISCII.
_SYMBOL_IN_WORD = re.compile("[A-Za-z][\u00a1-\u00bf\u00d7\u00f7]|[\u00a1-\u00bf\u00d7\u00f7][a-z]")
# A letter alone may be a whole word ("ở", "ý"); the symbols among the legacy codes (Ø 20) stay symbols.
_LONE_LETTER = re.compile("[\u00c0-\u00d6\u00d9-\u00f6\u00f9-\u00ff]\\Z")
_LONGEST = 2000
# Readings of longer texts are not kept: twenty thousand of them would fill the memory.
_LONGEST_KEPT = 500


class Certainty(StrEnum):
    """Certain is proposed for repair and refused by the service; doubtful is asked (C07)."""

    CERTAIN = "certain"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class Detection:
    """A text that is not composed Unicode, and how it reads in Unicode."""

    encoding: Encoding
    reading: str
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class _Reading:
    """One encoding's reading of a text, weighed against the text as it stands (``gain``)."""

    encoding: Encoding
    words: tuple[str, ...]
    gain: float
    changed: int
    seen: int
    broken: int
    rescued: int
    displaced: int


def detect(text: str, font: str = "", *, expected: Encoding | None = None) -> Detection | None:
    """What legacy encoding a text is in, or None for Unicode and for plain ASCII.

    Args:
        text: the text of a cell or of one run of it.
        font: name of the run's font; a font drawn for an encoding is strong evidence, but no proof.
        expected: the encoding found for certain in the neighbouring cells, weighed like a font.
    """
    if text.isascii():
        return None
    if _UNICODE_ONLY.search(text):
        return _combining(text)
    weigh = _detect if len(text) <= _LONGEST_KEPT else _detect.__wrapped__
    found = weigh(text, encoding_of_font(font) or expected)
    if found is not None and found.encoding is Encoding.TCVN3 and is_capitals_font(font):
        return replace(found, reading=found.reading.upper())
    return found


def _combining(text: str) -> Detection | None:
    if unicodedata.is_normalized("NFC", text):
        return None
    return Detection(Encoding.COMBINING, decode(text, Encoding.COMBINING), Certainty.CERTAIN)


@lru_cache(maxsize=20_000)
def _detect(text: str, evidence: Encoding | None) -> Detection | None:
    if separate_marks := _combining(text):
        return separate_marks
    sample = text[:_LONGEST]
    readings = [reading for encoding in LEGACY if (reading := _read(sample, encoding)) is not None]
    if not readings:
        return None
    by_evidence = next((reading for reading in readings if reading.encoding is evidence), None)
    if by_evidence is not None and (certainty := _with_evidence(by_evidence)):
        return _detection(text, by_evidence, certainty)
    best = max(readings, key=lambda reading: reading.gain)
    certainty = _without_evidence(best, readings, sample)
    return _detection(text, best, certainty) if certainty else None


def _detection(text: str, reading: _Reading, certainty: Certainty) -> Detection:
    return Detection(reading.encoding, _restore_capitals(text, reading), certainty)


def _restore_capitals(text: str, reading: _Reading) -> str:
    """The capitals that TCVN3 has no codes for, where the plain letters around them are all capitals."""
    letters = [letter for letter in text if letter.isascii() and letter.isalpha()]
    decoded = _decoded(text, reading.encoding)
    if reading.encoding is Encoding.TCVN3 and len(letters) > 2 and all(letter.isupper() for letter in letters):
        return decoded.upper()
    return decoded


def _words(text: str) -> Iterator[str]:
    """Words as the file keeps them: everything between white space, digits and plain punctuation."""
    return iter(_WORD.findall(text))


def _read(text: str, encoding: Encoding) -> _Reading | None:
    """Weigh one reading; None where the encoding changes no word of the text."""
    gain = 0.0
    changed = seen = broken = rescued = displaced = 0
    words = []
    for word in _words(text):
        if not _may_be_legacy(word):
            continue
        core = _core(word, encoding)
        decoded = decode(core, encoding)
        words.append(decoded)
        stands = lexicon.is_syllable(core) and _cased_as_a_word(core)
        before = lexicon.weight(core) if stands else lexicon.NOT_A_SYLLABLE
        after = lexicon.weight(decoded)
        if decoded == core:
            broken += not stands
            continue
        changed += 1
        gain += after - before
        seen += after > lexicon.WELL_FORMED
        broken += not lexicon.is_syllable(decoded)
        rescued += not stands
        displaced += before > lexicon.WELL_FORMED
    if not changed:
        return None
    return _Reading(encoding, tuple(words), gain, changed, seen, broken, rescued, displaced)


def _may_be_legacy(word: str) -> bool:
    return not (word.isascii() or len(word) == 1 or _MEASURE.match(word) or not word.strip(_TYPOGRAPHY))


def _decoded(text: str, encoding: Encoding) -> str:
    """The reading of a whole text: symbols that stand alone (… no data, m²) keep their meaning."""

    def read(match: re.Match[str]) -> str:
        word = match[0]
        if _LONE_LETTER.match(word) and lexicon.is_syllable(alone := decode(word, encoding)):
            return alone
        if not _may_be_legacy(word):
            return word
        core = _core(word, encoding)
        before, _, after = word.partition(core)
        return before + decode(core, encoding) + after

    return _WORD.sub(read, text)


def _cased_as_a_word(word: str) -> bool:
    """A capital after a small letter (VÓn, tÌnh) is the code of another letter."""
    return word.islower() or word.isupper() or word[1:].islower()


def _core(word: str, encoding: Encoding) -> str:
    """The word without quotation marks and dashes, unless the encoding draws letters there."""
    core = word.strip(_TYPOGRAPHY)
    return core if core != word and not lexicon.is_syllable(decode(word, encoding)) else word


def _with_evidence(reading: _Reading) -> Certainty | None:
    """Fonts and neighbours lie now and then: the reading must be Vietnamese all the same."""
    if reading.broken or reading.gain <= 0:
        return None
    if reading.rescued or (reading.gain >= 5 and not reading.displaced):
        return Certainty.CERTAIN
    return Certainty.DOUBTFUL if reading.gain >= 3 else None


def _without_evidence(best: _Reading, readings: list[_Reading], text: str) -> Certainty | None:
    if best.gain < 5 or not best.seen or best.broken * 4 > best.changed or _reads_foreign(text, best):
        return None
    if not best.rescued:
        every_word_speaks = best.changed > 1 and best.seen == best.changed and not best.displaced
        return Certainty.DOUBTFUL if every_word_speaks else None
    rivals = [reading.gain for reading in readings if reading.words != best.words]
    clear = not best.broken and best.gain - max(rivals, default=0.0) >= 4
    if clear and _speaks_for_itself(best, text):
        return Certainty.CERTAIN
    return Certainty.DOUBTFUL if best.changed > 1 or max(map(len, best.words)) > 2 else None


def _speaks_for_itself(reading: _Reading, text: str) -> bool:
    if _SYMBOL_IN_WORD.search(text):
        return reading.rescued >= reading.displaced
    enough = reading.changed > 1 or _sensible_words(text, reading) > 2
    return enough and reading.gain >= 10 and reading.rescued >= 2 * reading.displaced


def _sensible_words(text: str, reading: _Reading) -> int:
    plain = [word for word in _words(text) if word.isascii()]
    return sum(map(lexicon.is_syllable, [*plain, *reading.words]))


def _reads_foreign(text: str, reading: _Reading) -> bool:
    """Whether the plain words around are not Vietnamese: "Où est le café" is no legacy text."""
    plain = [word for word in _words(text) if word.isascii() and not lexicon.is_abbreviation(word)]
    strange = sum(not lexicon.is_syllable(word) for word in plain)
    return strange + reading.broken > (len(plain) - strange + reading.changed) / 2
