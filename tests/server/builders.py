"""Small forms, units and stored submissions for the tests of the service."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

from sqlalchemy import Connection, Engine

from form_templates import serial
from form_templates.model import (
    Aggregation,
    Carry,
    CarrySource,
    CellKey,
    CellKind,
    CellSpec,
    Column,
    FormVersion,
    Region,
    Row,
    Table,
)
from form_templates.period import Period
from server.services.units import add_units
from server.storage import blobs, facts, forms, submissions, totals
from server.storage.engine import writing
from server.storage.exact import FactState
from server.storage.facts import FactRow
from server.storage.totals import Delta
from server.storage.units import NewUnit, ancestors_at, unit_at

NOW = datetime(2026, 10, 2, 3, 4, 5, tzinfo=UTC)
SINCE = date(2025, 7, 1)
PERIOD = "2026-M09"


def a_form(version: str = "1", *, decimals: int = 1) -> FormVersion:
    """Area, output, yield: two additive columns and one that must be recomputed; and a region with one row per unit."""
    rows = (Row("01", "Lúa", "Ha", 9), Row("02", "Ngô", "Ha", 10))
    columns = (
        Column("1", "Cùng kỳ", CellKind.CARRY, 4, carry=Carry("2", CarrySource.SAME_PERIOD_LAST_YEAR)),
        Column("2", "Diện tích", CellKind.INPUT, 5),
        Column("3", "Năng suất", CellKind.INPUT, 6),
        Column("4", "Sản lượng", CellKind.CALC, 7),
    )
    region = Region("03*", "Xã", "Ha", 11, 12, members="unit")
    cells = tuple(
        CellSpec(
            CellKey("T1", row, column.code),
            column.kind,
            "Ha",
            decimals,
            formula=f"{{{row}|2}}*{{{row}|3}}/10" if column.code == "4" and row != "03*" else None,
            aggregation=Aggregation.FORMULA if column.code == "3" else Aggregation.SUM,
            aggregate_formula=f"{{{row}|4}}*10/{{{row}|2}}" if column.code == "3" and row != "03*" else None,
        )
        for row in ("01", "02", "03*")
        for column in columns
    )
    table = Table("T1", "Biểu", 2, 1, 8, rows, columns, (region,), cells)
    return FormVersion("THU-01.T", version, "Biểu thử", "Ha", "", "UBND xã", ("M",), "H1", "D2", tables=(table,))


def some_units(engine: Engine, communes: int = 3) -> tuple[str, ...]:
    """Province 86 under a nation, with communes 00001 …"""
    wanted = [
        NewUnit("VN", "Việt Nam", "quốc gia", None, SINCE),
        NewUnit("86", "Tỉnh Vĩnh Long", "tỉnh", "VN", SINCE),
        *(NewUnit(f"{n:05d}", f"Xã số {n}", "xã", "86", SINCE) for n in range(1, communes + 1)),
    ]
    add_units(engine, wanted, now=NOW)
    return tuple(unit.code for unit in wanted[2:])


def store_form(connection: Connection, version: FormVersion) -> int:
    """Publishes a model without a template workbook behind it."""
    stored = forms.form_version(connection, version.form, version.version)
    if stored is not None:
        return stored.id
    form_version_id = forms.insert_form_version(
        connection,
        form=version.form,
        version=version.version,
        title=version.title,
        model=serial.to_json(version),
        digest=serial.digest(version),
        template_sha256=blobs.put_blob(connection, b"template"),
        decision="QĐ 1",
        decided_on=None,
        effective_from=date(2025, 1, 1),
        published_at=NOW,
        status="issued",
    )
    forms.ensure_cells(connection, form_version_id, version.cell_by_key)
    return form_version_id


def store_submission(
    connection: Connection,
    unit: str,
    values: Mapping[tuple[str, str], int | None],
    *,
    version: FormVersion | None = None,
    period: str = PERIOD,
    with_totals: bool = True,
) -> int:
    """Stores scaled values (row, column) as an accepted submission, as submitting does."""
    version = version or a_form()
    form_version_id = store_form(connection, version)
    day = Period.parse(period).last_day
    sender = unit_at(connection, unit, day)
    assert sender is not None
    wanted = {CellKey("T1", *place): version.cell(CellKey("T1", *place)) for place in values}
    cells = forms.ensure_cells(connection, form_version_id, wanted)
    old = submissions.current_submission(connection, version.form, sender.id, period)
    before = facts.addends_of(connection, old.id) if old else ()
    if old:
        submissions.mark_superseded(connection, old.id)
    content = repr((unit, sorted(values.items(), key=str), old and old.id)).encode()
    submission_id = submissions.insert_submission(
        connection,
        form_version_id=form_version_id,
        form=version.form,
        unit_id=sender.id,
        period=period,
        as_at=day,
        revision=old.revision + 1 if old else 1,
        status="accepted",
        source="workbook",
        received_at=NOW,
        blob_sha256=blobs.put_blob(connection, content),
        signer="Nguyễn Văn A",
        certificate_sha256=hashlib.sha256(b"certificate").hexdigest(),
        outcome="",
    )
    rows = [
        FactRow(cells[CellKey("T1", *place)].id, FactState.BLANK if v is None else FactState.NUMBER, v, 9, 5)
        for place, v in values.items()
    ]
    facts.insert_facts(connection, submission_id, rows)
    if with_totals:
        after = facts.addends_of(connection, submission_id)
        signed = [*((a.cell_id, a.value, 1) for a in after), *((a.cell_id, -a.value, -1) for a in before)]
        above = ancestors_at(connection, sender, day)
        totals.add_deltas(connection, (Delta(u.id, period, c, v, n) for u in above for c, v, n in signed))
    return submission_id


def submit_values(engine: Engine, unit: str, values: Mapping[tuple[str, str], int | None], period: str = PERIOD) -> int:
    with writing(engine) as connection:
        return store_submission(connection, unit, values, period=period)


def another_version() -> FormVersion:
    return replace(a_form(), version="2")
