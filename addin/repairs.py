"""Published formulas put back into the open book, where the person asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import xlwings as xw

from addin.issued import Issued
from addin.program import unlocked
from addin.snapshot import snapshot
from form_templates.coding import code_formula, decode_formula
from form_templates.locating import LocatedTable, locate_tables
from form_templates.reading import cell_places
from workbooks.workbook import Workbook, open_workbook


def restore_formulas(book: xw.Book, issued: Issued) -> int:
    """Puts the published formulas back where they were overwritten or are missing; returns how many cells changed."""
    shown = view(book, issued)
    located = locate_tables(shown, issued.version.tables)
    count = 0
    for table in located:
        wanted = list(_missing_formulas(shown, table, located))
        if not wanted:
            continue
        sheet = book.sheets[table.layout.sheet]
        with unlocked(sheet):
            for (row, column), text in wanted:
                sheet.range((row, column)).formula = f"={text}"
        count += len(wanted)
    return count


def view(book: xw.Book, issued: Issued) -> Workbook:
    """The sheets of the form as they stand in the open book."""
    return snapshot(book, open_workbook(issued.data), [table.sheet for table in issued.version.tables])


def _missing_formulas(
    view: Workbook, table: LocatedTable, located: list[LocatedTable]
) -> Iterator[tuple[tuple[int, int], str]]:
    layouts = [other.layout for other in located]
    if not table.layout.column_at:
        return
    sheet = view.read_sheet(table.layout.sheet)
    for _, spec, row, column in cell_places(table):
        if spec.formula is None:
            continue
        at = (table.layout.sheet, row, column)
        shown = sheet.cell(row, column).formula
        if shown is not None and code_formula(shown, layouts, at) == spec.formula:
            continue
        try:
            yield (row, column), decode_formula(spec.formula, layouts, at)
        except KeyError:
            continue  # a row it needs is gone: the layout's findings say so
