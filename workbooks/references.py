"""References inside formula text: finding, moving and renaming them without touching anything else.

This is a scanner, not a parser: strings, table references in brackets and error literals are passed over, and every
remaining reference is handed out with its sheet.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from workbooks.address import MAX_COLUMN, MAX_ROW, column_letters, column_number

REF_ERROR = "#REF!"

_CELL = r"\$?[A-Za-z]{1,3}\$?[1-9][0-9]{0,6}"
_AREA = rf"{_CELL}(?::{_CELL})?|\$?[A-Za-z]{{1,3}}:\$?[A-Za-z]{{1,3}}|\$?[1-9][0-9]{{0,6}}:\$?[1-9][0-9]{{0,6}}"
_SHEET = r"(?:'(?:[^']|'')++'|[^\W\d][\w.]*(?::[^\W\d][\w.]*)?)"
_TOKEN = re.compile(
    r'"(?:[^"]|"")*+"?'
    r"|\[(?:[^\[\]]|\[[^\[\]]*+\])*+\]?(?:[\w.]+![\w$:]*)?"
    r"|#[A-Z0-9_/]+[!?]?"
    rf"|(?P<prefix>{_SHEET}!)(?P<there>(?:{_AREA})(?![\w.(\[!]))?"
    rf"|(?P<here>(?:{_AREA})(?![\w.(\[!\\]))"
    # A quoted name that is no sheet is passed over whole: whatever the text, the scan takes linear time.
    r"|'(?:[^']|'')*+'?"
    r"|[\w.\\?]+"
)
_CORNER = re.compile(r"(\$?)([A-Za-z]*)(\$?)([0-9]*)")
_PLAIN_SHEET = re.compile(r"[^\W\d][\w.]*")
_LOOKS_LIKE_CELL = re.compile(
    r"[A-Za-z]{1,3}[0-9]+|[Rr][0-9]*([Cc][0-9]*)?|[Cc][0-9]*|[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]"
)


class Corner(NamedTuple):
    """One end of a reference; ``column`` or ``row`` is 0 in a whole-row or whole-column reference."""

    column: int
    row: int
    column_fixed: bool
    row_fixed: bool

    def __str__(self) -> str:
        column = ("$" if self.column_fixed else "") + column_letters(self.column) if self.column else ""
        return column + (("$" if self.row_fixed else "") + str(self.row) if self.row else "")


class Reference(NamedTuple):
    """A reference as written: sheet prefix (with ``!``, or ``""``) and one or two corners."""

    prefix: str
    corners: tuple[Corner, ...]

    @property
    def sheet(self) -> str:
        """Name of the sheet, unquoted; ``""`` for the sheet the formula stands on."""
        return unquote_sheet(self.prefix)

    def __str__(self) -> str:
        return self.prefix + ":".join(map(str, self.corners))


def unquote_sheet(prefix: str) -> str:
    """``"'Biểu 1'!" → "Biểu 1"``."""
    name = prefix.removesuffix("!")
    return name[1:-1].replace("''", "'") if name.startswith("'") else name


def quote_sheet(name: str) -> str:
    """The name as it is written before ``!``: quoted where Excel needs quotes."""
    if _PLAIN_SHEET.fullmatch(name) and not _LOOKS_LIKE_CELL.fullmatch(name):
        return name
    return "'" + name.replace("'", "''") + "'"


def spans_sheets(prefix: str) -> bool:
    """Whether the prefix is 3-D (``T1:T3!``)."""
    return ":" in prefix


def map_references(formula: str, change: Callable[[Reference], str]) -> str:
    """Rewrite every reference. One without corners is a name on a sheet (``Sheet1!Total``): only its prefix counts."""

    def replace(match: re.Match[str]) -> str:
        prefix = match["prefix"] or ""
        area = match["there"] or match["here"] or ""
        if not prefix and not area:
            return match[0]
        corners = _corners(area) if area else ()
        return match[0] if corners is None else change(Reference(prefix, corners))

    return _TOKEN.sub(replace, formula)


def references(formula: str) -> tuple[Reference, ...]:
    """Every reference of a formula, in order."""
    found: list[Reference] = []

    def note(reference: Reference) -> str:
        found.append(reference)
        return ""

    map_references(formula, note)
    return tuple(found)


def translate(formula: str, rows: int, columns: int) -> str:
    """The formula as it reads after being copied ``rows`` down and ``columns`` to the right."""
    if not rows and not columns:
        return formula
    return "".join(piece if isinstance(piece, str) else _moved(piece, rows, columns) for piece in _pieces(formula))


@lru_cache(maxsize=512)
def _pieces(formula: str) -> tuple[str | Reference, ...]:
    """Text and references by turns, so that one shared formula is scanned once for all its cells."""
    pieces: list[str | Reference] = []
    at = 0
    for match in _TOKEN.finditer(formula):
        area = match["there"] or match["here"]
        corners = _corners(area) if area else None
        if corners is not None:
            pieces += [formula[at : match.start()], Reference(match["prefix"] or "", corners)]
            at = match.end()
    return (*pieces, formula[at:])


def _moved(reference: Reference, rows: int, columns: int) -> str:
    corners = []
    for column, row, column_fixed, row_fixed in reference.corners:
        new_column = column if column_fixed or not column else column + columns
        new_row = row if row_fixed or not row else row + rows
        if (column and not 1 <= new_column <= MAX_COLUMN) or (row and not 1 <= new_row <= MAX_ROW):
            return reference.prefix + REF_ERROR
        corners.append(Corner(new_column, new_row, column_fixed, row_fixed))
    return str(Reference(reference.prefix, tuple(corners)))


@lru_cache(maxsize=4096)
def _corners(area: str) -> tuple[Corner, ...] | None:
    """The corners of ``$A$1:B2``, ``A:C`` or ``3:5``; None where a row or column is beyond the sheet."""
    corners = []
    for part in area.split(":"):
        match = _CORNER.fullmatch(part)
        if match is None:
            return None
        dollar, letters, second, digits = match.groups()
        # In "$3:$5" the only dollar belongs to the row.
        column_fixed, row_fixed = (bool(dollar), bool(second)) if letters else (False, bool(dollar or second))
        try:
            column = column_number(letters) if letters else 0
        except ValueError:
            return None
        row = int(digits) if digits else 0
        if row > MAX_ROW:
            return None
        corners.append(Corner(column, row, column_fixed, row_fixed))
    return tuple(corners)
