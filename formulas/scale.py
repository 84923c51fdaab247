"""Figures against the unit's own earlier ones: nghìn taken for triệu, and sudden jumps.

Scale: at least 3 earlier figures, the value about 1,000, 1,000,000 or 1,000,000,000 times their median, or as small a
part of it (within a factor of 3.3 of the power), and a hundred times beyond anything seen. Both readings are asked for.

Jump: at least 4 earlier figures; the value more than three times the spread between the quartiles beyond them, more
than half the median away from it, more than ten units of the last digit away, and by half beyond everything seen: what
is harvested in one month of the year is no jump each year. One figure a hundred times beyond the others is not counted
as seen. Where all was zero so far, a first figure is a jump after twelve periods only. A jump holds the workbook up
until it is explained, so silence goes before alarms.

Where most of a column has the same trouble it is told once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from form_templates.history import MOST_FIGURES, CellHistory, History
from form_templates.model import CellKey, CellKind
from form_templates.reading import FilledCell, FilledForm, ValueState
from formulas import catalogue
from formulas.naming import cell_name
from formulas.wording import first_of, number_text
from workbooks.address import address
from workbooks.finding import Finding

_FEWEST_FOR_SCALE: Final = 3
_FEWEST_FOR_JUMP: Final = 4
_POWERS: Final = (3, 6, 9, -3, -6, -9)
_NEAR: Final = 3.3
_BEYOND: Final = 100.0
_SPREADS: Final = 3.0
_SHARE: Final = 0.5
_LAST_DIGITS: Final = 10
_FEWEST_OF_A_COLUMN: Final = 3
_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class _Odd:
    """A value that is unlike its history; ``power`` of ten for scale, 0 for a jump."""

    key: CellKey
    cell: FilledCell
    value: float
    earlier: CellHistory
    power: int

    @property
    def at(self) -> str:
        return address(self.cell.row, self.cell.column)


def check_history(filled: FilledForm, history: History) -> Iterator[Finding]:
    """Findings on typed figures that are unlike the unit's earlier ones."""
    if not history:
        return
    judged: dict[tuple[str, str], int] = {}
    odd: dict[tuple[str, str, int], list[_Odd]] = {}
    for key, cell in filled.cells.items():
        earlier = history.get(key)
        if earlier is None or cell.state is not ValueState.NUMBER or not isinstance(cell.value, int | float):
            continue
        spec = cell.spec
        if spec.kind is not CellKind.INPUT:
            continue
        column = (key.table, key.column)
        judged[column] = judged.get(column, 0) + 1
        power = _power(cell.value, earlier)
        if power or _jumps(cell.value, earlier, spec.decimals):
            odd.setdefault((*column, power), []).append(_Odd(key, cell, float(cell.value), earlier, power))
    for (table, column_code, _), found in odd.items():
        yield from _told(filled, sorted(found, key=lambda one: one.cell.row), judged[table, column_code])


def _power(value: float, earlier: CellHistory) -> int:
    """The power of ten by which a value is beyond its history; 0 where it is not."""
    if earlier.count < _FEWEST_FOR_SCALE or not value or not earlier.median:
        return 0
    ratio = abs(value / earlier.median)
    power = next((power for power in _POWERS if 1 / _NEAR <= ratio / 10.0**power <= _NEAR), 0)
    seen = (abs(earlier.low), abs(earlier.high))
    beyond = abs(value) >= _BEYOND * max(seen) if power > 0 else abs(value) * _BEYOND <= min(seen)
    return power if beyond else 0


def _jumps(value: float, earlier: CellHistory, decimals: int) -> bool:
    if earlier.count < _FEWEST_FOR_JUMP:
        return False
    if not any((earlier.low, earlier.high)) and earlier.count < MOST_FIGURES:
        return False  # not a year yet, and nothing so far: the first harvest is no jump
    spread = _SPREADS * (earlier.third - earlier.first)
    low, high = _seen(earlier)
    if min(low, earlier.first - spread) <= value <= max(high, earlier.third + spread) or value == earlier.low:
        return False
    least = max(_SHARE * abs(earlier.median), _LAST_DIGITS * 10.0**-decimals)
    # Of a harvest in one month of the year nothing tells but its best earlier one.
    nearest = low if value < low else high
    return abs(value - earlier.median) > least and abs(value - nearest) > _SHARE * abs(nearest)


def _seen(earlier: CellHistory) -> tuple[float, float]:
    """The least and the greatest figure; the quartile in place of one that is a hundred times beyond it."""
    low, high = earlier.low, earlier.high
    strange_high = earlier.third and abs(high) >= _BEYOND * abs(earlier.third)
    strange_low = earlier.first and abs(low) * _BEYOND <= abs(earlier.first)
    return earlier.first if strange_low else low, earlier.third if strange_high else high


def _told(filled: FilledForm, found: Sequence[_Odd], judged: int) -> Iterator[Finding]:
    if len(found) >= _FEWEST_OF_A_COLUMN and 2 * len(found) > judged:
        kind = catalogue.COLUMN_SCALE if found[0].power else catalogue.COLUMN_JUMP
        cells = first_of([one.at for one in found], _NAMED)
        yield _finding(filled, kind, found[0], count=str(len(found)), cells=cells)
        return
    for one in found:
        kind = catalogue.SCALE if one.power else catalogue.JUMP
        yield _finding(filled, kind, one, count=str(one.earlier.count))


def _finding(filled: FilledForm, kind: catalogue.Kind, odd: _Odd, **details: str) -> Finding:
    spec = filled.version.cell(odd.key)
    known = {
        "name": cell_name(odd.key),
        "column": odd.key.column,
        "value": number_text(odd.value),
        "unit": spec.unit or "không ghi",
        "ratio": _ratio(odd.power),
        "other": number_text(odd.value / 10.0**odd.power),
        **_texts(odd.earlier, spec.decimals),
    }
    return kind.at(odd.cell.sheet, odd.at, **known | details)


def _texts(earlier: CellHistory, decimals: int) -> dict[str, str]:
    numbers = {"median": earlier.median, "low": earlier.low, "high": earlier.high}
    return {name: number_text(number, decimals) for name, number in numbers.items()}


def _ratio(power: int) -> str:
    times = number_text(10.0 ** abs(power))
    return f"gấp khoảng {times} lần" if power > 0 else f"chỉ bằng khoảng 1/{times}"
