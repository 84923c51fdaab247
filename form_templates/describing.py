"""A form told in words: formulas by rows and columns, cells, rules; and a whole template as lines that can be compared.

The lines name rows and columns by their codes, never by addresses, so that a row put in changes one line and no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from form_templates import definition
from form_templates.codebook import plain_text
from form_templates.compile import draft_version
from form_templates.errors import Faults, FormError
from form_templates.model import (
    Aggregation,
    Carry,
    CellKey,
    CellKind,
    CellSpec,
    Column,
    FormVersion,
    Link,
    Narrative,
    Region,
    Rule,
    Table,
)
from workbooks.address import address
from workbooks.errors import WorkbookError
from workbooks.sheet import Sheet
from workbooks.workbook import Workbook, open_workbook

_CODED: Final = re.compile(r'"(?:[^"]|"")*"|\{([^{}!]*)\}')
_NOT_APPLICABLE: Final = "không áp dụng (x)"
_LONGEST: Final = 500


def formula_words(coded: str, at: CellKey | None = None) -> str:
    """``SUM({04|5},{05|5})`` at (03, 5) as ``=SUM([dòng 04],[dòng 05])``: what the cell has in common is left out."""

    def replace(match: re.Match[str]) -> str:
        return match[0] if match[1] is None else f"[{_place_words(match[1], at)}]"

    return "=" + _CODED.sub(replace, coded)


def _place_words(token: str, at: CellKey | None) -> str:
    rows, _, columns = token.partition("|")
    if rows.endswith("*"):
        row = f"các dòng {rows}"
    else:
        row = "" if rows == "@" or (at and rows == at.row) else "dòng " + rows.replace(":", " đến ")
    column = "" if at and columns == at.column and row else "cột " + columns.replace(":", " đến ")
    return " ".join(filter(None, (row, column)))


def kind_words(kind: CellKind) -> str:
    """Who fills a cell."""
    return _NOT_APPLICABLE if kind is CellKind.NOT_APPLICABLE else definition.KINDS.get(kind, kind.value)


def content_words(cell: CellSpec) -> str:
    """What a cell holds: its formula, or who fills it."""
    is_formula = cell.kind is CellKind.CALC and cell.formula is not None
    return formula_words(cell.formula or "", cell.key) if is_formula else kind_words(cell.kind)


def aggregation_words(cell: CellSpec) -> str:
    """How the cells of several units combine."""
    words = definition.AGGREGATIONS[cell.aggregation]
    if cell.aggregation is not Aggregation.FORMULA or cell.aggregate_formula in (None, cell.formula):
        return words
    return f"{words} {formula_words(cell.aggregate_formula or '', cell.key)}"


def carry_words(carry: Carry | None) -> str:
    """Where a carried column comes from; ``""`` for no carry."""
    return f"cột {carry.column} của {definition.SOURCES[carry.source]}" if carry else ""


def unit_words(unit: str) -> str:
    """A column's unit of measure."""
    return unit or definition.PER_ROW


def narrative_words(version: FormVersion) -> str:
    """Whether a report in words must go with the form."""
    return definition.NARRATIVES[Narrative.REQUIRED if version.narrative_required else Narrative.OPTIONAL]


def link_words(link: Link, axis: str) -> str:
    """What became of a row or column (``axis``) of the version before."""
    target = f"{axis} {link.new}" if link.new else "không chuyển tiếp"
    # The names are those of the table's columns, the numbers as they are typed there.
    numbers = [("tỷ lệ", link.share.replace(".", ",")), ("hệ số", link.factor.replace(".", ","))]
    times = [f"{name} {number}" for name, number in numbers if number != "1"]
    return f"{axis} {link.old} → {target}" + (f" ({'; '.join(times)})" if times else "")


def text_of(data: bytes) -> Iterator[str]:
    """A file as lines to be compared: a template as a form, another workbook cell by cell. Never raises on bad data."""
    try:
        workbook = open_workbook(data)
    except WorkbookError as error:
        yield f"không đọc được: {error.finding}"
        return
    try:
        yield from _lines(workbook)
    except WorkbookError as error:
        yield f"không đọc được tiếp: {error.finding}"


def _lines(workbook: Workbook) -> Iterator[str]:
    if not any(entry.name == definition.SHEET for entry in workbook.sheets):
        yield from _workbook_lines(workbook)
        return
    faults = Faults()
    try:
        version = draft_version(workbook, faults)
    except FormError:
        yield from _fault_lines(faults)
        yield from _workbook_lines(workbook)
        return
    yield from _fault_lines(faults)
    yield from version_lines(version)
    yield from _surroundings(workbook, version.tables[0])


def _fault_lines(faults: Faults) -> Iterator[str]:
    yield from (f"lỗi: {finding}" for finding in faults.found)


def version_lines(version: FormVersion) -> Iterator[str]:
    """A form version, one line for each fact of it."""
    yield f"biểu: {version.form}"
    yield f"phiên bản: {version.version}"
    yield f"tên: {version.title}"
    yield f"đơn vị tính: {version.unit_text}"
    yield f"nguồn gốc: {version.basis}"
    yield f"đơn vị báo cáo: {version.sender}"
    yield f"kỳ: {', '.join(version.periods)}"
    if version.narrative_required:
        yield f"báo cáo thuyết minh: {narrative_words(version)}"
    for table in version.tables:
        yield from _table_lines(table)
    for rule in version.rules:
        yield _rule_line(rule)
    if version.succession is not None:
        yield f"tiếp nối phiên bản: {version.succession.version}"
        yield from (f"tiếp nối: {link_words(link, 'dòng')}" for link in version.succession.rows)
        yield from (f"tiếp nối: {link_words(link, 'cột')}" for link in version.succession.columns)


def _table_lines(table: Table) -> Iterator[str]:
    for column in table.columns:
        yield _column_line(column)
    lines = [(row.at, row.code, _line(f"dòng {row.code}", row.label, row.unit)) for row in table.rows]
    lines += [(region.first, region.code, _region_line(region)) for region in table.regions]
    for _, code, line in sorted(lines):
        yield line
        yield from (_cell_line(cell) for cell in table.cells if cell.key.row == code)


def _column_line(column: Column) -> str:
    carried = carry_words(column.carry)
    kind = kind_words(column.kind) + (f" {carried}" if carried else "")
    return _line(f"cột {column.code}", column.header, kind, unit_words(column.unit))


def _region_line(region: Region) -> str:
    members = f"mỗi dòng là {definition.MEMBERS.get(region.members, region.members)}"
    return _line(f"vùng {region.code}", region.label, region.unit, members)


def _cell_line(cell: CellSpec) -> str:
    unit = "" if cell.kind is CellKind.NOT_APPLICABLE else cell.unit
    decimals = "" if cell.kind is CellKind.NOT_APPLICABLE else f"{cell.decimals} số lẻ"
    return _line(f"ô {cell.key.row}|{cell.key.column}", content_words(cell), unit, decimals, aggregation_words(cell))


def _rule_line(rule: Rule) -> str:
    return _line(
        f"quan hệ {rule.code}", formula_words(rule.formula), definition.SEVERITIES[rule.severity], rule.message
    )


def _line(name: str, *parts: str) -> str:
    return f"{name}: " + " | ".join(filter(None, parts))


def _surroundings(workbook: Workbook, table: Table) -> Iterator[str]:
    """Texts around the grid; those below it without address, which a row put in would change."""
    sheet = workbook.read_sheet(table.sheet)
    placed = [line.at for line in table.rows] + [region.sentinel for region in table.regions]
    last = max(placed, default=table.header_at)
    for (row, column), cell in sorted(sheet.cells.items()):
        if cell.value is None and cell.formula is None:
            continue
        if row < table.header_at:
            yield _cell_text(f"đầu biểu {address(row, column)}", sheet, row, column)
        elif row > last:
            yield _cell_text("chân biểu", sheet, row, column)
    for entry in workbook.sheets:
        if entry.name not in (table.sheet, definition.SHEET):
            yield from _sheet_lines(workbook.read_sheet(entry.name), entry.state)


def _workbook_lines(workbook: Workbook) -> Iterator[str]:
    for name in workbook.names:
        scope = f" của trang {name.sheet}" if name.sheet else ""
        yield f"tên vùng {name.name}{scope}: {_one_line(name.refers_to)}"
    for entry in workbook.sheets:
        yield from _sheet_lines(workbook.read_sheet(entry.name), entry.state)


def _sheet_lines(sheet: Sheet, state: str) -> Iterator[str]:
    yield f"trang {sheet.name}" + ("" if state == "visible" else f" ({state})")
    for (row, column), cell in sorted(sheet.cells.items()):
        if cell.value is not None or cell.formula is not None:
            yield _cell_text(f"{sheet.name}!{address(row, column)}", sheet, row, column)


def _cell_text(name: str, sheet: Sheet, row: int, column: int) -> str:
    cell = sheet.cell(row, column)
    return f"{name}: " + (f"={_one_line(cell.formula)}" if cell.formula else _one_line(plain_text(cell.value)))


def _one_line(text: str) -> str:
    """A text on one line, without what steers terminals."""
    plain = " ".join(text.split())
    return "".join(character for character in plain if character.isprintable())[:_LONGEST]
