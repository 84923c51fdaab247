"""What a coded reference stands for: rows and columns of a table, in the order of the published sheet.

The grammar of coded references stands at the top of ``form_templates.model``; sentinel rows are ``02*#``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

from form_templates.model import CellKey, Table, member_row
from formulas.errors import FormulaFault

Members: TypeAlias = Mapping[tuple[str, str], Sequence[str]]
"""Keys of the member rows of each (table, region), in the order of the sheet."""

NO_MEMBERS: Final[Members] = MappingProxyType({})

HERE: Final = "@"

Shape: TypeAlias = tuple[tuple[str, ...], int]
"""Height and width of an area: for each line its region, or ``""`` where it is one row; and the number of columns."""


class Line(NamedTuple):
    """One row of a reference. A region stands for all its member rows and, after them, its blank sentinel row."""

    code: str
    is_region: bool = False
    is_blank: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """The cells a reference stands for."""

    table: str
    lines: tuple[Line, ...]
    columns: tuple[str, ...]

    @property
    def is_cell(self) -> bool:
        """Whether the reference is one cell, whatever the members are."""
        return len(self.lines) == len(self.columns) == 1 and not self.lines[0].is_region

    @property
    def size(self) -> int:
        """The number of cells, a region's counted as one row."""
        return len(self.lines) * len(self.columns)

    @property
    def shape(self) -> Shape:
        """Equal for two areas that have the same height and width whatever the members are."""
        return tuple(f"{self.table}!{line.code}" if line.is_region else "" for line in self.lines), len(self.columns)

    def template_keys(self) -> list[CellKey]:
        """The cells, a region's by the key that describes them all. ``@`` rows keep that code."""
        table, columns = self.table, self.columns
        return [CellKey(table, code, column) for code, _, blank in self.lines if not blank for column in columns]

    def keys(self, members: Members, at: str = "") -> Iterator[CellKey]:
        """The cells of a filled form, row by row, for a formula that stands in the row ``at``."""
        for line in self.lines:
            for row in self._rows(line, members, at):
                for column in self.columns:
                    yield CellKey(self.table, row, column)

    def _rows(self, line: Line, members: Members, at: str) -> list[str]:
        if line.is_region:
            return [member_row(line.code, key) for key in members.get((self.table, line.code), ())]
        if line.is_blank:
            return []
        return [at if line.code == HERE else line.code]


class Places:
    """The rows and columns of a form version, as references name them."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._tables = {table.code: _Lines(table) for table in tables}
        self._areas: dict[tuple[str, str, str], Area] = {}

    def area(self, token: str, table: str, region: str) -> Area:
        """What ``{token}`` means in a formula of a table, inside a region or not. Raises FormulaFault (BS452)."""
        known = self._areas.get((token, table, region))
        if known is None:
            known = self._areas[token, table, region] = self._area(token, table, region)
        return known

    def _area(self, token: str, table: str, region: str) -> Area:
        if token.startswith("!"):
            raise _fault(f"tham chiếu “{token[1:]}” không phải là ô có mã của biểu")
        other, mark, place = token.rpartition("!")
        lines = self._tables.get(other or table)
        rows, bar, columns = place.partition("|")
        if lines is None or not bar:
            raise _fault(f"không có bảng hoặc ô “{{{token}}}”")
        if rows != HERE:
            return Area(other or table, lines.rows(rows, token), lines.columns(columns, token))
        if not region or (mark and other != table):
            raise _fault(f"“{{{token}}}” chỉ dùng được trong dòng của vùng lặp")
        return Area(table, (Line(HERE),), lines.columns(columns, token))


class _Lines:
    """The rows and columns of one table, in the order of the sheet."""

    def __init__(self, table: Table) -> None:
        placed = [(row.at, Line(row.code)) for row in table.rows]
        placed += [(region.first, Line(region.code, is_region=True)) for region in table.regions]
        self._lines = [line for _, line in sorted(placed)]
        self._line_at = {line.code: i for i, line in enumerate(self._lines)}
        self._columns = [column.code for column in sorted(table.columns, key=lambda column: column.at)]

    def rows(self, span: str, token: str) -> tuple[Line, ...]:
        first, colon, last = span.partition(":")
        if not colon:
            return (self._line(first, token),)
        start, end = self._end(first, token), self._end(last, token)
        if last.endswith("*#1") or (first.endswith("*#") and first != last):
            raise _fault(f"“{{{token}}}” chỉ lấy một phần của vùng lặp")
        if start > end:
            raise _fault(f"“{{{token}}}” có dòng đầu nằm dưới dòng cuối")
        return tuple(self._lines[start : end + 1]) if first != last else (self._line(first, token),)

    def columns(self, span: str, token: str) -> tuple[str, ...]:
        first, colon, last = span.partition(":")
        ends = [first, last] if colon else [first]
        if any(code not in self._columns for code in ends):
            raise _fault(f"không có cột của “{{{token}}}”")
        start, end = self._columns.index(first), self._columns.index(ends[-1])
        if start > end:
            raise _fault(f"“{{{token}}}” có cột đầu nằm bên phải cột cuối")
        return tuple(self._columns[start : end + 1])

    def _line(self, code: str, token: str) -> Line:
        if code.endswith("*#") and code[:-1] in self._line_at:
            return Line(code, is_blank=True)
        return self._lines[self._position(code, token)]

    def _end(self, code: str, token: str) -> int:
        """Position of one end of a range; a region's first row (#1) and sentinel (#) mean the region itself."""
        region, mark, member = code.partition("*#")
        return self._position(f"{region}*" if mark and member in {"", "1"} else code, token)

    def _position(self, code: str, token: str) -> int:
        if code not in self._line_at:
            raise _fault(f"không có dòng của “{{{token}}}”")
        return self._line_at[code]


def _fault(what: str) -> FormulaFault:
    return FormulaFault("BS452", what, "Chỉ tham chiếu đến các ô có mã dòng, mã cột trong các bảng của biểu mẫu.")
