"""Report forms (V28): official tables that nobody fills, assembled from the figures that input forms brought in.

A report template is drawn like an input template, with one more sheet, "Nguồn số liệu", on which its owner says where
the figure of every cell without formula comes from. Each line speaks for all the cells of its rows and columns:

    Dòng | Cột | Từ biểu | Dòng nguồn | Cột nguồn | Kỳ

``Dòng nguồn`` and ``Cột nguồn`` are left empty where they are the same codes. A report form is a type of its own:
it is never issued, filled or accepted.

====== ============================================================
BS335  the sheet of sources is missing, or one of its lines is wrong
BS336  a cell of the report has no source, or more than one
====== ============================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from form_templates import serial
from form_templates.codebook import plain_text
from form_templates.compile import compile_template
from form_templates.errors import Faults, FormError
from form_templates.model import CellKey, CellKind, FormVersion
from form_templates.period import Period, PeriodKind
from workbooks.sheet import Sheet
from workbooks.workbook import Workbook, open_workbook

SOURCES_SHEET: Final = "Nguồn số liệu"
TRACES_SHEET: Final = "Truy nguồn"
"""Filled when the report is assembled: what every figure was taken from."""

HEADINGS: Final = ("Dòng", "Cột", "Từ biểu", "Dòng nguồn", "Cột nguồn", "Kỳ")
TRACE_HEADINGS: Final = ("Dòng", "Cột", "Giá trị", "Từ biểu", "Phiên bản", "Dòng nguồn", "Cột nguồn", "Kỳ", "Ghi chú")
FIRST_LINE: Final = 3
_MAX_LINES: Final = 2_000
_MAX_SOURCES: Final = 100_000
_EVERYTHING: Final = "*"


class SourcePeriod(StrEnum):
    """The period of the input form that a figure is taken from, seen from the period of the report."""

    SAME = "same"
    PREVIOUS = "previous"
    LAST_YEAR = "last-year"
    LAST_MONTH = "last-month"
    LAST_QUARTER = "last-quarter"
    SUM_OF_MONTHS = "sum-of-months"
    SUM_OF_QUARTERS = "sum-of-quarters"
    LAST_MONTH_LAST_YEAR = "last-month-last-year"
    LAST_QUARTER_LAST_YEAR = "last-quarter-last-year"
    SUM_OF_MONTHS_LAST_YEAR = "sum-of-months-last-year"
    SUM_OF_QUARTERS_LAST_YEAR = "sum-of-quarters-last-year"


WORDS: Final = {
    SourcePeriod.SAME: "kỳ báo cáo",
    SourcePeriod.PREVIOUS: "kỳ trước",
    SourcePeriod.LAST_YEAR: "cùng kỳ năm trước",
    SourcePeriod.LAST_MONTH: "tháng cuối kỳ",
    SourcePeriod.LAST_QUARTER: "quý cuối kỳ",
    SourcePeriod.SUM_OF_MONTHS: "cộng các tháng",
    SourcePeriod.SUM_OF_QUARTERS: "cộng các quý",
    SourcePeriod.LAST_MONTH_LAST_YEAR: "tháng cuối kỳ năm trước",
    SourcePeriod.LAST_QUARTER_LAST_YEAR: "quý cuối kỳ năm trước",
    SourcePeriod.SUM_OF_MONTHS_LAST_YEAR: "cộng các tháng năm trước",
    SourcePeriod.SUM_OF_QUARTERS_LAST_YEAR: "cộng các quý năm trước",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where the figure of ``key`` comes from: a cell of table T1 of an input form, in the period that is meant."""

    key: CellKey
    form: str
    row: str
    column: str
    period: SourcePeriod


@dataclass(frozen=True)
class ReportForm:
    """A report form: the grid as it was drawn and compiled, and a source for each of its cells without formula."""

    grid: FormVersion
    sources: tuple[Source, ...]

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """The input forms that the report reads, sorted."""
        return tuple(sorted({source.form for source in self.sources}))


def to_json(report: ReportForm) -> str:
    """Canonical JSON, as of form versions."""
    return serial.dump("report", report)


def from_json(text: str) -> ReportForm:
    """The report form a text holds. Raises FormError (BS340)."""
    return serial.load("report", ReportForm, text)


def is_report(workbook: Workbook) -> bool:
    """Whether a template is one of a report form, even one that lost a sheet of its kind."""
    return any(entry.name in (SOURCES_SHEET, TRACES_SHEET) for entry in workbook.sheets)


def compile_report(data: bytes) -> ReportForm:
    """The report form that a template describes. Raises FormError with every fault found, WorkbookError."""
    workbook = open_workbook(data)
    faults = Faults()
    if not is_report(workbook):
        remedy = "Biểu nhập liệu ban hành bằng lệnh bieuso form publish; biểu báo cáo phải có trang này."
        raise FormError.single("BS335", f"Biểu không có trang “{SOURCES_SHEET}”.", remedy)
    grid = compile_template(data)
    sources = read_sources(workbook, grid, faults)
    faults.refuse()
    return ReportForm(grid, tuple(source for source, _ in sources))


def read_sources(workbook: Workbook, grid: FormVersion, faults: Faults) -> tuple[tuple[Source, int], ...]:
    """Every source of a report template with the sheet row of its line; what is wrong with the sheets is noted."""
    names = {entry.name for entry in workbook.sheets}
    if TRACES_SHEET not in names:
        message = f"Biểu báo cáo không có trang “{TRACES_SHEET}”, nơi ghi nguồn của từng số liệu khi lập."
        faults.note("BS335", message, "Thêm một trang trống có tên này.")
    if SOURCES_SHEET not in names:
        message = f"Biểu báo cáo không có trang “{SOURCES_SHEET}”."
        faults.note("BS335", message, "Đặt lại tên của trang này, hoặc chép nó từ một biểu báo cáo khác.")
        return ()
    sources = tuple(_Lines(workbook.read_sheet(SOURCES_SHEET), grid, faults).sources())
    _check_complete(grid, sources, faults)
    return sources


def source_periods(source: SourcePeriod, period: Period) -> tuple[Period, ...]:
    """The periods whose figures make the figure of a report for ``period``; their values are added.

    Empty where there is none before it (nine months), or none of that length within it (months of a month are it).
    """
    if source in _PARTS:
        kind, last, years = _PARTS[source]
        parts = _within(period.same_last_year() if years else period, kind)
        return parts[-1:] if last else parts
    found = {
        SourcePeriod.SAME: period,
        SourcePeriod.PREVIOUS: period.previous(),
        SourcePeriod.LAST_YEAR: period.same_last_year(),
    }[source]
    return () if found is None else (found,)


# Kind of the periods within, whether only the last of them counts, whether they are those of the year before.
_PARTS: Final = {
    SourcePeriod.LAST_MONTH: (PeriodKind.MONTH, True, False),
    SourcePeriod.LAST_QUARTER: (PeriodKind.QUARTER, True, False),
    SourcePeriod.SUM_OF_MONTHS: (PeriodKind.MONTH, False, False),
    SourcePeriod.SUM_OF_QUARTERS: (PeriodKind.QUARTER, False, False),
    SourcePeriod.LAST_MONTH_LAST_YEAR: (PeriodKind.MONTH, True, True),
    SourcePeriod.LAST_QUARTER_LAST_YEAR: (PeriodKind.QUARTER, True, True),
    SourcePeriod.SUM_OF_MONTHS_LAST_YEAR: (PeriodKind.MONTH, False, True),
    SourcePeriod.SUM_OF_QUARTERS_LAST_YEAR: (PeriodKind.QUARTER, False, True),
}
SUMS: Final = frozenset(source for source, (_, last, _) in _PARTS.items() if not last)
"""Periods whose figures are added."""


def _within(period: Period, kind: PeriodKind) -> tuple[Period, ...]:
    numbers = range(1, 13 if kind is PeriodKind.MONTH else 5)
    parts = (Period(period.year, kind, number) for number in numbers)
    return tuple(one for one in parts if period.first_day <= one.first_day and one.last_day <= period.last_day)


class _Lines:
    """Reads the sheet of sources against the grid it speaks of."""

    def __init__(self, sheet: Sheet, grid: FormVersion, faults: Faults) -> None:
        self._sheet = sheet
        self._grid = grid
        self._table = grid.tables[0]
        self._faults = faults

    def sources(self) -> Iterator[tuple[Source, int]]:
        """Every cell that a line speaks for, and where; cells with a formula and hatched ones are passed over."""
        last = max((row for row, column in self._sheet.cells if column <= len(HEADINGS)), default=0)
        most = FIRST_LINE + _MAX_LINES - 1
        left = _MAX_SOURCES
        for at in range(FIRST_LINE, min(last, most) + 1):
            texts = [self._text(at, column) for column in range(1, len(HEADINGS) + 1)]
            found = [(source, at) for source in self._line(at, texts)] if any(texts) else []
            yield from found
            left -= len(found)
            if left < 0:
                self._wrong(at, 1, f"Các dòng nói quá {_MAX_SOURCES} ô.", "Mỗi ô chỉ ghi một nguồn.")
                return
        if last > most and any(self._text(at, 1) for at in range(most + 1, last + 1)):
            self._wrong(most + 1, 1, f"Trang dài quá {_MAX_LINES} dòng.", "Gộp các dòng cùng biểu nguồn, cùng kỳ.")

    def _line(self, at: int, texts: list[str]) -> Iterator[Source]:
        rows, columns, form, source_rows, source_columns, period = texts
        here = self._codes(at, 1, rows, [row.code for row in self._table.rows])
        across = self._codes(at, 2, columns, [column.code for column in self._table.columns])
        their_rows = _list(source_rows) or here
        their_columns = _list(source_columns) or across
        meant = {word: value for value, word in WORDS.items()}.get(period.lower())
        if not form:
            self._wrong(at, 3, "Chưa ghi lấy từ biểu nào.", "Ghi mã biểu nhập liệu, như KTXH-10.Q.")
        if len(their_rows) != len(here):
            self._wrong(at, 4, "Số dòng nguồn khác số dòng của biểu.", "Ghi mỗi dòng một mã nguồn, đúng thứ tự.")
        elif len(their_columns) != len(across):
            self._wrong(at, 5, "Số cột nguồn khác số cột của biểu.", "Ghi mỗi cột một số hiệu nguồn, đúng thứ tự.")
        elif meant is None:
            self._wrong(at, 6, f"Không hiểu kỳ “{period}”.", f"Chỉ dùng: {', '.join(WORDS.values())}.")
        else:
            for row, their_row in zip(here, their_rows, strict=True):
                for column, their_column in zip(across, their_columns, strict=True):
                    key = CellKey(self._table.code, row, column)
                    if key in self._grid.cell_by_key and self._grid.cell(key).kind in _TAKEN:
                        yield Source(key, form, their_row, their_column, meant)

    def _codes(self, at: int, column: int, text: str, known: list[str]) -> list[str]:
        codes = known if text == _EVERYTHING else _list(text)
        unknown = [code for code in codes if code not in known]
        if unknown or not codes:
            self._wrong(at, column, f"Không có trong biểu: “{', '.join(unknown) or text}”.", "Ghi mã có thật, hoặc *.")
        return [code for code in codes if code in known]

    def _text(self, row: int, column: int) -> str:
        """What is written; a row code typed as a number has lost its zero (1 for 01)."""
        value = self._sheet.cell(row, column).value
        return plain_text(value).zfill(2) if column in _ROW_CODES and isinstance(value, float) else plain_text(value)

    def _wrong(self, at: int, column: int, message: str, remedy: str) -> None:
        self._faults.note("BS335", message, remedy, SOURCES_SHEET, (at, column))


_ROW_CODES: Final = (1, 4)
"""Columns of the sheet that hold row codes."""
_TAKEN: Final = frozenset({CellKind.INPUT, CellKind.CARRY})


def _check_complete(grid: FormVersion, sources: tuple[tuple[Source, int], ...], faults: Faults) -> None:
    table = grid.tables[0]
    counts: dict[CellKey, int] = {}
    for source, _ in sources:
        counts[source.key] = counts.get(source.key, 0) + 1
    rows = {row.code: row.at for row in table.rows}
    columns = {column.code: column.at for column in table.columns}
    if table.regions:
        message = "Biểu báo cáo không có vùng lặp: số dòng phải cố định."
        faults.note("BS336", message, "Bỏ vùng lặp khỏi biểu báo cáo.", table.sheet, (table.regions[0].first, 1))
    for cell in table.cells:
        if cell.kind not in _TAKEN or cell.key.row not in rows:
            continue
        found = counts.get(cell.key, 0)
        if found != 1:
            said = "chưa có nguồn số liệu" if found == 0 else f"có {found} nguồn số liệu"
            message = f"Ô dòng {cell.key.row}, cột {cell.key.column} {said}."
            remedy = f"Ghi đúng một nguồn cho ô này trên trang “{SOURCES_SHEET}”, hoặc đặt công thức, hoặc ghi x."
            faults.note("BS336", message, remedy, table.sheet, (rows[cell.key.row], columns[cell.key.column]))


def _list(text: str) -> list[str]:
    return [item for item in (part.strip() for part in text.replace(";", ",").split(",")) if item]
