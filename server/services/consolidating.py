"""The merged workbook of a consolidating unit: its form with live formulas over one sheet for each unit (L09, V13)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, Engine

from form_templates import serial
from form_templates.model import CellKey, members_of
from form_templates.stamp import Stamp, StampKind
from formulas.evaluation import aggregate
from formulas.freezing import freeze
from server.errors import NotFoundError
from server.services.collation import alphabetical
from server.services.figures import Figure, sheet_value
from server.services.merging import Members, UnitForm, merge
from server.services.retelling import facts_in
from server.services.texts import texts_of
from server.services.totals import UnitTotals, totals_in
from server.storage import blobs
from server.storage.engine import reading
from server.storage.exact import scaled
from server.storage.facts import facts_of
from server.storage.submissions import Submission, list_submissions
from server.storage.units import descendants_at, units_at
from workbooks.patch import Plain
from workbooks.sheet import Value

# More units than any province has; a list of submissions is never cut in silence.
_MANY = 100_000


def consolidated_workbook(
    engine: Engine, *, form: str, unit: str, period: str, stamp_key: tuple[str, bytes], now: datetime
) -> bytes:
    """The merged workbook: the unit's sheet with live formulas, and one sheet for each unit that reported.

    Raises:
        NotFoundError: no such form, unit or period, or nobody has reported yet.
        InvalidError: no period code.
    """
    with reading(engine) as connection:
        totals = totals_in(connection, unit=unit, form=form, period=period)
        forms = _unit_forms(connection, totals)
        members = _alphabetical(_named(connection, totals, totals.members))
        template = blobs.get_blob(connection, totals.published.record.template_sha256)
    if not forms or template is None:
        raise NotFoundError(f"Chưa có đơn vị nào nộp biểu {form} kỳ {period}.", "Chờ đơn vị nộp rồi tải lại.")
    version = totals.published.version
    stamp = Stamp(
        form=version.form,
        version=version.version,
        digest=serial.digest(version),
        unit=totals.unit.code,
        unit_name=totals.unit.name,
        period=totals.period.code,
        serial=secrets.token_hex(16),
        issued_at=now,
        kind=StampKind.MERGED,
    )
    whole = UnitForm(totals.unit.code, totals.unit.name, _shown(totals, forms), members)
    # Frozen, so that rows which no unit has used show results on every sheet.
    return merge(freeze(template, version), version, whole, forms, stamp=stamp, stamp_key=stamp_key)


def _shown(totals: UnitTotals, forms: Sequence[UnitForm]) -> dict[CellKey, Plain]:
    """What each cell of the unit's own sheet shows: sums, and what the form's formulas make of them."""
    sums: dict[CellKey, Value] = {
        key: float(total.value)
        for key, total in totals.values.items()
        if total.value is not None and not total.computed
    }
    if totals.told:
        # Each unit's figures of an earlier version are rounded to this one's decimals by themselves, unlike their sum.
        sums = {key: float(sum((_number(form.values.get(key)) for form in forms), Decimal(0))) for key in sums}
    return {**sums, **aggregate(totals.published.compiled, sums, totals.members)}


def _number(value: Plain) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(0)


def _unit_forms(connection: Connection, totals: UnitTotals) -> list[UnitForm]:
    version, known = totals.published.version, totals.published.version.cell_by_key
    forms = []
    for one in _accepted(connection, totals):
        values: dict[CellKey, Plain] = {}
        facts = facts_in(connection, one, totals.published)
        if facts is None:  # sent under a version that this one does not continue: what has the same code counts
            facts = {key: fact for key, fact in facts_of(connection, one.id).items() if key.template in known}
        # In the order of the signed sheet, so that the unit finds its rows where it put them.
        for key, fact in sorted(facts.items(), key=lambda found: found[1].at_row):
            number = None if fact.value is None else scaled(fact.value, fact.decimals)
            values[key] = sheet_value(Figure(fact.state, number), version.cell(key))
        if one.version == version.version:
            values |= texts_of(connection, one, version)
        members = _named(connection, totals, members_of(values))
        forms.append(UnitForm(one.unit_code or "", one.unit_name or "", values, members))
    return forms


def _accepted(connection: Connection, totals: UnitTotals) -> Sequence[Submission]:
    """The accepted submissions of the units below, by unit code."""
    below = [child.id for child in descendants_at(connection, totals.unit, totals.period.last_day)]
    form, period = totals.published.record.form, totals.period.code
    found = list_submissions(connection, unit_ids=below, form=form, period=period, status="accepted", limit=_MANY)
    return sorted(found, key=lambda one: one.unit_code or "")


def _named(connection: Connection, totals: UnitTotals, members: Mapping[tuple[str, str], Sequence[str]]) -> Members:
    """Keys with the labels their rows bear: the name of the unit whose code it is, else the key itself."""
    if not any(members.values()):
        return {}
    names = {unit.code: unit.name for unit in units_at(connection, totals.period.last_day)}
    return {region: [(key, names.get(key, key)) for key in keys] for region, keys in members.items()}


def _alphabetical(members: Members) -> Members:
    """Units stay in the order of their codes; what is known by its name alone comes in the order of the alphabet."""
    return {
        region: sorted(rows, key=lambda row: ("", alphabetical(row[1])) if row[0] == row[1] else (row[0], ()))
        for region, rows in members.items()
    }
