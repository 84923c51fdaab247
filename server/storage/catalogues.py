"""Entries of the catalogues, effective-dated: a change closes a row and opens another, so that the past stays told."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from server.storage.tables import CATALOGUE_ENTRY as ENTRY


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be stored: attributes are plain texts, lists among them parted by ``|``."""

    catalogue: str
    code: str
    name: str
    parent_code: str | None
    attributes: Mapping[str, str] = field(default_factory=dict)
    valid_from: date = date.min
    recorded_at: datetime | None = None  # None for what came with the program


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry during one stretch of its life; ``valid_to`` is the first day on which it no longer stands so."""

    id: int
    catalogue: str
    code: str
    name: str
    parent_code: str | None
    attributes: Mapping[str, str]
    valid_from: date
    valid_to: date | None


_COLUMNS = tuple(ENTRY.c[name] for name in Entry.__dataclass_fields__)


def insert_entries(connection: Connection, entries: Iterable[NewEntry]) -> None:
    """Stores entries; the caller checks them."""
    rows = [
        {
            "catalogue": one.catalogue,
            "code": one.code,
            "name": one.name,
            "parent_code": one.parent_code,
            "attributes": json.dumps(dict(one.attributes), ensure_ascii=False, sort_keys=True, separators=(",", ":")),
            "valid_from": one.valid_from,
            "recorded_at": one.recorded_at,
        }
        for one in entries
    ]
    if rows:
        connection.execute(insert(ENTRY), rows)


def close_entries(connection: Connection, ids: Collection[int], day: date) -> None:
    """From that day on the rows no longer stand."""
    if ids:
        connection.execute(update(ENTRY).where(ENTRY.c.id.in_(ids)).values(valid_to=day))


def entries_at(connection: Connection, day: date, catalogue: str | None = None) -> tuple[Entry, ...]:
    """What a catalogue (or all of them) says on that day, by catalogue and code."""
    return _entries(connection, _valid_at(day), catalogue)


def entries_after(connection: Connection, day: date, catalogue: str) -> tuple[Entry, ...]:
    """Rows that begin after that day and stand for at least a day."""
    stands = or_(ENTRY.c.valid_to.is_(None), ENTRY.c.valid_to > ENTRY.c.valid_from)
    return _entries(connection, and_(ENTRY.c.valid_from > day, stands), catalogue)


def counts_at(connection: Connection, day: date) -> dict[str, int]:
    """How many entries each catalogue has on that day."""
    query = select(ENTRY.c.catalogue, func.count()).where(_valid_at(day)).group_by(ENTRY.c.catalogue)
    return {str(name): int(count) for name, count in connection.execute(query)}


def _valid_at(day: date) -> ColumnElement[bool]:
    return and_(ENTRY.c.valid_from <= day, or_(ENTRY.c.valid_to.is_(None), ENTRY.c.valid_to > day))


def _entries(connection: Connection, condition: ColumnElement[bool], catalogue: str | None) -> tuple[Entry, ...]:
    query = select(*_COLUMNS).where(condition).order_by(ENTRY.c.catalogue, ENTRY.c.code)
    if catalogue is not None:
        query = query.where(ENTRY.c.catalogue == catalogue)
    return tuple(
        Entry(**{**row._mapping, "attributes": json.loads(row.attributes)}) for row in connection.execute(query)
    )
