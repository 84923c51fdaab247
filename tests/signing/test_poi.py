"""Apache POI accepts what we sign and we accept what it signs; and what it lets through is refused here.

POI 4.0.1 asks for no trust, signs with RSA only, and puts its own signature in the place of one that is there.
"""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from signing.extending import add_time_stamp
from signing.fetching import HttpTimeStamper
from signing.sign import sign_package
from signing.trust import Trust
from signing.verdict import Outcome, Verdict
from signing.verify import verify_package
from tests.oracles.poi import PoiError, PoiVerdict, poi_signed, poi_verdicts
from tests.signing.authorities import Authorities, Holder, Key, a_crl, create_authorities, rsa_key
from tests.signing.network import a_time_authority, time_authority
from tests.signing.tampering import CONTENT_TYPES, SIGNATURE, changed, parts_of, replaced, with_declared
from workbooks.patch import patch_cells

# POI signs at the machine's time, so that the authority of these tests lives now.
NOW = datetime.now(UTC)
WEEK = timedelta(days=7)
PLAIN_PASSWORD = "mat-khau-thu"
TOKEN = re.compile(rb"<xd:EncapsulatedTimeStamp[^>]*>([^<]+)<")
DIGESTS = ("SHA-256", "SHA-384", "SHA-512")
WORKBOOK_RELS = "xl/_rels/workbook.xml.rels"
MAIN_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
MACRO_TYPE = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
COMMENTS = b'<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
MACRO_RELATIONSHIP = (
    '<Relationship Id="rId99" Target="vbaProject.bin" '
    'Type="http://schemas.microsoft.com/office/2006/relationships/vbaProject"/></Relationships>'
)
LINK_RELATIONSHIP = (
    '<Relationship Id="rId99" Target="https://example.org/" TargetMode="External" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"/></Relationships>'
)


@pytest.fixture(scope="module")
def authorities() -> Authorities:
    return create_authorities(now=NOW)


@pytest.fixture(scope="module")
def trust(authorities: Authorities) -> Trust:
    crls = [a_crl(one, issued=NOW, next_update=NOW + WEEK) for one in (authorities.root, authorities.issuing)]
    return Trust.of([authorities.root.certificate], [authorities.issuing.certificate], crls)


@pytest.fixture(scope="module")
def leader(authorities: Authorities) -> Holder:
    return signer_of(authorities, "Trần Thị Hai")


@pytest.fixture(scope="module")
def ours(workbook: bytes, leader: Holder) -> bytes:
    return sign_package(workbook, leader, at=NOW, comment="Đã kiểm tra", role="Chủ tịch")


@pytest.fixture(scope="module")
def unlinked() -> bytes:
    """Without hyperlinks, which POI leaves unsigned."""
    book = openpyxl.Workbook()
    book.active.title = "Biểu 01"
    for row in range(1, 40):
        book.active.append([f"Xã số {row}", row, row * 1.5, f"=B{row}+C{row}"])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def theirs(unlinked: bytes, authorities: Authorities) -> bytes:
    return signed_by_poi(unlinked, signer_of(authorities, "Lê Văn Ba"))


def signer_of(authorities: Authorities, name: str, key: Key | None = None) -> Holder:
    """Someone with a certificate for RSA 2048 unless another key is given."""
    return authorities.officer(name, key or rsa_key(), start=NOW - WEEK, end=NOW + WEEK)


def signed_by_poi(
    workbook: bytes, holder: Holder, digest: str = "SHA-256", *, hints: bool = False, tsa: str = ""
) -> bytes:
    key, said = holder.p12(PLAIN_PASSWORD), {"role": "Chủ tịch", "comment": "Đã đối chiếu"}
    return poi_signed(workbook, key, PLAIN_PASSWORD, digest=digest, hints=hints, tsa=tsa, **said)


def judged(data: bytes, trust: Trust) -> Verdict:
    return verify_package(data, trust, now=datetime.now(UTC))


def codes(data: bytes, trust: Trust) -> set[str]:
    return {finding.code for finding in judged(data, trust).findings}


def asked(data: bytes, folder: Path) -> list[PoiVerdict]:
    file = folder / "asked.xlsx"
    file.write_bytes(data)
    return poi_verdicts(file)


def validity(data: bytes, folder: Path) -> list[bool]:
    return [verdict.valid for verdict in asked(data, folder)]


# -- what we sign ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("digest", DIGESTS)
@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_poi_accepts_what_is_signed_with_rsa(
    bits: int, digest: str, workbook: bytes, authorities: Authorities, tmp_path: Path
) -> None:
    signed = sign_package(workbook, signer_of(authorities, "Một", rsa_key(bits)), at=NOW, digest=digest)

    assert validity(signed, tmp_path) == [True]


@pytest.mark.parametrize("digest", DIGESTS)
@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_poi_accepts_what_is_signed_with_an_elliptic_curve(
    curve: ec.EllipticCurve, digest: str, workbook: bytes, authorities: Authorities, tmp_path: Path
) -> None:
    signer = signer_of(authorities, "Một", ec.generate_private_key(curve))

    assert validity(sign_package(workbook, signer, at=NOW, digest=digest), tmp_path) == [True]


def test_poi_reads_who_signed_as_what_and_why(ours: bytes, tmp_path: Path) -> None:
    (verdict,) = asked(ours, tmp_path)

    assert (verdict.part, verdict.role, verdict.comment) == (f"/{SIGNATURE}", "Chủ tịch", "Đã kiểm tra")
    assert "CN=Trần Thị Hai" in verdict.signer


def test_poi_accepts_both_of_two_signatures(ours: bytes, authorities: Authorities, tmp_path: Path) -> None:
    second = signer_of(authorities, "Phạm Bốn", ec.generate_private_key(ec.SECP256R1()))

    verdicts = asked(sign_package(ours, second, at=NOW), tmp_path)

    assert [(verdict.valid, verdict.signer.split(",")[0]) for verdict in verdicts] == [
        (True, "CN=Trần Thị Hai"),
        (True, "CN=Phạm Bốn"),
    ]


def test_a_time_stamp_changes_nothing_for_poi(ours: bytes, authorities: Authorities, tmp_path: Path) -> None:
    with time_authority(a_time_authority(authorities, start=NOW - WEEK, end=NOW + WEEK)) as address:
        stamped = add_time_stamp(ours, HttpTimeStamper(address))

    assert stamped.warning is None
    assert stamped.data != ours
    assert validity(stamped.data, tmp_path) == [True]


def test_a_changed_cell_breaks_both_signatures_for_poi_too(
    ours: bytes, authorities: Authorities, tmp_path: Path
) -> None:
    twice = sign_package(ours, signer_of(authorities, "Phạm Bốn"), at=NOW)

    assert validity(patch_cells(twice, {"Biểu 01": {(3, 2): 999}}), tmp_path) == [False, False]


# -- what POI signs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("digest", DIGESTS)
def test_what_poi_signs_is_accepted(digest: str, unlinked: bytes, authorities: Authorities, trust: Trust) -> None:
    verdict = judged(signed_by_poi(unlinked, signer_of(authorities, "Lê Văn Ba"), digest), trust)

    (signature,) = verdict.signatures
    assert (verdict.outcome, verdict.findings) == (Outcome.VALID, ())
    assert (signature.signer, signature.roles, signature.comment) == ("Lê Văn Ba", ("Chủ tịch",), "Đã đối chiếu")
    assert signature.algorithm == f"RSA 2048, {digest}"


def test_what_poi_writes_beside_the_certificate_is_read(
    unlinked: bytes, authorities: Authorities, trust: Trust
) -> None:
    signed = signed_by_poi(unlinked, signer_of(authorities, "Lê Văn Ba"), hints=True)

    verdict = judged(signed, trust)
    assert b"KeyValue>" in parts_of(signed)[SIGNATURE]
    assert b"X509IssuerSerial>" in parts_of(signed)[SIGNATURE]
    assert (verdict.outcome, verdict.findings) == (Outcome.VALID, ())


@pytest.fixture(scope="module")
def stamped_by_poi(unlinked: bytes, authorities: Authorities) -> bytes:
    """In exclusive canonical form; POI knows no authorities but those with RSA keys."""
    clock = a_time_authority(authorities, key=rsa_key(name="clock"), start=NOW - WEEK, end=NOW + WEEK)
    with time_authority(clock) as address:
        return signed_by_poi(unlinked, signer_of(authorities, "Lê Văn Ba"), tsa=address)


def test_a_time_stamp_that_poi_puts_in_proves_the_time(stamped_by_poi: bytes, trust: Trust) -> None:
    assert b"xml-exc-c14n#" in parts_of(stamped_by_poi)[SIGNATURE]

    verdict = judged(stamped_by_poi, trust)

    (signature,) = verdict.signatures
    assert (verdict.outcome, verdict.findings) == (Outcome.VALID, ())
    assert (signature.level, signature.time.authority) == ("XAdES-T", "Máy chủ dấu thời gian")


def test_a_stamp_in_exclusive_form_on_another_signature_is_refused(
    stamped_by_poi: bytes, unlinked: bytes, authorities: Authorities, trust: Trust
) -> None:
    clock = a_time_authority(authorities, key=rsa_key(name="clock"), start=NOW - WEEK, end=NOW + WEEK)
    with time_authority(clock) as address:
        other = signed_by_poi(unlinked, signer_of(authorities, "Trần Thị Hai"), tsa=address)
    tokens = [TOKEN.findall(parts_of(one)[SIGNATURE])[0] for one in (stamped_by_poi, other)]

    exchanged = parts_of(stamped_by_poi)[SIGNATURE].replace(tokens[0], tokens[1])

    assert codes(changed(stamped_by_poi, {SIGNATURE: exchanged}), trust) == {"BS271"}


def test_a_stamp_may_not_take_namespaces_into_its_exclusive_form(stamped_by_poi: bytes, trust: Trust) -> None:
    method = b'<CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"'
    listed = b'<InclusiveNamespaces xmlns="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="xd"/>'
    part = parts_of(stamped_by_poi)[SIGNATURE]

    taken = part.replace(method + b"/>", method + b">" + listed + b"</CanonicalizationMethod>", 1)

    assert taken != part
    assert codes(changed(stamped_by_poi, {SIGNATURE: taken}), trust) == {"BS206"}


def test_the_properties_that_poi_leaves_unsigned_are_named(theirs: bytes, trust: Trust) -> None:
    assert judged(theirs, trust).uncovered == ("/docProps/app.xml", "/docProps/core.xml")


def test_a_cell_changed_after_poi_signed_is_refused(theirs: bytes, trust: Trust) -> None:
    assert codes(patch_cells(theirs, {"Biểu 01": {(3, 2): 999}}), trust) == {"BS210"}


def test_the_hyperlinks_that_poi_leaves_unsigned_are_refused(
    workbook: bytes, authorities: Authorities, trust: Trust, tmp_path: Path
) -> None:
    signed = signed_by_poi(workbook, signer_of(authorities, "Lê Văn Ba"))

    assert validity(signed, tmp_path) == [True]
    assert codes(signed, trust) == {"BS214"}


def test_the_sha1_that_poi_can_sign_with_is_refused(unlinked: bytes, authorities: Authorities, trust: Trust) -> None:
    signed = signed_by_poi(unlinked, signer_of(authorities, "Lê Văn Ba"), "SHA-1")

    assert codes(signed, trust) == {"BS206"}


def test_a_file_that_poi_signed_can_be_signed_here_as_well(
    theirs: bytes, leader: Holder, trust: Trust, tmp_path: Path
) -> None:
    both = sign_package(theirs, leader, at=datetime.now(UTC))

    verdict = judged(both, trust)
    assert (verdict.outcome, verdict.findings) == (Outcome.VALID, ())
    assert [signature.signer for signature in verdict.signatures] == ["Lê Văn Ba", "Trần Thị Hai"]
    assert verdict.signatures[1].binds == (f"/{SIGNATURE}",)
    assert validity(both, tmp_path) == [True, True]


def test_poi_cannot_sign_with_an_elliptic_curve(unlinked: bytes, authorities: Authorities) -> None:
    signer = signer_of(authorities, "Một", ec.generate_private_key(ec.SECP256R1()))

    with pytest.raises(PoiError, match="not a RSAPrivateKey"):
        signed_by_poi(unlinked, signer)


def test_a_signature_that_poi_wrote_over_is_refused(
    ours: bytes, authorities: Authorities, trust: Trust, tmp_path: Path
) -> None:
    """POI writes its own into the first one's part and relates to it twice: one signer is gone without a trace."""
    signed = signed_by_poi(ours, signer_of(authorities, "Lê Văn Ba"))

    assert validity(signed, tmp_path) == [True, True]
    assert codes(signed, trust) == {"BS217"}


# -- why this verifier is stricter: POI calls each of these valid ------------------------------------------------------


def test_an_unsigned_part_that_poi_lets_through_is_refused(ours: bytes, trust: Trust, tmp_path: Path) -> None:
    injected = with_declared(ours, "xl/comments9.xml", COMMENTS_TYPE, COMMENTS)

    assert validity(injected, tmp_path) == [True]
    assert codes(injected, trust) == {"BS212"}


def test_an_unsigned_relationship_that_poi_lets_through_is_refused(ours: bytes, trust: Trust, tmp_path: Path) -> None:
    related = replaced(ours, WORKBOOK_RELS, "</Relationships>", LINK_RELATIONSHIP)

    assert validity(related, tmp_path) == [True]
    assert codes(related, trust) == {"BS214"}


def test_a_macro_that_poi_lets_through_is_refused(ours: bytes, trust: Trust, tmp_path: Path) -> None:
    injected = with_declared(ours, "xl/vbaProject.bin", "application/vnd.ms-office.vbaProject", b"macro")
    related = replaced(injected, WORKBOOK_RELS, "</Relationships>", MACRO_RELATIONSHIP)

    assert validity(related, tmp_path) == [True]
    assert codes(related, trust) == {"BS130"}


@pytest.mark.parametrize(
    ("swap", "code"), [((MAIN_TYPE, MACRO_TYPE), "BS130"), ((".theme+xml", ".themes+xml"), "BS215")]
)
def test_a_changed_content_type_that_poi_lets_through_is_refused(
    swap: tuple[str, str], code: str, ours: bytes, trust: Trust, tmp_path: Path
) -> None:
    redeclared = replaced(ours, CONTENT_TYPES, *swap)

    assert validity(redeclared, tmp_path) == [True]
    assert codes(redeclared, trust) == {code}


def test_a_document_type_that_poi_lets_through_is_refused(ours: bytes, trust: Trust, tmp_path: Path) -> None:
    declared = parts_of(ours)[SIGNATURE].replace(b"?>", b"?><!DOCTYPE Signature>", 1)

    doctype = changed(ours, {SIGNATURE: declared})

    assert validity(doctype, tmp_path) == [True]
    assert codes(doctype, trust) == {"BS204"}
