"""Figures under one version of a form told in the terms of the next (L35). Exact: no float, no digit lost in silence.

* A split is by the given shares. Its parts are rounded to the decimals of their cells so that together they are the
  whole: by largest remainder, and where cells keep different decimals, those with the most take up the rest.
* What may not be added (a yield, a percentage) is not split but copied to every part: where numerator and denominator
  are divided by the same shares, their ratio stays. They cannot be merged, unless only one of the rows that come
  together has any figures; else they are left for a person.
* In a merge numbers are added; "-", "x" and blank add nothing. A number and "…" give the number, and the "…" is listed
  as left, so that nobody takes the sum for complete. Without any number: "…" before "-" before "x".
* Text where a number belongs goes along only where one cell goes to one cell, whole and in the same unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from form_templates.model import Aggregation, CellKey, CellKind, CellSpec, FormVersion, member_row
from form_templates.reading import ValueState
from form_templates.succession import Route, routes

Amount = Decimal | ValueState
"""A number, or what else the cell says."""

_ADDS_NOTHING: Final = (ValueState.NONE, ValueState.NOT_APPLICABLE)
_STRONGEST: Final = (ValueState.NO_DATA, ValueState.NONE, ValueState.NOT_APPLICABLE)


class Reason(StrEnum):
    """Why a figure, or some of it, did not go along."""

    NO_PLACE = "phiên bản mới không có ô này"
    NOT_CARRIED = "phiên bản mới không chuyển tiếp phần này"
    COMPUTED = "ở phiên bản mới là ô công thức, được tính lại"
    NOT_ADDITIVE = "không cộng được các số này với nhau, hãy nhập lại"
    NOT_A_NUMBER = "không phải số, không chia hay gộp được"
    NO_DATA = "ghi “…” nên số gộp chưa đủ"
    ROUNDED = "phần lẻ mất khi làm tròn theo số chữ số thập phân mới"


@dataclass(frozen=True, slots=True)
class Move:
    """Figure ``old`` gives ``amount`` to ``new``: its share, times the factor, in the unit of ``new``."""

    old: CellKey
    new: CellKey
    share: Decimal
    factor: Decimal
    amount: Amount

    @property
    def whole(self) -> bool:
        """Whether all of the figure goes there just as it is."""
        return self.share == self.factor == 1


@dataclass(frozen=True, slots=True)
class OriginCell:
    """A cell that a figure comes from, over however many versions: which part of it, times what."""

    key: CellKey
    share: Decimal = Decimal(1)
    factor: Decimal = Decimal(1)

    @property
    def whole(self) -> bool:
        """Whether it is the figure just as it is."""
        return self.share == self.factor == 1


@dataclass(frozen=True, slots=True)
class Left:
    """A figure, or the part of one, that has no place; ``amount`` is in the unit of ``old``."""

    old: CellKey
    amount: Amount
    reason: Reason


@dataclass(frozen=True)
class Translation:
    """Figures in the terms of the new version.

    Attributes:
        values: by cell of the new version, member rows included; blank ones are left out. Cells that are formulas
            there have what their old figures give; whoever asks computes them anew, or not.
        moves: from which old cells each figure comes, in the order of the old ones.
        left: what has no place in the new version.
        undetermined: cells that would hold several figures which cannot be added.
    """

    values: Mapping[CellKey, Amount]
    moves: tuple[Move, ...]
    left: tuple[Left, ...]
    undetermined: frozenset[CellKey] = frozenset()
    by_new: Mapping[CellKey, tuple[Move, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Portion:
    """One part of a split: share of the whole, factor into its unit, decimals it keeps (None: no cell, exact)."""

    share: Decimal
    factor: Decimal
    decimals: int | None


def translate(old: FormVersion, new: FormVersion, values: Mapping[CellKey, Amount]) -> Translation:
    """The figures of ``old`` in the terms of ``new``, the version that follows it.

    Raises:
        ValueError: ``new`` does not follow ``old``.
    """
    sender, moves, left = _Sender(old, new), [], []
    for key in sorted(values):
        if values[key] is not ValueState.BLANK:
            gone, kept = sender.send(key, values[key])
            moves += gone
            left += kept
    by_new: dict[CellKey, list[Move]] = {}
    for move in moves:
        by_new.setdefault(move.new, []).append(move)
    told: dict[CellKey, Amount] = {}
    undetermined: set[CellKey] = set()
    busy = {_line(old, key) for key, amount in values.items() if isinstance(amount, Decimal) and amount}
    for key, coming in by_new.items():
        additive = new.cell(key).aggregation is Aggregation.SUM
        alone = additive or sender.rivals(key, coming).isdisjoint(busy)
        amount, kept = _merge(new.cell(key), coming, alone=alone)
        if amount is not None:
            told[key] = amount
        elif any(isinstance(move.amount, Decimal) for move in coming):
            undetermined.add(key)
        left += kept
    origins = {key: tuple(coming) for key, coming in by_new.items()}
    return Translation(told, tuple(moves), tuple(left), frozenset(undetermined), origins)


def composed(origins: Mapping[CellKey, Sequence[OriginCell]], moves: Iterable[Move]) -> tuple[OriginCell, ...]:
    """The cells behind some moves, given those behind what was moved.

    What was split and came together again counts with all of its shares.
    """
    shares: dict[tuple[CellKey, Decimal], Decimal] = {}
    for move in moves:
        for cell in origins.get(move.old, ()):
            same = cell.key, cell.factor * move.factor
            shares[same] = shares.get(same, Decimal(0)) + cell.share * move.share
    return tuple(OriginCell(key, share, factor) for (key, factor), share in shares.items())


def parts(amount: Decimal, portions: Sequence[Portion]) -> list[Decimal]:
    """The parts of an amount, each in its own unit and decimals. Their sum is the amount, if the decimals can hold it.

    Parts of a positive amount are never negative. A part without decimals is exact.
    """
    sign, whole = (-1 if amount < 0 else 1), abs(Fraction(amount))
    quanta = [None if p.decimals is None else Fraction(1, 10**p.decimals) / Fraction(p.factor) for p in portions]
    kept = [quantum for quantum in quanta if quantum is not None]
    finest = min(kept, default=None)
    exact = [whole * Fraction(portion.share) for portion in portions]
    units: list[int] = [0] * len(portions)
    rest, fine = whole, []
    for i, quantum in enumerate(quanta):
        if quantum is None:
            rest -= exact[i]
        elif quantum != finest:
            units[i] = exact[i] // quantum  # downwards, so that the finest cells have something left to take up
            rest -= units[i] * quantum
        else:
            fine.append(i)
            units[i] = exact[i] // quantum
    if finest is not None:
        spare = _nearest(rest / finest) - sum(units[i] for i in fine)
        every, extra = divmod(spare, len(fine))
        by_remainder = sorted(fine, key=lambda i: units[i] * finest - exact[i])
        for place, i in enumerate(by_remainder):
            units[i] += every + int(place < extra)
    return [
        _decimal(exact[i] * Fraction(p.factor)) * sign if p.decimals is None else _scaled(units[i] * sign, p.decimals)
        for i, p in enumerate(portions)
    ]


# -- inside ------------------------------------------------------------------------------------------------------------


class _Sender:
    """Sends figures of one version on to the cells of the next."""

    def __init__(self, old: FormVersion, new: FormVersion) -> None:
        self._old, self._new = old, new
        self._routes = routes(old, new)
        self._leading_to: dict[CellKey | None, list[CellKey]] = {}
        for key, ways in self._routes.items():
            for way in ways:
                self._leading_to.setdefault(way.new, []).append(key)

    def send(self, key: CellKey, amount: Amount) -> tuple[list[Move], list[Left]]:
        """The moves of one figure, and what of it has no place."""
        spec, ways = self._old.cell_by_key.get(key.template), self._routes.get(key.template, ())
        if spec is None or all(way.new is None for way in ways):
            return [], [Left(key, amount, Reason.NOT_CARRIED if ways else Reason.NO_PLACE)]
        additive = spec.aggregation is Aggregation.SUM
        amounts = [amount] * len(ways) if isinstance(amount, ValueState) else self._shared(amount, ways, additive)
        moves = [
            Move(key, _placed(way.new, key), way.share, way.factor, told)
            for way, told in zip(ways, amounts, strict=True)
            if way.new is not None
        ]
        kinds = {self._new.cell(move.new).kind for move in moves}
        if kinds == {CellKind.CALC} and spec.kind is not CellKind.CALC:
            return moves, [Left(key, amount, Reason.COMPUTED)]
        unchanged = len(moves) == len(ways) == 1 and moves[0].whole and amounts[0] is amount
        lost = self._lost(amount, ways, additive, moves) if isinstance(amount, Decimal) and not unchanged else ()
        return moves, [Left(key, part, reason) for part, reason in lost]

    def _shared(self, amount: Decimal, ways: Sequence[Route], additive: bool) -> list[Amount]:
        if len(ways) == 1 and self._fits(amount, ways[0]):
            return [amount]
        portions = [
            Portion(way.share, way.factor, None if way.new is None else self._new.cell(way.new).decimals)
            for way in ways
        ]
        if additive:
            return [*parts(amount, portions)]
        return [parts(amount, [Portion(Decimal(1), one.factor, one.decimals)])[0] for one in portions]

    def _fits(self, amount: Decimal, way: Route) -> bool:
        """Whether a figure goes on just as it is, which most do."""
        exponent = amount.as_tuple().exponent
        kept = 0 if way.new is None else self._new.cell(way.new).decimals
        return way.share == way.factor == 1 and isinstance(exponent, int) and -exponent <= kept

    def rivals(self, key: CellKey, coming: Sequence[Move]) -> set[tuple[str, str, bool]]:
        """The lines that lead to a cell beside those that a figure comes from."""
        lines = {_line(self._old, _placed(old, key)) for old in self._leading_to[key.template]}
        return lines - {_line(self._old, move.old) for move in coming if isinstance(move.amount, Decimal)}

    @staticmethod
    def _lost(
        amount: Decimal, ways: Sequence[Route], additive: bool, moves: Sequence[Move]
    ) -> Iterator[tuple[Decimal, Reason]]:
        """What of a number was not carried on, and what rounding took or gave; all in the old unit."""
        told = [Fraction(move.amount) / Fraction(move.factor) for move in moves if isinstance(move.amount, Decimal)]
        if not additive:
            yield from ((_decimal(Fraction(amount) - one), Reason.ROUNDED) for one in told if one != Fraction(amount))
            return
        dropped = sum((Fraction(amount) * Fraction(way.share) for way in ways if way.new is None), Fraction(0))
        if dropped:
            yield _decimal(dropped), Reason.NOT_CARRIED
        rounded = Fraction(amount) - dropped - sum(told)
        if rounded:
            yield _decimal(rounded), Reason.ROUNDED


def _line(version: FormVersion, key: CellKey) -> tuple[str, str, bool]:
    """Table and row of a cell, and whether it repeats earlier figures: a row may have those and nothing of its own."""
    spec = version.cell_by_key.get(key.template)
    return key.table, key.row, spec is not None and spec.kind is CellKind.CARRY


def _placed(template: CellKey, key: CellKey) -> CellKey:
    """The cell of the new version: a member row of a region stays that member's."""
    return template._replace(row=member_row(template.row, key.member)) if key.member else template


def _merge(spec: CellSpec, coming: Sequence[Move], *, alone: bool) -> tuple[Amount | None, list[Left]]:
    """What the moves to one cell make together, and what of them does not go in; None where nothing can be said.

    ``alone``: no other row that leads to this cell has any figures.
    """
    numbers = [move for move in coming if isinstance(move.amount, Decimal)]
    strange = [move for move in coming if not isinstance(move.amount, Decimal) and move.amount not in _STRONGEST]
    signs = [move for move in coming if move.amount in _STRONGEST]
    if strange and len(coming) == 1 and coming[0].whole:
        return strange[0].amount, []
    kept = [*_left(strange, Reason.NOT_A_NUMBER)]
    if not numbers:
        return next((sign for sign in _STRONGEST if any(move.amount is sign for move in signs)), None), kept
    if spec.aggregation is not Aggregation.SUM and (len(numbers) > 1 or not alone):
        return None, [
            *kept,
            *(_left([*numbers, *signs], Reason.NOT_ADDITIVE) if spec.kind is not CellKind.CALC else ()),
        ]
    kept += _left([move for move in signs if move.amount is ValueState.NO_DATA], Reason.NO_DATA)
    return sum((move.amount for move in numbers if isinstance(move.amount, Decimal)), Decimal(0)), kept


def _left(moves: Iterable[Move], reason: Reason) -> Iterator[Left]:
    return (Left(move.old, move.amount, reason) for move in moves)


def _nearest(value: Fraction) -> int:
    """The nearest whole number, a half going up, as Excel's ROUND does."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def _scaled(units: int, decimals: int) -> Decimal:
    return Decimal((int(units < 0), tuple(map(int, str(abs(units)))), -decimals))


def _decimal(value: Fraction) -> Decimal:
    """A fraction as a decimal, exact where it has an end (shares and factors have), else to 28 digits."""
    return Decimal(value.numerator) / Decimal(value.denominator)
