"""The Unicode text that a legacy text stands for: quotation marks and symbols kept, lost capitals brought back."""

from __future__ import annotations

import re
from typing import Final

from formulas.text import lexicon
from formulas.text.encodings import Encoding, decode
from formulas.text.weighing import ALONE_A_SIGN, QUOTED, SHORT_OF_CAPITALS, WORD, core_of, may_be_legacy, plain_letters

_CLOSES: Final = re.compile("»(?![a-zµ-þ])")


def restored(text: str, encoding: Encoding) -> str:
    """The reading of a whole text: symbols that stand alone (… no data, m²) keep their meaning."""
    quoted = QUOTED.search(text) is not None
    tall = encoding in SHORT_OF_CAPITALS and _all_capitals(text)

    def read(match: re.Match[str]) -> str:
        word = match[0]
        if len(word) == 1 and (word not in ALONE_A_SIGN or _is_a_word_alone(text, match.start())):
            alone = decode(word, encoding)
            known = lexicon.weight(alone) > lexicon.WELL_FORMED or (word.isalpha() and word != "µ")
            return alone if known and lexicon.is_syllable(alone) else word
        if not may_be_legacy(word, alone=False):
            return word
        core = core_of(word, encoding, quoted)
        before, _, after = word.partition(core)
        reading = decode(core, encoding)
        if encoding in SHORT_OF_CAPITALS and (tall or _is_tall(core)):
            reading = reading.upper()
        return before + reading + after

    return WORD.sub(read, text)


def _is_a_word_alone(text: str, place: int) -> bool:
    """« is ô in TCVN3 where no quotation ends, · is ở in VISCII where no list item begins."""
    return (text[place] == "«" and not _CLOSES.search(text)) or (text[place] == "·" and place > 0)


def _is_tall(core: str) -> bool:
    """A word in capitals, of which TCVN3 kept only the plain ones: BIÓU, T£N, but not Sè."""
    plain = plain_letters(core)
    return len(plain) > 1 and plain.isupper()


def _all_capitals(text: str) -> bool:
    """Whether all words are in capitals (TæNG Sè Hé); abbreviations (Sè TT) prove nothing."""
    words = [word for word in WORD.findall(text) if plain_letters(word)]
    if not all(plain_letters(word).isupper() for word in words):
        return False
    return any(_is_tall(word) and (not word.isascii() or lexicon.is_syllable(word)) for word in words)
