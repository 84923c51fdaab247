"""Following up: for each form and period, which unit has sent, what was refused and why, who is missing (L39, V12)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Connection, Engine

from form_templates.period import Period
from server.errors import NotFoundError
from server.services.periods import parse_period
from server.storage import overview as queries
from server.storage.engine import reading
from server.storage.overview import Attempt, CampaignKey
from server.storage.submissions import Submission, list_submissions
from server.storage.units import Unit

Sight = Callable[[date], frozenset[int] | None]
"""Ids of the units that whoever is asking may see, as at a day; None means all."""


class Standing(StrEnum):
    """How a unit stands with a form: ``refused`` where its last workbook was, and none stands."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class UnitStatus:
    """How one unit stands with one form and period.

    Attributes:
        submission: the workbook that stands, else the last refused one.
        refusals: how many workbooks were refused so far.
        codes: codes of the findings of the last refusal, where no workbook stands.
    """

    code: str
    name: str
    status: Standing
    submission: int | None = None
    received_at: datetime | None = None
    refusals: int = 0
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Campaign:
    """One form in one period, with every reporting unit that may be seen."""

    form: str
    title: str
    period: Period
    units: tuple[UnitStatus, ...]

    def count(self, status: str) -> int:
        """How many units stand at ``status``."""
        return sum(unit.status == status for unit in self.units)


@dataclass(frozen=True)
class Campaigns:
    """The newest campaigns, and whether there are earlier ones."""

    shown: tuple[Campaign, ...]
    earlier: bool


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One unit; for each campaign how it stands, None where it does not report."""

    code: str
    name: str
    statuses: tuple[UnitStatus | None, ...]


def campaigns(engine: Engine, sight: Sight, *, limit: int | None = None) -> Campaigns:
    """Forms and periods that were issued or sent: newest period first, then by form."""
    with reading(engine) as connection:
        keys = _newest_first(queries.campaign_keys(connection))
        wanted = keys if limit is None else keys[:limit]
        return Campaigns(_campaigns(connection, wanted, sight, with_codes=False), len(wanted) < len(keys))


def campaign(engine: Engine, sight: Sight, form: str, period: str) -> Campaign:
    """One form and period. A period nobody was asked for has every unit waiting.

    Raises:
        InvalidError: no period code. NotFoundError: no such form.
    """
    wanted = parse_period(period)
    with reading(engine) as connection:
        if form not in queries.form_titles(connection):
            raise NotFoundError(f"Không có biểu “{form}”.", "Kiểm tra mã biểu.")
        return _campaigns(connection, [CampaignKey(form, wanted.code)], sight, with_codes=True)[0]


def matrix(shown: Sequence[Campaign]) -> tuple[MatrixRow, ...]:
    """Units down, campaigns across."""
    names: dict[str, str] = {}
    by_unit: dict[str, dict[int, UnitStatus]] = defaultdict(dict)
    for number, one in enumerate(shown):
        for unit in one.units:
            names.setdefault(unit.code, unit.name)
            by_unit[unit.code][number] = unit
    columns = range(len(shown))
    return tuple(
        MatrixRow(code, names[code], tuple(by_unit[code].get(column) for column in columns)) for code in sorted(names)
    )


def submissions(
    engine: Engine,
    sight: Sight,
    today: date,
    *,
    status: str | None = None,
    form: str | None = None,
    period: str | None = None,
    unit: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> tuple[Submission, ...]:
    """Workbooks that were sent, newest first, of the units that may be seen today."""
    seen = sight(today)
    with reading(engine) as connection:
        if unit is not None:
            same = queries.units_with_code(connection, unit)
            seen = same if seen is None else same & seen
        return list_submissions(
            connection, unit_ids=seen, form=form, period=period, status=status, before=before, limit=limit
        )


def _newest_first(keys: Iterable[CampaignKey]) -> list[CampaignKey]:
    by_form = sorted(keys)
    return sorted(by_form, key=lambda key: Period.parse(key.period).last_day, reverse=True)


def _campaigns(
    connection: Connection, keys: Sequence[CampaignKey], sight: Sight, *, with_codes: bool
) -> tuple[Campaign, ...]:
    titles = queries.form_titles(connection)
    sent: dict[CampaignKey, dict[int, list[Attempt]]] = defaultdict(lambda: defaultdict(list))
    for attempt in queries.attempts(connection, frozenset(keys)):
        sent[CampaignKey(attempt.form, attempt.period)][attempt.unit_id].append(attempt)
    codes = _last_refusals(connection, sent.values()) if with_codes else {}
    units: dict[date, tuple[Unit, ...]] = {}
    found = []
    for key in keys:
        period = Period.parse(key.period)
        if period.last_day not in units:
            units[period.last_day] = _seen(connection, sight, period.last_day)
        of_unit = sent[key]
        statuses = tuple(_status(unit, of_unit.get(unit.id, ()), codes) for unit in units[period.last_day])
        found.append(Campaign(key.form, titles.get(key.form, key.form), period, statuses))
    return tuple(found)


def _seen(connection: Connection, sight: Sight, day: date) -> tuple[Unit, ...]:
    seen = sight(day)
    return tuple(unit for unit in queries.reporting_units(connection, day) if seen is None or unit.id in seen)


def _last_refusals(
    connection: Connection, sent: Iterable[Mapping[int, Sequence[Attempt]]]
) -> Mapping[int, dict[str, None]]:
    """Submission → codes, each once, of the units of which no workbook stands."""
    last = [
        tried[-1].id for units in sent for tried in units.values() if all(one.status != "accepted" for one in tried)
    ]
    codes: dict[int, dict[str, None]] = defaultdict(dict)
    for row in queries.finding_codes(connection, last):
        codes[row.submission_id][row.code] = None
    return codes


def _status(unit: Unit, sent: Sequence[Attempt], codes: Mapping[int, Iterable[str]]) -> UnitStatus:
    if not sent:
        return UnitStatus(unit.code, unit.name, Standing.WAITING)
    refusals = sum(attempt.status == "refused" for attempt in sent)
    accepted = [attempt for attempt in sent if attempt.status == "accepted"]
    shown = accepted[-1] if accepted else sent[-1]
    status = Standing.ACCEPTED if accepted else Standing.REFUSED
    return UnitStatus(
        unit.code, unit.name, status, shown.id, shown.received_at, refusals, tuple(codes.get(shown.id, ()))
    )
