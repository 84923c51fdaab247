"""What both engines are asked of one form: the formulas of its cells, its control relations and aggregate formulas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from form_templates.coding import Layout, decode_formula
from form_templates.model import CellKey, CellKind, member_row
from formulas.arithmetic import CellValue
from formulas.assembly import Assembly, Formula, Step
from formulas.compiler import CompiledForm, CompiledFormula, compile_formula
from formulas.crosschecking.engine import Place
from formulas.places import HERE

Inputs: TypeAlias = Mapping[CellKey, CellValue]

_SCRATCH_COLUMN: Final = 400
"""Where formulas that stand in no cell of the form are written, far right of it."""


@dataclass(frozen=True, slots=True)
class Question:
    """One formula at one place: its key among our flat steps, its text, and where the other engine computes it."""

    key: CellKey
    subject: str
    coded: str
    place: Place
    text: str = ""
    """What is to be written there; ``""`` where the template has the formula."""
    needs: tuple[CellKey, ...] = ()

    @property
    def cell(self) -> CellKey | None:
        """The cell of the form that has the formula; None of a formula that is written beside it."""
        return self.key._replace(table=self.key.table[1:]) if self.key.table.startswith("=") else None


class Questions:
    """All the formulas of a form, with the members that the template itself has in its regions."""

    def __init__(self, compiled: CompiledForm) -> None:
        version = compiled.version
        self._compiled = compiled
        self._layouts = {table.code: Layout.published(table) for table in version.tables}
        self.members: dict[tuple[str, str], Sequence[str]] = {
            (table.code, region.code): [str(n + 1) for n in range(region.sentinel - region.first)]
            for table in version.tables
            for region in table.regions
        }
        self.asked: list[Question] = []
        self._steps: list[Step] = []
        self._flat_members: dict[tuple[str, str], Sequence[str]] = dict(self.members)
        self._scratch = 0
        self._ask_cells()
        self._ask_rules()
        self._ask_aggregates()
        self._flat = Assembly(self._steps, frozenset(self._flat_members))
        self.inputs = [
            (cell, key)
            for cell in version.cell_by_key.values()
            if cell.kind in (CellKind.INPUT, CellKind.CARRY)
            for key in self._keys(cell.key)
        ]

    def whole(self, inputs: Inputs) -> dict[CellKey, CellValue]:
        """All cells as a form is computed."""
        return self._compiled.compute(inputs, self.members, "")

    def alone(self, values: Inputs) -> dict[CellKey, CellValue]:
        """Every formula from what is given in the cells it refers to, by the keys of the questions."""
        return self._flat.compute(values, self._flat_members, "")

    def contents(self, question: Question, values: Inputs) -> tuple[tuple[CellKey, CellValue], ...]:
        """The cells a formula refers to, each once, with what they hold."""
        found: dict[CellKey, CellValue] = {}
        for need in question.needs:
            members = self.members.get((need.table, need.row))
            for row in [need.row] if members is None else [member_row(need.row, member) for member in members]:
                found[need._replace(row=row)] = values.get(need._replace(row=row))
        return tuple(found.items())

    def place(self, key: CellKey) -> Place:
        """Where the template has a cell."""
        layout = self._layouts[key.table]
        return layout.sheet, layout.row_of[key.row], layout.column_of[key.column]

    def _keys(self, key: CellKey) -> list[CellKey]:
        """The cells that a template key describes, on the template's own rows."""
        members = self.members.get((key.table, key.row))
        if members is None:
            return [key]
        return [key._replace(row=member_row(key.row, member)) for member in members]

    def _ask_cells(self) -> None:
        version = self._compiled.version
        for step in self._compiled.steps:
            coded = version.cell(step.key).formula or ""
            flat = step.key._replace(table=f"={step.key.table}")
            self._add(step, flat, coded)
            for own, key in zip(self._keys(step.key), self._rows_of(flat, step.key), strict=True):
                subject = f"Dòng {own.row}, cột {own.column}"
                needs = tuple(_here(step.needs, step.region, own.row))
                self.asked.append(Question(key, subject, coded, self.place(own), needs=needs))

    def _ask_rules(self) -> None:
        for rule, formula in self._compiled.rules:
            self._ask_written(formula, f"Quan hệ kiểm tra {rule.code}", CellKey(f"?{rule.code}", "", "value"))

    def _ask_aggregates(self) -> None:
        version = self._compiled.version
        for cell in version.cell_by_key.values():
            if cell.aggregate_formula:
                region = cell.key.row if (cell.key.table, cell.key.row) in self.members else ""
                formula = compile_formula(cell.aggregate_formula, version, cell.key.table, region)
                subject = f"Công thức tổng hợp của dòng {cell.key.row}, cột {cell.key.column}"
                self._ask_written(formula, subject, cell.key._replace(table=f"+{cell.key.table}", row=""))

    def _ask_written(self, formula: CompiledFormula, subject: str, flat: CellKey) -> None:
        """A formula that stands in no cell of the form: it is written beside it, once for each row it speaks of."""
        table, region = formula.table, formula.region
        flat = flat._replace(row=region or f"r{len(self._steps)}", table=f"{flat.table}/{len(self._steps)}")
        self._add(formula.steps[0], flat, formula.coded)
        layout = self._layouts[table]
        rows = [member_row(region, member) for member in self.members[table, region]] if region else [""]
        keys = [flat._replace(row=row) if row else flat for row in rows]
        for row, key in zip(rows, keys, strict=True):
            self._scratch += 1
            at = (layout.sheet, layout.row_of.get(row, 1), layout.column_of[next(iter(layout.column_of))])
            text = decode_formula(formula.coded, list(self._layouts.values()), at).replace("_xlfn.", "")
            place = (layout.sheet, self._scratch, _SCRATCH_COLUMN)
            needs = tuple(_here(formula.steps[0].needs, region, row))
            self.asked.append(Question(key, subject, formula.coded, place, text, needs))

    def _add(self, step: Step, flat: CellKey, coded: str) -> None:
        """The formula as a step that no other one needs; so it is computed from what is given."""
        if step.formula is None:
            raise ValueError(f"no formula: {coded}")
        region = step.region
        needs = tuple(need._replace(row=region) if need.row == HERE else need for need in step.needs)
        formula = Formula(step.formula.function, step.formula.areas, needs)
        self._steps.append(Step(flat, formula, region))
        if region:
            table = step.formula.areas[0].table if step.formula.areas else step.key.table
            members = self.members.get((step.key.table, region)) or self.members[table, region]
            self._flat_members[flat.table, flat.row] = members

    def _rows_of(self, flat: CellKey, key: CellKey) -> list[CellKey]:
        return [flat._replace(row=own.row) for own in self._keys(key)]


def _here(needs: Sequence[CellKey], region: str, row: str) -> Iterator[CellKey]:
    """What one row needs: a column of its own region stands for its own cell."""
    for need in needs:
        own = bool(region) and need.row in (region, HERE)
        yield need._replace(row=row) if own else need
