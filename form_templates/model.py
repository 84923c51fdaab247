"""The form as data: versions, tables, rows, columns, cells and rules. No I/O; everything frozen.

Coded formulas. A formula is kept as it stands in Excel, but with codes in place of addresses, so that rows may move:

* ``{03|5}``     the cell in row code 03, column 5, of the same table (``{T2!03|5}`` of another table)
* ``{03:06|5}``  the rectangle from row 03 to row 06 (``{03:06|4:5}`` over several columns)
* ``{02*|5}``    every row of the repeating region 02*, column 5, its sentinel row included
* ``{@|5}``      column 5 of the row the formula stands in (only inside a repeating region)

Function names are upper case, arguments are parted by ``,`` and there is no white space outside string literals.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple

from workbooks.finding import Severity


class CellKey(NamedTuple):
    """A cell by its codes. ``row`` is ``"03"``, or ``"02*#29551"`` for a member row of a repeating region."""

    table: str
    row: str
    column: str

    @property
    def region(self) -> str:
        """Code of the repeating region the row belongs to, or ``""``."""
        return self.row.partition("#")[0] if "*" in self.row else ""

    @property
    def member(self) -> str:
        """Key of the member row, or ``""`` for an ordinary row."""
        return self.row.partition("#")[2]

    @property
    def template(self) -> CellKey:
        """The key under which the form version describes this cell (members share their region's description)."""
        return CellKey(self.table, self.region, self.column) if self.member else self


def member_row(region: str, member: str) -> str:
    """Row key of one member of a repeating region."""
    return f"{region}#{member}"


def members_of(keys: Iterable[CellKey]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Keys of the member rows of each (table, region) among some cells, in the order given."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for key in keys:
        if key.member:
            found.setdefault((key.table, key.region), {})[key.member] = None
    return {region: tuple(members) for region, members in found.items()}


class CellKind(StrEnum):
    """Who fills a cell."""

    INPUT = "in"
    CARRY = "carry"
    CALC = "calc"
    TEXT = "text"
    """Free text (causes, difficulties): never a number, never aggregated."""
    NOT_APPLICABLE = "x"


class Aggregation(StrEnum):
    """How the value of a unit is made from those of its children (L34)."""

    SUM = "sum"
    FORMULA = "formula"
    NONE = "none"


class Narrative(StrEnum):
    """Whether a report in words must go with the form (C57)."""

    REQUIRED = "required"
    OPTIONAL = "optional"


class CarrySource(StrEnum):
    """The period a carried value comes from."""

    SAME_PERIOD_LAST_YEAR = "same-period-last-year"
    PREVIOUS_PERIOD = "previous-period"
    PREVIOUS_IN_YEAR = "previous-period-in-year"
    """As PREVIOUS_PERIOD, but nothing in the first period of a year: what is counted from the start of the year."""


@dataclass(frozen=True, slots=True)
class Carry:
    """Prefill of a column from stored facts: ``column`` of the same row, in the period that ``source`` names."""

    column: str
    source: CarrySource


REFERENCE_SUFFIXES: Final = {"kt": CarrySource.PREVIOUS_PERIOD, "ck": CarrySource.SAME_PERIOD_LAST_YEAR}
"""Of the codes of reference columns: ``6kt`` is column 6 of the previous period ("kỳ trước"), ``6ck`` of the same
period last year ("cùng kỳ"). They stand to the right of the printed form, so that its formulas and rules can use
earlier figures as ordinary cells."""


@dataclass(frozen=True, slots=True)
class Column:
    """One numbered column; ``unit`` is ``""`` where rows state their own, ``at`` the published sheet column (1 = A)."""

    code: str
    header: str
    kind: CellKind
    at: int
    unit: str = ""
    carry: Carry | None = None

    @property
    def is_reference(self) -> bool:
        """Whether the column only repeats earlier figures, beside the printed form."""
        return self.code[-2:] in REFERENCE_SUFFIXES


@dataclass(frozen=True, slots=True)
class Row:
    """One coded row; ``at`` is its published sheet row, ``indicator`` its code in the catalogue, or ``""``."""

    code: str
    label: str
    unit: str
    at: int
    indicator: str = ""


@dataclass(frozen=True, slots=True)
class Region:
    """Rows that repeat. ``first`` … ``sentinel`` are published sheet rows; the sentinel lies inside the SUM ranges.

    ``members`` says what repeats: ``"unit"`` (code column holds the unit code), ``"field"`` or ``""`` (free label).
    ``indicator`` is as in `Row`.
    """

    code: str
    label: str
    unit: str
    first: int
    sentinel: int
    members: str = ""
    indicator: str = ""


@dataclass(frozen=True, slots=True)
class CellSpec:
    """What the published form says of one cell.

    Attributes:
        key: its codes; for a region's cells the row is the region code.
        decimals: digits kept after the point; values are stored as integers scaled by 10**decimals.
        formula: coded formula of a CALC cell, else None.
        aggregation: how children combine; FORMULA recomputes ``aggregate_formula`` over the combined cells.
        aggregate_formula: coded formula used above the reporting unit (e.g. yield = output x 10 / area).
    """

    key: CellKey
    kind: CellKind
    unit: str
    decimals: int
    formula: str | None = None
    aggregation: Aggregation = Aggregation.SUM
    aggregate_formula: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A control relation: a coded formula that must be true, e.g. ``{03|2}<={02|2}``.

    ``region`` names the repeating region whose every row is checked (then ``{@|5}`` is allowed), else ``""``.
    """

    code: str
    table: str
    formula: str
    severity: Severity
    message: str
    region: str = ""


@dataclass(frozen=True)
class Table:
    """One grid of a form. ``codes_at`` is the sheet column of "Mã số", ``header_at`` the row that says A B C 1 2 3."""

    code: str
    sheet: str
    codes_at: int
    labels_at: int
    header_at: int
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    regions: tuple[Region, ...]
    cells: tuple[CellSpec, ...]

    @cached_property
    def cell_by_key(self) -> dict[CellKey, CellSpec]:
        """Cells by their template key."""
        return {cell.key: cell for cell in self.cells}

    @cached_property
    def plans(self) -> dict[Hashable, object]:
        """What reading remembers of this table: see `form_templates.reading`."""
        return {}


@dataclass(frozen=True, slots=True)
class Link:
    """Figures of row or column ``old`` of the version before go to ``new``, times ``share`` and ``factor``.

    Several links from one ``old`` are a split, whose shares sum to 1; several to one ``new`` are a merge. ``new`` is
    ``""`` where the figures are not carried on. A change of unit of measure has a factor other than 1 (triệu đồng →
    nghìn đồng: 1000). Shares and factors are decimal numbers as text, exact.
    """

    old: str
    new: str
    share: str = "1"
    factor: str = "1"


@dataclass(frozen=True, slots=True)
class Succession:
    """How figures of ``version``, the one before, are told in the terms of this one (L35).

    Rows (regions among them) and columns that no link names, as old or new, go to those of the same code.
    """

    version: str
    rows: tuple[Link, ...] = ()
    columns: tuple[Link, ...] = ()


@dataclass(frozen=True)
class FormVersion:
    """A published version of a form: frozen, complete, and independent of any workbook.

    Attributes:
        form: form id (``"KTXH-09.T"``); version: ``"1"``, ``"2"`` …
        periods: kinds of period the form is issued for: ``M``, ``Q``, ``H``, ``9M``, ``Y``.
        unit_at, period_at: addresses (``"H1"``) on the first table's sheet where issuing writes unit name and period.
        succession: what became of the rows and columns of the version before, or None where nothing is declared.
        narrative_required: whether a report in words must go with every workbook (C57).
    """

    form: str
    version: str
    title: str
    unit_text: str
    basis: str
    sender: str
    periods: tuple[str, ...]
    unit_at: str
    period_at: str
    tables: tuple[Table, ...]
    rules: tuple[Rule, ...] = field(default=())
    succession: Succession | None = None
    narrative_required: bool = False

    @cached_property
    def cell_by_key(self) -> dict[CellKey, CellSpec]:
        """Cells of all tables by their template key."""
        return {key: cell for table in self.tables for key, cell in table.cell_by_key.items()}

    def cell(self, key: CellKey) -> CellSpec:
        """The description of a cell, member rows included. Raises KeyError for a cell the form does not have."""
        return self.cell_by_key[key.template]
