"""Pages of the catalogues: which there are, and what one says on a day."""

from __future__ import annotations

from datetime import date

from flask import Response, render_template, request

from server.errors import InvalidError
from server.services.catalogues import entries
from server.web import context
from server.web.portal import visitors
from server.web.portal.pages import attachment, portal, safe_name
from workbooks.package import MEDIA_TYPE


@portal.get("/danh-muc")
def catalogues() -> str:
    """Every catalogue with its size."""
    found = entries.list_catalogues(context.service().engine, visitors.today())
    return render_template("catalogues.html", catalogues=found)


@portal.get("/danh-muc/<code:name>")
def catalogue(name: str) -> str:
    """One catalogue as at a day, with a box that narrows it."""
    found = entries.view(context.service().engine, name, _day())
    main = [one for one in found.kind.fields if one.main and any(found.text(entry, one) for entry in found.entries)]
    more = [one for one in found.kind.fields if not one.main]
    return render_template("catalogue.html", view=found, main=main, more=more, today=visitors.today())


@portal.get("/danh-muc/<code:name>/tep")
def catalogue_file(name: str) -> Response:
    """The catalogue as a workbook."""
    day = _day()
    data = entries.export(context.service().engine, name, day)
    return attachment(data, safe_name("danh-muc", name, day.isoformat()) + ".xlsx", MEDIA_TYPE)


def _day() -> date:
    """The day asked for, or today."""
    text = request.args.get("ngay", "").strip()
    try:
        return date.fromisoformat(text) if text else visitors.today()
    except ValueError as error:
        raise InvalidError("Ngày không hợp lệ.", "Ghi năm-tháng-ngày, ví dụ 2026-09-01.") from error
