"""Report forms, and the report of a unit assembled from stored figures."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from server.services import reporting
from server.services.periods import day_in_vietnam, parse_period
from server.web import context
from server.web.api.arguments import checked
from server.web.api.forms import workbook_reply

reports = Blueprint("reports", __name__)


@reports.get("/reports")
def all_reports() -> dict[str, Any]:
    """The report forms that were published."""
    context.visible_to(context.account_or_none(), day_in_vietnam(context.now()))
    found = reporting.list_reports(context.service().engine)
    return {
        "reports": [
            {
                "report": record.report,
                "version": record.version,
                "title": record.title,
                "decision": record.decision,
                "effective_from": record.effective_from.isoformat(),
                "digest": record.digest,
            }
            for record in found
        ]
    }


@reports.get("/reports/<report>/<period>/<unit>.xlsx")
def assembled(report: str, period: str, unit: str) -> Response:
    """The report of a unit for a period, with the source of every figure."""
    here, now = context.service(), context.now()
    wanted = parse_period(period)
    found = context.seen_unit(checked("unit", unit), wanted.last_day)
    made = reporting.assemble(
        here.engine,
        report=checked("report", report),
        unit=found.code,
        period=wanted.code,
        stamp_key=here.config.stamp_keys[0],
        now=now,
    )
    reply = workbook_reply(made.data, f"{report}_{found.code}_{wanted.code}.xlsx", now)
    reply.headers["X-Missing-Figures"] = str(len(made.missing))
    return reply
