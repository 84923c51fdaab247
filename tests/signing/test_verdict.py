from __future__ import annotations

import json
import unicodedata

from lxml import etree

from signing.exact import origin_relationships
from signing.findings import FINDING_KINDS
from signing.layout import MAX_SIGNATURES, ORIGIN_RELS, SIGNATURE_TYPE
from signing.sign import sign_package
from signing.trust import Trust
from signing.verdict import Outcome
from signing.verify import verify_package
from tests.signing.authorities import NOW, Authorities, Holder
from tests.signing.tampering import (
    CONTENT_TYPES,
    SIGNATURE,
    Change,
    first,
    parts_of,
    replaced,
    signed_elsewhere,
    with_resigned_tree,
    with_types,
)
from workbooks.patch import patch_cells


def test_a_verdict_can_be_written_as_json(signed: bytes, trust: Trust) -> None:
    answer = json.loads(json.dumps(verify_package(signed, trust, now=NOW).to_dict()))

    assert answer["outcome"] == "valid"
    assert answer["signatures"][0]["signer"] == "Nguyễn Văn Thử"
    assert answer["signatures"][0]["chain"]["root"] == "CA Gốc Thử"
    assert answer["signatures"][0]["revocation"]["status"] == "good"
    assert answer["signatures"][0]["signed_at"] == "2026-09-15T03:00:00+00:00"


def test_the_summary_names_signer_time_and_result(signed: bytes, trust: Trust) -> None:
    summary = verify_package(signed, trust, now=NOW).summary

    assert summary.startswith("Chữ ký số hợp lệ: Nguyễn Văn Thử (UBND xã Thử Nghiệm) ký lúc 10:00:00 15/09/2026")


def test_the_summary_of_a_changed_file_says_what_changed(signed: bytes, trust: Trust) -> None:
    summary = verify_package(patch_cells(signed, {"Biểu 01": {(3, 2): 1}}), trust, now=NOW).summary

    assert summary.startswith("Chữ ký số không hợp lệ: Nội dung đã bị thay đổi sau khi ký: /xl/worksheets/sheet1.xml.")


def test_one_bad_signature_of_two_makes_the_file_invalid(
    signed: bytes, authorities: Authorities, officer: Holder
) -> None:
    second = authorities.officer("Người bị thu hồi")
    both = sign_package(signed, second, at=NOW)

    verdict = verify_package(both, authorities.trust((second, NOW)), now=NOW)

    assert [signature.outcome for signature in verdict.signatures] == [Outcome.VALID, Outcome.INVALID]
    assert verdict.outcome is Outcome.INVALID


def test_a_signature_in_a_file_that_was_rewritten_around_it_is_not_called_valid(signed: bytes, trust: Trust) -> None:
    rewritten = replaced(signed, CONTENT_TYPES, "</Types>", '<Default Extension="bin" ContentType="a/b"/></Types>')

    (signature,) = verify_package(rewritten, trust, now=NOW).signatures

    assert signature.outcome is Outcome.INVALID
    assert signature.summary.startswith("Chữ ký số không hợp lệ: Nguyễn Văn Thử")


def referring(length: int, count: int) -> Change:
    """A change that refers to parts of long names, which are not there."""

    def change(root: etree._Element) -> None:
        manifest = first(root, "//d:Manifest")
        for number in range(count):
            more = etree.fromstring(etree.tostring(manifest[-1]))
            more.set("URI", f"/{'a' * length}{number}?ContentType=application/xml")
            manifest.append(more)

    return change


def test_a_verdict_stays_short_however_many_signatures_have_however_many_faults(
    signed: bytes, officer: Holder, trust: Trust
) -> None:
    parts = parts_of(with_resigned_tree(signed, referring(500, 400), officer))
    names = [f"_xmlsignatures/sig{number}.xml" for number in range(1, MAX_SIGNATURES + 1)]
    copies = {**parts, **dict.fromkeys(names, parts[SIGNATURE]), ORIGIN_RELS[1:]: origin_relationships(len(names))}

    verdict = verify_package(with_types(copies, dict.fromkeys(names, SIGNATURE_TYPE)), trust, now=NOW)

    assert len(verdict.signatures) == MAX_SIGNATURES
    assert {"BS205", "BS211"} <= {found.code for found in verdict.findings}
    assert len(json.dumps(verdict.to_dict())) < 2_000_000


def test_a_verdict_stays_short_however_long_the_names_in_a_file(signed: bytes, officer: Holder, trust: Trust) -> None:
    lengthen = referring(40_000, 150)

    verdict = verify_package(with_resigned_tree(signed, lengthen, officer), trust, now=NOW)

    assert {found.code for found in verdict.findings} == {"BS211"}
    assert len(json.dumps(verdict.to_dict())) < 1_000_000


def test_what_a_signer_says_is_told_without_what_turns_the_writing_round(
    signed: bytes, officer: Holder, trust: Trust
) -> None:
    def say(root: etree._Element) -> None:
        first(root, "//*[local-name()='SignatureComments']").text = "Đã duyệt\u202e txt.exe\u00a0ngày\nhôm nay"

    elsewhere = with_resigned_tree(signed_elsewhere(signed, officer), say, officer)

    verdict = verify_package(elsewhere, trust, now=NOW)

    assert verdict.outcome is Outcome.VALID
    assert verdict.signatures[0].comment == "Đã duyệt\ufffd txt.exe ngày hôm nay"


def test_every_code_is_of_this_layer_and_says_what_to_do() -> None:
    for code, kind in FINDING_KINDS.items():
        assert code.startswith("BS2")
        assert len(code) == 5
        assert kind.message
        assert kind.remedy
        assert unicodedata.is_normalized("NFC", kind.message + kind.remedy)


def test_the_signed_workbook_verifies_the_same_twice(signed: bytes, trust: Trust) -> None:
    assert verify_package(signed, trust, now=NOW) == verify_package(signed, trust, now=NOW)
