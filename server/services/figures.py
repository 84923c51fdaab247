"""Between what stands in a sheet and what is stored: state and exact scaled integer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from form_templates.model import CellKind, CellSpec
from form_templates.reading import ValueState, state_of
from server.storage.exact import FactState, NotFiniteError, TooLargeError, scaled, scaled_rounding, unscaled
from server.storage.facts import Fact
from workbooks.address import address
from workbooks.sheet import Value

_STATES: Final = {
    ValueState.NUMBER: FactState.NUMBER,
    ValueState.BLANK: FactState.BLANK,
    ValueState.NONE: FactState.NONE,
    ValueState.NO_DATA: FactState.NO_DATA,
    ValueState.NOT_APPLICABLE: FactState.NOT_APPLICABLE,
    ValueState.TEXT: FactState.TEXT,
    ValueState.BOOLEAN: FactState.TEXT,
    ValueState.ERROR: FactState.ERROR,
}
_SYMBOLS: Final = {FactState.NONE: "-", FactState.NO_DATA: "…", FactState.NOT_APPLICABLE: "x"}


@dataclass(frozen=True, slots=True)
class Figure:
    """What one cell says: a state, and for a number the integer scaled by the decimals of the cell."""

    state: FactState
    scaled: int | None = None


def figure(value: Value | Decimal, spec: CellSpec) -> Figure:
    """The figure that a sheet value stands for. Computed numbers are rounded to the decimals kept; typed ones never.

    Raises:
        NotFiniteError, TooLargeError, TooPreciseError: see ``server.storage.exact``.
    """
    if isinstance(value, Decimal):
        return Figure(FactState.NUMBER, scaled(value, spec.decimals))
    state = _STATES[state_of(value)]
    if spec.kind is CellKind.TEXT and state is FactState.NUMBER:
        return Figure(FactState.TEXT)
    if state is not FactState.NUMBER or not isinstance(value, int | float):
        return Figure(state)
    to_integer = scaled_rounding if spec.kind is CellKind.CALC else scaled
    return Figure(state, to_integer(value, spec.decimals))


def carried_figure(fact: Fact, spec: CellSpec) -> Figure:
    """A stored fact as it is carried into a cell, which may keep fewer decimals than the cell it comes from."""
    if fact.value is None:
        return Figure(fact.state)
    return Figure(fact.state, scaled_rounding(fact.value, spec.decimals))


def sheet_value(figure: Figure, spec: CellSpec) -> Decimal | str | None:
    """What is written into a sheet for a figure; text and errors are not carried on."""
    if figure.scaled is not None:
        return unscaled(figure.scaled, spec.decimals)
    return _SYMBOLS.get(figure.state)


def computed_figure(value: Value, spec: CellSpec) -> Decimal | None:
    """The decimal for a result of the form's formulas, rounded to the decimals kept; None for anything but a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return unscaled(scaled_rounding(value, spec.decimals), spec.decimals)
    except (NotFiniteError, TooLargeError):
        return None


def cell_address(row: int, column: int) -> str:
    """``F12``; ``""`` for what stands in no workbook."""
    return address(row, column) if row > 0 and column > 0 else ""
