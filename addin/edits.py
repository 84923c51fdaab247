"""What the person changed in the open book, carried into the issued file.

The file that is signed and sent is the issued file with the changed cells patched in; never one that a spreadsheet
program saved, because programs rewrite what they do not know (LibreOffice loses themes and very-hidden sheets). What is
carried: values, texts, codes and labels, formulas that were overwritten or typed, rows added to repeating regions, and
the font of changed texts (a legacy encoding is known by its font). What is not: looks, column widths, sheets that are
not of the form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import xlwings as xw

from addin.alignment import Axis, SheetAlignment, align
from addin.errors import EditError
from addin.explanations import explanation_edits
from addin.fonts import StyleAndFont, add_styles, is_legacy
from addin.snapshot import snapshot
from form_templates.coding import Layout, code_formula, decode_formula
from form_templates.definition import EXPLANATIONS_SHEET
from form_templates.locating import LocatedTable, locate_tables
from form_templates.model import FormVersion
from form_templates.reading import ValueState, state_of
from formulas.freezing import freeze
from workbooks.address import address
from workbooks.patch import Constant, Formula, Patch, Styled, patch_cells
from workbooks.rows import insert_rows
from workbooks.sheet import Cell, Sheet
from workbooks.workbook import Workbook, open_workbook

_BLANK: Final = Cell(None)
_RESTORE: Final = "Hoàn tác (Ctrl+Z), hoặc tải lại biểu rồi chép số liệu sang."


@dataclass(frozen=True)
class Carried:
    """The issued file with the book's edits in it.

    Attributes:
        data: the patched workbook.
        alignments: per sheet, where its cells stand in the open book.
        changed: cells of ``data`` that differ from the issued file.
    """

    data: bytes
    alignments: Mapping[str, SheetAlignment]
    changed: Mapping[str, frozenset[tuple[int, int]]]

    def place_in_book(self, sheet: str, row: int, column: int) -> tuple[int, int] | None:
        """Where a cell of ``data`` stands in the open book; None where it has none."""
        alignment = self.alignments.get(sheet)
        return (row, column) if alignment is None else alignment.to_book(row, column)


def book_edits(book: xw.Book, issued: bytes, version: FormVersion) -> bytes:
    """The issued file with what the person changed in the open book.

    Raises:
        EditError: rows or columns of the form are gone, or something was put where the form has no place for it.
        WorkbookError: the issued file cannot be patched.
        FormulaError: the version's formulas cannot be computed.
    """
    return carry(book, issued, version).data


def carry(book: xw.Book, issued: bytes, version: FormVersion) -> Carried:
    """As `book_edits`, with where everything stands. Raises EditError, WorkbookError."""
    file = open_workbook(issued)
    view = snapshot(book, file, [*(table.sheet for table in version.tables), EXPLANATIONS_SHEET])
    in_book = locate_tables(view, version.tables)
    _refuse_losses(in_book)
    data, grown = _grow_regions(issued, in_book, locate_tables(file, version.tables))
    if grown:
        file = open_workbook(data)
    in_file = locate_tables(file, version.tables)
    alignments = align(view, file, in_book, in_file)
    patches: dict[str, dict[tuple[int, int], Patch]] = {}
    for name, alignment in alignments.items():
        comparison = _Comparison(view.read_sheet(name), file.read_sheet(name), alignment, in_book, in_file)
        patches[name] = dict(comparison.patches(grown.get(name, frozenset())))
    if explained := explanation_edits(view, file):
        patches[EXPLANATIONS_SHEET] = dict(explained)
        alignments = {**alignments, EXPLANATIONS_SHEET: SheetAlignment(EXPLANATIONS_SHEET, Axis({}), Axis({}))}
    changed = {name: frozenset(cells) for name, cells in patches.items() if cells}
    data = _with_legacy_fonts(data, file, book, alignments, patches)
    patched = patch_cells(data, patches) if changed else data
    return Carried(freeze(patched, version), alignments, changed)


def _with_legacy_fonts(
    data: bytes,
    file: Workbook,
    book: xw.Book,
    alignments: Mapping[str, SheetAlignment],
    patches: Mapping[str, dict[tuple[int, int], Patch]],
) -> bytes:
    """The file with the styles that texts in old encodings need; their patches then name these styles."""
    found: dict[tuple[str, tuple[int, int]], StyleAndFont] = {}
    for name, cells in patches.items():
        here, there = book.sheets[name], file.read_sheet(name)
        for place in [place for place, patch in cells.items() if isinstance(patch, str)]:
            font = here.range(alignments[name].to_book(*place) or place).font.name or ""
            style = there.cell(*place).style
            if is_legacy(font) and font.casefold() != file.font_of(style).casefold():
                found[name, place] = style, font
    data, styles = add_styles(data, set(found.values()))
    for (name, place), pair in found.items():
        if pair in styles:
            patches[name][place] = Styled(patches[name][place], styles[pair])  # type: ignore[arg-type]  # a text
    return data


def _refuse_losses(tables: Sequence[LocatedTable]) -> None:
    """A row or column that is gone cannot be carried: the issued file still has it."""
    for located in tables:
        table, layout = located.table, located.layout
        if not layout.column_at:
            raise EditError(
                "sheet-lost",
                f"Không thấy trang “{table.sheet}” hoặc bảng số liệu của biểu trong tệp đang mở.",
                _RESTORE,
            )
        rows = [row.code for row in table.rows if row.code not in layout.row_of]
        columns = [column.code for column in table.columns if column.code not in layout.column_of]
        if rows:
            raise EditError("rows-lost", f"Trang “{layout.sheet}” đã mất dòng mã số {', '.join(rows)}.", _RESTORE)
        if columns:
            raise EditError("columns-lost", f"Trang “{layout.sheet}” đã mất cột số {', '.join(columns)}.", _RESTORE)


def _grow_regions(
    data: bytes, in_book: Sequence[LocatedTable], in_file: Sequence[LocatedTable]
) -> tuple[bytes, dict[str, frozenset[int]]]:
    """The file with as many rows in each region as the book has, and the rows that were added, by sheet."""
    growths = sorted(_growths(in_book, in_file), reverse=True)  # lower regions first: upper places stay true
    added: dict[str, set[int]] = {}
    for sheet, sentinel, count in growths:
        data = insert_rows(data, sheet, sentinel - 1, count, sentinel - 1)
        lower = {row + count for row in added.get(sheet, set())}
        added[sheet] = lower | set(range(sentinel, sentinel + count))
    return data, {sheet: frozenset(rows) for sheet, rows in added.items()}


def _growths(in_book: Sequence[LocatedTable], in_file: Sequence[LocatedTable]) -> Iterator[tuple[str, int, int]]:
    for here, there in zip(in_book, in_file, strict=True):
        for code, (first, sentinel) in here.layout.regions.items():
            other_first, other_sentinel = there.layout.regions[code]
            missing = (sentinel - first) - (other_sentinel - other_first)
            if missing > 0:
                yield there.layout.sheet, other_sentinel, missing


class _Comparison:
    """One sheet of the book against the same sheet of the file, cell by cell."""

    def __init__(
        self,
        here: Sheet,
        there: Sheet,
        alignment: SheetAlignment,
        in_book: Sequence[LocatedTable],
        in_file: Sequence[LocatedTable],
    ) -> None:
        self._here, self._there, self._alignment = here, there, alignment
        self._book_layouts = [table.layout for table in in_book]
        self._file_layouts = [table.layout for table in in_file]
        self._tables = [table for table in in_file if table.layout.sheet == there.name]

    def patches(self, added: frozenset[int]) -> Iterator[tuple[tuple[int, int], Patch]]:
        """What to write into the file. In rows just ``added`` the file's own formulas stay where the book is blank."""
        seen: set[tuple[int, int]] = set()
        for (row, column), cell in self._here.cells.items():
            place = self._alignment.to_issued(row, column)
            if place is None:
                raise self._no_place(row, column, cell)
            seen.add(place)
            yield from self._patch(cell, (row, column), place)
        bare = added | self._bare_rows()
        for place in self._there.cells.keys() - seen:
            if place[0] not in bare or not self._given(place):
                at = self._alignment.to_book(*place) or place
                yield from self._patch(_BLANK, at, place)
        for row in added:
            yield from self._fixed_texts(row, seen)

    def _bare_rows(self) -> set[int]:
        """Rows of regions (in the file) that have no formula in the book: a person inserted them.

        A row that a person inserts gets neither the formulas nor the fixed texts of its region; they are not deleted.
        """
        with_formulas = {
            self._alignment.rows.to(row) for (row, _), cell in self._here.cells.items() if cell.formula is not None
        }
        rows = {
            row
            for table in self._tables
            for first, sentinel in table.layout.regions.values()
            for row in range(first, sentinel)
        }
        return rows - with_formulas

    def _given(self, place: tuple[int, int]) -> bool:
        """Whether a cell of a region row in the file holds what the form gives to every row of the region."""
        return self._there.cells[place].formula is not None or self._is_fixed(place)

    def _is_fixed(self, place: tuple[int, int]) -> bool:
        cell, (_, column) = self._there.cells[place], place
        if cell.formula is not None or not isinstance(cell.value, str):
            return False
        typed_into = {table.codes_at for table in self._tables} | {table.labels_at for table in self._tables}
        in_grid = any(column in table.layout.column_at for table in self._tables)
        return column not in typed_into and (not in_grid or state_of(cell.value) is ValueState.NOT_APPLICABLE)

    def _patch(
        self, cell: Cell, at: tuple[int, int], place: tuple[int, int]
    ) -> Iterator[tuple[tuple[int, int], Patch]]:
        issued = self._there.cell(*place)
        if cell.formula is not None:
            if issued.formula is None or not self._same_formula(cell.formula, at, issued.formula, place):
                yield place, Formula(self._moved(cell.formula, at, place), cell.value)
        elif issued.formula is not None:
            yield place, Constant(cell.value)
        elif not _same_value(cell.value, issued.value):
            yield place, cell.value

    def _same_formula(self, text: str, at: tuple[int, int], issued: str, place: tuple[int, int]) -> bool:
        written = issued.replace("_xlfn.", "")
        if text == written and not self._alignment.moves:
            return True
        here = code_formula(text.strip("{}"), self._book_layouts, (self._here.name, *at))
        there = code_formula(written.strip("{}"), self._file_layouts, (self._there.name, *place))
        return here == there

    def _moved(self, text: str, at: tuple[int, int], place: tuple[int, int]) -> str:
        """The formula in the addresses of the file."""
        if not self._alignment.moves:
            return text
        coded = code_formula(text, self._book_layouts, (self._here.name, *at))
        try:
            return decode_formula(coded, self._file_layouts, (self._there.name, *place))
        except KeyError:
            return text  # it points outside the form: the check will refuse it, wherever it points

    def _fixed_texts(self, row: int, seen: set[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], Patch]]:
        """Texts that every row of a region has (unit of measure, "x"), for a row that was added without them."""
        for table in self._tables:
            first = _first_of_region(table.layout, row)
            if first is None:
                continue
            for (there, column), cell in self._there.cells.items():
                if there == first and (row, column) not in seen and self._is_fixed((there, column)):
                    yield (row, column), cell.value

    def _no_place(self, row: int, column: int, cell: Cell) -> EditError:
        shown = cell.value if cell.formula is None else f"={cell.formula}"
        return EditError(
            "no-place",
            f"Ô {address(row, column)} của trang “{self._here.name}” ({str(shown)[:60]}) nằm ở dòng hoặc cột thêm vào "
            "ngoài vùng lặp của biểu.",
            "Xóa dòng hoặc cột đã thêm; nếu cần thêm dòng, thêm phía trên dòng chốt (dòng xám nhỏ) của vùng lặp.",
        )


def _first_of_region(layout: Layout, row: int) -> int | None:
    for first, sentinel in layout.regions.values():
        if first < row < sentinel:
            return first
    return None


def _same_value(here: object, there: object) -> bool:
    if isinstance(there, str):
        there = there.replace("\r\n", "\n")
    if here in (None, "") and there in (None, ""):
        return True
    return here == there and isinstance(here, str) == isinstance(there, str)
