"""Reading sheets: what the reader sees is what is there."""

from __future__ import annotations

import io
import time

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.worksheet import Worksheet

from tests.workbooks import building
from tests.workbooks.building import a_workbook, parts_with, saved, sheet_xml, workbook_with_sheet, zipped
from workbooks import markup, raw_sheet
from workbooks import sheet as reading
from workbooks.address import Range
from workbooks.archive import Limits
from workbooks.errors import WorkbookError
from workbooks.sheet import Cell, CellError, TextRun
from workbooks.workbook import DefinedName, open_workbook

Grid = dict[tuple[int, int], object]


def cells_of(rows: str, **around: str) -> dict[tuple[int, int], Cell]:
    return dict(open_workbook(workbook_with_sheet(sheet_xml(rows, **around))).read_sheet("T1").cells)


def refusal(content: str) -> str:
    with pytest.raises(WorkbookError) as caught:
        open_workbook(workbook_with_sheet(content)).read_sheet("T1")
    return caught.value.finding.code


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**15), 10**15),
    st.floats(-1e300, 1e300),
    st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=30).filter(
        lambda text: not text.startswith("=") and "_x" not in text and text not in openpyxl.cell.cell.ERROR_CODES
    ),
    st.sampled_from(["=A1+1", "=SUM(A1:B2)", '="a<b"&"c"', "=IF(A1>1,2,3)"]),
    st.sampled_from(["#DIV/0!", "#N/A"]),
)


@settings(max_examples=60)
@given(st.dictionaries(st.tuples(st.integers(1, 30), st.integers(1, 30)), values, max_size=40))
def test_the_reader_sees_what_openpyxl_wrote(grid: Grid) -> None:
    def fill(sheet: Worksheet) -> None:
        for (row, column), value in grid.items():
            sheet.cell(row, column).value = value

    data = a_workbook(fill)
    cells = open_workbook(data).read_sheet("T1").cells

    expected = openpyxl.load_workbook(io.BytesIO(data))["T1"]
    for row, column in grid:
        cell, seen = expected.cell(row, column), cells.get((row, column), Cell(None))
        if cell.data_type == "f":
            assert seen.formula == str(cell.value)[1:]
            assert seen.value is None
        else:
            assert seen.formula is None
            assert seen.value == cell.value or (seen.value == "" and cell.value is None)
            assert isinstance(seen.value, bool) == isinstance(cell.value, bool)


@settings(max_examples=60)
@given(st.dictionaries(st.tuples(st.integers(1, 9), st.integers(1, 9)), values, max_size=20))
def test_both_ways_of_reading_see_the_same_cells(grid: Grid) -> None:
    def fill(sheet: Worksheet) -> None:
        for (row, column), value in grid.items():
            sheet.cell(row, column).value = value

    workbook = open_workbook(a_workbook(fill))
    content = workbook.package.part("/xl/worksheets/sheet1.xml")
    fast = workbook.read_sheet("T1")
    assert raw_sheet._plain_rows(content, "x") is not None

    slow = reading.read_sheet(
        content.replace(b"<sheetData>", b"<!-- --><sheetData >"), "T1", "x", workbook.strings, styles=99
    )

    assert slow.cells == fast.cells


def test_a_blank_cell_is_not_zero_and_not_empty_text() -> None:
    cells = cells_of(
        '<row r="1"><c r="A1"/><c r="B1"><v>0</v></c><c r="C1" t="str"><v></v></c><c r="D1" t="n"><v/></c></row>'
    )

    assert [cells[1, column].value for column in (1, 2, 3, 4)] == [None, 0.0, "", None]


def test_every_type_of_value_is_read() -> None:
    cells = cells_of(
        '<row r="1"><c r="A1"><v>1.5E-3</v></c><c r="B1" t="b"><v>1</v></c><c r="C1" t="e"><v>#DIV/0!</v></c>'
        '<c r="D1" t="inlineStr"><is><t xml:space="preserve"> a </t></is></c>'
        '<c r="E1" t="str"><f>A1&amp;"x"</f><v>0.0015x</v></c>'
        '<c r="F1" t="d"><v>2026-01-31T12:00:00</v></c><c r="G1" t="inlineStr"><is><t>a_x000D_b</t></is></c></row>'
    )

    assert [cells[1, column].value for column in range(1, 8)] == [
        0.0015, True, CellError.DIV0, " a ", "0.0015x", 46053.5, "a\rb",
    ]  # fmt: skip
    assert cells[1, 5].formula == 'A1&"x"'


def test_dates_count_from_1904_where_the_workbook_says_so() -> None:
    book = parts_with(
        {
            "xl/workbook.xml": building.PLAIN_PARTS["xl/workbook.xml"].replace(
                "<sheets>", '<workbookPr date1904="1"/><sheets>'
            ),
            "xl/worksheets/sheet1.xml": sheet_xml('<row r="1"><c r="A1" t="d"><v>1904-01-02</v></c></row>'),
        }
    )

    workbook = open_workbook(zipped(book))

    assert workbook.date1904
    assert workbook.read_sheet("T1").cells[1, 1].value == 1.0


def test_cells_without_addresses_follow_one_another() -> None:
    cells = cells_of(
        "<row><c><v>1</v></c><c><v>2</v></c></row>"
        "<row r='5'><c r='C5'><v>3</v></c><c><v>4</v></c></row><row><c><v>5</v></c></row>"
    )

    assert {key: cell.value for key, cell in cells.items()} == {(1, 1): 1, (1, 2): 2, (5, 3): 3, (5, 4): 4, (6, 1): 5}


@pytest.mark.parametrize("prefix", ["x:", "main:"])
def test_prefixed_namespaces_are_read(prefix: str) -> None:
    name = prefix[:-1]
    content = (
        f'<{prefix}worksheet xmlns:{name}="{markup.MAIN}"><{prefix}sheetData><{prefix}row r="1"><{prefix}c r="A1">'
        f"<{prefix}f>1+1</{prefix}f><{prefix}v>2</{prefix}v></{prefix}c></{prefix}row></{prefix}sheetData></{prefix}worksheet>"
    )

    assert open_workbook(workbook_with_sheet(content)).read_sheet("T1").cells == {(1, 1): Cell(2.0, "1+1")}


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="A1" t="str"><v>a<![CDATA[<b>]]></v></c>',
        '<c r="A1" t="str"><v>a<!-- x -->&lt;b&gt;</v></c>',
        '<c r="A1" t="str"><v>a<?pi x?>&lt;b&gt;</v></c>',
        '<c t="str" r="A1"><v>a&#60;b&#x3E;</v></c>',
        '<c r="A1" t="str"><v>a&#60;b&#x3E;</v></c>',
        "<c r='A1' t='str'><v>a&lt;b></v></c>",
        '<c  r="A1"  t="str" ><v >a&lt;b></v ></c >',
    ],
)
def test_every_spelling_of_the_same_text_reads_the_same(cell: str) -> None:
    assert cells_of(f'<row r="1">{cell}</row>')[1, 1].value == "a<b>"


def test_what_stands_in_a_comment_is_not_a_cell() -> None:
    assert cells_of('<!--<row r="1"><c r="A1"><v>1</v></c></row>--><row r="2"><c r="A2"><v>2</v></c></row>') == {
        (2, 1): Cell(2.0)
    }
    assert cells_of('<row r="1"><c r="A1"><v>1</v></c></row>', after="<!--</sheetData>-->") == {(1, 1): Cell(1.0)}


def test_other_encodings_are_read() -> None:
    content = '<?xml version="1.0" encoding="utf-16"?>' + sheet_xml(
        '<row r="1"><c r="A1" t="str"><v>Biểu</v></c></row>'
    )

    assert open_workbook(workbook_with_sheet(content.encode("utf-16"))).read_sheet("T1").cells[1, 1].value == "Biểu"


def test_shared_formulas_are_written_out_for_every_cell() -> None:
    cells = cells_of(
        '<row r="1"><c r="C1"><f t="shared" ref="C1:C3" si="0">A1*$B$1+A$1</f><v>1</v></c></row>'
        '<row r="2"><c r="C2"><f t="shared" si="0"/><v>2</v></c></row>'
        '<row r="3"><c r="C3"><f t="shared" si="0"></f><v>3</v></c></row>'
    )

    assert [cells[row, 3].formula for row in (1, 2, 3)] == ["A1*$B$1+A$1", "A2*$B$1+A$1", "A3*$B$1+A$1"]


def test_an_array_formula_is_marked() -> None:
    data = a_workbook(lambda sheet: sheet.__setitem__("A1", ArrayFormula("A1:A1", "=SUM(B1:B3*C1:C3)")))

    assert open_workbook(data).read_sheet("T1").cells[1, 1].formula in {"{SUM(B1:B3*C1:C3)}", "{=SUM(B1:B3*C1:C3)}"}


def test_a_data_table_is_seen_as_a_formula_nobody_may_use() -> None:
    cells = cells_of('<row r="1"><c r="A1"><f t="dataTable" ref="A1:A2" r1="B1"/><v>1</v></c></row>')

    assert cells[1, 1].formula == "TABLE()"


def test_rich_text_keeps_the_font_of_each_run() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"] = CellRichText("Xin ", TextBlock(InlineFont(rFont=".VnTime"), "chµo"))
        sheet["A2"] = "thường"
        sheet["A2"].font = Font(name="Times New Roman")

    workbook = open_workbook(a_workbook(fill))
    cells = workbook.read_sheet("T1").cells

    assert cells[1, 1].value == "Xin chµo"
    assert cells[1, 1].runs[-1] == TextRun("chµo", ".VnTime")
    assert cells[2, 1].runs == ()
    assert workbook.font_of(cells[2, 1].style) == "Times New Roman"


def test_shared_strings_are_read_with_their_runs() -> None:
    strings = (
        f'<sst xmlns="{markup.MAIN}"><si><t>một</t></si><si><r><t>hai </t></r><r><rPr><rFont val="VNI-Times"/></rPr>'
        "<t>ba</t></r><rPh sb='0' eb='1'><t>không đọc</t></rPh></si></sst>"
    )
    override = (
        '<Override PartName="/xl/sharedStrings.xml"'
        ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
    )
    relation = (
        f'<Relationship Id="r2" Type="{markup.OFFICE_RELATIONSHIPS}/sharedStrings" Target="/xl/sharedStrings.xml"/>'
        "</Relationships>"
    )
    plain = building.PLAIN_PARTS
    book = parts_with(
        {
            "[Content_Types].xml": plain["[Content_Types].xml"].replace("</Types>", override),
            "xl/_rels/workbook.xml.rels": plain["xl/_rels/workbook.xml.rels"].replace("</Relationships>", relation),
            "xl/sharedStrings.xml": strings,
            "xl/worksheets/sheet1.xml": sheet_xml(
                '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
            ),
        }
    )

    cells = open_workbook(zipped(book)).read_sheet("T1").cells

    assert cells == {
        (1, 1): Cell("một"),
        (1, 2): Cell("hai ba", runs=(TextRun("hai ", ""), TextRun("ba", "VNI-Times"))),
    }


def test_hidden_rows_columns_merges_and_protection_are_told() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"] = 1
        sheet["A3"] = 1
        sheet.row_dimensions[3].hidden = True
        sheet.column_dimensions["B"].hidden = True
        sheet.merge_cells("A5:C6")
        sheet.protection.sheet = True

    sheet = open_workbook(a_workbook(fill)).read_sheet("T1")

    assert sheet.hidden_rows == {3}
    assert sheet.hidden_columns == {2}
    assert sheet.merged == (Range(5, 1, 6, 3),)
    assert sheet.protected


@pytest.mark.parametrize("mark", ['<row r="1" ht="0" customHeight="1">', '<row r="1" ht="0.5">', '<row ht="0" r="1">'])
def test_a_row_too_low_to_be_seen_is_hidden(mark: str) -> None:
    book = open_workbook(workbook_with_sheet(sheet_xml(f'{mark}<c r="A1"><v>1</v></c></row>')))

    assert book.read_sheet("T1").hidden_rows == {1}


def test_a_column_too_narrow_to_be_seen_is_hidden() -> None:
    columns = '<cols><col min="2" max="3" width="0" customWidth="1"/><col min="4" max="4" width="9"/></cols>'
    data = sheet_xml("").replace("<sheetData", f"{columns}<sheetData")

    assert open_workbook(workbook_with_sheet(data)).read_sheet("T1").hidden_columns == {2, 3}


def test_sheets_names_and_states_are_told() -> None:
    book = openpyxl.Workbook()
    book.active.title = "Biểu 1"
    hidden = book.create_sheet("_bieuso")
    hidden.sheet_state = "veryHidden"
    book["Biểu 1"].print_area = "A1:C3"
    book.defined_names["BS_T1"] = openpyxl.workbook.defined_name.DefinedName("BS_T1", attr_text="'Biểu 1'!$A$1")

    workbook = open_workbook(saved(book))

    assert [(entry.name, entry.state) for entry in workbook.sheets] == [
        ("Biểu 1", "visible"),
        ("_bieuso", "veryHidden"),
    ]
    assert DefinedName("BS_T1", "'Biểu 1'!$A$1", None) in workbook.names
    assert DefinedName("_xlnm.Print_Area", "'Biểu 1'!$A$1:$C$3", "Biểu 1") in workbook.names
    with pytest.raises(WorkbookError, match="BS141"):
        workbook.read_sheet("Biểu 2")


def test_number_formats_are_told() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"].number_format = "#,##0.0"
        sheet["A2"].number_format = "0%"

    workbook = open_workbook(a_workbook(fill))
    cells = workbook.read_sheet("T1").cells

    assert workbook.format_of(cells[1, 1].style) == "#,##0.0"
    assert workbook.format_of(cells[2, 1].style) == "0%"


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ('<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>', "BS142"),
        ('<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>2</v></c></row>', "BS142"),
        ('<row r="1"><c r="A2"><v>1</v></c></row>', "BS142"),
        ('<row r="2"/><row r="1"/>', "BS142"),
        ('<row r="1"/><row r="1"/>', "BS142"),
        ('<row r="0"><c r="A0"><v>1</v></c></row>', "BS142"),
        ('<row r="1048577"/>', "BS142"),
        ('<row r="' + "9" * 5000 + '"/>', "BS142"),
        ('<row r="1"><c r="XFE1"><v>1</v></c></row>', "BS142"),
        ('<row r="1"><c r="A1"><v>nan</v></c></row>', "BS143"),
        ('<row r="1"><c r="A1"><v>inf</v></c></row>', "BS143"),
        ('<row r="1"><c r="A1"><v>1e999</v></c></row>', "BS143"),
        ('<row r="1"><c r="A1"><v>1_000</v></c></row>', "BS143"),
        ('<row r="1"><c r="A1"><v>1,5</v></c></row>', "BS143"),
        ('<row r="1"><c r="A1"><v>١</v></c></row>', "BS143"),
        ('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', "BS143"),
        ('<row r="1"><c r="A1" t="s"><v>-1</v></c></row>', "BS143"),
        ('<row r="1"><c r="A1" t="s"><v>' + "1" * 5000 + "</v></c></row>", "BS143"),
        ('<row r="1"><c r="A1" t="b"><v>2</v></c></row>', "BS143"),
        ('<row r="1"><c r="A1" t="e"><v>#WHAT!</v></c></row>', "BS143"),
        ('<row r="1"><c r="A1" t="d"><v>31/01/2026</v></c></row>', "BS143"),
        ('<row r="1"><c r="A1" t="zz"><v>1</v></c></row>', "BS143"),
        ('<row r="1"><c r="A1" s="7"><v>1</v></c></row>', "BS143"),
        ('<row r="1"><c r="A1"><f t="shared" si="0"/><v>1</v></c></row>', "BS143"),
        ('<row r="1"><c r="A1"><v>&undefined;</v></c></row>', "BS123"),
        ('<row r="1"><c r="A1" t="str"><v>&#1;</v></c></row>', "BS123"),
        ('<row r="1"><c r="A1" t="str"><v>\x01</v></c></row>', "BS123"),
        ('<row r="1"><c r="A1"><v>1</v></row>', "BS123"),
    ],
)  # fmt: skip
def test_sheets_that_could_be_read_in_two_ways_are_refused(rows: str, code: str) -> None:
    assert refusal(sheet_xml(rows)) == code


def test_a_part_that_is_no_sheet_is_refused() -> None:
    assert refusal("<a/>") == "BS141"


MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'


@pytest.mark.parametrize(
    "rows",
    [
        f'<row r="1" {MC}><mc:AlternateContent><mc:Choice><c r="A1"/></mc:Choice></mc:AlternateContent></row>',
        f'<row r="1" {MC}><c><mc:AlternateContent><mc:Fallback><v>1</v></mc:Fallback></mc:AlternateContent></c></row>',
        f'<row r="1" {MC} xmlns:y="y" mc:Ignorable="y" mc:ProcessContent="y:w"><y:w><c r="A1"/></y:w></row>',
    ],
)
def test_cells_that_some_programs_see_and_others_do_not_are_refused(rows: str) -> None:
    assert refusal(sheet_xml(rows)) == "BS126"
    assert refusal(sheet_xml("", after=rows)) == "BS126"


def test_two_grids_in_one_sheet_are_refused() -> None:
    assert refusal(sheet_xml("", after="<sheetData/>")) == "BS141"
    assert refusal(sheet_xml("", after=f'<x:sheetData xmlns:x="{markup.MAIN}"/>')) == "BS141"


@pytest.mark.parametrize("encoding", ["utf-7", "iso-8859-1", "cp1258"])
def test_encodings_the_package_format_does_not_know_are_refused(encoding: str) -> None:
    content = f'<?xml version="1.0" encoding="{encoding}"?>' + sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>')

    assert refusal(content.encode("ascii")) == "BS123"


def test_a_flood_of_elements_is_refused_before_it_is_read() -> None:
    assert refusal(sheet_xml("<row>" + "<c/>" * 4_000_001 + "</row>")) == "BS127"


def test_hidden_columns_are_told_once_however_often_the_file_says_so() -> None:
    columns = "".join(f'<col min="{first}" max="16384" hidden="1"/>' for first in (1, 2, 9)) * 20_000
    data = sheet_xml("").replace("<sheetData", f"<cols>{columns}</cols><sheetData")
    start = time.process_time()

    sheet = open_workbook(zipped(parts_with({"xl/worksheets/sheet1.xml": data}))).read_sheet("T1")

    assert sheet.hidden_columns == frozenset(range(1, 16_385))
    assert time.process_time() - start < 5  # 0.2 s; telling each column each time took minutes


def two_sheets(rows: str) -> bytes:
    sheets = '<sheet name="T1" sheetId="1" r:id="rId1"/><sheet name="T2" sheetId="2" r:id="rId2"/>'
    plain = building.PLAIN_PARTS
    relation = plain["xl/_rels/workbook.xml.rels"].partition("<Relationship ")[2].partition("/>")[0]
    second = relation.replace("rId1", "rId2").replace("sheet1", "sheet2")
    override = plain["[Content_Types].xml"].rpartition("<Override ")[2].partition("/>")[0]
    changes = {
        "[Content_Types].xml": plain["[Content_Types].xml"].replace(
            "</Types>", f"<Override {override.replace('sheet1', 'sheet2')}/></Types>"
        ),
        "xl/workbook.xml": plain["xl/workbook.xml"].replace('<sheet name="T1" sheetId="1" r:id="rId1"/>', sheets),
        "xl/_rels/workbook.xml.rels": plain["xl/_rels/workbook.xml.rels"].replace(
            "</Relationships>", f"<Relationship {second}/></Relationships>"
        ),
    }
    return zipped(
        parts_with(changes | dict.fromkeys(("xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"), sheet_xml(rows)))
    )


def test_sheets_that_are_too_much_together_are_refused() -> None:
    cells = two_sheets(f'<row r="1">{"".join(f"""<c r="{c}1"/>""" for c in "ABCDEFGHIJ")}</row>')
    shared = two_sheets(
        '<row r="1"><c r="A1"><f t="shared" ref="A1:A2" si="0">1+2+3+4</f></c></row>'
        '<row r="2"><c r="A2"><f t="shared" si="0"/></c></row>'
    )

    written = two_sheets('<row r="1"><c r="A1"><f>1+2+3+4</f></c></row>')

    for data, limits, code in (
        (cells, Limits(elements=30), "BS127"),
        (shared, Limits(formulas=20), "BS144"),
        (written, Limits(formulas=10), "BS144"),
    ):
        book = open_workbook(data, limits=limits)
        assert book.read_sheet("T1").cells
        with pytest.raises(WorkbookError, match=code):
            book.read_sheet("T2")


def test_shared_formulas_that_would_fill_the_memory_are_refused() -> None:
    long = "+".join(["1"] * 8000)
    rows = f'<row r="1"><c r="A1"><f t="shared" ref="A1:A9999" si="0">{long}</f></c></row>' + "".join(
        f'<row r="{row}"><c r="A{row}"><f t="shared" si="0"/></c></row>' for row in range(2, 300)
    )

    assert refusal(sheet_xml(rows)) == "BS144"
    assert refusal(sheet_xml(f'<row r="1"><c r="A1"><f>{"1+" * 9000}1</f></c></row>')) == "BS144"


def test_two_sheets_of_one_part_are_refused() -> None:
    sheets = '<sheet name="T1" sheetId="1" r:id="rId1"/><sheet name="T2" sheetId="2" r:id="rId1"/>'
    plain = building.PLAIN_PARTS["xl/workbook.xml"]
    book = plain.replace('<sheet name="T1" sheetId="1" r:id="rId1"/>', sheets)

    with pytest.raises(WorkbookError, match="BS140"):
        open_workbook(zipped(parts_with({"xl/workbook.xml": book})))


SNIPPETS = [
    "<", ">", "&", "&lt;", "&#65;", "&#x41;", "&#0;", "&amp", "]]>", "<!--", "-->", "<![CDATA[", "<?a?>", '"', "'", "/",
    " ", "\n", "\t", "\r", "<c/>", "</c>", "<v>", "</v>", "<f>", "<row>", "</row>", "</sheetData>", "<sheetData>",
    '<c r="B1"/>', ' t="s"', ' s="1"', ' r="A1"', "1", "e5", "A", "é", "\x00", "\ufffe", "_x0041_",
    "<is><t>x</t></is>", ' xmlns="x"', "<v/>",
    ' t="str"', "x:",
]  # fmt: skip
PLAIN_ROWS = (
    '<row r="1" spans="1:4"><c r="A1" s="0" t="str"><f>A1&amp;"x"</f><v>a &lt; b</v></c><c r="B1"><v>1.5</v></c>'
    '<c r="C1" t="b"><f t="shared" ref="C1:C2" si="0">B1&gt;1</f><v>1</v></c></row><row r="2" hidden="1">'
    '<c r="C2" t="b"><f t="shared" si="0"/><v>0</v></c><c r="D2" t="inlineStr"><is><t>chữ</t></is></c></row>'
)


def outcome(content: bytes) -> object:
    try:
        sheet = reading.read_sheet(content, "T1", "x", (), styles=2)
    except WorkbookError as error:
        return error.finding.code
    return dict(sheet.cells), sheet.hidden_rows


@settings(max_examples=400)
@given(st.data())
def test_the_fast_way_never_reads_what_the_xml_parser_would_read_otherwise(data: st.DataObject) -> None:
    content = sheet_xml(PLAIN_ROWS)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        end = start + data.draw(st.integers(0, 6))
        content = content[:start] + data.draw(st.sampled_from(SNIPPETS)) + content[end:]

    fast = outcome(content.encode())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(raw_sheet, "_plain_rows", lambda data, part: None)
        assert fast == outcome(content.encode())


def test_an_element_moved_to_another_namespace_is_not_a_cell() -> None:
    assert cells_of('<row r="1" xmlns="x"><c r="A1"><v>1</v></c></row>') == {}
    assert cells_of('<row r="1"><c r="A1"><f xmlns="x">1+1</f><v>1</v></c></row>') == {(1, 1): Cell(1.0)}
