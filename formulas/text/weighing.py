"""One encoding's reading of a text, weighed word by word against the text as it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from formulas.text import lexicon
from formulas.text.encodings import Encoding, decode

# Words as the file keeps them: everything between white space, digits and plain punctuation. A soft hyphen is the ư
# of TCVN3.
WORD: Final = re.compile(r"[^\s\x00-\x40\x5b-\x60\x7b-\x7f]+")
_TYPOGRAPHY: Final = "“”‘’‚„«»–—…•·"
_OPENING: Final = "“‘‚„«–—…•·"
_CLOSING: Final = "“”’»–—…•"
QUOTED: Final = re.compile("(?<![A-Za-zÀ-ÿ])(?:“[^“”]*”|‘[^‘’]*’|«[^«»]*»|»[^«»]*«)")
# m², °C, µg, Nº: symbols of measure that are letters of some legacy encoding.
_MEASURE: Final = re.compile(r"(?:(?:[kdchnmµ]|da)?m[²³]|°[CFK]?|µ[a-zA-Z]{1,2}|[nN][ºª°])\Z")
# Signs that mean something alone (Ø 20, ± 0,5, 3 × 4, © 2020); any other character alone may be a word ("ở", "ô").
ALONE_A_SIGN: Final = frozenset("Ø×÷±°©®²³¹½¼¾€£¥" + _TYPOGRAPHY)
_SIGNS: Final = ALONE_A_SIGN | {"µ"}
# What no Vietnamese word in Unicode has: symbols, foreign letters, or a capital after a small letter.
_NOT_VIETNAMESE: Final = re.compile("[^A-Za-zÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝàáâãèéêìíòóôõùúý“”‘’–—…]|[a-zà-ý][A-ZÀ-Ý]")
# Symbols never stand inside a word of any language: bªta is bêta, though bêta is no Vietnamese word.
_SYMBOL_IN_WORD: Final = re.compile("[A-Za-z][\u00a1-\u00bf\u00d7\u00f7]|[\u00a1-\u00bf\u00d7\u00f7][a-z]")
_SPELLED: Final = 0.0
# Weight of a word seen fifty times.
_COMMON: Final = 8.0
# These encodings have no codes for some capitals; their fonts, or nobody, made them tall.
SHORT_OF_CAPITALS: Final = (Encoding.TCVN3, Encoding.VPS)


@dataclass(frozen=True, slots=True)
class Word:
    """One word in one encoding.

    Attributes:
        core: the word without the quotation marks around it.
        before, after: weight of the word as it stands, and of its reading.
        stands: it may be a Vietnamese word as it stands.
        saved: it may not, but its reading is a word seen in real texts.
        telling: saved, and no Unicode word of Vietnam has such characters.
        strong: saved, and its reading is a common word; symbolic: strong by a symbol between its letters.
    """

    core: str
    reading: str
    before: float
    after: float
    stands: bool
    saved: bool
    telling: bool
    strong: bool
    symbolic: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """One encoding's reading of a text: counts of its words, weighed against the text as it stands (``gain``)."""

    encoding: Encoding
    words: tuple[str, ...]
    gain: float
    changed: int
    seen: int
    broken: int
    rescued: int
    displaced: int
    saved: int
    telling: int
    strong: int
    symbolic: int


def weigh(text: str, encoding: Encoding, *, alone: bool) -> Reading | None:
    """Weigh one reading; None where the encoding changes no word of the text."""
    gain = 0.0
    changed = seen = broken = rescued = displaced = saved = telling = strong = symbolic = 0
    words = []
    quoted = QUOTED.search(text) is not None
    for raw in WORD.findall(text):
        if not may_be_legacy(raw, alone=alone):
            continue
        word = weighed(raw, encoding, quoted)
        words.append(word.reading)
        if word.reading == word.core:
            broken += not (word.stands or word.core.isascii() or len(word.core) == 1)
            continue
        changed += 1
        gain += word.after - word.before
        seen += word.after > lexicon.WELL_FORMED
        broken += word.after == lexicon.NOT_A_SYLLABLE
        rescued += not word.stands
        displaced += word.before > lexicon.WELL_FORMED
        saved += word.saved
        telling += word.telling
        strong += word.strong
        symbolic += word.symbolic
    if not changed:
        return None
    counts = (changed, seen, broken, rescued, displaced, saved, telling, strong, symbolic)
    return Reading(encoding, tuple(words), gain, *counts)


@lru_cache(maxsize=50_000)
def weighed(raw: str, encoding: Encoding, quoted: bool) -> Word:
    """Weigh one word; ``quoted``: the text has quotation marks in pairs, so that none of them is a letter."""
    core = core_of(raw, encoding, quoted)
    reading = decode(core, encoding)
    stands = lexicon.is_syllable(core) and _cased_as_a_word(core)
    before = lexicon.weight(core) if stands else lexicon.NOT_A_SYLLABLE
    after = _weight_of_reading(reading, encoding)
    if after == lexicon.NOT_A_SYLLABLE and reading.isalpha() and _SYMBOL_IN_WORD.search(core):
        after = _SPELLED
    saved = after > lexicon.WELL_FORMED and not stands and reading != core
    telling = saved and _NOT_VIETNAMESE.search(core) is not None
    strong = saved and after >= _COMMON
    symbolic = strong and len(core) > 2 and _SYMBOL_IN_WORD.search(core) is not None
    return Word(core, reading, before, after, stands, saved, telling, strong, symbolic)


def _weight_of_reading(reading: str, encoding: Encoding) -> float:
    if not (_cased_as_a_word(reading) or (encoding in SHORT_OF_CAPITALS and _is_cased_but_for_lost_capitals(reading))):
        return lexicon.NOT_A_SYLLABLE
    if reading.isalpha() and reading.isupper() and 1 < len(reading) <= 8:
        # QĐ, HĐND, LĐTBXH
        return max(lexicon.weight(reading), lexicon.WELL_FORMED)
    return lexicon.weight(reading)


def _is_cased_but_for_lost_capitals(reading: str) -> bool:
    """TæNG reads TổNG: every plain letter but the first is a capital, or none is."""
    plain = plain_letters(reading)
    return plain.isupper() or not any(map(str.isupper, reading[1:]))


def may_be_legacy(word: str, *, alone: bool) -> bool:
    """Whether a word needs reading; ``alone``: so does a single character."""
    if word.isascii() or _MEASURE.match(word):
        return False
    if len(word) == 1:
        return alone and word not in _SIGNS
    return bool(word.strip(_TYPOGRAPHY))


def core_of(word: str, encoding: Encoding, quoted: bool) -> str:
    """The word without quotation marks and dashes, unless the encoding draws letters there."""
    core = word.lstrip(_OPENING).rstrip(_CLOSING) or word
    if core == word or quoted:
        return core
    whole = decode(word, encoding)
    return word if lexicon.is_syllable(whole) and _cased_as_a_word(whole) else core


def _cased_as_a_word(word: str) -> bool:
    """A capital after a small letter (VÓn, tÌnh) is the code of another letter."""
    return word.islower() or word.isupper() or word[1:].islower()


def plain_letters(word: str) -> str:
    """The ASCII letters of a word: the only ones whose case no encoding loses."""
    return "".join(letter for letter in word if letter.isascii() and letter.isalpha())
