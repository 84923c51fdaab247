"""Issuing: the published template made out to one unit and period, prefilled from stored facts, stamped."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from form_templates.filling import CellValue, MemberLabel, issue
from form_templates.model import CellKey, FormVersion
from form_templates.period import Period
from form_templates.stamp import Stamp
from formulas.freezing import freeze
from server.errors import InvalidError, NotFoundError
from server.services.carrying import Carried, carried
from server.services.figures import sheet_value
from server.services.periods import parse_period
from server.services.registry import Published, version_in_effect
from server.services.units import require_unit
from server.storage import blobs
from server.storage.engine import reading, writing
from server.storage.issues import Issue, find_issue, insert_issue
from server.storage.units import Unit, units_at

Members = dict[tuple[str, str], tuple[MemberLabel, ...]]


@dataclass(frozen=True, slots=True)
class _Assignment:
    """What is issued: which form, to whom, for when, with which figures."""

    published: Published
    template: bytes
    unit: Unit
    period: Period
    carried: Carried


def issue_workbook(
    engine: Engine, *, form: str, unit: str, period: str, stamp_key: tuple[str, bytes], now: datetime
) -> bytes:
    """The workbook of a form for a unit and period. Asked again, it is the same unless stored figures changed.

    Args:
        engine: the database.
        form: form id; the version in effect on the last day of the period is issued.
        unit: unit code.
        period: period code.
        stamp_key: (key id, key) that seals the stamp.
        now: written into the stamp when this is the first time.

    Raises:
        NotFoundError: no such form in effect, or no such unit at that time.
        InvalidError: a period of a kind the form is not issued for, or a unit that consolidates others.
    """
    wanted = parse_period(period)
    with reading(engine) as connection:
        assignment = _assignment(connection, form, unit, wanted)
        known = _known_issue(connection, assignment)
    stamp = _stamp(assignment, known or _first_issue(engine, assignment, now))
    key_id, key = stamp_key
    values, members = _prefill(assignment)
    version = assignment.published.version
    history = assignment.carried.history
    filled = issue(assignment.template, version, stamp, key_id, key, values=values, members=members, history=history)
    return freeze(filled, version)


def _assignment(connection: Connection, form: str, code: str, period: Period) -> _Assignment:
    day = period.last_day
    published = version_in_effect(connection, form, day)
    version = published.version
    if period.kind.value not in version.periods:
        raise InvalidError(
            f"Biểu {form} không lập cho kỳ {period.label.lower()} ({period}).",
            f"Các loại kỳ của biểu: {', '.join(version.periods)}.",
        )
    unit = require_unit(connection, code, day)
    refuse_consolidating(connection, unit, period)
    template = blobs.get_blob(connection, published.record.template_sha256)
    if template is None:
        raise NotFoundError(f"Không còn tệp mẫu của biểu {form}.", "Khôi phục cơ sở dữ liệu từ bản sao lưu.")
    return _Assignment(published, template, unit, period, carried(connection, version, unit, period))


def refuse_consolidating(connection: Connection, unit: Unit, period: Period) -> None:
    """A unit whose totals are made of others' figures must not report the same form: it would count twice."""
    if units_at(connection, period.last_day, parents=[unit.code]):
        raise InvalidError(
            f"{unit.name} (mã {unit.code}) là đơn vị tổng hợp, số liệu được cộng từ các đơn vị cấp dưới.",
            "Tải biểu tổng hợp thay cho biểu nhập liệu.",
        )


def _known_issue(connection: Connection, assignment: _Assignment) -> Issue | None:
    record = assignment.published.record
    return find_issue(connection, record.id, assignment.unit.id, assignment.period.code)


def _first_issue(engine: Engine, assignment: _Assignment, now: datetime) -> Issue:
    new = Issue(secrets.token_hex(8), now)
    with writing(engine) as connection:
        record = assignment.published.record
        insert_issue(connection, record.id, assignment.unit.id, assignment.period.code, new)
        return _known_issue(connection, assignment) or new


def _stamp(assignment: _Assignment, issue: Issue) -> Stamp:
    record, unit = assignment.published.record, assignment.unit
    return Stamp(
        form=record.form,
        version=record.version,
        digest=record.digest,
        unit=unit.code,
        unit_name=unit.name,
        period=assignment.period.code,
        serial=issue.serial,
        issued_at=issue.issued_at,
    )


def _prefill(assignment: _Assignment) -> tuple[dict[CellKey, CellValue], Members]:
    """Values of the carried cells, and the rows of the regions: the unit's own, or those of the earlier period."""
    version, unit = assignment.published.version, assignment.unit
    own = set(own_regions(version, unit))
    of_units = {(t.code, r.code) for t in version.tables for r in t.regions if r.members == "unit"}
    values: dict[CellKey, CellValue] = {}
    rows: dict[tuple[str, str], dict[str, MemberLabel]] = {
        place: {unit.code: MemberLabel(unit.name, unit.code)} for place in own
    }
    for key, figure in assignment.carried.figures.items():
        place = (key.table, key.region)
        if place in of_units and (place not in own or key.member != unit.code):
            continue
        if key.member:
            rows.setdefault(place, {}).setdefault(key.member, MemberLabel(key.member))
        value = sheet_value(figure, version.cell(key))
        if value is not None:
            values[key] = value
    return values, {place: tuple(found.values()) for place, found in rows.items()}


def own_regions(version: FormVersion, unit: Unit) -> Iterator[tuple[str, str]]:
    """The regions in which the unit has its own row: in each table the one that is labelled with the unit's kind.

    KTXH-13.N: "Phường" repeats under I, "Xã" under II. A kind that no label names (đặc khu) goes into the last one.
    """
    for table in version.tables:
        regions = [region for region in table.regions if region.members == "unit"]
        fitting = [region for region in regions if region.label.casefold().startswith(unit.kind.casefold())]
        for region in (fitting or regions[-1:])[:1]:
            yield table.code, region.code
