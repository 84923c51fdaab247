"""Numbers that were typed as text. They are never guessed: every possible reading is given, and a person is asked."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Final

_SPACES = re.compile(r"[\s\u00a0\u2007\u202f]+")
_GROUPED_BY_SPACE = re.compile(r"[1-9][0-9]{0,2}(?: [0-9]{3})+(?:[.,][0-9]+)?")
# A group that begins with 0 is no group: 0.123 is a fraction, whoever wrote it.
_VIETNAMESE = re.compile(r"(?:[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?")
_ENGLISH = re.compile(r"(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?")
_NEGATIVE = re.compile(r"\((.+)\)|[-\u2010-\u2015\u2212](.+)")
_WITH_UNIT = re.compile(r"([-+(]?[0-9][0-9., ]*\)?) ?([^0-9.,() ][^()]*)")
_LONGEST = 40
_WIDE: Final = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
"""Digits and signs of East Asian width, as some keyboards give them."""

_POWERS: Final = {
    "nghìn": 3, "ngàn": 3, "nghin": 3, "k": 3, "triệu": 6, "trieu": 6, "tr": 6, "tỷ": 9, "tỉ": 9, "ty": 9,
}  # fmt: skip
_UNITS: Final = frozenset(
    {"%", "ha", "m2", "m²", "m3", "m³", "km", "tấn", "tạ", "tạ/ha", "kg", "lít", "đ", "đồng", "vnđ", "vnd", "usd"}
    | {"người", "hộ", "con", "cái", "chiếc", "quả", "xã", "hồ sơ", "dn", "doanh nghiệp", "học sinh", "lượt", "dự án"}
)


def readings(text: str, unit: str = "") -> tuple[Decimal, ...]:
    """Every number the text may stand for, the Vietnamese reading first: ``1.234`` gives 1234 and 1.234.

    A unit behind the number is understood (``1,5 tỷ`` is 1500 where ``unit``, that of the cell, is "Triệu đồng"; 12,5%
    may also be 0,125 where it is not "%"). Empty where the text is no number at all.
    """
    if len(text) > _LONGEST:
        return ()
    plain = _SPACES.sub(" ", text.translate(_WIDE)).strip(" '’`").removeprefix("+")
    found = _signed(plain)
    if not found and (match := _WITH_UNIT.fullmatch(plain)):
        found = _with_unit(_signed(match[1].strip()), _plain(match[2]), _plain(unit))
    return tuple(dict.fromkeys(found))


def _signed(plain: str) -> list[Decimal]:
    negative = _NEGATIVE.fullmatch(plain)
    body = (negative[1] or negative[2]).strip() if negative else plain
    if _GROUPED_BY_SPACE.fullmatch(body):
        body = body.replace(" ", "")
    return [-value if negative else value for value in _values(body)]


def _values(body: str) -> list[Decimal]:
    values = []
    if _VIETNAMESE.fullmatch(body):
        values.append(Decimal(body.replace(".", "").replace(",", ".")))
    if _ENGLISH.fullmatch(body):
        values.append(Decimal(body.replace(",", "")))
    return values


def _with_unit(values: list[Decimal], written: str, unit: str) -> list[Decimal]:
    """The numbers in the unit of the cell; none where what stands behind them is no unit."""
    power, rest = _power(written)
    if rest and rest not in _UNITS and rest not in {unit, *unit.split(" ")}:
        return []
    if rest == "%" and unit != "%":
        return [*values, *(value / 100 for value in values)]
    # Behind a plain unit ("120 đồng") the number may be meant in the unit of the cell all the same, and is asked for.
    return [value.scaleb(power - _power(unit)[0]) for value in values] if power else values


def _power(unit: str) -> tuple[int, str]:
    """``"triệu đồng"`` → 6, ``"đồng"``."""
    first, _, rest = unit.partition(" ")
    return (_POWERS[first], rest) if first in _POWERS else (0, unit)


def _plain(unit: str) -> str:
    return " ".join(unicodedata.normalize("NFC", unit).casefold().split()).rstrip(".")
