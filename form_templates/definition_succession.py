"""What the definition sheet, or a spec, says of the version before: read, checked, and drawn.

What cannot be understood is BS321, as elsewhere on the sheet; what contradicts the form is told by
``form_templates.succession``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from form_templates import definition
from form_templates.codebook import Codebook, plain_text
from form_templates.definition import Section
from form_templates.errors import Faults
from form_templates.measures import Measures
from form_templates.model import FormVersion, Link, Succession, Table
from form_templates.spec_fields import Fields
from form_templates.succession import MOST_DIGITS, Axis, LinkFault, faults_against, own_faults
from workbooks.finding import Finding
from workbooks.sheet import Cell, Sheet, Value
from workbooks.workbook import Workbook, open_workbook

_MOST_LINKS: Final = 2_000
_REMEDY: Final = f"Hãy sửa ô này trên trang “{definition.SHEET}”."
_CODE: Final = re.compile(r"[0-9]{1,3}\*?|[1-9][0-9]?(?:kt|ck)")
_CODE_OR_NONE: Final = re.compile(f"(?:{_CODE.pattern})?")
_NUMBER: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")
_VERSION: Final = re.compile(r"[1-9][0-9]{0,3}")


@dataclass(frozen=True)
class DeclaredSuccession:
    """The succession as declared, and the sheet row of each of its links (0 for the version before)."""

    succession: Succession
    at: Mapping[tuple[Axis, Link], int]


def read_succession(workbook: Workbook, table: Table, faults: Faults) -> DeclaredSuccession:
    """What the sheet declares for the form's table; a succession from version "" where it declares nothing."""
    if not any(entry.name == definition.SHEET for entry in workbook.sheets):
        return DeclaredSuccession(Succession(""), {})
    return _Reader(workbook.read_sheet(definition.SHEET), _codes(table), faults).declared()


def note_faults(declared: DeclaredSuccession, version: FormVersion, faults: Faults) -> None:
    """Notes what is wrong with the declared succession as far as the version itself tells, each at its line."""
    for fault in own_faults(version):
        faults.note(fault.code, fault.message, fault.remedy, definition.SHEET, _place(declared, fault))


def findings_against(
    template: bytes, old: FormVersion, new: FormVersion, measures: Measures | None = None
) -> tuple[Finding, ...]:
    """What is wrong with how a template continues the stored version before it, each at its line.

    ``measures`` as for `faults_against`.

    Raises:
        WorkbookError: the template cannot be read.
    """
    declared, faults = read_succession(open_workbook(template), new.tables[0], Faults()), Faults()
    for fault in faults_against(old, new, measures):
        faults.note(fault.code, fault.message, fault.remedy, definition.SHEET, _place(declared, fault))
    return tuple(faults.found)


def succession_of(declared: DeclaredSuccession) -> Succession | None:
    """The succession, or None where the sheet declares none."""
    return declared.succession if declared.succession.version else None


def spec_succession(fields: Fields | None) -> Succession | None:
    """The table ``[succession]`` of a spec, with ``[[succession.rows]]`` and ``[[succession.columns]]``."""
    if fields is None:
        return None
    return Succession(
        fields.text("version", pattern=_VERSION),
        tuple(_spec_link(link) for link in fields.tables("rows", required=False)),
        tuple(_spec_link(link) for link in fields.tables("columns", required=False)),
    )


def succession_lines(succession: Succession | None) -> list[tuple[str, ...]]:
    """The lines of the table on the definition sheet."""
    if succession is None:
        return []
    axes = (Axis.ROW, succession.rows), (Axis.COLUMN, succession.columns)
    return [(axis.value, link.old, link.new, link.share, link.factor) for axis, links in axes for link in links]


# -- inside ------------------------------------------------------------------------------------------------------------


class _Reader:
    """Reads the entry and the table."""

    def __init__(self, sheet: Sheet, codes: Mapping[Axis, Sequence[str]], faults: Faults) -> None:
        self._sheet = sheet
        self._books = {axis: Codebook(known) for axis, known in codes.items()}
        self._faults = faults
        self._titles = {self._text(row, 1).casefold(): row for row, column in sorted(sheet.cells) if column == 1}

    def declared(self) -> DeclaredSuccession:
        links: dict[Axis, list[Link]] = {axis: [] for axis in Axis}
        at: dict[tuple[Axis, Link], int] = {}
        for row in self._lines():
            axis, link = self._link(row)
            links[axis].append(link)
            at[axis, link] = row
        version = self._version(bool(at))
        return DeclaredSuccession(Succession(version, tuple(links[Axis.ROW]), tuple(links[Axis.COLUMN])), at)

    def _version(self, needed: bool) -> str:
        row = self._titles.get(definition.PREVIOUS.casefold())
        text = "" if row is None else self._text(row, 2)
        if text and not _VERSION.fullmatch(text):
            self._wrong(f"{definition.PREVIOUS} “{text}” phải là số phiên bản, như 1.", (row or 1, 2))
        elif needed and not text:
            message = f"Có bảng “{Section.SUCCESSION.value}” mà thiếu “{definition.PREVIOUS}” ở bảng I."
            self._wrong(message, (row or 1, 2))
        return text if _VERSION.fullmatch(text) else ""

    def _lines(self) -> Iterator[int]:
        title = self._titles.get(Section.SUCCESSION.value.casefold())
        if title is None:
            return
        for row in range(title + 2, title + 2 + _MOST_LINKS):
            if not any(self._text(row, column) for column in (1, 2, 3)):
                return
            yield row

    def _link(self, row: int) -> tuple[Axis, Link]:
        axis = next((one for one in Axis if one.value == self._text(row, 1).casefold()), None)
        if axis is None:
            self._wrong(f"Không hiểu “{self._text(row, 1)}”; chỉ dùng: {', '.join(Axis)}.", (row, 1))
        old, new = self._code(row, 2, axis), self._code(row, 3, axis)
        if not old:
            self._wrong("Chưa ghi mã cũ.", (row, 2))
        return axis or Axis.ROW, Link(old, new, self._number(row, 4, share=True), self._number(row, 5, share=False))

    def _code(self, row: int, column: int, axis: Axis | None) -> str:
        """A code as published: Excel makes a number of ``05``."""
        text = self._text(row, column)
        if text and not _CODE.fullmatch(text):
            self._wrong(f"Mã “{text[:40]}” không phải mã dòng hay số cột.", (row, column))
            return ""
        known = self._books[axis].match(text) if axis else None
        return known or (text.zfill(2) if axis is Axis.ROW and text.isdecimal() else text)

    def _number(self, row: int, column: int, *, share: bool) -> str:
        cell = self._sheet.cell(row, column)
        number = _decimal(cell)
        if number is None or not number > 0 or (share and number > 1):
            what = "Tỷ lệ phải là một số lớn hơn 0, không quá 1" if share else "Hệ số phải là một số lớn hơn 0"
            self._wrong(f"{what}, không phải công thức; đang là “{plain_text(cell.value)[:40]}”.", (row, column))
            return "1"
        return _plain(number)

    def _text(self, row: int, column: int) -> str:
        return plain_text(self._sheet.cell(row, column).value)

    def _wrong(self, message: str, at: tuple[int, int]) -> None:
        self._faults.note("BS321", message, _REMEDY, definition.SHEET, at)


def _decimal(cell: Cell) -> Decimal | None:
    """The number that people typed (``0,6``, ``0.6`` or ``60%``); 1 where the cell is blank, None for anything else."""
    value: Value = cell.value
    if cell.formula is not None or isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        text, percent = repr(float(value)), ""
    else:
        text, percent, _ = plain_text(value).replace(",", ".").partition("%")
    try:
        number = Decimal(text.strip() or "1") / (100 if percent else 1)
    except InvalidOperation:
        return None
    return number if number.is_finite() and len(number.as_tuple().digits) <= MOST_DIGITS else None


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _spec_link(fields: Fields) -> Link:
    share = fields.text("share", default="1", pattern=_NUMBER)
    factor = fields.text("factor", default="1", pattern=_NUMBER)
    return Link(
        fields.text("old", pattern=_CODE),
        fields.text("new", default="", pattern=_CODE_OR_NONE),
        *(_plain(Decimal(text)) if _NUMBER.fullmatch(text) else "1" for text in (share, factor)),
    )


def _codes(table: Table) -> dict[Axis, list[str]]:
    """The codes of the form, which say how a code that Excel made a number was written."""
    rows = [*(row.code for row in table.rows), *(region.code for region in table.regions)]
    return {Axis.ROW: rows, Axis.COLUMN: [column.code for column in table.columns]}


def _place(declared: DeclaredSuccession, fault: LinkFault) -> tuple[int, int] | None:
    if fault.axis is None or fault.link is None:
        return None
    row = declared.at.get((fault.axis, fault.link))
    return None if row is None else (row, {"BS384": 4, "BS385": 5}.get(fault.code, 2))
