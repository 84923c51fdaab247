"""One sheet, one reading: by shapes that other files left behind, anew, or through the XML parser.

What LibreOffice, openpyxl and Excel would take for different values is refused, because a signature must mean the same
to all who look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workbooks.building import parts_with, sheet_xml, workbook_with_sheet, zipped
from workbooks import raw_sheet
from workbooks.errors import WorkbookError
from workbooks.sheet import SharedString, read_sheet
from workbooks.workbook import open_workbook

ROWS = (
    '<row r="1" spans="1:6" ht="15"><c r="A1" s="1"><v>1</v></c><c r="B1" s="1" t="s"><v>1</v></c>'
    '<c r="C1" s="1"><f>A1+1</f><v>2</v></c><c r="D1" t="str"><f>"x"</f><v>x</v></c><c r="E1" s="1"/>'
    '<c r="F1" t="inlineStr"><is><t>ab</t></is></c></row><row r="2" hidden="1"><c r="A2" t="b"><v>1</v></c></row>'
)
PIECES = ["<v>", "</v>", "<v/>", "<v></v>", '<c r="A1">', '<c r="', '" s="', '"', ">", "&", "&amp;", "&#10;", "&#0;"]
PIECES += ["<!--x-->", "<![CDATA[1]]>", " ", "\n", "\r", "0", "1", "-", "E5", "_x0041_", "nan", ' t="s"', ' t="n"']
PIECES += [' t="str"', ' t="inlineStr"', ' s="1"', ' s="9"', "<f>", "</f>", "<is><t>", "</t></is>", '<row r="3">']
PIECES += ["</row>", "ZZ", "XFD", "\u0663", 'r="01"', 'ht="0"', "<x/>", '<a:v xmlns:a="u">9</a:v>', "1e999"]
STRINGS = [SharedString("không", ()), SharedString("một", ())]


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    raw_sheet._SHAPES.clear()
    yield
    raw_sheet._SHAPES.clear()


def reading(rows: str) -> object:
    """Cells and hidden rows, or None where the sheet is refused."""
    try:
        sheet = read_sheet(sheet_xml(rows).encode(), "T1", "part", STRINGS, styles=2)
    except WorkbookError:
        return None
    return dict(sheet.cells), sheet.hidden_rows, sheet.formula_size


def parsed(rows: str) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(raw_sheet, "_plain_rows", lambda data, part: None)
        return reading(rows)


@settings(max_examples=400)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9), st.sampled_from(PIECES)), min_size=1, max_size=3))
def test_a_sheet_reads_the_same_by_known_shapes_anew_and_parsed(changes: list[tuple[float, int, str]]) -> None:
    reading(ROWS)
    rows = ROWS
    for share, length, piece in changes:
        at = round(share * len(rows))
        rows = rows[:at] + piece + rows[at + length :]

    known = reading(rows)
    raw_sheet._SHAPES.clear()
    anew = reading(rows)

    assert known == anew == parsed(rows)


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="01"><c r="A01"><v>1</v></c></row>',
        '<row r="1"><c r="A01"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v><v>2</v></c></row>',  # LibreOffice shows 2
        '<row r="1"><c r="A1"><f>1+1</f><f>2+2</f><v>4</v></c></row>',
        '<row r="1"><c r="A1"><v>1<x>2</x></v></c></row>',
        '<row r="1"><c r="A1"><v>1<x/>2</v></c></row>',
        '<row r="1"><c r="A1"><f>1+<x>2</x>3</f><v>4</v></c></row>',
        '<row r="1"><c r="A1"><is><t>5</t></is></c></row>',  # a number to one, a blank to others
        '<row r="1"><c r="A1" t="str"><is><t>5</t></is></c></row>',
        '<row r="1"><c r="A1" t="inlineStr"><v>7</v></c></row>',
        '<row r="1"><c r="A1" t="inlineStr"><is><t>5</t></is><v>7</v></c></row>',
        '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is><is><t>b</t></is></c></row>',
        '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t><t>b</t></is></c></row>',
        '<row r="1"><c r="A1" t="inlineStr"><is><t>a<b>c</b>d</t></is></c></row>',
        '<row r="1"><c r="A1" t="inlineStr"><is><r><t>a</t><t>b</t></r></is></c></row>',
    ],
)
def test_what_programs_read_differently_is_refused_however_it_is_read(rows: str) -> None:
    assert reading(rows) is None
    assert parsed(rows) is None


def test_a_shape_that_another_file_left_lets_no_other_row_number_in() -> None:
    reading('<row r="007"><c r="A007"><v>1</v></c></row>')

    assert reading('<row r="7"><c r="A007"><v>1</v></c></row>') is None


def test_a_shared_text_in_two_parts_is_refused() -> None:
    strings = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>a</t><t>b</t></si></sst>'
    types = parts_with({})["[Content_Types].xml"]
    relation = (
        '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        'sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    )
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    relations = str(parts_with({})["xl/_rels/workbook.xml.rels"]).replace("</Relationships>", relation)
    parts = {
        "[Content_Types].xml": str(types).replace("</Types>", override),
        "xl/_rels/workbook.xml.rels": relations,
        "xl/sharedStrings.xml": strings,
        "xl/worksheets/sheet1.xml": sheet_xml('<row r="1"><c r="A1" t="s"><v>0</v></c></row>'),
    }

    with pytest.raises(WorkbookError, match=re.escape("“ab”")):
        open_workbook(zipped(parts_with(parts))).read_sheet("T1")


def test_cells_outside_the_place_for_cells_are_no_cells() -> None:
    """No program shows them, so none may be reported."""
    body = '<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData>'
    data = sheet_xml("").replace("<sheetData></sheetData>", f"<extLst><ext>{body}</ext></extLst>")

    assert open_workbook(workbook_with_sheet(data)).read_sheet("T1").cells == {}


def test_the_memory_of_shapes_is_bounded_by_what_they_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw_sheet, "_MOST_CHARACTERS", 1_000)
    for number in range(1, 50):
        reading(f'<row r="{number}">' + "".join(f'<c r="{letter}{number}"/>' for letter in "ABCDEFGH") + "</row>")

    assert 0 < sum(len(text) for _, text in raw_sheet._SHAPES) <= 1_000


def test_many_threads_read_what_one_reads() -> None:
    sheets = [ROWS.replace("<v>1</v>", f"<v>{number % 2}</v>") + f'<row r="{9 + number}"/>' for number in range(40)]
    alone = [reading(rows) for rows in sheets]
    raw_sheet._SHAPES.clear()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(reading, sheets * 5)) == alone * 5


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("_xD83D__xDE00_", "\N{GRINNING FACE}"),
        ("a_xD800_b", "a\ufffdb"),
        ("_xDE00__xD83D_", "\ufffd\ufffd"),
        ("a_x0000_b", "a\ufffdb"),
        ("_x005F_x0041_", "_x0041_"),
        ("a_x000D_", "a\r"),
    ],
)
def test_escaped_characters_are_whole_ones_that_can_be_written_again(written: str, read: str) -> None:
    sheet = sheet_xml(f'<row r="1"><c r="A1" t="str"><v>{written}</v></c></row>')

    value = open_workbook(workbook_with_sheet(sheet)).read_sheet("T1").cell(1, 1).value

    assert value == read
    assert str(value).encode()
