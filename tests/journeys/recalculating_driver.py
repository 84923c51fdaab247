"""Opens workbooks in a headless LibreOffice, has it compute every formula anew, and prints what the sheets then show.

Runs under the system's Python (uno). Reads an order from standard input: profile, and books, each a list of path and
sheet names. Prints for each book: sheet → [[address, kind, value], …] of every cell with a formula.
"""

# ruff: noqa: ANN001, ANN201 - the objects of UNO have no types, and this runs outside the project

from __future__ import annotations

import json
import sys
from pathlib import Path

from office_session import desktop, option, running

TEXT, ERROR = 2, 4  # com.sun.star.sheet.FormulaResult
FORMULAS = 16  # com.sun.star.sheet.CellFlags.FORMULA


def main() -> None:
    order = json.load(sys.stdin)
    with running(order["profile"]) as context:
        found = [recalculated(desktop(context), Path(path), sheets) for path, sheets in order["books"]]
        sys.stdout.write(json.dumps(found))


def recalculated(desktop, path, sheets):
    options = (option("Hidden", True), option("ReadOnly", True))
    book = desktop.loadComponentFromURL(path.as_uri(), "_blank", 0, options)
    try:
        book.calculateAll()
        return {name: list(results(book.Sheets.getByName(name))) for name in sheets}
    finally:
        book.close(True)


def results(sheet):
    for cells in sheet.queryContentCells(FORMULAS):
        area = cells.RangeAddress
        for row in range(area.StartRow, area.EndRow + 1):
            for column in range(area.StartColumn, area.EndColumn + 1):
                yield result(sheet, row, column)


def result(sheet, row, column):
    cell = sheet.getCellByPosition(column, row)
    address = f"{letters(column)}{row + 1}"
    if cell.getError():
        return [address, "error", cell.String]
    return [address, "text", cell.String] if cell.FormulaResultType2 == TEXT else [address, "number", cell.Value]


def letters(column):
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


if __name__ == "__main__":
    main()
