"""What Excel lets people type into the cells of a form, and what it says to them otherwise."""

from __future__ import annotations

from itertools import groupby

from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from form_templates.model import CellKind
from form_templates.sheet_plan import Plan, PlannedRow
from form_templates.spec_parts import ColumnSpec
from workbooks.address import column_letters as letter


def draw_validations(sheet: Worksheet, plan: Plan) -> None:
    """A number of the right precision, or one of the states "-", "…", "x"; Excel says so in Vietnamese.

    Each run of like cells in a column has its own validation, since spreadsheet programs disagree on the cell that the
    formula of a scattered one is written for.
    """
    for at, column in plan.columns:
        for trait, run in groupby(plan.rows, key=lambda line: _digits(plan, line, column)):
            if trait is not None:
                rows = [line.at for line in run]
                first = f"{letter(at)}{rows[0]}"
                validation = _validation(first, trait, signed=column.signed)
                validation.add(f"{first}:{letter(at)}{rows[-1]}")
                sheet.add_data_validation(validation)


def _digits(plan: Plan, line: PlannedRow, column: ColumnSpec) -> int | None:
    """Decimals of a cell that people fill, None for any other."""
    if not line.key or line.is_sentinel:
        return None
    cell = plan.cell(line, column)
    return cell.decimals if cell.kind in (CellKind.INPUT, CellKind.CARRY) else None


def _validation(first: str, decimals: int, *, signed: bool) -> DataValidation:
    number = f"ISNUMBER({first}),{first}=ROUND({first},{decimals})" + ("" if signed else f",{first}>=0")
    states = ",".join(f'{first}="{state}"' for state in "-…x")
    digits = f"không quá {decimals} chữ số thập phân" if decimals else "số nguyên"
    validation = DataValidation(type="custom", formula1=f"OR(AND({number}),{states})", allow_blank=True)
    validation.errorTitle = "Giá trị không hợp lệ"
    validation.error = (
        f"Hãy nhập {'số' if signed else 'số không âm'}, {digits}; hoặc ghi “-” (không có hiện tượng), "
        "“…” (chưa có số liệu), “x” (không áp dụng)."
    )
    return validation
