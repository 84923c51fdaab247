"""A form version's formulas, read, ordered and made into functions, once per version.

``compile_version`` refuses, with every fault named, a form whose formulas use what is not known here, point nowhere or
go in circles; so a published form can always be computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from form_templates.model import Aggregation, CellKey, CellKind, CellSpec, FormVersion, Rule
from formulas.arithmetic import CellValue
from formulas.assembly import Assembly, Compute, Formula, Step
from formulas.codegen import Function, function_of
from formulas.errors import FormulaError, FormulaFault
from formulas.ordering import groups, is_circle
from formulas.places import HERE, NO_MEMBERS, Area, Members, Places, Shape
from formulas.syntax import Binary, Node, parse, shape_of
from formulas.whitelist import COMPARISONS
from workbooks.address import address
from workbooks.finding import Finding

_MOST_CELLS: Final = 20_000
_MOST_CELLS_IN_ALL: Final = 250_000
"""Cells that one formula, and all formulas that differ, may take in: a hostile form must not fill the memory."""
_MOST_READ: Final = 5_000_000
"""Cells that all formulas together may read when a form is computed: nor may it take minutes."""


@dataclass(frozen=True)
class CompiledFormula:
    """One formula of its own, such as a control relation. Made by ``compile_formula``.

    Attributes:
        references: what the formula refers to, in the order of the text, each once.
        operator: the comparison that the formula is (``"<="``), or ``""``.
        steps: the formula and, of a comparison, both its sides.
    """

    coded: str
    table: str
    region: str
    references: tuple[Area, ...]
    operator: str
    steps: tuple[Step, ...]
    regions: frozenset[tuple[str, str]]

    @cached_property
    def compute(self) -> Compute:
        """Computes the formula's value and, of a comparison, its sides."""
        return Assembly(self.steps, self.regions).compute

    def value(self, values: Mapping[CellKey, CellValue], members: Members = NO_MEMBERS, row: str = "") -> CellValue:
        """The value of the formula; ``row`` is the member row (``"02*#29551"``) it stands in, for ``{@|…}``."""
        return self.compute(values, members, row)[CellKey(self.table, "", "value")]

    def sides(
        self, values: Mapping[CellKey, CellValue], members: Members = NO_MEMBERS, row: str = ""
    ) -> tuple[CellValue, CellValue]:
        """The values left and right of the comparison. Raises ValueError where the formula is none."""
        if not self.operator:
            raise ValueError(f"not a comparison: {self.coded}")
        result = self.compute(values, members, row)
        return result[CellKey(self.table, "", "left")], result[CellKey(self.table, "", "right")]

    def keys(self, members: Members = NO_MEMBERS, row: str = "") -> tuple[CellKey, ...]:
        """Every cell the formula refers to, members included."""
        return tuple(dict.fromkeys(key for area in self.references for key in area.keys(members, row)))


@dataclass(frozen=True)
class CompiledForm:
    """A form version with its formulas ready to run.

    Attributes:
        order: the cells that formulas compute, each after what it needs; a region's cells by their template key.
        rules: the control relations of the version, compiled.
        regions: table and code of every repeating region.
        steps: the computed cells in that order, with their formulas.
    """

    version: FormVersion
    order: tuple[CellKey, ...]
    rules: tuple[tuple[Rule, CompiledFormula], ...]
    regions: frozenset[tuple[str, str]]
    steps: tuple[Step, ...]
    _combined: tuple[Step, ...]

    @cached_property
    def compute(self) -> Compute:
        """Computes the CALC cells of a filled form."""
        return Assembly(self.steps, self.regions).compute

    @cached_property
    def combine(self) -> Compute:
        """Computes what is not added, for a unit that consolidates others."""
        return Assembly(self._combined, self.regions).compute


def compile_version(version: FormVersion) -> CompiledForm:
    """The compiled formulas of a version. Raises FormulaError with every fault. Kept for the versions used last."""
    return _by_identity(_Same(version))


@dataclass(frozen=True, slots=True, eq=False)
class _Same:
    """A version as a cache key by identity: hashing all of it would take longer than evaluating it."""

    version: FormVersion

    def __hash__(self) -> int:
        return id(self.version)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.version is self.version


@lru_cache(maxsize=64)
def _by_identity(key: _Same) -> CompiledForm:
    # Every workbook brings its own copy of the same version.
    return _by_content(key.version)


@lru_cache(maxsize=64)
def _by_content(version: FormVersion) -> CompiledForm:
    return _Forms(version).form()


@lru_cache(maxsize=16)
def _forms(key: _Same) -> _Forms:
    return _Forms(key.version)


def compile_formula(coded: str, version: FormVersion, table: str, region: str = "") -> CompiledFormula:
    """A formula of its own over the cells of a version. Raises FormulaError (one finding, of no cell)."""
    try:
        return _forms(_Same(version)).formula(coded, table, region)
    except FormulaFault as fault:
        raise FormulaError([fault.finding(f"Công thức “={coded}”")]) from fault


@lru_cache(maxsize=4096)
def typed_result(coded: str) -> CellValue:
    """The result of a formula that refers to no cell (``120+35``); None for any other, and for one that is faulty."""
    try:
        shape, tokens = shape_of(coded)
        return None if tokens else function_of(parse(shape), (), ())()
    except FormulaFault:
        return None


class _Forms:
    """Compiles the formulas of one version, and gathers what is wrong with them."""

    def __init__(self, version: FormVersion) -> None:
        self._version = version
        self._places = Places(version.tables)
        self._regions = frozenset((table.code, region.code) for table in version.tables for region in table.regions)
        self._findings: list[Finding] = []
        self._cells_in_all = 0
        self._read_in_all = 0
        self._nodes: dict[str, Node] = {}
        self._functions: dict[tuple[str, tuple[Shape | None, ...]], Function] = {}
        self._formulas: dict[tuple[str, str, str], Formula] = {}

    def form(self) -> CompiledForm:
        """The whole version; raises FormulaError."""
        cells = [cell for table in self._version.tables for cell in table.cells]
        own = self._ordered([step for cell in cells if (step := self._own_step(cell))])
        combined = self._combined([step for cell in cells if (step := self._combined_step(cell))])
        rules = tuple((rule, compiled) for rule in self._version.rules if (compiled := self._rule(rule)))
        if self._findings:
            raise FormulaError(dict.fromkeys(self._findings))
        order = tuple(step.key for step in own)
        return CompiledForm(self._version, order, rules, self._regions, tuple(own), tuple(combined))

    def formula(self, coded: str, table: str, region: str) -> CompiledFormula:
        """One formula of its own; raises FormulaFault."""
        formula, node, tokens = self._read(coded, table, region)
        steps = [Step(CellKey(table, "", "value"), formula, region)]
        operator = ""
        if isinstance(node, Binary) and node.operator in COMPARISONS:
            operator = node.operator
            for name, side in (("left", node.left), ("right", node.right)):
                function = function_of(side, formula.areas, tokens)
                steps.append(Step(CellKey(table, "", name), Formula(function, formula.areas, formula.needs), region))
        references = tuple(dict.fromkeys(formula.areas))
        return CompiledFormula(coded, table, region, references, operator, tuple(steps), self._regions)

    def _read(self, coded: str, table: str, region: str) -> tuple[Formula, Node, tuple[str, ...]]:
        """A formula, its tree with numbered references, and what these are. Raises FormulaFault."""
        shape, tokens = shape_of(coded)
        node = self._nodes.get(shape) or self._parsed(shape, coded)
        areas = tuple(self._places.area(token, table, region) for token in tokens)
        if sum(area.size for area in areas) > _MOST_CELLS:
            raise _too_many("công thức", _MOST_CELLS)
        kind = shape, tuple(None if area.is_cell else area.shape for area in areas)
        function = self._functions.get(kind)
        if function is None:
            function = self._functions[kind] = function_of(node, areas, tokens)
        needs = tuple(key for area in areas for key in area.template_keys())
        return Formula(function, areas, needs), node, tokens

    def _in_region(self, formula: Formula, region: str) -> Formula:
        """A formula of a region's column needs columns of the region, where it says ``@``."""
        needs = tuple(key._replace(row=region) if key.row == HERE else key for key in formula.needs)
        return Formula(formula.function, formula.areas, needs) if region else formula

    def _parsed(self, shape: str, coded: str) -> Node:
        try:
            node = self._nodes[shape] = parse(shape)
        except FormulaFault:
            parse(coded)  # says what is wrong in the words of the formula itself
            raise
        return node

    def _rule(self, rule: Rule) -> CompiledFormula | None:
        try:
            return self.formula(rule.formula, rule.table, rule.region)
        except FormulaFault as fault:
            self._findings.append(fault.finding(f"Quan hệ kiểm tra {rule.code}"))
            return None

    def _own_step(self, cell: CellSpec) -> Step | None:
        if cell.kind is not CellKind.CALC:
            return None
        if cell.formula is None:
            self._fault(
                cell.key, FormulaFault("BS450", "ô tính toán không có công thức", "Ghi công thức vào ô của biểu mẫu.")
            )
            return None
        return self._step(cell.key, cell.formula)

    def _step(self, key: CellKey, coded: str, *, may_be_given: bool = False) -> Step | None:
        region = key.row if (key.table, key.row) in self._regions else ""
        try:
            formula = self._formulas.get((coded, key.table, region))
            if formula is None:
                formula = self._in_region(self._read(coded, key.table, region)[0], region)
                self._cells_in_all = _within(_MOST_CELLS_IN_ALL, self._cells_in_all, formula)
            self._read_in_all = _within(_MOST_READ, self._read_in_all, formula)
        except FormulaFault as fault:
            self._fault(key, fault)
            return None
        self._formulas[coded, key.table, region] = formula
        return Step(key, formula, region, may_be_given)

    def _fault(self, key: CellKey, fault: FormulaFault) -> None:
        sheet, cell = self._place(key)
        self._findings.append(fault.finding(f"Dòng {key.row}, cột {key.column}", sheet, cell))

    def _place(self, key: CellKey) -> tuple[str, str]:
        """Published sheet and address of a cell; nothing where the table does not list its row or column."""
        for table in self._version.tables:
            rows = {row.code: row.at for row in table.rows} | {region.code: region.first for region in table.regions}
            columns = {column.code: column.at for column in table.columns}
            if table.code == key.table and key.row in rows and key.column in columns:
                return table.sheet, address(rows[key.row], columns[key.column])
        return "", ""

    def _ordered(self, steps: list[Step]) -> list[Step]:
        """The steps, each after what it needs; a circle is a finding at every cell of it."""
        needs = {step.key: step.needs for step in steps}
        by_key = {step.key: step for step in steps}
        ordered = []
        for group in groups(needs):
            if is_circle(group, needs):
                self._circle(group)
            ordered += [by_key[key] for key in group]
        return ordered

    def _circle(self, group: list[CellKey]) -> None:
        cells = ", ".join(f"({key.row}|{key.column})" for key in group[:20])
        fault = FormulaFault("BS453", f"tham chiếu vòng qua các ô {cells}", "Bỏ tham chiếu quay lại chính ô đó.")
        for key in group:
            self._fault(key, fault)

    def _combined_step(self, cell: CellSpec) -> Step | None:
        """How a cell is made at a unit that consolidates others; None where it is simply given, summed."""
        if cell.kind is CellKind.NOT_APPLICABLE:
            return None
        if cell.aggregation is Aggregation.NONE:
            return Step(cell.key, None)
        coded = cell.aggregate_formula or cell.formula
        if cell.aggregation is Aggregation.SUM and cell.aggregate_formula is None:
            return self._step(cell.key, coded, may_be_given=True) if coded and cell.kind is CellKind.CALC else None
        if coded is None:
            remedy = "Ghi công thức tổng hợp, hoặc chọn cách tổng hợp khác."
            self._fault(
                cell.key, FormulaFault("BS456", "cách tổng hợp theo công thức nhưng không có công thức", remedy)
            )
            return None
        return self._step(cell.key, coded)

    def _combined(self, steps: list[Step]) -> list[Step]:
        """The steps of consolidation in order, with what cannot be added left blank.

        A total that is given anyway need not be computable: where its formula would close a circle (output from yield,
        while yield is made from output), it stays as given. What is made of cells that are not additive is not either.
        """
        steps = self._without_circles(steps)
        needs = {step.key: step.needs for step in steps}
        missing: set[CellKey] = set()
        result = []
        for step in self._ordered(steps):
            additive = (step.formula or step.may_be_given) and missing.isdisjoint(needs[step.key])
            if not additive:
                missing.add(step.key)
            result.append(step if additive else Step(step.key, None, step.region, step.may_be_given))
        return result

    def _without_circles(self, steps: list[Step]) -> list[Step]:
        needs = {step.key: step.needs for step in steps}
        circular = {key for group in groups(needs) if is_circle(group, needs) for key in group}
        return [
            Step(step.key, None, step.region, may_be_given=True) if step.may_be_given and step.key in circular else step
            for step in steps
        ]


def _too_many(what: str, most: int) -> FormulaFault:
    return FormulaFault(
        "BS450", f"{what} dùng hơn {most} ô", "Chia nhỏ vùng ô, hoặc cộng qua các dòng tổng trung gian."
    )


def _within(most: int, so_far: int, formula: Formula) -> int:
    """The sum with the cells of one more formula. Raises FormulaFault beyond the limit."""
    so_far += sum(area.size for area in formula.areas)
    if so_far > most:
        raise _too_many("các công thức của biểu", most)
    return so_far
