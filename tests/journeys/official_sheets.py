"""Reads official forms with openpyxl and nothing of ours, so that what it says of a workbook is a second opinion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

Place = tuple[str, str]
"""(row, column): the row by its code, a repeated row without a code by its label; the column by its number."""


@dataclass(frozen=True)
class Shown:
    """One cell of a form's grid: where it stands, what it shows, and the formula behind it."""

    cell: str
    value: object
    formula: str

    @property
    def number(self) -> Decimal | None:
        """The number shown, to the fifteen digits that spreadsheets calculate with; None for texts and blanks."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            return None
        return Decimal(f"{self.value:.15g}")

    @property
    def plain(self) -> object:
        """The number, or else the value as it is."""
        return self.value if self.number is None else self.number


class Official:
    """A workbook that holds official forms, one on each visible sheet."""

    def __init__(self, path: Path) -> None:
        self._shown = load_workbook(path, data_only=True)
        self._written = load_workbook(path)
        self.sheets = [sheet.title for sheet in self._written if sheet.sheet_state == "visible"]

    def grid(self, sheet: str) -> dict[Place, Shown]:
        """Every cell of the form's grid."""
        shown, written = self._shown[sheet], self._written[sheet]
        return {place: _as_shown(shown[cell.coordinate], cell) for place, cell in _places(written)}

    def texts(self, sheet: str) -> list[str]:
        """Every text written on a sheet."""
        return [cell.value for row in self._shown[sheet].iter_rows() for cell in row if isinstance(cell.value, str)]


def _as_shown(shown: Cell, written: Cell) -> Shown:
    formula = written.value if isinstance(written.value, str) and written.value.startswith("=") else ""
    return Shown(written.coordinate, shown.value, formula)


def _places(sheet: Worksheet) -> Iterator[tuple[Place, Cell]]:
    head, columns = _number_row(sheet)
    codes_at = _codes_column(sheet, head)
    for cells in sheet.iter_rows(min_row=head + 1):
        label, code = cells[0].value, cells[codes_at - 1].value
        if isinstance(label, str) and label.startswith("Ghi chú"):
            return
        key = str(code) if code is not None else label
        if key and not str(key).endswith("*"):  # the last row of a region is there to insert above
            for at, column in columns.items():
                yield (str(key), column), cells[at - 1]


def _number_row(sheet: Worksheet) -> tuple[int, dict[int, str]]:
    """The row that reads A B C 1 2 3 …, and the columns of its numbers."""
    for cells in sheet.iter_rows(max_row=30):
        texts = ["" if cell.value is None else str(cell.value) for cell in cells]
        if texts[:4] == ["A", "B", "C", "1"]:
            return cells[0].row, {at: text for at, text in enumerate(texts, 1) if text.isdigit()}
    raise AssertionError(f"{sheet.title} has no row A B C 1 2 3")


def _codes_column(sheet: Worksheet, head: int) -> int:
    for cells in sheet.iter_rows(max_row=head):
        for cell in cells:
            if cell.value == "Mã số":
                return int(cell.column)
    raise AssertionError(f"{sheet.title} has no column “Mã số”")
