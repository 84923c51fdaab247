from __future__ import annotations

import io
from datetime import datetime, timedelta

import openpyxl
import pytest
from lxml import etree

from signing.errors import SigningError
from signing.sign import sign_package
from signing.trust import Trust
from signing.verdict import Outcome
from signing.verify import verify_package
from tests.signing.authorities import NOW, Authorities, Holder, a_certificate, rsa_key
from tests.signing.tampering import SIGNATURE, changed, parts_of
from workbooks.errors import WorkbookError
from workbooks.patch import patch_cells


@pytest.mark.parametrize("kind", ["rsa-2048", "rsa-3072", "p-256", "p-384"])
def test_what_is_signed_verifies(kind: str, workbook: bytes, authorities: Authorities, trust: Trust) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    key = {
        "rsa-2048": lambda: rsa_key(2048),
        "rsa-3072": lambda: rsa_key(3072),
        "p-256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "p-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    }[kind]()

    verdict = verify_package(sign_package(workbook, authorities.officer(key=key), at=NOW), trust, now=NOW)

    assert verdict.outcome is Outcome.VALID
    assert (verdict.signed, verdict.intact, verdict.covered, verdict.findings) == (True, True, True, ())


def test_an_rsa_signature_is_the_same_each_time(workbook: bytes, authorities: Authorities) -> None:
    officer = authorities.officer(key=rsa_key())

    assert sign_package(workbook, officer, at=NOW) == sign_package(workbook, officer, at=NOW)


def test_signing_leaves_every_cell_part_as_it_was(workbook: bytes, signed: bytes) -> None:
    before, after = parts_of(workbook), parts_of(signed)

    touched = {name for name in before if before[name] != after.get(name)}
    assert {name for name in touched if not name.endswith(".rels")} == {
        "[Content_Types].xml",
        "docProps/core.xml",
        "docProps/app.xml",
    }
    assert openpyxl.load_workbook(io.BytesIO(signed))["Biểu 01"]["C3"].value == 4.5


def test_every_part_and_relationship_is_in_the_manifest(signed: bytes) -> None:
    root = etree.fromstring(parts_of(signed)[SIGNATURE])
    uris = [uri.partition("?")[0] for uri in root.xpath("//*[local-name()='Manifest']/*/@URI")]

    expected = {f"/{name}" for name in parts_of(signed) if not name.startswith(("_xmlsignatures/", "[Content_Types]"))}

    assert set(uris) == expected
    assert len(uris) == len(expected)


def test_white_space_in_relationship_parts_is_gone_before_signing(
    workbook: bytes, officer: Holder, trust: Trust
) -> None:
    rels = parts_of(workbook)["xl/_rels/workbook.xml.rels"].replace(b"><", b">\n  <")

    result = sign_package(changed(workbook, {"xl/_rels/workbook.xml.rels": rels}), officer, at=NOW)

    assert b">\n  <" not in parts_of(result)["xl/_rels/workbook.xml.rels"]
    assert verify_package(result, trust, now=NOW).outcome is Outcome.VALID


def test_what_the_signer_says_is_read_back(workbook: bytes, officer: Holder, trust: Trust) -> None:
    result = sign_package(workbook, officer, at=NOW, comment="Đã kiểm tra số liệu", role="Chủ tịch UBND xã")

    signature = verify_package(result, trust, now=NOW).signatures[0]

    assert signature.comment == "Đã kiểm tra số liệu"
    assert signature.roles == ("Chủ tịch UBND xã",)
    assert signature.signed_at == NOW


@pytest.mark.parametrize("comment", ["A & B", "<b>", "x" * 256, "dòng\nmới", "\x00"])
def test_a_comment_that_others_would_trip_over_is_refused(comment: str, workbook: bytes, officer: Holder) -> None:
    with pytest.raises(SigningError) as caught:
        sign_package(workbook, officer, at=NOW, comment=comment)

    assert caught.value.finding.code == "BS246"


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [(-20, -10, "BS244"), (10, 20, "BS245")],
)
def test_a_certificate_out_of_its_time_does_not_sign(
    start: int, end: int, code: str, workbook: bytes, authorities: Authorities
) -> None:
    officer = authorities.officer(start=NOW + timedelta(days=start), end=NOW + timedelta(days=end))

    with pytest.raises(SigningError) as caught:
        sign_package(workbook, officer, at=NOW)

    assert caught.value.finding.code == code
    assert caught.value.finding.remedy


def test_a_certificate_not_meant_for_signing_does_not_sign(workbook: bytes, authorities: Authorities) -> None:
    with pytest.raises(SigningError) as caught:
        sign_package(workbook, authorities.officer(usage=("key_encipherment",)), at=NOW)

    assert caught.value.finding.code == "BS226"


def test_an_authority_does_not_sign_reports(workbook: bytes, authorities: Authorities) -> None:
    with pytest.raises(SigningError) as caught:
        sign_package(workbook, authorities.issuing, at=NOW)

    assert caught.value.finding.code == "BS227"


def test_a_weak_key_does_not_sign(workbook: bytes) -> None:
    with pytest.raises(SigningError) as caught:
        sign_package(workbook, a_certificate("Khoá ngắn", rsa_key(1024)), at=NOW)

    assert caught.value.finding.code == "BS207"


def test_a_naive_signing_time_is_a_mistake_of_the_caller(workbook: bytes, officer: Holder) -> None:
    with pytest.raises(ValueError, match="aware"):
        sign_package(workbook, officer, at=datetime(2026, 9, 15))  # noqa: DTZ001 - that is the point


def test_what_is_no_workbook_is_not_signed(officer: Holder) -> None:
    with pytest.raises(WorkbookError):
        sign_package(b"PK nothing", officer, at=NOW)


def test_a_file_with_leftovers_of_a_signature_is_not_signed(signed: bytes, officer: Holder) -> None:
    relations = parts_of(signed)["_rels/.rels"]
    start = relations.index(b"<Relationship ", relations.index(b"digital-signature/origin") - 120)
    cut = relations[:start] + relations[relations.index(b"/>", start) + 2 :]

    with pytest.raises(SigningError) as caught:
        sign_package(changed(signed, {"_rels/.rels": cut}), officer, at=NOW)

    assert caught.value.finding.code == "BS247"


def test_a_second_signature_binds_the_first(signed: bytes, authorities: Authorities, trust: Trust) -> None:
    both = sign_package(signed, authorities.officer("Trần Thị Hai"), at=NOW)

    verdict = verify_package(both, trust, now=NOW)

    assert verdict.outcome is Outcome.VALID
    assert [signature.signer for signature in verdict.signatures] == ["Nguyễn Văn Thử", "Trần Thị Hai"]
    assert [signature.binds for signature in verdict.signatures] == [(), ("/_xmlsignatures/sig1.xml",)]


def test_a_second_signature_changes_no_signed_part(signed: bytes, authorities: Authorities) -> None:
    before, after = parts_of(signed), parts_of(sign_package(signed, authorities.officer("Trần Thị Hai"), at=NOW))

    assert {name for name in before if before[name] != after[name]} == {
        "[Content_Types].xml",
        "_xmlsignatures/_rels/origin.sigs.rels",
    }


def test_a_broken_file_is_not_co_signed(signed: bytes, officer: Holder) -> None:
    broken = patch_cells(signed, {"Biểu 01": {(3, 2): 999}})

    with pytest.raises(SigningError) as caught:
        sign_package(broken, officer, at=NOW)

    assert caught.value.finding.code == "BS248"


def test_stripping_the_first_of_two_signatures_is_noticed(
    signed: bytes, authorities: Authorities, trust: Trust
) -> None:
    both = sign_package(signed, authorities.officer("Trần Thị Hai"), at=NOW)
    rels = parts_of(both)["_xmlsignatures/_rels/origin.sigs.rels"]
    start = rels.index(b"<Relationship ")
    stripped = changed(
        both,
        {
            SIGNATURE: None,
            "_xmlsignatures/_rels/origin.sigs.rels": rels[:start] + rels[rels.index(b"/>", start) + 2 :],
            "[Content_Types].xml": parts_of(both)["[Content_Types].xml"].replace(b"/sig1.xml", b"/sig9.xml"),
        },
    )

    verdict = verify_package(stripped, trust, now=NOW)

    assert verdict.outcome is Outcome.INVALID
    assert "BS211" in {finding.code for finding in verdict.findings}
