"""TEXT: numbers and dates written by a number format, in the invariant form (decimal point, comma between thousands).

Only formats whose result is the same in every Excel are known: digits (``0``, ``#,##0.00``, ``0.0%``), days as numbers
(``dd/mm/yyyy``), ``@``, literal text, and the parts for negatives, zero and texts. What hangs on the machine's language
(names of months, General's width) or on time of day is refused when the form is published.
Source: ECMA-376 part 1 §18.8.31 (number formats); rounding is half away from zero on 15 digits, as ROUND's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Final

from formulas.arithmetic import VALUE, CellValue, number, text
from formulas.dates import Day, day_of
from workbooks.sheet import CellError

_TOKEN: Final = re.compile(r'"([^"]*)"|\\(.)|([#0][#0,]*(?:\.[#0]*)?|\.[#0]+)|(d+|m+|y+)|(@)|(%)|(.)', re.S)
_PLAIN: Final = frozenset("$-+/():!^&'~{}<>= ")
"""Characters that stand for themselves without quotes (ECMA-376), the ``;`` between parts apart."""
_DAYS: Final = frozenset({"d", "dd", "m", "mm", "yy", "yyyy"})
_DIGITS: Final = re.compile(r"(#*)(0*)(?:\.(0*)(#*))?")
_PARTS: Final = re.compile(r'((?:"[^"]*"|\\.|[^;"\\])*)(;|$)', re.S)
_MOST_PARTS: Final = 4
_EXACT: Final = Context(prec=400)


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of a format.

    Attributes:
        pieces: kind (``literal``, ``number``, ``day``, ``text``) and what is to be written.
        percents: how many ``%`` there are.
        whole: fewest digits before the point; certain, possible: digits after it; point: whether it is written.
    """

    pieces: tuple[tuple[str, str], ...]
    percents: int = 0
    whole: int = 0
    certain: int = 0
    possible: int = 0
    grouped: bool = False
    point: bool = False

    def holds(self, kind: str) -> bool:
        return any(piece == kind for piece, _ in self.pieces)


def is_known(pattern: str) -> bool:
    """Whether TEXT can write this format."""
    return _parts(pattern) is not None


def formatted(value: CellValue, pattern: CellValue) -> str | CellError:
    """TEXT: a text that reads as a number is formatted as one, any other is given back."""
    wanted, content = text(pattern), text(value)
    if isinstance(content, CellError):
        return content
    if isinstance(wanted, CellError):
        return wanted
    parts = _parts(wanted)
    if parts is None:
        return VALUE
    x = VALUE if isinstance(value, bool) else number(value)
    if isinstance(x, CellError) or parts[0].holds("text"):
        return _text(content, parts)
    return _of_number(x, parts)


def _of_number(x: float, parts: tuple[_Part, ...]) -> str | CellError:
    if x < 0.0:
        return _written(-x, parts[1]) if len(parts) > 1 else _signed(x, parts[0])
    return _written(x, parts[2] if x == 0.0 and len(parts) > 2 else parts[0])


def _signed(x: float, part: _Part) -> str | CellError:
    if part.holds("day"):
        return VALUE
    # The sign stays where the digits come out as zero: Excel writes -0.00 ("negative zero amounts").
    written = _written(-x, part)
    return written if isinstance(written, CellError) else f"-{written}"


def _text(written: str, parts: tuple[_Part, ...]) -> str:
    part = parts[3] if len(parts) == _MOST_PARTS else next((p for p in parts if p.holds("text")), None)
    if part is None:
        return written
    return "".join(written if kind == "text" else piece for kind, piece in part.pieces)


def _written(x: float, part: _Part) -> str | CellError:
    day = day_of(x) if part.holds("day") else Day(0, 0, 0)
    if day is None:
        return VALUE
    pieces = []
    for kind, piece in part.pieces:
        if kind == "number":
            pieces.append(_digits(x, part))
        elif kind == "day":
            pieces.append(_of_day(day, piece))
        else:
            pieces.append(piece)
    return "".join(pieces)


def _digits(x: float, part: _Part) -> str:
    scaled = Decimal(f"{x:.14e}").scaleb(2 * part.percents, _EXACT)
    places = part.certain + part.possible
    rounded = f"{scaled.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _EXACT):f}"
    whole, _, fraction = rounded.partition(".")
    whole = whole.lstrip("0").rjust(part.whole, "0")
    if part.grouped:
        whole = _grouped(whole)
    fraction = fraction[: part.certain] + fraction[part.certain :].rstrip("0")
    return f"{whole}.{fraction}" if part.point else whole


def _grouped(whole: str) -> str:
    start = len(whole) % 3
    return ",".join(piece for piece in [whole[:start], *re.findall("...", whole[start:])] if piece)


def _of_day(day: Day, code: str) -> str:
    if code.startswith("y"):
        return f"{day.year:04d}" if code == "yyyy" else f"{day.year % 100:02d}"
    part = day.day if code.startswith("d") else day.month
    return f"{part:0{len(code)}d}"


@lru_cache(maxsize=256)
def _parts(pattern: str) -> tuple[_Part, ...] | None:
    """The parts of a format, or None where it is not known."""
    if not pattern or pattern.count('"') % 2:
        return None
    written = [match[1] for match in _PARTS.finditer(pattern) if match[0]]
    if pattern.endswith(";"):
        written.append("")
    parts = [_part(piece) for piece in written]
    known = tuple(part for part in parts if part is not None)
    if len(known) != len(parts) or not 1 <= len(parts) <= _MOST_PARTS or not known[0].pieces:
        return None
    later_texts = any(part.holds("text") for part in known[1:3]) or (known[0].holds("text") and len(known) > 1)
    return None if later_texts or (len(known) == _MOST_PARTS and not known[3].pieces) else known


def _part(written: str) -> _Part | None:
    pieces: list[tuple[str, str]] = []
    percents, pattern = 0, ""
    for match in _TOKEN.finditer(written):
        quoted, escaped, digits, day, at, percent, other = match.groups()
        if digits:
            if pattern:
                return None  # digits in two places, such as 000-000
            pattern = digits
            pieces.append(("number", ""))
        elif day in _DAYS or at:
            pieces.append(("text", "") if at else ("day", day))
        elif percent or quoted is not None or escaped or other in _PLAIN:
            percents += bool(percent)
            pieces.append(("literal", percent or quoted or escaped or other or ""))
        else:
            return None
    kinds = {kind for kind, _ in pieces} - {"literal"}
    if len(kinds) > 1 or (percents and not pattern):
        return None
    return _with_digits(tuple(pieces), percents, pattern) if pattern else _Part(tuple(pieces))


def _with_digits(pieces: tuple[tuple[str, str], ...], percents: int, pattern: str) -> _Part | None:
    whole, point, _ = pattern.partition(".")
    match = _DIGITS.fullmatch(pattern.replace(",", ""))
    if match is None or whole.endswith(","):
        return None  # a comma at the end would divide by a thousand
    zeros, certain, possible = (len(group or "") for group in match.group(2, 3, 4))
    return _Part(pieces, percents, zeros, certain, possible, "," in whole, bool(point))
