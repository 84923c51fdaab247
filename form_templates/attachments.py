"""The sheet "Tệp kèm theo": names, sizes and SHA-256 of the files that go with a form (C57), written before signing.

The signature of the workbook covers this sheet, and so every file on it. Forms are issued without the sheet; it comes
in with the first list.

====== ============================================================
BS854  the list was tampered with, or is none
BS856  a list for a workbook that is signed already
====== ============================================================
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from form_templates import definition
from form_templates.attached_files import (
    KINDS,
    MOST_FILES,
    faults_of,
    kind_of,
    name_fault,
    not_allowed,
    plain_name,
    same_name,
    size_fault,
)
from form_templates.attachments_drawing import FIRST, HEADINGS, HEADINGS_AT, draw_list
from form_templates.errors import FormError
from workbooks.address import address
from workbooks.errors import WorkbookError
from workbooks.finding import Finding, Severity
from workbooks.new_sheets import NewSheet, put_sheet
from workbooks.references import quote_sheet, unquote_sheet
from workbooks.sheet import Cell, Sheet, Value
from workbooks.styles import Styles
from workbooks.texts import is_signed
from workbooks.workbook import SheetEntry, Workbook, open_workbook

_PART: Final = "/xl/worksheets/attachments.xml"
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_REMEDY: Final = "Lập lại danh sách từ biểu chưa ký, kèm đúng các tệp, rồi ký lại; không sửa tay trang này."
# The number formats that the list is written in, and the one of cells that have none.
_FORMATS: Final = frozenset({"@", "0", "#,##0", "General"})
_INK: Final = ("000000", "FFFFFF")
_SMALLEST: Final = 4.0  # points
_MOST_FINDINGS: Final = 20


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as the list names it: ``size`` in bytes, ``sha256`` in lower-case hexadecimal."""

    name: str
    size: int
    sha256: str

    @classmethod
    def of(cls, name: str, data: bytes) -> Attachment:
        """What the list says of this file."""
        return cls(plain_name(name), len(data), hashlib.sha256(data).hexdigest())

    def to_dict(self) -> dict[str, str | int]:
        """The attachment as JSON has it."""
        return {"name": self.name, "size": self.size, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class AttachmentList:
    """The list of a workbook; with ``findings`` it is not to be relied upon."""

    attachments: tuple[Attachment, ...] = ()
    findings: tuple[Finding, ...] = ()
    sheet: str = ""

    def cell(self, number: int) -> str:
        """Address of the name of a file, counted from 0."""
        return address(FIRST + number, 2)


# -- writing -----------------------------------------------------------------------------------------------------------


def with_attachments(data: bytes, files: Sequence[tuple[str, bytes]]) -> bytes:
    """The workbook with the list of these files (name, content) in place of any it had; all else stays as it is.

    Raises:
        FormError: BS853 for each file that may not be attached; BS854; BS856.
        WorkbookError: the data is not an acceptable workbook.
    """
    workbook = open_workbook(data)
    if is_signed(workbook.package):
        raise FormError.single(
            "BS856",
            "Biểu đã ký nên không thêm, bớt được tệp kèm theo: chữ ký sẽ mất giá trị.",
            "Dùng lại biểu chưa ký, kèm tệp rồi ký.",
        )
    found = _entries(workbook)
    if len(found) > 1:
        raise FormError(_two_sheets(found))
    listed = listed_files(files)
    if not listed and not found:
        return data
    name = found[0].name if found else definition.ATTACHMENTS_SHEET
    content, styles = draw_list(workbook, [*_lines(listed)])
    area = f"{quote_sheet(name)}!$A${FIRST}:$E${FIRST + MOST_FILES - 1}"
    sheet = NewSheet(name, _PART, content, definition.ATTACHMENTS, area)
    return workbook.package.with_parts(put_sheet(workbook, sheet) | styles)


def listed_files(files: Sequence[tuple[str, bytes]]) -> tuple[Attachment, ...]:
    """The list of these files (name, content). Raises FormError: BS853 for each that may not be attached."""
    plain = [(plain_name(name), data) for name, data in files]
    findings = [finding for name, data in plain for finding in faults_of(name, data)]
    names = [same_name(name) for name, _ in plain]
    findings += [
        not_allowed(name, "có hai tệp cùng tên")
        for number, (name, _) in enumerate(plain)
        if same_name(name) in names[:number]
    ]
    if len(plain) > MOST_FILES:
        findings.append(not_allowed(plain[MOST_FILES][0], f"có {len(plain)} tệp, nhiều nhất {MOST_FILES}"))
    if findings:
        raise FormError(findings[:_MOST_FINDINGS])
    return tuple(Attachment.of(name, data) for name, data in plain)


def _lines(listed: Sequence[Attachment]) -> Iterator[tuple[str | int, ...]]:
    for number, one in enumerate(listed, 1):
        yield number, one.name, KINDS[kind_of(one.name)], one.size, one.sha256


# -- reading -----------------------------------------------------------------------------------------------------------


def read_attachments(workbook: Workbook) -> tuple[Attachment, ...]:
    """The files that the workbook lists; of a damaged list the lines that can be read."""
    return read_list(workbook).attachments


def read_list(workbook: Workbook) -> AttachmentList:
    """The list of a workbook, strictly: what a person might take for something else is a finding, never an error."""
    found = _entries(workbook)
    if not found:
        return AttachmentList()
    if len(found) > 1:
        return AttachmentList(findings=tuple(_two_sheets(found)))
    entry = found[0]
    try:
        sheet = workbook.read_sheet(entry.name)
    except WorkbookError as error:
        return AttachmentList(findings=(error.finding,), sheet=entry.name)
    reading = _Reading(sheet, workbook.styles)
    attachments = reading.attachments()
    if sheet.conditions:
        reading.note("có định dạng có điều kiện", "")
    # Drawings, remarks and pictures behind the cells show what is not written in them; how to print does not.
    if any(one.kind != "printerSettings" for one in workbook.package.relationships(entry.part)):
        reading.note("có hình, ghi chú hoặc liên kết, có thể che chữ", "")
    if entry.state != "visible" or sheet.hidden_rows or sheet.hidden_columns:
        reading.note("trang, dòng hoặc cột của danh sách bị ẩn", "")
    return AttachmentList(attachments, tuple(reading.findings), entry.name)


def _entries(workbook: Workbook) -> list[SheetEntry]:
    """The sheets that are, or pass for, the list: the one so called, and the one that the defined name leads to."""
    called = {definition.ATTACHMENTS_SHEET.casefold()}
    for name in workbook.names:
        sheet, mark, _ = name.refers_to.rpartition("!")
        if name.sheet is None and name.name.casefold() == definition.ATTACHMENTS.casefold():
            called.add(unquote_sheet(sheet + mark).casefold())
    return [entry for entry in workbook.sheets if entry.name.casefold() in called]


def _two_sheets(found: Sequence[SheetEntry]) -> list[Finding]:
    names = " và ".join(f"“{entry.name}”" for entry in found)
    message = f"Hai trang {names} cùng tự nhận là danh sách tệp kèm theo."
    return [Finding("BS854", Severity.ERROR, message, _REMEDY)]


class _Reading:
    """One list being read; ``findings`` is what was wrong so far, or the first of it."""

    def __init__(self, sheet: Sheet, styles: Styles) -> None:
        self._sheet = sheet
        self._styles = styles
        self._faults = 0
        self.findings: list[Finding] = []

    def note(self, what: str, cell: str) -> None:
        """Adds a fault. A hostile sheet may have a million; the first ones tell."""
        self._faults += 1
        if self._faults > _MOST_FINDINGS:
            return
        place = f", ô {cell}" if cell else ""
        message = f"Danh sách tệp kèm theo (trang “{self._sheet.name}”{place}) không đọc được: {what}."
        self.findings.append(Finding("BS854", Severity.ERROR, message, _REMEDY, self._sheet.name, cell))

    def attachments(self) -> tuple[Attachment, ...]:
        """The lines that can be read."""
        used = {place: cell for place, cell in self._sheet.cells.items() if place[0] >= HEADINGS_AT and _says(cell)}
        if tuple(self._value(HEADINGS_AT, column) for column in range(1, len(HEADINGS) + 1)) != HEADINGS:
            self.note("hàng tiêu đề đã bị sửa", address(HEADINGS_AT, 1))
        for place, cell in used.items():
            if cell.formula is not None:
                self.note("có công thức", address(*place))
            if not self._shows_as_it_is(cell):
                self.note("định dạng làm chữ không hiện ra, hoặc hiện ra khác", address(*place))
        last = max((row for row, _ in used), default=HEADINGS_AT)
        rows = range(FIRST, min(last, HEADINGS_AT + MOST_FILES) + 1)
        for row, column in used:
            if column > len(HEADINGS) or row > HEADINGS_AT + MOST_FILES:
                self.note("có chữ ngoài danh sách", address(row, column))
        found = [one for row in rows if (one := self._line(row)) is not None]
        names = [same_name(one.name) for one in found]
        for number, name in enumerate(names):
            if name in names[:number]:
                self.note(f"tệp “{found[number].name}” có hai lần", address(FIRST + number, 2))
        return tuple(found)

    def _line(self, row: int) -> Attachment | None:
        number, name, kind, size, sha256 = (self._value(row, column) for column in range(1, len(HEADINGS) + 1))
        before = self._faults
        if number != row - HEADINGS_AT:
            self.note("số thứ tự không liên tục", address(row, 1))
        reason = name_fault(name) if isinstance(name, str) else "thiếu tên tệp"
        if reason:
            self.note(reason, address(row, 2))
        elif kind != KINDS[kind_of(str(name))]:
            self.note("loại không khớp với tên tệp", address(row, 3))
        whole = _whole(size)
        if whole is None or size_fault(whole):
            self.note("số byte không hợp lệ", address(row, 4))
        if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            self.note("mã SHA-256 không đủ 64 chữ số 0-9, a-f", address(row, 5))
        if self._faults > before or whole is None:
            return None
        return Attachment(str(name), whole, str(sha256))

    def _shows_as_it_is(self, cell: Cell) -> bool:
        """Whether whoever signs sees what is written: black on white, in a format that shows nothing else."""
        look = self._styles.look_of(cell.style)
        is_seen = (look.colour, look.background) == _INK and not 0 < look.size < _SMALLEST
        # Within one cell, runs of text may have looks of their own.
        return is_seen and not cell.runs and self._styles.format_of(cell.style) in _FORMATS

    def _value(self, row: int, column: int) -> Value:
        return self._sheet.cell(row, column).value


def _says(cell: Cell) -> bool:
    return cell.value not in (None, "") or cell.formula is not None


def _whole(value: Value) -> int | None:
    """A whole number, or None; sheets keep numbers as floats."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        return None
    return int(value)
