"""A spec kept as a workbook: lists of rows and columns that owners of forms fill in Excel.

====== ============================================================
BS342  the list is not as it must be; the finding names sheet and cell
====== ============================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from form_templates.codebook import plain_text
from form_templates.errors import FormError
from form_templates.spec import FormSpec, spec_of
from form_templates.spec_words import FORM, FORM_SHEET, TABLES, YES, Heading, Shape
from workbooks.address import address
from workbooks.errors import WorkbookError
from workbooks.finding import Finding, Severity
from workbooks.sheet import Cell, Sheet
from workbooks.workbook import Workbook, open_workbook

_REMEDY: Final = "Hãy sửa ô này trong danh mục rồi vẽ lại biểu."
_MOST_LINES: Final = 2_000
_SUBJECTS: Final = {"Cột": "Cột", "Dòng": "Dòng", "Vùng": "Vùng lặp", "Quy tắc": "Quy tắc"}
_NTH: Final = re.compile(r"Ở (columns|rows|regions|rules) thứ ([0-9]+)(?:, [a-z_]+)?: ")
_OF_FORM: Final = re.compile(r"Ở biểu: ")
_SUBJECT: Final = re.compile(rf"({'|'.join(_SUBJECTS)}) ([^:]+): ")
_DOUBLE: Final = re.compile(r"Mã (dòng|cột|quy tắc) (\S+) có")
_TOPICS: Final = {"công thức": "formula", "quan hệ": "relation", "đơn vị tính": "unit"}
"""Of faults that name no field: what they are about."""
FieldValue = str | int | bool | list[str] | dict[str, str] | None
_ASIDE: Final = re.compile(r" \((?:calc|carry|text|unit|count)\)")
_FIELD: Final = re.compile(
    r"“([a-z_]+)”|\b(formula_by_unit|formulas?|aggregate|aggregation|not_applicable|carry|count)\b"
)


def read_spec_workbook(data: bytes) -> FormSpec:
    """The spec that a workbook lists. Raises FormError with every fault (BS342), each with its sheet and cell."""
    try:
        workbook = open_workbook(data)
        reader = _Reader(workbook)
        document = reader.document()
    except WorkbookError as error:
        raise FormError([error.finding]) from error
    if reader.faults:
        raise FormError(reader.faults)
    try:
        return spec_of(document)
    except FormError as error:
        raise FormError([reader.placed(finding.message) for finding in error.findings]) from error


@dataclass
class _Reader:
    """Reads the sheets into a document of TOML's shape, and knows afterwards where everything stood."""

    workbook: Workbook
    faults: list[Finding] = field(default_factory=list)
    lines: dict[str, list[int]] = field(default_factory=dict)
    columns: dict[tuple[str, str], int] = field(default_factory=dict)
    codes: dict[tuple[str, str], int] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = dict(self._form())
        for sheet, (name, headings) in TABLES.items():
            found[name] = [*self._table(sheet, headings)]
        return {name: value for name, value in found.items() if value != []}

    def placed(self, message: str) -> Finding:
        """A fault of the spec, told in the words of the workbook, with the cell where it is."""
        sheet, row, told = self._place(message)
        named = _FIELD.search(told)
        about = (named[1] or named[2]) if named else _topic(told)
        at = self.columns.get((sheet, about), 1)
        if sheet == FORM_SHEET:
            row, at = self.codes.get((sheet, about), row), 2
        told = _ASIDE.sub("", told)
        told = _FIELD.sub(lambda match: f"“{_title(sheet, match[1] or match[2])}”", told)
        cell = address(row, at) if sheet else ""
        return Finding("BS342", Severity.ERROR, told[:1].upper() + told[1:], _REMEDY, sheet=sheet, cell=cell)

    def _place(self, message: str) -> tuple[str, int, str]:
        names = {name: sheet for sheet, (name, _) in TABLES.items()}
        if nth := _NTH.match(message):
            sheet = names[nth[1]]
            lines = self.lines.get(sheet, [])
            return sheet, lines[int(nth[2]) - 1] if int(nth[2]) <= len(lines) else 1, message[nth.end() :]
        if of_form := _OF_FORM.match(message):
            return FORM_SHEET, 1, message[of_form.end() :]
        if subject := _SUBJECT.match(message):
            sheet = _SUBJECTS[subject[1]]
            return sheet, self.codes.get((sheet, subject[2].partition(".")[0]), 1), message
        if double := _DOUBLE.match(message):
            sheet = double[1].capitalize()
            return sheet, self.codes.get((sheet, double[2]), 1), message
        return "", 1, message

    def _sheet(self, name: str) -> Sheet | None:
        if any(entry.name == name for entry in self.workbook.sheets):
            return self.workbook.read_sheet(name)
        if name not in {"Vùng lặp", "Quy tắc"}:
            message = f"Danh mục không có trang “{name}”."
            self.faults.append(Finding("BS342", Severity.ERROR, message, "Lấy mẫu bằng bieuso form new --blank."))
        return None

    def _form(self) -> Iterator[tuple[str, Any]]:
        sheet = self._sheet(FORM_SHEET)
        if sheet is None:
            return
        fields = {heading.title: heading for heading in FORM}
        for row in range(1, min(_last_row(sheet), _MOST_LINES) + 1):
            name = plain_text(sheet.cell(row, 1).value)
            if name in fields:
                self.codes[FORM_SHEET, fields[name].field] = row
                value = self._value(sheet, row, 2, fields[name])
                if value is not None:
                    yield fields[name].field, value
            elif name and name != "Mục":
                self._wrong(sheet, row, 1, f"Không có mục “{name}”.")

    def _table(self, name: str, headings: tuple[Heading, ...]) -> Iterator[dict[str, Any]]:
        sheet = self._sheet(name)
        if sheet is None:
            return
        columns = self._columns(sheet, headings)
        last = _last_row(sheet)
        if last > _MOST_LINES:
            self._wrong(sheet, _MOST_LINES, 1, f"Danh mục dài quá {_MOST_LINES} dòng.")
        for row in range(2, min(last, _MOST_LINES) + 1):
            line = {heading.field: self._value(sheet, row, at, heading) for at, heading in columns.items()}
            given = {name: value for name, value in line.items() if value is not None}
            if not given:
                continue
            self.lines.setdefault(sheet.name, []).append(row)
            self.codes.setdefault((sheet.name, str(given.get("code") or given.get("label", ""))), row)
            yield _nested(given)

    def _columns(self, sheet: Sheet, headings: tuple[Heading, ...]) -> dict[int, Heading]:
        known = {heading.title: heading for heading in headings}
        found: dict[int, Heading] = {}
        for at in sorted(column for row, column in sheet.cells if row == 1):
            title = plain_text(sheet.cell(1, at).value)
            if title not in known:
                if title:
                    self._wrong(sheet, 1, at, f"Không có cột tên “{title}”; chỉ dùng: {', '.join(known)}.")
                continue
            found[at] = known[title]
            self.columns.setdefault((sheet.name, known[title].field.partition(".")[0]), at)
        return found

    def _value(self, sheet: Sheet, row: int, column: int, heading: Heading) -> FieldValue:
        """What a cell says for a field; None where it says nothing."""
        cell = sheet.cell(row, column)
        if cell.formula is not None:
            message = "Excel đã hiểu nội dung là công thức; hãy định dạng ô là Text (Văn bản) rồi gõ lại."
            self._wrong(sheet, row, column, message)
            return None
        text = plain_text(cell.value)
        if not text:
            return None
        return self._shaped(sheet, (row, column), cell, text, heading)

    def _shaped(self, sheet: Sheet, at: tuple[int, int], cell: Cell, text: str, heading: Heading) -> FieldValue:
        match heading.shape:
            case Shape.ROW_CODE:
                return text.zfill(2) if not isinstance(cell.value, str) else text
            case Shape.NUMBER:
                return self._number(sheet, at, text)
            case Shape.WORD | Shape.YES:
                return self._word(sheet, at, text, heading)
            case Shape.LIST | Shape.CONDITIONS:
                separators = "[,;]" if heading.shape is Shape.LIST else ";"
                return [item.strip() for item in re.split(separators, text) if item.strip()]
            case Shape.MAP:
                return self._map(sheet, at, text)
            case _:
                return text

    def _number(self, sheet: Sheet, at: tuple[int, int], text: str) -> int | None:
        if text.isascii() and text.isdigit():
            return int(text[:9])
        self._wrong(sheet, *at, f"“{text}” phải là số nguyên không âm.")
        return None

    def _word(self, sheet: Sheet, at: tuple[int, int], text: str, heading: Heading) -> str | bool | None:
        words = heading.words or {}
        if text in words:
            return text == YES if heading.shape is Shape.YES else words[text]
        self._wrong(sheet, *at, f"Không hiểu “{text}”; chỉ dùng: {', '.join(words)}.")
        return None

    def _map(self, sheet: Sheet, at: tuple[int, int], text: str) -> dict[str, str] | None:
        """``5: c6*10/c4; 6: =03+06``."""
        pairs = [part.partition(":") for part in text.split(";") if part.strip()]
        if all(name.strip() and colon and formula.strip() for name, colon, formula in pairs):
            return {name.strip(): formula.strip() for name, _, formula in pairs}
        self._wrong(sheet, *at, f"Không hiểu “{text}”; ghi như 5: c6*10/c4; 6: =03+06.")
        return None

    def _wrong(self, sheet: Sheet, row: int, column: int, message: str) -> None:
        cell = address(row, column)
        self.faults.append(Finding("BS342", Severity.ERROR, message, _REMEDY, sheet=sheet.name, cell=cell))


def _nested(line: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of fields as tables of their own: ``carry.column`` → ``{"carry": {"column": …}}``."""
    found: dict[str, Any] = {}
    for name, value in line.items():
        outer, dot, inner = name.partition(".")
        if dot:
            found.setdefault(outer, {})[inner] = value
        else:
            found[name] = value
    return found


def _topic(message: str) -> str:
    folded = message.casefold()
    return next((name for word, name in _TOPICS.items() if word in folded), "")


def _title(sheet: str, field_name: str) -> str:
    headings = FORM if sheet == FORM_SHEET else TABLES[sheet][1] if sheet in TABLES else ()
    return next((heading.title for heading in headings if heading.field.split(".")[0] == field_name), field_name)


def _last_row(sheet: Sheet) -> int:
    return max((row for row, _ in sheet.cells), default=0)
