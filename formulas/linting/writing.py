"""Linting how a template is written: constants in formulas, rows without code, what is broken outside the grid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from form_templates import definition
from form_templates.codebook import plain_text
from formulas.linting import kinds
from formulas.linting.draft import Draft
from formulas.syntax import Binary, Literal, Node, Unary, walk
from formulas.wording import number_text
from workbooks.address import address
from workbooks.finding import Finding
from workbooks.sheet import CellError

_ARITHMETIC: Final = frozenset({"+", "-", "*", "/"})
_MONTHS: Final = 12.0
_BROKEN: Final = re.compile(r'"(?:[^"]|"")*"|(#REF!)')
_OTHER_FILE: Final = re.compile(r"\"(?:[^\"]|\"\")*\"|('[^']*\[[^\]]+\][^']*'!|\[[^\]]+\][^!'\"]*!)")
_VOLATILE: Final = re.compile(r'"(?:[^"]|"")*"|\b(TODAY|NOW|RAND|RANDBETWEEN|OFFSET|INDIRECT)\s*\(', re.IGNORECASE)
_CODE: Final = re.compile(r"[0-9]{2,3}\*?")
_BELOW: Final = 20
"""Rows below the named code column in which codes are looked for."""
_LONGEST: Final = 200


def lint_writing(draft: Draft) -> Iterator[Finding]:
    """Every fault of writing."""
    yield from _constants(draft)
    yield from _rows_without_code(draft)
    yield from _rows_outside(draft)
    yield from _outside_the_grid(draft)
    yield from _broken_names(draft)


def _constants(draft: Draft) -> Iterator[Finding]:
    """Numbers written into formulas; one finding for a column where they are the same."""
    found: dict[tuple[str, tuple[str, ...]], list[tuple[str, str, str]]] = {}
    for cell, node in draft.computed():
        numbers = tuple(dict.fromkeys(number_text(number) for number in constants(node)))
        if numbers:
            written = draft.written(cell.key, cell.formula or "")
            found.setdefault((cell.key.column, numbers), []).append((cell.key.row, draft.address(cell.key), written))
    for (column, numbers), cells in found.items():
        row, place, written = cells[0]
        others = f" (và ở {len(cells) - 1} ô khác của cột)" if len(cells) > 1 else ""
        details = {"where": f"Dòng {row}, cột {column}", "formula": written, "constants": "; ".join(numbers)}
        yield kinds.CONSTANT.at(draft.table.sheet, place, **details, others=others)


def constants(node: Node) -> Iterator[float]:
    """Numbers that a formula calculates with, other than powers of ten (units, percent) and the months of a year."""
    for part in walk(node):
        if isinstance(part, Binary) and part.operator in _ARITHMETIC:
            for side in (part.left, part.right):
                number = _number(side)
                if number is not None and number != _MONTHS and not _is_power_of_ten(number):
                    yield number


def _number(node: Node) -> float | None:
    match node:
        case Unary("+" | "-", operand):
            return _number(operand)
        case Unary("%", operand):
            number = _number(operand)
            return None if number is None else number / 100
        case Literal(float() as value) if not isinstance(value, bool):
            return value
    return None


def _is_power_of_ten(number: float) -> bool:
    digits = f"{number:.15g}".lower()
    mantissa = digits.partition("e")[0].replace(".", "").strip("0")
    return mantissa in {"", "1"}


def _rows_without_code(draft: Draft) -> Iterator[Finding]:
    """Rows of the grid that hold figures or a unit, but no code: they would be read as headings."""
    table = draft.table
    taken = {at for region in table.regions for at in range(region.first, region.sentinel + 1)}
    taken |= {line.at for line in draft.lines}
    for at in range(draft.extent[0], draft.extent[1] + 1):
        if at in taken or draft.text(at, table.codes_at):
            continue
        holds = [column for column in table.columns if _holds(draft, at, column.at)]
        if holds or draft.text(at, draft.units_at):
            cell = address(at, table.codes_at)
            what = "có đơn vị tính hoặc ô số liệu nhưng không có mã số"
            yield kinds.NO_CODE.at(table.sheet, cell, **_row(draft, at), what=what)


def _holds(draft: Draft, row: int, column: int) -> bool:
    cell = draft.sheet.cell(row, column)
    return cell.formula is not None or bool(plain_text(cell.value))


def _rows_outside(draft: Draft) -> Iterator[Finding]:
    """Coded rows right below the named code column: they would not be read at all."""
    last = draft.extent[1]
    for at in range(last + 1, last + 1 + _BELOW):
        if _CODE.fullmatch(draft.text(at, draft.table.codes_at)) and draft.text(at, draft.table.labels_at):
            cell = address(at, draft.table.codes_at)
            what = "có mã số nhưng nằm ngoài vùng mã số của biểu"
            yield kinds.NO_CODE.at(draft.table.sheet, cell, **_row(draft, at), what=what)


def _row(draft: Draft, at: int) -> dict[str, str]:
    name = definition.ROWS.format(table=definition.TABLE)
    return {"row": str(at), "label": draft.text(at, draft.table.labels_at)[:_LONGEST], "name": name}


def _outside_the_grid(draft: Draft) -> Iterator[Finding]:
    """Formulas of headers, notes and other sheets; those of the grid and of the definition sheet are compiled."""
    table = draft.table
    rows = range(table.header_at, draft.extent[1] + 1)
    columns = {column.at for column in table.columns}
    for entry in draft.workbook.sheets:
        if entry.name == definition.SHEET:
            continue
        sheet = draft.workbook.read_sheet(entry.name)
        for (row, column), cell in sorted(sheet.cells.items()):
            if entry.name == table.sheet and row in rows and column in columns:
                continue
            what = _wrong(cell.formula or "") or ("giá trị lỗi" if isinstance(cell.value, CellError) else "")
            if what:
                text = f"={cell.formula}" if cell.formula else str(cell.value)
                where = f"Ô {address(row, column)}"
                yield kinds.BAD_OUTSIDE.at(
                    entry.name, address(row, column), where=where, formula=text[:_LONGEST], what=what
                )


def _broken_names(draft: Draft) -> Iterator[Finding]:
    for name in draft.workbook.names:
        what = _wrong(name.refers_to)
        if what:
            text = name.refers_to[:_LONGEST]
            yield kinds.BAD_OUTSIDE.at(name.sheet or "", "", where=f"Tên vùng {name.name}", formula=text, what=what)


def _wrong(formula: str) -> str:
    """What is wrong with a formula that is not compiled, in words; ``""`` for nothing."""
    if any(match[1] for match in _BROKEN.finditer(formula)):
        return "tham chiếu hỏng #REF!"
    if any(match[1] for match in _OTHER_FILE.finditer(formula)):
        return "liên kết tới tệp khác"
    volatile = [match[1] for match in _VOLATILE.finditer(formula) if match[1]]
    return f"hàm {volatile[0].upper()}, mỗi lần mở lại cho kết quả khác" if volatile else ""
