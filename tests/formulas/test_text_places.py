"""Legacy text in every place of a workbook: found, named, repaired in place, and put back."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulas.checking import check
from formulas.text import places, scanning
from formulas.text.conversions import at_places, everything, preview
from formulas.text.detection import Certainty
from formulas.text.encodings import Encoding, encode
from formulas.text.places import book_pieces, sheet_pieces
from formulas.text.repairing import repair
from formulas.text.scanning import check_text
from formulas.text.undoing import undo, write_log
from tests.formulas.specimens import CROPS, a_filled_form, a_version
from tests.formulas.text_specimens import FONTS, NAME, SHEET, a_book_of_texts, texts_everywhere
from tests.workbooks.building import PLAIN_PARTS
from workbooks.errors import WorkbookError
from workbooks.package import open_package
from workbooks.workbook import open_workbook

EVERY_KIND = {
    "cell", "formula", "sheet-name", "comment", "header", "footer", "list", "prompt", "refusal", "format", "name",
    "name-value", "shape", "chart", "table", "table-column", "property",
}  # fmt: skip


def texts_of(data: bytes) -> list[tuple[str, ...]]:
    """Every text beyond ASCII: its kind, place, words and font."""
    workbook = open_workbook(data)
    pieces = [piece for entry in workbook.sheets for piece in sheet_pieces(workbook, entry)]
    pieces += book_pieces(workbook)
    return [(piece.kind, piece.sheet, piece.cell, piece.name, piece.text, piece.font) for piece in pieces]


def parts_of(data: bytes) -> dict[str, bytes]:
    package = open_package(data)
    return {name: package.part(name) for name in (*package.parts, "/[Content_Types].xml")}


# -- every place -------------------------------------------------------------------------------------------------------


def test_the_specimen_has_words_in_every_place() -> None:
    assert {kind for kind, *_ in texts_of(texts_everywhere(Encoding.TCVN3))} == EVERY_KIND


@pytest.mark.parametrize("encoding", [Encoding.TCVN3, Encoding.VNI, Encoding.COMBINING])
def test_a_repaired_workbook_says_what_it_would_say_in_unicode(encoding: Encoding) -> None:
    repaired = repair(texts_everywhere(encoding), everything)

    assert texts_of(repaired.data) == texts_of(texts_everywhere(None))
    assert list(check_text(open_workbook(repaired.data))) == []


def test_every_finding_says_where() -> None:
    found = list(check_text(open_workbook(texts_everywhere(Encoding.TCVN3))))
    sheet = encode(SHEET, Encoding.TCVN3)

    told = {(finding.sheet, finding.cell, finding.message.partition(":")[0]) for finding in found}
    assert {
        (sheet, "", "Tên trang tính"),
        (sheet, "", "Đầu trang"),
        (sheet, "", "Chân trang"),
        (sheet, "", "Biểu đồ"),
        (sheet, "B1", "Ghi chú"),
        (sheet, "B4", "Ghi chú"),
        (sheet, "B30", "Hộp chữ"),
        (sheet, "D7", "Danh sách chọn"),
        (sheet, "D7", "Lời nhắc khi nhập"),
        (sheet, "D7", "Thông báo nhập sai"),
        (sheet, "A4", "Định dạng có điều kiện"),
        (sheet, "A9", "Chuỗi trong công thức"),
        ("", "", "Tên vùng"),
        ("", "", "Giá trị của tên vùng “thong_bao”"),
        ("", "", "Thuộc tính tệp “title”"),
    } <= told


def test_unicode_in_every_place_is_left_alone() -> None:
    data = texts_everywhere(None)

    assert list(check_text(open_workbook(data))) == []
    assert repair(data, everything).data is data


def test_what_holds_no_legacy_text_keeps_its_bytes() -> None:
    data = texts_everywhere(Encoding.TCVN3)
    before, after = parts_of(data), parts_of(repair(data).data)

    assert list(before) == list(after)
    assert {name for name in before if before[name] != after[name]} == {
        "/docProps/core.xml", "/xl/charts/chart1.xml", "/xl/comments/comment1.xml", "/xl/drawings/drawing1.xml",
        "/xl/styles.xml", "/xl/tables/table1.xml", "/xl/threadedComments/threadedComment1.xml", "/xl/workbook.xml",
        "/xl/worksheets/sheet1.xml",
    }  # fmt: skip


def test_repairing_twice_is_repairing_once() -> None:
    once = repair(texts_everywhere(Encoding.VNI))

    assert repair(once.data).data is once.data


def test_undoing_gives_every_part_back_byte_for_byte() -> None:
    data = texts_everywhere(Encoding.TCVN3)
    repaired = repair(data)

    log = write_log(data, repaired.data, repaired.conversions)

    assert parts_of(undo(repaired.data, log)) == parts_of(data)
    assert parts_of(undo(undo(repaired.data, log), log)) == parts_of(data)
    assert len(json.loads(log)["conversions"]) == len(repaired.conversions)


# -- what is compared, named, referred to ------------------------------------------------------------------------------


def test_a_label_and_the_formulas_and_lists_that_look_for_it_change_together() -> None:
    page = parts_of(repair(texts_everywhere(Encoding.TCVN3)).data)["/xl/worksheets/sheet1.xml"].decode()

    assert '<f>IF(C4="Có",COUNTIF(C4:C5,"Không"),0)</f>' in page
    assert '<formula1>"Có,Không"</formula1>' in page
    assert '<formula>$C4="Không"</formula>' in page


def test_formulas_follow_the_sheet_the_name_and_the_column_that_are_renamed() -> None:
    data = repair(texts_everywhere(Encoding.TCVN3)).data
    page = parts_of(data)["/xl/worksheets/sheet1.xml"].decode()

    assert f"<f>SUM({NAME})+ROWS('{SHEET}'!A1:A2)</f>" in page
    assert "<f>COUNTA(Bảng_kê[Đơn vị tính])</f>" in page
    assert [name.refers_to for name in open_workbook(data).names if name.name == NAME] == [f"'{SHEET}'!$D$4:$D$5"]


def test_shared_formulas_their_results_and_the_list_of_sheets_follow() -> None:
    parts = dict(PLAIN_PARTS)
    sheet, words = encode("Tổng hợp", Encoding.TCVN3), encode("Chưa có số liệu", Encoding.TCVN3)
    parts["xl/worksheets/sheet1.xml"] = (
        f'<worksheet {_MAIN}><sheetData><row r="1"><c r="A1" t="str"><f t="shared" ref="A1:A2" si="0">IF(B1&gt;0,'
        f'"{words}","")</f><v>{words}</v></c></row><row r="2"><c r="A2" t="str"><f t="shared" si="0"/>'
        f"<v>{words}</v></c></row></sheetData></worksheet>"
    )
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace('name="T1"', f'name="{sheet}"')
    parts["docProps/app.xml"] = (
        '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties" xmlns:vt="http://'
        'schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"><TitlesOfParts><vt:vector size="2" '
        f'baseType="lpstr"><vt:lpstr>{sheet}</vt:lpstr><vt:lpstr>{sheet}!Print_Area</vt:lpstr></vt:vector>'
        "</TitlesOfParts></Properties>"
    )
    link = f'<Relationship Id="rId7" Type="{_KIND}/extended-properties" Target="docProps/app.xml"/></Relationships>'
    parts["_rels/.rels"] = parts["_rels/.rels"].replace("</Relationships>", link)

    after = repair(zipped(parts)).data

    cells = open_workbook(after).read_sheet("Tổng hợp").cells
    assert [(cell.formula, cell.value) for cell in cells.values()] == [
        ('IF(B1>0,"Chưa có số liệu","")', "Chưa có số liệu"),
        ('IF(B2>0,"Chưa có số liệu","")', "Chưa có số liệu"),
    ]
    assert (
        "<vt:lpstr>Tổng hợp</vt:lpstr><vt:lpstr>Tổng hợp!Print_Area</vt:lpstr>"
        in parts_of(after)["/docProps/app.xml"].decode()
    )


def test_array_constants_and_array_formulas_keep_their_braces() -> None:
    words = encode("Chưa có số liệu", Encoding.TCVN3)
    parts = dict(PLAIN_PARTS)
    parts["xl/worksheets/sheet1.xml"] = (
        f'<worksheet {_MAIN}><sheetData><row r="1"><c r="A1"><f>{{1,"{words}"}}</f><v>1</v></c><c r="B1">'
        f'<f t="array" ref="B1">LEN({{"{words}"}})</f><v>1</v></c></row></sheetData></worksheet>'
    )

    page = parts_of(repair(zipped(parts)).data)["/xl/worksheets/sheet1.xml"].decode()

    assert '<f>{1,"Chưa có số liệu"}</f>' in page
    assert '<f t="array" ref="B1">LEN({"Chưa có số liệu"})</f>' in page


def test_a_cell_of_thousands_of_runs_is_repaired() -> None:
    run = f'<r><rPr><rFont val=".VnTime"/></rPr><t>{encode("Tổng số hộ ", Encoding.TCVN3)}</t></r>'

    repaired = repair(shared({"A1": (0, 0)}, [run * 2_900]))

    assert open_workbook(repaired.data).read_sheet("T1").cells[1, 1].value == "Tổng số hộ " * 2_900


def test_a_name_that_is_taken_stays_and_its_finding_with_it() -> None:
    parts = dict(PLAIN_PARTS)
    taken, old = "Tổng_số_hộ", encode("Tổng_số_hộ", Encoding.TCVN3)
    names = "".join(f'<definedName name="{name}">T1!$A$1</definedName>' for name in (taken, old))
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(
        "</sheets>", f"</sheets><definedNames>{names}</definedNames>"
    )
    data = zipped(parts)

    assert repair(data).data is data
    assert [finding.code for finding in check_text(open_workbook(data))] == ["BS701"]


def test_a_program_is_asked_to_calculate_anew_where_formulas_read_the_old_letters() -> None:
    counted = a_book_of_texts({"A1": "Traø Vinh vaø Nguyeãn Thò Ngoïc AÙnh", "B1": "=LEN(A1)"})
    added = a_book_of_texts({"A1": "Traø Vinh vaø Nguyeãn Thò Ngoïc AÙnh", "B1": "=SUM(C1:C2)"})

    assert "/xl/workbook.xml" not in changed_by_repair(added)
    assert b'fullCalcOnLoad="1"' in parts_of(repair(counted).data)["/xl/workbook.xml"]


def changed_by_repair(data: bytes) -> set[str]:
    before, after = parts_of(data), parts_of(repair(data).data)
    return {name for name in before if before[name] != after[name]}


# -- fonts and runs ----------------------------------------------------------------------------------------------------


def test_a_text_that_cells_of_different_fonts_share_is_split() -> None:
    data = shared({"A1": (0, 1), "A2": (0, 2), "A3": (0, 0), "A4": (1, 1)}, ["<t>tæng sè hé</t>", "<t>Total</t>"])

    repaired = open_workbook(repair(data).data)

    cells = repaired.read_sheet("T1").cells
    assert [cells[row, 1].value for row in range(1, 5)] == ["tổng số hộ", "TỔNG SỐ HỘ", "tổng số hộ", "Total"]
    assert [repaired.font_of(cells[row, 1].style) for row in range(1, 5)] == [
        "Times New Roman", "Times New Roman", "Times New Roman", ".VnTime",
    ]  # fmt: skip
    assert [entry.text for entry in repaired.strings] == ["tổng số hộ", "Total", "TỔNG SỐ HỘ"]


def test_a_shared_text_stays_where_one_of_its_cells_still_needs_it() -> None:
    # The second sheet is the service's own and is never changed.
    data = shared({"A1": (0, 1)}, ["<t>Céng hoµ x· héi</t>"], stamp_too=True)

    repaired = open_workbook(repair(data).data)

    assert repaired.read_sheet("T1").cells[1, 1].value == "Cộng hoà xã hội"
    assert repaired.read_sheet("_bieuso").cells[1, 1].value == "Céng hoµ x· héi"
    assert [entry.text for entry in repaired.strings] == ["Céng hoµ x· héi", "Cộng hoà xã hội"]


def test_runs_keep_everything_but_their_letters_and_their_font() -> None:
    runs = (
        '<r><t xml:space="preserve">sè hé </t></r><r><rPr><b/><sz val="9"/><rFont val="VNI-Times"/>'
        '<family val="2"/></rPr><t>nghèo ñoùi</t></r>'
        '<r><rPr><rFont val="Arial"/></rPr><t> (ABC)</t></r><rPh sb="0" eb="1"><t>x</t></rPh>'
    )
    data = shared({"A1": (0, 1)}, [runs])

    after = repair(data, everything).data

    assert parts_of(after)["/xl/sharedStrings.xml"].decode().partition("<si>")[2].partition("</si>")[0] == (
        '<r><t xml:space="preserve">số hộ </t></r><r><rPr><b/><sz val="9"/><rFont val="Times New Roman"/></rPr>'
        '<t>nghèo đói</t></r><r><rPr><rFont val="Arial"/></rPr><t> (ABC)</t></r><rPh sb="0" eb="1"><t>x</t></rPh>'
    )


def test_a_style_that_numbers_use_is_never_changed() -> None:
    data = shared({"A1": (0, 1), "B1": (None, 1)}, ["<t>sè hé tho¸t nghÌo</t>"])

    repaired = open_workbook(repair(data).data)

    cells = repaired.read_sheet("T1").cells
    assert repaired.font_of(cells[1, 1].style) == "Times New Roman"
    assert (repaired.font_of(cells[1, 2].style), cells[1, 2].value) == (".VnTime", 5)


def test_words_in_capitals_beside_repaired_ones_keep_the_font_that_makes_them_tall() -> None:
    runs = "<r><t>tæng sè </t></r><r><rPr><b/></rPr><t>nam</t></r>"
    data = shared({"A1": (0, 2)}, [runs])

    repaired = open_workbook(repair(data, everything).data)

    cell = repaired.read_sheet("T1").cells[1, 1]
    assert [(text, font or repaired.font_of(cell.style)) for text, font in cell.runs] == [
        ("TỔNG SỐ ", "Times New Roman"), ("nam", ".VnTimeH"),
    ]  # fmt: skip


# -- asked, signed, hostile --------------------------------------------------------------------------------------------


def test_doubtful_texts_are_repaired_only_where_they_are_asked_for() -> None:
    data = a_book_of_texts({"A1": "Traø Vinh", "C1": "Traø Vinh"})
    assert {item.certainty for item in preview(open_workbook(data))} == {Certainty.DOUBTFUL}

    assert repair(data).data is data
    assert [item.cell for item in repair(data, everything).conversions] == ["A1", "C1"]
    assert [item.cell for item in repair(data, at_places(["c1"])).conversions] == ["C1"]


def test_the_preview_says_what_the_repair_does() -> None:
    data = texts_everywhere(Encoding.VNI)

    assert preview(open_workbook(data)) == repair(data, everything).conversions


def test_a_text_partly_outside_its_runs_is_found_and_left_whole() -> None:
    data = shared({"A1": (0, 1)}, ["<t>Céng hoµ </t><r><t>x· héi chñ nghÜa</t></r>"])

    assert repair(data).data is data
    assert [finding.code for finding in check_text(open_workbook(data))] == ["BS701"]


def test_comments_in_the_file_hide_nothing() -> None:
    parts = dict(PLAIN_PARTS)
    footer = f"<headerFooter><oddFooter>{encode(SHEET, Encoding.TCVN3)}</oddFooter></headerFooter>"
    parts["xl/worksheets/sheet1.xml"] = (
        f"<worksheet {_MAIN}><!--<sheetData>--><sheetData/>{footer}<!--</sheetData>--></worksheet>"
    )

    assert [finding.code for finding in check_text(open_workbook(zipped(parts)))] == ["BS701"]


def test_a_damaged_part_is_a_finding_and_the_rest_is_read() -> None:
    parts = parts_of(texts_everywhere(Encoding.TCVN3)) | {"/xl/comments/comment1.xml": "<comments>Ghi chú".encode()}

    found = list(check_text(open_workbook(zipped({name[1:]: content for name, content in parts.items()}))))

    assert "BS123" in {finding.code for finding in found}
    assert {"A1", "A9"} <= {finding.cell for finding in found}


def test_more_texts_than_any_form_has_are_refused_not_passed_over() -> None:
    strings = [f"<t>Số liệu {number}</t>" for number in range(scanning.MOST_TEXTS + 5)]
    data = shared({f"A{row}": (row - 1, 0) for row in range(1, len(strings) + 1)}, strings)

    assert [finding.code for finding in check_text(open_workbook(data))] == ["BS710"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda log: "",
        lambda log: "[]",
        lambda log: log.replace("bieuso-text-repair", "x"),
        lambda log: log.replace('"before": "', '"before": "0', 1).replace('"content": "e', '"content": "!', 1),
        lambda log: "[" * 100_000,
        lambda log: log.replace("/xl/styles.xml", "/xl/nothing.xml"),
    ],
)
def test_a_damaged_log_is_refused(spoil: object) -> None:
    data = texts_everywhere(Encoding.TCVN3)
    repaired = repair(data)
    log = write_log(data, repaired.data, repaired.conversions)

    with pytest.raises(WorkbookError) as refusal:
        undo(repaired.data, spoil(log))  # type: ignore[operator]  # a function of the log

    assert refusal.value.finding.code == "BS711"


def test_a_log_does_not_overwrite_what_was_changed_since() -> None:
    data = texts_everywhere(Encoding.TCVN3)
    repaired = repair(data)
    log = write_log(data, repaired.data, repaired.conversions)
    later = repair(repaired.data).data
    changed = open_package(later).with_parts(
        {"/xl/worksheets/sheet1.xml": parts_of(later)["/xl/worksheets/sheet1.xml"].replace(b"12.5", b"13.5")}
    )

    with pytest.raises(WorkbookError, match="sửa thêm"):
        undo(changed, log)


def test_the_service_refuses_a_form_with_old_text_in_its_header_and_its_comments() -> None:
    version = a_version(CROPS)
    data = a_filled_form(CROPS)
    sheet = open_workbook(data).sheet_entry(version.tables[0].sheet).part
    page = open_package(data).part(sheet).decode()
    header = f"<headerFooter><oddHeader>&amp;L{encode('Sở Kế hoạch và Đầu tư', Encoding.TCVN3)}</oddHeader>"
    old = page.replace("<headerFooter>", header, 1)
    assert old != page

    report = check(open_package(data).with_parts({sheet: old.encode()}), version)

    assert not report.ok
    assert [(finding.code, finding.message[:9]) for finding in report.findings] == [("BS701", "Đầu trang")]


# -- any text, anywhere ------------------------------------------------------------------------------------------------

WORDS = (
    "Uỷ ban nhân dân tỉnh Bình Phước", "Tổng số hộ nghèo đầu kỳ", "Diện tích gieo trồng lúa đông xuân",
    "Đơn vị tính: triệu đồng", "Số liệu ước thực hiện trong tháng", "Người lập biểu, thủ trưởng đơn vị",
    "Tỷ lệ hộ thoát nghèo (%)", "Sản lượng cây công nghiệp lâu năm",
)  # fmt: skip
OLD = (Encoding.TCVN3, Encoding.VNI)


@st.composite
def typed(draw: st.DrawFn) -> tuple[str, str, str]:
    """Words in Unicode, as they were typed, and the font they were typed in."""
    words = draw(st.sampled_from(WORDS))
    encoding = draw(st.sampled_from([None, *OLD]))
    if encoding is None:
        return words, words, "Times New Roman"
    font = draw(st.sampled_from([FONTS[encoding], "Times New Roman"]))
    return words, encode(words, encoding), font


@settings(max_examples=40)
@given(st.lists(typed(), min_size=1, max_size=12), st.lists(typed(), max_size=3), st.data())
def test_any_mixture_of_texts_is_restored_exactly_and_can_be_put_back(
    cells: list[tuple[str, str, str]], runs: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    choices = list(dict.fromkeys(text for _, text, _ in cells))
    strings = [f"<t>{text}</t>" for text in choices]
    fonts = ["Times New Roman", ".VnTime", ".VnTimeH", "VNI-Times"]
    places_of = {
        f"{data.draw(st.sampled_from('ABC'))}{row}": (choices.index(text), fonts.index(font))
        for row, (_, text, font) in enumerate(cells, start=1)
    }
    if runs:
        strings.append("".join(f'<r><rPr><rFont val="{font}"/></rPr><t>{text} </t></r>' for _, text, font in runs))
        places_of["D20"] = (len(strings) - 1, 0)
    book = shared({**places_of, "E20": (None, 1)}, strings)

    repaired = repair(book)

    workbook = open_workbook(repaired.data)
    values = workbook.read_sheet("T1").cells
    read = [cell.value for (_, column), cell in sorted(values.items()) if column < 4]
    assert read == [words for words, _, _ in cells]
    if runs:
        assert values[20, 4].value == "".join(f"{words} " for words, _, _ in runs)
    assert values[20, 5].value == 5
    assert repair(repaired.data).data is repaired.data
    assert parts_of(undo(repaired.data, write_log(book, repaired.data, repaired.conversions))) == parts_of(book)


@settings(max_examples=30)
@given(typed(), typed(), typed(), typed())
def test_words_in_headers_prompts_names_and_formulas_are_restored_exactly(
    header: tuple[str, str, str],
    prompt: tuple[str, str, str],
    name: tuple[str, str, str],
    formula: tuple[str, str, str],
) -> None:
    quoted = {key: escape(text[1], {'"': "&quot;"}) for key, text in (("prompt", prompt), ("formula", formula))}
    page = (
        a_sheet({"A1": (None, 0)})
        .replace(
            "</worksheet>",
            f'<dataValidations count="1"><dataValidation sqref="A1" prompt="{quoted["prompt"]}"/></dataValidations>'
            f'<headerFooter><oddHeader>&amp;L&amp;"{header[2]},Bold"&amp;12{header[1]}&amp;R&amp;P</oddHeader></headerFooter>'
            "</worksheet>",
        )
        .replace(
            "</sheetData>", f'<row r="2"><c r="A2"><f>LEN("{quoted["formula"]}")</f><v>1</v></c></row></sheetData>'
        )
    )
    names = f'<definedNames><definedName name="loi_nhac">"{name[1]}"</definedName></definedNames>'
    parts = dict(PLAIN_PARTS)
    parts["xl/worksheets/sheet1.xml"] = page
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace("</sheets>", f"</sheets>{names}")
    data = zipped(parts)

    repaired = repair(data)

    told = {kind: (text, font) for kind, _, _, _, text, font in texts_of(repaired.data)}
    assert told == {
        "formula": (formula[0], ""),
        "prompt": (prompt[0], ""),
        "header": (header[0], "Times New Roman"),
        "name-value": (name[0], ""),
    }
    assert repair(repaired.data).data is repaired.data
    assert parts_of(undo(repaired.data, write_log(data, repaired.data, repaired.conversions))) == parts_of(data)


ODD = st.text(alphabet="aAeoun dtg§®·­¸µêéøùûõïâÑñÂăđ\u0301_x0D,&\"'<[]!=\n", min_size=1, max_size=24)


@settings(max_examples=60)
@given(st.lists(st.tuples(ODD, st.integers(0, 3)), min_size=1, max_size=8), ODD, ODD)
def test_whatever_is_written_a_repair_is_whole_and_can_be_put_back(
    cells: list[tuple[str, int]], string: str, header: str
) -> None:
    strings = [f'<t xml:space="preserve">{escape(text)}</t>' for text, _ in cells]
    quoted = escape(string.replace('"', '""'))
    page = f'<row r="90"><c r="A90"><f>LEN("{quoted}")</f><v>1</v></c></row></sheetData>'
    footer = f"</sheetData><headerFooter><oddFooter>{escape(header)}</oddFooter></headerFooter>"
    book = shared({f"A{row}": (row - 1, style) for row, (_, style) in enumerate(cells, start=1)}, strings)
    part = "/xl/worksheets/sheet1.xml"
    content = parts_of(book)[part].decode().replace("</sheetData>", page).replace("</sheetData>", footer)
    book = open_package(book).with_parts({part: content.encode()})

    repaired = repair(book)

    changed = {item.piece.at for item in repaired.conversions} | {(90, 1)}
    before, after = (open_workbook(data).read_sheet("T1").cells for data in (book, repaired.data))
    assert [(place, cell) for place, cell in after.items() if place not in changed] == [
        (place, cell) for place, cell in before.items() if place not in changed
    ]
    assert repair(repaired.data).data is repaired.data
    assert parts_of(undo(repaired.data, write_log(book, repaired.data, repaired.conversions))) == parts_of(book)


def test_places_have_words_for_all_kinds() -> None:
    assert set(places._WORDS) >= EVERY_KIND - {"cell"}


# -- builders ----------------------------------------------------------------------------------------------------------


def zipped(parts: dict[str, str] | dict[str, bytes]) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


_SST = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
_STYLES = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def shared(cells: dict[str, tuple[int | None, int]], strings: list[str], *, stamp_too: bool = False) -> bytes:
    """A workbook with a table of shared texts; address → (text or None for the number 5, style).

    Style 0 is in Times New Roman, 1 in .VnTime, 2 in .VnTimeH, 3 in VNI-Times.
    """
    parts = dict(PLAIN_PARTS)
    parts["xl/worksheets/sheet1.xml"] = a_sheet(cells)
    fonts = "".join(
        f'<font><sz val="12"/><name val="{name}"/><family val="2"/></font>'
        for name in ("Times New Roman", ".VnTime", ".VnTimeH", "VNI-Times")
    )
    xfs = "".join(f'<xf numFmtId="0" fontId="{number}" fillId="0" borderId="0" xfId="0"/>' for number in range(4))
    parts["xl/styles.xml"] = (
        f'<styleSheet {_MAIN}><fonts count="4">{fonts}</fonts><fills count="1"><fill/></fills><borders count="1">'
        f'<border/></borders><cellXfs count="4">{xfs}</cellXfs></styleSheet>'
    )
    entries = "".join(f"<si>{text}</si>" for text in strings)
    parts["xl/sharedStrings.xml"] = f'<sst {_MAIN} count="{len(cells)}" uniqueCount="{len(strings)}">{entries}</sst>'
    rels = [("rId8", "styles", "styles.xml"), ("rId9", "sharedStrings", "sharedStrings.xml")]
    overrides = [("/xl/styles.xml", _STYLES), ("/xl/sharedStrings.xml", _SST)]
    if stamp_too:
        parts["xl/worksheets/sheet2.xml"] = a_sheet({"A1": (0, 1)})
        rels.append(("rId2", "worksheet", "worksheets/sheet2.xml"))
        overrides.append(
            ("/xl/worksheets/sheet2.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml")
        )
        listed = '<sheet name="_bieuso" sheetId="2" state="veryHidden" r:id="rId2"/></sheets>'
        parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace("</sheets>", listed)
    links = "".join(f'<Relationship Id="{key}" Type="{_KIND}/{kind}" Target="{to}"/>' for key, kind, to in rels)
    parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace(
        "</Relationships>", f"{links}</Relationships>"
    )
    types = "".join(f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in overrides)
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace("</Types>", f"{types}</Types>")
    return zipped(parts)


def a_sheet(cells: dict[str, tuple[int | None, int]]) -> str:
    rows: dict[int, list[str]] = {}
    for place, (text, style) in sorted(cells.items()):
        value = f't="s"><v>{text}</v>' if text is not None else "><v>5</v>"
        rows.setdefault(int(place[1:]), []).append(f'<c r="{place}" s="{style}" {value}</c>')
    body = "".join(f'<row r="{row}">{"".join(found)}</row>' for row, found in sorted(rows.items()))
    return f"<worksheet {_MAIN}><sheetData>{body}</sheetData></worksheet>"
