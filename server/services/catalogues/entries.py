"""Asking the catalogues: what one says on a day, searching without diacritics, and taking it away as a workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from sqlalchemy import Connection, Engine

from form_templates.measures import Measures, units_of
from server.services.catalogues.drawing import draw_catalogue, text_of
from server.services.catalogues.kinds import CODE, KINDS, NAME, SEPARATOR, UNITS_OF_MEASURE, Field, Kind, kind_named
from server.services.collation import alphabetical, without_marks
from server.storage import catalogues
from server.storage.catalogues import Entry
from server.storage.engine import reading


@dataclass(frozen=True, slots=True)
class Summary:
    """A catalogue and how many entries it has."""

    kind: Kind
    entries: int


@dataclass(frozen=True)
class View:
    """A catalogue on a day; ``units`` are the names of the units of measure by code."""

    kind: Kind
    day: date
    entries: tuple[Entry, ...]
    units: Mapping[str, str]

    def text(self, entry: Entry, one: Field) -> str:
        """A field of an entry as people read it."""
        return text_of(entry, one, self.units)

    def texts(self, entry: Entry) -> tuple[str, ...]:
        """All fields of an entry, in the order of the columns."""
        return tuple(self.text(entry, one) for one in self.kind.fields)

    @cached_property
    def depths(self) -> Mapping[str, int]:
        """How deep each entry stands below a root that is shown."""
        found: dict[str, int] = {}
        for entry in self.entries:
            found[entry.code] = found.get(entry.parent_code or "", -1) + 1
        return found


def list_catalogues(engine: Engine, day: date) -> tuple[Summary, ...]:
    """Every catalogue, with its size on a day."""
    with reading(engine) as connection:
        counts = catalogues.counts_at(connection, day)
    return tuple(Summary(kind, counts.get(kind.name, 0)) for kind in KINDS.values())


def view(engine: Engine, name: str, day: date, *, find: str = "", assigned_to: str = "") -> View:
    """A catalogue on a day, entries below their parents.

    Args:
        engine: the database.
        name: of the catalogue.
        day: as at.
        find: only entries in which all these words occur, diacritics and case aside (T23).
        assigned_to: only indicators that the reporting unit of this code has to report (V27).

    Raises:
        NotFoundError: no such catalogue.
    """
    kind = kind_named(name)
    with reading(engine) as connection:
        entries = catalogues.entries_at(connection, day, kind.name)
        units = unit_names(connection, day)
    whole = View(kind, day, hierarchical(entries), units)
    words = without_marks(find).split()
    wanted = tuple(
        one for one in whole.entries if _is_assigned(one, assigned_to) and _holds(" ".join(whole.texts(one)), words)
    )
    return View(kind, day, wanted, units)


def _holds(text: str, words: Sequence[str]) -> bool:
    plain = without_marks(text) if words else ""
    return all(word in plain for word in words)


def _is_assigned(entry: Entry, unit: str) -> bool:
    """An indicator that names no units is everybody's."""
    assigned = entry.attributes.get("assigned", "")
    return not unit or not assigned or unit in assigned.split(SEPARATOR)


def export(engine: Engine, name: str, day: date) -> bytes:
    """The catalogue as a workbook that can be edited and brought back. Raises NotFoundError."""
    found = view(engine, name, day)
    return draw_catalogue(found.kind, found.entries, day, found.units)


def unit_names(connection: Connection, day: date) -> dict[str, str]:
    """Names of the units of measure by code, in the order of the alphabet."""
    entries = catalogues.entries_at(connection, day, UNITS_OF_MEASURE.name)
    return {one.code: one.name for one in sorted(entries, key=lambda one: alphabetical(one.name))}


def measures_of(entries: Sequence[Entry]) -> Measures:
    """The units of measure, ready to convert with."""
    return Measures(units_of({CODE: one.code, NAME: one.name, **one.attributes} for one in entries))


def hierarchical(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Parents before their children, codes in order; what has lost its parent stands among the roots."""
    codes = {one.code for one in entries}
    below: dict[str | None, list[Entry]] = {}
    for one in sorted(entries, key=lambda entry: entry.code):
        below.setdefault(one.parent_code if one.parent_code in codes else None, []).append(one)
    found: list[Entry] = []
    waiting = below.get(None, [])[::-1]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += below.get(one.code, [])[::-1]
    return tuple(found)
