"""Repairs in the open book that the person asks for: formulas as published, old Vietnamese text as Unicode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import xlwings as xw

from addin.alignment import SheetAlignment, align
from addin.fonts import is_legacy
from addin.issued import Issued
from addin.program import unlocked
from addin.snapshot import snapshot
from form_templates.coding import code_formula, decode_formula
from form_templates.locating import LocatedTable, locate_tables
from form_templates.reading import cell_places
from formulas.text.detection import Certainty
from formulas.text.places import CELL, Piece
from formulas.text.survey import judge
from workbooks.address import address
from workbooks.sheet import Cell, Sheet
from workbooks.workbook import Workbook, open_workbook


@dataclass(frozen=True, slots=True)
class _TypedText:
    """A text that was typed into the open book, and the font the issued file has there."""

    piece: Piece
    issued_font: str


def restore_formulas(book: xw.Book, issued: Issued) -> int:
    """Puts the published formulas back where they were overwritten or are missing; returns how many cells changed."""
    view = _view(book, issued)
    located = locate_tables(view, issued.version.tables)
    count = 0
    for table in located:
        wanted = list(_missing_formulas(view, table, located))
        if not wanted:
            continue
        sheet = book.sheets[table.layout.sheet]
        with unlocked(sheet):
            for (row, column), text in wanted:
                sheet.range((row, column)).formula = f"={text}"
        count += len(wanted)
    return count


def repair_text(book: xw.Book, issued: Issued) -> int:
    """Rewrites texts that are certainly in an old encoding as Unicode; returns how many cells changed.

    Doubtful texts stay: their findings ask the person.
    """
    file, view = open_workbook(issued.data), _view(book, issued)
    tables = issued.version.tables
    alignments = align(view, file, locate_tables(view, tables), locate_tables(file, tables))
    count = 0
    for name, alignment in alignments.items():
        sheet = book.sheets[name]
        texts = list(_typed_texts(sheet, view.read_sheet(name), file, alignment))
        judged = zip(texts, judge([item.piece for item in texts]), strict=True)
        wanted = [
            (item, one.found)
            for item, one in judged
            if one.found is not None and one.found.certainty is Certainty.CERTAIN
        ]
        if not wanted:
            continue
        with unlocked(sheet):
            for item, found in wanted:
                cell = sheet.range(item.piece.at)
                cell.value = found.reading
                if is_legacy(item.piece.font) and item.issued_font:
                    cell.font.name = item.issued_font
        count += len(wanted)
    return count


def _view(book: xw.Book, issued: Issued) -> Workbook:
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


def _typed_texts(sheet: xw.Sheet, here: Sheet, file: Workbook, alignment: SheetAlignment) -> Iterator[_TypedText]:
    """Texts that differ from the issued file and hold more than ASCII, which no old encoding changes."""
    there = file.read_sheet(here.name)
    for (row, column), cell in here.cells.items():
        if not isinstance(cell.value, str) or cell.formula is not None or cell.value.isascii():
            continue
        place = alignment.to_issued(row, column)
        issued = there.cell(*place) if place else Cell(None)
        if issued.value != cell.value:
            font = sheet.range((row, column)).font.name or ""
            piece = Piece(CELL, here.name, address(row, column), cell.value, font, at=(row, column))
            yield _TypedText(piece, file.font_of(issued.style))
