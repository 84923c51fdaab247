"""How findings speak: numbers as Vietnamese forms print them, numbers in words, values and long texts cut to size."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal

from workbooks.sheet import CellError

_LONGEST = 80
_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_GROUPS = ("", "nghìn", "triệu", "tỷ", "nghìn tỷ", "triệu tỷ")
_PRECISE = Context(prec=60)


def number_text(value: float | Decimal, decimals: int | None = None) -> str:
    """A number as forms print it: ``1.234.567,8``. Without ``decimals`` every digit that matters is shown."""
    exact = value if isinstance(value, Decimal) else Decimal(f"{value:.15g}")
    if not exact.is_finite() or abs(exact.adjusted()) > 40:
        return f"{value:.6g}".replace(".", ",")
    if decimals is not None:
        exact = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _PRECISE)
    whole, _, fraction = f"{exact:,f}".partition(".")
    if decimals is None:
        fraction = fraction.rstrip("0")
    return whole.replace(",", ".") + (f",{fraction}" if fraction else "")


def value_text(value: object) -> str:
    """Any cell value as a message shows it."""
    if value is None:
        return "(trống)"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, CellError):
        return value.value
    if isinstance(value, int | float):
        return number_text(float(value))
    return f"“{excerpt(str(value))}”"


def excerpt(text: str) -> str:
    """A text on one line, without control characters, cut after 80 characters."""
    plain = "".join(letter if letter.isprintable() or letter == "\u00ad" else " " for letter in text[: _LONGEST * 4])
    line = " ".join(plain.split(" ")).strip()
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def first_of(names: Sequence[str], most: int, others: str = "ô khác") -> str:
    """``F8, F9 và 3 ô khác``: the first of many cells, and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" và {rest} {others}" if rest > 0 else "")


def in_words(value: Decimal) -> str:
    """A number in words, so that a point and a comma cannot be mistaken: ``một nghìn hai trăm ba mươi tư``."""
    sign = "âm " if value < 0 else ""
    whole, _, fraction = f"{abs(value):f}".partition(".")
    digits = fraction.rstrip("0")
    if len(whole) > 3 * len(_GROUPS) or len(digits) > 15:
        return number_text(value)
    words = sign + _whole_in_words(whole)
    return words + (" phẩy " + " ".join(_DIGITS[int(digit)] for digit in digits) if digits else "")


def _whole_in_words(digits: str) -> str:
    if int(digits) == 0:
        return _DIGITS[0]
    padded = digits.lstrip("0")
    padded = padded.rjust(-(-len(padded) // 3) * 3, "0")
    groups = [padded[start : start + 3] for start in range(0, len(padded), 3)]
    spoken = []
    for place, group in enumerate(groups):
        if group != "000":
            spoken.append(f"{_hundreds(group, leading=place == 0)} {_GROUPS[len(groups) - 1 - place]}".strip())
    return " ".join(spoken)


def _hundreds(group: str, *, leading: bool) -> str:
    hundreds, tens, ones = map(int, group)
    words = [] if leading and not hundreds else [_DIGITS[hundreds], "trăm"]
    if tens > 1:
        words += [_DIGITS[tens], "mươi"]
    elif tens == 1:
        words.append("mười")
    elif ones and words:
        words.append("linh")
    if ones:
        words.append(_ones(tens, ones))
    return " ".join(words)


def _ones(tens: int, ones: int) -> str:
    if tens > 1 and ones in (1, 4):
        return "mốt" if ones == 1 else "tư"
    return "lăm" if tens and ones == 5 else _DIGITS[ones]
