"""Plausible numbers for the demonstration's forms, the same in every run for the same unit.

They satisfy every control relation of their form. Sizes are those of a Mekong delta commune; the figures mean nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from form_templates.model import CellKey, member_row
from workbooks.sheet import Value

Values = dict[CellKey, Value]

FIELDS = (
    "Đất đai", "Hộ tịch", "Chứng thực", "Bảo trợ xã hội", "Người có công", "Đăng ký kinh doanh hộ cá thể", "Xây dựng",
    "Giáo dục và đào tạo", "Văn hóa", "Môi trường", "Nông nghiệp", "Thủy lợi", "Phòng, chống tệ nạn xã hội", "Tôn giáo",
    "Thi đua - khen thưởng", "Giao thông đường thủy nội địa",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Numbers:
    """What an officer types: values by codes, and the labels of the repeated rows, by (table, region)."""

    values: Values
    members: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Commune:
    """The commune that reports: its code, and whether it is a ward (phường)."""

    code: str
    is_ward: bool

    @property
    def poverty_row(self) -> str:
        """Its row in KTXH-13.N: wards repeat under 02, rural communes under 03."""
        return member_row("02*" if self.is_ward else "03*", self.code)


def typed(form: str, commune: Commune, carried: Mapping[CellKey, Value]) -> Numbers:
    """What the commune's officer types into the issued workbook, whose carried cells are ``carried``."""
    return _TYPED[form](_dice(form, commune), commune, carried)


def history(form: str, commune: Commune) -> Values:
    """The facts of the earlier period from which the form's carried columns are filled."""
    return _HISTORY[form](_dice(form + "/history", commune), commune)


def _dice(name: str, commune: Commune) -> random.Random:
    return random.Random(f"{name}/{commune.code}")  # noqa: S311 - demonstration figures, not secrets


def _key(row: str, column: int) -> CellKey:
    return CellKey("T1", row, str(column))


# ---- KTXH-09.T: crops. row -> (largest area of a rural commune, ha; yield, quintals per ha)
_CROPS = {
    "04": (1400, 66), "05": (1100, 57), "06": (60, 42), "07": (90, 210), "08": (70, 480),
    "10": (260, 185), "11": (35, 19), "12": (40, 12),
}  # fmt: skip


def _areas(dice: random.Random, commune: Commune) -> dict[str, float]:
    scale = 0.25 if commune.is_ward else 1.0
    return {row: round(largest * scale * dice.uniform(0.3, 1), 1) for row, (largest, _) in _CROPS.items()}


def _crops_history(dice: random.Random, commune: Commune) -> Values:
    return {_key(row, 3): area for row, area in _areas(dice, commune).items()}


def _crops(dice: random.Random, commune: Commune, carried: Mapping[CellKey, Value]) -> Numbers:
    values: Values = {}
    for row, (_, usual_yield) in _CROPS.items():
        last_year = carried.get(_key(row, 1))
        area = float(last_year) if isinstance(last_year, float | int) else 10.0
        planted = round(area * dice.uniform(0.93, 1.06), 1)
        values[_key(row, 2)] = round(area * dice.uniform(0.98, 1.05), 1)
        values[_key(row, 3)] = planted
        values[_key(row, 4)] = round(planted * dice.uniform(0.7, 0.99), 1)
        values[_key(row, 5)] = round(usual_yield * dice.uniform(0.9, 1.1), 2)
    return Numbers(values)


# ---- KTXH-10.Q: livestock. row -> largest number in a rural commune
_LIVESTOCK = {
    "01": 300,
    "02": 5200,
    "04": 9000,
    "06": 240,
    "09": 12,
    "10": 160,
    "11": 900,
    "12": 420,
    "13": 5600,
    "14": 60,
}
_PART_OF = {"03": "02", "05": "04", "07": "06"}


def _livestock_column(dice: random.Random, commune: Commune, column: int) -> Values:
    scale = 0.2 if commune.is_ward else 1.0
    values: Values = {
        _key(row, column): round(largest * scale * dice.uniform(0.3, 1)) for row, largest in _LIVESTOCK.items()
    }
    for part, whole in _PART_OF.items():
        values[_key(part, column)] = int(float(values[_key(whole, column)] or 0) * dice.uniform(0.05, 0.7))
    return values


def _livestock_history(dice: random.Random, commune: Commune) -> Values:
    return _livestock_column(dice, commune, 2)


def _livestock(dice: random.Random, commune: Commune, carried: Mapping[CellKey, Value]) -> Numbers:
    return Numbers(_livestock_column(dice, commune, 2) | _livestock_column(dice, commune, 4))


# ---- KTXH-13.N: poverty; the commune's own row repeats under its area
def _poverty_history(dice: random.Random, commune: Commune) -> Values:
    return {_key(commune.poverty_row, 7): dice.randint(20, 90 if commune.is_ward else 260)}


def _poverty(dice: random.Random, commune: Commune, carried: Mapping[CellKey, Value]) -> Numbers:
    row = commune.poverty_row
    at_start = int(float(carried.get(_key(row, 2)) or 0))
    escaped = int(at_start * dice.uniform(0.05, 0.3))
    back, new = dice.randint(0, 3), dice.randint(0, 8)
    at_end = at_start - escaped + back + new
    households = dice.randint(4200, 12500)
    values: Values = {
        _key(row, 1): households, _key(row, 4): escaped, _key(row, 5): back, _key(row, 6): new,
        _key(row, 9): int(at_end * dice.uniform(0, 0.4)),
    }  # fmt: skip
    return Numbers(values)


# ---- KTXH-14.T: administrative procedures; one row for each field the commune received cases in
def _procedures_history(dice: random.Random, commune: Commune) -> Values:
    fields = sorted(dice.sample(FIELDS, dice.randint(5, 7)), key=FIELDS.index)
    return {_key(member_row("01*", name), 9): dice.randint(0, 25) for name in fields}


def _procedures(dice: random.Random, commune: Commune, carried: Mapping[CellKey, Value]) -> Numbers:
    known = {key.member for key in carried if key.member}
    added = dice.sample([name for name in FIELDS if name not in known], dice.randint(1, 4))
    names = tuple(sorted(known | set(added), key=FIELDS.index))
    values: Values = {}
    for name in names:
        row = member_row("01*", name)
        online, in_person = dice.randint(8, 260), dice.randint(2, 90)
        received = online + in_person + int(float(carried.get(_key(row, 4)) or 0))
        settled = int(received * dice.uniform(0.82, 0.97))
        late = int(settled * dice.uniform(0, 0.02))
        early = int((settled - late) * dice.uniform(0.5, 0.9))
        open_late = dice.randint(0, min(2, received - settled))
        figures = {
            2: online,
            3: in_person,
            6: early,
            7: settled - late - early,
            8: late,
            10: received - settled - open_late,
            11: open_late,
        }
        values |= {_key(row, column): figure for column, figure in figures.items()}
    return Numbers(values, {("T1", "01*"): names})


_TYPED: dict[str, Callable[[random.Random, Commune, Mapping[CellKey, Value]], Numbers]] = {
    "KTXH-09.T": _crops,
    "KTXH-10.Q": _livestock,
    "KTXH-13.N": _poverty,
    "KTXH-14.T": _procedures,
}
_HISTORY: dict[str, Callable[[random.Random, Commune], Values]] = {
    "KTXH-09.T": _crops_history,
    "KTXH-10.Q": _livestock_history,
    "KTXH-13.N": _poverty_history,
    "KTXH-14.T": _procedures_history,
}
