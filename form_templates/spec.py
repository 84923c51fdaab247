"""A form as a short list of rows and columns, read from TOML. Where everything that is wrong is told at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from form_templates import spec_relations
from form_templates.errors import FormError
from form_templates.model import Aggregation, Carry, CarrySource, CellKind
from form_templates.period import PeriodKind
from form_templates.spec_fields import Fields
from workbooks.finding import Finding, Severity

_FORM_ID: Final = re.compile(r"[A-Z0-9][A-Z0-9.-]{1,24}")
_VERSION: Final = re.compile(r"[1-9][0-9]{0,3}")
_ROW_CODE: Final = re.compile(r"[0-9]{2,3}")
_COLUMN_CODE: Final = re.compile(r"[1-9][0-9]?")
_REMEDY: Final = "Hãy sửa tệp mô tả biểu (.toml) rồi đọc lại."


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """A numbered column. ``header`` may name a group: ``Hộ nghèo đầu kỳ - số hộ``.

    Attributes:
        unit, decimals: "" and None where each row states its own.
        formula: of a ``calc`` column, in the vocabulary (``c4*c5/10``).
        aggregate: formula used above the reporting unit, for aggregation ``formula`` of a typed column.
        signed: whether typed values may be negative.
    """

    code: str
    header: str
    kind: CellKind
    unit: str
    decimals: int | None
    formula: str
    carry: Carry | None
    aggregation: Aggregation
    aggregate: str
    signed: bool


@dataclass(frozen=True, slots=True)
class RowSpec:
    """A coded row; without code it is a heading only.

    Attributes:
        relation: ``=02+06``, ``<=08``, ``~02..05``, ``=*`` or "".
        decimals: digits in columns that leave them to the row.
        not_applicable: columns that are hatched here.
        formulas: column → formula that stands here in place of the column's own (``=04+05`` or ``c6*10/c4``).
    """

    code: str
    label: str
    unit: str
    level: int
    relation: str
    decimals: int
    not_applicable: tuple[str, ...]
    formulas: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RegionSpec:
    """Rows that repeat under a row: ``count`` empty ones in the template, then the sentinel row."""

    code: str
    under: str
    label: str
    unit: str
    members: str
    decimals: int
    count: int


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """A relation between columns (``c4<=c3``) in the rows named, or in all of them where none is named."""

    code: str
    relation: str
    rows: tuple[str, ...]
    severity: Severity
    message: str


@dataclass(frozen=True, slots=True)
class FormSpec:
    """A form before it is laid out. ``basis`` says where it comes from, ``decision`` what the sheet's corner says."""

    id: str
    version: str
    title: str
    unit_text: str
    decision: str
    basis: str
    sender: str
    receiver: str
    deadline: str
    periods: tuple[str, ...]
    columns: tuple[ColumnSpec, ...]
    rows: tuple[RowSpec, ...]
    regions: tuple[RegionSpec, ...]
    rules: tuple[RuleSpec, ...]

    def column(self, code: str) -> ColumnSpec:
        """The column of a code. Raises KeyError."""
        return {column.code: column for column in self.columns}[code]

    def region_under(self, row: str) -> RegionSpec | None:
        """The region that repeats under a row, if one does."""
        return next((region for region in self.regions if region.under == row), None)


def read_spec(text: str) -> FormSpec:
    """Reads a spec. Raises FormError with every fault (BS341)."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise FormError([_fault(f"Tệp không phải TOML hợp lệ: {error}.")]) from error
    top = Fields(document, "biểu")
    spec = FormSpec(
        id=top.text("id", pattern=_FORM_ID),
        version=top.text("version", default="1", pattern=_VERSION),
        title=top.text("title"),
        unit_text=top.text("unit_text"),
        decision=top.text("decision"),
        basis=top.text("basis"),
        sender=top.text("sender"),
        receiver=top.text("receiver"),
        deadline=top.text("deadline"),
        periods=tuple(top.choice_list("periods", PeriodKind)),
        columns=tuple(_column(fields) for fields in top.tables("columns")),
        rows=tuple(_row(fields) for fields in top.tables("rows")),
        regions=tuple(_region(fields) for fields in top.tables("regions", required=False)),
        rules=tuple(_rule(fields) for fields in top.tables("rules", required=False)),
    )
    problems = [*top.problems(), *_contradictions(spec)]
    if problems:
        raise FormError([_fault(problem) for problem in problems])
    return spec


def _column(fields: Fields) -> ColumnSpec:
    return ColumnSpec(
        code=fields.text("code", pattern=_COLUMN_CODE),
        header=fields.text("header"),
        kind=fields.choice("kind", CellKind, CellKind.INPUT),
        unit=fields.text("unit", default=""),
        decimals=fields.number("decimals", default=None),
        formula=fields.text("formula", default=""),
        carry=_carry(fields.table("carry")),
        aggregation=fields.choice("aggregation", Aggregation, Aggregation.SUM),
        aggregate=fields.text("aggregate", default=""),
        signed=fields.flag("signed"),
    )


def _carry(fields: Fields | None) -> Carry | None:
    if fields is None:
        return None
    return Carry(
        column=fields.text("column", pattern=_COLUMN_CODE),
        source=fields.choice("source", CarrySource, CarrySource.SAME_PERIOD_LAST_YEAR),
    )


def _row(fields: Fields) -> RowSpec:
    return RowSpec(
        code=fields.text("code", default="", pattern=_ROW_CODE),
        label=fields.text("label"),
        unit=fields.text("unit", default=""),
        level=fields.number("level", default=0) or 0,
        relation=fields.text("relation", default=""),
        decimals=fields.number("decimals", default=0) or 0,
        not_applicable=tuple(fields.text_list("not_applicable")),
        formulas=fields.text_map("formulas"),
    )


def _region(fields: Fields) -> RegionSpec:
    under = fields.text("under", pattern=_ROW_CODE)
    return RegionSpec(
        code=fields.text("code"),
        under=under,
        label=fields.text("label"),
        unit=fields.text("unit"),
        members=fields.text("members", default="", pattern=re.compile("unit|field|")),
        decimals=fields.number("decimals", default=0) or 0,
        count=fields.number("count", default=3) or 0,
    )


def _rule(fields: Fields) -> RuleSpec:
    return RuleSpec(
        code=fields.text("code"),
        relation=fields.text("relation"),
        rows=tuple(fields.text_list("rows")),
        severity=fields.choice("severity", Severity, Severity.ERROR),
        message=fields.text("message"),
    )


def _contradictions(spec: FormSpec) -> Iterator[str]:
    """What is wrong between the parts of a spec whose fields are each well formed."""
    codes = [row.code for row in spec.rows if row.code]
    columns = [column.code for column in spec.columns]
    yield from _doubles("dòng", codes + [region.code for region in spec.regions])
    yield from _doubles("cột", columns)
    yield from _doubles("quy tắc", [rule.code for rule in spec.rules])
    for column in spec.columns:
        yield from _column_faults(column, columns, codes)
    for row in spec.rows:
        yield from _row_faults(row, spec, columns, codes)
    for region in spec.regions:
        yield from _region_faults(region, codes)
    for rule in spec.rules:
        yield from _rule_faults(rule, spec, columns)


def _column_faults(column: ColumnSpec, columns: list[str], rows: list[str]) -> Iterator[str]:
    where = f"Cột {column.code}"
    if (column.kind is CellKind.CALC) != bool(column.formula):
        yield f"{where}: cột công thức (calc) phải có formula, cột khác không được có."
    if (column.kind is CellKind.CARRY) != (column.carry is not None):
        yield f"{where}: cột mang sang (carry) phải có carry, cột khác không được có."
    if column.carry and column.carry.column not in columns:
        yield f"{where}: mang sang từ cột {column.carry.column} không có trong biểu."
    if column.aggregate and column.aggregation is not Aggregation.FORMULA:
        yield f'{where}: có aggregate thì aggregation phải là "formula".'
    if column.kind is CellKind.NOT_APPLICABLE:
        yield f"{where}: không thể cả cột là x."
    typed = column.kind is not CellKind.CALC
    if typed and column.aggregation is Aggregation.FORMULA and not column.aggregate:
        yield f"{where}: tổng hợp bằng công thức thì phải có aggregate."
    for formula in filter(None, (column.formula, column.aggregate)):
        yield from _formula_faults(formula, where, columns, rows)


def _formula_faults(formula: str, where: str, columns: list[str], rows: list[str]) -> Iterator[str]:
    if not spec_relations.is_column_formula(formula):
        yield f"{where}: không hiểu công thức “{formula}”; ghi như c4*c5/10 hoặc c2/c2@01*100."
        return
    for column, row in spec_relations.columns_in(formula):
        if column not in columns or (row and row not in rows):
            yield f"{where}: công thức “{formula}” nêu ô không có trong biểu."


def _row_faults(row: RowSpec, spec: FormSpec, columns: list[str], rows: list[str]) -> Iterator[str]:
    where = f"Dòng {row.code or row.label}"
    if row.code and not row.unit:
        yield f"{where}: thiếu đơn vị tính (unit)."
    if not row.code and (row.relation or row.formulas or row.not_applicable):
        yield f"{where}: dòng không có mã số chỉ là dòng đề mục, không có quan hệ hay công thức."
    yield from _relation_faults(row.relation, where, row, spec, rows)
    yield from _unaddable_faults(row, where, spec)
    for column in (*row.not_applicable, *row.formulas):
        if column not in columns:
            yield f"{where}: nêu cột {column} không có trong biểu."
    for formula in row.formulas.values():
        if formula.startswith("="):
            yield from _relation_faults(formula, where, row, spec, rows)
        else:
            yield from _formula_faults(formula, where, columns, rows)


def _unaddable_faults(row: RowSpec, where: str, spec: FormSpec) -> Iterator[str]:
    """A yield or an average has no sum: in a summed row it needs its own formula, or is not applicable."""
    if not spec_relations.is_row_sum(row.relation):
        return
    for column in spec.columns:
        settled = column.code in row.not_applicable or column.code in row.formulas
        if column.aggregation is not Aggregation.SUM and column.kind is not CellKind.CALC and not settled:
            yield f"{where}: cột {column.code} không cộng được; hãy ghi formulas hoặc not_applicable cho cột này."


def _relation_faults(relation: str, where: str, row: RowSpec, spec: FormSpec, rows: list[str]) -> Iterator[str]:
    if relation and not (spec_relations.is_row_sum(relation) or spec_relations.is_row_rule(relation)):
        yield f"{where}: không hiểu quan hệ “{relation}”; ghi như =02+06, <=08, ~02..05 hoặc =*."
        return
    if relation == "=*" and spec.region_under(row.code) is None:
        yield f"{where}: quan hệ =* cần một vùng lặp nằm dưới dòng này."
    for code in spec_relations.codes_in(relation):
        if code not in rows:
            yield f"{where}: quan hệ “{relation}” nêu dòng {code} không có trong biểu."
        if code == row.code:
            yield f"{where}: quan hệ “{relation}” nêu chính dòng này."


def _region_faults(region: RegionSpec, rows: list[str]) -> Iterator[str]:
    if region.code != f"{region.under}*":
        yield f"Vùng {region.code}: mã vùng phải là mã dòng phía trên và dấu sao: {region.under}*."
    if region.under not in rows:
        yield f"Vùng {region.code}: không có dòng {region.under}."
    if region.count < 1:
        yield f"Vùng {region.code}: cần ít nhất 1 dòng mẫu (count)."


def _rule_faults(rule: RuleSpec, spec: FormSpec, columns: list[str]) -> Iterator[str]:
    where = f"Quy tắc {rule.code}"
    places = {row.code for row in spec.rows if row.code} | {region.code for region in spec.regions}
    if not spec_relations.is_column_rule(rule.relation):
        yield f"{where}: không hiểu “{rule.relation}”; ghi như c4<=c3, c1=c5+c9 hoặc c5~20..100."
    for column, row in spec_relations.columns_in(rule.relation):
        if column not in columns or (row and row not in places):
            yield f"{where}: “{rule.relation}” nêu ô không có trong biểu."
    for code in rule.rows:
        if code not in places:
            yield f"{where}: nêu dòng {code} không có trong biểu."


def _doubles(what: str, codes: list[str]) -> Iterator[str]:
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield f"Mã {what} {code} có {codes.count(code)} lần."


def _fault(message: str) -> Finding:
    return Finding("BS341", Severity.ERROR, message, _REMEDY)
