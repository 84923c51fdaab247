"""Findings in the sheet itself: a colour and a note on each cell, and their removal without a trace.

What was there before is written into the note: under our text stands a mark with the former colour, and under the mark
the note that somebody else had put on the cell. So a book can be saved, closed, opened elsewhere and still be cleaned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import xlwings as xw

from addin.program import size_note, unlocked
from workbooks.address import Range, parse_range
from workbooks.finding import Finding, Severity

RED: Final = (255, 190, 186)
AMBER: Final = (255, 227, 140)
_OURS: Final = (RED, AMBER)
_NAMES: Final = {Severity.ERROR: "LỖI", Severity.WARNING: "CẢNH BÁO"}
_COLOURS: Final = {Severity.ERROR: RED, Severity.WARNING: AMBER}

_MARK: Final = re.compile(r"\n?— BiểuSố · nền cũ: (#[0-9A-Fa-f]{6}|không) —(?:\n(.*))?\Z", re.DOTALL)
_MAX_CELLS: Final = 1_000  # past that nobody looks at cells; the list has them all
_MAX_SIZED: Final = 100  # sizing a note takes longer than writing it
_MAX_NOTE: Final = 2_000
_LINE: Final = 46  # characters in a line of a note
_WIDTH, _LINE_HEIGHT = 250.0, 13.5  # points


@dataclass(frozen=True, slots=True)
class _Mark:
    """A mark of ours on a cell, and what the cell looked like before."""

    note: xw.main.Note
    colour: tuple[int, int, int] | None
    their_note: str


@dataclass(frozen=True, slots=True)
class _Notes:
    """The notes of a sheet by (row, column): our marks, and the notes of others."""

    marks: Mapping[tuple[int, int], _Mark]
    others: Mapping[tuple[int, int], xw.main.Note]


def paint(book: xw.Book, findings: Iterable[Finding]) -> int:
    """Marks the cells of these findings, in place of all earlier marks; returns how many cells are marked.

    Findings without a cell, or on a sheet the book does not have, are left to the list that the caller shows.
    Raises ActionError where a sheet is protected with a password.
    """
    by_sheet = _by_cell(findings)
    shown = {sheet.name: sheet for sheet in book.sheets}
    room = _MAX_CELLS
    with book.app.properties(screen_updating=False):
        for name, sheet in shown.items():
            cells = by_sheet.get(name, {})
            notes = _notes(sheet)
            if not cells and not notes.marks:
                continue
            with unlocked(sheet):
                _clean(sheet, notes.marks)
                for order, place in enumerate(sorted(cells)[:room]):
                    mark, other = notes.marks.get(place), notes.others.get(place)
                    theirs = mark.their_note if mark else other.text if other else ""
                    _mark(sheet.range(place), cells[place], theirs, sized=order < _MAX_SIZED)
            room -= min(room, len(cells))
    return _MAX_CELLS - room


def unpaint(book: xw.Book) -> int:
    """Removes our marks and puts back what was there; returns how many cells were marked."""
    count = 0
    with book.app.properties(screen_updating=False):
        for sheet in book.sheets:
            marks = _notes(sheet).marks
            if marks:
                with unlocked(sheet):
                    _clean(sheet, marks)
            count += len(marks)
    return count


def note_text(findings: Sequence[Finding]) -> str:
    """What the note of one cell says: each finding with its code, what is wrong, and what to do or what explains it."""
    text = "\n\n".join(map(_told, findings))
    return text if len(text) <= _MAX_NOTE else text[: _MAX_NOTE - 1].rstrip() + "…"


def _told(finding: Finding) -> str:
    answer = f"Giải trình: {finding.explanation}" if finding.explanation else finding.remedy
    return f"{_NAMES[finding.severity]} {finding.code}: {finding.message}\n→ {answer}"


def _by_cell(findings: Iterable[Finding]) -> Mapping[str, Mapping[tuple[int, int], list[Finding]]]:
    """Findings by sheet and by the cell they are shown on, errors before warnings."""
    found: dict[str, dict[tuple[int, int], list[Finding]]] = {}
    for finding in findings:
        place = _place(finding.cell)
        if finding.sheet and place is not None:
            found.setdefault(finding.sheet, {}).setdefault((place.first_row, place.first_column), []).append(finding)
    for cells in found.values():
        for listed in cells.values():
            listed.sort(key=lambda finding: finding.severity is not Severity.ERROR)
    return found


def _place(text: str) -> Range | None:
    try:
        return parse_range(text) if text else None
    except ValueError:
        return None


def _notes(sheet: xw.Sheet) -> _Notes:
    marks, others = {}, {}
    for note in sheet.notes:
        cell, match = note.location, _MARK.search(note.text)
        if match:
            marks[cell.row, cell.column] = _Mark(note, _colour(match[1]), match[2] or "")
        else:
            others[cell.row, cell.column] = note
    return _Notes(marks, others)


def _clean(sheet: xw.Sheet, marks: Mapping[tuple[int, int], _Mark]) -> None:
    for place, mark in marks.items():
        cell = sheet.range(place)
        if cell.color in _OURS:  # another colour is the person's own, given since
            cell.color = mark.colour
        mark.note.delete()
        if mark.their_note:
            cell.add_note(mark.their_note)


def _mark(cell: xw.Range, findings: Sequence[Finding], theirs: str, *, sized: bool) -> None:
    colour = cell.color
    # Our colour without our note: somebody deleted the note, and what was there before is not known any more.
    former = None if colour in _OURS else colour
    text = note_text(findings)
    if theirs:
        cell.note.delete()  # type: ignore[union-attr]  # there is one, with this text
    mark = f"— BiểuSố · nền cũ: {_text(former)} —"
    made = cell.add_note("\n".join(part for part in (text, mark, theirs) if part))
    if sized:
        size_note(made, _WIDTH, _height(text, theirs))
    cell.color = _COLOURS[findings[0].severity]


def _height(*texts: str) -> float:
    lines = sum(1 + len(line) // _LINE for text in texts for line in text.splitlines())
    return (lines + 2) * _LINE_HEIGHT


def _text(colour: tuple[int, int, int] | None) -> str:
    return "không" if colour is None else "#" + bytes(colour).hex().upper()


def _colour(text: str) -> tuple[int, int, int] | None:
    if not text.startswith("#"):
        return None
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue
