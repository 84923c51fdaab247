"""The legacy encodings as a spreadsheet shows them: each byte drawn as its Windows-1252 character."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Encoding(StrEnum):
    """How a text was written. ``COMBINING`` is Unicode with separate marks ("tổ hợp", NFD)."""

    TCVN3 = "TCVN3 (ABC)"
    VNI = "VNI-Windows"
    VPS = "VPS"
    VISCII = "VISCII"
    CP1258 = "Windows-1258"
    COMBINING = "Unicode tổ hợp"


_TABLE_OF = {
    Encoding.TCVN3: "TCVN3",
    Encoding.VNI: "VNI-WIN",
    Encoding.VPS: "VPS",
    Encoding.VISCII: "VISCII",
}
LEGACY = (*_TABLE_OF, Encoding.CP1258)


@dataclass(frozen=True, slots=True)
class Alphabet:
    """One encoding: what the spreadsheet shows ↔ the Vietnamese letter it stands for."""

    letters: Mapping[str, str]
    shown: Mapping[str, str]
    pattern: re.Pattern[str]


def _shown(code: bytes) -> str:
    """The characters a spreadsheet keeps for these bytes; the five holes of Windows-1252 pass through as controls."""
    return "".join(bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in code)


def _cp1258_codes() -> dict[str, bytes]:
    vowels = "aăâeêioôơuưy"
    marks = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
    letters = [base + mark for vowel in vowels for base in (vowel, vowel.upper()) for mark in marks] + ["đ", "Đ"]
    return {unicodedata.normalize("NFC", letter): letter.encode("cp1258") for letter in letters}


def _codes(encoding: Encoding) -> dict[str, bytes]:
    if encoding is Encoding.CP1258:
        return _cp1258_codes()
    tables = json.loads((files("formulas.text") / "legacy_encodings.json").read_text(encoding="utf-8"))
    return {letter: bytes.fromhex(code) for letter, code in tables[_TABLE_OF[encoding]].items()}


@cache
def alphabet(encoding: Encoding) -> Alphabet:
    """The letters of an encoding. Where two letters share a code the small one is read: the font made it tall."""
    letters: dict[str, str] = {}
    shown: dict[str, str] = {}
    for letter, code in sorted(_codes(encoding).items(), key=lambda item: item[0].isupper()):
        shown[letter] = _shown(code)
        for view in {_shown(code), code.decode("latin-1")}:
            letters.setdefault(view, letter)
            if encoding is Encoding.VNI:
                # Typists leave the mark small after a capital: Aùnh beside AÙnh.
                letters.setdefault(view[0] + view[1:].lower(), letter)
    if encoding is Encoding.CP1258:
        # à and its like also have a code of their own.
        letters |= {byte: char for byte, char in _cp1258_precomposed().items() if byte not in letters}
    longest_first = sorted(letters, key=len, reverse=True)
    return Alphabet(letters, shown, re.compile("|".join(map(re.escape, longest_first))))


def _cp1258_precomposed() -> dict[str, str]:
    letters = "àáâãèéêìíòóôõùúý"
    codes = {}
    for letter in letters + letters.upper():
        try:
            codes[_shown(letter.encode("cp1258"))] = letter
        except UnicodeEncodeError:
            continue
    return codes


def decode(text: str, encoding: Encoding) -> str:
    """The Unicode reading of a legacy text; characters that the encoding has not stay as they are."""
    if encoding is Encoding.COMBINING:
        return unicodedata.normalize("NFC", text)
    codes = alphabet(encoding)
    return codes.pattern.sub(lambda match: codes.letters[match[0]], text)


def encode(text: str, encoding: Encoding) -> str:
    """What a spreadsheet shows of a Vietnamese text written in the encoding: the inverse of ``decode`` but for case."""
    if encoding is Encoding.COMBINING:
        return unicodedata.normalize("NFD", text)
    shown = alphabet(encoding).shown
    return "".join(shown.get(letter, letter) for letter in unicodedata.normalize("NFC", text))


def encoding_of_font(font: str) -> Encoding | None:
    """The encoding a font was drawn for: ``.VnTime``, ``VNI-Times``, ``VPS Times``, ``VI Times``."""
    name = font.strip().casefold()
    starts = {
        (".vn",): Encoding.TCVN3,
        ("vni-", "vni "): Encoding.VNI,
        ("vps",): Encoding.VPS,
        ("vi ", "hoangyen"): Encoding.VISCII,
    }
    return next((encoding for prefixes, encoding in starts.items() if name.startswith(prefixes)), None)


def is_capitals_font(font: str) -> bool:
    """Whether the font draws capitals for the codes of small letters (``.VnTimeH``)."""
    name = font.strip()
    return name.casefold().startswith(".vn") and name.endswith(("H", "h"))
