"""Characters that deceive the eye: invisible ones, odd spaces, letters of other scripts that look Latin, stray marks.

Meant for Unicode text: in legacy text the same characters are letters (U+00AD is the ư of TCVN3), so ask
``detection.detect`` first and look for strange characters only in what it leaves alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from formulas import catalogue
from formulas.catalogue import Kind
from formulas.text import lexicon
from formulas.text.encodings import Encoding, decode
from formulas.wording import excerpt
from workbooks.finding import Finding


class Strangeness(StrEnum):
    """Why a character is strange; each has a finding code of its own."""

    UNREADABLE = "unreadable"
    INVISIBLE = "invisible"
    DIRECTION = "direction"
    SPACE = "space"
    LOOKALIKE = "lookalike"
    MARK = "mark"


KINDS: Final[dict[Strangeness, Kind]] = {
    Strangeness.UNREADABLE: catalogue.STRANGE_CHARACTERS,
    Strangeness.INVISIBLE: catalogue.INVISIBLE_CHARACTERS,
    Strangeness.DIRECTION: catalogue.DIRECTION_CONTROLS,
    Strangeness.SPACE: catalogue.ODD_SPACES,
    Strangeness.LOOKALIKE: catalogue.LOOKALIKE_LETTERS,
    Strangeness.MARK: catalogue.MISPLACED_MARKS,
}


@dataclass(frozen=True, slots=True)
class Strange:
    """One strange character, or a letter with the marks that do not belong on it.

    Attributes:
        position: 0-based; ``text[position:position + len(found)] == found``.
        name: in Vietnamese, with the code point.
        replacement: what may safely stand instead; None where only the writer can say.
    """

    position: int
    found: str
    strangeness: Strangeness
    name: str
    replacement: str | None


_INVISIBLE: Final = {
    "\u00ad": "dấu nối mềm",
    "\u034f": "dấu nối ký tự",
    "\u200b": "khoảng trống độ rộng không",
    "\u200c": "dấu tách chữ độ rộng không",
    "\u200d": "dấu nối chữ độ rộng không",
    "\u2060": "dấu nối từ",
    "\u2061": "ký tự toán ẩn",
    "\u2062": "ký tự toán ẩn",
    "\u2063": "ký tự toán ẩn",
    "\u2064": "ký tự toán ẩn",
    "\ufeff": "dấu đầu tệp (BOM)",
}
_DIRECTION: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SPACES: Final = {
    "\u00a0": "dấu cách không ngắt",
    "\u202f": "dấu cách không ngắt hẹp",
    "\u2007": "dấu cách rộng bằng chữ số",
    "\u2009": "dấu cách mỏng",
    "\u3000": "dấu cách toàn độ rộng",
    "\u2028": "dấu ngắt dòng Unicode",
    "\u2029": "dấu ngắt đoạn Unicode",
    **dict.fromkeys("\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u200a\u205f", "dấu cách lạ"),
}
_CYRILLIC: Final = dict(zip("асԁеһіјорԛѕԝхуАВЕКМНІЈОРЅТХСҮ", "acdehijopqswxyABEKMHIJOPSTXCY", strict=True))
_GREEK: Final = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEZHIKMNOPTYXo", strict=True))
_LOOKALIKES: Final = _CYRILLIC | _GREEK
# Ð of Icelandic, Ɖ of Ewe: Đ on screen, another letter to every search and comparison.
_OTHER_D: Final = {"Ð": "Đ", "ð": "đ", "Ɖ": "Đ", "ɖ": "đ"}
_MARKS: Final = "\u0300-\u036f"
_FOREIGN: Final = "\u0370-\u03ff\u0400-\u052f"
_WIDE: Final = "\uff01-\uff5e\ufb00-\ufb06\U0001d400-\U0001d7ff"
_UNREADABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd\ufff9-\ufffc]")
_SUSPECT: Final = re.compile(
    f"[{_UNREADABLE.pattern[1:-1]}{''.join(_INVISIBLE)}{''.join(_DIRECTION)}{''.join(_SPACES)}"
    f"{''.join(_OTHER_D)}{_MARKS}{_FOREIGN}{_WIDE}]"
)
_WIDE_CHARACTER: Final = re.compile(f"[{_WIDE}]")
_CLUSTER: Final = re.compile(f"([^{_MARKS}]?)([{_MARKS}]+)", re.DOTALL)
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
# Breve, circumflex and horn make the vowel; the tone comes after them.
_VOWEL_MARKS: Final = ("\u0302", "\u0306", "\u031b")
_MOST_NAMED: Final = 3
_SOFT_HYPHEN: Final = "\u00ad"
_LONGEST_SYLLABLE: Final = 8
_DOTLESS_I: Final = "ı"


def strange_characters(text: str) -> tuple[Strange, ...]:
    """Every strange character of a Unicode text, in the order of the text."""
    if (text.isascii() and text.isprintable()) or not _SUSPECT.search(text):
        return ()
    found = [*_single(text), *_lookalikes(text), *_misplaced_marks(text)]
    return tuple(sorted(found, key=lambda item: item.position))


def cleaned(text: str) -> str:
    """The text with every strange character replaced that can be replaced safely; idempotent."""
    while (better := _replaced(text)) != text:
        # What was taken out may have kept a mark from its letter.
        text = better
    return text


def character_findings(sheet: str, cell: str, text: str) -> Iterator[Finding]:
    """One finding for each kind of strange character in a text; ``cell`` is an address or ``""``."""
    strange = strange_characters(text)
    for strangeness in dict.fromkeys(item.strangeness for item in strange):
        items = [item for item in strange if item.strangeness is strangeness]
        shown = excerpt(_visible(text, items))
        yield KINDS[strangeness].at(sheet, cell, text=shown, characters=_named(items))


def _replaced(text: str) -> str:
    pieces = []
    end = 0
    for item in strange_characters(text):
        if item.replacement is not None:
            pieces += [text[end : item.position], item.replacement]
            end = item.position + len(item.found)
    return "".join([*pieces, text[end:]])


def _visible(text: str, items: list[Strange]) -> str:
    """The text as a message may quote it: nothing in it that could turn the message around."""
    hidden = {item.found for item in items if item.strangeness is not Strangeness.LOOKALIKE}
    return "".join("·" if letter in hidden and letter not in _SPACES else letter for letter in text)


def _named(items: list[Strange]) -> str:
    first = ", ".join(f"{item.name} ở vị trí {item.position + 1}" for item in items[:_MOST_NAMED])
    return first if len(items) <= _MOST_NAMED else f"{first} và {len(items) - _MOST_NAMED} chỗ khác"


def _code(character: str) -> str:
    return " ".join(f"U+{ord(one):04X}" for one in character)


def _single(text: str) -> Iterator[Strange]:
    """Characters that are strange wherever they stand."""
    for match in _SUSPECT.finditer(text):
        place, letter = match.start(), match[0]
        if name := _INVISIBLE.get(letter):
            if not _joins_pictures(text, place):
                nothing = None if letter == _SOFT_HYPHEN and _was_a_letter(text, place) else ""
                yield Strange(place, letter, Strangeness.INVISIBLE, f"{name} ({_code(letter)})", nothing)
        elif letter in _DIRECTION:
            yield Strange(place, letter, Strangeness.DIRECTION, f"ký tự đổi chiều chữ ({_code(letter)})", "")
        elif name := _SPACES.get(letter):
            yield Strange(place, letter, Strangeness.SPACE, f"{name} ({_code(letter)})", " ")
        elif _UNREADABLE.match(letter):
            yield Strange(place, letter, Strangeness.UNREADABLE, f"ký tự không đọc được ({_code(letter)})", None)
        elif _WIDE_CHARACTER.match(letter):
            plain = unicodedata.normalize("NFKC", letter)
            yield _lookalike(place, letter, plain, "ký tự kiểu khác của")


def _was_a_letter(text: str, place: int) -> bool:
    """Whether the soft hyphen may be what is left of the ư of TCVN3: taking it out would lose a letter."""
    before = re.search(r"[^\W\d_]*\Z", text[max(place - _LONGEST_SYLLABLE, 0) : place])
    after = re.match(r"[^\W\d_]*", text[place + 1 : place + 1 + _LONGEST_SYLLABLE])
    parts = (before[0] if before else "", after[0] if after else "")
    readings = ("ư".join(parts), "ư".join(decode(part, Encoding.TCVN3) for part in parts))
    return any(map(lexicon.is_syllable, readings))


def _joins_pictures(text: str, place: int) -> bool:
    around = text[max(place - 1, 0) : place] + text[place + 1 : place + 2]
    return text[place] == "\u200d" and any(unicodedata.category(letter) in ("So", "Sk", "Mn") for letter in around)


def _lookalike(place: int, letter: str, plain: str, what: str) -> Strange:
    return Strange(place, letter, Strangeness.LOOKALIKE, f"{what} {plain} ({_code(letter)})", plain)


def _lookalikes(text: str) -> Iterator[Strange]:
    """Letters of other scripts within Latin words, or alone in a text that has no other letter of their script."""
    truly_foreign = any(letter not in _LOOKALIKES for letter in re.findall(f"[{_FOREIGN}]", text))
    for match in _LETTERS.finditer(text):
        word = match[0]
        if word.isascii():
            continue
        mixed = _LATIN.search(word) is not None
        for place, letter in enumerate(word, match.start()):
            if letter in _OTHER_D and _is_vietnamese_with_d(word):
                yield _lookalike(place, letter, _OTHER_D[letter], "chữ giống")
            elif letter in _LOOKALIKES and (mixed or not truly_foreign):
                script = "chữ Kirin giống" if letter in _CYRILLIC else "chữ Hy Lạp giống"
                yield _lookalike(place, letter, _LOOKALIKES[letter], script)


def _is_vietnamese_with_d(word: str) -> bool:
    """Ðất, ðồng, HÐND, QÐ; but not the Icelandic "maðurinn"."""
    told = "".join(_OTHER_D.get(letter, _LOOKALIKES.get(letter, letter)) for letter in word)
    return lexicon.is_syllable(told) or (told.isupper() and told.replace("Đ", "D").isascii())


def _misplaced_marks(text: str) -> Iterator[Strange]:
    """Marks that no letter takes up: two tones on one letter, a tone on a consonant, marks in the wrong order."""
    for match in _CLUSTER.finditer(text):
        base, marks = match[1], match[2]
        of_another_script = base.isalpha() and not _LATIN.match(base)
        if of_another_script or not unicodedata.combining(unicodedata.normalize("NFC", match[0])[-1]):
            continue
        name = f"dấu không ghép được với chữ ({_code(marks)})"
        if letter := _reordered(match[0]):
            yield Strange(match.start(), match[0], Strangeness.MARK, name, letter)
        else:
            yield Strange(match.start(2), marks, Strangeness.MARK, name, None)


def _reordered(cluster: str) -> str | None:
    """One letter from a letter and its marks in any order, each mark once; None where there is none."""
    decomposed = unicodedata.normalize("NFD", cluster)
    base, marks = decomposed[0], decomposed[1:]
    # Some PDF files give ı and a mark for an i with a tone.
    base = "i" if base == _DOTLESS_I else base
    once = sorted(dict.fromkeys(marks), key=lambda mark: mark not in _VOWEL_MARKS)
    letter = unicodedata.normalize("NFC", base + "".join(once))
    return letter if len(letter) == 1 and base.isalpha() else None
