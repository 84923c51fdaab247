"""Excel's functions over texts. None of them raises.

Excel counts characters in units of UTF-16, so that a character beyond U+FFFF has two (LEN("😀") is 2). Half of such a
character is no text that could be stored; where a cut falls inside one, U+FFFD stands for the half.
"""

from __future__ import annotations

import math
import re
from typing import Final

from formulas.arithmetic import (
    BEYOND,
    LONGEST_TEXT,
    VALUE,
    CellValue,
    Number,
    bounded,
    number,
    text,
    text_number,
    units,
)
from workbooks.sheet import CellError

_SPACES: Final = re.compile(" {2,}")


def _cut(value: str, start: int, stop: int) -> str:
    if not BEYOND.search(value):
        return value[start:stop]
    return value.encode("utf-16-le")[2 * start : 2 * stop].decode("utf-16-le", "replace")


def _count(value: CellValue) -> int | CellError:
    """A number of characters, or a place among them, as Excel cuts it off."""
    x = number(value)
    return x if isinstance(x, CellError) else math.floor(max(-1.0, min(x, LONGEST_TEXT + 1.0)))


def left(value: CellValue, count: CellValue = 1.0) -> str | CellError:
    """LEFT."""
    written, wanted = text(value), _count(count)
    if isinstance(written, CellError):
        return written
    if isinstance(wanted, CellError):
        return wanted
    return VALUE if wanted < 0 else _cut(written, 0, wanted)


def right(value: CellValue, count: CellValue = 1.0) -> str | CellError:
    """RIGHT."""
    written, wanted = text(value), _count(count)
    if isinstance(written, CellError):
        return written
    if isinstance(wanted, CellError):
        return wanted
    if wanted < 0:
        return VALUE
    size = units(written)
    return _cut(written, max(0, size - wanted), size)


def middle(value: CellValue, start: CellValue, count: CellValue) -> str | CellError:
    """MID; the first character is number 1."""
    written, first, wanted = text(value), _count(start), _count(count)
    if isinstance(written, CellError):
        return written
    if isinstance(first, CellError):
        return first
    if isinstance(wanted, CellError):
        return wanted
    return VALUE if first < 1 or wanted < 0 else _cut(written, first - 1, first - 1 + wanted)


def length(value: CellValue) -> Number:
    """LEN."""
    written = text(value)
    return written if isinstance(written, CellError) else float(units(written))


def trim(value: CellValue) -> str | CellError:
    """TRIM: U+0020 alone; no-break spaces stay."""
    written = text(value)
    return written if isinstance(written, CellError) else _SPACES.sub(" ", written.strip(" "))


def upper(value: CellValue) -> str | CellError:
    """UPPER, character by character: ``ß`` stays."""
    written = text(value)
    return written if isinstance(written, CellError) else "".join(map(_upper, written))


def lower(value: CellValue) -> str | CellError:
    """LOWER, character by character."""
    written = text(value)
    return written if isinstance(written, CellError) else "".join(map(_lower, written))


def _upper(character: str) -> str:
    changed = character.upper()
    return changed if len(changed) == 1 else character


def _lower(character: str) -> str:
    changed = character.lower()
    return changed if len(changed) == 1 else character


def concatenate_all(*values: CellValue) -> str | CellError:
    """CONCATENATE."""
    written = []
    for value in values:
        piece = text(value)
        if isinstance(piece, CellError):
            return piece
        written.append(piece)
    return bounded("".join(written))


def value_of(value: CellValue) -> Number:
    """VALUE: of texts in the invariant form; TRUE and FALSE are no numbers to it."""
    if isinstance(value, bool):
        return VALUE
    if isinstance(value, str) and not isinstance(value, CellError):
        return text_number(value)
    return number(value)
