"""Plausible figures for any form: typed at random around a size that each row keeps, then adjusted until all relations
of the form hold. The same figures every time for the same unit and period."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from form_templates.model import CellKey, CellKind, FormVersion, member_row
from formulas.compiler import CompiledForm, CompiledFormula, compile_formula, compile_version
from formulas.evaluation import evaluate
from formulas.places import Members
from formulas.syntax import Binary, Call, Literal, Node, Reference, Unary, parse
from workbooks.finding import Severity
from workbooks.sheet import Value

Values = dict[CellKey, Value]
_MOST_STEPS = 600
_CAUSE = "Thời tiết thuận lợi, đơn hàng tăng"


def typed(
    version: FormVersion,
    members: Members,
    carried: Mapping[CellKey, Value],
    *,
    unit: str,
    period: str,
    unusual: bool = False,
) -> Values:
    """What an officer types into the form, whose carried cells are ``carried``.

    In an ``unusual`` period figures are far above those of others, and only relations whose breach is an error hold.
    """
    dice = random.Random(f"{version.form}/{unit}/{period}")  # noqa: S311 - figures for tests, not secrets
    values: Values = {}
    for key, spec in version.cell_by_key.items():
        for one in _spread(key, members):
            if spec.kind is CellKind.TEXT:
                values[one] = _CAUSE
            elif spec.kind is CellKind.INPUT:
                # A row has its size in every period, or the figures would jump.
                size = random.Random(f"{version.form}/{unit}/{one.row}").uniform(60, 95)  # noqa: S311 - as above
                scale = 1 if "%" in spec.unit else 17 if unusual else 10
                values[one] = round(size * scale * dice.uniform(0.97, 1.03), spec.decimals)
    return _Adjusting(version, members, dict(carried), values, dice, unusual).adjusted()


def with_results(version: FormVersion, members: Members, values: Values) -> Values:
    """The figures with what the form computes from them: what a predecessor system would hand over."""
    return {**evaluate(compile_version(version), values, members), **values}


def _spread(key: CellKey, members: Members) -> Iterator[CellKey]:
    if "*" not in key.row:
        yield key
    for member in members.get((key.table, key.row), ()):
        yield key._replace(row=member_row(key.row, member))


@dataclass(frozen=True)
class _Gap:
    """A comparison that makes a relation hold in a row: ``difference`` of its sides against zero."""

    relation: CompiledFormula
    operator: str
    difference: CompiledFormula
    row: str
    slack: float
    """What the rounding of computed cells may do: half a unit of each last digit."""

    def broken(self, difference: float) -> bool:
        return {
            "=": abs(difference) > self.slack,
            "<=": difference > self.slack,
            "<": difference >= 0,
            ">=": difference < -self.slack,
            ">": difference <= 0,
        }[self.operator]


@dataclass
class _Adjusting:
    """Moves one typed figure after another so that one broken comparison holds, until none is broken."""

    version: FormVersion
    members: Members
    carried: Values
    values: Values
    dice: random.Random
    errors_only: bool

    def adjusted(self) -> Values:
        broken: _Gap | None = None
        for _ in range(_MOST_STEPS):
            everything = self._everything()
            broken = next((gap for gap in self._gaps if self._is_broken(gap, everything)), None)
            if broken is None:
                return self.values
            self._mend(broken)
        raise AssertionError(f"no figures satisfy {broken}")

    @cached_property
    def _compiled(self) -> CompiledForm:
        return compile_version(self.version)

    @cached_property
    def _gaps(self) -> list[_Gap]:
        found = []
        for rule, relation in self._compiled.rules:
            if self.errors_only and rule.severity is not Severity.ERROR:
                continue
            rows = [member_row(rule.region, one) for one in self.members.get((rule.table, rule.region), ())]
            for operator, left, right in _comparisons(parse(rule.formula)):
                coded = f"({_written(left)})-({_written(right)})"
                difference = compile_formula(coded, self.version, rule.table, rule.region)
                found += [
                    _Gap(relation, operator, difference, row, self._slack(difference, row))
                    for row in (rows if rule.region else [""])
                ]
        return found

    def _slack(self, difference: CompiledFormula, row: str) -> float:
        cells = map(self.version.cell, difference.keys(self.members, row))
        return 1e-7 + sum(0.49 * 10.0**-one.decimals for one in cells if one.kind is CellKind.CALC and one.decimals)

    @cached_property
    def _movers(self) -> dict[int, list[CellKey]]:
        """Typed cells that each comparison depends on, those on which few others depend first."""
        effects: dict[CellKey, set[int]] = {}
        before = self._differences()
        for key, value in self.values.items():
            if isinstance(value, float | int):
                self.values[key] = value * 1.5 + 1
                after = self._differences()
                effects[key] = {i for i, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]}
                self.values[key] = value
        order = sorted(effects, key=lambda key: (len(effects[key]), key))
        return {i: [key for key in order if i in effects[key]] for i in range(len(self._gaps))}

    def _mend(self, gap: _Gap) -> None:
        movers = self._movers[self._gaps.index(gap)]
        key = movers[int(len(movers) * self.dice.random() ** 3)]
        value, difference = float(self.values[key] or 0), self._difference(gap, self._everything())
        step = max(1.0, value / 8)
        self.values[key] = value + step
        slope = (self._difference(gap, self._everything()) - difference) / step
        further = 1.0 if gap.operator == "=" else 1.05
        wanted = value - difference * further / slope if slope else value * self.dice.uniform(0.8, 1.2)
        self.values[key] = round(min(max(wanted, 0.0), 4 * value + 10), self.version.cell(key).decimals)

    def _differences(self) -> list[float]:
        everything = self._everything()
        return [self._difference(gap, everything) for gap in self._gaps]

    def _everything(self) -> Values:
        cells = {**self.carried, **self.values}
        return {**cells, **evaluate(self._compiled, cells, self.members)}

    def _is_broken(self, gap: _Gap, everything: Values) -> bool:
        holds = gap.relation.value(everything, self.members, gap.row) is True
        return not holds and gap.broken(self._difference(gap, everything))

    def _difference(self, gap: _Gap, everything: Values) -> float:
        value = gap.difference.value(everything, self.members, gap.row)
        assert isinstance(value, float | int), (gap.difference.coded, value)
        return float(value)


def _comparisons(node: Node) -> Iterator[tuple[str, Node, Node]]:
    """Those that are enough for a relation to hold: of alternatives the last that compares numbers."""
    match node:
        case Call("AND", arguments):
            for argument in arguments:
                yield from _comparisons(argument)
        case Call("OR", arguments):
            yield from _comparisons([one for one in arguments if not _is_about_text(one)][-1])
        case Binary(operator, left, right):
            yield operator, left, right


def _is_about_text(node: Node) -> bool:
    return isinstance(node, Binary) and isinstance(node.left, Call) and node.left.name == "LEN"


def _written(node: Node) -> str:
    """The coded formula of one side."""
    match node:
        case Literal(value):
            return str(value)
        case Reference(token):
            return "{" + token + "}"
        case Unary(operator, operand):
            return f"{operator}({_written(operand)})"
        case Binary(operator, left, right):
            return f"({_written(left)}{operator}{_written(right)})"
        case Call(name, arguments):
            return f"{name}({','.join(map(_written, arguments))})"
