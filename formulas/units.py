"""What a unit of measure says of its numbers: counted, measured, money, or a ratio.

Counted things are those of the catalogue; money and ratios are also read from the names of units it does not hold.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from form_templates.measures import bundled

_MONEY: Final = re.compile(r"đồng|\b(?:vnđ|vnd|usd)\b|đô la", re.IGNORECASE)
# Ratios, growth and indices have no sign rule of their own; what may not be negative there, a rule of the form says.
_RATIO: Final = re.compile(r"%|‰|điểm|lần", re.IGNORECASE)


def _plain(unit: str) -> str:
    return " ".join(unicodedata.normalize("NFC", unit).casefold().split())


def is_money(unit: str) -> bool:
    """Whether the unit is an amount of money, where a negative number is a correction."""
    return _MONEY.search(_plain(unit)) is not None


def is_ratio(unit: str) -> bool:
    """Whether the unit is a ratio, which may be negative."""
    return _RATIO.search(_plain(unit)) is not None


def is_counted(unit: str) -> bool:
    """Whether the numbers are counts of whole things, which are never rounded: sums of them agree to the last one."""
    known = bundled().find(unit)
    return known is not None and known.is_counted


_SHARE: Final = re.compile(r"\bt[ỷỉ] (?:lệ|trọng)\b|\bcơ cấu\b")
# "Tỷ lệ giải ngân so KH", "tỷ lệ tăng dân số": these may pass 100, or fall below 0.
_GROWTH: Final = re.compile(r"\bso\b|\btăng\b|\bgiảm\b|\btốc độ\b|\bchỉ số\b|\bkế hoạch\b|\bkh\b|\bhoàn thành\b")


@lru_cache(maxsize=4096)
def is_share(unit: str, header: str, label: str) -> bool:
    """Whether the numbers are percentages of a whole: by the column's header, or by the row's label where that is."""
    if _plain(unit) != "%":
        return False
    column, row = _plain(header), _plain(label)
    if _GROWTH.search(column):
        return False
    return bool(_SHARE.search(column) or (_SHARE.search(row) and not _GROWTH.search(row)))
