"""Repairing legacy Vietnamese text in place (C07): each run in Unicode and in a Unicode font, all else as it was.

Numbers, function names and plain ASCII are never touched; doubtful texts only where they are asked for. What names
other things (sheets, defined names, columns of tables) is renamed with every formula that mentions it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from formulas.text.conversions import Choice, Conversion, certain, conversions, unicode_font
from formulas.text.coupling import without_conflicts
from formulas.text.encodings import is_capitals_font
from formulas.text.places import CELL, FORMULA, SHEET_NAME, is_ours, runs_of
from formulas.text.survey import survey
from workbooks.errors import WorkbookError
from workbooks.formula_text import with_strings
from workbooks.header_footer import LONGEST, NewWords, with_words
from workbooks.sheet import Cell, Sheet
from workbooks.sheets import rename_sheet
from workbooks.spots import Nature, Spot, SpotKind
from workbooks.text_editor import NewCell, NewRun, TextEditor
from workbooks.texts import TextPart, book_parts, is_signed, text_parts
from workbooks.workbook import Workbook, open_workbook

_NAMES: Final = (SpotKind.NAME, SpotKind.TABLE)
_DRAWN: Final = frozenset({"drawing", "chart", "chartEx", "chartUserShapes", "diagramData"})
# What these functions give depends on the letters of a text and how many there are.
_COUNTS_LETTERS: Final = re.compile(r"\b(?:LEN|LEFT|RIGHT|MID|FIND|SEARCH|REPLACE|CODE|UNICODE)B?\(", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Repair:
    """The repaired workbook; the same bytes where nothing was to be done."""

    data: bytes
    conversions: tuple[Conversion, ...]


def repair(data: bytes, choose: Choice = certain, *, signed_too: bool = False) -> Repair:
    """Repair the chosen texts of a workbook: by default every certain one.

    Raises:
        WorkbookError: the data is not an acceptable workbook; BS712 it is signed, and a repair would void that.
    """
    workbook = open_workbook(data)
    judged = survey(workbook).judged
    wanted = without_conflicts(workbook, judged, [item for item in conversions(judged) if choose(item)])
    if not wanted:
        return Repair(data, ())
    if is_signed(workbook.package) and not signed_too:
        raise WorkbookError(
            "BS712",
            "Tệp đã ký số; chuyển mã chữ trong tệp sẽ làm chữ ký mất giá trị.",
            "Chuyển mã trên tệp chưa ký rồi ký lại; nếu vẫn muốn chuyển tệp này, thêm --force.",
        )
    repairing = _Repairing(workbook, wanted)
    repaired = workbook.package.with_parts(repairing.changes())
    done = {item.piece for item in repairing.done}
    for item in wanted:
        if item.piece.kind == SHEET_NAME:
            try:
                repaired = rename_sheet(repaired, item.before, item.after)
            except WorkbookError:
                continue  # the name is taken or not allowed; the finding stays
            done.add(item.piece)
    return Repair(repaired, tuple(item for item in wanted if item.piece in done)) if done else Repair(data, ())


class _Repairing:
    """One repair: the conversions written part by part; ``done`` are those that the file could take."""

    def __init__(self, workbook: Workbook, wanted: Sequence[Conversion]) -> None:
        self.done: list[Conversion] = []
        self._workbook, self._editor = workbook, TextEditor(workbook)
        self._cells: dict[str, dict[tuple[int, int], list[Conversion]]] = defaultdict(lambda: defaultdict(list))
        self._spots: dict[str, dict[int, list[Conversion]]] = defaultdict(lambda: defaultdict(list))
        self._sheets = {item.before: item.after for item in wanted if item.piece.kind == SHEET_NAME}
        for item in wanted:
            piece = item.piece
            if piece.kind in (CELL, FORMULA):
                self._cells[piece.sheet][piece.at].append(item)
            elif piece.part:
                self._spots[piece.part][piece.at[0]].append(item)

    def changes(self) -> Mapping[str, bytes | None]:
        """The parts as they are after the repair."""
        for sheet, cells in self._cells.items():
            self._write_cells(self._workbook.read_sheet(sheet), cells)
        parts = self._parts()
        names, columns = self._write_spots(parts)
        if names or columns:
            self._editor.rename(names, columns, iter(parts))
        if self._sheets or names:
            self._editor.retitle(self._sheets | names)
        if self._must_recalculate():
            self._editor.recalculate_on_opening()
        return self._editor.changes()

    def _parts(self) -> list[TextPart]:
        sheets = [part for entry in self._workbook.sheets for part in text_parts(self._workbook, entry)]
        return [*sheets, *book_parts(self._workbook)]

    def _write_cells(self, sheet: Sheet, cells: Mapping[tuple[int, int], list[Conversion]]) -> None:
        new = {place: self._new_cell(sheet.cells[place], items) for place, items in cells.items()}
        refused = self._editor.write_cells(sheet.name, new)
        for place, items in cells.items():
            if place not in refused:
                self.done += items

    def _new_cell(self, cell: Cell, items: Iterable[Conversion]) -> NewCell:
        runs = {item.piece.index: item for item in items if item.piece.kind == CELL}
        strings = {item.piece.index: item.after for item in items if item.piece.kind == FORMULA}
        font = _style_font(cell, runs)
        return NewCell(
            {
                index: NewRun(item.after, "" if item.piece.inherited and font else item.new_font)
                for index, item in runs.items()
            },
            font,
            strings,
        )

    def _write_spots(self, parts: Iterable[TextPart]) -> tuple[dict[str, str], dict[str, str]]:
        """Write the spots; returns the names and the columns of tables that are called otherwise now."""
        names: dict[str, str] = {}
        columns: dict[str, str] = {}
        for part in parts:
            wanted = self._spots.get(part.name)
            if not wanted:
                continue
            spots = self._editor.spots(part)
            for number, items in wanted.items():
                spot = spots[number]
                if not self._write_spot(spot, items):
                    continue
                self.done += items
                self._editor.touch(part.name)
                if spot.kind in _NAMES and spot.attribute in ("name", "displayName"):
                    names[spot.content] = items[0].after
                elif spot.kind is SpotKind.TABLE_COLUMN:
                    columns[items[0].before] = items[0].after
            if part.kind in _DRAWN and not _others_left(spots, wanted):
                self._editor.replace_typefaces(part.name, unicode_font)
        return names, columns

    def _write_spot(self, spot: Spot, items: Sequence[Conversion]) -> bool:
        after = {item.piece.index: item for item in items}
        if spot.nature is Nature.FORMULA:
            spot.write(with_strings(spot.content, {index: item.after for index, item in after.items()}))
        elif spot.nature is Nature.CODES:
            words = {index: NewWords(item.after, item.new_font) for index, item in after.items()}
            header = with_words(spot.content, words)
            if len(header) > LONGEST:
                return False
            spot.write(header)
        else:
            spot.write(after[0].after)
            if after[0].new_font:
                spot.write_font(after[0].new_font)
        return True

    def _must_recalculate(self) -> bool:
        """Whether some formula shows what it made of the old letters: the program must calculate anew."""
        cells = [(item.piece.sheet, item.piece.at) for item in self.done if item.piece.kind in (CELL, FORMULA)]
        sheets = {entry.name: self._workbook.read_sheet(entry.name) for entry in self._workbook.sheets}
        if any(sheets[sheet].cells[place].formula is not None for sheet, place in cells):
            return True
        return any(
            cell.formula is not None and _COUNTS_LETTERS.search(cell.formula)
            for entry in self._workbook.sheets
            if cells and not is_ours(entry)
            for cell in sheets[entry.name].cells.values()
        )


def _style_font(cell: Cell, runs: Mapping[int, Conversion]) -> str:
    """The font that the cell's style takes; ``""`` where other words of the cell still need the old one."""
    inherited = [item for item in runs.values() if item.piece.inherited]
    if not inherited or not (font := inherited[0].new_font):
        return ""
    if len(runs_of(cell)) == 1:
        return font
    others = [text for index, (text, own) in enumerate(runs_of(cell)) if not own and index not in runs]
    drawn_tall = is_capitals_font(inherited[0].font)
    return font if all(text.isascii() and not (drawn_tall and text.upper() != text) for text in others) else ""


def _others_left(spots: Sequence[Spot], wanted: Mapping[int, object]) -> bool:
    """Whether some words of a drawing beyond ASCII stay as they are, and so need the font they have."""
    return any(not spot.content.isascii() and number not in wanted for number, spot in enumerate(spots))
