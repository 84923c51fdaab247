"""A half-filled workbook of an older version, turned into that of the version in effect."""

from __future__ import annotations

import base64
from typing import Any

from flask import Blueprint, request

from server.errors import InvalidError
from server.services.converting import convert_workbook, issued_stamp
from server.services.rights import refuse_hidden, visible_units
from server.services.units import unit as find_unit
from server.web import context
from server.web.api.arguments import checked

converting = Blueprint("converting", __name__)


@converting.post("/forms/<form>/convert")
def convert(form: str) -> dict[str, Any]:
    """The workbook of the version in effect (base64), each moved cell, and what has no place there."""
    account, here = context.signed_in(), context.service()
    files = request.files.getlist("workbook")
    if len(files) != 1 or set(request.files) != {"workbook"}:
        raise InvalidError("Phải gửi đúng một tệp “workbook”.", "Gửi dạng multipart/form-data, trường workbook.")
    data, keys = files[0].read(), here.config.stamp_keys
    stamp, period = issued_stamp(data, keys)
    if stamp.form != checked("form", form):
        raise InvalidError(f"Tệp là biểu {stamp.form}, không phải {form}.", "Gửi đúng biểu.")
    unit = find_unit(here.engine, stamp.unit, period.last_day)
    # As for issuing: a workbook to be filled goes to those who report it, however open reading is.
    refuse_hidden(visible_units(here.engine, account, period.last_day, open_reading=False), unit.id, unit.code)
    done = convert_workbook(here.engine, data, keys=keys, now=context.now())
    return {
        "form": stamp.form,
        "unit": stamp.unit,
        "period": stamp.period,
        "from_version": stamp.version,
        "version": done.version,
        "workbook": base64.b64encode(done.conversion.data).decode("ascii"),
        **done.conversion.to_dict(),
    }
