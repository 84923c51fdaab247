"""Opens one workbook in a headless LibreOffice, does what is asked and saves it. Runs under the system's Python (uno).

Reads an order from standard input: source, target, profile, actions. Rows and columns are numbered from 1.
Actions: insert_rows sheet row count; delete_rows sheet row count; put sheet row column value; point sheet row column
formula (as LibreOffice writes it when cells are pointed at: ``=$'A'.E7<=$'A'.E5``); copy_row sheet row onto;
widen sheet column millimetres; letters sheet range font size; lock sheet row column locked; show sheet;
protect sheet; keep sheet path (what is done so far, saved there as well).
"""

# ruff: noqa: ANN001 - the objects of UNO have no types, and this runs outside the project

import json
import sys
from pathlib import Path

from office_session import desktop, option, running


def main() -> None:
    order = json.load(sys.stdin)
    with running(order["profile"]) as context:
        source = Path(order["source"]).as_uri()
        book = desktop(context).loadComponentFromURL(source, "_blank", 0, (option("Hidden", True),))
        for action, sheet, *arguments in order["actions"]:
            if action == "keep":
                save(book, *arguments)
                continue
            page = book.Sheets.getByName(sheet)
            page.unprotect("")
            ACTIONS[action](page, *arguments)
        save(book, order["target"])
        book.close(True)


def save(book, target) -> None:
    book.storeToURL(Path(target).as_uri(), (option("FilterName", "Calc MS Excel 2007 XML"),))


def insert_rows(page, row, count) -> None:
    page.Rows.insertByIndex(row - 1, count)


def delete_rows(page, row, count) -> None:
    page.Rows.removeByIndex(row - 1, count)


def put(page, row, column, value) -> None:
    cell = page.getCellByPosition(column - 1, row - 1)
    if isinstance(value, str):
        cell.String = value
    else:
        cell.Value = value


def point(page, row, column, formula) -> None:
    page.getCellByPosition(column - 1, row - 1).Formula = formula


def copy_row(page, row, onto) -> None:
    page.copyRange(page.Rows.getByIndex(onto - 1).getCellByPosition(0, 0).CellAddress, page.Rows[row - 1].RangeAddress)


def widen(page, column, millimetres) -> None:
    page.Columns.getByIndex(column - 1).Width = millimetres * 100


def letters(page, area, font, size) -> None:
    cells = page.getCellRangeByName(area)
    cells.CharFontName, cells.CharHeight = font, size


def lock(page, row, column, locked) -> None:
    cell = page.getCellByPosition(column - 1, row - 1)
    protection = cell.CellProtection
    protection.IsLocked = locked
    cell.CellProtection = protection


def show(page) -> None:
    page.IsVisible = True


def protect(page) -> None:
    page.protect("")


ACTIONS = {
    one.__name__: one for one in (insert_rows, delete_rows, put, point, copy_row, widen, letters, lock, show, protect)
}

if __name__ == "__main__":
    main()
