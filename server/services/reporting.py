"""Report forms: publishing them, and assembling one from what input forms brought in (V28, C39)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine

from form_templates import reports, serial
from form_templates.errors import Faults, FormError
from form_templates.filling import CellValue, issue
from form_templates.measures import MeasureError, bundled
from form_templates.model import Aggregation, CellKey, CellSpec
from form_templates.period import Period
from form_templates.reports import FIRST_LINE, SUMS, TRACES_SHEET, ReportForm, Source, source_periods
from form_templates.stamp import Stamp, StampKind
from formulas.crosschecking.comparing import proved
from formulas.freezing import freeze
from server.errors import ConflictError, InvalidError, NotFoundError
from server.services.audit import SYSTEM, Action, record
from server.services.overview import Sight
from server.services.periods import parse_period, recent_periods
from server.services.publishing import check_dates
from server.services.registry import version_in_effect
from server.services.rights import refuse_hidden
from server.services.soundness import refuse_unsound
from server.services.totals import UnitTotals, totals_in
from server.services.tracing import topmost
from server.services.units import require_unit
from server.storage import blobs, forms
from server.storage import reports as stored
from server.storage.engine import reading, writing
from server.storage.exact import scaled_rounding, unscaled
from server.storage.reports import ReportRecord
from server.storage.units import Unit, units_at
from workbooks.address import address
from workbooks.finding import Finding, Severity
from workbooks.patch import Constant, Patch, patch_cells
from workbooks.workbook import open_workbook

_TABLE: Final = "T1"


@dataclass(frozen=True, slots=True)
class Trace:
    """Where one figure of an assembled report comes from; ``missing`` names the periods without figure, and why."""

    source: Source
    value: Decimal | None
    versions: tuple[str, ...]
    periods: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every period that makes the figure has given its own."""
        return bool(self.periods) and not self.missing

    @property
    def note(self) -> str:
        """What lacks, in words; ``""`` where nothing does."""
        if self.missing:
            return f"Thiếu số liệu: {', '.join(self.missing)}."
        return "" if self.periods else "Thiếu: không có kỳ nguồn."


@dataclass(frozen=True)
class Assembled:
    """An assembled report: whose, the workbook, and what each of its figures rests on."""

    report: ReportForm
    unit: Unit
    period: Period
    data: bytes
    traces: tuple[Trace, ...]

    @property
    def missing(self) -> tuple[Trace, ...]:
        """The figures that are not there, or not whole."""
        return tuple(trace for trace in self.traces if not trace.is_whole)


def publish_report(
    engine: Engine,
    template: bytes,
    *,
    decision: str,
    effective_from: date,
    now: datetime,
    decided_on: date | None = None,
    actor: str = SYSTEM,
) -> ReportRecord:
    """Compiles a report template and stores it as a version of its report. Publishing the same again changes nothing.

    Raises:
        FormError, FormulaError, WorkbookError: the template cannot be published; they carry findings.
        InvalidError: no decision number, or dates that cannot be.
        ConflictError: this version number stands for other content already, or an input form has this name.
    """
    check_dates(decision, decided_on, effective_from, now)
    report = reports.compile_report(template)
    with reading(engine) as connection:
        if stored.report_version(connection, report.grid.form, report.grid.version) is None:
            refuse_unsound(connection, template, effective_from)
    proved(template, report.grid)
    model = reports.to_json(report)
    digest = hashlib.sha256(model.encode()).hexdigest()
    grid = report.grid
    with writing(engine) as connection:
        known = stored.report_version(connection, grid.form, grid.version)
        if known is not None and known.digest == digest:
            return known
        if known is not None:
            raise ConflictError(
                f"Biểu báo cáo {grid.form} phiên bản {grid.version} đã ban hành với nội dung khác.",
                "Đặt số phiên bản mới cho biểu báo cáo rồi ban hành lại.",
            )
        if forms.form_versions(connection, grid.form):
            raise ConflictError(
                f"{grid.form} là mã của một biểu nhập liệu đã ban hành.", "Đặt mã khác cho biểu báo cáo."
            )
        faults = list(_source_faults(connection, report, _lines(template, report), effective_from))
        if faults:
            raise FormError(faults)
        stored.insert_report(
            connection,
            report=grid.form,
            version=grid.version,
            title=grid.title,
            model=model,
            digest=digest,
            template_sha256=blobs.put_blob(connection, template),
            decision=decision,
            decided_on=decided_on,
            effective_from=effective_from,
            published_at=now,
        )
        details = {"digest": digest, "decision": decision, "effective_from": effective_from.isoformat()}
        subject = f"report:{grid.form}/{grid.version}"
        record(connection, Action.REPORT_PUBLISHED, at=now, actor=actor, subject=subject, details=details)
        made = stored.report_version(connection, grid.form, grid.version)
    if made is None:
        raise NotFoundError(f"Biểu báo cáo {grid.form} không lưu được.", "Thử lại.")
    return made


def list_reports(engine: Engine) -> tuple[ReportRecord, ...]:
    """All versions of all report forms."""
    with reading(engine) as connection:
        return stored.list_reports(connection)


def choices(engine: Engine, today: date) -> tuple[tuple[ReportRecord, tuple[Period, ...]], ...]:
    """The newest version of each report form, and the periods one may ask for, newest first."""
    newest: dict[str, ReportRecord] = {}
    since: dict[str, date] = {}
    for one in list_reports(engine):
        newest[one.report] = one
        since[one.report] = min(one.effective_from, since.get(one.report, one.effective_from))
    return tuple(
        (one, recent_periods(_model(one.model).grid.periods, since=since[name], today=today))
        for name, one in newest.items()
    )


def assemble(
    engine: Engine, *, report: str, unit: str, period: str, stamp_key: tuple[str, bytes], now: datetime
) -> Assembled:
    """The report of a unit for a period, from the figures that stand at this moment.

    Figures that nobody brought in stay blank; the sheet "Truy nguồn" says of every figure where it comes from.

    Raises:
        NotFoundError: no such report in effect, or no such unit then.
        InvalidError: no period code, or a period the report is not made for.
    """
    wanted = parse_period(period)
    with reading(engine) as connection:
        found = _in_effect(connection, report, wanted)
        model = _model(found.model)
        _refuse_period(model, wanted)
        owner = require_unit(connection, unit, wanted.last_day)
        template = blobs.get_blob(connection, found.template_sha256)
        traces = tuple(_Assembly(connection, unit, wanted, model).traces())
    if template is None:
        raise NotFoundError(f"Không còn tệp mẫu của biểu {report}.", "Khôi phục cơ sở dữ liệu từ bản sao lưu.")
    values: dict[CellKey, CellValue] = {t.source.key: t.value for t in traces if t.value is not None}
    stamp = Stamp(
        form=model.grid.form,
        version=model.grid.version,
        digest=serial.digest(model.grid),
        unit=owner.code,
        unit_name=owner.name,
        period=wanted.code,
        serial=secrets.token_hex(8),
        issued_at=now,
        kind=StampKind.REPORT,
    )
    data = issue(template, model.grid, stamp, *stamp_key, values=values)
    frozen = freeze(patch_cells(data, {TRACES_SHEET: dict(_told(traces))}), model.grid)
    return Assembled(model, owner, wanted, frozen, traces)


def view_report(
    engine: Engine,
    *,
    report: str,
    unit: str | None,
    period: str,
    home: str | None,
    sight: Sight,
    stamp_key: tuple[str, bytes],
    now: datetime,
) -> Assembled:
    """The report of ``unit``, else of ``home``, else of the unit that all others are below, for whoever may see it.

    Raises as `assemble` does, and NotAllowedError.
    """
    day = parse_period(period).last_day
    with reading(engine) as connection:
        owner = require_unit(connection, unit or home or topmost(units_at(connection, day)), day)
    refuse_hidden(sight(day), owner.id, owner.code)
    return assemble(engine, report=report, unit=owner.code, period=period, stamp_key=stamp_key, now=now)


def _in_effect(connection: Connection, report: str, period: Period) -> ReportRecord:
    found = stored.report_for(connection, report, period.last_day)
    if found is None:
        raise NotFoundError(
            f"Biểu báo cáo “{report}” không có phiên bản nào có hiệu lực tại ngày {period.last_day:%d/%m/%Y}.",
            "Kiểm tra mã biểu báo cáo và kỳ.",
        )
    return found


def _refuse_period(model: ReportForm, period: Period) -> None:
    if period.kind.value not in model.grid.periods:
        raise InvalidError(
            f"Biểu báo cáo {model.grid.form} không lập cho kỳ {period.label.lower()} ({period}).",
            f"Các loại kỳ của biểu: {', '.join(model.grid.periods)}.",
        )


@lru_cache(maxsize=16)
def _model(text: str) -> ReportForm:
    return reports.from_json(text)


# -- what may be taken -------------------------------------------------------------------------------------------------


def _lines(template: bytes, report: ReportForm) -> dict[CellKey, int]:
    """The sheet row of the line that speaks for each cell."""
    found = reports.read_sources(open_workbook(template), report.grid, Faults())
    return {source.key: at for source, at in found}


def _source_faults(
    connection: Connection, report: ReportForm, lines: Mapping[CellKey, int], day: date
) -> Iterator[Finding]:
    """Sources that the input forms in effect do not have, or whose figures would be nonsense here."""
    measures = bundled()
    for source in report.sources:
        at = lines[source.key]
        where = f"Dòng {source.key.row}, cột {source.key.column}"
        try:
            version = version_in_effect(connection, source.form, day).version
        except NotFoundError as error:
            yield _fault(f"{where}: {error}", at, 3)
            continue
        spec = version.cell_by_key.get(CellKey(_TABLE, source.row, source.column))
        if spec is None:
            yield _fault(f"{where}: biểu {source.form} không có ô dòng {source.row}, cột {source.column}.", at, 4)
            continue
        if source.period in SUMS and spec.aggregation is not Aggregation.SUM:
            yield _fault(f"{where}: ô nguồn của biểu {source.form} không cộng được, không lấy tổng nhiều kỳ.", at, 6)
        try:
            measures.convert(Decimal(0), spec.unit, report.grid.cell(source.key).unit)
        except MeasureError as error:
            yield _fault(f"{where}: {error}", at, 3)


def _fault(message: str, row: int, column: int) -> Finding:
    remedy = f"Sửa dòng tương ứng trên trang “{reports.SOURCES_SHEET}” rồi ban hành lại."
    return Finding("BS337", Severity.ERROR, message, remedy, reports.SOURCES_SHEET, address(row, column))


# -- taking it ---------------------------------------------------------------------------------------------------------


class _Figure(NamedTuple):
    """The figure of one period, and the form version it is under; without one, why in brackets, where that is known."""

    value: Decimal | None
    version: str
    why: str = ""


class _Assembly:
    """Takes the figures of one report; each input form is read once per period."""

    def __init__(self, connection: Connection, unit: str, period: Period, report: ReportForm) -> None:
        self._connection = connection
        self._unit = unit
        self._period = period
        self._report = report
        self._measures = bundled()
        self._read: dict[tuple[str, str], UnitTotals | None] = {}

    def traces(self) -> Iterator[Trace]:
        """Every figure, in the order of the report's sources."""
        for source in self._report.sources:
            yield self._trace(source, self._report.grid.cell(source.key))

    def _trace(self, source: Source, target: CellSpec) -> Trace:
        periods = source_periods(source.period, self._period)
        found = {one: self._figure(source, target, one) for one in periods}
        numbers = [figure.value for figure in found.values() if figure.value is not None]
        missing = tuple(f"{one.label}{figure.why}" for one, figure in found.items() if figure.value is None)
        versions = tuple(dict.fromkeys(figure.version for figure in found.values() if figure.version))
        value = None
        if numbers:
            value = unscaled(scaled_rounding(sum(numbers, Decimal(0)), target.decimals), target.decimals)
        return Trace(source, value, versions, tuple(one.code for one in periods), missing)

    def _figure(self, source: Source, target: CellSpec, period: Period) -> _Figure:
        totals = self._totals(source.form, period)
        if totals is None:
            return _Figure(None, "")
        key = CellKey(_TABLE, source.row, source.column)
        version = totals.published.record.version
        total, spec = totals.values.get(key), totals.published.version.cell_by_key.get(key)
        if total is None or total.value is None or spec is None:
            return _Figure(None, version)
        try:
            return _Figure(self._measures.convert(total.value, spec.unit, target.unit), version)
        except MeasureError as error:
            # A version of the input form that came after the report may measure the cell otherwise.
            return _Figure(None, version, f" ({str(error).rstrip('.')})")

    def _totals(self, form: str, period: Period) -> UnitTotals | None:
        place = form, period.code
        if place not in self._read:
            try:
                self._read[place] = totals_in(self._connection, unit=self._unit, form=form, period=period.code)
            except NotFoundError:
                self._read[place] = None
        return self._read[place]


def _told(traces: tuple[Trace, ...]) -> Iterator[tuple[tuple[int, int], Patch]]:
    """The lines of the sheet of traces."""
    for at, trace in enumerate(traces, start=FIRST_LINE):
        source = trace.source
        texts: tuple[str | Decimal | None, ...] = (
            source.key.row,
            source.key.column,
            trace.value,
            source.form,
            ", ".join(trace.versions),
            source.row,
            source.column,
            ", ".join(trace.periods),
            trace.note,
        )
        for column, text in enumerate(texts, start=1):
            yield (at, column), Constant(text)
