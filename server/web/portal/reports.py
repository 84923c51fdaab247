"""Pages of report forms: the list, and one report with the source of every figure."""

from __future__ import annotations

from datetime import datetime

from flask import Response, render_template, request

from formulas.wording import number_text
from server.errors import InvalidError
from server.services import reporting
from server.services.reporting import Assembled
from server.web import context
from server.web.portal import visitors
from server.web.portal.pages import attachment, portal, safe_name
from workbooks.package import MEDIA_TYPE


@portal.get("/bao-cao")
def reports() -> str:
    """Every report form that was published, the newest version of each, with the periods to choose from."""
    found = reporting.choices(context.service().engine, visitors.today())
    return render_template("reports.html", reports=found)


@portal.get("/bao-cao/<code:report>")
def report(report: str) -> str:
    """One report of a unit for a period, figure by figure."""
    now = context.now()
    made = _assembled(report, now)
    grid = made.report.grid.tables[0]
    labels = {row.code: row.label for row in grid.rows}
    headers = {column.code: column.header for column in grid.columns}
    rows = [
        {
            "row": labels[trace.source.key.row],
            "column": headers[trace.source.key.column],
            "text": "" if trace.value is None else number_text(trace.value),
            "unit": made.report.grid.cell(trace.source.key).unit,
            "form": trace.source.form,
            "periods": trace.periods,
            "note": trace.note,
        }
        for trace in made.traces
    ]
    return render_template("report.html", made=made, rows=rows, now=now)


@portal.get("/bao-cao/<code:report>/tep")
def report_file(report: str) -> Response:
    """The report in its official form."""
    now = context.now()
    made = _assembled(report, now)
    name = safe_name("bao-cao", report, made.period.code, made.unit.code) + ".xlsx"
    return attachment(made.data, name, MEDIA_TYPE, now)


def _assembled(report: str, now: datetime) -> Assembled:
    here = context.service()
    period = request.args.get("period", "").strip()
    if not period:
        raise InvalidError("Chưa ghi kỳ báo cáo.", "Ghi kỳ như 2026-M09, 2026-Q3, 2026-H1, 2026-9M hoặc 2026.")
    return reporting.view_report(
        here.engine,
        report=report,
        unit=request.args.get("unit", "").strip() or None,
        period=period,
        home=visitors.home_unit(),
        sight=visitors.sight,
        stamp_key=here.config.stamp_keys[0],
        now=now,
    )
