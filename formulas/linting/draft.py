"""A template as far as it can be read: what the lint looks at, even where names, rows or the whole frame are faulty."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from form_templates import definition
from form_templates.codebook import plain_text
from form_templates.coding import Layout, decode_formula
from form_templates.compile import draft_version
from form_templates.definition_reading import Definition, read_definition
from form_templates.errors import Faults, FormError
from form_templates.measures import Measures, UnitOfMeasure
from form_templates.model import CellKey, CellSpec, FormVersion, Table
from formulas.errors import FormulaFault
from formulas.linting.trees import references
from formulas.places import Area, Places
from formulas.syntax import Node, parse
from workbooks.address import Range, address, parse_range
from workbooks.references import quote_sheet, unquote_sheet
from workbooks.sheet import Sheet
from workbooks.workbook import DefinedName, Workbook

_NAMES: Final = tuple(
    name.format(table=definition.TABLE)
    for name in (definition.GRID, definition.ROWS, definition.COLUMNS, definition.UNIT_CELL, definition.PERIOD_CELL)
)
_ROW_CODE: Final = re.compile(r"[0-9]{2,3}\*?")
_AGAIN: Final = "′"
"""Marks a code that stands on a second row."""
_MOST_ROWS, _MOST_COLUMNS = 1_000, 120


@dataclass(frozen=True, slots=True)
class Line:
    """A coded row or a region, as totals see it; ``at`` is its (first) sheet row."""

    code: str
    label: str
    unit: str
    at: int
    is_region: bool = False


@dataclass(frozen=True)
class Draft:
    """A template under lint.

    Attributes:
        extent: sheet rows (first, last) of the code column.
        known: the definition sheet, whose lines say where a declaration stands.
        indicators: indicator code → unit of measure, where a catalogue of indicators is given.
    """

    workbook: Workbook
    version: FormVersion
    extent: tuple[int, int]
    known: Definition
    measures: Measures
    indicators: Mapping[str, str]
    _trees: dict[str, Node | None] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def table(self) -> Table:
        """The one table of a template."""
        return self.version.tables[0]

    @cached_property
    def sheet(self) -> Sheet:
        """The form's sheet."""
        return self.workbook.read_sheet(self.table.sheet)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Rows and regions in the order of the sheet."""
        rows = [Line(row.code, row.label, row.unit, row.at) for row in self.table.rows]
        regions = [Line(item.code, item.label, item.unit, item.first, True) for item in self.table.regions]
        return tuple(sorted(rows + regions, key=lambda line: line.at))

    @cached_property
    def doubled(self) -> frozenset[str]:
        """Codes that stand on more than one line; nothing that names them is sure."""
        again = {line.code for line in self.lines if line.code.endswith(_AGAIN)}
        return frozenset(again | {code.rstrip(_AGAIN) for code in again})

    @cached_property
    def units_at(self) -> int:
        """Sheet column of the rows' units."""
        letters = {self.text(self.table.header_at, at): at for at in range(1, _MOST_COLUMNS)}
        return letters.get("C", self.table.codes_at + 1)

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {column.code: column.at for column in self.table.columns}

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {line.code: line.at for line in self.lines}

    @cached_property
    def _layout(self) -> Layout:
        return Layout.published(self.table)

    @cached_property
    def _places(self) -> Places:
        return Places(self.version.tables)

    def text(self, row: int, column: int) -> str:
        """Text of a cell of the form's sheet."""
        return plain_text(self.sheet.cell(row, column).value)

    def address(self, key: CellKey) -> str:
        """Where a cell of the form stands."""
        return address(self._rows[key.row], self._columns[key.column])

    def written(self, key: CellKey, coded: str) -> str:
        """A coded formula in the addresses of the sheet, shortened; as it is coded, where it has no place there."""
        try:
            text = decode_formula(
                coded, [self._layout], (self.table.sheet, self._rows[key.row], self._columns[key.column])
            )
        except KeyError:
            text = coded
        return text if len(text) <= 200 else text[:200] + "…"

    def area(self, token: str, region: str) -> Area | None:
        """The cells that a reference stands for; None for one that is faulty, of which the compiler tells."""
        try:
            return self._places.area(token, self.table.code, region)
        except FormulaFault:
            return None

    def unit(self, text: str) -> UnitOfMeasure | None:
        """A unit of measure by its name."""
        return self.measures.find(text) if text else None

    def tree(self, coded: str) -> Node | None:
        """The tree of a coded formula; None where it cannot be read, of which the compiler tells."""
        if coded not in self._trees:
            try:
                self._trees[coded] = parse(coded)
            except FormulaFault:
                self._trees[coded] = None
        return self._trees[coded]

    def rows_of(self, node: Node, region: str = "") -> frozenset[str]:
        """Codes of the lines that a part of a formula refers to."""
        areas = (self.area(token, region) for token in references(node))
        return frozenset(line.code for area in areas if area for line in area.lines)

    def computed(self) -> Iterator[tuple[CellSpec, Node]]:
        """Every cell with a formula that can be read, and the formula as a tree."""
        for cell in self.table.cells:
            node = self.tree(cell.formula) if cell.formula else None
            if node is not None:
                yield cell, node


def read_draft(workbook: Workbook, measures: Measures, indicators: Mapping[str, str], faults: Faults) -> Draft | None:
    """The template with its faults noted; None where nothing in it looks like a form's grid.

    Where the defined names are missing or wrong, their places are guessed from what stands on the sheets, so that one
    run tells of everything else too.
    """
    for guessed in _attempts(workbook):
        found = Faults()
        try:
            version = draft_version(guessed, found)
        except FormError:
            faults.found += [finding for finding in found.found if finding not in faults.found]
            continue
        faults.found += [finding for finding in found.found if finding not in faults.found]
        _, extent = _place(guessed, _NAMES[1])
        return Draft(
            guessed,
            _with_distinct_codes(version),
            extent[0:3:2],
            read_definition(guessed, Faults()),
            measures,
            indicators,
        )
    return None


def _with_distinct_codes(version: FormVersion) -> FormVersion:
    """The version with a mark on every code that stood further up already, so that each row has its own cells."""
    (table,) = version.tables
    seen: Counter[str] = Counter()
    rows, cells = [], []
    for row in table.rows:
        rows.append(replace(row, code=row.code + _AGAIN * seen[row.code]))
        seen[row.code] += 1
    met: Counter[CellKey] = Counter()
    for cell in table.cells:
        cells.append(replace(cell, key=cell.key._replace(row=cell.key.row + _AGAIN * met[cell.key])))
        met[cell.key] += 1
    return replace(version, tables=(replace(table, rows=tuple(rows), cells=tuple(cells)),))


def _attempts(workbook: Workbook) -> Iterator[Workbook]:
    """The workbook as it is; with the missing names guessed; with all of them guessed."""
    yield workbook
    guesses = _guessed_names(workbook)
    if guesses:
        good = [item for item in workbook.names if item.name not in _NAMES or _is_good(workbook, item.name)]
        names = {item.name for item in good if item.sheet is None}
        yield _named(workbook, [*good, *(guess for guess in guesses if guess.name not in names)])
        yield _named(workbook, [*(item for item in workbook.names if item.name not in _NAMES), *guesses])


def _named(workbook: Workbook, names: list[DefinedName]) -> Workbook:
    return workbook.showing(workbook.sheets, names, ())


def _is_good(workbook: Workbook, name: str) -> bool:
    try:
        sheet, _ = _place(workbook, name)
    except ValueError:
        return False
    return sheet in {entry.name for entry in workbook.sheets}


def _place(workbook: Workbook, name: str) -> tuple[str, Range]:
    """Sheet and cells of a defined name. Raises ValueError where it has none, or two."""
    refers = [item.refers_to for item in workbook.names if item.name == name and item.sheet is None]
    if len(refers) != 1:
        raise ValueError(name)
    sheet, bang, area = refers[0].rpartition("!")
    return unquote_sheet(sheet + bang), parse_range(area)


def _guessed_names(workbook: Workbook) -> list[DefinedName]:
    """The names of a template, from the row that says A B C 1 2 3 and the codes below it."""
    for entry in workbook.sheets:
        sheet = workbook.read_sheet(entry.name) if entry.name != definition.SHEET else None
        index = _index_row(sheet) if sheet else None
        if sheet and index:
            row, codes_at, last_column = index
            rows = [
                at for at, column in sheet.cells if column == codes_at and at > row and _is_code(sheet, at, codes_at)
            ]
            last = max(rows, default=row + 1)
            areas = (
                f"{address(row, 1)}:{address(last, last_column)}",
                f"{address(row + 1, codes_at)}:{address(last, codes_at)}",
                f"{address(row, 1)}:{address(row, last_column)}",
                address(1, 1),
                address(2, 1),
            )
            return [
                DefinedName(name, f"{quote_sheet(entry.name)}!{area}", None)
                for name, area in zip(_NAMES, areas, strict=True)
            ]
    return []


def _index_row(sheet: Sheet) -> tuple[int, int, int] | None:
    """Row, code column and last column of the index row."""
    rows: dict[int, dict[str, int]] = {}
    for (row, column), cell in sheet.cells.items():
        if row <= _MOST_ROWS and column <= _MOST_COLUMNS and cell.value is not None:
            rows.setdefault(row, {})[plain_text(cell.value)] = column
    for row, texts in sorted(rows.items()):
        if {"A", "B", "1"} <= texts.keys():
            return row, texts["B"], max(texts.values())
    return None


def _is_code(sheet: Sheet, row: int, column: int) -> bool:
    return row <= _MOST_ROWS and _ROW_CODE.fullmatch(plain_text(sheet.cell(row, column).value)) is not None
