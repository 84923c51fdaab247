"""Kept totals: deltas, the sums they must equal, and the differences between the two."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import (
    Connection,
    FromClause,
    Select,
    and_,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.exc import DataError, IntegrityError

from form_templates.model import CellKey
from server.storage.dialects import upsert
from server.storage.exact import LARGEST
from server.storage.tables import CELL, FACT, FORM_VERSION, ORG_UNIT, SUBMISSION, TOTAL
from server.storage.types import BIG

_DEEPEST = 12  # levels of units; only guards against a circle of parents


class TotalOverflowError(Exception):
    """A total would no longer fit 64 bits. Both databases say so; neither wraps around."""


@dataclass(frozen=True, slots=True, order=True)
class Delta:
    """What is added to one total. Field order is the order in which rows are locked."""

    unit_id: int
    period: str
    cell_id: int
    value: int
    numbers: int


@dataclass(frozen=True, slots=True)
class StoredTotal:
    """A total as it is kept; ``numbers`` counts the addends, ``version`` is that of the form they were sent under."""

    key: CellKey
    decimals: int
    value: int
    numbers: int
    version: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A total that is not what the facts add up to. None stands for "no such row"."""

    unit_id: int
    period: str
    cell_id: int
    kept: tuple[int, int] | None
    expected: tuple[int, int] | None


def add_deltas(connection: Connection, deltas: Iterable[Delta]) -> None:
    """Adds to the totals, one atomic upsert per row, in key order.

    Unsorted, two submissions under one province run into deadlocks; and a total that is read, added to and written
    back loses updates at READ COMMITTED.

    Raises:
        TotalOverflowError: the transaction must be given up.
    """
    changed = sorted(delta for delta in deltas if delta.value or delta.numbers)
    if not changed:
        return
    if any(abs(delta.value) > LARGEST for delta in changed):  # a new figure less an old one
        raise TotalOverflowError("a change does not fit 64 bits")
    statement = upsert(connection, TOTAL)
    statement = statement.on_conflict_do_update(
        index_elements=[TOTAL.c.unit_id, TOTAL.c.period, TOTAL.c.cell_id],
        set_={
            "value": TOTAL.c.value + statement.excluded.value,
            "numbers": TOTAL.c.numbers + statement.excluded.numbers,
        },
    )
    rows = [
        {"unit_id": d.unit_id, "period": d.period, "cell_id": d.cell_id, "value": d.value, "numbers": d.numbers}
        for d in changed
    ]
    try:
        connection.execute(statement, rows)
    except (DataError, IntegrityError) as error:
        # PostgreSQL: bigint out of range. SQLite: the sum became REAL, which the STRICT table refuses.
        raise TotalOverflowError(str(error.orig)) from error


def ancestry() -> FromClause:
    """(submission_id, unit_id) for every unit above the reporting unit of an accepted submission, as at its period."""
    parent = ORG_UNIT.alias("parent")
    start = (
        select(
            SUBMISSION.c.id.label("submission_id"),
            SUBMISSION.c.as_at.label("as_at"),
            ORG_UNIT.c.parent_code.label("parent_code"),
            ORG_UNIT.c.id.label("unit_id"),
            literal(0).label("depth"),
        )
        .join(ORG_UNIT, ORG_UNIT.c.id == SUBMISSION.c.unit_id)
        .where(SUBMISSION.c.status == "accepted")
        .cte("ancestry", recursive=True)
    )
    step = select(start.c.submission_id, start.c.as_at, parent.c.parent_code, parent.c.id, start.c.depth + 1).join(
        parent,
        and_(
            parent.c.code == start.c.parent_code,
            parent.c.valid_from <= start.c.as_at,
            or_(parent.c.valid_to.is_(None), parent.c.valid_to > start.c.as_at),
            start.c.depth < _DEEPEST,
        ),
    )
    lineage = start.union_all(step)
    return select(lineage.c.submission_id, lineage.c.unit_id).where(lineage.c.depth > 0).subquery("above")


def expected_totals() -> Select[tuple[int, str, int, int, int]]:
    """What the totals must be: sums over the facts of accepted submissions. SUM of 64-bit integers never wraps here."""
    above = ancestry()
    return (
        select(
            above.c.unit_id.label("unit_id"),
            SUBMISSION.c.period.label("period"),
            FACT.c.cell_id.label("cell_id"),
            cast(func.sum(FACT.c.value), BIG).label("value"),
            func.count(FACT.c.value).label("numbers"),
        )
        .join(SUBMISSION, SUBMISSION.c.id == above.c.submission_id)
        .join(FACT, FACT.c.submission_id == SUBMISSION.c.id)
        .join(CELL, CELL.c.id == FACT.c.cell_id)
        .where(FACT.c.state == 0, CELL.c.aggregation == "sum")
        .group_by(above.c.unit_id, SUBMISSION.c.period, FACT.c.cell_id)
    )


def rebuild_totals(connection: Connection) -> int:
    """Makes all totals anew from the facts; returns how many there are."""
    if connection.dialect.name == "postgresql":
        # Waits for submissions that already touched a total and keeps new ones from doing so: each is counted once.
        connection.execute(text("LOCK TABLE total IN SHARE ROW EXCLUSIVE MODE"))
    connection.execute(delete(TOTAL))
    columns = ["unit_id", "period", "cell_id", "value", "numbers"]
    connection.execute(insert(TOTAL).from_select(columns, expected_totals()))
    return count_totals(connection)


def differing_totals(connection: Connection) -> tuple[Difference, ...]:
    """A full outer join of what is kept with what should be, so that orphan totals show too."""
    expected = expected_totals().subquery("expected")
    same_key = and_(
        TOTAL.c.unit_id == expected.c.unit_id,
        TOTAL.c.period == expected.c.period,
        TOTAL.c.cell_id == expected.c.cell_id,
    )
    kept = (TOTAL.c.value.label("kept_value"), TOTAL.c.numbers.label("kept_numbers"))
    missing_or_wrong = (
        select(expected, *kept)
        .outerjoin(TOTAL, same_key)
        .where(
            or_(TOTAL.c.value.is_(None), TOTAL.c.value != expected.c.value, TOTAL.c.numbers != expected.c.numbers),
        )
    )
    orphans = (
        select(TOTAL.c.unit_id, TOTAL.c.period, TOTAL.c.cell_id, expected.c.value, expected.c.numbers, *kept)
        .outerjoin(expected, same_key)
        # A row that counts down to nothing when a later revision leaves the cell blank is kept as 0 of 0.
        .where(expected.c.value.is_(None), or_(TOTAL.c.value != 0, TOTAL.c.numbers != 0))
    )
    rows = connection.execute(union_all(missing_or_wrong, orphans)).all()
    return tuple(
        Difference(
            row.unit_id,
            row.period,
            row.cell_id,
            None if row.kept_value is None else (row.kept_value, row.kept_numbers),
            None if row.value is None else (row.value, row.numbers),
        )
        for row in sorted(rows, key=lambda row: (row.unit_id, row.period, row.cell_id))
    )


def count_totals(connection: Connection) -> int:
    """How many totals are kept."""
    return connection.execute(select(func.count()).select_from(TOTAL)).scalar_one()


def totals_of(connection: Connection, unit_id: int, form: str, period: str) -> tuple[StoredTotal, ...]:
    """The kept totals of a unit for a form and period, whichever version of the form they came from."""
    cell = (CELL.c.table_code, CELL.c.row_code, CELL.c.column_code, CELL.c.decimals)
    query = (
        select(*cell, TOTAL.c.value, TOTAL.c.numbers, FORM_VERSION.c.version)
        .join(CELL, CELL.c.id == TOTAL.c.cell_id)
        .join(FORM_VERSION, FORM_VERSION.c.id == CELL.c.form_version_id)
        .where(TOTAL.c.unit_id == unit_id, TOTAL.c.period == period, FORM_VERSION.c.form == form, TOTAL.c.numbers > 0)
    )
    return tuple(
        StoredTotal(
            CellKey(row.table_code, row.row_code, row.column_code), row.decimals, row.value, row.numbers, row.version
        )
        for row in connection.execute(query)
    )
