"""Addresses ↔ codes: formulas of one workbook in terms of row and column codes, and back.

The grammar of coded formulas stands at the top of ``form_templates.model``. Coding a filled workbook may also give

* ``{!Sheet!A1}``, ``{!A1}``, ``{!name}``  a reference to something that is no cell of a table,
* ``{!text…``                              a formula that no parser reads, or an array constant's braces,

which no published formula holds; so coding never fails, and what differs is seen to differ.

A repeating region ``02*`` runs from the row below the previous published row to its sentinel row, whose code cell
holds the region code itself. A range over exactly those rows is ``{02*|5}``. The sentinel alone is row ``02*#``.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import formualizer

from form_templates.model import Table, member_row
from workbooks.address import column_letters, column_number
from workbooks.references import quote_sheet

Place = tuple[str, int, int]
"""Sheet, row, column (both from 1) of a cell."""


@dataclass(frozen=True)
class Layout:
    """Where the codes of one table stand on one sheet of one workbook.

    Attributes:
        row_at: sheet row → row key (``"03"``, ``"02*#29551"``); sentinel rows are not in it.
        column_at: sheet column → column code.
        regions: region code → (first row, sentinel row); they are equal while the region is empty.
    """

    table: str
    sheet: str
    row_at: Mapping[int, str]
    column_at: Mapping[int, str]
    regions: Mapping[str, tuple[int, int]]

    @classmethod
    def published(cls, table: Table) -> Layout:
        """The layout of the published template, whose region rows have the ordinals 1, 2, 3 … as members."""
        rows = {row.at: row.code for row in table.rows}
        for region in table.regions:
            count = region.sentinel - region.first
            rows |= {region.first + i: member_row(region.code, str(i + 1)) for i in range(count)}
        return cls(
            table=table.code,
            sheet=table.sheet,
            row_at=rows,
            column_at={column.at: column.code for column in table.columns},
            regions={region.code: (region.first, region.sentinel) for region in table.regions},
        )

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Row key → sheet row; the first, where a key stands twice."""
        return {key: row for row, key in reversed(list(self.row_at.items()))} | self._sentinels

    @cached_property
    def signature(self) -> Hashable:
        """What two layouts have in common where every code stands at the same place of a sheet of the same name."""
        places = (tuple(axis.items()) for axis in (self.row_at, self.column_at, self.regions))
        return (self.table, self.sheet, *places)

    @cached_property
    def column_of(self) -> dict[str, int]:
        """Column code → sheet column; the first, where a code stands twice."""
        return {code: column for column, code in reversed(list(self.column_at.items()))}

    @cached_property
    def _sentinels(self) -> dict[str, int]:
        return {member_row(code, ""): sentinel for code, (_, sentinel) in self.regions.items()}

    @cached_property
    def key_at(self) -> dict[int, str]:
        """Sheet row → row key, sentinel rows included (``"02*#"``)."""
        return dict(self.row_at) | {row: key for key, row in self._sentinels.items()}

    def holds(self, row: int, column: int) -> bool:
        """Whether the cell is one of the table's own."""
        return row in self.key_at and column in self.column_at


class _Box(NamedTuple):
    """A reference as parsed: sheet (None where it names none) and corners."""

    sheet: str | None
    top: int
    left: int
    bottom: int
    right: int


_A1: Final = r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})"
_REFERENCE: Final = re.compile(rf"(?:(?:'((?:[^']|'')+)'|([^'!\[\]:(){{}}]+))!)?{_A1}(?::{_A1})?")
_CODED: Final = re.compile(r'"(?:[^"]|"")*"|\{[^{}]*\}')


def code_formula(text: str, layouts: Sequence[Layout], at: Place, *, home: str | None = None) -> str:
    """A formula with codes in place of addresses, normalised. Never raises.

    Args:
        text: the formula, with or without its leading ``=``.
        layouts: the tables of the workbook the formula stands in.
        at: the cell the formula is about; ``{@|5}`` means its row.
        home: sheet that unqualified references mean, where it is not the sheet of ``at``.
    """
    body = text.removeprefix("=")
    try:
        tokens = formualizer.tokenize("=" + body).tokens()
    except (formualizer.TokenizerError, ValueError):
        return "{!" + body
    coder = _Coder(layouts, at, at[0] if home is None else home)
    return "".join(coder.token(token) for token in tokens)


class _Coder:
    """Codes the tokens of one formula."""

    def __init__(self, layouts: Sequence[Layout], at: Place, home: str) -> None:
        self._layouts = layouts
        self._home = home
        self._at_sheet, self._at_row, self._at_column = at
        here = [layout for layout in layouts if layout.sheet == self._at_sheet]
        within = [layout for layout in here if layout.holds(self._at_row, self._at_column)]
        self._own = next(iter(within or here), None)

    def token(self, token: formualizer.PyToken) -> str:
        kind, value = token.token_type, token.value
        if kind == formualizer.TokenType.Operand:
            return self._operand(value, token.subtype)
        if kind == formualizer.TokenType.Whitespace:
            return ""
        if kind == formualizer.TokenType.Array:
            return "{!" + value
        if kind == formualizer.TokenType.Func:
            return value.upper()
        if kind == formualizer.TokenType.Literal:
            return "{!" + value
        return value

    def _operand(self, value: str, subtype: object) -> str:
        if subtype == formualizer.TokenSubType.Range:
            return self._reference(value)
        return value.upper() if subtype != formualizer.TokenSubType.Text else value

    def _reference(self, text: str) -> str:
        box = _parse(text)
        coded = self._coded(box) if box else None
        return coded or "{!" + text.replace("$", "") + "}"

    def _coded(self, box: _Box) -> str | None:
        sheet = self._home if box.sheet is None else box.sheet
        for layout in self._candidates(sheet):
            rows = self._rows(layout, box)
            columns = _columns(layout, box)
            if rows and columns:
                return "{" + self._prefix(layout) + rows + "|" + columns + "}"
        return None

    def _candidates(self, sheet: str) -> list[Layout]:
        folded = sheet.casefold()
        own = self._own
        return [
            layout
            for layout in self._layouts
            if layout.sheet.casefold() == folded and (own is None or layout is own or layout.table != own.table)
        ]

    def _prefix(self, layout: Layout) -> str:
        return "" if layout is self._own or self._own is None else f"{layout.table}!"

    def _rows(self, layout: Layout, box: _Box) -> str | None:
        for code, extent in layout.regions.items():
            if (box.top, box.bottom) == extent:
                return code
        top, bottom = layout.key_at.get(box.top), layout.key_at.get(box.bottom)
        if top is None or bottom is None:
            return None
        if box.top != box.bottom:
            return f"{top}:{bottom}"
        same_row = layout is self._own and box.top == self._at_row and "*" in top
        return "@" if same_row else top


def _columns(layout: Layout, box: _Box) -> str | None:
    left, right = layout.column_at.get(box.left), layout.column_at.get(box.right)
    if left is None or right is None:
        return None
    return left if box.left == box.right else f"{left}:{right}"


def _parse(text: str) -> _Box | None:
    match = _REFERENCE.fullmatch(text)
    if match is None:
        return None
    quoted, plain, left, top, right, bottom = match.groups()
    sheet = quoted.replace("''", "'") if quoted else plain
    columns = sorted([_column(left), _column(right or left)])
    rows = sorted([int(top), int(bottom or top)])
    return _Box(sheet, rows[0], columns[0], rows[1], columns[1])


def _column(letters: str) -> int:
    try:
        return column_number(letters)
    except ValueError:
        return 0  # beyond the last column of a sheet: no table is there


def decode_formula(coded: str, layouts: Sequence[Layout], at: Place) -> str:
    """The coded formula in the addresses of a workbook, without leading ``=``.

    Raises KeyError where the workbook has no such row or column: a published formula always has its place.
    """
    decoder = _Decoder(layouts, at)
    return _CODED.sub(decoder.replace, coded)


class _Decoder:
    """Puts addresses in place of the codes of one formula."""

    def __init__(self, layouts: Sequence[Layout], at: Place) -> None:
        self._layouts = layouts
        self._sheet, self._row, self._column = at
        here = [layout for layout in layouts if layout.sheet == self._sheet]
        within = [layout for layout in here if layout.holds(self._row, self._column)]
        self._own = next(iter(within or here), None)

    def replace(self, match: re.Match[str]) -> str:
        token = match[0]
        if token.startswith('"'):
            return token
        if token.startswith("{!"):
            raise KeyError(token)
        table, _, place = token[1:-1].rpartition("!")
        rows, _, columns = place.partition("|")
        layout = self._layout(table)
        top, bottom = self._rows(layout, rows)
        left, right = ends(columns)
        start = f"{column_letters(layout.column_of[left])}{top}"
        if rows not in layout.regions and (top, left) == (bottom, right):
            return self._sheet_prefix(layout) + start
        return f"{self._sheet_prefix(layout)}{start}:{column_letters(layout.column_of[right])}{bottom}"

    def _layout(self, table: str) -> Layout:
        if not table and self._own is not None:
            return self._own
        return next(layout for layout in self._layouts if layout.table == table or not table)

    def _rows(self, layout: Layout, rows: str) -> tuple[int, int]:
        if rows == "@":
            return self._row, self._row
        if rows in layout.regions:
            return layout.regions[rows]
        top, bottom = ends(rows)
        return layout.row_of[top], layout.row_of[bottom]

    def _sheet_prefix(self, layout: Layout) -> str:
        return "" if layout.sheet == self._sheet else quote_sheet(layout.sheet) + "!"


def ends(span: str) -> tuple[str, str]:
    """Both ends of ``"03:06"``, which are equal for a plain ``"03"``."""
    first, _, last = span.partition(":")
    return first, last or first
