"""Official templates with something changed: another version, another label, an indicator."""

from __future__ import annotations

from form_templates import definition
from form_templates.compile import compile_template
from form_templates.definition import Entry
from tests.server.world import FORM, template
from workbooks.patch import Patch, patch_cells
from workbooks.workbook import open_workbook


def a_template(version: str = "1", *, form: str = FORM, labels: dict[str, str] | None = None) -> bytes:
    """An official template as another version, with other labels of rows."""
    data = _with_definition(template(form), {Entry.VERSION.value: version})
    table = compile_template(data).tables[0]
    rows = {row.code: row.at for row in table.rows}
    changes: dict[tuple[int, int], Patch] = {
        (rows[code], table.labels_at): label for code, label in (labels or {}).items()
    }
    return patch_cells(data, {table.sheet: changes}) if changes else data


def with_cell(data: bytes, row: str, column: int, value: Patch) -> bytes:
    """A template with another value in one sheet column of a coded row."""
    table = compile_template(data).tables[0]
    at = next(one.at for one in table.rows if one.code == row)
    return patch_cells(data, {table.sheet: {(at, column): value}})


def _with_definition(data: bytes, entries: dict[str, str]) -> bytes:
    sheet = open_workbook(data).read_sheet(definition.SHEET)
    rows = {cell.value: row for (row, column), cell in sheet.cells.items() if column == 1}
    return patch_cells(data, {definition.SHEET: {(rows[name], 2): value for name, value in entries.items()}})
