"""Two versions of one table compared: rows, columns, regions, and the cells that both have."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from form_templates import definition
from form_templates.changes import Action, Change, Fields, Subject, changed, from_to
from form_templates.coding import Layout, decode_formula
from form_templates.describing import aggregation_words, carry_words, content_words, kind_words, unit_words
from form_templates.model import CellKey, CellKind, CellSpec, Column, Region, Row, Table
from workbooks.address import address

_ROW_FIELDS: Final[Fields[Row]] = {
    "tên": lambda row: row.label,
    "đơn vị tính": lambda row: row.unit,
    "chỉ tiêu": lambda row: row.indicator,
}
_COLUMN_FIELDS: Final[Fields[Column]] = {
    "tiêu đề": lambda column: column.header,
    "cách điền": lambda column: kind_words(column.kind),
    "đơn vị tính": lambda column: unit_words(column.unit),
    "mang sang từ": lambda column: carry_words(column.carry),
}
_REGION_FIELDS: Final[Fields[Region]] = {
    "tên": lambda region: region.label,
    "đơn vị tính": lambda region: region.unit,
    "mỗi dòng là": lambda region: definition.MEMBERS.get(region.members, region.members),
    "số dòng mẫu": lambda region: str(region.sentinel - region.first),
    "chỉ tiêu": lambda region: region.indicator,
}
_CELL_FIELDS: Final[Fields[CellSpec]] = {
    "công thức": content_words,
    "đơn vị tính": lambda cell: cell.unit,
    "số chữ số thập phân": lambda cell: str(cell.decimals),
    "tổng hợp nhiều đơn vị": aggregation_words,
}


class TableDiff:
    """One table of both versions."""

    def __init__(self, old: Table, new: Table) -> None:
        self._old, self._new = old, new
        self._old_rows, self._new_rows = ({row.code: row for row in table.rows} for table in (old, new))
        self._old_columns, self._new_columns = ({col.code: col for col in table.columns} for table in (old, new))
        self._old_regions, self._new_regions = ({item.code: item for item in table.regions} for table in (old, new))
        self._old_units, self._new_units = _units(old), _units(new)

    def changes(self) -> Iterator[Change]:
        """Everything that differs."""
        yield from self._rows()
        yield from self._columns()
        yield from self._regions()
        yield from self._cells()

    def _rows(self) -> Iterator[Change]:
        yield from self._gone(Subject.ROW, "dòng", self._old_rows, self._new_rows)
        for code, row in self._new_rows.items():
            if code not in self._old_rows:
                text = f"Thêm dòng {code} “{row.label}” ({row.unit}) {_after(code, list(self._new_rows), 'dòng')}"
                yield self._change(Subject.ROW, Action.ADDED, text, rows=(code,), cells=self._row_cells(row.at))
        for code in _moved(list(self._old_rows), list(self._new_rows)):
            row = self._new_rows[code]
            text = f"Dời dòng {code} “{row.label}” {_after(code, list(self._new_rows), 'dòng')}"
            yield self._change(Subject.ROW, Action.MOVED, text, rows=(code,), cells=self._row_cells(row.at))
        for code, row in self._new_rows.items():
            for what, before, after in changed(self._old_rows.get(code, row), row, _ROW_FIELDS):
                name = f"Dòng {code}" if what == "tên" else f"Dòng {code} “{row.label}”"
                cell = address(row.at, self._new.codes_at + 1 if what == "đơn vị tính" else self._new.labels_at)
                yield self._property(Subject.ROW, name, what, before, after, rows=(code,), cells=(cell,))

    def _columns(self) -> Iterator[Change]:
        yield from self._gone(Subject.COLUMN, "cột", self._old_columns, self._new_columns)
        codes = list(self._new_columns)
        for code, column in self._new_columns.items():
            cells = self._column_cells(column.at)
            if code not in self._old_columns:
                place = _after(code, codes, "cột")
                text = f"Thêm cột {code} “{column.header}” ({unit_words(column.unit)}) {place}"
                yield self._change(Subject.COLUMN, Action.ADDED, text, columns=(code,), cells=cells)
        for code in _moved(list(self._old_columns), codes):
            column = self._new_columns[code]
            text = f"Dời cột {code} “{column.header}” {_after(code, codes, 'cột')}"
            cells = self._column_cells(column.at)
            yield self._change(Subject.COLUMN, Action.MOVED, text, columns=(code,), cells=cells)
        for code, column in self._new_columns.items():
            for what, before, after in changed(self._old_columns.get(code, column), column, _COLUMN_FIELDS):
                name = f"Cột {code}" if what == "tiêu đề" else f"Cột {code} “{column.header}”"
                cell = address(self._new.header_at, column.at)
                yield self._property(Subject.COLUMN, name, what, before, after, columns=(code,), cells=(cell,))

    def _regions(self) -> Iterator[Change]:
        yield from self._gone(Subject.REGION, "vùng lặp", self._old_regions, self._new_regions)
        for code, region in self._new_regions.items():
            cells = tuple(address(at, self._new.labels_at) for at in range(region.first, region.sentinel + 1))
            if code not in self._old_regions:
                text = f"Thêm vùng lặp {code} “{region.label}” ({region.unit})"
                yield self._change(Subject.REGION, Action.ADDED, text, rows=(code,), cells=cells)
            for what, before, after in changed(self._old_regions.get(code, region), region, _REGION_FIELDS):
                name = f"Vùng lặp {code} “{region.label}”"
                yield self._property(Subject.REGION, name, what, before, after, rows=(code,), cells=cells[:1])

    def _gone(
        self, subject: Subject, noun: str, old: Mapping[str, Row | Column | Region], new: Mapping[str, object]
    ) -> Iterator[Change]:
        for code, part in old.items():
            if code not in new:
                label = part.header if isinstance(part, Column) else part.label
                codes = {"columns": (code,)} if isinstance(part, Column) else {"rows": (code,)}
                place = (
                    address(self._old.header_at, part.at)
                    if isinstance(part, Column)
                    else address(part.first if isinstance(part, Region) else part.at, self._old.labels_at)
                )
                yield self._change(subject, Action.REMOVED, f"Bỏ {noun} {code} “{label}”", cells=(place,), **codes)

    def _cells(self) -> Iterator[Change]:
        """Changes of cells that both versions have: equal changes of several cells are one."""
        alike: dict[tuple[str, str, str], list[CellSpec]] = {}
        for cell in self._new.cells:
            old = self._old.cell_by_key.get(cell.key)
            for what, before, after in changed(old, cell, _CELL_FIELDS) if old else ():
                if not self._is_explained(cell.key, old, cell, what):
                    alike.setdefault((what, before, after), []).append(cell)
        for (what, before, after), cells in alike.items():
            by_column: dict[str, tuple[str, ...]] = {}
            for cell in cells:
                by_column[cell.key.column] = (*by_column.get(cell.key.column, ()), cell.key.row)
            for rows in dict.fromkeys(by_column.values()):
                columns = tuple(column for column, its_rows in by_column.items() if its_rows == rows)
                yield self._of_cells(what, before, after, rows, columns)

    def _is_explained(self, key: CellKey, old: CellSpec | None, new: CellSpec, what: str) -> bool:
        """Whether the change of a cell is but that of its row or column, which is told already."""
        before, after = self._old_columns.get(key.column), self._new_columns.get(key.column)
        if old is None or before is None or after is None:
            return False
        if what == "đơn vị tính":
            one, other = self._old_units.get(key.row, ""), self._new_units.get(key.row, "")
            return (old.unit, new.unit) == (before.unit or one, after.unit or other)
        if what == "công thức":
            return (
                before.kind is not after.kind
                and (old.kind, new.kind) == (before.kind, after.kind)
                and old.formula is new.formula is None
            )
        return CellKind.NOT_APPLICABLE in (old.kind, new.kind)

    def _of_cells(self, what: str, before: str, after: str, rows: tuple[str, ...], columns: tuple[str, ...]) -> Change:
        layout = Layout.published(self._new)
        cells = tuple(
            address(layout.row_of[self._first(row)], layout.column_of[column]) for row in rows for column in columns
        )
        name = f"{_named('dòng', rows)}, {_named('cột', columns)}".capitalize()
        key = CellKey(self._new.code, rows[0], columns[0])
        formulas = _written(self._old, key), _written(self._new, key)
        change = self._property(Subject.CELL, name, what, before, after, rows=rows, columns=columns, cells=cells)
        return change if what != "công thức" else replace(change, formulas=formulas)

    def _first(self, row: str) -> str:
        return f"{row}#1" if row in self._new_regions else row

    def _row_cells(self, at: int) -> tuple[str, ...]:
        columns = [self._new.labels_at, self._new.codes_at, self._new.codes_at + 1, *(c.at for c in self._new.columns)]
        return tuple(address(at, column) for column in sorted(set(columns)))

    def _column_cells(self, at: int) -> tuple[str, ...]:
        rows = [self._new.header_at - 1, self._new.header_at, *(row.at for row in self._new.rows)]
        rows += [row for region in self._new.regions for row in range(region.first, region.sentinel + 1)]
        return tuple(address(row, at) for row in sorted(rows))

    def _property(
        self,
        subject: Subject,
        name: str,
        what: str,
        before: str,
        after: str,
        *,
        rows: tuple[str, ...] = (),
        columns: tuple[str, ...] = (),
        cells: tuple[str, ...] = (),
    ) -> Change:
        text = f"{name}, {what}: {from_to(before, after)}"
        return Change(subject, Action.CHANGED, text, self._new.code, rows, columns, what, before, after, cells)

    def _change(
        self,
        subject: Subject,
        action: Action,
        text: str,
        *,
        rows: tuple[str, ...] = (),
        columns: tuple[str, ...] = (),
        cells: tuple[str, ...] = (),
    ) -> Change:
        return Change(subject, action, text, self._new.code, rows, columns, cells=cells)


def _units(table: Table) -> dict[str, str]:
    """Units of measure of rows and regions."""
    return {row.code: row.unit for row in table.rows} | {region.code: region.unit for region in table.regions}


def _written(table: Table, key: CellKey) -> str:
    """The formula of a cell as it stands on the sheet of its version; ``""`` where it has none."""
    cell = table.cell_by_key.get(key)
    if cell is None or cell.formula is None:
        return ""
    layout = Layout.published(table)
    row = f"{key.row}#1" if key.row in layout.regions else key.row
    try:
        return "=" + decode_formula(
            cell.formula, [layout], (table.sheet, layout.row_of[row], layout.column_of[key.column])
        )
    except KeyError:  # a formula that names a row which the version does not have
        return ""


def _named(noun: str, codes: Sequence[str]) -> str:
    """``dòng 01, 02, 03``; many are counted."""
    most = 8
    more = f" … ({len(codes)} {noun})" if len(codes) > most else ""
    return f"{noun} {', '.join(codes[:most])}{more}"


def _after(code: str, codes: list[str], noun: str) -> str:
    """Where something stands now."""
    at = codes.index(code)
    return f"sau {noun} {codes[at - 1]}" if at else "lên đầu bảng"


def _moved(old: Iterable[str], new: list[str]) -> list[str]:
    """The fewest codes that have left their place among those of both versions, in the new order."""
    places = {code: at for at, code in enumerate(old)}
    common = [code for code in new if code in places]
    stay = _longest_rising([places[code] for code in common])
    return [code for code in common if places[code] not in stay]


def _longest_rising(numbers: Sequence[int]) -> set[int]:
    """The members of a longest rising subsequence of distinct numbers."""
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for number in numbers:
        at = bisect_left(ends, number)
        before[number] = ends[at - 1] if at else None
        ends[at : at + 1] = [number]
    found: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        found.add(last)
        last = before[last]
    return found
