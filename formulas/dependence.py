"""Which computed cells follow from given ones: a finding belongs to the cell that is wrong, not to all its totals."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from form_templates.model import CellKey, member_row
from form_templates.reading import FilledForm
from formulas.compiler import CompiledForm
from formulas.naming import member_keys
from formulas.places import Area, Places

_TOKEN: Final = re.compile(r'"(?:[^"]|"")*"|\{([^{}]*)\}')


def affected(compiled: CompiledForm, filled: FilledForm, sources: Collection[CellKey]) -> frozenset[CellKey]:
    """The sources and every cell that is computed from one of them, however far."""
    found = set(sources)
    if not found:
        return frozenset()
    version, members, places = compiled.version, member_keys(filled), Places(compiled.version.tables)
    for template in compiled.order:
        is_region = "*" in template.row
        areas = list(areas_of(version.cell(template).formula or "", template, places))
        rows = [member_row(template.row, key) for key in members.get((template.table, template.row), ())]
        for row in rows if is_region else [template.row]:
            if any(key in found for area in areas for key in area.keys(members, row)):
                found.add(template._replace(row=row))
    return frozenset(found)


def areas_of(coded: str, key: CellKey, places: Places) -> Iterator[Area]:
    """What the formula of a cell refers to, in the order of the text."""
    region = key.row if "*" in key.row else ""
    for match in _TOKEN.finditer(coded):
        if match[1] is not None:
            yield places.area(match[1], key.table, region)
