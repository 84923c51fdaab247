"""Puts the expressions of many cells together to one generated function: locals for cells, lists for region columns."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from form_templates.model import CellKey, member_row
from formulas.arithmetic import CellValue
from formulas.codegen import RUNTIME, ExpressionWriter
from formulas.places import HERE, Area, Line, Members, Places
from formulas.syntax import Node

Values: TypeAlias = Mapping[CellKey, CellValue]
Compute: TypeAlias = Callable[[Values, Members, str], dict[CellKey, CellValue]]
"""Values and members of a filled form, and the row that ``@`` means where no region's column is computed."""


def load(values: Values, keys: Sequence[CellKey]) -> list[CellValue]:
    """The values of many cells; blank where there are none."""
    return list(map(values.get, keys))


def rows_of(members: Members, table: str, region: str) -> list[str]:
    """The row keys of a region's members."""
    return [member_row(region, key) for key in members.get((table, region), ())]


def keys_of(table: str, rows: list[str], column: str) -> list[CellKey]:
    """The keys of one column of a region."""
    return [CellKey(table, row, column) for row in rows]


def pack(keys: Sequence[CellKey], values: tuple[CellValue, ...]) -> dict[CellKey, CellValue]:
    """The result: values by key."""
    return dict(zip(keys, values, strict=True))


def extend(result: dict[CellKey, CellValue], keys: list[CellKey], values: list[CellValue]) -> None:
    """Adds the column of a region to the result."""
    result.update(zip(keys, values, strict=True))


def fetch(values: Values, key: CellKey) -> CellValue:
    """The value of one cell; blank where there is none."""
    return values.get(key)


def given(values: Values, key: CellKey) -> bool:
    """Whether the caller gives the cell, be it blank."""
    return key in values


_GLUE: Final = {f.__name__: f for f in (load, rows_of, keys_of, pack, extend, fetch, given, range, len)}


@dataclass(frozen=True, slots=True)
class Step:
    """One cell, or one column of a region, that the function computes.

    Attributes:
        key: of the cell; of a column if its row is a region.
        node: the formula, or None for a cell that is blank.
        region: the region in one of whose rows the formula stands, or ``""``.
        may_be_given: whether a value that the caller gives goes before the formula.
    """

    key: CellKey
    node: Node | None
    region: str = ""
    may_be_given: bool = False


class Assembly:
    """Writes the function that computes the steps, in their order, of one form."""

    def __init__(self, places: Places, regions: frozenset[tuple[str, str]]) -> None:
        self._places = places
        self._regions = regions
        self._names: dict[CellKey, str] = {}
        self._counts: dict[tuple[str, str], str] = {}
        self._keys: dict[str, object] = {}
        self._inputs: dict[CellKey, str] = {}
        self._columns: dict[CellKey, str] = {}

    def function(self, steps: Sequence[Step]) -> Compute:
        """The compiled function."""
        for step in steps:
            self._name(step.key)
        body = [statement for step in steps for statement in self._step(step)]
        body = [*self._prologue(), *body, *self._epilogue([step.key for step in steps])]
        return _define(body, RUNTIME | _GLUE | self._keys)

    def check(self, step: Step) -> None:
        """Raises FormulaFault where the step cannot be written."""
        self._expression(step, ast.Constant(None))

    def _is_column(self, key: CellKey) -> bool:
        return (key.table, key.row) in self._regions

    def _name(self, key: CellKey) -> str:
        if key not in self._names:
            self._names[key] = f"{'r' if self._is_column(key) else 'c'}{len(self._names)}"
        return self._names[key]

    def variable(self, key: CellKey) -> ast.Name:
        """The local that holds a cell or column, loaded at the start if no step computes it."""
        if key not in self._names:
            (self._columns if self._is_column(key) else self._inputs)[key] = self._name(key)
        return _load(self._names[key])

    def count(self, table: str, region: str) -> ast.Name:
        """The local that holds the row keys of a region's members."""
        name = self._counts.setdefault((table, region), f"n{len(self._counts)}")
        return _load(name)

    def constant(self, value: object) -> ast.Name:
        """A global of the function for a value that the syntax has no constant for."""
        name = f"k{len(self._keys)}"
        self._keys[name] = value
        return _load(name)

    def _step(self, step: Step) -> list[ast.stmt]:
        key, name = step.key, self._names[step.key]
        if not self._is_column(key):
            own: ast.expr = self.constant(key) if step.may_be_given else ast.Constant(None)
            return [_assign(name, self._expression(step, own))]
        rows = self.count(key.table, key.row)
        row = ast.Subscript(rows, _load("i"), ast.Load())
        own = _call("CellKey", ast.Constant(key.table), row, ast.Constant(key.column))
        append = _call(f"{name}a", self._expression(step, own))
        return [
            _assign(name, ast.List([], ast.Load())),
            _assign(f"{name}a", ast.Attribute(_load(name), "append", ast.Load())),
            ast.For(ast.Name("i", ast.Store()), _call("range", _call("len", rows)), [ast.Expr(append)], []),
        ]

    def _expression(self, step: Step, own: ast.expr) -> ast.expr:
        cells = _Locals(self, self._places, step)
        written = ExpressionWriter(cells).formula(step.node) if step.node is not None else ast.Constant(None)
        if not step.may_be_given:
            return written
        value = ast.Subscript(_load("values"), own, ast.Load())
        return ast.IfExp(_call("given", _load("values"), own), value, written)

    def _prologue(self) -> list[ast.stmt]:
        statements: list[ast.stmt] = []
        for (table, region), name in self._counts.items():
            arguments = _load("members"), ast.Constant(table), ast.Constant(region)
            statements.append(_assign(name, _call("rows_of", *arguments)))
        if self._inputs:
            targets: list[ast.expr] = [ast.Name(name, ast.Store()) for name in self._inputs.values()]
            loaded = _call("load", _load("values"), self.constant(tuple(self._inputs)))
            statements.append(ast.Assign([ast.List(targets, ast.Store())], loaded))
        for key, name in self._columns.items():
            statements.append(_assign(name, _call("load", _load("values"), self._column_keys(key))))
        return statements

    def _column_keys(self, key: CellKey) -> ast.expr:
        return _call("keys_of", ast.Constant(key.table), self.count(key.table, key.row), ast.Constant(key.column))

    def _epilogue(self, keys: Iterable[CellKey]) -> list[ast.stmt]:
        keys = list(keys)
        single = [key for key in keys if not self._is_column(key)]
        values = ast.Tuple([_load(self._names[key]) for key in single], ast.Load())
        statements: list[ast.stmt] = [_assign("result", _call("pack", self.constant(tuple(single)), values))]
        for key in keys:
            if self._is_column(key):
                column = _load(self._names[key])
                statements.append(ast.Expr(_call("extend", _load("result"), self._column_keys(key), column)))
        return [*statements, ast.Return(_load("result"))]


class _Locals:
    """The cells as the expression of one step sees them."""

    def __init__(self, assembly: Assembly, places: Places, step: Step) -> None:
        self._assembly = assembly
        self._places = places
        self._step = step

    def area(self, token: str) -> Area:
        return self._places.area(token, self._step.key.table, self._step.region)

    def cell(self, table: str, line: Line, column: str) -> ast.expr:
        if line.code != HERE:
            return self._assembly.variable(CellKey(table, line.code, column))
        if self._step.key.row == self._step.region:
            values = self.column(CellKey(table, self._step.region, column))
            return ast.Subscript(values, _load("i"), ast.Load())
        return _call(
            "fetch", _load("values"), _call("CellKey", ast.Constant(table), _load("row"), ast.Constant(column))
        )

    def column(self, key: CellKey) -> ast.expr:
        self._assembly.count(key.table, key.row)
        return self._assembly.variable(key)


def _define(body: list[ast.stmt], names: Mapping[str, object]) -> Compute:
    arguments = ast.arguments([], [ast.arg("values"), ast.arg("members"), ast.arg("row")], None, [], [], None, [])
    definition = ast.FunctionDef("compute", arguments, body, [])
    module = ast.fix_missing_locations(ast.Module([definition], []))
    namespace: dict[str, object] = {**names, "CellKey": CellKey, "__builtins__": {}}
    # The tree consists of nodes made in this package alone, and sees no builtins.
    exec(compile(module, "<formulas>", "exec"), namespace)  # noqa: S102
    compute: Compute = namespace["compute"]  # type: ignore[assignment]  # defined by the line above
    return compute


def _load(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(_load(name), list(arguments), [])


def _assign(name: str, value: ast.expr) -> ast.Assign:
    return ast.Assign([ast.Name(name, ast.Store())], value)
