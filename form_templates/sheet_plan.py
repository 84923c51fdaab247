"""Where every row, column and formula of a spec will stand on the sheet, before anything is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from form_templates import definition, spec_relations
from form_templates.coding import Layout
from form_templates.model import Aggregation, CellKind, member_row
from form_templates.spec_parts import ColumnSpec, FormSpec, RegionSpec, RowSpec

LABELS_AT: Final = 1
CODES_AT: Final = 2
UNITS_AT: Final = 3
FIRST_COLUMN: Final = 4
GROUPS_AT: Final = 6
HEADERS_AT: Final = 7
INDEX_AT: Final = 8
FIRST_ROW: Final = 9


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """One line of the body: a coded row, a heading (no code), an empty region row, or a sentinel."""

    at: int
    key: str
    row: RowSpec | None = None
    region: RegionSpec | None = None

    @property
    def is_sentinel(self) -> bool:
        """Whether this is the reserved last row of a region."""
        return self.region is not None and self.key.endswith("#")

    @property
    def is_member(self) -> bool:
        """Whether this is an empty row of a region, to be filled by a member."""
        return self.region is not None and not self.is_sentinel

    @property
    def code(self) -> str:
        """The code rules and definitions name it by: ``03``, or ``02*`` for the rows of a region."""
        return self.region.code if self.region else self.key


@dataclass(frozen=True, slots=True)
class PlannedCell:
    """What a cell of the grid will be; ``formula`` is coded."""

    kind: CellKind
    decimals: int
    formula: str | None = None


@dataclass(frozen=True)
class Plan:
    """A spec with its positions."""

    spec: FormSpec

    @cached_property
    def rows(self) -> tuple[PlannedRow, ...]:
        """The body from top to bottom."""
        return tuple(_numbered(self.spec))

    @cached_property
    def printed(self) -> tuple[tuple[int, ColumnSpec], ...]:
        """Sheet column and spec of each numbered column of the printed form."""
        return tuple(enumerate((c for c in self.spec.columns if not c.is_reference), FIRST_COLUMN))

    @cached_property
    def references(self) -> tuple[tuple[int, ColumnSpec], ...]:
        """Sheet column and spec of each reference column: beyond the page and a narrow gap."""
        return tuple(enumerate((c for c in self.spec.columns if c.is_reference), self.edge + 2))

    @property
    def columns(self) -> tuple[tuple[int, ColumnSpec], ...]:
        """Sheet column and spec of each column that has a code."""
        return self.printed + self.references

    @property
    def last_row(self) -> int:
        """Last row of the grid."""
        return self.rows[-1].at

    @property
    def last_printed(self) -> int:
        """Last column of the printed form."""
        return self.printed[-1][0]

    @property
    def last_column(self) -> int:
        """Last column of the grid."""
        return self.columns[-1][0]

    @property
    def edge(self) -> int:
        """Last column of the page, which a form of few columns does not fill: the top and the signatures need room."""
        return max(self.last_printed, FIRST_COLUMN + 3)

    @cached_property
    def layout(self) -> Layout:
        """The layout that the template will have."""
        sentinels = {line.code: line.at for line in self.rows if line.is_sentinel}
        return Layout(
            table=definition.TABLE,
            sheet=self.spec.id,
            row_at={line.at: line.key for line in self.rows if line.key and not line.is_sentinel},
            column_at={at: column.code for at, column in self.columns},
            regions={r.code: (sentinels[r.code] - r.count, sentinels[r.code]) for r in self.spec.regions},
        )

    def cell(self, line: PlannedRow, column: ColumnSpec) -> PlannedCell:
        """What stands in one cell of a coded row or a region row."""
        if line.region is not None:
            decimals = _decimals(line.region, column)
            return PlannedCell(column.kind, decimals, _made(column, line.region.unit, "@", decimals))
        row = line.row
        source = column.carry.column if column.is_reference and column.carry else column.code
        if row is None or source in row.not_applicable:
            return PlannedCell(CellKind.NOT_APPLICABLE, 0)
        decimals = _decimals(row, column)
        formula = self._formula(row, column, decimals)
        return PlannedCell(CellKind.CALC if formula else column.kind, decimals, formula)

    def _formula(self, row: RowSpec, column: ColumnSpec, decimals: int) -> str | None:
        text = row.formulas.get(column.code, "")
        if not text and row.unit in column.formula_by_unit:
            return _made(column, row.unit, row.code, decimals)
        text = text or self._usual_formula(row, column)
        if spec_relations.is_row_ratio(text):
            return spec_relations.row_ratio(text, column.code, decimals)
        if spec_relations.is_row_sum(text):
            region = self.spec.region_under(row.code)
            return spec_relations.row_sum(text, column.code, region.code if region else "")
        return spec_relations.column_formula(text, row.code, decimals) if text else None

    def _usual_formula(self, row: RowSpec, column: ColumnSpec) -> str:
        """Rows add up where their columns add up; a ratio is made anew in every row.

        An earlier figure is carried in every row, totals among them: it is what was reported then.
        """
        if column.is_reference or column.kind is CellKind.TEXT:
            return ""
        made = spec_relations.is_row_sum(row.relation) or spec_relations.is_row_ratio(row.relation)
        if made and (not column.formula or spec_relations.is_additive(column.formula)):
            return row.relation
        return column.formula

    def row_aggregation(self, line: PlannedRow) -> Aggregation | None:
        """How units combine in a row, where not as its columns say: a ratio of rows is made anew."""
        if line.row is not None and line.row.aggregation is None and spec_relations.is_row_ratio(line.row.relation):
            return Aggregation.FORMULA
        holder = line.region or line.row
        return holder.aggregation if holder is not None else None

    def can_bind(self, row: RowSpec, column: ColumnSpec) -> bool:
        """Whether a row's own relation binds a column: one that is typed, in which the rows it names have values."""
        lines = {line.code: line for line in self.coded_lines()}
        others = [self.cell(lines[code], column).kind for code in spec_relations.codes_in(row.relation)]
        typed = self.cell(lines[row.code], column).kind is CellKind.INPUT
        return typed and CellKind.NOT_APPLICABLE not in others

    def adding_columns(self, rows: list[str]) -> list[str]:
        """Codes of the printed columns that add up and have values in all of these rows."""
        lines = {line.code: line for line in self.coded_lines()}
        return [
            column.code
            for _, column in self.printed
            if column.aggregation is Aggregation.SUM
            and all(self.cell(lines[row], column).kind is not CellKind.NOT_APPLICABLE for row in rows)
        ]

    def typed_rows(self, column: ColumnSpec) -> list[str]:
        """Codes of the rows and regions in which the column holds no formula of its own, nor a hatch."""
        lines = self.coded_lines()
        return [line.code for line in lines if self.cell(line, column).kind in (CellKind.INPUT, CellKind.CARRY)]

    def applicable_rows(self, column: ColumnSpec) -> list[str]:
        """Codes of the rows and regions in which the column holds a value."""
        lines = self.coded_lines()
        return [line.code for line in lines if self.cell(line, column).kind is not CellKind.NOT_APPLICABLE]

    def coded_lines(self) -> list[PlannedRow]:
        """Coded rows, and of each region its first row."""
        firsts = {first for first, _ in self.layout.regions.values()}
        return [line for line in self.rows if (line.row and line.key) or line.at in firsts]

    def key_of(self, code: str) -> str:
        """The row key at which a definition for ``code`` is written: of a region, that of its first row."""
        return member_row(code, "1") if code in self.layout.regions else code

    def aggregates(self) -> Iterator[tuple[ColumnSpec, list[str]]]:
        """Columns whose typed values are recomputed above the unit, with the rows that need the formula."""
        for _, column in self.columns:
            if column.aggregation is Aggregation.FORMULA and column.aggregate:
                yield column, self.typed_rows(column)


def _made(column: ColumnSpec, unit: str, row: str, decimals: int) -> str | None:
    """The coded formula of a column in one row, as the row's unit of measure wants it."""
    by_unit = column.formula_by_unit.get(unit, "")
    if spec_relations.is_additive(by_unit):
        return spec_relations.difference(by_unit, row, decimals)
    text = by_unit or column.formula
    return spec_relations.column_formula(text, row, decimals) if text else None


def _decimals(holder: RowSpec | RegionSpec, column: ColumnSpec) -> int:
    if column.kind is CellKind.TEXT:
        return 0
    return holder.decimals if column.decimals is None else column.decimals


def _numbered(spec: FormSpec) -> Iterator[PlannedRow]:
    at = FIRST_ROW
    for row in spec.rows:
        yield PlannedRow(at, row.code, row=row)
        at += 1
        region = spec.region_under(row.code) if row.code else None
        if region is not None:
            for i in range(1, region.count + 1):
                yield PlannedRow(at, member_row(region.code, str(i)), region=region)
                at += 1
            yield PlannedRow(at, member_row(region.code, ""), region=region)
            at += 1
