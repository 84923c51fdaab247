"""Changing a catalogue by its workbook: checked as a whole, then written as new rows from a day on; the past stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Connection, Engine

from server.errors import FindingsError
from server.services.audit import SYSTEM, Action, record
from server.services.catalogues import findings as said
from server.services.catalogues.checking import Wanted, World, wanted_entries
from server.services.catalogues.drawing import fingerprint, text_of
from server.services.catalogues.entries import measures_of, unit_names
from server.services.catalogues.kinds import (
    CODE,
    INDICATORS,
    KINDS,
    SEPARATOR,
    UNITS_OF_MEASURE,
    Field,
    Kind,
    kind_named,
)
from server.services.catalogues.reading import CatalogueSheet, read_catalogue
from server.services.catalogues.usage import Use, still_fits, units_written, uses_of, versions_in_use
from server.storage import catalogues, forms, units
from server.storage.catalogues import Entry, NewEntry
from server.storage.engine import reading, writing
from workbooks.finding import Finding

_USERS_TOLD = 3


class Turn(StrEnum):
    """What happens to an entry."""

    ADDED = "added"
    CHANGED = "changed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of an entry, before and after, as people read it."""

    title: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one entry."""

    turn: Turn
    code: str
    name: str
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class _Plan:
    """The rows to close and to open."""

    changes: tuple[Change, ...]
    closed: tuple[int, ...]
    opened: tuple[NewEntry, ...]


def change_catalogue(
    engine: Engine, name: str, data: bytes, *, from_day: date, dry_run: bool, now: datetime, actor: str = SYSTEM
) -> tuple[Change, ...]:
    """Makes the catalogue say, from a day on, what the workbook says; with ``dry_run`` only tells what would change.

    Raises:
        NotFoundError: no such catalogue. WorkbookError: no workbook that can be accepted.
        FindingsError: everything wrong with it, each with sheet and cell; nothing is changed.
    """
    kind = kind_named(name)
    read = read_catalogue(data, kind)
    if not read.columns or read.findings:
        raise FindingsError(read.findings)
    with reading(engine) if dry_run else writing(engine) as connection:
        if not dry_run:
            forms.lock_forms(connection)  # no form is published on what is being changed
        plan = _plan(connection, read, from_day, now)
        if plan.changes and not dry_run:
            catalogues.close_entries(connection, plan.closed, from_day)
            catalogues.insert_entries(connection, plan.opened)
            details = {"from": from_day.isoformat(), **_codes_by_turn(plan.changes)}
            subject = f"catalogue:{kind.name}"
            record(connection, Action.CATALOGUE_CHANGED, at=now, actor=actor, subject=subject, details=details)
    return plan.changes


def _codes_by_turn(changes: tuple[Change, ...]) -> dict[str, object]:
    return {turn.value: [one.code for one in changes if one.turn is turn] for turn in Turn}


def _plan(connection: Connection, read: CatalogueSheet, day: date, now: datetime) -> _Plan:
    world = _world(connection, read.kind, day)
    wanted = wanted_entries(read, world)
    old = world.entries.get(read.kind.name, {})
    touched = {code for code in {*wanted, *old} if not _is_same(old.get(code), wanted.get(code))}
    closed = [old[code] for code in sorted(touched) if code in old and code not in wanted]
    uses = [use for version in versions_in_use(connection, day) for use in uses_of(version)]
    written = [(version, units_written(version)) for version in versions_in_use(connection, day)]
    read.findings += _overlaps(read, wanted, sorted(touched), old, world)
    read.findings += _in_use(read, closed, world, uses, {f"{v.form} phiên bản {v.version}": t for v, t in written})
    if read.kind is INDICATORS:
        read.findings += _unfit(read, wanted, uses, world)
    if touched and read.taken not in ("", fingerprint(old.values())):
        told = {"title": read.kind.title.lower(), "day": f"{day:%d/%m/%Y}"}
        read.findings.insert(0, said.STALE.at(read.name, "", **told))
    if read.findings:
        raise FindingsError(dict.fromkeys(read.findings))
    names = unit_names(connection, day)
    changes = tuple(_change(read.kind, old.get(code), wanted.get(code), names) for code in sorted(touched))
    opened = tuple(_opened(read.kind, wanted[code], day, now) for code in sorted(touched) if code in wanted)
    return _Plan(changes, tuple(old[code].id for code in sorted(touched) if code in old), opened)


def _world(connection: Connection, kind: Kind, day: date) -> World:
    entries: dict[str, dict[str, Entry]] = {name: {} for name in KINDS}
    for one in catalogues.entries_at(connection, day):
        entries[one.catalogue][one.code] = one
    later = {one.code: one.valid_from for one in catalogues.entries_after(connection, day, kind.name)}
    # An entry that is to end on a later day was changed for that day already, even with none after it.
    later |= {one.code: one.valid_to for one in entries[kind.name].values() if one.valid_to is not None}
    return World(
        day=day,
        entries=entries,
        later=later,
        units=frozenset(one.code for one in units.units_at(connection, day)),
        measures=measures_of(tuple(entries[UNITS_OF_MEASURE.name].values())),
    )


def _is_same(old: Entry | None, new: Wanted | None) -> bool:
    if old is None or new is None:
        return False
    return (old.name, old.parent_code, dict(old.attributes)) == (new.name, new.parent_code, dict(new.attributes))


def _overlaps(
    read: CatalogueSheet, wanted: Mapping[str, Wanted], touched: list[str], old: Mapping[str, Entry], world: World
) -> Iterator[Finding]:
    for code in touched:
        if code in world.later:
            place = read.place(wanted[code].line, CODE) if code in wanted else ""
            told = {"code": code, "later": f"{world.later[code]:%d/%m/%Y}", "day": f"{world.day:%d/%m/%Y}"}
            yield said.OVERLAP.at(read.name, place, **told)


def _in_use(
    read: CatalogueSheet, closed: list[Entry], world: World, uses: list[Use], written: Mapping[str, frozenset[str]]
) -> Iterator[Finding]:
    """Entries that are to go while forms or other catalogues name them."""
    for entry in closed:
        users = [*_referring(entry, world)]
        if read.kind is INDICATORS:
            users += [use.form for use in uses if use.indicator == entry.code]
        if read.kind is UNITS_OF_MEASURE:
            users += [form for form, texts in written.items() if _writes(entry, texts, world)]
        if users:
            told = list(dict.fromkeys(users))
            more = f" và {len(told) - _USERS_TOLD} nơi khác" if len(told) > _USERS_TOLD else ""
            yield said.IN_USE.at(
                read.name,
                "",
                code=entry.code,
                name=entry.name,
                day=f"{world.day:%d/%m/%Y}",
                users=", ".join(told[:_USERS_TOLD]) + more,
            )


def _writes(entry: Entry, texts: frozenset[str], world: World) -> bool:
    found = (world.measures.find(text) for text in texts)
    return any(unit is not None and unit.code == entry.code for unit in found)


def _referring(entry: Entry, world: World) -> Iterator[str]:
    for kind in KINDS.values():
        for one in (field for field in kind.own if field.refers == entry.catalogue):
            yield from _naming(kind, one, entry.code, world)


def _naming(kind: Kind, one: Field, code: str, world: World) -> Iterator[str]:
    for other in world.entries[kind.name].values():
        if code in other.attributes.get(one.key, "").split(SEPARATOR):
            yield f"{kind.title.lower()} {other.code}"


def _unfit(read: CatalogueSheet, wanted: Mapping[str, Wanted], uses: list[Use], world: World) -> Iterator[Finding]:
    """Indicators whose new unit of measure contradicts forms in use."""
    for use in uses:
        entry = wanted.get(use.indicator)
        unit = None if entry is None else world.measures.find(entry.attributes.get("unit", ""))
        if entry is not None and unit is not None and not still_fits(use, unit.code, world.measures):
            place = read.place(entry.line, "unit")
            row = f"{use.row} của {use.form}"
            told = {"row": row, "unit": use.unit, "expected": unit.name, "indicator": use.indicator}
            yield said.UNIT_DIFFERS.at(read.name, place, **told)


def _change(kind: Kind, old: Entry | None, new: Wanted | None, names: Mapping[str, str]) -> Change:
    if new is None:
        if old is None:
            raise ValueError("a change has a before or an after")
        return Change(Turn.CLOSED, old.code, old.name)
    if old is None:
        return Change(Turn.ADDED, new.code, new.name)
    after = Entry(0, kind.name, new.code, new.name, new.parent_code, new.attributes, old.valid_from, None)
    pairs = ((one.title, text_of(old, one, names), text_of(after, one, names)) for one in kind.fields)
    return Change(Turn.CHANGED, new.code, new.name, tuple(Difference(*pair) for pair in pairs if pair[1] != pair[2]))


def _opened(kind: Kind, new: Wanted, day: date, now: datetime) -> NewEntry:
    return NewEntry(kind.name, new.code, new.name, new.parent_code, new.attributes, day, now)
