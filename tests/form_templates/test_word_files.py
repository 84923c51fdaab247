"""Word files that bring objects, controls or commands are refused; what is in ordinary reports is not."""

from __future__ import annotations

import io
from collections.abc import Mapping

import openpyxl
import pytest

from form_templates.word_files import DOCX, word_fault
from tests.narratives import a_docx

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
OBJECT, CONTROL, WHOLE, COMMAND = "đối tượng nhúng (OLE)", "ActiveX", "altChunk", "DDE"


def related(part: str, kind: str, target: str) -> dict[str, bytes]:
    """A relationship of a part to what lies inside the file."""
    folder, _, name = part.rpartition("/")
    inside = f'<Relationship Id="r1" Type="{kind}" Target="{target}"/>'
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return {f"{folder}/_rels/{name}.rels": f'<Relationships xmlns="{space}">{inside}</Relationships>'.encode()}


def typed(*overrides: tuple[str, str]) -> dict[str, bytes]:
    """The list of content types with these more."""
    items = (("word/document.xml", f"{DOCX}.main+xml"), *overrides)
    inside = "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in items)
    space = "http://schemas.openxmlformats.org/package/2006/content-types"
    return {"[Content_Types].xml": f'<Types xmlns="{space}">{inside}</Types>'.encode()}


def a_part(inside: str, root: str = "document", space: str = WORD) -> str:
    return f'<w:{root} xmlns:w="{space}"><w:body><w:p>{inside}</w:p></w:body></w:{root}>'


def with_text(inside: str, **options: str) -> bytes:
    return a_docx(more={"word/document.xml": a_part(inside, **options).encode()})


def mark(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def says(*pieces: str, name: str = "instrText") -> str:
    return "".join(f"<w:r><w:{name}>{piece}</w:{name}></w:r>" for piece in pieces)


def a_field(*pieces: str, result: str = "1") -> str:
    return mark("begin") + says(*pieces) + mark("separate") + f"<w:r><w:t>{result}</w:t></w:r>" + mark("end")


def a_workbook() -> bytes:
    stream = io.BytesIO()
    openpyxl.Workbook().save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"word/embeddings/oleObject1.bin": b"x"}, OBJECT),
        ({"word/embeddings/hinh.dat": OLE}, OBJECT),
        ({"word/media/image1.png": OLE}, OBJECT),
        (related("word/document.xml", f"{OFFICE}/oleObject", "embeddings/a.xlsx"), OBJECT),
        (related("word/header1.xml", "http://purl.oclc.org/ooxml/officeDocument/relationships/oleObject", "a"), OBJECT),
        (
            typed(("word/a.dat", "application/vnd.openxmlformats-officedocument.oleObject")) | {"word/a.dat": b"x"},
            OBJECT,
        ),
        (related("word/document.xml", f"{OFFICE}/control", "activeX/activeX1.xml"), CONTROL),
        ({"word/activeX/activeX1.xml": b"<x/>"}, CONTROL),
        (typed(("word/a.xml", "application/vnd.ms-office.activeX+xml")) | {"word/a.xml": b"<x/>"}, CONTROL),
        (related("word/document.xml", f"{OFFICE}/aFChunk", "a.rtf"), WHOLE),
    ],
)
def test_a_word_file_with_a_stranger_inside_is_refused(more: Mapping[str, bytes], reason: str) -> None:
    assert reason in word_fault(a_docx(more=more))


@pytest.mark.parametrize(
    "inside",
    [
        a_field(r"DDEAUTO c:\\windows\\system32\\cmd.exe /k calc"),
        a_field(" dde excel a b "),
        a_field("D", "DE", "AUTO excel"),
        mark("begin") + says("DDEAUTO a b"),
        mark("begin") + says("DDEAUTO a b") + mark("end"),
        a_field("DD<!-- x -->EAUTO excel"),
        a_field(" IF 1 = 1 ") + a_field("DDE a b"),
        mark("begin") + says("IF ") + a_field("DDE a b") + says(" = 1") + mark("end"),
        mark("begin") + a_field("QUOTE 68 68 69") + says(" a b") + mark("end"),
        mark("begin") + says("DD") + a_field("QUOTE 69") + says(" a b") + mark("end"),
        f"{mark('begin')}{says('DDE a b', name='delInstrText')}{mark('end')}",
        '<w:fldSimple w:instr=" DDEAUTO excel a b "/>',
        '<w:fldSimple w:instr="&#68;DE a"><w:r><w:t>1</w:t></w:r></w:fldSimple>',
    ],
)
def test_a_field_that_starts_another_program_is_refused_however_it_is_written(inside: str) -> None:
    assert COMMAND in word_fault(with_text(inside))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_a_command_in_utf_16_is_found(encoding: str) -> None:
    text = '<?xml version="1.0" encoding="UTF-16"?>' + a_part(a_field("DDEAUTO a b"))

    assert COMMAND in word_fault(a_docx(more={"word/document.xml": text.encode(encoding)}))


def test_a_command_in_the_strict_namespace_is_found() -> None:
    assert COMMAND in word_fault(with_text(a_field("DDE a"), space="http://purl.oclc.org/ooxml/wordprocessingml/main"))


@pytest.mark.parametrize("name", ["header1.xml", "footnotes.xml", "glossary/document.xml", "la.dat"])
def test_a_command_is_found_in_every_part_with_text(name: str) -> None:
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"
    more = typed((f"word/{name}", kind)) | {f"word/{name}": a_part(a_field("DDE a b"), "hdr").encode()}

    assert COMMAND in word_fault(a_docx(more=more))


def test_text_that_is_too_long_to_look_through_is_refused() -> None:
    assert "cấu trúc lạ" in word_fault(with_text("<w:r><w:t>" + " " * 33 * 1024 * 1024 + "</w:t></w:r>"))


@pytest.mark.parametrize("data", [b"<w:instrText", b"\x4c\xa6\x7a"], ids=["cut", "EBCDIC"])
def test_text_that_cannot_be_read_is_refused(data: bytes) -> None:
    assert word_fault(a_docx(more={"word/document.xml": data}))


@pytest.mark.parametrize(
    "inside",
    [
        mark("begin") + says("TOC") + mark("separate") + a_field("PAGEREF _Toc1 \\h") + mark("end"),
        mark("begin") + says(" =") + a_field("PAGE") + says(" - 1 ") + mark("end"),
        mark("begin") + says(" IF ") + a_field("PAGE") + says(' = 1 "DDE" "" ') + mark("end"),
        a_field('HYPERLINK "https://example.org/DDE"'),
        '<w:fldSimple w:instr=" PAGE \\* MERGEFORMAT "/>',
        "<w:r><w:t>DDEAUTO là một lệnh nguy hiểm</w:t></w:r>",
        mark("separate") + mark("end") + a_field("PAGE"),
    ],
    ids=["contents", "sum", "choice", "link", "page", "words", "odd marks"],
)
def test_what_is_in_ordinary_reports_is_welcome(inside: str) -> None:
    chart = related("word/charts/chart1.xml", f"{OFFICE}/package", "../embeddings/Microsoft_Excel_Sheet1.xlsx")
    more = {
        "word/document.xml": a_part(inside).encode(),
        "word/charts/chart1.xml": b"<c:chart xmlns:c='urn:c'/>",
        "word/embeddings/Microsoft_Excel_Sheet1.xlsx": a_workbook(),
        "word/media/image1.png": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "word/media/": b"",
    }

    assert word_fault(a_docx(more=chart | more)) == ""
