"""Inserting rows: whatever pointed at a cell still points at it."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.chart import BarChart
from openpyxl.chart import Reference as ChartReference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Font
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from tests.workbooks.building import a_workbook, saved, sheet_xml, workbook_with_sheet
from workbooks.errors import WorkbookError
from workbooks.rows import RowInsert, RowShift, insert_row_blocks, insert_rows
from workbooks.workbook import open_workbook


def a_form() -> openpyxl.Workbook:
    """Rows 12 … 15 with a total above, seen from a second sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Biểu 1"
    sheet["E11"] = "=SUM(E12:E15)"
    for row in range(12, 16):
        sheet.cell(row, 1, f"dòng {row}")
        sheet.cell(row, 5, row * 1.5)
        sheet.cell(row, 6, f"=E{row}*2+$E$15")
    sheet["E20"] = "=E11+E15+'Biểu 1'!F13"
    other = book.create_sheet("T2")
    other["A1"] = "='Biểu 1'!E11+'biểu 1'!$E$15+SUM('Biểu 1'!E:E)+E15+SUM('Biểu 1'!14:15)"
    return book


def formulas(data: bytes, sheet: str = "Biểu 1") -> dict[str, str]:
    from workbooks.address import address

    cells = open_workbook(data).read_sheet(sheet).cells
    return {address(*key): cell.formula for key, cell in cells.items() if cell.formula is not None}


def refusal(data: bytes, sheet: str, after: int, count: int, like: int) -> str:
    with pytest.raises(WorkbookError) as caught:
        insert_rows(data, sheet, after, count, like)
    return caught.value.finding.code


def test_ranges_that_hold_the_place_grow_and_all_references_follow() -> None:
    data = insert_rows(saved(a_form()), "Biểu 1", 14, 2, 13)

    found = formulas(data)
    assert found["E11"] == "SUM(E12:E17)"
    assert found["F14"] == "E14*2+$E$17"
    assert found["F17"] == "E17*2+$E$17"
    assert found["E22"] == "E11+E17+'Biểu 1'!F13"
    assert formulas(data, "T2")["A1"] == "'Biểu 1'!E11+'biểu 1'!$E$17+SUM('Biểu 1'!E:E)+E15+SUM('Biểu 1'!14:17)"


def test_new_rows_have_the_formulas_and_no_constants_of_their_model() -> None:
    data = insert_rows(saved(a_form()), "Biểu 1", 14, 2, 13)

    cells = open_workbook(data).read_sheet("Biểu 1").cells
    assert [cells[row, 6].formula for row in (15, 16)] == ["E15*2+$E$17", "E16*2+$E$17"]
    assert [cells[row, column].value for row in (15, 16) for column in (1, 5, 6)] == [None] * 6
    assert cells[17, 1].value == "dòng 15"


def test_new_rows_have_the_looks_of_their_model() -> None:
    book = a_form()
    sheet = book["Biểu 1"]
    sheet["A13"].font = Font(name="Arial", bold=True)
    sheet.row_dimensions[13].height = 33
    sheet.merge_cells("B13:D13")
    sheet.merge_cells("A18:C19")

    data = insert_rows(saved(book), "Biểu 1", 14, 2, 13)

    changed = openpyxl.load_workbook(io.BytesIO(data))["Biểu 1"]
    assert [changed[f"A{row}"].font.b for row in (13, 14, 15, 16, 17)] == [True, False, True, True, False]
    assert [changed.row_dimensions[row].height for row in (13, 15, 16)] == [33, 33, 33]
    assert {str(area) for area in changed.merged_cells.ranges} == {"B13:D13", "B15:D15", "B16:D16", "A20:C21"}


def test_names_print_areas_breaks_and_links_follow() -> None:
    book = a_form()
    sheet = book["Biểu 1"]
    sheet.print_area = "A1:F20"
    sheet.print_title_rows = "10:15"
    sheet.row_breaks.append(Break(id=20))
    sheet.auto_filter.ref = "A11:F15"
    sheet.freeze_panes = "B12"
    book.defined_names["BS_T1"] = DefinedName("BS_T1", attr_text="'Biểu 1'!$A$12:$F$15,'Biểu 1'!$A$9")
    book.defined_names["relative"] = DefinedName("relative", attr_text="'Biểu 1'!$A15")
    book["T2"]["B1"].hyperlink = openpyxl.worksheet.hyperlink.Hyperlink(ref="B1", location="'Biểu 1'!E15")
    sheet["A15"].hyperlink = "https://example.invalid/"

    data = insert_rows(saved(book), "Biểu 1", 14, 2, 13)

    workbook = open_workbook(data)
    names = {name.name: name.refers_to for name in workbook.names}
    assert names["BS_T1"] == "'Biểu 1'!$A$12:$F$17,'Biểu 1'!$A$9"
    assert names["relative"] == "'Biểu 1'!$A15"
    assert names["_xlnm.Print_Area"] == "'Biểu 1'!$A$1:$F$22"
    assert names["_xlnm.Print_Titles"] == "'Biểu 1'!$10:$17"
    changed = openpyxl.load_workbook(io.BytesIO(data))
    assert changed["Biểu 1"].row_breaks.brk[0].id == 22
    assert changed["Biểu 1"].auto_filter.ref == "A11:F17"
    assert changed["Biểu 1"]["A17"].hyperlink.target == "https://example.invalid/"
    assert changed["T2"]["B1"].hyperlink.location == "'Biểu 1'!E17"


def test_validations_and_conditional_formats_follow_and_hold_for_the_new_rows() -> None:
    book = a_form()
    sheet = book["Biểu 1"]
    rule = DataValidation(type="decimal", operator="between", formula1="0", formula2="$E$15")
    rule.add("E12:E14")
    sheet.add_data_validation(rule)
    sheet.conditional_formatting.add("E12:F14", FormulaRule(formula=["E12>$E$15"]))

    data = insert_rows(saved(book), "Biểu 1", 14, 2, 13)

    changed = openpyxl.load_workbook(io.BytesIO(data))["Biểu 1"]
    assert str(changed.data_validations.dataValidation[0].sqref) == "E12:E14 E15:E16"
    assert changed.data_validations.dataValidation[0].formula2 == "$E$17"
    formatted = next(iter(changed.conditional_formatting))
    assert str(formatted.sqref) == "E12:F14 E15:F16"
    assert formatted.rules[0].formula == ["E12>$E$17"]


def test_comments_and_charts_follow() -> None:
    book = a_form()
    sheet = book["Biểu 1"]
    sheet["A15"].comment = Comment("ghi chú", "ai")
    chart = BarChart()
    chart.add_data(ChartReference(sheet, min_col=5, min_row=12, max_row=15))
    sheet.add_chart(chart, "H18")

    data = insert_rows(saved(book), "Biểu 1", 14, 2, 13)

    changed = openpyxl.load_workbook(io.BytesIO(data))["Biểu 1"]
    assert changed["A17"].comment.text == "ghi chú"
    assert changed._charts[0].anchor._from.row == 19
    assert changed._charts[0].series[0].val.numRef.f == "'Biểu 1'!$E$12:$E$17"
    package = open_workbook(data).package
    drawing = next(package.part(part) for part in package.parts if "legacy" in part.lower() or part.endswith(".vml"))
    assert re.search(rb"Row>\s*16\s*</", drawing)


def test_several_blocks_go_in_at_once_counted_in_the_old_rows() -> None:
    blocks = [RowInsert(14, 1, 13), RowInsert(12, 2, 12)]

    data = insert_row_blocks(saved(a_form()), "Biểu 1", blocks)

    cells = open_workbook(data).read_sheet("Biểu 1").cells
    assert formulas(data)["E11"] == "SUM(E12:E18)"
    assert [cells[row, 1].value for row in range(12, 19)] == [
        "dòng 12",
        None,
        None,
        "dòng 13",
        "dòng 14",
        None,
        "dòng 15",
    ]
    assert cells[17, 6].formula == "E17*2+$E$18"


def test_shared_formulas_survive_rows_put_between_them() -> None:
    rows = (
        '<row r="1"><c r="C1"><f t="shared" ref="C1:C3" si="0">A1*$A$3</f></c></row>'
        '<row r="2"><c r="C2"><f t="shared" si="0"/></c></row><row r="3"><c r="C3"><f t="shared" si="0"/></c></row>'
    )

    data = insert_rows(workbook_with_sheet(sheet_xml(rows)), "T1", 2, 1, 2)

    assert formulas(data, "T1") == {"C1": "A1*$A$4", "C2": "A2*$A$4", "C3": "A3*$A$4", "C4": "A4*$A$4"}


@settings(max_examples=40)
@given(
    st.lists(st.integers(-50, 50), min_size=3, max_size=8),
    st.integers(0, 12),
    st.integers(1, 4),
    st.integers(1, 12),
)
def test_inserting_rows_keeps_every_sum(numbers: list[int], after: int, count: int, like: int) -> None:
    last = len(numbers)

    def fill(sheet: Worksheet) -> None:
        for row, number in enumerate(numbers, start=1):
            sheet.cell(row, 1, number)
            sheet.cell(row, 3, f"=SUM($A$1:A{last})-A{row}")
        sheet.cell(last + 1, 2, f"=SUM(A1:A{last})")

    data = insert_rows(a_workbook(fill), "T1", after, count, like)

    cells = open_workbook(data).read_sheet("T1").cells
    total = cells[last + 1 + (count if after <= last else 0), 2].formula
    first_row, last_row = map(int, re.fullmatch(r"SUM\(A(\d+):A(\d+)\)", total).groups())
    values = {row: cell.value for (row, column), cell in cells.items() if column == 1 and cell.value is not None}
    assert sum(value for row, value in values.items() if first_row <= row <= last_row) == sum(numbers)
    assert list(values.values()) == numbers
    for (row, column), cell in cells.items():
        if column == 3 and row in values:
            assert cell.formula.endswith(f"-A{row}")


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 5)), max_size=6, unique_by=lambda item: item[0]))
def test_the_rows_are_shifted_in_order_and_never_meet(blocks: list[tuple[int, int]]) -> None:
    shift = RowShift("T1", tuple(sorted(RowInsert(after, count, 1) for after, count in blocks)))

    moved = [shift.row(row) for row in range(1, 60)]

    assert moved == sorted(set(moved))
    assert moved[-1] == 59 + sum(count for _, count in blocks)


@pytest.mark.parametrize(
    ("after", "count", "like"), [(-1, 1, 1), (1, 0, 1), (1, -2, 1), (1, 1, 0), (1_048_576, 1, 1), (1, 1_048_576, 1)]
)
def test_rows_that_do_not_fit_are_refused(after: int, count: int, like: int) -> None:
    assert refusal(saved(a_form()), "Biểu 1", after, count, like) == "BS160"


def test_an_array_formula_is_not_torn_apart() -> None:
    data = a_workbook(lambda sheet: sheet.__setitem__("A2", ArrayFormula("A2:A5", "=B2:B5")))

    assert refusal(data, "T1", 3, 1, 9) == "BS160"
    assert formulas(insert_rows(data, "T1", 1, 1, 9), "T1") == {"A3": "{B3:B6}"}


def test_references_over_several_sheets_are_refused() -> None:
    book = a_form()
    book["T2"]["A2"] = "=SUM('Biểu 1:T2'!A1)"

    assert refusal(saved(book), "Biểu 1", 1, 1, 1) == "BS161"
