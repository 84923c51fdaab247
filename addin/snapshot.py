"""The open book, Excel's or LibreOffice's, as the same `Workbook` value that files are read into.

Whole sheets are read at once. Styles are not: the cells of a snapshot have style 0, so that what only a file knows
(fonts, formats) is never taken from here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

import xlwings as xw

from workbooks.references import unquote_sheet
from workbooks.sheet import Cell, CellError, Sheet, Value
from workbooks.workbook import DefinedName, SheetEntry, Workbook

_EPOCHS = {False: dt.datetime.fromisoformat("1899-12-30"), True: dt.datetime.fromisoformat("1904-01-01")}
_ERRORS = frozenset(CellError)
# A sheet somebody coloured down to its last row counts as used down there; no form reaches this far.
_MAX_ROWS, _MAX_COLUMNS = 20_000, 256
# Excel's interface gives numbers as floats and errors as these integers; xlwings knows only the seven old errors.
_NEW_ERRORS = {
    -2146826245: CellError.GETTING_DATA,
    -2146826243: CellError.SPILL,
    -2146826242: CellError.CONNECT,
    -2146826241: CellError.BLOCKED,
    -2146826240: CellError.UNKNOWN,
    -2146826239: CellError.FIELD,
    -2146826238: CellError.CALC,
}
_FUTURE = "_xlfn."


def snapshot(book: xw.Book, issued: Workbook, sheets: Iterable[str]) -> Workbook:
    """The sheets named, as they stand in the open book; sheets the book has lost are missing from it.

    ``issued`` is the file the book was opened from; it lends the snapshot its package, styles and date system.
    """
    shown = {sheet.name: sheet for sheet in book.sheets}
    wanted = [name for name in dict.fromkeys(sheets) if name in shown]
    return issued.showing(
        (SheetEntry(name, "visible" if sheet.visible else "hidden", "") for name, sheet in shown.items()),
        defined_names(book),
        (read_sheet(shown[name], date1904=issued.date1904) for name in wanted),
    )


def read_sheet(sheet: xw.Sheet, *, date1904: bool = False) -> Sheet:
    """Values and formulas of a sheet of the open book, in two bulk reads."""
    last = sheet.used_range.last_cell
    rows, columns = min(last.row, _MAX_ROWS), min(last.column, _MAX_COLUMNS)
    block = sheet.range((1, 1), (rows, columns))
    values = block.options(ndim=2, err_to_str=True).value
    formulas = _rows(block.formula, rows)
    cells: dict[tuple[int, int], Cell] = {}
    for row, (shown, written) in enumerate(zip(values, formulas, strict=True), start=1):
        for column, (value, text) in enumerate(zip(shown, written, strict=True), start=1):
            cell = _cell(value, text, date1904=date1904)
            if cell is not None:
                cells[row, column] = cell
    return Sheet(sheet.name, cells)


def defined_names(book: xw.Book) -> Iterator[DefinedName]:
    """The names of the open book; a name that belongs to a sheet is called ``Sheet!Name`` there."""
    for name in book.names:
        owner, mark, plain = name.name.rpartition("!")
        scope = unquote_sheet(owner) if mark else None
        yield DefinedName(plain, (name.refers_to or "").removeprefix("="), scope)


def _cell(value: object, text: str, *, date1904: bool) -> Cell | None:
    read = _value(value, date1904=date1904)
    # Text that begins with an equals sign is its own "formula" in both programs; no formula shows its own text.
    formula = text[1:].replace(_FUTURE, "") if text.startswith("=") and text != value else None
    return None if read is None and formula is None else Cell(read, formula)


def _value(value: object, *, date1904: bool) -> Value:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in _NEW_ERRORS:
        return _NEW_ERRORS[value]
    if isinstance(value, int | float | Decimal):
        return float(value)
    if isinstance(value, dt.datetime):
        return (value.replace(tzinfo=None) - _EPOCHS[date1904]) / dt.timedelta(days=1)
    text = str(value).replace("\r\n", "\n")
    return CellError(text) if text in _ERRORS else text


def _rows(found: object, rows: int) -> Sequence[Sequence[str]]:
    """Formulas by row, whatever shape the program gives: one text, one row or column, or rows."""
    if not isinstance(found, list | tuple):
        return [[_text(found)]]
    if found and isinstance(found[0], list | tuple):
        return [[_text(text) for text in row] for row in found]
    flat = [_text(text) for text in found]
    return [flat] if rows == 1 else [[text] for text in flat]


def _text(found: object) -> str:
    return "" if found is None else str(found)
