"""What is wrong between the parts of a spec whose fields are each well formed."""

from __future__ import annotations

from collections.abc import Iterator

from form_templates import spec_relations
from form_templates.model import Aggregation, CellKind
from form_templates.spec_parts import ColumnSpec, FormSpec, RegionSpec, RowSpec, RuleSpec


def contradictions(spec: FormSpec) -> Iterator[str]:
    """Every fault, told with the part it is in; of parts without code or name reading has told already."""
    codes = [row.code for row in spec.rows if row.code]
    columns = [column.code for column in spec.columns]
    yield from _doubles("dòng", codes + [region.code for region in spec.regions])
    yield from _doubles("cột", columns)
    yield from _doubles("quy tắc", [rule.code for rule in spec.rules])
    texts = {column.code for column in spec.columns if column.kind is CellKind.TEXT}
    for column in (column for column in spec.columns if column.code):
        yield from _column_faults(column, columns, codes)
        if any(named in texts for named, _ in spec_relations.columns_in(column.formula + " " + column.aggregate)):
            yield f"Cột {column.code}: công thức không được dùng cột ghi chữ (text)."
    for row in (row for row in spec.rows if row.code or row.label):
        yield from _row_faults(row, spec, columns, codes)
    for region in (region for region in spec.regions if region.code and region.under):
        yield from _region_faults(region, codes)
    for rule in (rule for rule in spec.rules if rule.code and rule.relation):
        yield from _rule_faults(rule, spec, columns)


def _column_faults(column: ColumnSpec, columns: list[str], rows: list[str]) -> Iterator[str]:
    where = f"Cột {column.code}"
    if (column.kind is CellKind.CALC) != bool(column.formula):
        yield f"{where}: cột công thức (calc) phải có formula, cột khác không được có."
    if (column.kind is CellKind.CARRY) != (column.carry is not None):
        yield f"{where}: cột mang sang (carry) phải có carry, cột khác không được có."
    if column.carry and column.carry.column not in columns:
        yield f"{where}: mang sang từ cột {column.carry.column} không có trong biểu."
    if column.formula_by_unit and column.kind is not CellKind.CALC:
        yield f"{where}: chỉ cột công thức (calc) có formula_by_unit."
    if column.kind is CellKind.TEXT and (column.unit or column.aggregation is not Aggregation.NONE):
        yield f"{where}: cột ghi chữ (text) không có đơn vị tính và không tổng hợp."
    if column.aggregate and column.aggregation is not Aggregation.FORMULA:
        yield f'{where}: có aggregate thì aggregation phải là "formula".'
    if column.kind is CellKind.NOT_APPLICABLE:
        yield f"{where}: không thể cả cột là x."
    typed = column.kind is not CellKind.CALC
    if typed and column.aggregation is Aggregation.FORMULA and not column.aggregate:
        yield f"{where}: tổng hợp bằng công thức thì phải có aggregate."
    for formula in filter(None, (column.formula, column.aggregate, *column.formula_by_unit.values())):
        yield from _formula_faults(formula, where, columns, rows)
    for formula in (column.formula, *column.formula_by_unit.values()):
        if (column.code, "") in spec_relations.columns_in(formula):
            yield f"{where}: công thức “{formula}” nêu chính cột này."


def _formula_faults(formula: str, where: str, columns: list[str], rows: list[str]) -> Iterator[str]:
    if not spec_relations.is_column_formula(formula):
        yield f"{where}: không hiểu công thức “{formula}”; ghi như c4*c5/10 hoặc c2/c2@01*100."
        return
    for column, row in spec_relations.columns_in(formula):
        if column not in columns or (row and row not in rows):
            yield f"{where}: công thức “{formula}” nêu ô không có trong biểu."


def _row_faults(row: RowSpec, spec: FormSpec, columns: list[str], rows: list[str]) -> Iterator[str]:
    where = f"Dòng {row.code or row.label}"
    if row.code and not row.unit and not row.indicator:  # publishing gives it the unit of its indicator (C06)
        yield f"{where}: thiếu đơn vị tính (unit)."
    if not row.code and (row.relation or row.formulas or row.not_applicable):
        yield f"{where}: dòng không có mã số chỉ là dòng đề mục, không có quan hệ hay công thức."
    if not row.code and (row.unit or row.indicator):
        yield f"{where}: dòng không có mã số chỉ là dòng đề mục; ghi mã số, hoặc để trống đơn vị tính (unit)."
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
        if column.is_reference or column.kind is CellKind.TEXT:
            continue
        settled = column.code in row.not_applicable or column.code in row.formulas
        if column.aggregation is not Aggregation.SUM and column.kind is not CellKind.CALC and not settled:
            yield f"{where}: cột {column.code} không cộng được; hãy ghi formulas hoặc not_applicable cho cột này."


def _relation_faults(relation: str, where: str, row: RowSpec, spec: FormSpec, rows: list[str]) -> Iterator[str]:
    if relation and not any(
        known(relation)
        for known in (spec_relations.is_row_sum, spec_relations.is_row_ratio, spec_relations.is_row_rule)
    ):
        yield f"{where}: không hiểu quan hệ “{relation}”; ghi như =02+06, =r02/r01*10, <=08, ~02..05 hoặc =*."
        return
    if relation == "=*" and spec.region_under(row.code) is None:
        yield f"{where}: quan hệ =* cần một vùng lặp nằm dưới dòng này."
    for code in spec_relations.codes_in(relation):
        if code not in rows:
            yield f"{where}: quan hệ “{relation}” nêu dòng {code} không có trong biểu."
        if code == row.code:
            yield f"{where}: quan hệ “{relation}” nêu chính dòng này."
    if spec_relations.is_row_sum(relation):
        named = spec_relations.codes_in(relation)
        for code in sorted({code for code in named if named.count(code) > 1}):
            yield f"{where}: quan hệ “{relation}” nêu dòng {code} {named.count(code)} lần."


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
    between_rows = spec_relations.is_rows_rule(rule.relation)
    if not between_rows and not spec_relations.is_column_rule(rule.relation):
        yield (
            f"{where}: không hiểu “{rule.relation}”; ghi như c4<=c3, c1=c5+c9, c5~20..100, c2~prev±50%, "
            "r01=r43+r49 hoặc r05+r06<=r01."
        )
    for condition in rule.when:
        if not spec_relations.is_column_comparison(condition):
            yield f"{where}: không hiểu điều kiện “{condition}”; ghi như c1>0."
    if between_rows and (rule.rows or rule.when):
        yield f"{where}: quan hệ giữa các dòng chỉ ghi columns, không ghi rows hay when."
    if rule.columns and not between_rows:
        yield f"{where}: quan hệ giữa các cột chỉ ghi rows, không ghi columns."
    if "prev(" in rule.relation or "lastyear(" in rule.relation:
        yield f"{where}: quan hệ giữa các dòng có dùng kỳ trước thì phải ghi columns."
    yield from _unknown_places(rule, where, columns, places)


def _unknown_places(rule: RuleSpec, where: str, columns: list[str], places: set[str]) -> Iterator[str]:
    named = [place for text in (rule.relation, *rule.when) for place in spec_relations.columns_in(text)]
    named += [(column, row) for column in rule.columns or columns[:1] for row in spec_relations.rows_in(rule.relation)]
    if any(column not in columns or (row and row not in places) for column, row in named):
        yield f"{where}: “{rule.relation}” nêu ô không có trong biểu."
    for code in rule.rows:
        if code not in places:
            yield f"{where}: nêu dòng {code} không có trong biểu."


def _doubles(what: str, codes: list[str]) -> Iterator[str]:
    for code in sorted({code for code in codes if code and codes.count(code) > 1}):
        yield f"Mã {what} {code} có {codes.count(code)} lần."
