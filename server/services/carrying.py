"""Carried columns: what the store says they must hold ("cùng kỳ năm trước", "kỳ trước")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from form_templates.model import Carry, CarrySource, CellKey, CellKind, CellSpec, FormVersion, member_row, members_of
from form_templates.period import Period
from server.services.figures import Figure, carried_figure
from server.storage.facts import Fact, facts_of
from server.storage.submissions import current_submission
from server.storage.units import Unit


@dataclass(frozen=True, slots=True)
class Carried:
    """The figures of the carried cells.

    Attributes:
        figures: the cells for which the store has a figure, member rows included.
        sources: (period, submission id or None) that they were taken from; None where that period has nothing.
    """

    figures: Mapping[CellKey, Figure]
    sources: tuple[tuple[str, int | None], ...]

    def has_source(self, period: str) -> bool:
        """Whether the store knows anything of that period."""
        return any(code == period and submission is not None for code, submission in self.sources)


def carried(connection: Connection, version: FormVersion, unit: Unit, period: Period) -> Carried:
    """What the carried cells of a unit's form must hold, from its accepted figures of the earlier periods."""
    found: dict[CellKey, Figure] = {}
    sources = sources_of(connection, version, unit, period)
    for code, submission_id in sources:
        if submission_id is not None:
            found |= _from(version, period, code, facts_of(connection, submission_id))
    return Carried(found, sources)


def sources_of(
    connection: Connection, version: FormVersion, unit: Unit, period: Period
) -> tuple[tuple[str, int | None], ...]:
    """The submissions that carried cells are taken from at this moment."""
    carries = {column.carry for table in version.tables for column in table.columns if column.carry}
    codes = sorted({code for carry in carries if (code := source_period(carry, period)) is not None})
    current = [(code, current_submission(connection, version.form, unit.id, code)) for code in codes]
    return tuple((code, None if found is None else found.id) for code, found in current)


def source_period(carry: Carry, period: Period) -> str | None:
    """The period that a column is carried from; None where there is none before it."""
    if carry.source is CarrySource.SAME_PERIOD_LAST_YEAR:
        return period.same_last_year().code
    before = period.previous()
    if before is None or (carry.source is CarrySource.PREVIOUS_IN_YEAR and before.year != period.year):
        return None
    return before.code


def carried_cells(version: FormVersion) -> dict[CellKey, tuple[CellSpec, Carry]]:
    """The cells that are prefilled, a region's by its template key."""
    return {
        spec.key: (spec, column.carry)
        for table in version.tables
        for column in table.columns
        if column.carry is not None
        for spec in table.cells
        if spec.key.column == column.code and spec.kind is CellKind.CARRY
    }


def _from(version: FormVersion, period: Period, source: str, facts: Mapping[CellKey, Fact]) -> dict[CellKey, Figure]:
    members = members_of(facts)
    found: dict[CellKey, Figure] = {}
    for key, (spec, carry) in carried_cells(version).items():
        if source_period(carry, period) != source:
            continue
        here = members.get((key.table, key.row), ())
        rows = [member_row(key.row, member) for member in here] if "*" in key.row else [key.row]
        for row in rows:
            fact = facts.get(CellKey(key.table, row, carry.column))
            if fact is not None:
                found[CellKey(key.table, row, key.column)] = carried_figure(fact, spec)
    return found
