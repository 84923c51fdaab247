"""Official forms issued to one commune, as the service would issue them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from addin.issued import Issued, read_issued
from form_templates import serial
from form_templates.compile import compile_template
from form_templates.filling import MemberLabel, issue
from form_templates.stamp import Stamp

UNIT, UNIT_NAME = "29551", "Xã Thử Nghiệm"
CROPS, POVERTY = "KTXH-09.T", "KTXH-13.N"
OFFICIAL = tuple(
    sorted(
        item.name.removesuffix(".xlsx")
        for item in (files("form_templates") / "official").iterdir()
        if item.name.endswith(".xlsx")
    )
)
_PERIODS = {"M": "2026-M09", "Q": "2026-Q3", "H": "2026-H1", "9M": "2026-9M", "Y": "2026"}


@cache
def template(form: str) -> bytes:
    return (files("form_templates") / "official" / f"{form}.xlsx").read_bytes()


@cache
def an_issued(form: str, serial_number: str = "2026-000123") -> Issued:
    """A form issued to the commune; the poverty form comes with two wards in its first region."""
    version = compile_template(template(form))
    stamp = Stamp(
        form=version.form,
        version=version.version,
        digest=serial.digest(version),
        unit=UNIT,
        unit_name=UNIT_NAME,
        period=_PERIODS[version.periods[0]],
        serial=serial_number,
        issued_at=datetime(2026, 9, 1, tzinfo=UTC),
    )
    members = {("T1", "02*"): [MemberLabel("Phường Một", "29551"), MemberLabel("Phường Hai", "29554")]}
    data = issue(template(form), version, stamp, "k1", b"k" * 32, members=members if form == POVERTY else None)
    return read_issued(data)
