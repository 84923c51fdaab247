"""Carried columns: what the store says they must hold ("cùng kỳ năm trước", "kỳ trước"); and a unit's history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from form_templates.history import MOST_FIGURES, History, summary
from form_templates.model import Carry, CarrySource, CellKey, CellKind, CellSpec, FormVersion, member_row, members_of
from form_templates.period import Period
from server.services.figures import Figure, carried_figure
from server.services.retelling import facts_in, published_version
from server.storage.earlier import EarlierSubmission, earlier_submissions, numbers_of
from server.storage.facts import Fact
from server.storage.submissions import current_submission, submission
from server.storage.units import Unit

# A form of months and years has at most this many periods of other kinds among those of one.
_OTHER_KINDS: Final = 3


@dataclass(frozen=True, slots=True)
class Carried:
    """The figures of the carried cells.

    Attributes:
        figures: the cells for which the store has a figure, member rows included.
        sources: (period, submission id or None) that they were taken from; None where that period has nothing.
        history: of each typed cell, what the unit reported in earlier periods of the same kind.
    """

    figures: Mapping[CellKey, Figure]
    sources: tuple[tuple[str, int | None], ...]
    history: History = field(default_factory=dict)

    def has_source(self, period: str) -> bool:
        """Whether the store knows anything of that period."""
        return any(code == period and submission is not None for code, submission in self.sources)


def carried(connection: Connection, version: FormVersion, unit: Unit, period: Period) -> Carried:
    """What the carried cells of a unit's form must hold, from its accepted figures of the earlier periods.

    Figures sent under an earlier version of the form are told in the terms of this one first (L35). Where that cannot
    be, as with those of a later version, there is nothing to carry.
    """
    found: dict[CellKey, Figure] = {}
    sources = []
    for code, submission_id in sources_of(connection, version, unit, period):
        facts = None if submission_id is None else _told(connection, version, submission_id)
        if facts is not None:
            found |= _from(version, period, code, facts)
        sources.append((code, None if facts is None else submission_id))
    history = _history(connection, version, earlier_of(connection, version, unit, period))
    return Carried(found, tuple(sources), history)


def _told(connection: Connection, version: FormVersion, submission_id: int) -> Mapping[CellKey, Fact] | None:
    source = submission(connection, submission_id)
    return (
        None
        if source is None
        else facts_in(connection, source, published_version(connection, version.form, version.version))
    )


def sources_of(
    connection: Connection, version: FormVersion, unit: Unit, period: Period
) -> tuple[tuple[str, int | None], ...]:
    """The submissions that carried cells are taken from at this moment."""
    carries = {column.carry for table in version.tables for column in table.columns if column.carry}
    codes = sorted({code for carry in carries if (code := source_period(carry, period)) is not None})
    current = [(code, current_submission(connection, version.form, unit.id, code)) for code in codes]
    return tuple((code, None if found is None else found.id) for code, found in current)


def earlier_of(
    connection: Connection, version: FormVersion, unit: Unit, period: Period
) -> tuple[EarlierSubmission, ...]:
    """The submissions that figures are held against at this moment: the newest of earlier periods of the same kind."""
    found = earlier_submissions(connection, version.form, unit.id, period.first_day, MOST_FIGURES * _OTHER_KINDS)
    return tuple(one for one in found if Period.parse(one.period).kind is period.kind)[:MOST_FIGURES]


def _history(connection: Connection, version: FormVersion, earlier: tuple[EarlierSubmission, ...]) -> History:
    numbers = numbers_of(connection, [one.id for one in earlier if one.version == version.version])
    for one in earlier:
        if one.version != version.version:
            for key, fact in (_told(connection, version, one.id) or {}).items():
                if fact.value is not None:
                    numbers.setdefault(key, []).append(fact.value)
    cells = version.cell_by_key
    return {
        key: summary(map(float, figures))
        for key, figures in numbers.items()
        if (spec := cells.get(key.template)) is not None and spec.kind is CellKind.INPUT
    }


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
