"""A changed byte, an added part, a moved relationship: whatever is not what was signed is refused (V07, V33)."""

from __future__ import annotations

import io
import random
import re
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.sign import sign_package
from signing.trust import Trust
from signing.verdict import Outcome, Verdict
from signing.verify import verify_package
from tests.signing.authorities import NOW, Authorities, Holder, rsa_key
from tests.signing.tampering import (
    CONTENT_TYPES,
    SHEET,
    SIGNATURE,
    changed,
    parts_of,
    rebuilt,
    replaced,
    with_declared,
)
from workbooks.patch import patch_cells

RELS = "xl/_rels/workbook.xml.rels"


def judged(data: bytes, trust: Trust) -> Verdict:
    return verify_package(data, trust, now=NOW)


def codes(verdict: Verdict) -> set[str]:
    return {finding.code for finding in verdict.findings}


def flipped(content: bytes, position: int, mask: int) -> bytes:
    return content[:position] + bytes([content[position] ^ mask]) + content[position + 1 :]


def test_zipping_again_harms_nothing(signed: bytes, trust: Trust) -> None:
    assert judged(rebuilt(parts_of(signed)), trust).outcome is Outcome.VALID


def test_parts_in_another_order_harm_nothing(signed: bytes, trust: Trust) -> None:
    assert judged(rebuilt(dict(reversed(parts_of(signed).items()))), trust).outcome is Outcome.VALID


def test_one_byte_changed_in_any_part_is_refused(signed: bytes, authorities: Authorities, trust: Trust) -> None:
    """Every part, none exempt. The masks are another sign, another case of a letter, and any other byte."""
    twice = sign_package(signed, authorities.officer("Trần Thị Hai", rsa_key()), at=NOW)
    parts = parts_of(twice)
    chance = random.Random(20260915)  # noqa: S311 - a test that repeats itself
    tried = dict.fromkeys(parts, 0)

    for name, content in parts.items():
        places = {0, len(content) // 2, len(content) - 1, *(chance.randrange(len(content) or 1) for _ in range(20))}
        for place in places if content else ():
            for mask in (0x01, 0x20, chance.randrange(1, 256)):
                verdict = judged(rebuilt({**parts, name: flipped(content, place, mask)}), trust)
                assert verdict.outcome is Outcome.INVALID, (name, place, mask, content[place - 10 : place + 10])
                assert verdict.findings, (name, place)
                tried[name] += 1

    # The signature origin is empty; a byte put into it is refused in a test of its own.
    assert {name for name, count in tried.items() if not count} == {"_xmlsignatures/origin.sigs"}


@pytest.mark.parametrize("name", ["_rels/.rels", "_xmlsignatures/_rels/origin.sigs.rels", CONTENT_TYPES])
def test_every_single_byte_that_no_digest_covers_counts(name: str, signed: bytes, trust: Trust) -> None:
    parts = parts_of(signed)
    content = parts[name]

    for place in range(len(content)):
        for mask in (0x01, 0x20):
            verdict = judged(rebuilt({**parts, name: flipped(content, place, mask)}), trust)
            assert verdict.outcome is Outcome.INVALID, (place, mask, content[place - 20 : place + 20])


@pytest.mark.parametrize("name", [CONTENT_TYPES, "_rels/.rels", RELS, SIGNATURE])
@pytest.mark.parametrize(("old", "new"), [(b'"UTF-8"', b'"utf-8"'), (b"?>\n", b"?>\r\n"), (b"/>", b" />")])
def test_another_wording_of_the_same_is_refused_too(
    name: str, old: bytes, new: bytes, signed: bytes, trust: Trust
) -> None:
    content = parts_of(signed)[name]
    assert old in content

    verdict = judged(changed(signed, {name: content.replace(old, new, 1)}), trust)

    assert codes(verdict) == ({"BS205"} if name == SIGNATURE else {"BS218"})
    assert "viết lại sau khi ký" in verdict.summary


@pytest.mark.parametrize("name", ["_rels/.rels", "_xmlsignatures/_rels/origin.sigs.rels"])
def test_another_identifier_of_what_leads_to_the_signatures_is_refused(name: str, signed: bytes, trust: Trust) -> None:
    identifier = re.findall(rb'Id="([^"]+)"[^>]*digital-signature', parts_of(signed)[name])[0].decode()

    assert codes(judged(replaced(signed, name, f'"{identifier}"', '"rId77"'), trust)) == {"BS218"}


def test_a_part_added_to_the_signature_origin_is_refused(signed: bytes, trust: Trust) -> None:
    assert codes(judged(changed(signed, {"_xmlsignatures/origin.sigs": b"x"}), trust)) == {"BS217"}


def test_random_damage_to_the_file_is_never_valid_unless_every_part_is_the_same(signed: bytes, trust: Trust) -> None:
    @settings(max_examples=150)
    @given(place=st.integers(0, len(signed) - 1), mask=st.integers(1, 255))
    def damaged_at(place: int, mask: int) -> None:
        damaged = signed[:place] + bytes([signed[place] ^ mask]) + signed[place + 1 :]
        if judged(damaged, trust).outcome is Outcome.VALID:
            assert parts_of(damaged) == parts_of(signed)

    damaged_at()


def test_a_cell_changed_after_signing_is_refused_and_named(signed: bytes, trust: Trust) -> None:
    verdict = judged(patch_cells(signed, {"Biểu 01": {(3, 2): 999}}), trust)

    assert verdict.outcome is Outcome.INVALID
    assert not verdict.intact
    assert ("BS210", f"/{SHEET}") in {(finding.code, finding.part) for finding in verdict.findings}


def test_an_added_part_is_refused(signed: bytes, trust: Trust) -> None:
    verdict = judged(with_declared(signed, "xl/extra.xml", "application/xml", b"<a/>"), trust)

    assert codes(verdict) == {"BS212"}
    assert verdict.intact
    assert not verdict.covered


def test_an_injected_comment_part_is_refused(signed: bytes, trust: Trust) -> None:
    """Other programs call this valid, and LibreOffice shows the comment."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
    comments = b'<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
    relation = (
        '<Relationship Id="rId9" Target="../comments9.xml" Type='
        '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments"/></Relationships>'
    )
    injected = with_declared(signed, "xl/comments9.xml", kind, comments)

    verdict = judged(replaced(injected, "xl/worksheets/_rels/sheet1.xml.rels", "</Relationships>", relation), trust)

    assert codes(verdict) == {"BS212", "BS214"}


def test_a_removed_part_is_refused(signed: bytes, trust: Trust) -> None:
    verdict = judged(changed(signed, {"xl/theme/theme1.xml": None}), trust)

    assert verdict.outcome is Outcome.INVALID


def test_a_renamed_part_is_refused(signed: bytes, trust: Trust) -> None:
    parts = parts_of(signed)
    renamed = {("xl/worksheets/sheet9.xml" if name == SHEET else name): content for name, content in parts.items()}
    renamed[CONTENT_TYPES] = parts[CONTENT_TYPES].replace(b"worksheets/sheet1.xml", b"worksheets/sheet9.xml")
    renamed[RELS] = parts[RELS].replace(b"worksheets/sheet1.xml", b"worksheets/sheet9.xml")
    renamed["xl/worksheets/_rels/sheet9.xml.rels"] = renamed.pop("xl/worksheets/_rels/sheet1.xml.rels")

    assert {"BS211", "BS212", "BS213"} <= codes(judged(rebuilt(renamed), trust))


def test_a_part_that_differs_only_in_case_is_refused(signed: bytes, trust: Trust) -> None:
    parts = parts_of(signed)
    renamed = {("xl/Workbook.xml" if name == "xl/workbook.xml" else name): value for name, value in parts.items()}

    assert judged(rebuilt(renamed), trust).outcome is Outcome.INVALID


def test_two_sheets_swapped_are_refused(signed: bytes, trust: Trust) -> None:
    parts = parts_of(signed)
    other = "xl/worksheets/sheet2.xml"

    verdict = judged(changed(signed, {SHEET: parts[other], other: parts[SHEET]}), trust)

    assert "BS210" in codes(verdict)


def test_two_sheets_swapped_by_their_relationships_are_refused(signed: bytes, trust: Trust) -> None:
    rels = parts_of(signed)[RELS].replace(b"sheet1.xml", b"@").replace(b"sheet2.xml", b"sheet1.xml")

    assert codes(judged(changed(signed, {RELS: rels.replace(b"@", b"sheet2.xml")}), trust)) == {"BS213"}


def test_a_changed_hyperlink_is_refused(signed: bytes, trust: Trust) -> None:
    moved = replaced(signed, "xl/worksheets/_rels/sheet1.xml.rels", "example.org", "example.net")

    assert codes(judged(moved, trust)) == {"BS213"}


def test_a_removed_relationship_is_refused(signed: bytes, trust: Trust) -> None:
    rels = parts_of(signed)[RELS]
    start = rels.index(b"<Relationship ")
    cut = rels[:start] + rels[rels.index(b"/>", start) + 2 :]

    assert "BS213" in codes(judged(changed(signed, {RELS: cut}), trust))


def test_an_added_relationship_is_refused_and_named(signed: bytes, trust: Trust) -> None:
    extra = (
        '<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/theme" '
        'Target="/xl/theme/theme1.xml"/></Relationships>'
    )

    verdict = judged(replaced(signed, RELS, "</Relationships>", extra), trust)

    assert codes(verdict) == {"BS214"}
    assert "rId99" in verdict.findings[0].message


def test_an_added_macro_is_refused(signed: bytes, trust: Trust) -> None:
    injected = with_declared(signed, "xl/vbaProject.bin", "application/vnd.ms-office.vbaProject", b"macro")

    assert judged(injected, trust).outcome is Outcome.INVALID


def test_a_relationship_to_the_properties_is_refused(signed: bytes, trust: Trust) -> None:
    extra = (
        '<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/'
        'core-properties" Target="xl/workbook.xml"/></Relationships>'
    )

    assert "BS214" in codes(judged(replaced(signed, "_rels/.rels", "</Relationships>", extra), trust))


def test_an_unknown_attribute_or_element_in_relationships_is_refused(signed: bytes, trust: Trust) -> None:
    with_attribute = replaced(signed, RELS, "<Relationship ", '<Relationship Hint="x" ')
    with_element = replaced(signed, RELS, "</Relationships>", "<Other/></Relationships>")
    with_comment = replaced(signed, RELS, "</Relationships>", "<!-- x --></Relationships>")

    assert "BS218" in codes(judged(with_attribute, trust))
    assert judged(with_element, trust).outcome is Outcome.INVALID
    assert "BS218" in codes(judged(with_comment, trust))


def test_a_changed_content_type_is_refused(signed: bytes, trust: Trust) -> None:
    verdict = (
        judged(replaced(signed, CONTENT_TYPES, "spreadsheetml.theme", "spreadsheetml.themes"), trust)
        if (b"spreadsheetml.theme" in parts_of(signed)[CONTENT_TYPES])
        else judged(replaced(signed, CONTENT_TYPES, "officedocument.theme+xml", "officedocument.themes+xml"), trust)
    )

    assert codes(verdict) == {"BS215"}


def test_a_workbook_declared_macro_enabled_is_refused(signed: bytes, trust: Trust) -> None:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"

    verdict = judged(
        replaced(signed, CONTENT_TYPES, kind, "application/vnd.ms-excel.sheet.macroEnabled.main+xml"), trust
    )

    assert verdict.outcome is Outcome.INVALID


def test_a_stranger_in_the_signature_folder_is_refused(signed: bytes, trust: Trust) -> None:
    hidden = with_declared(signed, "_xmlsignatures/hidden.xml", "application/xml", b"<a/>")

    assert codes(judged(hidden, trust)) == {"BS217"}


def test_the_same_name_twice_in_the_archive_is_refused(signed: bytes, trust: Trust) -> None:
    twice = [*parts_of(signed).items(), (SHEET, b"<worksheet/>")]
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = rebuilt(twice)

    assert codes(judged(data, trust)) == {"BS107"}


def test_bytes_before_or_after_the_archive_are_refused(signed: bytes, trust: Trust) -> None:
    assert judged(b"x" + signed, trust).outcome is Outcome.INVALID
    assert judged(signed + b"x", trust).outcome is Outcome.INVALID


def test_rubbish_gives_a_verdict_not_an_exception(trust: Trust) -> None:
    for data in (b"", b"PK", b"\x00" * 100, b"PK\x03\x04" + b"\xff" * 200):
        assert judged(data, trust).outcome is Outcome.INVALID


def test_an_unsigned_workbook_is_refused(workbook: bytes, trust: Trust) -> None:
    verdict = judged(workbook, trust)

    assert (verdict.outcome, verdict.signed, codes(verdict)) == (Outcome.INVALID, False, {"BS201"})


def test_a_signature_taken_from_another_workbook_is_refused(signed: bytes, officer: Holder, trust: Trust) -> None:
    buffer = io.BytesIO()
    openpyxl.Workbook().save(buffer)
    other = sign_package(buffer.getvalue(), officer, at=NOW)

    verdict = judged(changed(signed, {SIGNATURE: parts_of(other)[SIGNATURE]}), trust)

    assert not verdict.intact
    assert not verdict.covered


def test_archives_of_other_makers_verify_too(signed: bytes, trust: Trust) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts_of(signed).items():
            archive.writestr(name, content)

    assert judged(buffer.getvalue(), trust).outcome is Outcome.VALID
