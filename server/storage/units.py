"""Reporting units, effective-dated. A unit is (code, valid_from); its parent is whoever bears the code at the day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, or_, select, text

from server.storage.tables import ORG_UNIT


@dataclass(frozen=True, slots=True)
class Unit:
    """A reporting unit during one stretch of its life. ``valid_to`` is the first day it is no longer there."""

    id: int
    code: str
    name: str
    kind: str
    parent_code: str | None
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit to be stored."""

    code: str
    name: str
    kind: str
    parent_code: str | None
    valid_from: date
    valid_to: date | None = None


def valid_at(day: date) -> ColumnElement[bool]:
    """The condition that a unit is there on that day."""
    return and_(ORG_UNIT.c.valid_from <= day, or_(ORG_UNIT.c.valid_to.is_(None), ORG_UNIT.c.valid_to > day))


def lock_units(connection: Connection) -> None:
    """Keeps others from changing units until this transaction ends, so that a check holds until the commit."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE org_unit IN SHARE ROW EXCLUSIVE MODE"))


def insert_units(connection: Connection, units: Iterable[NewUnit]) -> None:
    """Stores units; the caller checks for overlaps."""
    rows = [
        {
            "code": u.code,
            "name": u.name,
            "kind": u.kind,
            "parent_code": u.parent_code,
            "valid_from": u.valid_from,
            "valid_to": u.valid_to,
        }
        for u in units
    ]
    if rows:
        connection.execute(insert(ORG_UNIT), rows)


def unit_at(connection: Connection, code: str, day: date) -> Unit | None:
    """The unit that bears the code on that day."""
    found = connection.execute(select(ORG_UNIT).where(ORG_UNIT.c.code == code, valid_at(day))).first()
    return None if found is None else _unit(found)


def unit_by_id(connection: Connection, unit_id: int) -> Unit | None:
    """The unit of that id."""
    found = connection.execute(select(ORG_UNIT).where(ORG_UNIT.c.id == unit_id)).first()
    return None if found is None else _unit(found)


def units_at(connection: Connection, day: date, *, parents: Sequence[str] | None = None) -> tuple[Unit, ...]:
    """Units of that day sorted by code; with ``parents`` only those directly below one of them."""
    query = select(ORG_UNIT).where(valid_at(day)).order_by(ORG_UNIT.c.code)
    if parents is not None:
        query = query.where(ORG_UNIT.c.parent_code.in_(parents))
    return tuple(_unit(row) for row in connection.execute(query))


def all_units(connection: Connection) -> tuple[Unit, ...]:
    """Every row of every unit, by code and first day."""
    query = select(ORG_UNIT).order_by(ORG_UNIT.c.code, ORG_UNIT.c.valid_from)
    return tuple(_unit(row) for row in connection.execute(query))


def ancestors_at(connection: Connection, unit: Unit, day: date) -> tuple[Unit, ...]:
    """Parent, grandparent … as of that day, nearest first. A circle of parents ends where it closes."""
    found: list[Unit] = []
    seen = {unit.code}
    code = unit.parent_code
    while code is not None and code not in seen:
        parent = unit_at(connection, code, day)
        if parent is None:
            break
        seen.add(code)
        found.append(parent)
        code = parent.parent_code
    return tuple(found)


def descendants_at(connection: Connection, unit: Unit, day: date) -> tuple[Unit, ...]:
    """Children, grandchildren … as of that day, level by level."""
    found: list[Unit] = []
    seen = {unit.code}
    level = [unit.code]
    while level:
        children = [child for child in units_at(connection, day, parents=level) if child.code not in seen]
        found += children
        level = [child.code for child in children]
        seen.update(level)
    return tuple(found)


def overlaps(connection: Connection) -> tuple[tuple[Unit, Unit], ...]:
    """Pairs of rows that claim the same code on the same day: each would count a unit's figures twice."""
    # Compared with the longest-lived row so far, not with the neighbour: an open row may span several later ones.
    found: list[tuple[Unit, Unit]] = []
    longest: Unit | None = None
    for unit in all_units(connection):
        if longest is None or longest.code != unit.code:
            longest = unit
        else:
            if longest.valid_to is None or longest.valid_to > unit.valid_from:
                found.append((longest, unit))
            if longest.valid_to is not None and (unit.valid_to is None or unit.valid_to > longest.valid_to):
                longest = unit
    return tuple(found)


def _unit(row: Row[tuple[object, ...]]) -> Unit:
    return Unit(**row._mapping)
