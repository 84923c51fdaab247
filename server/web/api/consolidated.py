"""The merged workbook of a consolidating unit."""

from __future__ import annotations

from flask import Blueprint, Response

from server.services.consolidating import consolidated_workbook
from server.services.periods import parse_period
from server.web import context
from server.web.api.arguments import checked
from server.web.api.forms import workbook_reply

consolidated = Blueprint("consolidated", __name__)


@consolidated.get("/consolidated/<form>/<period>/<unit>.xlsx")
def merged(form: str, period: str, unit: str) -> Response:
    """The unit's sheet with live formulas, and one sheet for each unit that reported."""
    here, now = context.service(), context.now()
    wanted = parse_period(period)
    found = context.seen_unit(checked("unit", unit), wanted.last_day)
    data = consolidated_workbook(
        here.engine,
        form=checked("form", form),
        unit=found.code,
        period=wanted.code,
        stamp_key=here.config.stamp_keys[0],
        now=now,
    )
    return workbook_reply(data, f"{form}_{found.code}_{wanted.code}.xlsx", now)
