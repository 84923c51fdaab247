"""Old Vietnamese text rewritten as Unicode in the open book: shown first, done run by run, and taken back on demand.

Only what was typed is repaired: the texts of the form come from the issued file.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import xlwings as xw

from addin.alignment import SheetAlignment, align
from addin.errors import ActionError
from addin.fonts import is_legacy
from addin.issued import Issued
from addin.program import unlocked
from addin.repairs import view
from addin.runs import Run, runs_in, write_runs
from form_templates.locating import locate_tables
from formulas.text.agreement import Judged
from formulas.text.conversions import unicode_font
from formulas.text.detection import Certainty
from formulas.text.places import CELL, Piece
from formulas.text.survey import judge
from workbooks.address import address
from workbooks.sheet import Cell, Sheet
from workbooks.workbook import Workbook, open_workbook


@dataclass(frozen=True, slots=True)
class TextChange:
    """What one cell says, run by run, and what it would say in Unicode."""

    sheet: str
    row: int
    column: int
    encoding: str
    certainty: Certainty
    old: tuple[Run, ...]
    new: tuple[Run, ...]

    @property
    def cell(self) -> str:
        """The address."""
        return address(self.row, self.column)

    @property
    def before(self) -> str:
        """The text as it stands."""
        return "".join(run.text for run in self.old)

    @property
    def after(self) -> str:
        """The text in Unicode."""
        return "".join(run.text for run in self.new)


@dataclass(frozen=True, slots=True)
class _Typed:
    """A text that was typed into the open book, and the font the issued file has there."""

    place: tuple[int, int]
    runs: tuple[Run, ...]
    issued_font: str


def preview_text(book: xw.Book, issued: Issued) -> tuple[TextChange, ...]:
    """Every cell whose text could be rewritten, doubtful ones included."""
    file, shown = open_workbook(issued.data), view(book, issued)
    tables = issued.version.tables
    alignments = align(shown, file, locate_tables(shown, tables), locate_tables(file, tables))
    return tuple(
        change
        for name, alignment in alignments.items()
        for change in _changes(book.sheets[name], shown.read_sheet(name), file, alignment)
    )


def repair_text(book: xw.Book, changes: Sequence[TextChange]) -> int:
    """Rewrites these texts; returns how many cells changed."""
    return _write(book, changes, lambda change: (change.old, change.new))


def undo_text(book: xw.Book, changes: Sequence[TextChange]) -> int:
    """Puts back what stood there before; cells that were changed since stay as they are. Returns how many came back."""
    return _write(book, changes, lambda change: (change.new, change.old))


def to_json(changes: Sequence[TextChange]) -> str:
    """The changes as they are kept beside the book, so that they can be taken back another day."""
    return json.dumps(
        [
            {"sheet": one.sheet, "row": one.row, "column": one.column, "encoding": one.encoding,
             "certainty": one.certainty, "old": one.old, "new": one.new}
            for one in changes
        ],
        ensure_ascii=False,
    )  # fmt: skip


def from_json(text: str) -> tuple[TextChange, ...]:
    """What `to_json` wrote. Raises ActionError for anything else."""
    try:
        return tuple(_change(one) for one in json.loads(text))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ActionError(
            "log-damaged", "Nhật ký chuyển mã chữ không đọc được.", "Gõ lại các ô cần trả về như cũ."
        ) from error


def _change(told: Mapping[str, Any]) -> TextChange:
    old, new = (tuple(Run(str(text), str(font)) for text, font in told[side]) for side in ("old", "new"))
    if len(old) != len(new) or not old:
        raise ValueError("runs that do not match")
    place = (int(told["row"]), int(told["column"]))
    return TextChange(str(told["sheet"]), *place, str(told["encoding"]), Certainty(told["certainty"]), old, new)


def _changes(sheet: xw.Sheet, here: Sheet, file: Workbook, alignment: SheetAlignment) -> Iterator[TextChange]:
    typed = {item.place: item for item in _typed(sheet, here, file, alignment)}
    pieces = [
        Piece(CELL, here.name, address(*item.place), run.text, run.font, at=item.place, index=number)
        for item in typed.values()
        for number, run in enumerate(item.runs)
    ]
    judged: dict[tuple[int, int], list[Judged]] = defaultdict(list)
    for one in judge(pieces):
        judged[one.piece.at].append(one)
    for place, runs in judged.items():
        found = [one.found for one in runs if one.found is not None and one.found.reading != one.piece.text]
        if found:
            # A cell is as sure as the least sure of its runs.
            least = min(found, key=lambda one: one.certainty is Certainty.CERTAIN)
            new = tuple(_new_run(one, typed[place]) for one in runs)
            yield TextChange(here.name, *place, least.encoding.value, least.certainty, typed[place].runs, new)


def _new_run(judged: Judged, typed: _Typed) -> Run:
    text, font = judged.piece.text, judged.piece.font
    if judged.found is None or not is_legacy(font):
        return Run(text if judged.found is None else judged.found.reading, font)
    official = typed.issued_font if len(typed.runs) == 1 and not is_legacy(typed.issued_font) else ""
    return Run(judged.found.reading, official or unicode_font(font))


def _typed(sheet: xw.Sheet, here: Sheet, file: Workbook, alignment: SheetAlignment) -> Iterator[_Typed]:
    """Texts that differ from the issued file and hold more than ASCII, which no old encoding changes."""
    there = file.read_sheet(here.name)
    for (row, column), cell in here.cells.items():
        if not isinstance(cell.value, str) or cell.formula is not None or cell.value.isascii():
            continue
        place = alignment.to_issued(row, column)
        issued = there.cell(*place) if place else Cell(None)
        if issued.value != cell.value:
            runs = runs_in(sheet.range((row, column)), cell.value)
            yield _Typed((row, column), runs, file.font_of(issued.style))


_Runs = tuple[tuple[Run, ...], tuple[Run, ...]]


def _write(book: xw.Book, changes: Sequence[TextChange], sides: Callable[[TextChange], _Runs]) -> int:
    by_sheet: dict[str, list[TextChange]] = defaultdict(list)
    names = {sheet.name for sheet in book.sheets}
    for change in changes:
        if change.sheet in names:
            by_sheet[change.sheet].append(change)
    count = 0
    for name, wanted in by_sheet.items():
        sheet = book.sheets[name]
        with unlocked(sheet):
            for change in wanted:
                present, future = sides(change)
                cell = sheet.range((change.row, change.column))
                if cell.value == "".join(run.text for run in present):
                    write_runs(cell, present, future)
                    count += 1
    return count
