"""Control relations of the form over what was typed and what its formulas give (L32, T12).

Numbers that were rounded before they were typed need not add up to the last digit: a comparison has a tolerance of half
a unit of the last digit for each number on either side, which it must stay below. So data that are true and rounded to
the declared decimals never break an identity: a total of n parts may be off by n/2 units, and by no unit more. Counts
of whole things are never rounded and have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final

from form_templates.model import CellKey, CellKind, Rule
from form_templates.reading import FilledCell, FilledForm, ValueState
from formulas import catalogue
from formulas.arithmetic import CellValue
from formulas.compiler import CompiledForm, CompiledFormula, compile_formula
from formulas.dependence import affected
from formulas.errors import FormulaError
from formulas.naming import member_keys
from formulas.syntax import Binary, Call, Literal, Node, Reference, Unary, parse
from formulas.units import is_counted
from formulas.wording import first_of, number_text, value_text
from workbooks.address import address
from workbooks.finding import Finding, Severity
from workbooks.sheet import CellError

_OPERATORS: Final = {
    "=": "phải bằng",
    "<>": "phải khác",
    "<": "phải nhỏ hơn",
    "<=": "không được lớn hơn",
    ">": "phải lớn hơn",
    ">=": "không được nhỏ hơn",
}
_UNREADABLE: Final = frozenset({ValueState.TEXT, ValueState.BOOLEAN, ValueState.ERROR})
_NAMED: Final = 6
_BELOW: Final = 1 - 1e-6


def check_relations(
    compiled: CompiledForm, filled: FilledForm, values: Mapping[CellKey, CellValue]
) -> Iterator[Finding]:
    """Findings of all rules; ``values`` has the typed cells and, for formulas, what they really give."""
    unreadable = [key for key, cell in filled.cells.items() if _is_unreadable(cell)]
    doubted = affected(compiled, filled, unreadable)
    parts: dict[tuple[str, str, str], CompiledFormula | None] = {}
    keys = member_keys(filled)
    for rule, formula in compiled.rules:
        members = filled.members.get((rule.table, rule.region), ())
        rows = [f"{rule.region}#{member.key}" for member in members] if rule.region else [""]
        for row in rows:
            yield from _Relation(rule, formula, row, filled, keys, values, doubted, parts).findings()


def _is_unreadable(cell: FilledCell) -> bool:
    """Whether a typed cell has a finding of its own, from which findings of relations would only follow."""
    return cell.state in _UNREADABLE and cell.spec.kind not in (CellKind.CALC, CellKind.TEXT)


@dataclass(frozen=True)
class _Side:
    """One side of a comparison."""

    value: CellValue
    keys: tuple[CellKey, ...]


@dataclass(frozen=True)
class _Comparison:
    """A comparison of a relation, with what stands on both sides."""

    operator: str
    left: _Side
    right: _Side


@dataclass(frozen=True)
class _Relation:
    """One rule in one row."""

    rule: Rule
    formula: CompiledFormula
    row: str
    filled: FilledForm
    members: Mapping[tuple[str, str], tuple[str, ...]]
    values: Mapping[CellKey, CellValue]
    doubted: frozenset[CellKey]
    parts: dict[tuple[str, str, str], CompiledFormula | None]

    def findings(self) -> Iterator[Finding]:
        result = self._value(self.formula)
        # What is exactly true needs no tolerance.
        if result is True or not self._keys:
            return
        if not self.doubted.isdisjoint(self._keys):
            return
        if isinstance(result, CellError):
            yield self._finding(catalogue.RELATION_UNKNOWN, self._keys, reason=f"kết quả là {result.value}")
            return
        broken = self._broken(parse(self.rule.formula))
        if broken is not None:
            error = self.rule.severity is Severity.ERROR
            kind = catalogue.RELATION_BROKEN if error else catalogue.RELATION_UNUSUAL
            yield self._finding(kind, _pointed(broken) or self._keys, comparison=self._told(broken))

    @cached_property
    def _keys(self) -> tuple[CellKey, ...]:
        return tuple(key for key in self._keys_of(self.formula) if key in self.filled.cells)

    def _keys_of(self, formula: CompiledFormula) -> tuple[CellKey, ...]:
        return formula.keys(self.members, self.row)

    def _value(self, formula: CompiledFormula) -> CellValue:
        return formula.value(self.values, self.members, self.row)

    def _broken(self, node: Node) -> _Comparison | None:
        """The comparison that makes the relation untrue, tolerance granted; None where it holds after all."""
        match node:
            case Call("AND", arguments):
                return next((found for item in arguments if (found := self._broken(item))), None)
            case Call("OR", arguments):
                broken = [self._broken(item) for item in arguments]
                return broken[-1] if all(broken) else None
            case Binary(operator, left, right) if operator in _OPERATORS:
                comparison = _Comparison(operator, self._side(left), self._side(right))
                return None if self._holds(comparison) else comparison
            case _:
                side = self._side(node)
                return None if side.value is True else _Comparison("=", side, _Side(True, ()))

    def _side(self, node: Node) -> _Side:
        if isinstance(node, Literal):
            return _Side(node.value, ())
        formula = self._part(_written(node))
        if formula is None:
            return _Side(None, ())
        return _Side(self._value(formula), tuple(key for key in self._keys_of(formula) if key in self.filled.cells))

    def _part(self, coded: str) -> CompiledFormula | None:
        """A part of the relation as a formula of its own, compiled once for all rows."""
        place = (coded, self.rule.table, self.rule.region)
        if place not in self.parts:
            try:
                self.parts[place] = compile_formula(coded, self.filled.version, *place[1:])
            except FormulaError:
                self.parts[place] = None
        return self.parts[place]

    def _holds(self, comparison: _Comparison) -> bool:
        left, right = comparison.left.value, comparison.right.value
        if not isinstance(left, int | float) or not isinstance(right, int | float):
            return (left == right) is (comparison.operator == "=")
        gap = left - right
        slack = self._tolerance(comparison) + 1e-12 * max(abs(left), abs(right), 1e-3)
        return {
            "=": abs(gap) <= slack,
            "<>": gap != 0,
            "<": gap < 0,
            "<=": gap <= slack,
            ">": gap > 0,
            ">=": gap >= -slack,
        }[comparison.operator]

    def _tolerance(self, comparison: _Comparison) -> float:
        """Just below the sum of all that rounding can have done; what is blank or "-" was not rounded."""
        keys = {*comparison.left.keys, *comparison.right.keys}
        return sum(self._half_digit(key) for key in keys if _is_number(self.values.get(key))) * _BELOW

    def _half_digit(self, key: CellKey) -> float:
        spec = self.filled.version.cell(key)
        exact = spec.decimals == 0 and is_counted(spec.unit)
        return 0.0 if exact else 0.5 * 10.0**-spec.decimals

    def _told(self, comparison: _Comparison) -> str:
        left, right = comparison.left, comparison.right
        if isinstance(left.value, bool):
            return f"Điều kiện không đúng ở {self._cells(left.keys or self._keys)}."
        if not left.keys:
            return f"Giá trị ở {self._cells(right.keys)} là {self._shown(right)}, so với {self._shown(left)}."
        if not right.keys:
            limit = f"{_OPERATORS[comparison.operator]} {self._shown(right)}"
            return f"Giá trị ở {self._cells(left.keys)} là {self._shown(left)}, {limit}."
        sides = f"Vế trái ({self._cells(left.keys)}) là {self._shown(left)}, vế phải ({self._cells(right.keys)})"
        apart = f", lệch {number_text(abs(_exact(left) - _exact(right)))}" if _are_numbers(left, right) else ""
        return f"{sides} là {self._shown(right)}{apart}."

    def _shown(self, side: _Side) -> str:
        decimals = max((self.filled.version.cell(key).decimals for key in side.keys), default=0)
        if isinstance(side.value, int | float) and not isinstance(side.value, bool):
            return number_text(float(side.value), decimals)
        return value_text(side.value)

    def _cells(self, keys: tuple[CellKey, ...]) -> str:
        cells = [self.filled.cells[key] for key in keys]
        return first_of([address(cell.row, cell.column) for cell in cells], _NAMED)

    def _finding(self, kind: catalogue.Kind, keys: tuple[CellKey, ...], **details: str) -> Finding:
        cell = self.filled.cells[keys[0]]
        place = address(cell.row, cell.column)
        return kind.at(cell.sheet, place, message=self.rule.message, cells=self._cells(self._keys), **details)


def _pointed(comparison: _Comparison) -> tuple[CellKey, ...]:
    return comparison.left.keys or comparison.right.keys


def _exact(side: _Side) -> Decimal:
    """The number as it is shown, to 15 digits, so that differences carry no binary noise."""
    return Decimal(f"{side.value:.15g}")


def _are_numbers(*sides: _Side) -> bool:
    return all(_is_number(side.value) for side in sides)


def _is_number(value: CellValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _written(node: Node) -> str:
    """The coded formula of a part of a relation."""
    match node:
        case Literal(value):
            return _constant(value)
        case Reference(token):
            return "{" + token + "}"
        case Unary(operator, operand):
            return f"({_written(operand)})%" if operator == "%" else f"{operator}({_written(operand)})"
        case Binary(operator, left, right):
            return f"({_written(left)}{operator}{_written(right)})"
        case Call(name, arguments):
            return f"{name}({','.join(map(_written, arguments))})"


def _constant(value: float | str | bool | None) -> str:
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    return "" if value is None else repr(value).upper()
