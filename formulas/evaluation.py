"""Recomputes a filled form from what was typed and carried, trusting no value that the file shows for a formula.

Values are as the sheet has them: a cell with ``-``, ``…`` or ``x`` has that text, a blank cell is None or left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from form_templates.model import CellKey, CellKind
from form_templates.reading import FilledForm
from formulas.arithmetic import CellValue
from formulas.compiler import CompiledForm, typed_result
from formulas.naming import member_keys
from formulas.places import NO_MEMBERS, Members


def evaluate(
    compiled: CompiledForm, cells: Mapping[CellKey, CellValue], members: Members = NO_MEMBERS
) -> dict[CellKey, CellValue]:
    """The values of all CALC cells, members' included. What ``cells`` says of CALC cells is not looked at."""
    return compiled.compute(cells, members, "")


def evaluate_filled(compiled: CompiledForm, filled: FilledForm) -> dict[CellKey, CellValue]:
    """The values of all CALC cells of a form as read from a workbook."""
    return evaluate(compiled, filled_values(filled), member_keys(filled))


def filled_values(filled: FilledForm) -> dict[CellKey, CellValue]:
    """What the cells of a filled form hold, CALC cells left out.

    A sum typed into an input cell (``=120+35``) is computed here; a formula there that refers to other cells is a
    finding (BS407), and the value that it shows is taken.
    """
    values: dict[CellKey, CellValue] = {key: cell.value for key, cell in filled.cells.items() if cell.formula is None}
    for key, cell in filled.cells.items():
        if cell.formula is not None and cell.spec.kind is not CellKind.CALC:
            result = typed_result(cell.formula)
            values[key] = cell.value if result is None else result
    return values


def aggregate(
    compiled: CompiledForm, values: Mapping[CellKey, CellValue], members: Members = NO_MEMBERS
) -> dict[CellKey, CellValue]:
    """What is not simply added, for a unit that consolidates others; ``values`` has the sums of its children (L34).

    * aggregation FORMULA: by the aggregate formula if there is one, else by the cell's own formula;
    * a CALC cell with an aggregate formula: by that formula;
    * a CALC cell with aggregation SUM: its sum if ``values`` has one, else by its own formula;
    * aggregation NONE, and whatever is computed from such cells: None, for it is not additive.

    The result has these cells only; INPUT and CARRY cells with aggregation SUM stand in ``values`` already.
    """
    return compiled.combine(values, members, "")
