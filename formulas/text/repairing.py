"""Repairing legacy Vietnamese text in place (C07): the certain cells are rewritten in Unicode, their fonts replaced.

Numbers, formulas and plain ASCII are never touched, and doubtful cells are left to the person. A text whose runs had
fonts of their own becomes one run in the font of its cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from formulas.text.detection import Certainty, detect
from formulas.text.encodings import Encoding, encoding_of_font
from formulas.text.scanning import habit_of, is_ours, pieces_of, runs_of
from workbooks import markup
from workbooks.address import address
from workbooks.patch import patch_cells
from workbooks.sheet import Cell
from workbooks.workbook import Workbook, open_workbook

_NAME: Final = f"{{{markup.MAIN}}}fonts/{{{markup.MAIN}}}font/{{{markup.MAIN}}}name"
_LOOKS: Final = {"arial": "Arial", "helve": "Arial", "avant": "Arial", "courier": "Courier New"}


@dataclass(frozen=True, slots=True)
class Conversion:
    """One repaired cell; kept with the upload, so that the change can be shown and undone."""

    sheet: str
    row: int
    column: int
    before: str
    after: str

    @property
    def cell(self) -> str:
        """The address."""
        return address(self.row, self.column)


@dataclass(frozen=True, slots=True)
class Repair:
    """The repaired workbook; the same bytes where nothing was to be done."""

    data: bytes
    conversions: tuple[Conversion, ...]


def repair(data: bytes) -> Repair:
    """Repair every certain text of a workbook.

    Raises:
        WorkbookError: the data is not an acceptable workbook.
    """
    workbook = open_workbook(data)
    conversions = tuple(_conversions(workbook))
    if not conversions:
        return Repair(data, ())
    patches: dict[str, dict[tuple[int, int], str]] = {}
    for item in conversions:
        patches.setdefault(item.sheet, {})[item.row, item.column] = item.after
    patched = patch_cells(data, patches)
    fonts = _unicode_fonts(open_workbook(patched))
    return Repair(open_workbook(patched).package.with_parts(fonts) if fonts else patched, conversions)


def _conversions(workbook: Workbook) -> Iterator[Conversion]:
    for entry in workbook.sheets:
        if is_ours(entry):
            continue
        sheet = workbook.read_sheet(entry.name)
        habit = habit_of(list(pieces_of(sheet, workbook)))
        for (row, column), cell in sheet.cells.items():
            if isinstance(cell.value, str) and cell.formula is None and not cell.value.isascii():
                after = _repaired(cell, workbook.font_of(cell.style), habit)
                if after != cell.value:
                    yield Conversion(entry.name, row, column, cell.value, after)


def _repaired(cell: Cell, font: str, habit: Encoding | None) -> str:
    """The cell's text with its certain runs read in Unicode."""
    texts = []
    for text, own_font in runs_of(cell):
        found = detect(text, own_font or font, expected=habit)
        texts.append(found.reading if found is not None and found.certainty is Certainty.CERTAIN else text)
    return "".join(texts)


def _unicode_fonts(workbook: Workbook) -> dict[str, bytes | None]:
    """The styles part with a Unicode font in place of every legacy one, in which repaired text could not be read."""
    links = workbook.package.relationships(workbook.part)
    part = next((link.target for link in links if link.kind == "styles"), None)
    if part is None:
        return {}
    root = markup.parse_xml(workbook.package.part(part), part)
    legacy = [name for name in root.iterfind(_NAME) if encoding_of_font(name.get("val", "")) is not None]
    for name in legacy:
        looks = name.get("val", "").casefold()
        name.set("val", next((font for word, font in _LOOKS.items() if word in looks), "Times New Roman"))
    return {part: markup.write_xml(root)} if legacy else {}
