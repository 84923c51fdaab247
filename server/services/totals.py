"""Kept totals: rebuilding them, proving them, reading them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, Engine

from form_templates.model import Aggregation, CellKey, members_of
from form_templates.period import Period
from formulas.evaluation import aggregate
from server.services.audit import SYSTEM, Action, record
from server.services.figures import computed_figure
from server.services.periods import parse_period
from server.services.registry import Published, version_in_effect
from server.services.units import require_unit
from server.storage import totals
from server.storage.engine import reading, writing
from server.storage.exact import unscaled
from server.storage.facts import facts_of
from server.storage.submissions import current_submission
from server.storage.totals import Difference, StoredTotal
from server.storage.units import Unit, units_at


@dataclass(frozen=True, slots=True)
class TotalsReport:
    """Result of comparing all kept totals with the facts."""

    totals: int
    differences: tuple[Difference, ...]

    @property
    def ok(self) -> bool:
        """Whether every total is what the facts add up to, with none missing and none left over."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class TotalValue:
    """The value of one cell for a unit.

    Attributes:
        value: exact decimal; None where nothing can be said (nobody gave a number, or it may not be added).
        numbers: how many units' numbers were added; 0 for computed cells.
        computed: made by the form's own formula over the sums, not added.
    """

    value: Decimal | None
    numbers: int
    computed: bool


@dataclass(frozen=True)
class UnitTotals:
    """A form as it stands for a unit and period.

    Attributes:
        published: the form version whose codes the values are under.
        values: by cell, member rows included; cells that nobody filled are left out.
        members: keys of the member rows of each (table, region), sorted.
        consolidated: whether these are sums over the units below (else the unit's own figures).
    """

    published: Published
    unit: Unit
    period: Period
    values: Mapping[CellKey, TotalValue]
    members: Mapping[tuple[str, str], tuple[str, ...]]
    consolidated: bool


def rebuild(engine: Engine, *, now: datetime, actor: str = SYSTEM) -> int:
    """Makes all totals anew from the facts of accepted submissions; returns how many there are."""
    with writing(engine) as connection:
        count = totals.rebuild_totals(connection)
        record(connection, Action.TOTALS_REBUILT, at=now, actor=actor, subject="totals", details={"totals": count})
    return count


def check(engine: Engine) -> TotalsReport:
    """Compares all kept totals with the facts, as of one moment."""
    with reading(engine) as connection:
        return TotalsReport(totals.count_totals(connection), totals.differing_totals(connection))


def read(engine: Engine, *, unit: str, form: str, period: str) -> UnitTotals:
    """The form as it stands for a unit: sums over the units below it, or its own figures where there are none below.

    Raises:
        NotFoundError: no such form in effect then, or no such unit then. InvalidError: no period code.
    """
    with reading(engine) as connection:
        return totals_in(connection, unit=unit, form=form, period=period)


def totals_in(connection: Connection, *, unit: str, form: str, period: str) -> UnitTotals:
    """The same inside the caller's transaction."""
    wanted = parse_period(period)
    day = wanted.last_day
    published = version_in_effect(connection, form, day)
    found = require_unit(connection, unit, day)
    if not units_at(connection, day, parents=[found.code]):
        values = _own_values(connection, published, found, wanted)
        return UnitTotals(published, found, wanted, values, members_of(sorted(values)), consolidated=False)
    stored = totals.totals_of(connection, found.id, form, wanted.code)
    values = _consolidated_values(published, _sums(published, stored))
    return UnitTotals(published, found, wanted, values, members_of(sorted(values)), consolidated=True)


def _own_values(connection: Connection, published: Published, unit: Unit, period: Period) -> dict[CellKey, TotalValue]:
    current = current_submission(connection, published.record.form, unit.id, period.code)
    if current is None:
        return {}
    facts = facts_of(connection, current.id)
    known = published.version.cell_by_key
    return {
        key: TotalValue(fact.value, int(fact.value is not None), computed=False)
        for key, fact in facts.items()
        if key.template in known
    }


def _sums(published: Published, stored: Iterable[StoredTotal]) -> dict[CellKey, TotalValue]:
    """Sums under the codes of one version; figures sent under an earlier version of the form count under its codes."""
    known = published.version.cell_by_key
    sums: dict[CellKey, TotalValue] = {}
    for total in stored:
        spec = known.get(total.key.template)
        if spec is not None and spec.aggregation is Aggregation.SUM:
            before = sums.get(total.key)
            value = unscaled(total.value, total.decimals) + (before.value or Decimal(0) if before else Decimal(0))
            numbers = total.numbers + (before.numbers if before else 0)
            sums[total.key] = TotalValue(value, numbers, computed=False)
    return sums


def _consolidated_values(published: Published, sums: Mapping[CellKey, TotalValue]) -> dict[CellKey, TotalValue]:
    values = dict(sums)
    added = {key: float(total.value) for key, total in sums.items() if total.value is not None}
    for key, result in aggregate(published.compiled, added, members_of(sorted(sums))).items():
        spec = published.version.cell(key)
        # A sum that nobody reported stays unknown; its formula over blank cells would say zero.
        if spec.aggregation is not Aggregation.SUM or spec.aggregate_formula is not None:
            values[key] = TotalValue(computed_figure(result, spec), 0, computed=True)
    return values
