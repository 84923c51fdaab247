"""The catalogues: what they say on a day, and changing one by its workbook."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, request

from server.errors import InvalidError
from server.services.catalogues import entries
from server.services.catalogues.changing import Change, change_catalogue
from server.services.catalogues.kinds import SEPARATOR, Field, Kind
from server.services.periods import day_in_vietnam
from server.services.rights import require_template_owner
from server.storage.catalogues import Entry
from server.web import context
from server.web.api.arguments import checked, optional_text, text, whole
from server.web.api.forms import workbook_reply

catalogues = Blueprint("catalogues", __name__)


@catalogues.get("/catalogues")
def all_catalogues() -> dict[str, Any]:
    """Which catalogues there are, with their fields."""
    today = _readable()
    found = entries.list_catalogues(context.service().engine, today)
    return {"catalogues": [_kind(one.kind) | {"entries": one.entries} for one in found]}


@catalogues.get("/catalogues/<name>")
def catalogue(name: str) -> dict[str, Any]:
    """The entries of one catalogue on a day."""
    today = _readable()
    found = entries.view(
        context.service().engine,
        checked("name", name),
        _day("at") or today,
        find=optional_text("find") or "",
        assigned_to=optional_text("unit") or "",
    )
    listed = [_entry(found.kind, one) for one in found.entries]
    return {"catalogue": found.kind.name, "title": found.kind.title, "at": found.day.isoformat(), "entries": listed}


@catalogues.get("/catalogues/<name>.xlsx")
def workbook(name: str) -> Response:
    """The catalogue as a workbook to be edited."""
    today = _readable()
    day = _day("at") or today
    data = entries.export(context.service().engine, checked("name", name), day)
    return workbook_reply(data, f"{name}_{day.isoformat()}.xlsx")


@catalogues.put("/catalogues/<name>.xlsx")
def change(name: str) -> dict[str, Any]:
    """From a day on, the catalogue says what the workbook says; with ``dry_run=1`` only what would change is told."""
    account = context.signed_in()
    require_template_owner(account)
    since, dry_run = _parsed("from", text("from")), whole("dry_run", least=0, most=1) == 1
    changes = change_catalogue(
        context.service().engine,
        checked("name", name),
        request.get_data(),
        from_day=since,
        dry_run=dry_run,
        now=context.now(),
        actor=account.username,
    )
    return {"from": since.isoformat(), "applied": not dry_run, "changes": [_change(one) for one in changes]}


def _readable() -> date:
    """Today; raises SignInNeededError where nobody is signed in and reading is not open."""
    today = day_in_vietnam(context.now())
    context.visible_to(context.account_or_none(), today)
    return today


def _day(name: str) -> date | None:
    value = optional_text(name)
    return None if value is None else _parsed(name, value)


def _parsed(name: str, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise InvalidError(
            f"Ngày “{name}” = “{value}” không hợp lệ.", "Ghi NĂM-THÁNG-NGÀY, ví dụ 2026-09-01."
        ) from error


def _kind(kind: Kind) -> dict[str, object]:
    return {
        "catalogue": kind.name,
        "title": kind.title,
        "fields": [{"key": one.key, "title": one.title, "required": one.required} for one in kind.fields],
    }


def _entry(kind: Kind, entry: Entry) -> dict[str, object]:
    return {
        "code": entry.code,
        "name": entry.name,
        "parent": entry.parent_code,
        "valid_from": entry.valid_from.isoformat(),
        "valid_to": entry.valid_to.isoformat() if entry.valid_to else None,
        "attributes": {one.key: _attribute(one, entry) for one in kind.own},
    }


def _attribute(one: Field, entry: Entry) -> str | list[str]:
    stored = entry.attributes.get(one.key, "")
    return [item for item in stored.split(SEPARATOR) if item] if one.many else stored


def _change(change: Change) -> dict[str, object]:
    told = [{"title": one.title, "old": one.old, "new": one.new} for one in change.differences]
    return {"change": change.turn.value, "code": change.code, "name": change.name, "differences": told}
