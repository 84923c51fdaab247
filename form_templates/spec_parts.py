"""The parts of a spec as values: a form before it is laid out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from form_templates.model import REFERENCE_SUFFIXES, Aggregation, Carry, CellKind, Succession
from workbooks.finding import Severity


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """A numbered column. ``header`` may name a group: ``Hộ nghèo đầu kỳ - số hộ``.

    Attributes:
        unit, decimals: "" and None where each row states its own.
        formula: of a ``calc`` column, in the vocabulary (``c4*c5/10``).
        aggregate: formula used above the reporting unit, for aggregation ``formula`` of a typed column.
        signed: whether typed values may be negative.
        formula_by_unit: unit of a row → formula that stands there instead (percentages differ, numbers are divided).
    """

    code: str
    header: str
    kind: CellKind
    unit: str
    decimals: int | None
    formula: str
    carry: Carry | None
    aggregation: Aggregation
    aggregate: str
    signed: bool
    formula_by_unit: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_reference(self) -> bool:
        """Whether the column only repeats earlier figures, to the right of the printed form."""
        return self.code[-2:] in REFERENCE_SUFFIXES


@dataclass(frozen=True, slots=True)
class RowSpec:
    """A coded row; without code it is a heading only.

    Attributes:
        relation: ``=02+06``, ``=r02/r01*10``, ``<=08``, ``~02..05``, ``=*`` or "".
        decimals: digits in columns that leave them to the row.
        not_applicable: columns that are hatched here.
        formulas: column → formula that stands here in place of the column's own (``=04+05`` or ``c6*10/c4``).
        aggregation: how units combine in this row, where not as the columns say.
        indicator: code in the indicator catalogue, or "".
    """

    code: str
    label: str
    unit: str
    level: int
    relation: str
    decimals: int
    not_applicable: tuple[str, ...]
    formulas: Mapping[str, str]
    aggregation: Aggregation | None = None
    indicator: str = ""


@dataclass(frozen=True, slots=True)
class RegionSpec:
    """Rows that repeat under a row: ``count`` empty ones in the template, then the sentinel row."""

    code: str
    under: str
    label: str
    unit: str
    members: str
    decimals: int
    count: int
    aggregation: Aggregation | None = None
    indicator: str = ""


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """A relation that must hold.

    Between columns (``c4<=c3``) it is checked in the ``rows`` named, or in all of them where none is; between rows
    (``r05+r06<=r01``) in the ``columns`` named, or in all that add up.

    Attributes:
        when: relations of columns that must all hold for this one to be looked at.
        history: the columns of earlier periods it speaks of (``c6kt``, ``c1kt@12``); without them it holds.
    """

    code: str
    relation: str
    rows: tuple[str, ...]
    severity: Severity
    message: str
    columns: tuple[str, ...] = ()
    when: tuple[str, ...] = ()
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormSpec:
    """A form before it is laid out. ``basis`` says where it comes from, ``decision`` what the sheet's corner says.

    ``columns`` ends with the reference columns that formulas and rules need.
    """

    id: str
    version: str
    title: str
    unit_text: str
    decision: str
    basis: str
    sender: str
    receiver: str
    deadline: str
    periods: tuple[str, ...]
    columns: tuple[ColumnSpec, ...]
    rows: tuple[RowSpec, ...]
    regions: tuple[RegionSpec, ...]
    rules: tuple[RuleSpec, ...]
    succession: Succession | None = None
    narrative_required: bool = False

    def column(self, code: str) -> ColumnSpec:
        """The column of a code. Raises KeyError."""
        return {column.code: column for column in self.columns}[code]

    def region_under(self, row: str) -> RegionSpec | None:
        """The region that repeats under a row, if one does."""
        return next((region for region in self.regions if region.under == row), None)
