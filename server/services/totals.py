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
from server.services.retelling import Origin, Told, amounts_of, not_continued, path, published_version, tell
from server.services.units import require_unit
from server.storage import forms, totals
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
        told: figures sent under earlier versions of the form, as they count in ``values`` (L35).
    """

    published: Published
    unit: Unit
    period: Period
    values: Mapping[CellKey, TotalValue]
    members: Mapping[tuple[str, str], tuple[str, ...]]
    consolidated: bool
    told: tuple[Told, ...] = ()

    def origins(self, key: CellKey) -> tuple[Origin, ...]:
        """The cells of earlier versions that a value is, wholly or partly, made of."""
        return tuple(told.origins[key] for told in self.told if key in told.origins)

    def is_recomputed(self, key: CellKey) -> bool:
        """Whether figures of an earlier version count in a value by the form's formula, not one by one."""
        return any(key in told.computed for told in self.told)


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


def read(engine: Engine, *, unit: str, form: str, period: str, version: str | None = None) -> UnitTotals:
    """The form as it stands for a unit: sums over the units below it, or its own figures where there are none below.

    Figures sent under an earlier version of the form are told in the terms of ``version``, by default of the version
    in effect for the period.

    Raises:
        NotFoundError: no such form in effect then, no such version, or no such unit then.
        InvalidError: no period code, or figures that cannot be told in the terms of the version asked for.
    """
    with reading(engine) as connection:
        return totals_in(connection, unit=unit, form=form, period=period, version=version)


def totals_in(connection: Connection, *, unit: str, form: str, period: str, version: str | None = None) -> UnitTotals:
    """The same inside the caller's transaction."""
    wanted = parse_period(period)
    day = wanted.last_day
    in_terms_of = version_in_effect(connection, form, day) if version is None else None
    published = in_terms_of or published_version(connection, form, version or "")
    found = require_unit(connection, unit, day)
    asked = _Asked(connection, published, strict=version is not None)
    consolidated = bool(units_at(connection, day, parents=[found.code]))
    if consolidated:
        sums, told = asked.sums(totals.totals_of(connection, found.id, form, wanted.code))
        values = _consolidated_values(published, sums)
    else:
        values, told = asked.own_values(found, wanted)
    return UnitTotals(published, found, wanted, values, members_of(sorted(values)), consolidated, told)


@dataclass(frozen=True)
class _Asked:
    """Figures in the terms of one version.

    Where the version in effect does not continue the one of the figures (it was withdrawn meanwhile, and an earlier
    one took its place), they count under their own codes; unless ``strict``: then they are refused.
    """

    connection: Connection
    published: Published
    strict: bool

    def own_values(self, unit: Unit, period: Period) -> tuple[dict[CellKey, TotalValue], tuple[Told, ...]]:
        """A unit's own figures."""
        current = current_submission(self.connection, self.published.record.form, unit.id, period.code)
        if current is None:
            return {}, ()
        facts = facts_of(self.connection, current.id)
        versions = self._path(current.version or "")
        if versions is None:
            known = self.published.version.cell_by_key
            values = {key: fact.value for key, fact in facts.items() if key.template in known}
            return {key: TotalValue(value, int(value is not None), computed=False) for key, value in values.items()}, ()
        told = tell(versions, amounts_of(facts))
        numbers = {key: amount if isinstance(amount, Decimal) else None for key, amount in told.values.items()}
        return {
            key: TotalValue(number, int(number is not None), computed=key in told.computed)
            for key, number in numbers.items()
        }, (told,)

    def sums(self, stored: Iterable[StoredTotal]) -> tuple[dict[CellKey, TotalValue], tuple[Told, ...]]:
        """Sums of what adds up, over all versions."""
        by_version: dict[str, dict[CellKey, TotalValue]] = {}
        for total in stored:
            value = TotalValue(unscaled(total.value, total.decimals), total.numbers, computed=False)
            by_version.setdefault(total.version, {})[total.key] = value
        sums: dict[CellKey, TotalValue] = {}
        all_told = []
        for version, values in sorted(by_version.items()):
            versions = self._path(version)
            if versions is None:
                self._add(sums, values)
                continue
            numbers = {key: one.value for key, one in values.items() if one.value is not None}
            all_told.append(tell(versions, numbers, sums=True))
            self._add(sums, _told_sums(all_told[-1], values))
        return sums, tuple(all_told)

    def _path(self, version: str) -> tuple[Published, ...] | None:
        """From an earlier version; None for figures that count under the codes they have."""
        form = self.published.record.form
        record = forms.form_version(self.connection, form, version)
        if record is None or record.id == self.published.record.id:
            return None
        versions = path(self.connection, record, self.published.record)
        if versions is None and self.strict:
            raise not_continued(form, version, self.published.record.version)
        return versions

    def _add(self, sums: dict[CellKey, TotalValue], values: Mapping[CellKey, TotalValue]) -> None:
        known = self.published.version.cell_by_key
        for key, one in values.items():
            spec = known.get(key.template)
            if spec is not None and spec.aggregation is Aggregation.SUM and one.value is not None:
                before = sums.get(key)
                value = one.value + (before.value or Decimal(0) if before else Decimal(0))
                sums[key] = TotalValue(value, one.numbers + (before.numbers if before else 0), computed=False)


def _told_sums(told: Told, values: Mapping[CellKey, TotalValue]) -> dict[CellKey, TotalValue]:
    """Told sums with the number of their addends; what was computed anew counts as many as were computed before."""
    numbers = {key: sum(values[cell.key].numbers for cell in origin.cells) for key, origin in told.origins.items()}
    most = max((one.numbers for one in values.values()), default=0)
    return {
        key: TotalValue(amount, numbers.get(key, most), computed=False)
        for key, amount in told.values.items()
        if isinstance(amount, Decimal)
    }


def _consolidated_values(published: Published, sums: Mapping[CellKey, TotalValue]) -> dict[CellKey, TotalValue]:
    values = dict(sums)
    added = {key: float(total.value) for key, total in sums.items() if total.value is not None}
    for key, result in aggregate(published.compiled, added, members_of(sorted(sums))).items():
        spec = published.version.cell(key)
        # A sum that nobody reported stays unknown; its formula over blank cells would say zero.
        if spec.aggregation is not Aggregation.SUM or spec.aggregate_formula is not None:
            values[key] = TotalValue(computed_figure(result, spec), 0, computed=True)
    return values
