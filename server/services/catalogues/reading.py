"""A catalogue read back from its workbook: headings found by their words, every cell as clean text or a finding."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from formulas.text.detection import Certainty, detect
from server.services.catalogues import findings as said
from server.services.catalogues.drawing import LISTS
from server.services.catalogues.kinds import CODE, PARENT, SEPARATOR, Field, Kind
from server.services.uploads import open_upload
from workbooks.address import address
from workbooks.finding import Finding
from workbooks.sheet import Cell, CellError, Sheet
from workbooks.workbook import Workbook

MOST_LINES: Final = 20_000
_HEADINGS_WITHIN: Final = 20
_LONGEST: Final = 2_000
# In place of what a cell that was told says, so that it does not also count as missing; no clean text can be this.
UNREADABLE: Final = "\0"
_LIST: Final = re.compile(r"[;|]")


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it stands in the workbook: field key → clean text; lists are parted as they are stored."""

    row: int
    texts: Mapping[str, str]


@dataclass
class CatalogueSheet:
    """The sheet of a catalogue as read, with what was wrong with its cells.

    Attributes:
        taken: fingerprint of the catalogue when the workbook was taken away, or "" where it does not say.
    """

    kind: Kind
    name: str
    columns: dict[str, int] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    taken: str = ""

    def place(self, line: Line, key: str) -> str:
        """Address of a field of a line."""
        return address(line.row, self.columns[key])

    def layout(self, reason: str, cell: str = "") -> None:
        """Notes that the sheet is not laid out as exported."""
        self.findings.append(said.LAYOUT.at(self.name, cell, title=self.kind.title, reason=reason))


def read_catalogue(data: bytes, kind: Kind) -> CatalogueSheet:
    """Reads a workbook as the catalogue. Raises WorkbookError where it is no workbook that can be accepted."""
    workbook = open_upload(data)
    read = CatalogueSheet(kind, kind.title)
    if not any(unicodedata.normalize("NFC", entry.name) == kind.title for entry in workbook.sheets):
        read.layout("tệp không có trang này.")
        return read
    name = next(e.name for e in workbook.sheets if unicodedata.normalize("NFC", e.name) == kind.title)
    sheet = workbook.read_sheet(name)
    if any(entry.name == LISTS for entry in workbook.sheets):
        read.taken = _plain(workbook.read_sheet(LISTS).cell(1, 1).value)
    start = _headings(sheet, read)
    if not read.findings:
        _Lines(workbook, sheet, read).read(start + 1)
    return read


def _headings(sheet: Sheet, read: CatalogueSheet) -> int:
    """Finds the row of headings, and which column each field has; gives its number."""
    first = read.kind.fields[0].title
    rows = (row for row, column in sorted(sheet.cells) if column == 1 and row <= _HEADINGS_WITHIN)
    start = next((row for row in rows if _plain(sheet.cell(row, 1).value) == first), 0)
    if not start:
        read.layout(f"không thấy dòng tiêu đề bắt đầu bằng “{first}”.")
        return 0
    titles = {one.title: one.key for one in read.kind.fields}
    for row, column in sorted(sheet.cells):
        text = _plain(sheet.cell(row, column).value) if row == start else ""
        if not text:
            continue
        if text not in titles:
            read.layout(f"cột “{text[:60]}” không có trong danh mục này.", address(row, column))
        elif titles[text] in read.columns:
            read.layout(f"cột “{text}” có hai lần.", address(row, column))
        else:
            read.columns[titles[text]] = column
    for one in read.kind.fields:
        if one.key not in read.columns:
            read.layout(f"thiếu cột “{one.title}”.", address(start, 1))
    return start


class _Lines:
    """Reads the lines below the headings."""

    def __init__(self, workbook: Workbook, sheet: Sheet, read: CatalogueSheet) -> None:
        self._workbook = workbook
        self._sheet = sheet
        self._read = read

    def read(self, first: int) -> None:
        """Fills ``lines``; a line with nothing in any known column is passed over."""
        known = set(self._read.columns.values())
        rows = sorted({row for row, column in self._sheet.cells if row >= first and column in known})
        for row in rows:
            texts = {one.key: self._text(row, one) for one in self._read.kind.fields}
            if not any(texts.values()):
                continue
            if len(self._read.lines) == MOST_LINES:
                self._read.layout(f"nhiều hơn {MOST_LINES} mục.", address(row, 1))
                return
            self._read.lines.append(Line(row, texts))

    def _text(self, row: int, one: Field) -> str:
        cell = self._sheet.cell(row, self._read.columns[one.key])
        reasons = list(self._reasons(cell, one))
        for reason in reasons:
            at = address(row, self._read.columns[one.key])
            self._read.findings.append(said.CELL.at(self._read.name, at, title=one.title, reason=reason))
        text = UNREADABLE if reasons else _plain(cell.value)
        if not one.many:
            return text
        return SEPARATOR.join(filter(None, (item.strip() for item in _LIST.split(text))))

    def _reasons(self, cell: Cell, one: Field) -> Iterator[str]:
        if cell.formula is not None:
            yield "ô là công thức."
            return
        if isinstance(cell.value, CellError | bool):
            yield f"ô chứa {cell.value}."
        elif isinstance(cell.value, float) and one.key in (CODE, PARENT):
            yield f"mã {_plain(cell.value)} là số, không phải chữ."
        elif isinstance(cell.value, str):
            yield from self._bad_text(cell)

    def _bad_text(self, cell: Cell) -> Iterator[str]:
        text = _plain(cell.value)
        if len(text) > _LONGEST:
            yield f"dài {len(text)} ký tự, nhiều nhất {_LONGEST}."
        elif not text.isprintable():
            yield "có ký tự điều khiển."
        else:
            found = detect(text, self._workbook.font_of(cell.style))
            if found is not None and found.certainty is Certainty.CERTAIN and not found.mixed:
                yield f"viết bằng bảng mã {found.encoding.value}, đọc là “{found.reading[:60]}”."


def _plain(value: object) -> str:
    """A value as one line of composed text; a whole number without its point."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return " ".join(unicodedata.normalize("NFC", str(value)).split()) if value is not None else ""
