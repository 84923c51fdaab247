"""A form version's formulas, read, ordered and made into functions, once per version.

``compile_version`` refuses, with every fault named, a form whose formulas use what is not known here, point nowhere or
go in circles; so a published form can always be computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

from form_templates.model import Aggregation, CellKey, CellKind, CellSpec, FormVersion, Rule
from form_templates.serial import digest
from formulas.arithmetic import CellValue
from formulas.assembly import Assembly, Compute, Step
from formulas.errors import FormulaError, FormulaFault
from formulas.ordering import groups, is_circle
from formulas.places import HERE, NO_MEMBERS, Area, Members, Places
from formulas.syntax import Binary, Call, Node, Reference, Unary, parse
from workbooks.address import address
from workbooks.finding import Finding

_COMPARISONS: Final = frozenset({"=", "<>", "<", "<=", ">", ">="})
_MOST_CELLS: Final = 20_000
_MOST_CELLS_IN_ALL: Final = 250_000
"""Cells that one formula, and all formulas of a form, may take in: a hostile form must not fill the memory."""


@dataclass(frozen=True)
class CompiledFormula:
    """One formula of its own, such as a control relation. Made by ``compile_formula``.

    Attributes:
        references: what the formula refers to, in the order of the text, each once.
        operator: the comparison that the formula is (``"<="``), or ``""``.
    """

    coded: str
    table: str
    region: str
    references: tuple[Area, ...]
    operator: str
    compute: Compute

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
    """

    version: FormVersion
    order: tuple[CellKey, ...]
    rules: tuple[tuple[Rule, CompiledFormula], ...]
    _forms: _Forms
    _own: tuple[Step, ...]
    _combined: tuple[Step, ...]

    @cached_property
    def compute(self) -> Compute:
        """Computes the CALC cells of a filled form."""
        return self._forms.assembly().function(self._own)

    @cached_property
    def combine(self) -> Compute:
        """Computes what is not added, for a unit that consolidates others."""
        return self._forms.assembly().function(self._combined)


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


@dataclass(frozen=True, slots=True)
class _Equal:
    """A version as a cache key by content: every workbook brings its own copy of the same version."""

    digest: str
    version: FormVersion = field(compare=False)


@lru_cache(maxsize=64)
def _by_identity(key: _Same) -> CompiledForm:
    return _by_digest(_Equal(digest(key.version), key.version))


@lru_cache(maxsize=64)
def _by_digest(key: _Equal) -> CompiledForm:
    return _Forms(key.version).form()


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
        node = parse(coded)
        if any(_tokens(node)):
            return None
        key = CellKey("", "", "value")
        return Assembly(Places(()), frozenset()).function([Step(key, node)])({}, NO_MEMBERS, "")[key]
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
        self._nodes: dict[tuple[str, str, str], Node | None] = {}

    def assembly(self) -> Assembly:
        return Assembly(self._places, self._regions)

    def form(self) -> CompiledForm:
        """The whole version; raises FormulaError."""
        cells = [cell for table in self._version.tables for cell in table.cells]
        own = self._ordered([step for cell in cells if (step := self._own_step(cell))])
        combined = self._combined([step for cell in cells if (step := self._combined_step(cell))])
        rules = tuple((rule, compiled) for rule in self._version.rules if (compiled := self._rule(rule)))
        if self._findings:
            raise FormulaError(dict.fromkeys(self._findings))
        order = tuple(step.key for step in own)
        return CompiledForm(self._version, order, rules, self, tuple(own), tuple(combined))

    def formula(self, coded: str, table: str, region: str) -> CompiledFormula:
        """One formula of its own; raises FormulaFault."""
        node = parse(coded)
        self._weight(node, table, region)
        steps = [Step(CellKey(table, "", "value"), node, region)]
        operator = node.operator if isinstance(node, Binary) and node.operator in _COMPARISONS else ""
        if operator and isinstance(node, Binary):
            steps.append(Step(CellKey(table, "", "left"), node.left, region))
            steps.append(Step(CellKey(table, "", "right"), node.right, region))
        references = tuple(dict.fromkeys(self._places.area(token, table, region) for token in _tokens(node)))
        return CompiledFormula(coded, table, region, references, operator, self.assembly().function(steps))

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
            known = self._nodes.get((coded, key.table, region))
            step = Step(key, known or parse(coded), region, may_be_given)
            if known is None:
                self._weigh(step)
                self.assembly().check(step)
        except FormulaFault as fault:
            self._fault(key, fault)
            return None
        self._nodes[coded, key.table, region] = step.node
        return step

    def _weigh(self, step: Step) -> None:
        """Raises FormulaFault where the formulas so far take in too many cells to be compiled."""
        self._cells_in_all += self._weight(step.node, step.key.table, step.region)
        if self._cells_in_all > _MOST_CELLS_IN_ALL:
            raise _too_many("các công thức của biểu", _MOST_CELLS_IN_ALL)

    def _weight(self, node: Node | None, table: str, region: str) -> int:
        areas = [self._places.area(token, table, region) for token in _tokens(node)]
        cells = sum(len(area.lines) * len(area.columns) for area in areas)
        if cells > _MOST_CELLS:
            raise _too_many("công thức", _MOST_CELLS)
        return cells

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

    def _needs(self, steps: Iterable[Step]) -> dict[CellKey, tuple[CellKey, ...]]:
        return {step.key: tuple(self._needed(step)) for step in steps}

    def _needed(self, step: Step) -> Iterator[CellKey]:
        for token in _tokens(step.node):
            for key in self._places.area(token, step.key.table, step.region).template_keys():
                yield key._replace(row=step.region) if key.row == HERE else key

    def _ordered(self, steps: list[Step]) -> list[Step]:
        """The steps, each after what it needs; a circle is a finding at every cell of it."""
        needs = self._needs(steps)
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
        needs = self._needs(steps)
        missing: set[CellKey] = set()
        result = []
        for step in self._ordered(steps):
            additive = (step.node or step.may_be_given) and missing.isdisjoint(needs[step.key])
            if not additive:
                missing.add(step.key)
            result.append(step if additive else Step(step.key, None, step.region, step.may_be_given))
        return result

    def _without_circles(self, steps: list[Step]) -> list[Step]:
        needs = self._needs(steps)
        circular = {key for group in groups(needs) if is_circle(group, needs) for key in group}
        return [
            Step(step.key, None, step.region, may_be_given=True) if step.may_be_given and step.key in circular else step
            for step in steps
        ]


def _too_many(what: str, most: int) -> FormulaFault:
    return FormulaFault(
        "BS450", f"{what} dùng hơn {most} ô", "Chia nhỏ vùng ô, hoặc cộng qua các dòng tổng trung gian."
    )


def _tokens(node: Node | None) -> Iterator[str]:
    """The references of a formula, in the order of the text."""
    pending = [node]
    while pending:
        match pending.pop():
            case Reference(token):
                yield token
            case Unary(_, operand):
                pending.append(operand)
            case Binary(_, left, right):
                pending += [right, left]
            case Call(_, arguments):
                pending += reversed(arguments)
