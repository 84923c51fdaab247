"""The order of the Vietnamese alphabet: Đ after D and not after Z; tones decide only between equal letters."""

from __future__ import annotations

import unicodedata
from typing import Final

_ALPHABET: Final = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONES: Final = "\u0300\u0309\u0303\u0301\u0323"  # huyền, hỏi, ngã, sắc, nặng: the order of dictionaries


def alphabetical(text: str) -> tuple[object, ...]:
    """A key to sort by. Words come letter by letter, then tone by tone; equal to the eye falls back to the text."""
    letters: list[tuple[int, int, str]] = []
    tones: list[int] = []
    for character in unicodedata.normalize("NFC", text.casefold()):
        parts = unicodedata.normalize("NFD", character)
        tone = next((mark for mark in parts if mark in _TONES), "")
        letter = unicodedata.normalize("NFC", parts.replace(tone, "") if tone else parts)
        place = _ALPHABET.find(letter) if len(letter) == 1 else -1
        # Digits and signs before letters, as they stand in the character set; a space before all of them.
        letters.append((0, ord(letter[0]), letter) if place < 0 else (1, place, ""))
        tones.append(_TONES.find(tone) + 1 if tone else 0)
    return (tuple(letters), tuple(tones), text)


def without_marks(text: str) -> str:
    """Text to search in: small letters without diacritics, wherever the tone stands; đ counts as d (T23)."""
    parts = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(part for part in parts if not unicodedata.combining(part))
