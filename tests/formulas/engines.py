"""Other spreadsheet programs computing small formulas: LibreOffice in one batch, ironcalc in this process."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import ironcalc
import openpyxl

from form_templates.coding import Layout, decode_formula
from formulas.arithmetic import CellValue
from tests.formulas.recalculation import recalculated
from tests.formulas.small_forms import a_form, key
from workbooks.sheet import CellError
from workbooks.workbook import open_workbook

_TABLE = a_form().tables[0]
_LAYOUT = Layout.published(_TABLE)
_NEWER = re.compile(r"\b(?<!_xlfn\.)(IFS|IFNA)\(")
"""Functions that files write with a prefix."""
_FIRST = 1000
"""Formulas stand below the cells that they refer to, one in each row."""


def in_addresses(coded: str) -> str:
    """A formula of the small form as it stands on its sheet."""
    return decode_formula(coded, [_LAYOUT], (_TABLE.sheet, 14, 9))


def by_ironcalc(formulas: Sequence[str], cells: Mapping[str, CellValue]) -> list[CellValue]:
    """The values of coded formulas over cells given as ``{"01|1": 5.0}``."""
    model = ironcalc.create("m")
    for (row, column), value in _placed(cells).items():
        if isinstance(value, CellError):
            model.set_user_input(0, row, column, value.value)
        elif isinstance(value, bool):
            model.update_cell_with_bool(0, row, column, value)
        elif isinstance(value, str):
            model.update_cell_with_text(0, row, column, value)
        elif value is not None:
            model.update_cell_with_number(0, row, column, float(value))
    for n, formula in enumerate(formulas):
        model.set_user_input(0, _FIRST + n, 1, "=" + in_addresses(formula))
    model.evaluate()
    return [_value(model.get_cell_value(0, _FIRST + n, 1)) for n in range(len(formulas))]


def by_libreoffice(formulas: Sequence[str], cells: Mapping[str, CellValue], folder: Path) -> list[CellValue]:
    """The same by LibreOffice; an empty text comes back as None."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for (row, column), value in _placed(cells).items():
        sheet.cell(row, column, value)
    for n, formula in enumerate(formulas):
        sheet.cell(_FIRST + n, 1, "=" + _NEWER.sub(r"_xlfn.\1(", in_addresses(formula)))
    data = io.BytesIO()
    book.save(data)
    (saved,) = recalculated([data.getvalue()], folder)
    read = open_workbook(saved).read_sheet("Sheet")
    return [read.cell(_FIRST + n, 1).value for n in range(len(formulas))]


def _placed(cells: Mapping[str, CellValue]) -> dict[tuple[int, int], CellValue]:
    codes = {place: key(*place.split("|")) for place in cells}
    return {(_LAYOUT.row_of[code.row], _LAYOUT.column_of[code.column]): cells[place] for place, code in codes.items()}


def _value(value: object) -> CellValue:
    if isinstance(value, str) and value in {error.value for error in CellError}:
        return CellError(value)
    assert value is None or isinstance(value, float | str | bool)
    return value
