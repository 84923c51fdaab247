"""Where a range is: sheet, corner, size, address, and the UNO objects there."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from xlwings import base_classes

from addin.libreoffice.uno_bridge import UnoObject, guarded, speaking
from workbooks.address import MAX_COLUMN, MAX_ROW, column_letters

if TYPE_CHECKING:
    from addin.libreoffice.sheets import Sheet


@guarded
class Placed(base_classes.Range):
    """A rectangle of one sheet; rows and columns count from 1."""

    row: int = 1
    column: int = 1
    shape: tuple[int, int] = (1, 1)

    def __init__(self, sheet: Sheet, row: int, column: int, rows: int, columns: int) -> None:
        self._sheet = sheet
        self.row = row
        self.column = column
        self.shape = (rows, columns)
        self.options: dict[str, object] = {}

    @cached_property
    def xl(self) -> UnoObject:
        """The UNO cell range; of a single cell the UNO cell. Kept, because each fetch takes milliseconds."""
        rows, columns = self.shape
        if self.shape == (1, 1):
            return self.cell_at(0, 0)
        top, left = self.row - 1, self.column - 1
        with speaking(f"tìm vùng {self.address}"):
            return self._sheet.xl.getCellRangeByPosition(left, top, left + columns - 1, top + rows - 1)

    @property
    def cell(self) -> UnoObject:
        """The UNO cell at the top left."""
        return self.xl if self.shape == (1, 1) else self.cell_at(0, 0)

    def cell_at(self, down: int, right: int) -> UnoObject:
        """The UNO cell so far below and to the right of the top left."""
        with speaking(f"tìm ô trong {self.address}"):
            return self._sheet.xl.getCellByPosition(self.column - 1 + right, self.row - 1 + down)

    @property
    def document(self) -> UnoObject:
        """The UNO document."""
        return self._sheet.book.xl

    @property
    def api(self) -> UnoObject:
        """The UNO cell range."""
        return self.xl

    @property
    def sheet(self) -> Sheet:
        """The sheet it lies on."""
        return self._sheet

    @property
    def coords(self) -> tuple[Sheet, int, int, int, int]:
        """Sheet, row, column, number of rows and of columns."""
        return (self._sheet, self.row, self.column, *self.shape)

    def holds(self, row: int, column: int) -> bool:
        """Whether the cell lies inside."""
        return 0 <= row - self.row < self.shape[0] and 0 <= column - self.column < self.shape[1]

    def __len__(self) -> int:
        return self.shape[0] * self.shape[1]

    def get_address(self, row_absolute: bool, col_absolute: bool, external: bool) -> str:
        """A1 address: ``$B$2:$C$3``; whole rows are ``$2:$3``, whole columns ``$B:$C``."""
        row_sign, column_sign = "$" if row_absolute else "", "$" if col_absolute else ""
        bottom, right = self.row + self.shape[0] - 1, self.column + self.shape[1] - 1
        if self.shape[1] == MAX_COLUMN:
            corners = [f"{row_sign}{self.row}", f"{row_sign}{bottom}"]
        elif self.shape[0] == MAX_ROW:
            corners = [f"{column_sign}{column_letters(self.column)}", f"{column_sign}{column_letters(right)}"]
        else:
            corners = [
                f"{column_sign}{column_letters(column)}{row_sign}{row}"
                for row, column in dict.fromkeys([(self.row, self.column), (bottom, right)])
            ]
        address = ":".join(corners)
        return f"{self._external}!{address}" if external else address

    @property
    def _external(self) -> str:
        book, sheet = self._sheet.book.name, self._sheet.name
        plain = book.replace(".", "").isalnum() and self._sheet.quoted == sheet
        return f"[{book}]{sheet}" if plain else "'" + f"[{book}]{sheet}".replace("'", "''") + "'"

    @property
    def address(self) -> str:
        """Absolute A1 address."""
        return self.get_address(True, True, False)
