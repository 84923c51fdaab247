"""Linting units of measure: of rows, columns and regions, and of what formulas and relations do with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from form_templates import definition
from form_templates.measures import UnitOfMeasure
from form_templates.model import Aggregation, CellKey, CellKind
from formulas.linting import kinds
from formulas.linting.draft import Draft
from formulas.linting.trees import OF_FIRST, percentage_of, spine, terms
from formulas.syntax import Binary, Call, Node, Reference, Unary
from workbooks.address import address
from workbooks.finding import Finding

_PARENTHESES: Final = re.compile(r"\(([^()]{1,40})\)")
_PER_HEAD: Final = re.compile(r"bình quân (?:một |1 |trên )?(?:đầu )?người|/\s*người", re.IGNORECASE)
_RATIO_WORDS: Final = re.compile(
    r"[\W\d]*(?:(?:[IVX]+|[a-z])\. )?(?:tỷ lệ|tỉ lệ|tốc độ|tỷ trọng|tỉ trọng)\b", re.IGNORECASE
)
_SHARES: Final = re.compile(r"cơ cấu|tỷ trọng|tỉ trọng|đóng góp", re.IGNORECASE)
_TOO_LARGE_PER_HEAD: Final = 10**9
_PLACES: Final = "đếm: địa bàn"
"""In a label "(xã)" says of which places the row tells, not in what it counts."""
_POINTS: Final = "DIEM_PHAN_TRAM"
_COMPARISONS: Final = frozenset({"=", "<>", "<", "<=", ">", ">="})
_ALIKE: Final = frozenset({"SUM", "MIN", "MAX", "AVERAGE"})


def lint_units(draft: Draft) -> Iterator[Finding]:
    """Every fault of units of measure."""
    yield from _unknown(draft)
    yield from _contradictions(draft)
    yield from _of_formulas(draft)
    yield from _of_rules(draft)
    yield from _added_ratios(draft)


class _Declared(NamedTuple):
    """Where a unit is declared, in words and as a cell, and what text stands beside it."""

    where: str
    text: str
    unit: str
    sheet: str
    cell: str


def _declared(draft: Draft) -> Iterator[_Declared]:
    entries = {entry.code: entry.row for entry in draft.known.columns}
    regions = {entry.code: entry.row for entry in draft.known.regions}
    for row in draft.table.rows:
        cell = address(row.at, draft.units_at)
        yield _Declared(f"Dòng {row.code}", row.label, row.unit, draft.table.sheet, cell)
    for column in draft.table.columns:
        cell = address(entries[column.code], 3)
        yield _Declared(f"Cột {column.code}", column.header, column.unit, definition.SHEET, cell)
    for region in draft.table.regions:
        cell = address(regions[region.code], 3)
        yield _Declared(f"Vùng {region.code}", region.label, region.unit, definition.SHEET, cell)


def _unknown(draft: Draft) -> Iterator[Finding]:
    for item in _declared(draft):
        if item.unit and draft.unit(item.unit) is None:
            yield kinds.UNKNOWN_UNIT.at(item.sheet, item.cell, where=item.where, unit=item.unit)


def _contradictions(draft: Draft) -> Iterator[Finding]:
    for item in _declared(draft):
        unit = draft.unit(item.unit)
        if unit is None:
            continue
        for said in _said(draft, item.text, places=item.where.startswith("Cột")):
            if not said.adds_to(unit):
                details = {"where": item.where, "text": item.text, "said": said.name, "unit": item.unit}
                yield kinds.OTHER_UNIT.at(item.sheet, item.cell, **details)
        if (_PER_HEAD.search(item.text) and unit.is_money and unit.factor >= _TOO_LARGE_PER_HEAD) or (
            _RATIO_WORDS.match(item.text) and not unit.is_ratio
        ):
            yield kinds.DOUBTFUL_UNIT.at(item.sheet, item.cell, where=item.where, text=item.text, unit=item.unit)
    yield from _headers_over_rows(draft)
    yield from _of_indicators(draft)


def _said(draft: Draft, text: str, *, places: bool) -> list[UnitOfMeasure]:
    """Units that a header or label names in parentheses."""
    units = (draft.unit(inside) for inside in _PARENTHESES.findall(text))
    return [unit for unit in units if unit is not None and (places or unit.dimension != _PLACES)]


def _headers_over_rows(draft: Draft) -> Iterator[Finding]:
    """A header that names a unit, over rows that each have another of their own."""
    for column in draft.table.columns:
        for said in _said(draft, column.header, places=True) if not column.unit else ():
            cells = [cell for cell in draft.table.cells if cell.key.column == column.code]
            units = {cell.unit: draft.unit(cell.unit) for cell in cells if cell.kind is not CellKind.NOT_APPLICABLE}
            others = [text for text, unit in units.items() if unit is not None and not said.adds_to(unit)]
            if others:
                place = address(draft.table.header_at, column.at)
                details = {"where": f"Cột {column.code}", "text": column.header, "said": said.name}
                told = f"của từng dòng: {', '.join(others)}"
                yield kinds.OTHER_UNIT.at(draft.table.sheet, place, **details, unit=told)


def _of_indicators(draft: Draft) -> Iterator[Finding]:
    """Rows whose unit is not that of their indicator in the catalogue, nor one that converts to it."""
    for row in draft.table.rows:
        expected = draft.indicators.get(row.indicator, "")
        one, other = draft.unit(row.unit), draft.unit(expected)
        if one is not None and other is not None and one.dimension != other.dimension:
            said = f"chỉ tiêu {row.indicator} tính bằng {expected}"
            details = {"where": f"Dòng {row.code}", "text": row.label, "said": said, "unit": row.unit}
            yield kinds.OTHER_UNIT.at(draft.table.sheet, address(row.at, draft.units_at), **details)


def _of_formulas(draft: Draft) -> Iterator[Finding]:
    for cell, node in draft.computed():
        here = {"where": f"Dòng {cell.key.row}, cột {cell.key.column}"}
        written = draft.written(cell.key, cell.formula or "")
        own = draft.unit(cell.unit)
        units = _Units(draft, _region(draft, cell.key))
        result = units.of(node)
        place = draft.table.sheet, draft.address(cell.key)
        if own is not None and _is_percentage(node, units) and not own.is_ratio:
            yield kinds.RATIO_ELSEWHERE.at(*place, **here, formula=written, unit=cell.unit)
        elif own is not None and result is not None and not result.adds_to(own):
            units.unlike.append((result, own))
        if own is not None and _sums_ratios(draft, cell.key, node, units, own):
            yield kinds.SUMMED_RATIO.at(*place, **here, formula=written, unit=cell.unit)
        for one, other in units.unlike[:1]:
            yield kinds.UNLIKE_UNITS.at(*place, **here, formula=written, one=one.name, other=other.name)


def _region(draft: Draft, key: CellKey) -> str:
    return key.row if key.row.endswith("*") else ""


def _of_rules(draft: Draft) -> Iterator[Finding]:
    """Relations between unlike units, each told once at the line that declares it."""
    lines = {written.code: written for written in draft.known.rules}
    told: set[str] = set()
    for rule in draft.version.rules:
        node = draft.tree(rule.formula)
        line = lines.get(next((code for code in lines if rule.code == code or rule.code.startswith(f"{code}.")), ""))
        if node is None or line is None or line.code in told:
            continue
        units = _Units(draft, rule.region)
        units.of(node)
        for one, other in units.unlike[:1]:
            told.add(line.code)
            details = {"where": f"Quy tắc {rule.code}", "formula": line.formula, "one": one.name, "other": other.name}
            yield kinds.UNLIKE_UNITS.at(definition.SHEET, address(line.row, 2), **details)


class _Units:
    """What unit a formula's parts are in, as far as that is certain; ``unlike`` gathers what should not meet."""

    def __init__(self, draft: Draft, region: str) -> None:
        self._draft = draft
        self._region = region
        self.unlike: list[tuple[UnitOfMeasure, UnitOfMeasure]] = []

    def of(self, node: Node) -> UnitOfMeasure | None:
        """The unit of a part; None for a plain number, a product, a quotient, and what is not known."""
        match node:
            case Reference(token):
                return self._together(self.cells(token))
            case Unary(operator, operand):
                unit = self.of(operand)
                return None if operator == "%" else unit
            case Binary():
                first, rest = spine(node)
                unit = self.of(first)
                for operator, right in rest:
                    unit = self._binary(operator, unit, self.of(right))
                return unit
            case Call(name, arguments):
                return self._call(name, [self.of(argument) for argument in arguments])
        return None

    def cells(self, token: str) -> list[UnitOfMeasure]:
        """The units of the cells of a reference."""
        area = self._draft.area(token, self._region)
        keys = area.template_keys() if area else ()
        known = self._draft.table.cell_by_key
        cells = (known.get(key._replace(row=self._region) if key.row == "@" else key) for key in keys)
        units = (self._draft.unit(cell.unit) for cell in cells if cell and cell.kind is not CellKind.NOT_APPLICABLE)
        return [unit for unit in units if unit is not None]

    def _binary(self, operator: str, left: UnitOfMeasure | None, right: UnitOfMeasure | None) -> UnitOfMeasure | None:
        if operator not in _COMPARISONS | {"+", "-"}:
            return None
        unit = self._together([one for one in (left, right) if one is not None])
        return unit if operator in {"+", "-"} else None

    def _call(self, name: str, units: list[UnitOfMeasure | None]) -> UnitOfMeasure | None:
        if name in _ALIKE:
            return self._together([unit for unit in units if unit is not None])
        if name in OF_FIRST:
            return units[0] if units else None
        return units[1] if name == "IF" and len(units) > 1 else None

    def _together(self, units: list[UnitOfMeasure]) -> UnitOfMeasure | None:
        """The common unit of what is added or compared."""
        for unit in units[1:]:
            if not unit.adds_to(units[0]):
                self.unlike.append((units[0], unit))
                return None
        return units[0] if units else None


def _is_percentage(node: Node, units: _Units) -> bool:
    """Whether the formula is ``a/b*100`` of two amounts of one kind."""
    parts = percentage_of(node)
    one, other = map(units.of, parts) if parts else (None, None)
    return one is not None and other is not None and one.dimension == other.dimension and not one.is_ratio


def _sums_ratios(draft: Draft, key: CellKey, node: Node, units: _Units, own: UnitOfMeasure) -> bool:
    """Whether a ratio is made by adding or averaging ratios of other rows. Shares and points of growth do add up."""
    column = next(column for column in draft.table.columns if column.code == key.column)
    label = next((line.label for line in draft.lines if line.code == key.row), "")
    if not own.is_ratio or own.code == _POINTS or _SHARES.search(column.header) or _SHARES.search(label):
        return False
    tokens = terms(node, frozenset({"SUM", "AVERAGE"}))
    added = [unit for token in tokens or () for unit in units.cells(token)]
    is_region = any(
        (area := draft.area(token, "")) and any(line.is_region for line in area.lines) for token in tokens or ()
    )
    return (len(added) > 1 or is_region) and all(unit.is_ratio for unit in added)


def _added_ratios(draft: Draft) -> Iterator[Finding]:
    entries = {entry.code: entry.row for entry in draft.known.columns}
    for column in draft.table.columns:
        rows = {
            cell.key.row: cell.unit
            for cell in draft.table.cells
            if cell.key.column == column.code
            and cell.aggregation is Aggregation.SUM
            and cell.kind is not CellKind.NOT_APPLICABLE
            and (unit := draft.unit(cell.unit)) is not None
            and unit.is_ratio
        }
        if rows:
            names = {"rows": ", ".join(rows), "unit": ", ".join(dict.fromkeys(rows.values()))}
            yield kinds.ADDED_RATIO.at(definition.SHEET, address(entries[column.code], 7), column=column.code, **names)
