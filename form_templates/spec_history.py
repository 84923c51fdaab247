"""Earlier periods in the formulas and rules of a spec: ``prev(c6)``, ``lastyear(c4)``, ``c2~prev±50%``.

Each becomes a column: one that the form carries anyway, or else a reference column (``6kt``, ``4ck``) that is added.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from form_templates import spec_relations
from form_templates.model import Aggregation, Carry, CarrySource, CellKind
from form_templates.spec_parts import ColumnSpec, RowSpec, RuleSpec

_WORDS: Final = {"prev": "kt", "lastyear": "ck"}
_HEADERS: Final = {"kt": "Kỳ trước", "ck": "Cùng kỳ năm trước"}
_CODE: Final = r"[1-9][0-9]?"
_OF_COLUMN: Final = re.compile(rf"\b(prev|lastyear)\(c({_CODE})(@{spec_relations.CODE})?\)")
_OF_ROW: Final = re.compile(rf"\b(prev|lastyear)\(r({spec_relations.CODE})\)")
_JUMP: Final = re.compile(rf"c({_CODE})~(prev|lastyear)±")
_ROW: Final = re.compile(rf"r({spec_relations.CODE})")
_NAMED: Final = re.compile(rf"\bc({_CODE})(kt|ck)")


def untold(text: str) -> str:
    """A text that names columns of earlier periods (``c6kt``) in the words people wrote (``prev(c6)``)."""
    words = {suffix: word for word, suffix in _WORDS.items()}
    return _NAMED.sub(lambda match: f"{words[match[2]]}(c{match[1]})", text)


class History:
    """Tells earlier periods as columns, and gathers the reference columns that are needed."""

    def __init__(self, columns: Sequence[ColumnSpec]) -> None:
        self._columns = {column.code: column for column in columns}
        self._added: dict[str, ColumnSpec] = {}

    def columns(self) -> tuple[ColumnSpec, ...]:
        """All columns, their formulas told, with the reference columns at the end."""
        own = [self._told(column) for column in self._columns.values()]
        return (*own, *sorted(self._added.values(), key=lambda column: (int(column.code[:-2]), column.code)))

    def row(self, row: RowSpec) -> RowSpec:
        """A row whose own formulas name columns instead of earlier periods."""
        return replace(row, formulas={column: self.told(formula) for column, formula in row.formulas.items()})

    def rules(self, rule: RuleSpec) -> list[RuleSpec]:
        """A rule that names columns instead of earlier periods.

        Between rows it becomes a rule for each column, since earlier figures stand at no fixed distance.
        """
        if not (rule.columns and _OF_ROW.search(rule.relation)):
            relation = _JUMP.sub(lambda match: f"c{match[1]}~c{self._before(match[1], match[2])}±", rule.relation)
            when = tuple(self.told(condition) for condition in rule.when)
            return [replace(rule, relation=self.told(relation), when=when, history=self._history(relation))]
        alone = len(rule.columns) == 1
        return [
            self._of_column(rule, column, rule.code if alone else f"{rule.code}.{column}") for column in rule.columns
        ]

    def told(self, text: str) -> str:
        """The text with a column for each earlier period."""
        for code, suffix in _NAMED.findall(text):
            self._reference(code, suffix)
        return _OF_COLUMN.sub(lambda match: f"c{self._before(match[2], match[1])}{match[3] or ''}", text)

    def _of_column(self, rule: RuleSpec, column: str, code: str) -> RuleSpec:
        relation = _OF_ROW.sub(lambda match: f"{match[1]}(c{column}@{match[2]})", rule.relation)
        relation = _ROW.sub(rf"c{column}@\1", relation)
        return replace(rule, code=code, relation=self.told(relation), columns=(), history=self._history(relation))

    def _history(self, relation: str) -> tuple[str, ...]:
        """The earlier figures a comparison takes in; a jump looks after itself."""
        found = [f"c{self._before(code, word)}{row}" for word, code, row in _OF_COLUMN.findall(relation)]
        return tuple(dict.fromkeys(found))

    def _told(self, column: ColumnSpec) -> ColumnSpec:
        by_unit = {unit: self.told(formula) for unit, formula in column.formula_by_unit.items()}
        formula, aggregate = self.told(column.formula), self.told(column.aggregate)
        return replace(column, formula=formula, aggregate=aggregate, formula_by_unit=by_unit)

    def _before(self, code: str, word: str) -> str:
        """The code of the column that holds column ``code`` of an earlier period."""
        suffix = _WORDS[word]
        wanted = Carry(code, self._source(code, suffix))
        carried = (column.code for column in self._columns.values() if column.carry == wanted)
        return next(carried, None) or self._reference(code, suffix)

    def _reference(self, code: str, suffix: str) -> str:
        source = self._columns.get(code)
        if source is not None and source.kind is not CellKind.TEXT:
            self._added.setdefault(code + suffix, _reference(source, suffix, self._source(code, suffix)))
        return code + suffix

    def _source(self, code: str, suffix: str) -> CarrySource:
        """A column that counts on from its own earlier figure starts anew with the year."""
        if suffix == "ck":
            return CarrySource.SAME_PERIOD_LAST_YEAR
        source = self._columns.get(code)
        own = f"prev(c{code})", f"c{code}kt"
        cumulative = source is not None and any(name in source.formula for name in own)
        return CarrySource.PREVIOUS_IN_YEAR if cumulative else CarrySource.PREVIOUS_PERIOD


def _reference(source: ColumnSpec, suffix: str, of: CarrySource) -> ColumnSpec:
    # What does not add up now did not add up then either, and an earlier ratio cannot be made anew here.
    additive = source.aggregation is Aggregation.SUM
    return ColumnSpec(
        code=source.code + suffix,
        header=f"{_HEADERS[suffix]}: {source.header}",
        kind=CellKind.CARRY,
        unit=source.unit,
        decimals=source.decimals,
        formula="",
        carry=Carry(source.code, of),
        aggregation=Aggregation.SUM if additive else Aggregation.NONE,
        aggregate="",
        signed=True,
    )
