"""Formulas of the definition sheet: each is written for the first cell it applies to, and spread over the others.

====== ============================================================
BS328  a formula names a cell outside the form, or cannot be read
BS329  the rows of a region differ, or a formula takes only a part of a region
BS330  a rule is wrong
BS331  a formula for several units is wrong or missing
====== ============================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from form_templates import definition
from form_templates.coding import code_formula
from form_templates.definition_reading import Written
from form_templates.errors import Faults
from form_templates.model import Rule
from form_templates.template_reading import Template
from workbooks.references import references, translate

_OUTSIDE: Final = re.compile(r'"(?:[^"]|"")*"|(\{!|#REF!)')
_PART_OF_REGION: Final = re.compile(r'"(?:[^"]|"")*"|(\*#)')
_MAX_SPREAD: Final = 5_000
_LONGEST: Final = 200


def check_coded(
    coded: str, *, written: str, faults: Faults, sheet: str, at: tuple[int, int], code: str = "BS328"
) -> None:
    """Notes a formula that leaves the form, or that takes some rows of a region but not all."""
    if any(match[1] for match in _OUTSIDE.finditer(coded)):
        message = f"Công thức ={written} dùng ô ngoài biểu hoặc không đọc được."
        remedy = "Công thức chỉ được dùng các ô có mã số và số hiệu cột của chính biểu này."
        faults.note(code, message, remedy, sheet, at)
    elif any(match[1] for match in _PART_OF_REGION.finditer(coded)):
        message = f"Công thức ={written} chỉ lấy một phần vùng lặp."
        remedy = "Hãy lấy cả vùng, từ dòng đầu đến hết dòng chốt (dòng xám nhỏ cuối vùng)."
        faults.note("BS329", message, remedy, sheet, at)


def read_aggregates(template: Template, faults: Faults) -> dict[tuple[str, str], str]:
    """(row code, column code) → coded formula used above the reporting unit."""
    spreads = (_spread(template, written, 1, "BS331", faults) for written in template.known.aggregates)
    return {(row, column): coded for spread in spreads for row, column, coded in spread}


def read_rules(template: Template, faults: Faults) -> Iterator[Rule]:
    """Every rule, one for each cell it applies to."""
    seen: set[str] = set()
    for written in template.known.rules:
        if written.code in seen:
            _wrong(f"Mã quy tắc {written.code} có hai lần.", written, 1, "BS330", faults)
        seen.add(written.code)
        for row, column, coded in _spread(template, written, 2, "BS330", faults):
            region = row if row in template.layout.regions else ""
            yield Rule(
                _rule_code(written, row, column), definition.TABLE, coded, written.severity, written.message, region
            )


def _rule_code(written: Written, row: str, column: str) -> str:
    """The code of a rule at one of the cells it applies to; just its own where it applies to one alone."""
    places = [row] if len(written.rows) > 1 else []
    places += [column] if len(written.columns) > 1 else []
    return ".".join([written.code, *places])


def _spread(template: Template, written: Written, at: int, code: str, faults: Faults) -> Iterator[tuple[str, str, str]]:
    """Row, column and coded formula of each cell: the formula moved as Excel moves a copied formula, then coded."""
    rows, columns = template.anchors(), template.layout.column_of
    unknown = [item for item in written.rows if item not in rows] + [c for c in written.columns if c not in columns]
    if unknown:
        _wrong(f"Áp dụng cho dòng, cột không có trong biểu: {', '.join(unknown)}.", written, at, code, faults)
    elif len(written.rows) * len(written.columns) > _MAX_SPREAD:
        _wrong(f"Áp dụng cho quá {_MAX_SPREAD} ô.", written, at, code, faults)
    elif written.formula and written.rows and written.columns:
        yield from _moved(template, written, at, code, faults)


def _moved(template: Template, written: Written, at: int, code: str, faults: Faults) -> Iterator[tuple[str, str, str]]:
    rows, columns = template.anchors(), template.layout.column_of
    top, left = rows[written.rows[0]], columns[written.columns[0]]
    _check_own(written, (top, left), at, code, faults)
    for row in written.rows:
        for column in written.columns:
            place = template.sheet.name, rows[row], columns[column]
            moved = translate(written.formula, place[1] - top, place[2] - left)
            coded = code_formula(moved, [template.layout], place, home=definition.SHEET)
            check_coded(coded, written=moved, faults=faults, sheet=definition.SHEET, at=(written.row, at), code=code)
            yield row, column, coded


def _check_own(written: Written, own: tuple[int, int], at: int, code: str, faults: Faults) -> None:
    """Notes a formula for many rows (or columns) that uses no cell of the first one: all are shifted by the same.

    So it is where codes were typed over: the formula still stands for the row that had the code before.
    """
    sides = (("dòng", written.rows, 1), ("cột", written.columns, 0))
    for (what, codes, axis), place in zip(sides, own, strict=True):
        spans = [[corner[axis] for corner in one.corners] for one in references(written.formula) if one.corners]
        if len(codes) > 1 and not any(min(span) <= place <= max(span) for span in spans):
            message = (
                f"Công thức ={written.formula[:_LONGEST]} phải viết cho {what} {codes[0]}, được nêu đầu tiên, nhưng"
            )
            _wrong(f"{message} không dùng ô nào của {what} này.", written, at, code, faults)


def _wrong(message: str, written: Written, at: int, code: str, faults: Faults) -> None:
    faults.note(code, message, "Hãy sửa dòng này của bảng.", definition.SHEET, (written.row, at))
