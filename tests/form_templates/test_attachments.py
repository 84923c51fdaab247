"""The list of attached files in a workbook, and what may be attached at all."""

from __future__ import annotations

import hashlib
import random
import subprocess
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

from form_templates import definition
from form_templates.attached_files import LARGEST, MOST_FILES
from form_templates.attachments import Attachment, listed_files, read_attachments, read_list, with_attachments
from form_templates.errors import FormError
from form_templates.stamp import stamp_is_ours, with_stamp
from tests.form_templates.specimens import KEY, KEY_ID, KEYS, a_stamp, forms, template, version
from tests.narratives import a_docx, a_pdf
from tests.office import saved
from workbooks.markup import parse_xml, write_xml
from workbooks.patch import Constant, Formula, Patch, patch_cells
from workbooks.registration import add_relationships
from workbooks.sheets import rename_sheet
from workbooks.workbook import open_workbook

FORM = "KTXH-09.T"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DRAWING_TYPE = "application/vnd.openxmlformats-officedocument.drawing+xml"
SHEET = definition.ATTACHMENTS_SHEET
REPORT, TABLES = "Báo cáo tháng 9.docx", "phụ lục.PDF"
FILES = ((REPORT, a_docx()), (TABLES, a_pdf()))


@cache
def issued(form: str = FORM) -> bytes:
    return with_stamp(template(form), a_stamp(form=form), version(form), KEY_ID, KEY)


def attached(files: Sequence[tuple[str, bytes]] = FILES) -> bytes:
    return with_attachments(issued(), files)


def reasons(*files: tuple[str, bytes]) -> list[str]:
    with pytest.raises(FormError) as refused:
        listed_files(files)
    assert {finding.code for finding in refused.value.findings} == {"BS853"}
    return [finding.message for finding in refused.value.findings]


def faults(data: bytes) -> list[tuple[str, str]]:
    """Code and cell of what is wrong with the list."""
    return [(finding.code, finding.cell) for finding in read_list(open_workbook(data)).findings]


# -- the list ----------------------------------------------------------------------------------------------------------


def test_the_list_says_name_size_and_digest_of_every_file() -> None:
    found = read_attachments(open_workbook(attached()))

    assert found == tuple(Attachment(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in FILES)
    assert faults(attached()) == []


def test_a_workbook_without_the_sheet_lists_nothing() -> None:
    found = read_list(open_workbook(issued()))

    assert (found.attachments, found.findings, found.sheet) == ((), (), "")


def test_nothing_attached_changes_nothing() -> None:
    assert with_attachments(issued(), ()) == issued()


def test_the_same_files_twice_give_the_same_bytes() -> None:
    assert with_attachments(attached(), FILES) == attached()


def test_a_new_list_replaces_the_old_one() -> None:
    data = with_attachments(attached(), FILES[1:])

    assert [one.name for one in read_attachments(open_workbook(data))] == [TABLES]
    assert read_attachments(open_workbook(with_attachments(data, ()))) == ()
    assert with_attachments(data, FILES) == attached()


def test_every_other_part_stays_byte_for_byte() -> None:
    before, after = open_workbook(issued()).package, open_workbook(attached()).package

    changed = {name for name in before.parts if before.part(name) != after.part(name)}
    assert changed == {"/xl/workbook.xml", "/xl/_rels/workbook.xml.rels", "/xl/styles.xml"}
    assert set(after.parts) - set(before.parts) == {"/xl/worksheets/attachments.xml"}


def test_no_style_in_use_changes() -> None:
    tables = []
    for data in (issued(), attached()):
        root = parse_xml(open_workbook(data).package.part("/xl/styles.xml"), "styles")
        styles = next(item for item in root if item.tag.endswith("}cellXfs"))
        tables.append([write_xml(style) for style in styles])

    assert tables[1][: len(tables[0])] == tables[0]


def test_the_stamp_and_every_sheet_before_it_stay() -> None:
    before, after = open_workbook(issued()), open_workbook(attached())

    assert after.sheets[:-1] == before.sheets
    assert after.sheets[-1][:2] == (SHEET, "visible")
    assert after.names[: len(before.names)] == before.names
    assert stamp_is_ours(after, KEYS)


def test_the_list_is_protected_and_has_no_formula() -> None:
    sheet = open_workbook(attached()).read_sheet(SHEET)

    assert sheet.protected
    assert all(cell.formula is None for cell in sheet.cells.values())


@pytest.mark.parametrize("form", forms())
def test_every_official_form_takes_a_list(form: str) -> None:
    data = with_attachments(issued(form), FILES)

    assert [one.name for one in read_attachments(open_workbook(data))] == [REPORT, TABLES]


def test_names_that_look_like_escapes_or_formulas_are_read_back_as_they_are() -> None:
    names = ["_x0041_.pdf", "=1+1.pdf", "'a.pdf", "a  b.pdf", "số & liệu.pdf"]

    data = attached([(name, a_pdf(str(number))) for number, name in enumerate(names)])

    assert [one.name for one in read_attachments(open_workbook(data))] == names


def test_diacritics_that_stand_apart_are_put_together() -> None:
    data = attached([(unicodedata.normalize("NFD", REPORT), a_docx())])

    assert [one.name for one in read_attachments(open_workbook(data))] == [REPORT]


def test_a_renamed_sheet_is_found_by_its_defined_name() -> None:
    renamed = rename_sheet(attached(), SHEET, "Thuyết minh")

    assert [one.name for one in read_attachments(open_workbook(renamed))] == [REPORT, TABLES]
    assert with_attachments(renamed, FILES) == renamed


def test_libreoffice_keeps_the_list(tmp_path: Path) -> None:
    (tmp_path / "form.xlsx").write_bytes(attached())
    (tmp_path / "saved").mkdir()

    kept = saved([tmp_path / "form.xlsx"], tmp_path / "saved")[0].read_bytes()

    assert read_list(open_workbook(kept)) == read_list(open_workbook(attached()))
    assert read_attachments(open_workbook(with_attachments(kept, FILES[:1]))) == read_attachments(
        open_workbook(attached(FILES[:1]))
    )


def test_ten_long_names_print_on_one_page_of_a4(tmp_path: Path) -> None:
    files = [(f"{number} {'báo cáo thuyết minh ' * 5}.pdf", a_pdf(str(number))) for number in range(MOST_FILES)]
    (tmp_path / "form.xlsx").write_bytes(attached(files))
    (tmp_path / "saved").mkdir()

    printed = saved([tmp_path / "form.xlsx"], tmp_path / "saved", "pdf")[0]

    asked = ["pdftotext", "-layout", str(printed), "-"]
    told = subprocess.run(asked, check=True, capture_output=True, timeout=60).stdout.decode()
    pages = [page for page in told.split("\f") if "TỆP KÈM THEO" in page]
    assert len(pages) == 1
    assert all(Attachment.of(*one).sha256 in pages[0] for one in files)


# -- what is wrong with a list -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "where"),
    [
        ({(5, 1): 2.0}, "A5"),
        ({(5, 2): "../bao-cao.docx"}, "B5"),
        ({(5, 2): "báo\u202ecáo.docx"}, "B5"),
        ({(5, 2): None}, "B5"),
        ({(5, 2): 7.0}, "B5"),
        ({(5, 3): "PDF (.pdf)"}, "C5"),
        ({(5, 4): 0.5}, "D5"),
        ({(5, 4): -1.0}, "D5"),
        ({(5, 4): 1e300}, "D5"),
        ({(5, 4): "12"}, "D5"),
        ({(5, 5): "A" * 64}, "E5"),
        ({(5, 5): "a" * 63}, "E5"),
        ({(5, 5): Formula('REPT("a",64)', "a" * 64)}, "E5"),
        ({(4, 2): "Tên"}, "A4"),
        ({(5, 6): "đã duyệt"}, "F5"),
        ({(15, 2): "thêm.pdf"}, "B15"),
        ({(8, 2): "thêm.pdf"}, "A7"),
        ({(6, 2): "BÁO CÁO THÁNG 9.DOCX", (6, 3): "Word (.docx)"}, "B6"),
        ({(5, column): None for column in range(1, 6)}, "A5"),
    ],
)
def test_a_list_that_was_tampered_with_is_told_with_its_cell(cells: dict[tuple[int, int], Patch], where: str) -> None:
    changed = {
        place: value if isinstance(value, Formula) else Constant(value)  # type: ignore[arg-type]  # plain values
        for place, value in cells.items()
    }

    data = patch_cells(attached(), {SHEET: changed})

    assert ("BS854", where) in faults(data)
    assert {code for code, _ in faults(data)} == {"BS854"}


def test_a_sheet_of_a_hundred_thousand_faults_is_told_in_a_few() -> None:
    cells = {(row, column): Formula("1+1", 2) for row in range(5, 20_005) for column in range(1, 6)}

    found = read_list(open_workbook(patch_cells(attached(), {SHEET: cells})))

    assert found.attachments == ()
    assert {finding.code for finding in found.findings} == {"BS854"}
    assert len(found.findings) <= 20


@pytest.mark.parametrize(
    ("part", "shown", "hidden"),
    [
        ("/xl/worksheets/attachments.xml", '<row r="6"', '<row r="6" hidden="1"'),
        ("/xl/worksheets/attachments.xml", '<col min="2"', '<col hidden="1" min="2"'),
        ("/xl/workbook.xml", f'name="{SHEET}"', f'name="{SHEET}" state="hidden"'),
    ],
)
def test_what_the_signer_cannot_see_is_no_list(part: str, shown: str, hidden: str) -> None:
    package = open_workbook(attached()).package
    data = package.with_parts({part: package.part(part).replace(shown.encode(), hidden.encode(), 1)})

    assert faults(data) == [("BS854", "")]
    assert faults(with_attachments(data, FILES)) == []


CONDITIONS = (
    '<conditionalFormatting sqref="A5:E14"><cfRule type="expression" priority="1">'
    "<formula>TRUE</formula></cfRule></conditionalFormatting>"
)
SOME_FORMAT = '<numFmt numFmtId="190" formatCode=";;;&quot;khac.pdf&quot;"/>'
BY_NAME = '<font ><sz val="11"/><color theme="1"/><name val="Times New Roman"/></font>'
OF_PALETTE = BY_NAME.replace("theme", "indexed").replace('"1"', '"8"')
WHITE = '<font><sz val="11"/><color rgb="FFFFFFFF"/><name val="Times New Roman"/></font>'


def put_in_style(which: str, tag: str, item: str, **attributes: str) -> bytes:
    """The list with one more font or number format, which the style of the second name has."""
    package = open_workbook(attached()).package
    root = parse_xml(package.part("/xl/styles.xml"), "")
    space = {"m": root.nsmap[None]}
    holder = root.find(f"m:{which}", space)
    if holder is None:
        holder = etree.SubElement(root, f"{{{root.nsmap[None]}}}{which}")
        root.insert(0, holder)
    holder.append(etree.fromstring(item.replace(f"<{tag} ", f'<{tag} xmlns="{root.nsmap[None]}" ', 1)))
    style = root.find("m:cellXfs", space)[style_of((6, 2))]
    for name, value in attributes.items():
        style.set(name, value or str(len(holder) - 1))
    return package.with_parts({"/xl/styles.xml": write_xml(root)})


def in_runs() -> bytes:
    """The list with a name of which the first half is white."""
    package = open_workbook(attached()).package
    part = "/xl/worksheets/attachments.xml"
    root = parse_xml(package.part(part), "")
    text = next(item for item in root.iter(f"{{{root.nsmap[None]}}}t") if item.text == TABLES)
    half = len(TABLES) // 2
    runs = f"<r><rPr>{WHITE[6:-7]}</rPr><t>{TABLES[:half]}</t></r><r><t>{TABLES[half:]}</t></r>"
    whole = etree.fromstring(f'<is xmlns="{root.nsmap[None]}">{runs}</is>')
    text.getparent().getparent().replace(text.getparent(), whole)
    return package.with_parts({part: write_xml(root)})


def with_white_ink() -> bytes:
    """The list in the ink of the theme, which is as white as its paper."""
    package = open_workbook(put_in_style("fonts", "font", BY_NAME, fontId="")).package
    theme = package.part("/xl/theme/theme1.xml").replace(b'val="windowText"', b'val="window"')
    return package.with_parts({"/xl/theme/theme1.xml": theme})


def with_white_palette() -> bytes:
    """The list in the first colour of the workbook's own palette, all of which are white."""
    package = open_workbook(put_in_style("fonts", "font", OF_PALETTE, fontId="")).package
    own = b"<indexedColors>" + b'<rgbColor rgb="00FFFFFF"/>' * 64
    styles = package.part("/xl/styles.xml").replace(b"<indexedColors>", own)
    return package.with_parts({"/xl/styles.xml": styles})


def style_of(place: tuple[int, int]) -> int:
    return open_workbook(attached()).read_sheet(SHEET).cell(*place).style


@pytest.mark.parametrize(
    "data",
    [
        lambda: put_in_style("numFmts", "numFmt", SOME_FORMAT, numFmtId="190"),
        lambda: put_in_style("fonts", "font", WHITE.replace("<font>", "<font >"), fontId=""),
        with_white_ink,
        with_white_palette,
        in_runs,
    ],
    ids=["a format that shows another name", "white on white", "a white theme", "a white palette", "half in white"],
)
def test_a_name_that_shows_as_another_or_not_at_all_is_no_list(data: Callable[[], bytes]) -> None:
    assert ("BS854", "B6") in faults(data())


@pytest.mark.parametrize("font", [BY_NAME, OF_PALETTE], ids=["of the theme", "of the palette"])
def test_black_by_another_name_is_black(font: str) -> None:
    assert faults(put_in_style("fonts", "font", font, fontId="")) == []


def test_a_format_that_depends_on_what_nobody_sees_is_refused() -> None:
    package = open_workbook(attached()).package
    part = "/xl/worksheets/attachments.xml"
    changes = {part: package.part(part).replace(b"<pageMargins", CONDITIONS.encode() + b"<pageMargins", 1)}

    assert faults(package.with_parts(changes)) == [("BS854", "")]


@pytest.mark.parametrize("kind", ["drawing", "vmlDrawing", "comments", "image"])
def test_a_picture_that_may_cover_the_list_is_refused(kind: str) -> None:
    package = open_workbook(attached()).package
    drawing = '<xdr:wsDr xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"/>'
    rels = add_relationships(None, [(f"{OFFICE}/{kind}", "/xl/drawings/over.xml")])[0]
    declared = package.part("/[Content_Types].xml").replace(
        b"</Types>", f'<Override PartName="/xl/drawings/over.xml" ContentType="{DRAWING_TYPE}"/></Types>'.encode()
    )

    data = package.with_parts(
        {
            "/xl/drawings/over.xml": drawing.encode(),
            "/xl/worksheets/_rels/attachments.xml.rels": rels,
            "/[Content_Types].xml": declared,
        }
    )

    assert faults(data) == [("BS854", "")]


def test_two_sheets_that_pass_for_the_list_are_refused() -> None:
    renamed = rename_sheet(attached(), SHEET, "Danh sách khác")
    package = open_workbook(renamed).package
    book = package.part("/xl/workbook.xml")
    passing = f'name="{definition.EXPLANATIONS_SHEET}"'.encode()
    data = package.with_parts({"/xl/workbook.xml": book.replace(passing, f'name="{SHEET}"'.encode())})

    assert faults(data) == [("BS854", "")]
    with pytest.raises(FormError, match="BS854"):
        with_attachments(data, FILES)


def related(kind: str, target: str) -> dict[str, bytes]:
    """Settings of a Word file that lead outside."""
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    types = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    inside = f'<Relationship Id="r1" Type="{types}/{kind}" Target="{target}" TargetMode="External"/>'
    return {"word/_rels/settings.xml.rels": f'<Relationships xmlns="{space}">{inside}</Relationships>'.encode()}


# -- what may be attached ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.pdf", b"", "rỗng"),
        ("a.pdf", b"%PDF-" + bytes(LARGEST), "byte, tối đa"),
        ("a.doc", a_docx(), "không phải tệp .docx hoặc .pdf"),
        ("a.docm", a_docx(), "không phải tệp .docx hoặc .pdf"),
        ("a.pdf.exe", a_pdf(), "không phải tệp .docx hoặc .pdf"),
        ("../a.pdf", a_pdf(), "ký tự"),
        ("C:\\a.pdf", a_pdf(), "ký tự"),
        ("a\nb.pdf", a_pdf(), "ký tự"),
        ("a\u202efdp.docx", a_docx(), "ký tự"),
        ("a\x00.pdf", a_pdf(), "ký tự"),
        (" a.pdf", a_pdf(), "ký tự"),
        ("a\N{HANGUL FILLER}.pdf", a_pdf(), "ký tự"),
        ("a\N{VARIATION SELECTOR-16}.pdf", a_pdf(), "ký tự"),
        ("a\N{BRAILLE PATTERN BLANK}.pdf", a_pdf(), "ký tự"),
        ("a\N{COMBINING GRAPHEME JOINER}.pdf", a_pdf(), "ký tự"),
        ("CON.pdf", a_pdf(), "Windows"),
        ("aux.báo cáo.docx", a_docx(), "Windows"),
        ("Lpt1 .pdf", a_pdf(), "Windows"),
        ("com\N{SUPERSCRIPT ONE}.pdf", a_pdf(), "Windows"),
        (".pdf", a_pdf(), "trống"),
        ("", a_pdf(), "không phải tệp"),
        ("a" * 117 + ".pdf", a_pdf(), "121 ký tự"),
        ("a.pdf", a_docx(), "không phải tệp PDF"),
        ("a.docx", a_pdf(), "không phải tệp Word"),
        ("a.docx", b"\xd0\xcf\x11\xe0" + bytes(600), "không phải tệp Word"),
        ("a.docx", a_docx(leave="word/document.xml"), "không phải tệp Word"),
        ("a.docx", a_docx(leave="[Content_Types].xml"), "không phải tệp Word"),
        ("a.docx", a_docx(more={"word/vbaProject.bin": b"x"}), "macro"),
        ("a.docx", a_docx(more={"other/VBAPROJECT.bin": b"x"}), "macro"),
        ("a.docx", a_docx(kind="application/vnd.ms-word.document.macroEnabled.main+xml"), "macro"),
        ("a.docx", a_docx(kind="application/vnd.ms-word.document.m&#97;croEnabled.main+xml"), "macro"),
        ("a.docx", a_docx(more={"WORD/document.xml": b"<x/>"}), "cấu trúc lạ"),
        ("a.docx", a_docx(more={"[Content_Types].xml": b"<!DOCTYPE x><x/>"}), "cấu trúc lạ"),
        ("a.docx", a_docx(more=related("attachedTemplate", "https://noi-khac.example/mau.dotm")), "trên mạng"),
        ("a.docx", a_docx(more=related("attachedTemplate", r"file:///\\noi-khac\mau\mau.dotm")), "trên mạng"),
        ("a.docx", a_docx(more=related("attachedTemplate", "&#x68;ttps://noi-khac.example/mau.dotm")), "trên mạng"),
        ("a.docx", a_docx(more=related("oleObject", "mhtml:http://noi-khac.example/x.html!x")), "trên mạng"),
        ("a.docx", a_docx(more=related("frame", "//noi-khac.example/x.html")), "trên mạng"),
        ("a.docx", a_docx(more={"word/_rels/x.xml.rels": b" " * 2_000_000}), "cấu trúc lạ"),
        ("a.docx", a_docx()[:-40], "hỏng"),
        ("a.pdf", a_pdf()[:-12], "cắt cụt"),
        ("a.pdf", a_pdf(catalog="/OpenAction << /S /JavaScript /JS (app.alert(1)) >> "), "/JavaScript"),
        ("a.pdf", a_pdf(catalog="/OpenAction << /S /J#61vaScript /JS (app.alert(1)) >> "), "/JavaScript"),
        ("a.pdf", a_pdf(catalog="/OpenAction << /S /Rendition /JS 9 0 R >> "), "/Rendition"),
        ("a.pdf", a_pdf(catalog="/OpenAction << /JS 9 0 R >> "), "/JS"),
        ("a.pdf", a_pdf(catalog="/A (>>stream\n) /OpenAction << /S /Rend#69tion /JS 9 0 R >> "), "/Rendition"),
        ("a.pdf", a_pdf(catalog="/OpenAction << /S /Launch /F (cmd.exe) >> "), "/Launch"),
        ("a.pdf", a_pdf(catalog="/Names << /EmbeddedFiles 9 0 R >> "), "/EmbeddedFile"),
    ],
)
def test_what_may_not_be_attached_is_told_with_its_reason(name: str, data: bytes, reason: str) -> None:
    assert [reason in told for told in reasons((name, data))] == [True]


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("hyperlink", "https://example.org/"),
        ("image", "https://example.org/a.png"),
        ("attachedTemplate", r"file:///C:\Users\can-bo\Templates\mau.dotx"),
        ("attachedTemplate", "Normal.dotm"),
        ("oleObject", "file:///D:/so-lieu/bang.xlsx"),
    ],
)
def test_links_and_templates_of_the_own_machine_do_no_harm(kind: str, target: str) -> None:
    assert listed_files([("a.docx", a_docx(more=related(kind, target)))])


def test_two_letters_in_a_picture_are_no_program() -> None:
    picture = b"\x01/JS\x02/JS("

    assert listed_files([("a.pdf", a_pdf(stream=picture))])


def test_names_that_differ_in_case_alone_are_one_name() -> None:
    assert ["cùng tên" in told for told in reasons(("Báo cáo.pdf", a_pdf()), ("BÁO CÁO.PDF", a_pdf("2")))] == [True]


def test_more_than_ten_files_are_too_many() -> None:
    files = [(f"{number}.pdf", a_pdf(str(number))) for number in range(MOST_FILES + 1)]

    assert ["có 11 tệp" in told for told in reasons(*files)] == [True]
    assert len(listed_files(files[:-1])) == MOST_FILES


def test_everything_wrong_is_told_at_once() -> None:
    assert len(reasons(("a.doc", b"x"), ("b.pdf", b""), ("c.pdf", a_docx()))) == 3


@pytest.mark.parametrize(("name", "good"), [("a.docx", a_docx()), ("a.pdf", a_pdf())])
def test_damaged_files_are_refused_or_taken_but_never_break_anything(name: str, good: bytes) -> None:
    dice, told = random.Random(9), set()  # noqa: S311 - a test that repeats itself

    for _ in range(400):
        damaged = bytearray(good)
        for _ in range(dice.randint(1, 6)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        try:
            listed_files([(name, bytes(damaged))])
        except FormError as error:
            told |= {finding.code for finding in error.findings}

    assert told == {"BS853"}


def test_a_pdf_that_libreoffice_writes_may_be_attached(tmp_path: Path) -> None:
    (tmp_path / "form.xlsx").write_bytes(issued())
    (tmp_path / "saved").mkdir()

    made = saved([tmp_path / "form.xlsx"], tmp_path / "saved", "pdf")[0]

    assert [one.name for one in listed_files([(made.name, made.read_bytes())])] == ["form.pdf"]
