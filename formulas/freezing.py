"""Freezing: the values that a workbook shows for its formulas are written from our own recomputation before signing.

So what is signed is what is seen: a program that never recalculates shows the same numbers as one that does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from form_templates.model import CellKey, CellKind, FormVersion, member_row
from form_templates.reading import FilledCell, FilledForm, read_form
from formulas.arithmetic import CellValue
from formulas.compiler import compile_version
from formulas.evaluation import evaluate, filled_values
from formulas.naming import member_keys
from workbooks.patch import Patch, patch_cells
from workbooks.workbook import Workbook, open_workbook

_NOBODY = "-"  # stands for the member of a row that has none


def freeze(data: bytes, version: FormVersion, *, sheet: str | None = None) -> bytes:
    """The workbook with the cached values of the form's formulas recomputed; the same bytes if all are right already.

    Only cells whose formula is the published one are written, and sums typed into input cells: what a changed formula
    shows is a finding, not ours to cover up.

    Raises:
        WorkbookError: the workbook cannot be read.
        FormulaError: the version cannot be computed.
    """
    return freeze_filled(data, read_form(open_workbook(data), version, sheet=sheet))


def freeze_filled(data: bytes, filled: FilledForm) -> bytes:
    """As ``freeze``, for a workbook that has been read already."""
    patches: defaultdict[str, dict[tuple[int, int], Patch]] = defaultdict(dict)
    for cell, value in _stale(filled):
        patches[cell.sheet][cell.row, cell.column] = value
    for sheet, row, column, value in _stale_in_blank_rows(open_workbook(data), filled):
        patches[sheet][row, column] = value
    return patch_cells(data, patches) if patches else data


def _stale(filled: FilledForm) -> Iterator[tuple[FilledCell, CellValue]]:
    """The formula cells that show something else than their result, with the result."""
    values = filled_values(filled)
    results = evaluate(compile_version(filled.version), values, member_keys(filled))
    for key, cell in filled.cells.items():
        if cell.formula is not None and _is_ours(filled.version, key, cell.formula):
            result = results[key] if key in results else values[key]
            if not _same(cell.value, result):
                yield cell, result


def _stale_in_blank_rows(workbook: Workbook, filled: FilledForm) -> Iterator[tuple[str, int, int, CellValue]]:
    """The same for rows of repeating regions that nobody has used: sheet, row, column, result."""
    results = _results_of_blank_rows(filled)
    for layout in filled.layouts:
        cells = workbook.read_sheet(layout.sheet).cells if results and layout.column_at else {}
        for region, (first, sentinel) in layout.regions.items():
            for row in range(first, sentinel):
                for column, code in layout.column_at.items() if row not in layout.row_at else ():
                    key = CellKey(layout.table, member_row(region, _NOBODY), code)
                    cell = cells.get((row, column))
                    if key in results and cell and cell.formula is not None and not _same(cell.value, results[key]):
                        yield layout.sheet, row, column, results[key]


def _results_of_blank_rows(filled: FilledForm) -> dict[CellKey, CellValue]:
    """What the formulas of a repeated row give while nothing stands in it."""
    members = dict.fromkeys(filled.members, (_NOBODY,))
    results = evaluate(compile_version(filled.version), {}, members) if members else {}
    return {key: value for key, value in results.items() if key.member == _NOBODY}


def _is_ours(version: FormVersion, key: CellKey, formula: str) -> bool:
    spec = version.cell(key)
    return spec.kind is not CellKind.CALC or formula == spec.formula


def _same(shown: CellValue, result: CellValue) -> bool:
    """Exactly the same: 0 is not FALSE, and no tolerance."""
    return type(shown) is type(result) and shown == result
