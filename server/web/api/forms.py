"""Published forms, and the workbook issued to a unit."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response

from server.services.issuing import issue_workbook
from server.services.lifecycle import Stage, State, families
from server.services.periods import day_in_vietnam, parse_period
from server.services.registry import published
from server.services.rights import refuse_hidden, visible_units
from server.services.units import unit as find_unit
from server.web import context
from server.web.api.arguments import checked, optional_text, text, whole
from server.web.digests import tell_origin
from workbooks.package import MEDIA_TYPE

forms = Blueprint("forms", __name__)


@forms.get("/forms")
def all_forms() -> dict[str, Any]:
    """The form versions that are or will be in use, with where they stand today; with ``all=1`` every one."""
    today = day_in_vietnam(context.now())
    context.visible_to(context.account_or_none(), today)
    stages = [s for f in families(context.service().engine, today, with_drafts=False) for s in f.stages[::-1]]
    wanted = whole("all", least=0, most=1) == 1
    return {"forms": [_form(stage) for stage in stages if wanted or stage.state is not State.WITHDRAWN]}


@forms.get("/forms/<form>/workbook")
def workbook(form: str) -> Response:
    """The workbook of a form for a unit and period, prefilled and stamped."""
    account, here, now = context.signed_in(), context.service(), context.now()
    period = parse_period(text("period"))
    unit = find_unit(here.engine, optional_text("unit") or account.unit_code, period.last_day)
    # A workbook to be filled goes to those who report it, however open reading is.
    refuse_hidden(visible_units(here.engine, account, period.last_day, open_reading=False), unit.id, unit.code)
    data = issue_workbook(
        here.engine,
        form=checked("form", form),
        unit=unit.code,
        period=period.code,
        stamp_key=here.config.stamp_keys[0],
        now=now,
    )
    return workbook_reply(data, f"{form}_{unit.code}_{period.code}.xlsx", now)


def workbook_reply(data: bytes, name: str, since: datetime | None = None) -> Response:
    """A workbook to be saved under a name of plain letters; ``since``: when it was received, or made."""
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_" for letter in name)
    reply = Response(data, content_type=MEDIA_TYPE)
    reply.headers["Content-Disposition"] = f'attachment; filename="{plain}"'
    reply.headers["Cache-Control"] = "no-store"
    reply.set_etag(hashlib.sha256(data).hexdigest())
    tell_origin(reply, data, since)
    return reply


def _form(stage: Stage) -> dict[str, object]:
    record = stage.record
    version = published(record).version
    return {
        "form": record.form,
        "version": record.version,
        "title": record.title,
        "state": stage.state.value,
        "periods": list(version.periods),
        "unit_of_measure": version.unit_text,
        "sender": version.sender,
        "decision": record.decision,
        "decided_on": _iso(record.decided_on),
        "effective_from": record.effective_from.isoformat(),
        "until": _iso(stage.until),
        "withdrawn_from": _iso(record.withdrawn_from),
        "digest": record.digest,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
