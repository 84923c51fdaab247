"""Puts the functions of many formulas together to one that computes a whole form.

Values stand in one list, each cell, or each region's column as a list of its own, in a slot. Cells that need only what
is computed already and share a function are computed together, so neither compiling nor running does anything twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import itemgetter
from typing import Any, TypeAlias

from form_templates.model import CellKey, member_row
from formulas.arithmetic import CellValue
from formulas.codegen import Function
from formulas.places import HERE, Area, Members

Values: TypeAlias = Mapping[CellKey, CellValue]
Compute: TypeAlias = Callable[[Values, Members, str], dict[CellKey, CellValue]]
"""Values and members of a filled form, and the row that ``@`` means where no region's column is computed."""

_Slots: TypeAlias = list[Any]
_Rows: TypeAlias = Mapping[tuple[str, str], Sequence[str]]
_Column: TypeAlias = Iterable[Any]
_Getter: TypeAlias = Callable[[_Slots], tuple[CellValue, ...]]


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula's function, and what it refers to, one area for each argument."""

    function: Function
    areas: tuple[Area, ...]
    needs: tuple[CellKey, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One cell, or one column of a region, that is computed.

    Attributes:
        key: of the cell; of a column if its row is a region.
        formula: the formula, or None for a cell that is blank.
        region: the region in one of whose rows the formula stands, or ``""``.
        may_be_given: whether a value that the caller gives goes before the formula.
    """

    key: CellKey
    formula: Formula | None
    region: str = ""
    may_be_given: bool = False

    @property
    def needs(self) -> tuple[CellKey, ...]:
        """The template keys of what it is computed from."""
        return self.formula.needs if self.formula is not None else ()


@dataclass(frozen=True, slots=True)
class _Batch:
    """Cells that one function computes, from slot ``start`` on; ``columns`` gives each argument for all of them."""

    function: Function
    start: int
    size: int
    columns: tuple[Callable[[_Slots], _Column], ...]
    given: tuple[tuple[int, CellKey], ...]

    def run(self, slots: _Slots, values: Values, rows: _Rows) -> None:
        columns = [column(slots) for column in self.columns] or [repeat((), self.size)]
        function = self.function if self.columns else _without_argument(self.function)
        slots[self.start : self.start + self.size] = list(map(function, *columns))
        for slot, key in self.given:
            if key in values:
                slots[slot] = values[key]


@dataclass(frozen=True, slots=True)
class _RegionStep:
    """One column of a region, computed for each of its members."""

    key: CellKey
    function: Function
    slot: int
    columns: tuple[Callable[[_Slots, int], _Column], ...]
    may_be_given: bool

    def run(self, slots: _Slots, values: Values, rows: _Rows) -> None:
        table, region, column = self.key
        keys = [CellKey(table, row, column) for row in rows[table, region]]
        columns = [given(slots, len(keys)) for given in self.columns] or [repeat((), len(keys))]
        function = self.function if self.columns else _without_argument(self.function)
        computed = list(map(function, *columns))
        if self.may_be_given:
            computed = [values.get(key, value) for key, value in zip(keys, computed, strict=True)]
        slots[self.slot] = computed


class Assembly:
    """The steps of one form, in an order in which each stands after what it needs, ready to run."""

    def __init__(self, steps: Sequence[Step], regions: frozenset[tuple[str, str]]) -> None:
        self._regions = regions
        self._slots: dict[CellKey, int] = {}
        self._getters: dict[Area, _Getter] = {}
        levels = _levels(steps)
        columns = [step for step in steps if self._is_column(step.key)]
        batches = self._batches(steps, levels)
        self._singles = [step.key for _, batch in batches for step in batch]
        self._columns = [step.key for step in columns]
        # Slot 0 is always blank; then the computed cells, in one run, for the result; then columns; then what is given.
        for key in [*self._singles, *self._columns]:
            self._slots[key] = len(self._slots) + 1
        given = self._given_keys(steps)
        self._plain = [key for key in given if key.row != HERE and not self._is_column(key)]
        self._others = [key for key in given if key.row == HERE or self._is_column(key)]
        for key in [*self._plain, *self._others]:
            self._slots[key] = len(self._slots) + 1
        runs: list[tuple[int, _Batch | _RegionStep]] = [(level, self._batch(batch)) for level, batch in batches]
        runs += [(levels[step.key], self._region_step(step)) for step in columns]
        self._runs = [run for _, run in sorted(runs, key=itemgetter(0))]

    def compute(self, values: Values, members: Members, row: str) -> dict[CellKey, CellValue]:
        """The values of all steps."""
        rows = {region: [member_row(region[1], key) for key in members.get(region, ())] for region in self._regions}
        slots: _Slots = [None] * (len(self._slots) + 1)
        first = 1 + len(self._singles) + len(self._columns)
        slots[first : first + len(self._plain)] = map(values.get, self._plain)
        for key in self._others:
            slots[self._slots[key]] = self._load(key, values, rows, row)
        for run in self._runs:
            run.run(slots, values, rows)
        result: dict[CellKey, CellValue] = dict(zip(self._singles, slots[1:], strict=False))
        for key in self._columns:
            keys = (CellKey(key.table, member, key.column) for member in rows[key.table, key.row])
            result.update(zip(keys, slots[self._slots[key]], strict=True))
        return result

    def _load(self, key: CellKey, values: Values, rows: _Rows, row: str) -> CellValue | list[CellValue]:
        if self._is_column(key):
            return [values.get(CellKey(key.table, member, key.column)) for member in rows[key.table, key.row]]
        return values.get(key if key.row != HERE else key._replace(row=row))

    def _is_column(self, key: CellKey) -> bool:
        return (key.table, key.row) in self._regions

    def _batches(self, steps: Sequence[Step], levels: Mapping[CellKey, int]) -> list[tuple[int, list[Step]]]:
        """Steps of single cells, by level and function."""
        found: dict[tuple[int, Function], list[Step]] = {}
        for step in steps:
            if not self._is_column(step.key):
                function = step.formula.function if step.formula is not None else _blank
                found.setdefault((levels[step.key], function), []).append(step)
        return [(level, batch) for (level, _), batch in found.items()]

    def _given_keys(self, steps: Sequence[Step]) -> dict[CellKey, None]:
        """What no step computes."""
        return {need: None for step in steps for need in step.needs if need not in self._slots}

    def _batch(self, steps: Sequence[Step]) -> _Batch:
        formulas = [step.formula for step in steps if step.formula is not None]
        arguments = zip(*(formula.areas for formula in formulas), strict=True)
        given = tuple((self._slots[step.key], step.key) for step in steps if step.may_be_given)
        function = formulas[0].function if formulas else _blank
        columns = tuple(self._argument(list(areas)) for areas in arguments)
        return _Batch(function, self._slots[steps[0].key], len(steps), columns, given)

    def _argument(self, areas: list[Area]) -> Callable[[_Slots], _Column]:
        """One argument of all cells of a batch."""
        if areas[0].is_cell:
            return _tuple_of([self._slot(area) for area in areas])
        getters = [self._getter(area) for area in areas]
        if all(getter is getters[0] for getter in getters):
            return lambda slots: repeat(getters[0](slots), len(getters))
        # One range at a time is made and forgotten: a form's ranges together may be far larger than the form.
        return lambda slots: (getter(slots) for getter in getters)

    def _slot(self, area: Area) -> int:
        line = area.lines[0]
        return 0 if line.is_blank else self._slots[CellKey(area.table, line.code, area.columns[0])]

    def _getter(self, area: Area) -> _Getter:
        """Gives the cells of a range, row by row; a region's members and then its blank sentinel row."""
        known = self._getters.get(area)
        if known is None:
            known = self._getters[area] = self._new_getter(area)
        return known

    def _new_getter(self, area: Area) -> _Getter:
        slot, table, columns = self._slots, area.table, area.columns
        places = [
            [0 if blank else slot[CellKey(table, code, column)] for column in columns] for code, _, blank in area.lines
        ]
        if not any(line.is_region for line in area.lines):
            return _tuple_of([place for line in places for place in line])
        lines = [(line.is_region, line_places) for line, line_places in zip(area.lines, places, strict=True)]

        def cells(slots: _Slots) -> tuple[CellValue, ...]:
            found: list[CellValue] = []
            for is_region, at in lines:
                if is_region:
                    for member in zip(*(slots[place] for place in at), strict=True):
                        found += member
                    found += [None] * len(at)
                else:
                    found += [slots[place] for place in at]
            return tuple(found)

        return cells

    def _region_step(self, step: Step) -> _RegionStep:
        formula = step.formula
        columns = tuple(self._member_argument(area, step.region) for area in formula.areas) if formula else ()
        function = formula.function if formula else _blank
        return _RegionStep(step.key, function, self._slots[step.key], columns, step.may_be_given)

    def _member_argument(self, area: Area, region: str) -> Callable[[_Slots, int], _Column]:
        """One argument of all members of a region: their own cells, or a cell or range that is the same for all."""
        if area.lines[0].code == HERE:
            own = [self._slots[CellKey(area.table, region, column)] for column in area.columns]
            if area.is_cell:
                return lambda slots, size: slots[own[0]]
            return lambda slots, size: zip(*(slots[place] for place in own), strict=True)
        if area.is_cell:
            place = self._slot(area)
            return lambda slots, size: repeat(slots[place], size)
        getter = self._getter(area)
        return lambda slots, size: repeat(getter(slots), size)


def _levels(steps: Sequence[Step]) -> dict[CellKey, int]:
    """How many steps stand between a step and what is given, at most."""
    levels: dict[CellKey, int] = {}
    for step in steps:
        levels[step.key] = 1 + max((levels.get(need, 0) for need in step.needs), default=0)
    return levels


def _tuple_of(places: list[int]) -> _Getter:
    if len(places) == 1:
        place = places[0]
        return lambda slots: (slots[place],)
    return itemgetter(*places)


def _blank() -> None:
    return None


def _without_argument(function: Function) -> Function:
    return lambda _: function()
