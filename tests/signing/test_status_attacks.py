"""Revocation lists and OCSP answers as attackers, careless authorities or careless keepers would leave them."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import reduce
from itertools import permutations

import pytest
from asn1crypto import core  # type: ignore[import-untyped]  # has no stubs
from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import CertificateRevocationListBuilder as Builder
from cryptography.x509 import ocsp

from signing.chain import Assessment, assess
from signing.evidence import Evidence
from signing.trust import Trust
from signing.verdict import RevocationStatus
from tests.signing.authorities import NOW, Authorities, Holder, a_certificate, a_crl, create_authorities, rsa_key
from tests.signing.network import an_ocsp_responder
from tests.signing.test_revocation_lists import a_list, scope

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
GOOD, REVOKED, UNKNOWN = RevocationStatus.GOOD, RevocationStatus.REVOKED, RevocationStatus.UNKNOWN
EXPIRED_ON_LIST = x509.ObjectIdentifier("2.5.29.60")


@pytest.fixture(scope="module")
def responder(authorities: Authorities) -> Holder:
    return an_ocsp_responder(authorities)


def der(holder: Holder) -> bytes:
    return holder.certificate.public_bytes(Encoding.DER)


def assessed(
    authorities: Authorities,
    holder: Holder,
    lists: Sequence[x509.CertificateRevocationList] = (),
    answers: Sequence[bytes] = (),
    *,
    at: datetime = NOW,
    embedded: tuple[bytes, ...] = (),
) -> Assessment:
    root, issuing = authorities.root, authorities.issuing
    about_root = a_crl(root, issued=at - DAY, next_update=at + DAY)
    trust = Trust.of([root.certificate], [issuing.certificate], (about_root, *lists), answers)
    return assess(trust, holder.certificate, embedded, at)


def status(*given: object, **options: object) -> RevocationStatus:
    return assessed(*given, **options).revocation.status  # type: ignore[arg-type]  # passed on as they are


def an_answer(
    authorities: Authorities,
    holder: Holder,
    by: Holder,
    *,
    revoked: datetime | None = None,
    issued: datetime = NOW - HOUR,
    until: datetime | None = NOW + DAY,
    carries: bool = True,
) -> bytes:
    """An OCSP answer on a certificate of the issuing authority."""
    builder = ocsp.OCSPResponseBuilder().add_response(
        holder.certificate,
        authorities.issuing.certificate,
        hashes.SHA256(),
        ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
        issued,
        until,
        revoked,
        None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, by.certificate)
    if carries:
        builder = builder.certificates([by.certificate])
    return builder.sign(by.key, hashes.SHA256()).public_bytes(Encoding.DER)


# -- lists -------------------------------------------------------------------------------------------------------------


def going_back_to(moment: datetime) -> Callable[[Builder], Builder]:
    since = b"\x18\x0f" + moment.strftime("%Y%m%d%H%M%SZ").encode()
    extension = x509.UnrecognizedExtension(EXPIRED_ON_LIST, since)
    return lambda builder: builder.add_extension(extension, critical=False)


@pytest.mark.parametrize(("since", "expected"), [(30 * DAY, GOOD), (5 * DAY, UNKNOWN)])
def test_a_list_that_keeps_expired_certificates_vouches_only_for_those_since_its_own_date(
    since: timedelta, expected: RevocationStatus, authorities: Authorities
) -> None:
    officer = authorities.officer(end=NOW - 10 * DAY)
    late = a_list(authorities.issuing, going_back_to(NOW - since))
    about_root = a_crl(authorities.root)
    trust = Trust.of([authorities.root.certificate], [authorities.issuing.certificate], (about_root, late))

    found = assess(trust, officer.certificate, (), NOW - 20 * DAY)

    assert found.revocation.status is expected


def entry(holder: Holder, *extensions: x509.ExtensionType, moment: datetime = NOW - 2 * DAY) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(holder.certificate.serial_number).revocation_date(moment)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=isinstance(extension, x509.CertificateIssuer))
    return builder.build()


def a_delta(issuer: Holder, *entries: x509.RevokedCertificate, issued: datetime) -> x509.CertificateRevocationList:
    builder = Builder().issuer_name(issuer.certificate.subject).last_update(issued).next_update(NOW + DAY)
    builder = builder.add_extension(x509.CRLNumber(2), critical=False)
    builder = builder.add_extension(x509.DeltaCRLIndicator(1), critical=True)
    for one in entries:
        builder = builder.add_revoked_certificate(one)
    return builder.sign(issuer.key, hashes.SHA256())


def test_a_list_of_changes_revokes(authorities: Authorities, officer: Holder) -> None:
    delta = a_delta(authorities.issuing, entry(officer), issued=NOW - HOUR)

    assert status(authorities, officer, (a_crl(authorities.issuing), delta)) is REVOKED


def test_a_list_of_changes_older_than_the_whole_list_says_nothing(authorities: Authorities, officer: Holder) -> None:
    delta = a_delta(authorities.issuing, entry(officer), issued=NOW - 2 * DAY)

    assert status(authorities, officer, (a_crl(authorities.issuing), delta)) is GOOD


def test_a_release_in_a_list_of_changes_is_no_revocation(authorities: Authorities, officer: Holder) -> None:
    released = entry(officer, x509.CRLReason(x509.ReasonFlags.remove_from_crl))
    delta = a_delta(authorities.issuing, released, issued=NOW - HOUR)

    assert status(authorities, officer, (a_crl(authorities.issuing), delta)) is GOOD


def test_a_certificate_on_hold_counts_again_when_a_newer_list_lets_it_go(
    authorities: Authorities, officer: Holder
) -> None:
    held = a_crl(authorities.issuing, ((officer, NOW - 3 * DAY),), issued=NOW - 2 * DAY)
    free = a_crl(authorities.issuing, issued=NOW - DAY)

    found = [status(authorities, officer, lists) for lists in ((held,), (held, free), (free, held))]

    assert found == [REVOKED, GOOD, GOOD]


def test_a_later_issue_of_the_same_second_counts(authorities: Authorities, officer: Holder) -> None:
    issuer = authorities.issuing

    def issue(number: int, *entries: x509.RevokedCertificate) -> x509.CertificateRevocationList:
        builder = Builder().issuer_name(issuer.certificate.subject).last_update(NOW - DAY).next_update(NOW + DAY)
        for one in entries:
            builder = builder.add_revoked_certificate(one)
        return builder.add_extension(x509.CRLNumber(number), critical=False).sign(issuer.key, hashes.SHA256())

    lists = (issue(8, entry(officer)), issue(7))

    assert [status(authorities, officer, order) for order in permutations(lists)] == [REVOKED, REVOKED]


PARTS = tuple(f"http://crl.example/{number}.crl" for number in (1, 2))


@pytest.mark.parametrize(("left", "expected"), [(None, GOOD), (0, REVOKED), (1, REVOKED)])
def test_a_list_in_parts_vouches_by_the_part_that_a_certificate_names(
    left: int | None, expected: RevocationStatus, authorities: Authorities
) -> None:
    officer = authorities.officer(url=PARTS[0])

    def part(number: int) -> x509.CertificateRevocationList:
        about = scope(full_name=[x509.UniformResourceIdentifier(PARTS[number])])
        entries = [entry(officer)] if number == left else []
        return a_list(
            authorities.issuing,
            lambda builder: reduce(lambda made, one: made.add_revoked_certificate(one), entries, about(builder)),
        )

    assert status(authorities, officer, (part(0), part(1))) is expected


def test_the_part_of_others_vouches_for_nobody_else(authorities: Authorities) -> None:
    officer = authorities.officer(url=PARTS[0])
    others = a_list(authorities.issuing, scope(full_name=[x509.UniformResourceIdentifier(PARTS[1])]))

    assert status(authorities, officer, (others,)) is UNKNOWN


def test_a_revocation_counts_from_its_own_date_and_not_from_an_earlier_doubt(authorities: Authorities) -> None:
    officer = authorities.officer()
    doubted = entry(officer, x509.InvalidityDate((NOW - 9 * DAY).replace(tzinfo=None)), moment=NOW - DAY)
    listed = a_list(authorities.issuing, lambda builder: builder.add_revoked_certificate(doubted))

    found = [status(authorities, officer, (listed,), at=NOW - before) for before in (2 * DAY, timedelta(0))]

    assert found == [GOOD, REVOKED]


def test_somebody_else_s_certificate_of_the_same_number_on_an_indirect_list_does_no_harm(
    authorities: Authorities, officer: Holder
) -> None:
    other = x509.CertificateIssuer([x509.DirectoryName(authorities.root.certificate.subject)])
    indirect = a_list(
        authorities.issuing,
        lambda builder: scope(indirect_crl=True)(builder).add_revoked_certificate(entry(officer, other)),
    )

    assert status(authorities, officer, (a_crl(authorities.issuing), indirect)) is GOOD


def test_lists_of_a_twin_in_the_evidence_neither_hide_the_right_one_nor_add_to_it(
    authorities: Authorities, officer: Holder
) -> None:
    twin = a_certificate("CA Cấp Gốc Thử", ec.generate_private_key(ec.SECP256R1()), authority=True)
    forged = [a_crl(twin, revoked, issued=NOW).public_bytes(Encoding.DER) for revoked in ((), ((officer, NOW - DAY),))]
    evidence = Evidence(certificates=(der(twin),), crls=tuple(forged))
    leaver = authorities.officer("Người bị thu hồi")

    trust = authorities.trust((leaver, NOW - DAY)).with_evidence(evidence)
    found = [assess(trust, one.certificate, (), NOW).revocation.status for one in (officer, leaver)]

    assert found == [GOOD, REVOKED]


# -- answers -----------------------------------------------------------------------------------------------------------


def test_an_older_answer_does_not_vouch_for_what_a_newer_one_revokes(
    authorities: Authorities, officer: Holder, responder: Holder
) -> None:
    good = an_answer(authorities, officer, responder, issued=NOW - 2 * HOUR)
    revoked = an_answer(authorities, officer, responder, revoked=NOW - 90 * MINUTE)

    found = [status(authorities, officer, answers=order) for order in permutations((good, revoked))]

    assert found == [REVOKED, REVOKED]


def test_a_forged_answer_hides_no_authentic_one(authorities: Authorities, officer: Holder, responder: Holder) -> None:
    stranger = create_authorities("Gốc Thử")
    forger = an_ocsp_responder(stranger)
    good = an_answer(authorities, officer, responder)
    forged = [
        an_answer(authorities, officer, forger, issued=NOW),
        an_answer(authorities, officer, forger, issued=NOW, revoked=NOW - DAY),
        an_answer(authorities, officer, forger, issued=NOW, revoked=NOW + HOUR),
    ]
    revoked = an_answer(authorities, officer, responder, revoked=NOW - HOUR)

    assert status(authorities, officer, answers=[*forged, good]) is GOOD
    assert status(authorities, officer, answers=[*forged, revoked]) is REVOKED
    assert status(authorities, officer, answers=forged) is UNKNOWN


def test_a_forged_answer_by_another_kind_of_key_breaks_nothing(authorities: Authorities, officer: Holder) -> None:
    forger = a_certificate("Giả", rsa_key(), issuer=authorities.issuing)
    data = an_answer(authorities, officer, forger)
    said_otherwise = data.replace(
        bytes.fromhex("06092a864886f70d01010b0500"), bytes.fromhex("06082a8648ce3d0403020500")
    )

    assert status(authorities, officer, answers=[data, said_otherwise]) is UNKNOWN


def test_an_answer_that_names_the_certificate_by_an_unknown_digest_breaks_nothing(
    authorities: Authorities, officer: Holder, responder: Holder
) -> None:
    data = an_answer(authorities, officer, responder)
    named = data.replace(bytes.fromhex("0609608648016503040201"), bytes.fromhex("060960864801650304027f"))

    assert named != data
    assert status(authorities, officer, (a_crl(authorities.issuing),), [named]) is GOOD


def test_rubbish_among_the_answers_breaks_nothing(authorities: Authorities, officer: Holder) -> None:
    rubbish = [b"", b"\x30\x00", b"\x30\x03\x0a\x01\x06", bytes(1000)]

    assert status(authorities, officer, (a_crl(authorities.issuing),), rubbish) is GOOD


def test_an_answer_without_an_end_does_not_vouch_for_days(
    authorities: Authorities, officer: Holder, responder: Holder
) -> None:
    endless = an_answer(authorities, officer, responder, issued=NOW - 2 * DAY, until=None)

    assert status(authorities, officer, answers=[endless]) is UNKNOWN


def test_an_expired_responder_says_nothing(authorities: Authorities, officer: Holder) -> None:
    old = an_ocsp_responder(authorities, end=NOW - DAY)

    assert status(authorities, officer, answers=[an_answer(authorities, officer, old)]) is UNKNOWN


def test_the_authority_itself_may_answer(authorities: Authorities, officer: Holder) -> None:
    assert status(authorities, officer, answers=[an_answer(authorities, officer, authorities.issuing)]) is GOOD


def a_responder_that_can_be_revoked(authorities: Authorities) -> Holder:
    return a_certificate(
        "Máy chủ OCSP khác",
        ec.generate_private_key(ec.SECP256R1()),
        issuer=authorities.issuing,
        usage=("digital_signature",),
        purposes=(x509.oid.ExtendedKeyUsageOID.OCSP_SIGNING,),
    )


@pytest.mark.parametrize("carried", ["in the answer", "with the signature"])
def test_a_revoked_responder_says_nothing(carried: str, authorities: Authorities) -> None:
    leaver, lost = authorities.officer(), a_responder_that_can_be_revoked(authorities)
    # An issuer's list that is out of date does not vouch for the officer; it revokes the responder.
    stale = a_crl(authorities.issuing, ((lost, NOW - 5 * DAY),), issued=NOW - 4 * DAY, next_update=NOW - DAY)
    good = an_answer(authorities, leaver, lost, carries=carried == "in the answer")

    found = assessed(authorities, leaver, (stale,), [good], embedded=(der(lost),))

    assert found.revocation.status is UNKNOWN


def test_a_responder_that_can_be_revoked_and_is_not_may_answer(authorities: Authorities, officer: Holder) -> None:
    good = an_answer(authorities, officer, a_responder_that_can_be_revoked(authorities))

    assert status(authorities, officer, answers=[good]) is GOOD


@pytest.mark.parametrize(
    ("usage", "expected"),
    [(("digital_signature",), GOOD), (("content_commitment",), GOOD), (("key_encipherment",), UNKNOWN), ((), UNKNOWN)],
)
@pytest.mark.parametrize("carries", [True, False])
def test_a_responder_whose_key_may_not_sign_vouches_for_nobody(
    usage: tuple[str, ...], expected: RevocationStatus, carries: bool, authorities: Authorities, officer: Holder
) -> None:
    """RFC 5280, 4.2.1.3 and 4.2.1.12: answers are signed with a key for signing."""
    purposes = (x509.oid.ExtendedKeyUsageOID.OCSP_SIGNING,)
    key = ec.generate_private_key(ec.SECP256R1())
    by = a_certificate("OCSP", key, issuer=authorities.issuing, usage=usage, purposes=purposes, ocsp_no_check=True)
    answer = an_answer(authorities, officer, by, carries=carries)
    known = [authorities.issuing.certificate, by.certificate]
    trust = Trust.of([authorities.root.certificate], known, [a_crl(authorities.root)], [answer])

    assert assess(trust, officer.certificate, (), NOW).revocation.status is expected


def by_sha_1(kind: type[asn1_crl.CertificateList | asn1_ocsp.BasicOCSPResponse], data: bytes, issuer: Holder) -> bytes:
    """A list or an answer signed with SHA-1, which cryptography does no more; OpenSSL does."""
    whole = kind.load(data)
    body = "tbs_cert_list" if kind is asn1_crl.CertificateList else "tbs_response_data"
    method = {"algorithm": "sha1_ecdsa"}
    if "signature" in whole[body].native:
        whole[body]["signature"] = method
    whole["signature_algorithm"] = method
    signed = whole[body].dump(force=True)
    with tempfile.NamedTemporaryFile() as file:
        file.write(issuer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        command = ["openssl", "dgst", "-sha1", "-sign", file.name]
        whole["signature"] = subprocess.run(command, input=signed, check=True, capture_output=True, timeout=30).stdout
    encoded: bytes = whole.dump(force=True)
    return encoded


def test_a_list_signed_with_sha_1_says_nothing(authorities: Authorities, officer: Holder) -> None:
    def old(*revoked: tuple[Holder, datetime]) -> x509.CertificateRevocationList:
        data = a_crl(authorities.issuing, revoked).public_bytes(Encoding.DER)
        return x509.load_der_x509_crl(by_sha_1(asn1_crl.CertificateList, data, authorities.issuing))

    key, made = authorities.issuing.key.public_key(), old()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(made.signature, made.tbs_certlist_bytes, ec.ECDSA(hashes.SHA1()))  # noqa: S303 - what is to be refused

    assert status(authorities, officer, [made]) is UNKNOWN
    assert status(authorities, officer, [old((officer, NOW - DAY))]) is UNKNOWN


def test_an_answer_signed_with_sha_1_vouches_for_nobody(
    authorities: Authorities, officer: Holder, responder: Holder
) -> None:
    answer = asn1_ocsp.OCSPResponse.load(an_answer(authorities, officer, responder))
    content = answer["response_bytes"]["response"]
    inside = by_sha_1(asn1_ocsp.BasicOCSPResponse, content.parsed.dump(), responder)
    answer["response_bytes"]["response"] = core.ParsableOctetString(inside)

    assert status(authorities, officer, answers=[answer.dump(force=True)]) is UNKNOWN


# -- what came along, and what is kept ---------------------------------------------------------------------------------


def self_signed(name: str) -> Holder:
    return a_certificate(name, ec.generate_private_key(ec.SECP256R1()), authority=True)


def test_authorities_that_issue_each_other_lead_nowhere(authorities: Authorities) -> None:
    first, second = self_signed("Vòng A"), self_signed("Vòng B")
    crossed = [
        a_certificate("Vòng A", first.key, issuer=second, authority=True),
        a_certificate("Vòng B", second.key, issuer=first, authority=True),
    ]
    officer = a_certificate("Người ký", ec.generate_private_key(ec.SECP256R1()), issuer=first)

    found = assessed(authorities, officer, embedded=tuple(der(one) for one in (first, second, *crossed)))

    assert not found.chain.trusted


def test_a_changed_copy_of_the_root_that_came_along_does_not_stand_in_its_place(authorities: Authorities) -> None:
    root = authorities.root
    narrow = a_certificate("CA Gốc Thử", root.key, authority=True, start=NOW - DAY, end=NOW + 9000 * DAY)
    officer = authorities.officer()

    found = assessed(authorities, officer, (a_crl(authorities.issuing),), embedded=(der(narrow),))

    assert found.chain.certificates[-1] == der(root)
    assert found.revocation.status is GOOD


def test_a_long_list_is_kept_once_however_many_answers_rest_on_it(authorities: Authorities) -> None:
    trust = authorities.trust()
    holders = [authorities.officer(f"Người {number}") for number in range(3)]

    found = [assess(trust, holder.certificate, (), NOW + number * MINUTE) for number, holder in enumerate(holders)]

    assert len({id(one.revocation.crls[0]) for one in found}) == 1


def test_many_at_once_get_the_answers_that_one_alone_gets(authorities: Authorities, responder: Holder) -> None:
    leaver, stayer = authorities.officer("Người thôi việc"), authorities.officer("Người ở lại")
    answers = [an_answer(authorities, one, responder) for one in (leaver, stayer)]
    root, issuing = authorities.root, authorities.issuing
    lists = (a_crl(root), a_crl(issuing, ((leaver, NOW - DAY),)))
    trust = Trust.of([root.certificate], [issuing.certificate], lists, answers)
    asked = [(one, NOW + number % 7 * MINUTE) for number in range(120) for one in (leaver, stayer)]

    with ThreadPoolExecutor(8) as several:
        found = list(several.map(lambda one: assess(trust, one[0].certificate, (), one[1]), asked))

    assert [one.revocation.status for one in found] == [REVOKED, GOOD] * 120


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("certificates", "a003020102", "a003020109"),
        ("certificates", "30168014", "30160214"),
        ("crls", "30168014", "30160214"),
        ("crls", "0603551d23", "0603551d14"),
    ],
    ids=["version", "extension", "extension of a list", "extension twice"],
)
def test_evidence_that_cannot_be_read_is_refused_at_once(
    kind: str, old: str, new: str, authorities: Authorities, officer: Holder
) -> None:
    whole = der(officer) if kind == "certificates" else a_crl(authorities.issuing).public_bytes(Encoding.DER)
    # Damage that is found out only when the field is read, which must not be during a verification.
    damaged = whole.replace(bytes.fromhex(old), bytes.fromhex(new), 1)

    assert damaged != whole
    with pytest.raises(ValueError, match="of the evidence cannot be read"):
        authorities.trust().with_evidence(Evidence(**{kind: (damaged,)}))


# -- an authority with a new key ---------------------------------------------------------------------------------------


def renewed(authorities: Authorities, issuer: Holder | None = None) -> Holder:
    """The issuing authority with another key, under the same name."""
    long = {"start": NOW - 900 * DAY, "end": NOW + 900 * DAY}
    key = ec.generate_private_key(ec.SECP256R1())
    return a_certificate("CA Cấp Gốc Thử", key, issuer=issuer or authorities.root, authority=True, **long)  # type: ignore[arg-type]  # dates


@pytest.mark.parametrize(("left", "expected"), [(False, GOOD), (True, REVOKED)])
def test_a_list_by_the_new_key_of_an_authority_speaks_of_what_the_old_one_issued(
    left: bool, expected: RevocationStatus, authorities: Authorities, officer: Holder
) -> None:
    new = renewed(authorities)
    lists = (a_crl(authorities.root), a_crl(new, ((officer, NOW - DAY),) if left else ()))
    trust = Trust.of([authorities.root.certificate], [authorities.issuing.certificate, new.certificate], lists)

    assert assess(trust, officer.certificate, (), NOW).revocation.status is expected


def test_a_new_key_that_only_came_along_or_that_another_certified_speaks_of_nobody(
    authorities: Authorities, officer: Holder
) -> None:
    new, foreign = renewed(authorities), renewed(authorities, create_authorities("Gốc Thử").root)
    root, issuing = authorities.root.certificate, authorities.issuing.certificate
    came_along = Trust.of([root], [issuing], (a_crl(authorities.root), a_crl(new)))
    by_another = Trust.of([root], [issuing, foreign.certificate], (a_crl(authorities.root), a_crl(foreign)))

    found = [
        assess(came_along, officer.certificate, (der(new),), NOW).revocation.status,
        assess(by_another, officer.certificate, (), NOW).revocation.status,
    ]

    assert found == [UNKNOWN, UNKNOWN]


def test_an_authority_that_lost_its_key_in_one_tree_is_lost_in_the_other(
    authorities: Authorities, officer: Holder
) -> None:
    other, own = create_authorities("Khác").root, authorities.issuing
    long = {"start": NOW - 900 * DAY, "end": NOW + 900 * DAY}
    crossed = a_certificate("CA Cấp Gốc Thử", own.key, issuer=other, authority=True, **long)  # type: ignore[arg-type]  # dates
    roots, both = [authorities.root.certificate, other.certificate], [own.certificate, crossed.certificate]
    lists = (a_crl(authorities.root, ((own, NOW - DAY),)), a_crl(other), a_crl(own))

    found = [
        assess(Trust.of(roots, known, lists), officer.certificate, (), at).revocation.status
        for known in permutations(both)
        for at in (NOW, NOW - 2 * DAY)
    ]

    assert found == [REVOKED, GOOD, REVOKED, GOOD]


def test_an_authority_that_only_left_one_tree_stays_in_the_other(authorities: Authorities, officer: Holder) -> None:
    other, own = create_authorities("Khác").root, authorities.issuing
    long = {"start": NOW - 900 * DAY, "end": NOW + 900 * DAY}
    crossed = a_certificate("CA Cấp Gốc Thử", own.key, issuer=other, authority=True, **long)  # type: ignore[arg-type]  # dates
    left = entry(crossed, x509.CRLReason(x509.ReasonFlags.cessation_of_operation))
    of_other = a_list(other, lambda builder: builder.add_revoked_certificate(left))
    known = [own.certificate, crossed.certificate]
    trust = Trust.of(
        [authorities.root.certificate, other.certificate], known, (a_crl(authorities.root), of_other, a_crl(own))
    )

    assert assess(trust, officer.certificate, (), NOW).revocation.status is GOOD


def test_what_no_root_stands_behind_is_not_remembered(authorities: Authorities) -> None:
    trust = authorities.trust()
    before = len(trust.answers)

    for _ in range(5):
        assess(trust, a_certificate("Ai đó", ec.generate_private_key(ec.SECP256R1())).certificate, (), NOW)

    assert len(trust.answers) == before
