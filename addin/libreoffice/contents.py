"""What stands in a range: values and formulas, whole blocks at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from addin.libreoffice.formats import kind_of, standard_key
from addin.libreoffice.notes import KeepingNotes
from addin.libreoffice.placed import Placed
from addin.libreoffice.syntax import to_calc, to_excel
from addin.libreoffice.uno_bridge import UnoObject, guarded, speaking
from addin.libreoffice.values import DATE, LOGICAL, TIME, error_value, to_datetime, to_serial

_VALUES = 1 | 2 | 4 | 16  # com.sun.star.sheet.CellFlags
_ERROR_RESULT = 4  # com.sun.star.sheet.FormulaResult
_ROWS_AT_ONCE = 200  # setFormulaArray slows down more than in proportion on long columns
Block = list[list[object]]


@guarded
class Contents(Placed):
    """Values and formulas of a range."""

    @property
    def raw_value(self) -> Block:
        """Values by row: float, str, bool, datetime, ErrorValue, or ``""`` for an empty cell."""
        cells = self.xl
        with speaking(f"đọc vùng {self.address}"):
            block: Block = [list(row) for row in cells.getDataArray()]
            if any(value is None for row in block for value in row):
                self._put_errors(cells, block)
            if any(isinstance(value, float) for row in block for value in row):
                self._put_kinds(cells, block)
        return block

    @raw_value.setter
    def raw_value(self, data: object) -> None:
        rows = self._rows_of(data)
        with speaking(f"ghi vùng {self.address}"), KeepingNotes(self):
            self.xl.setDataArray(tuple(tuple(self._plain(value) for value in row) for row in rows))
            for down, row in enumerate(rows):
                for right, value in enumerate(row):
                    self._finish(down, right, value)

    @property
    def formula(self) -> str | tuple[tuple[str, ...], ...]:
        """Formulas in Excel's spelling; constants as their text."""
        rows = self._formulas()
        return rows[0][0] if self.shape == (1, 1) else rows

    @formula.setter
    def formula(self, value: object) -> None:
        if isinstance(value, list | tuple):
            self._write_formulas([[str(text) for text in row] for row in self._rows_of(value)])
        else:
            self._fill(str(value))

    formula2 = formula

    @property
    def formula_array(self) -> str | None:
        """The array formula of the range, or None."""
        with speaking(f"đọc công thức mảng {self.address}"):
            text = str(self.xl.getArrayFormula())
        return to_excel(text.strip("{}")) if text else None

    @formula_array.setter
    def formula_array(self, value: str) -> None:
        with speaking(f"ghi công thức mảng {self.address}"):
            self.xl.setArrayFormula(to_calc(value))

    @property
    def has_array(self) -> bool:
        """Whether the range holds an array formula."""
        return self.formula_array is not None

    def clear_contents(self) -> None:
        """Empties the cells; looks and notes stay."""
        with speaking(f"xoá nội dung {self.address}"):
            self.xl.clearContents(_VALUES)

    def _formulas(self) -> tuple[tuple[str, ...], ...]:
        cells = self.xl
        with speaking(f"đọc công thức {self.address}"):
            texts, values = cells.getFormulaArray(), cells.getDataArray()
        return tuple(tuple(map(_in_excel, row, shown)) for row, shown in zip(texts, values, strict=True))

    def _rows_of(self, data: object) -> Sequence[Sequence[object]]:
        if isinstance(data, list | tuple):
            return data if data and isinstance(data[0], list | tuple) else [data]
        return [[data] * self.shape[1]] * self.shape[0]

    def _plain(self, value: object) -> object:
        if isinstance(value, bool | int):
            return float(value)
        if isinstance(value, dt.date):
            return to_serial(value, self._null_date)
        if isinstance(value, str):
            return "" if value.startswith("=") else value
        return "" if value is None else value

    def _finish(self, down: int, right: int, value: object) -> None:
        """What a block of plain values cannot carry: formulas, and the formats that make dates and booleans."""
        if isinstance(value, str) and value.startswith("="):
            self.cell_at(down, right).setFormula(to_calc(value))
        elif isinstance(value, bool):
            self._give_kind(self.cell_at(down, right), LOGICAL)
        elif isinstance(value, dt.datetime):
            self._give_kind(self.cell_at(down, right), DATE | TIME)
        elif isinstance(value, dt.date):
            self._give_kind(self.cell_at(down, right), DATE)

    def _give_kind(self, cell: UnoObject, kind: int) -> None:
        if not kind_of(self.document, cell.NumberFormat) & kind:
            cell.NumberFormat = standard_key(self.document, kind)

    def _write_formulas(self, rows: list[list[str]]) -> None:
        with speaking(f"ghi công thức {self.address}"):
            for start in range(0, len(rows), _ROWS_AT_ONCE):
                block = rows[start : start + _ROWS_AT_ONCE]
                part = self._sheet.range((self.row + start, self.column, len(block), self.shape[1]))
                with KeepingNotes(part):
                    part.xl.setFormulaArray(tuple(tuple(map(_in_calc, row)) for row in block))

    def _fill(self, text: str) -> None:
        with speaking(f"ghi công thức {self.address}"):
            first = self.cell
            first.setFormula(_in_calc(text))
            for place in range(1, len(self)):
                cell = self.cell_at(*divmod(place, self.shape[1]))
                if text.startswith("="):
                    cell.setTokens(first.getTokens())  # tokens hold relative references, so they move along
                else:
                    cell.setFormula(text)

    def _put_errors(self, cells: UnoObject, block: Block) -> None:
        for values in block:
            values[:] = ["" if value is None else value for value in values]
        for at in cells.queryFormulaCells(_ERROR_RESULT).RangeAddresses:
            for row in range(at.StartRow, at.EndRow + 1):
                for column in range(at.StartColumn, at.EndColumn + 1):
                    down, right = row - self.row + 1, column - self.column + 1
                    block[down][right] = error_value(self.cell_at(down, right).getError())

    def _put_kinds(self, cells: UnoObject, block: Block) -> None:
        """Numbers become dates or booleans where the cell's format says so."""
        kinds: dict[int, int] = {}
        for group in cells.getUniqueCellFormatRanges():
            key = group.NumberFormat
            kind = kinds.setdefault(key, kind_of(self.document, key))
            if kind & (DATE | TIME | LOGICAL):
                for at in group.RangeAddresses:
                    self._put_kind(at, kind, block)

    def _put_kind(self, at: UnoObject, kind: int, block: Block) -> None:
        for row in block[at.StartRow - self.row + 1 : at.EndRow - self.row + 2]:
            for right in range(at.StartColumn - self.column + 1, at.EndColumn - self.column + 2):
                value = row[right]
                if not isinstance(value, float):
                    continue
                if kind & LOGICAL:
                    row[right] = bool(value) if value in (0.0, 1.0) else value
                else:
                    row[right] = to_datetime(value, self._null_date)

    @property
    def _null_date(self) -> dt.datetime:
        date = self.document.NullDate
        return dt.datetime(date.Year, date.Month, date.Day)  # noqa: DTZ001  # sheets have no time zones


def _in_excel(text: str, value: object) -> str:
    """What LibreOffice says a cell holds, as Excel says it; ``value`` is what the cell shows."""
    if text == value:
        return text  # no formula shows its own text
    if text == f"'{value}":
        return text[1:]  # the apostrophe marks text that looks like a number, and is not part of it
    if text.startswith("{=") and text.endswith("}"):
        return to_excel(text[1:-1])
    return to_excel(text) if text.startswith("=") else text


def _in_calc(text: str) -> str:
    return to_calc(text) if text.startswith("=") else text
