"""Legacy Vietnamese text in a workbook (C07): each run by its own font, short cells by their neighbours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from form_templates.definition import SHEET as DEFINITION_SHEET
from form_templates.stamp import STAMP_SHEET
from formulas import catalogue
from formulas.text.detection import Certainty, Detection, detect
from formulas.text.encodings import Encoding
from formulas.wording import excerpt
from workbooks.address import address
from workbooks.finding import Finding
from workbooks.sheet import Cell, Sheet
from workbooks.workbook import SheetEntry, Workbook

_MOST_FINDINGS: Final = 500
# Different ones, on all sheets. No form has so many; a file made to keep the service busy does.
_MOST_TEXTS: Final = 20_000
_STRANGE: Final = frozenset("\ufffd\ufeff\u200b\u200c\u200d\u2060")
_PRIVATE_USE: Final = range(0xE000, 0xF900)


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a cell's text, with its font."""

    row: int
    column: int
    text: str
    font: str


def check_text(workbook: Workbook) -> Iterator[Finding]:
    """Findings on every sheet that people see or type in."""
    seen: set[str] = set()
    for entry in workbook.sheets:
        if not is_ours(entry):
            yield from _of_sheet(workbook, entry.name, seen)


def check_sheet_text(workbook: Workbook, name: str) -> Iterator[Finding]:
    """Findings on one sheet, its name included."""
    return _of_sheet(workbook, name, set())


def _of_sheet(workbook: Workbook, name: str, seen: set[str]) -> Iterator[Finding]:
    """Findings on one sheet; ``seen`` are the texts judged so far, of all sheets."""
    if found := detect(name):
        yield _finding(name, "", name, found)
    pieces = list(_few(pieces_of(workbook.read_sheet(name), workbook), seen))
    # Short cells are ambiguous by nature; what their sheet is written in decides.
    habit = habit_of(pieces)
    reported: set[tuple[int, int]] = set()
    for piece in pieces:
        place = (piece.row, piece.column)
        finding = None if place in reported else _judge(name, piece, habit)
        if finding is not None and len(reported) < _MOST_FINDINGS:
            reported.add(place)
            yield finding


def _few(pieces: Iterator[Piece], seen: set[str]) -> Iterator[Piece]:
    for piece in pieces:
        seen.add(piece.text)
        if len(seen) > _MOST_TEXTS:
            return
        yield piece


def is_ours(entry: SheetEntry) -> bool:
    """Whether a sheet is one of those that the service wrote and nobody sees."""
    return entry.state != "visible" and entry.name in (STAMP_SHEET, DEFINITION_SHEET)


def pieces_of(sheet: Sheet, workbook: Workbook) -> Iterator[Piece]:
    """Every text of a sheet that is not plain ASCII, run by run."""
    for (row, column), cell in sheet.cells.items():
        if isinstance(cell.value, str) and not cell.value.isascii():
            for text, font in runs_of(cell):
                if not text.isascii():
                    yield Piece(row, column, text, font or workbook.font_of(cell.style))


def runs_of(cell: Cell) -> Iterator[tuple[str, str]]:
    """The runs of a cell's text, each with its font (``""`` for the cell's own)."""
    if cell.runs:
        yield from cell.runs
    else:
        yield str(cell.value), ""


def habit_of(pieces: list[Piece]) -> Encoding | None:
    """The legacy encoding that most of the certain texts of a sheet are in."""
    found = (detect(piece.text, piece.font) for piece in pieces)
    legacy = Counter(
        item.encoding
        for item in found
        if item is not None and item.certainty is Certainty.CERTAIN and item.encoding is not Encoding.COMBINING
    )
    return legacy.most_common(1)[0][0] if legacy else None


def _judge(sheet: str, piece: Piece, habit: Encoding | None) -> Finding | None:
    place = address(piece.row, piece.column)
    if found := detect(piece.text, piece.font, expected=habit):
        return _finding(sheet, place, piece.text, found)
    strange = sorted({letter for letter in piece.text if letter in _STRANGE or ord(letter) in _PRIVATE_USE})
    if strange:
        codes = ", ".join(f"U+{ord(letter):04X}" for letter in strange[:5])
        return catalogue.STRANGE_CHARACTERS.at(sheet, place, text=excerpt(piece.text), characters=codes)
    return None


def _finding(sheet: str, cell: str, text: str, found: Detection) -> Finding:
    if found.encoding is Encoding.COMBINING:
        return catalogue.COMBINING_TEXT.at(sheet, cell, text=excerpt(found.reading))
    kind = catalogue.LEGACY_TEXT if found.certainty is Certainty.CERTAIN else catalogue.DOUBTFUL_TEXT
    return kind.at(sheet, cell, text=excerpt(text), reading=excerpt(found.reading), encoding=found.encoding.value)
