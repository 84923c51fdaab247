"""Drawing the definition sheet of a template."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.worksheet import Worksheet

from form_templates import definition, spec_relations
from form_templates.coding import decode_formula
from form_templates.definition import Entry, Section
from form_templates.definition_succession import succession_lines
from form_templates.model import CellKind, Narrative
from form_templates.sheet_plan import Plan
from form_templates.spec_parts import ColumnSpec, RuleSpec
from workbooks.finding import Severity

_FONT: Final = "Times New Roman"
_WIDTHS: Final = (26, 44, 20, 20, 18, 46, 16)
_LINE_HEIGHT: Final = 15.5
_THIN: Final = Side(style="thin", color="BFBFBF")
_BOX: Final = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)

Line = Sequence[str | int]


def draw_definition(sheet: Worksheet, plan: Plan) -> None:
    """Writes every table of the definition sheet; formulas are shown as formulas, not as their results."""
    sheet.sheet_view.showFormulas = True
    for letter, width in zip("ABCDEFG", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    row = 1
    for section, lines in _tables(plan):
        row = _draw_table(sheet, row, section, lines) + 1


def _draw_table(sheet: Worksheet, row: int, section: Section, lines: Sequence[Line]) -> int:
    title = sheet.cell(row, 1, section.value)
    title.font = Font(name=_FONT, bold=True, color="1F3864")
    for column, heading in enumerate(definition.HEADINGS[section], 1):
        cell = sheet.cell(row + 1, column, heading)
        cell.font = Font(name=_FONT, bold=True)
        cell.fill = PatternFill("solid", fgColor="E7E6E6")
        cell.border = _BOX
        cell.alignment = Alignment(vertical="top", wrap_text=True)
    sheet.row_dimensions[row + 1].height = _LINE_HEIGHT * 2
    for at, line in enumerate(lines, row + 2):
        for column, value in enumerate(line, 1):
            cell = sheet.cell(at, column, value)
            cell.font = Font(name=_FONT)
            cell.border = _BOX
            cell.alignment = Alignment(horizontal="left", vertical="top", wrap_text=True)
            cell.number_format = "@" if isinstance(value, str) and not value.startswith("=") else "General"
        sheet.row_dimensions[at].height = _LINE_HEIGHT * max(map(_text_lines, line, _WIDTHS))
    return row + 2 + len(lines)


def _text_lines(value: str | int, width: int) -> int:
    """Lines that a text takes when it is wrapped in a column."""
    return 1 + len(str(value)) // width


def _tables(plan: Plan) -> Iterator[tuple[Section, Sequence[Line]]]:
    spec = plan.spec
    yield Section.FORM, _form(plan)
    yield Section.COLUMNS, [_column(column) for column in spec.columns]
    yield Section.ROWS, [*_rows(plan)]
    yield (
        Section.REGIONS,
        [(region.code, region.label, region.unit, definition.MEMBERS[region.members]) for region in spec.regions],
    )
    yield Section.AGGREGATES, [*_aggregates(plan)]
    yield Section.RULES, [*_row_rules(plan), *(_rule(plan, rule) for rule in spec.rules)]
    if spec.version != "1":
        yield Section.SUCCESSION, succession_lines(spec.succession)


def _form(plan: Plan) -> list[Line]:
    spec = plan.spec
    return [
        (Entry.FORM.value, spec.id),
        (Entry.VERSION.value, spec.version),
        (Entry.TITLE.value, spec.title),
        (Entry.UNIT_TEXT.value, spec.unit_text),
        (Entry.BASIS.value, spec.basis),
        (Entry.SENDER.value, spec.sender),
        (Entry.PERIODS.value, ", ".join(spec.periods)),
        *([(definition.NARRATIVE, definition.NARRATIVES[Narrative.REQUIRED])] if spec.narrative_required else []),
        *([(definition.PREVIOUS, spec.succession.version)] if spec.succession else []),
    ]


def _column(column: ColumnSpec) -> Line:
    per_row = "" if column.kind is CellKind.TEXT else definition.PER_ROW
    return (
        column.code,
        definition.KINDS[column.kind],
        column.unit or per_row,
        per_row if column.decimals is None else column.decimals,
        column.carry.column if column.carry else "",
        definition.SOURCES[column.carry.source] if column.carry else "",
        definition.AGGREGATIONS[column.aggregation],
    )


def _rows(plan: Plan) -> Iterator[Line]:
    """Decimals are needed only where a column leaves them to the rows."""
    per_row = any(column.decimals is None and column.kind is not CellKind.TEXT for column in plan.spec.columns)
    for line in plan.coded_lines():
        holder = line.region or line.row
        if holder is not None:
            aggregation = plan.row_aggregation(line)
            word = definition.AGGREGATIONS[aggregation] if aggregation else ""
            yield line.code, holder.decimals if per_row else "", word, holder.indicator


def _aggregates(plan: Plan) -> Iterator[Line]:
    for column, rows in plan.aggregates():
        if rows:
            decimals = column.decimals or 0
            key = plan.key_of(rows[0])
            coded = spec_relations.column_formula(column.aggregate, _own(key), decimals)
            yield _written(plan, coded, key, column.code), _listed(rows), column.code


def _row_rules(plan: Plan) -> Iterator[Line]:
    """The rows' own relations that bind typed values (``<=08``)."""
    labels = {row.code: row.label for row in plan.spec.rows}
    for row in plan.spec.rows:
        if not spec_relations.is_row_rule(row.relation):
            continue
        columns = [c.code for c in plan.spec.columns if plan.can_bind(row, c)]
        if not columns:
            continue
        coded = spec_relations.row_rule(row.relation, row.code, columns[0])
        other = spec_relations.codes_in(row.relation)
        names = " – ".join(f"“{labels[code]}” (mã số {code})" for code in other)
        told = "không được lớn hơn" if row.relation.startswith("<=") else "phải nằm trong khoảng của"
        message = f"“{row.label}” (mã số {row.code}) {told} {names}."
        formula = _written(plan, coded, row.code, columns[0])
        yield f"D{row.code}", formula, row.code, _listed(columns), definition.SEVERITIES[Severity.ERROR], message


def _rule(plan: Plan, rule: RuleSpec) -> Line:
    return _rows_rule(plan, rule) if spec_relations.is_rows_rule(rule.relation) else _column_rule(plan, rule)


def _column_rule(plan: Plan, rule: RuleSpec) -> Line:
    named = spec_relations.columns_in(rule.relation)
    anchor, fixed = named[0]
    everywhere = plan.applicable_rows(plan.spec.column(anchor))
    rows = [fixed] if all(row for _, row in named) else list(rule.rows) or everywhere
    key = plan.key_of(rows[0])
    coded = spec_relations.column_rule(rule.relation, _own(key), when=rule.when, history=rule.history)
    return rule.code, _written(plan, coded, key, anchor), _listed(rows), anchor, *_told(rule)


def _rows_rule(plan: Plan, rule: RuleSpec) -> Line:
    """Written for the first row it names, and spread over the columns."""
    row = spec_relations.rows_in(rule.relation)[0]
    columns = rule.columns or plan.adding_columns(spec_relations.rows_in(rule.relation))
    coded = spec_relations.rows_rule(rule.relation, columns[0])
    return rule.code, _written(plan, coded, row, columns[0]), row, _listed(columns), *_told(rule)


def _told(rule: RuleSpec) -> tuple[str, str]:
    return definition.SEVERITIES[rule.severity], rule.message


def _written(plan: Plan, coded: str, key: str, column: str) -> str:
    """The formula as it stands on the definition sheet: every reference names the form's sheet."""
    layout = plan.layout
    row = layout.row_of[key]
    return "=" + decode_formula(coded, [layout], (definition.SHEET, row, layout.column_of[column]))


def _own(key: str) -> str:
    return "@" if "#" in key else key


def _listed(codes: Sequence[str]) -> str:
    return ", ".join(codes)
