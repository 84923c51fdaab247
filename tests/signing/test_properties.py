"""The document properties of a signed workbook: carried over, signed, and never outside the signature (V33)."""

from __future__ import annotations

import io
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from lxml import etree
from openpyxl.packaging.custom import StringProperty

from signing.errors import NotSignableError
from signing.sign import sign_package
from signing.trust import Trust
from signing.verdict import Outcome, Verdict
from signing.verify import verify_package
from tests.signing.authorities import NOW, Authorities, Holder
from tests.signing.tampering import CONTENT_TYPES, SIGNATURE, changed, parts_of, replaced, resigned, with_declared

CORE = "docProps/core.xml"
CORE_TYPE = "application/vnd.openxmlformats-package.core-properties+xml"
CORE_RELATION = (
    '<Relationship Id="rId90" Target="docProps/core.xml" Type='
    '"http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"/></Relationships>'
)
CORE_XML = (
    b'<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Ti\xc3\xaau \xc4\x91\xe1\xbb\x81</dc:title>'
    b"</cp:coreProperties>"
)


def judged(data: bytes, trust: Trust) -> Verdict:
    return verify_package(data, trust, now=NOW)


def codes(verdict: Verdict) -> set[str]:
    return {finding.code for finding in verdict.findings}


def custom_properties(data: bytes) -> dict[str, object]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return {item.name: item.value for item in book.custom_doc_props.props}


def with_core_properties(data: bytes) -> bytes:
    """The file with core properties that no signature covers, in good order."""
    return replaced(with_declared(data, CORE, CORE_TYPE, CORE_XML), "_rels/.rels", "</Relationships>", CORE_RELATION)


def as_signed_elsewhere(data: bytes, holder: Holder) -> bytes:
    """The file as Excel would sign it on a machine with a screen, its properties outside the signature."""
    root = etree.fromstring(parts_of(data)[SIGNATURE])
    (width,) = root.xpath("//*[local-name()='HorizontalResolution']")
    width.text = "1920"
    return with_core_properties(changed(data, {SIGNATURE: resigned(etree.tostring(root), holder)}))


def described(*, custom: bool = False) -> bytes:
    book = openpyxl.Workbook()
    book.properties.title = "Biểu số 01"
    book.properties.creator = "Cán bộ thống kê"
    book.properties.description = "Thông tư 00/2026 & phụ lục"
    book.properties.subject = "Trồng trọt"
    book.properties.keywords = "KTXH-01"
    book.properties.created = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - openpyxl wants it so
    if custom:
        book.custom_doc_props.append(StringProperty(name="Số công văn", value="15/UBND"))
        book.custom_doc_props.append(StringProperty(name="tiêu đề", value="Đã có"))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def saved_by_openpyxl(data: bytes) -> bytes:
    buffer = io.BytesIO()
    openpyxl.load_workbook(io.BytesIO(data)).save(buffer)
    return buffer.getvalue()


def saved_by_libreoffice(data: bytes, folder: Path) -> bytes:
    source = folder / "signed.xlsx"
    source.write_bytes(data)
    kind = "xlsx:Calc MS Excel 2007 XML"
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{folder}/profile", "--convert-to", kind]
    subprocess.run([*command, "--outdir", str(folder / "saved"), str(source)], check=True, capture_output=True)
    return (folder / "saved" / "signed.xlsx").read_bytes()


def test_a_signed_workbook_has_no_properties_outside_its_signature(signed: bytes, trust: Trust) -> None:
    verdict = judged(signed, trust)

    assert (verdict.outcome, verdict.uncovered) == (Outcome.VALID, ())
    assert {name for name in parts_of(signed) if name.startswith("docProps/")} == {"docProps/custom.xml"}
    assert b"core-properties" not in parts_of(signed)["_rels/.rels"] + parts_of(signed)[CONTENT_TYPES]


def test_what_people_would_miss_is_carried_into_the_signed_part(officer: Holder) -> None:
    assert custom_properties(sign_package(described(), officer, at=NOW)) == {
        "Tiêu đề": "Biểu số 01",
        "Người tạo": "Cán bộ thống kê",
        "Mô tả": "Thông tư 00/2026 & phụ lục",
        "Chủ đề": "Trồng trọt",
        "Từ khoá": "KTXH-01",
        "Ngày tạo": datetime(2026, 1, 2, 3, 4, 5),  # noqa: DTZ001 - openpyxl gives it so
        "Đã ký số": NOW.replace(tzinfo=None),
    }


def test_custom_properties_that_are_there_stay(officer: Holder, trust: Trust) -> None:
    result = sign_package(described(custom=True), officer, at=NOW)
    properties = custom_properties(result)

    assert properties["Số công văn"] == "15/UBND"
    assert properties["tiêu đề"] == "Đã có"
    assert "Tiêu đề" not in properties
    assert properties["Mô tả"] == "Thông tư 00/2026 & phụ lục"
    assert judged(result, trust).outcome is Outcome.VALID


@pytest.mark.parametrize("created", ["hôm qua", "0001-01-01T00:00:00+14:00", "2026-01"])
def test_a_date_that_is_none_is_carried_as_text(created: str, officer: Holder) -> None:
    data = replaced(described(), CORE, "2026-01-02T03:04:05Z", created)

    assert custom_properties(sign_package(data, officer, at=NOW))["Ngày tạo"] == created


def test_core_properties_that_cannot_be_read_do_not_hinder(officer: Holder, trust: Trust) -> None:
    data = changed(described(), {CORE: b"<broken"})

    assert judged(sign_package(data, officer, at=NOW), trust).outcome is Outcome.VALID


def test_a_picture_of_the_first_page_goes_too(workbook: bytes, officer: Holder, trust: Trust) -> None:
    relation = (
        '<Relationship Id="rId91" Target="docProps/thumbnail.png" Type='
        '"http://schemas.openxmlformats.org/package/2006/relationships/metadata/thumbnail"/></Relationships>'
    )
    pictured = with_declared(workbook, "docProps/thumbnail.png", "image/png", b"\x89PNG")

    result = sign_package(replaced(pictured, "_rels/.rels", "</Relationships>", relation), officer, at=NOW)

    assert "docProps/thumbnail.png" not in parts_of(result)
    assert judged(result, trust).outcome is Outcome.VALID


def test_what_is_no_custom_properties_is_not_written_over(workbook: bytes, officer: Holder) -> None:
    data = with_declared(workbook, "docProps/custom.xml", "application/xml", b"<a/>")

    with pytest.raises(NotSignableError) as caught:
        sign_package(data, officer, at=NOW)

    assert caught.value.finding.code == "BS247"


def test_properties_put_into_a_signed_workbook_are_refused(signed: bytes, trust: Trust) -> None:
    verdict = judged(with_core_properties(signed), trust)

    assert (verdict.outcome, codes(verdict)) == (Outcome.INVALID, {"BS212", "BS214"})
    assert not verdict.covered


def test_a_workbook_with_properties_put_into_it_is_not_co_signed(signed: bytes, officer: Holder) -> None:
    with pytest.raises(NotSignableError) as caught:
        sign_package(with_core_properties(signed), officer, at=NOW)

    assert caught.value.finding.code == "BS248"


def test_what_others_signed_may_have_properties_outside_and_the_verdict_says_so(
    signed: bytes, officer: Holder, trust: Trust
) -> None:
    verdict = judged(as_signed_elsewhere(signed, officer), trust)

    assert (verdict.outcome, verdict.uncovered) == (Outcome.VALID, ("/docProps/core.xml",))


def test_a_part_dressed_up_as_properties_is_not_excused(signed: bytes, officer: Holder, trust: Trust) -> None:
    data = replaced(as_signed_elsewhere(signed, officer), CONTENT_TYPES, CORE_TYPE, "application/xml")

    assert "BS212" in codes(judged(data, trust))


def test_a_later_signature_leaves_the_properties_of_what_others_signed_alone(
    signed: bytes, officer: Holder, authorities: Authorities, trust: Trust
) -> None:
    elsewhere = as_signed_elsewhere(signed, officer)
    both = sign_package(elsewhere, authorities.officer("Trần Thị Hai"), at=NOW)
    before, after = parts_of(elsewhere), parts_of(both)

    verdict = judged(both, trust)

    assert (verdict.outcome, verdict.uncovered) == (Outcome.VALID, ("/docProps/core.xml",))
    assert {name for name in before if before[name] != after[name]} == {
        CONTENT_TYPES,
        "_xmlsignatures/_rels/origin.sigs.rels",
    }


def test_a_workbook_saved_again_by_openpyxl_is_told_so(signed: bytes, trust: Trust) -> None:
    verdict = judged(saved_by_openpyxl(signed), trust)

    assert (verdict.outcome, verdict.signed, codes(verdict)) == (Outcome.INVALID, False, {"BS202"})
    assert "đã được lưu lại sau khi ký" in verdict.summary


def test_a_workbook_saved_again_by_libreoffice_is_told_so(signed: bytes, trust: Trust, tmp_path: Path) -> None:
    verdict = judged(saved_by_libreoffice(signed, tmp_path), trust)

    assert (verdict.outcome, verdict.signed, codes(verdict)) == (Outcome.INVALID, False, {"BS202"})


def test_a_workbook_saved_again_can_be_signed_again(officer: Holder, trust: Trust) -> None:
    """openpyxl makes up a creator and a date of creation where there are none; they do not win."""
    saved = saved_by_openpyxl(sign_package(described(), officer, at=datetime(2026, 9, 1, tzinfo=UTC)))

    again = sign_package(saved, officer, at=NOW)

    assert judged(again, trust).outcome is Outcome.VALID
    assert custom_properties(again) == custom_properties(sign_package(described(), officer, at=NOW))
