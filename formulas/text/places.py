"""Every stretch of text of a workbook, one font each, with the place it stands in and the words for that place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from form_templates.definition import SHEET as DEFINITION_SHEET
from form_templates.stamp import STAMP_SHEET
from workbooks import header_footer
from workbooks.address import address
from workbooks.formula_text import strings
from workbooks.sheet import Cell, Sheet
from workbooks.spots import Nature, Spot, SpotKind
from workbooks.texts import TextPart, book_parts, may_hold_words, read_spots, text_parts
from workbooks.workbook import SheetEntry, Workbook

CELL: Final = "cell"
FORMULA: Final = "formula"
SHEET_NAME: Final = "sheet-name"

_WORDS: Final = {
    FORMULA: "Chuỗi trong công thức",
    SHEET_NAME: "Tên trang tính",
    SpotKind.COMMENT: "Ghi chú",
    SpotKind.HEADER: "Đầu trang",
    SpotKind.FOOTER: "Chân trang",
    SpotKind.LIST: "Danh sách chọn",
    SpotKind.RULE: "Điều kiện nhập",
    SpotKind.PROMPT: "Lời nhắc khi nhập",
    SpotKind.REFUSAL: "Thông báo nhập sai",
    SpotKind.FORMAT: "Định dạng có điều kiện",
    SpotKind.FILTER: "Bộ lọc",
    SpotKind.NAME: "Tên vùng {name}",
    SpotKind.NAME_VALUE: "Giá trị của tên vùng {name}",
    SpotKind.SHAPE: "Hộp chữ",
    SpotKind.CHART: "Biểu đồ",
    SpotKind.TABLE: "Bảng (Table) {name}",
    SpotKind.TABLE_COLUMN: "Tên cột của bảng (Table) {name}",
    SpotKind.PROPERTY: "Thuộc tính tệp {name}",
}
# Their words, not their names, are what must not be doubled: the name is the text itself.
_NAMED_BY_TEXT: Final = frozenset({SpotKind.NAME, SpotKind.TABLE})


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text in one font.

    Attributes:
        kind: `CELL`, `FORMULA`, `SHEET_NAME` or a `SpotKind`.
        font: the font it is drawn in, ``""`` where it has none.
        inherited: whether that is the font of its cell rather than its own.
        part: the part of a spot, ``""`` for cells, formulas and sheet names.
        at: (row, column) of a cell, (number of the spot, 0) in a part.
        index: number of the run, of the string in the formula, of the words in the header.
    """

    kind: str
    sheet: str
    cell: str
    text: str
    font: str = ""
    inherited: bool = False
    name: str = ""
    part: str = ""
    at: tuple[int, int] = (0, 0)
    index: int = 0

    @property
    def drawn(self) -> bool:
        """Whether the font says something of it: words in formulas, lists and names have none."""
        return bool(self.font)

    @property
    def place(self) -> str:
        """The place in words, the address left out; ``""`` for an ordinary cell."""
        template = _WORDS.get(self.kind, "")
        if self.kind in _NAMED_BY_TEXT and self.name == self.text:
            return template.removesuffix(" {name}")
        return template.format(name=f"“{self.name}”")

    @property
    def label(self) -> str:
        """The whole place, as a list of changes shows it: ``T1!B7``, ``T1!D5 · Danh sách chọn``."""
        where = "!".join(part for part in (self.sheet, self.cell) if part)
        return " · ".join(part for part in (where, self.place) if part)


def is_ours(entry: SheetEntry) -> bool:
    """Whether a sheet is one of those that the service wrote and nobody sees."""
    return entry.state != "visible" and entry.name in (STAMP_SHEET, DEFINITION_SHEET)


def sheet_pieces(workbook: Workbook, entry: SheetEntry) -> Iterator[Piece]:
    """Every text of a sheet and of what hangs on it that is more than plain ASCII.

    Raises:
        WorkbookError: a part of the sheet cannot be read.
    """
    if not entry.name.isascii():
        yield Piece(SHEET_NAME, entry.name, "", entry.name)
    sheet = workbook.read_sheet(entry.name)
    yield from cell_pieces(sheet, workbook)
    for part in text_parts(workbook, entry):
        yield from part_pieces(workbook, part)


def book_pieces(workbook: Workbook) -> Iterator[Piece]:
    """The texts that belong to no sheet: defined names and the properties of the file. Raises WorkbookError."""
    for part in book_parts(workbook):
        yield from part_pieces(workbook, part)


def part_pieces(workbook: Workbook, part: TextPart) -> Iterator[Piece]:
    """The texts of one part. Raises WorkbookError."""
    if may_hold_words(workbook.package.part(part.name)):
        standard = workbook.font_of(0)
        for number, spot in enumerate(read_spots(workbook.package, part)):
            for index, text, font in words_of(spot, standard):
                if not text.isascii():
                    yield Piece(
                        spot.kind, spot.sheet, spot.cell, text, font,
                        name=spot.name, part=part.name, at=(number, 0), index=index,
                    )  # fmt: skip


def words_of(spot: Spot, standard: str) -> Iterator[tuple[int, str, str]]:
    """The words in a spot with their numbers and fonts; ``standard`` is the font of headers that name none."""
    if spot.nature is Nature.FORMULA:
        for index, text in enumerate(strings(spot.content)):
            yield index, text, ""
    elif spot.nature is Nature.CODES:
        for index, words in enumerate(header_footer.words(spot.content)):
            yield index, words.text, words.font or standard
    else:
        yield 0, spot.content, spot.font


def cell_pieces(sheet: Sheet, workbook: Workbook) -> Iterator[Piece]:
    """The texts of the cells, run by run, and the strings in their formulas."""
    for at, cell in sheet.cells.items():
        value, formula, style, _ = cell
        if isinstance(value, str) and not value.isascii():
            own = workbook.font_of(style)
            for index, (text, font) in enumerate(runs_of(cell)):
                if not text.isascii():
                    yield Piece(
                        CELL, sheet.name, address(*at), text, font or own, inherited=not font, at=at, index=index
                    )
        if formula is not None and not formula.isascii() and '"' in formula:
            for index, text in enumerate(strings(formula)):
                if not text.isascii():
                    yield Piece(FORMULA, sheet.name, address(*at), text, at=at, index=index)


def runs_of(cell: Cell) -> tuple[tuple[str, str], ...]:
    """The runs of a cell's text, each with its font (``""`` for the cell's own).

    A text that stands partly outside its runs, as no program writes it, is read whole, so that nothing of it is missed.
    """
    runs = tuple((text, font) for text, font in cell.runs)
    if runs and "".join(text for text, _ in runs) == cell.value:
        return runs
    return ((str(cell.value), ""),)
