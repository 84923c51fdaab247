"""What a catalogue read from a workbook must satisfy; each check yields its findings with sheet and cell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from form_templates.measures import MeasureError, Measures, spelling, units_of
from server.services.catalogues import findings as said
from server.services.catalogues.kinds import CODE, KINDS, NAME, PARENT, SEPARATOR, UNITS_OF_MEASURE, Field
from server.services.catalogues.reading import UNREADABLE, CatalogueSheet, Line
from server.storage.catalogues import Entry
from workbooks.finding import Finding

# 0,01 and 12,5 can only be decimals; 1,000 could be a thousand, and is asked.
_WITH_COMMA: Final = re.compile(r"0,[0-9]+|[0-9]+,(?![0-9]{3}$)[0-9]+")
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True)
class World:
    """What stands on the day a change takes effect.

    Attributes:
        entries: catalogue → code → entry.
        later: day from which an entry of this catalogue is changed already, by code.
        units: codes of the reporting units.
    """

    day: date
    entries: Mapping[str, Mapping[str, Entry]]
    later: Mapping[str, date]
    units: frozenset[str]
    measures: Measures


@dataclass(frozen=True, slots=True)
class Wanted:
    """An entry as the workbook has it, in stored words."""

    code: str
    name: str
    parent_code: str | None
    attributes: Mapping[str, str]
    line: Line


def wanted_entries(read: CatalogueSheet, world: World) -> dict[str, Wanted]:
    """The entries by code, in stored words; what is wrong with them is added to the findings of ``read``."""
    found: dict[str, Wanted] = {}
    read.findings += [*_codes(read), *_required(read)]
    for line in read.lines:
        texts = {one.key: _stored(one, line.texts[one.key], world) for one in read.kind.fields}
        attributes = {one.key: texts[one.key] for one in read.kind.own if texts[one.key]}
        found.setdefault(texts[CODE], Wanted(texts[CODE], texts[NAME], texts[PARENT] or None, attributes, line))
    read.findings += [*_parents(read, found), *_cycles(read, found), *_values(read, found, world)]
    if read.kind is UNITS_OF_MEASURE:
        read.findings += _measures(read, found, world)
    return found


def _stored(one: Field, text: str, world: World) -> str:
    """Words of a choice and names of units of measure as they are stored; what is neither stays as it is."""
    if one.refers == "units-of-measure":
        unit = world.measures.find(text)
        return text if unit is None else unit.code
    if one.key == "factor" and _WITH_COMMA.fullmatch(text):
        return text.replace(",", ".")
    words = {shown.casefold(): stored for stored, shown in one.choices.items()}
    items = [words.get(item.casefold(), item) for item in text.split(SEPARATOR)]
    return SEPARATOR.join(dict.fromkeys(items))


def _codes(read: CatalogueSheet) -> Iterator[Finding]:
    seen: dict[str, Line] = {}
    for line in read.lines:
        code = line.texts[CODE]
        if code and code != UNREADABLE and not _CODE.fullmatch(code):
            reason = f"mã “{code[:60]}” chỉ được gồm chữ không dấu, số, dấu chấm, gạch nối, nhiều nhất 40 ký tự."
            yield said.CELL.at(read.name, read.place(line, CODE), title=read.kind.by_key[CODE].title, reason=reason)
        other = seen.setdefault(code.casefold(), line)
        if other is not line and code and code != UNREADABLE:
            yield said.TWICE.at(read.name, read.place(line, CODE), code=code, other=read.place(other, CODE))


def _required(read: CatalogueSheet) -> Iterator[Finding]:
    for line in read.lines:
        for one in read.kind.fields:
            if one.required and not line.texts[one.key]:
                code = line.texts[CODE] or line.texts[NAME]
                yield said.MISSING.at(read.name, read.place(line, one.key), code=code, title=one.title)


def _parents(read: CatalogueSheet, found: Mapping[str, Wanted]) -> Iterator[Finding]:
    for one in found.values():
        if one.parent_code not in (None, UNREADABLE) and one.parent_code not in found:
            yield said.PARENT.at(read.name, read.place(one.line, PARENT), code=one.code, parent=one.parent_code or "")


def _cycles(read: CatalogueSheet, found: Mapping[str, Wanted]) -> Iterator[Finding]:
    """Each circle once, at the entry of it that stands first."""
    done: set[str] = set()
    for start in found:
        path: dict[str, None] = {}  # in order, and found at once however long a chain is
        code: str | None = start
        while code is not None and code in found and code not in done and code not in path:
            path[code] = None
            code = found[code].parent_code
        if code is not None and code in path:
            circle = [*path][[*path].index(code) :]
            first = min((found[one] for one in circle), key=lambda one: one.line.row)
            told = " → ".join([*circle, circle[0]])
            yield said.CYCLE.at(read.name, read.place(first.line, PARENT), code=first.code, path=told)
        done.update(path)


def _values(read: CatalogueSheet, found: Mapping[str, Wanted], world: World) -> Iterator[Finding]:
    """Choices outside their list, and codes of other catalogues that are not there."""
    for one in read.kind.own:
        known = _known(one, world)
        if known is None:
            continue
        for entry in found.values():
            text = entry.attributes.get(one.key, "")
            items = text.split(SEPARATOR) if one.many else [text]
            for item in items:
                if item and item != UNREADABLE and item not in known:
                    yield _unknown(read, one, entry, item)


def _known(one: Field, world: World) -> frozenset[str] | None:
    """What may stand in a field, or None for free text."""
    if one.choices:
        return frozenset(one.choices)
    if one.refers == "units":
        return world.units
    return frozenset(world.entries.get(one.refers, {})) if one.refers else None


def _unknown(read: CatalogueSheet, one: Field, entry: Wanted, item: str) -> Finding:
    place = read.place(entry.line, one.key)
    if one.choices:
        choices = "; ".join(one.choices.values())
        return said.CHOICE.at(read.name, place, code=entry.code, title=one.title, value=item[:60], choices=choices)
    other = KINDS.get(one.refers)
    where = f"danh mục {other.title.lower()}" if other else "danh sách đơn vị báo cáo"
    return said.UNKNOWN.at(read.name, place, code=entry.code, title=one.title, value=item[:60], where=where)


def _measures(read: CatalogueSheet, found: Mapping[str, Wanted], world: World) -> Iterator[Finding]:
    """Factors that are none, spellings that two units share, and factors of known units that were changed."""
    old = world.entries.get(UNITS_OF_MEASURE.name, {})
    spelled: dict[str, Wanted] = {}
    for entry in found.values():
        for key, reason in _unit_faults(entry, old.get(entry.code), spelled):
            yield said.MEASURE.at(read.name, read.place(entry.line, key), code=entry.code, reason=reason)


def _unit_faults(entry: Wanted, old: Entry | None, spelled: dict[str, Wanted]) -> Iterator[tuple[str, str]]:
    if UNREADABLE in (entry.code, entry.name, *entry.attributes.values()) or not entry.attributes.get("dimension"):
        return  # told already
    try:
        (unit,) = units_of([{CODE: entry.code, NAME: entry.name, **entry.attributes}])
    except MeasureError as error:
        yield "factor", str(error)
        return
    for text in dict.fromkeys(map(spelling, (unit.code, unit.name, *unit.synonyms))):
        other = spelled.setdefault(text, entry)
        if other is not entry:
            key = NAME if text == spelling(unit.name) else "synonyms"
            yield key, f"“{text}” cũng là cách viết của đơn vị tính {other.code} (dòng {other.line.row})."
    if old is None:
        return
    # Figures are stored in these units: a factor that changes would change them all.
    (before,) = units_of([{CODE: old.code, NAME: old.name, **old.attributes}])
    if before.dimension != unit.dimension:
        yield "dimension", f"đang có với đại lượng “{before.dimension}”, không đổi được."
    if before.factor != unit.factor:
        yield "factor", f"đang có với hệ số {before.factor}, không đổi được."
