"""What may not come in, and what a package tells of itself."""

from __future__ import annotations

import pytest

from tests.workbooks.building import PLAIN_PARTS, a_workbook, parts_with, workbook_with_sheet, zipped
from workbooks.errors import WorkbookError
from workbooks.package import CONTENT_TYPES_PART, open_package, relationships_part
from workbooks.registration import add_default, add_override, add_relationship, remove_relationships
from workbooks.workbook import open_workbook

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MICROSOFT = "http://schemas.microsoft.com/office/2006/relationships"


def refusal(parts: dict[str, str | bytes]) -> str:
    with pytest.raises(WorkbookError) as caught:
        open_workbook(zipped(parts))
    return caught.value.finding.code


def with_relationship(kind: str, target: str, *, external: bool = False, source: str = "xl/workbook.xml") -> str:
    """The relationship part of a source with one more relationship."""
    part = relationships_part(f"/{source}")[1:] if source else "_rels/.rels"
    mode = ' TargetMode="External"' if external else ""
    more = f'<Relationship Id="rX" Type="{kind}" Target="{target}"{mode}/></Relationships>'
    return PLAIN_PARTS[part].replace("</Relationships>", more)


def with_part(name: str, content_type: str, kind: str, content: str | bytes = "<a/>") -> dict[str, str | bytes]:
    """The plain workbook with one more part, declared and related to the workbook."""
    override = f'<Override PartName="/{name}" ContentType="{content_type}"/></Types>'
    return parts_with(
        {
            "[Content_Types].xml": PLAIN_PARTS["[Content_Types].xml"].replace("</Types>", override),
            "xl/_rels/workbook.xml.rels": with_relationship(kind, f"/{name}"),
            name: content,
        }
    )


def test_the_plain_workbook_opens() -> None:
    package = open_package(zipped(PLAIN_PARTS))

    assert package.content_type("/xl/worksheets/sheet1.xml").endswith("worksheet+xml")
    assert [item.target for item in package.relationships("/xl/workbook.xml")] == ["/xl/worksheets/sheet1.xml"]
    assert package.relationships("/")[0].kind == "officeDocument"
    assert CONTENT_TYPES_PART not in package.parts
    assert set(package.parts) == {f"/{name}" for name in PLAIN_PARTS} - {CONTENT_TYPES_PART}


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        (with_part("xl/vbaProject.bin", "application/vnd.ms-office.vbaProject", f"{MICROSOFT}/vbaProject"), "BS130"),
        (with_part("xl/x.bin", "application/octet-stream", f"{MICROSOFT}/vbaProject"), "BS130"),
        (
            with_part("xl/macrosheets/s.xml", "application/vnd.ms-excel.macrosheet+xml", f"{MICROSOFT}/xlMacrosheet"),
            "BS130",
        ),
        (with_part("xl/vba/vbaProject.bin", "application/octet-stream", "x:y"), "BS130"),
        (
            with_part(
                "xl/externalLinks/externalLink1.xml",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.externalLink+xml",
                f"{OFFICE}/externalLink",
            ),
            "BS131",
        ),
        (with_part("xl/link.xml", "application/xml", f"{OFFICE}/externalLink"), "BS131"),
        (with_part("xl/embeddings/a.bin", "application/octet-stream", f"{OFFICE}/oleObject"), "BS132"),
        (with_part("xl/a.xlsx", "application/zip", f"{OFFICE}/package"), "BS132"),
        (with_part("xl/media/a.png", "image/png", f"{OFFICE}/image", zipped(PLAIN_PARTS)), "BS132"),
        (with_part("xl/x.bin", "application/octet-stream", f"{MICROSOFT}/vbaProject "), "BS130"),
        (with_part("xl/media/a.png", "image/png", f"{OFFICE}/image", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xx"), "BS132"),
        (
            with_part(
                "xl/volatileDependencies.xml",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.volatileDependencies+xml",
                f"{OFFICE}/volatileDependencies",
            ),
            "BS133",
        ),
        (
            with_part(
                "xl/connections.xml",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.connections+xml",
                f"{OFFICE}/connections",
            ),
            "BS134",
        ),
        (with_part("xl/queryTables/q.xml", "application/xml", f"{OFFICE}/queryTable"), "BS134"),
        (with_part("xl/python.xml", "application/vnd.ms-excel.python+xml", "x:y"), "BS130"),
        (
            with_part(
                "xl/p.xml", "application/xml", "http://schemas.microsoft.com/office/2023/09/relationships/Python"
            ),
            "BS130",
        ),
        (with_part("xl/w.xml", "application/vnd.ms-excel.rdrichvaluewebimage+xml", "x:y"), "BS137"),
        (
            with_part(
                "xl/w.xml",
                "application/xml",
                "http://schemas.microsoft.com/office/2020/07/relationships/rdRichValueWebImage",
            ),
            "BS137",
        ),
        (with_part("userCustomization/customUI.xml", "application/xml", f"{MICROSOFT}/ui/userCustomization"), "BS135"),
        (with_part("customUI/customUI.xml", "application/xml", f"{MICROSOFT}/ui/extensibility"), "BS135"),
        (with_part("xl/activeX/activeX1.xml", "application/vnd.ms-office.activeX+xml", f"{OFFICE}/control"), "BS136"),
        (
            with_part("xl/ctrlProps/c.xml", "application/vnd.ms-excel.controlproperties+xml", f"{OFFICE}/ctrlProp"),
            "BS136",
        ),
    ],
)
def test_active_content_is_refused(parts: dict[str, str | bytes], code: str) -> None:
    assert refusal(parts) == code


def test_a_macro_enabled_main_part_is_refused() -> None:
    types = PLAIN_PARTS["[Content_Types].xml"].replace(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    )

    assert refusal(parts_with({"[Content_Types].xml": types})) == "BS130"


@pytest.mark.parametrize("kind", ["image", "attachedTemplate", "externalLinkPath", "frame"])
def test_content_from_outside_the_file_is_refused(kind: str) -> None:
    rels = with_relationship(f"{OFFICE}/{kind}", "http://example.invalid/a.png", external=True)

    assert refusal(parts_with({"xl/_rels/workbook.xml.rels": rels})) in {"BS131", "BS137"}


def test_an_ordinary_hyperlink_may_point_outside() -> None:
    rels = with_relationship(f"{OFFICE}/hyperlink", "https://example.invalid/", external=True)

    package = open_package(zipped(parts_with({"xl/_rels/workbook.xml.rels": rels})))

    assert [item.target for item in package.relationships("/xl/workbook.xml") if item.external] == [
        "https://example.invalid/"
    ]


@pytest.mark.parametrize("target", ["missing.xml", "../../../etc/passwd", "..\\workbook.xml", "file:///etc/passwd", ""])
def test_relationships_that_lead_nowhere_are_refused(target: str) -> None:
    rels = with_relationship(f"{OFFICE}/theme", target)

    assert refusal(parts_with({"xl/_rels/workbook.xml.rels": rels})) == "BS124"


def test_relationships_of_a_part_that_is_not_there_are_refused() -> None:
    assert refusal(parts_with({"xl/_rels/ghost.xml.rels": PLAIN_PARTS["_rels/.rels"]})) == "BS124"


@pytest.mark.parametrize(
    "name",
    [
        "xl/_rels/.rels",
        "xl/_RELS/workbook.xml.rels",
        "xl/worksheets/_rels/sheet1.xml.RELS",
        "xl/worksheets/_rels/SHEET1.xml.rels",
        "xl/_rels/_rels/workbook.xml.rels.rels",
        "_rels/[Content_Types].xml.rels",
    ],
)
def test_relationships_in_another_place_or_spelling_are_refused(name: str) -> None:
    """One program reads them, another does not; ours did, and nobody asked whether they were signed."""
    code = "BS106" if "[" in name else "BS124"
    parts = {key: value for key, value in PLAIN_PARTS.items() if key.lower() != name.lower()}

    assert refusal({**parts, name: PLAIN_PARTS["_rels/.rels"].replace("xl/w", "/xl/w")}) == code


@pytest.mark.parametrize(
    "target", ["wor\N{KELVIN SIGN}book.xml", "%77orkbook.xml", "workbook.xml\N{COMBINING ACUTE ACCENT}"]
)
def test_a_target_spelled_otherwise_is_not_found(target: str) -> None:
    assert refusal(parts_with({"xl/_rels/workbook.xml.rels": with_relationship(f"{OFFICE}/theme", target)})) == "BS124"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/xl/workbook.xml", "/xl/wor\N{KELVIN SIGN}book.xml"),
        ('Extension="bin" ContentType="application/octet-stream"', 'Extension="bin" ContentType=" "'),
        ('Extension="bin"', 'Extension=""'),
    ],
)
def test_declared_types_that_programs_read_differently_are_refused(old: str, new: str) -> None:
    types = PLAIN_PARTS["[Content_Types].xml"]
    assert old in types

    assert refusal(parts_with({"[Content_Types].xml": types.replace(old, new, 1)})) == "BS120"


def test_a_folder_with_a_point_gives_no_extension() -> None:
    types = PLAIN_PARTS["[Content_Types].xml"].replace('Extension="bin"', 'Extension="d/strange"')

    assert refusal(parts_with({"[Content_Types].xml": types, "xl.d/strange": "x"})) == "BS121"


def test_hosts_of_relationships_and_declarations_are_refused() -> None:
    many = "".join(f'<Relationship Id="r{i}" Type="{OFFICE}/hyperlink" Target="#"/>' for i in range(70_001))
    rels = PLAIN_PARTS["xl/_rels/workbook.xml.rels"].replace("</Relationships>", f"{many}</Relationships>")
    types = PLAIN_PARTS["[Content_Types].xml"].replace(
        "</Types>", "".join(f'<Override PartName="/x{i}" ContentType="a/b"/>' for i in range(10_000)) + "</Types>"
    )

    assert refusal(parts_with({"xl/_rels/workbook.xml.rels": rels})) == "BS127"
    assert refusal(parts_with({"[Content_Types].xml": types})) == "BS127"


def test_two_relationships_of_one_name_are_refused() -> None:
    rels = with_relationship(f"{OFFICE}/theme", "workbook.xml").replace('"rX"', '"rId1"')

    assert refusal(parts_with({"xl/_rels/workbook.xml.rels": rels})) == "BS124"


def test_a_part_without_a_content_type_is_refused() -> None:
    assert refusal(parts_with({"xl/strange.dat": "x"})) == "BS121"


def test_an_archive_that_is_no_package_is_refused() -> None:
    assert refusal({"readme.txt": "hello"}) == "BS120"
    types = PLAIN_PARTS["[Content_Types].xml"]
    assert (
        refusal(
            parts_with(
                {
                    "[Content_Types].xml": types.replace(
                        "<Default", '<Default Extension="xml" ContentType="a/b"/><Default', 1
                    )
                }
            )
        )
        == "BS120"
    )


def test_a_document_that_is_no_workbook_is_refused() -> None:
    types = PLAIN_PARTS["[Content_Types].xml"].replace("spreadsheetml.sheet.main", "wordprocessingml.document.main")

    assert refusal(parts_with({"[Content_Types].xml": types})) == "BS140"


@pytest.mark.parametrize("part", ["[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"])
def test_document_types_are_refused_and_entities_never_read(part: str) -> None:
    doctype = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'

    assert refusal(parts_with({part: doctype + PLAIN_PARTS[part]})) == "BS122"


def test_a_billion_laughs_are_refused() -> None:
    lines = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
    sheet = f'<!DOCTYPE x [<!ENTITY a0 "ha">{lines}]>' + PLAIN_PARTS["xl/worksheets/sheet1.xml"].replace(
        "<sheetData/>", '<sheetData><row r="1"><c r="A1" t="str"><v>&a11;</v></c></row></sheetData>'
    )

    with pytest.raises(WorkbookError) as caught:
        open_workbook(workbook_with_sheet(sheet)).read_sheet("T1")

    assert caught.value.finding.code in {"BS122", "BS123"}


def test_broken_xml_is_refused() -> None:
    assert refusal(parts_with({"xl/workbook.xml": "<workbook"})) == "BS123"


def test_strict_workbooks_are_refused_with_a_way_out() -> None:
    strict = PLAIN_PARTS["xl/workbook.xml"].replace(
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main"
    )

    assert refusal(parts_with({"xl/workbook.xml": strict})) == "BS125"


def test_changed_parts_are_written_and_all_others_copied_raw() -> None:
    package = open_package(a_workbook())

    data = package.with_parts({"/docProps/app.xml": b"<Properties/>", "/xl/new.xml": b"<new/>"})

    changed = open_package(data)
    assert changed.part("/docProps/app.xml") == b"<Properties/>"
    assert changed.part("/XL/NEW.xml") == b"<new/>"
    for name in package.parts:
        if name != "/docProps/app.xml":
            assert changed.archive.entry(name[1:]) == package.archive.entry(name[1:])


def test_parts_are_entered_and_struck() -> None:
    package = open_package(zipped(PLAIN_PARTS))
    types = add_default(package.part(CONTENT_TYPES_PART), "png", "image/png")
    types = add_override(types, "/xl/a.xml", "application/x-a+xml")
    rels, identifier = add_relationship(package.part("/xl/_rels/workbook.xml.rels"), f"{OFFICE}/theme", "a.xml")

    data = package.with_parts(
        {CONTENT_TYPES_PART: types, "/xl/_rels/workbook.xml.rels": rels, "/xl/a.xml": b"<a/>", "/xl/p.png": b"png"}
    )

    changed = open_package(data)
    assert changed.content_type("/xl/a.xml") == "application/x-a+xml"
    assert changed.content_type("/xl/p.png") == "image/png"
    assert identifier == "rId2"
    struck = remove_relationships(rels, {identifier})
    data = changed.with_parts({"/xl/_rels/workbook.xml.rels": struck, "/xl/a.xml": None, "/xl/p.png": None})
    assert open_package(data).parts == package.parts


def test_a_missing_part_is_named() -> None:
    with pytest.raises(WorkbookError, match=r"BS124.*ghost"):
        open_package(zipped(PLAIN_PARTS)).part("/xl/ghost.xml")
