"""Patching: the cells that were asked for change, and nothing else."""

from __future__ import annotations

import io
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.worksheet import Worksheet

from tests.workbooks.building import PLAIN_PARTS, a_workbook, parts_with, sheet_xml, workbook_with_sheet, zipped
from workbooks.errors import WorkbookError
from workbooks.markup import MAIN, OFFICE_RELATIONSHIPS
from workbooks.patch import Constant, Formula, Patch, Plain, Styled, patch_cells
from workbooks.sheet import Cell, CellError
from workbooks.workbook import open_workbook


def cells_of(data: bytes, sheet: str = "T1") -> dict[tuple[int, int], Cell]:
    return dict(open_workbook(data).read_sheet(sheet).cells)


def refusal(patches: dict[tuple[int, int], Patch], data: bytes | None = None) -> str:
    with pytest.raises(WorkbookError) as caught:
        patch_cells(data or a_workbook(), {"T1": patches})
    return caught.value.finding.code


def a_form(sheet: Worksheet) -> None:
    sheet["A1"] = "Chỉ tiêu"
    sheet["B2"] = 1.5
    sheet["B2"].font = Font(name="Times New Roman", bold=True)
    sheet["C3"] = "=SUM(A1:B2)"


texts = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=20)
plain = st.one_of(
    st.booleans(),
    st.integers(-(10**14), 10**14),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
    st.sampled_from(["_x000D_", " hai  dấu cách ", "dòng 1\ndòng 2\r\n", "=1+1", "+A1", "a<b>&\"c'"]),
    st.sampled_from(list(CellError)),
    st.none(),
)


@settings(max_examples=80)
@given(st.dictionaries(st.tuples(st.integers(1, 12), st.integers(1, 30)), plain, max_size=25))
def test_what_is_patched_in_reads_back(patches: dict[tuple[int, int], Plain]) -> None:
    cells = cells_of(patch_cells(a_workbook(), {"T1": patches}))

    assert {key: cells.get(key, Cell(None)).value for key in patches} == patches
    assert all(
        isinstance(cells[key].value, bool) == isinstance(value, bool) for key, value in patches.items() if key in cells
    )
    assert list(cells) == sorted(cells)


def test_openpyxl_reads_what_was_patched() -> None:
    data = patch_cells(a_workbook(a_form), {"T1": {(1, 1): "Số liệu", (2, 2): 7, (9, 30): True, (3, 3): 8.5}})

    sheet = openpyxl.load_workbook(io.BytesIO(data))["T1"]

    assert [sheet["A1"].value, sheet["B2"].value, sheet["AD9"].value, sheet["C3"].value] == [
        "Số liệu",
        7,
        True,
        "=SUM(A1:B2)",
    ]
    assert openpyxl.load_workbook(io.BytesIO(data), data_only=True)["T1"]["C3"].value == 8.5
    assert sheet["B2"].font.name == "Times New Roman"
    assert sheet.dimensions == "A1:AD9"


def test_a_plain_value_keeps_the_formula_and_becomes_its_cached_value() -> None:
    cells = cells_of(patch_cells(a_workbook(a_form), {"T1": {(3, 3): "kết quả"}}))

    assert cells[3, 3] == Cell("kết quả", "SUM(A1:B2)")


def test_a_constant_takes_the_formula_away() -> None:
    assert cells_of(patch_cells(a_workbook(a_form), {"T1": {(3, 3): Constant(4)}}))[3, 3] == Cell(4.0)


@pytest.mark.parametrize("text", ["A1*2", "=A1*2"])
def test_a_formula_is_written_with_its_cached_value(text: str) -> None:
    cells = cells_of(
        patch_cells(a_workbook(a_form), {"T1": {(2, 2): Formula(text, CellError.VALUE), (5, 5): Formula("1<2", True)}})
    )

    assert cells[2, 2][:2] == (CellError.VALUE, "A1*2")
    assert cells[5, 5] == Cell(True, "1<2")


def test_blank_clears_the_value_and_keeps_the_style() -> None:
    before = cells_of(a_workbook(a_form))[2, 2]

    cells = cells_of(patch_cells(a_workbook(a_form), {"T1": {(2, 2): None, (8, 8): None}}))

    assert cells[2, 2] == Cell(None, None, before.style)
    assert (8, 8) not in cells


def test_a_style_goes_with_its_patch() -> None:
    style = cells_of(a_workbook(a_form))[2, 2].style

    cells = cells_of(patch_cells(a_workbook(a_form), {"T1": {(1, 1): Styled(3, style), (6, 6): Styled(None, style)}}))

    assert cells[1, 1] == Cell(3.0, None, style)
    assert cells[6, 6] == Cell(None, None, style)


def test_a_new_cell_takes_the_style_of_its_row_or_column() -> None:
    columns = '<cols><col min="2" max="3" style="0"/></cols>'
    data = workbook_with_sheet(sheet_xml('<row r="2" s="0" customFormat="1"/>', before=columns))

    content = open_workbook(patch_cells(data, {"T1": {(2, 1): 1, (3, 3): 2}})).package.part("/xl/worksheets/sheet1.xml")

    assert b'<c r="A2" s="0">' in content
    assert b'<c r="C3" s="0">' in content


@pytest.mark.parametrize(
    ("value", "written"),
    [(3, b"3"), (3.0, b"3"), (0.1, b"0.1"), (1e21, b"1e+21"),
     (Decimal("12.50"), b"12.50"), (Decimal("1E+3"), b"1000"), (-0.5, b"-0.5")],
)  # fmt: skip
def test_numbers_are_written_in_their_shortest_form(value: Plain, written: bytes) -> None:
    content = open_workbook(patch_cells(a_workbook(), {"T1": {(1, 1): value}})).package.part(
        "/xl/worksheets/sheet1.xml"
    )

    assert b"<v>" + written + b"</v>" in content


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), Decimal("NaN"), Decimal("Infinity"), "a\x00b", "a\x1b", "\ud800",
     "a" * 32_768, object(), [1], 10**400],
)  # fmt: skip
def test_what_a_cell_cannot_hold_is_refused(value: Plain) -> None:
    assert refusal({(1, 1): value}) == "BS150"


@pytest.mark.parametrize("place", [(0, 1), (1, 0), (1_048_577, 1), (1, 16_385), (-1, 1)])
def test_cells_outside_the_sheet_are_refused(place: tuple[int, int]) -> None:
    assert refusal({place: 1}) == "BS150"


def test_formulas_that_are_empty_or_too_long_are_refused() -> None:
    assert refusal({(1, 1): Formula("")}) == "BS150"
    assert refusal({(1, 1): Formula("1+" * 5000)}) == "BS150"


def test_an_unknown_sheet_is_refused() -> None:
    with pytest.raises(WorkbookError, match="BS141"):
        patch_cells(a_workbook(), {"T2": {(1, 1): 1}})


def test_every_other_part_is_copied_raw() -> None:
    def fill(sheet: Worksheet) -> None:
        a_form(sheet)
        sheet.parent.create_sheet("T2")["A1"] = "khác"

    data = a_workbook(fill)

    patched = open_workbook(patch_cells(data, {"T1": {(1, 1): 5}})).package

    before = open_workbook(data).package
    changed = [name for name in before.parts if before.archive.entry(name[1:]) != patched.archive.entry(name[1:])]
    assert changed == ["/xl/worksheets/sheet1.xml"]


def test_namespaces_and_extensions_stay() -> None:
    content = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
        ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" mc:Ignorable="x14ac"'
        ' xmlns:x14ac="http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac">'
        '<sheetData><row r="1" spans="1:1" x14ac:dyDescent="0.25"><c r="A1"><v>1</v></c></row></sheetData>'
        '<extLst><ext uri="{x}"><x14ac:a>giữ</x14ac:a></ext></extLst></worksheet>'
    )

    patched = open_workbook(patch_cells(workbook_with_sheet(content), {"T1": {(1, 5): 2}}))

    written = patched.package.part("/xl/worksheets/sheet1.xml").decode()
    assert 'mc:Ignorable="x14ac"' in written
    assert 'x14ac:dyDescent="0.25"' in written
    assert "<x14ac:a>giữ</x14ac:a>" in written
    assert "spans" not in written


SHARED = (
    '<row r="1"><c r="C1"><f t="shared" ref="C1:C3" si="0">A1*2</f><v>1</v></c></row>'
    '<row r="2"><c r="C2"><f t="shared" si="0"/><v>2</v></c></row>'
    '<row r="3"><c r="C3"><f t="shared" si="0"/><v>3</v></c></row>'
)


@pytest.mark.parametrize("row", [1, 2, 3])
@pytest.mark.parametrize("patch", [Constant(9), Formula("B1"), 9])
def test_replacing_one_cell_of_a_shared_formula_leaves_the_others_whole(row: int, patch: Patch) -> None:
    cells = cells_of(patch_cells(workbook_with_sheet(sheet_xml(SHARED)), {"T1": {(row, 3): patch}}))

    assert [cells[other, 3].formula for other in (1, 2, 3) if other != row] == [
        f"A{other}*2" for other in (1, 2, 3) if other != row
    ]


def test_a_cell_inside_an_array_formula_is_not_changed_alone() -> None:
    data = a_workbook(lambda sheet: sheet.__setitem__("A1", ArrayFormula("A1:A3", "=B1:B3")))

    assert refusal({(2, 1): Constant(1)}, data) == "BS151"
    assert cells_of(patch_cells(data, {"T1": {(2, 1): 1}}))[2, 1].value == 1


def with_calc_chain() -> bytes:
    override = (
        '<Override PartName="/xl/calcChain.xml"'
        ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml"/></Types>'
    )
    relation = f'<Relationship Id="r2" Type="{OFFICE_RELATIONSHIPS}/calcChain" Target="calcChain.xml"/></Relationships>'
    return zipped(
        parts_with(
            {
                "[Content_Types].xml": PLAIN_PARTS["[Content_Types].xml"].replace("</Types>", override),
                "xl/_rels/workbook.xml.rels": PLAIN_PARTS["xl/_rels/workbook.xml.rels"].replace(
                    "</Relationships>", relation
                ),
                "xl/calcChain.xml": f'<calcChain xmlns="{MAIN}"><c r="A1" i="1"/></calcChain>',
                "xl/worksheets/sheet1.xml": sheet_xml('<row r="1"><c r="A1"><f>1+1</f><v>2</v></c></row>'),
            }
        )
    )


def test_the_calculation_chain_goes_when_a_formula_goes() -> None:
    package = open_workbook(patch_cells(with_calc_chain(), {"T1": {(1, 1): Constant(2)}})).package

    assert "/xl/calcChain.xml" not in package
    assert b"calcChain" not in package.part("/[Content_Types].xml")
    assert [item.kind for item in package.relationships("/xl/workbook.xml")] == ["worksheet"]


def test_the_calculation_chain_stays_when_only_values_change() -> None:
    assert "/xl/calcChain.xml" in open_workbook(patch_cells(with_calc_chain(), {"T1": {(1, 1): 3}})).package


def test_hostile_addresses_in_the_sheet_are_refused_not_raised() -> None:
    with pytest.raises(WorkbookError, match="BS142"):
        patch_cells(workbook_with_sheet(sheet_xml('<row r="x"><c r="A1"/></row>')), {"T1": {(1, 1): 1}})
