"""Time stamps as an attacker, or a careless authority, would make them: refused with a reason, and never a crash."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from asn1crypto import core, tsp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from lxml import etree

from signing.algorithms import C14N, EXCLUSIVE_C14N, digest
from signing.document import value_to_stamp, with_time_stamp
from signing.errors import TimeStampError
from signing.extending import add_time_stamp
from signing.sign import sign_package
from signing.stamping import TimeStamp, assess_time_stamp, stamp_request, token_in
from signing.trust import Trust
from signing.verdict import Outcome, StampStatus
from signing.verify import verify_package
from signing.xml import canonical, serialise
from tests.signing.authorities import NOW, Authorities, Holder, a_certificate, a_crl, rsa_key
from tests.signing.network import a_time_authority
from tests.signing.stamp_making import Attributes, Stamp, a_token, as_asn1
from tests.signing.tampering import SIGNATURE, changed, first, parts_of, resigned, signed_elsewhere

DATA = b"what is stamped"
DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
SOON = NOW + 2 * MINUTE


@pytest.fixture(scope="module")
def clock(authorities: Authorities) -> Holder:
    return a_time_authority(authorities)


@pytest.fixture(scope="module")
def rsa_clock(authorities: Authorities) -> Holder:
    return a_certificate(
        "Máy chủ dấu thời gian RSA",
        rsa_key(name="clock"),
        issuer=authorities.issuing,
        usage=("digital_signature",),
        purposes=(ExtendedKeyUsageOID.TIME_STAMPING,),
        purposes_critical=True,
    )


def judged(trust: Trust, token: bytes, moment: datetime = SOON) -> TimeStamp:
    return assess_time_stamp(token, DATA, trust, moment)


def without(kind: str) -> Callable[[Attributes], Attributes]:
    return lambda found: [one for one in found if one["type"] != kind]


def twice(kind: str) -> Callable[[Attributes], Attributes]:
    return lambda found: [*found, *(one for one in found if one["type"] == kind)]


def naming(*certificates: dict[str, Any]) -> Callable[[Attributes], Attributes]:
    name = "signing_certificate_v2"
    return lambda found: [*without(name)(found), {"type": name, "values": [{"certs": list(certificates)}]}]


def put(**fields: object) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda signed: {**signed, **fields}


def doubled(signed: dict[str, Any]) -> dict[str, Any]:
    return {**signed, "signer_infos": signed["signer_infos"] * 2}


def tagged(tag: int, *contents: bytes) -> bytes:
    """DER with a length of four bytes."""
    inside = b"".join(contents)
    return bytes([tag, 0x84]) + len(inside).to_bytes(4, "big") + inside


def a_deep_token(depth: int) -> bytes:
    inside = b""
    for _ in range(depth):
        inside = tagged(0x30, inside)
    signed_data, stamp_info = (core.ObjectIdentifier(one).dump() for one in (SIGNED_DATA, STAMP_INFO))
    content = tagged(0x30, stamp_info, tagged(0xA0, tagged(0x04, inside)))
    signed = tagged(0x30, b"\x02\x01\x03", tagged(0x31), content, tagged(0x31))
    return tagged(0x30, signed_data, tagged(0xA0, signed))


SIGNED_DATA, STAMP_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CRITICAL = [{"extn_id": "1.2.3.4", "critical": True, "extn_value": core.OctetString(b"\x05\x00")}]
BAD = {
    "two signers": Stamp(whole=doubled),
    "no signer": Stamp(whole=put(signer_infos=[])),
    "no certificate": Stamp(certificates=()),
    "detached": Stamp(whole=put(encap_content_info={"content_type": "tst_info"})),
    "other content": Stamp(
        whole=put(encap_content_info={"content_type": "data", "content": core.ParsableOctetString(b"x")})
    ),
    "no signed attributes": Stamp(attributes=None),
    "no digest of the content": Stamp(attributes=without("message_digest")),
    "two digests of the content": Stamp(attributes=twice("message_digest")),
    "no kind of content": Stamp(attributes=without("content_type")),
    "certificate not named": Stamp(attributes=without("signing_certificate_v2")),
    "certificate named twice": Stamp(attributes=twice("signing_certificate_v2")),
    "certificate named by nothing": Stamp(attributes=naming()),
    "another certificate named": Stamp(attributes=naming({"cert_hash": b"x" * 32})),
    "a method of another kind of key": Stamp(named="sha256_rsa"),
    "Ed25519 said of another key": Stamp(named="ed25519"),
    "DSA said of another key": Stamp(named="sha256_dsa"),
    "signed over SHA-1": Stamp(hashed="sha1"),
    "signed over MD5": Stamp(hashed="md5", named="sha256_ecdsa"),
    "time without a zone": Stamp(time="20260915030000"),
    "time of another zone": Stamp(time="20260915100000+0700"),
    "time without seconds": Stamp(time="202609150300Z"),
    "time of the year 0": Stamp(time="00000915030000Z"),
    "time of the year 9999": Stamp(time="99991231235959Z"),
    "leap second": Stamp(time="20161231235960Z"),
    "a version of the future": Stamp(info={"version": 2}),
    "negative accuracy": Stamp(info={"accuracy": {"seconds": -5}}),
    "accuracy of ages": Stamp(info={"accuracy": {"seconds": 10**40}}),
    "an extension that must be understood": Stamp(info={"extensions": CRITICAL}),
}


@pytest.mark.parametrize("stamp", BAD.values(), ids=BAD.keys())
def test_a_token_that_is_not_what_the_standard_says_is_refused(stamp: Stamp, clock: Holder, trust: Trust) -> None:
    found = judged(trust, a_token(DATA, clock, stamp))

    assert (found.status, found.code) == (StampStatus.BAD, "BS270")
    assert found.reason


def test_a_token_of_great_depth_is_refused(trust: Trust) -> None:
    assert judged(trust, a_deep_token(20_000)).code == "BS270"


def test_a_method_of_elliptic_curves_said_of_an_rsa_key_is_refused(rsa_clock: Holder, trust: Trust) -> None:
    found = judged(trust, a_token(DATA, rsa_clock, Stamp(named="sha256_ecdsa")))

    assert (found.status, found.code) == (StampStatus.BAD, "BS270")


def test_bytes_behind_a_token_are_refused(clock: Holder, trust: Trust) -> None:
    assert judged(trust, a_token(DATA, clock) + b"\0").code == "BS270"


def test_a_token_of_great_length_is_refused_unread(clock: Holder, trust: Trust) -> None:
    found = judged(trust, a_token(DATA, clock) + bytes(10 * 1024 * 1024))

    assert (found.code, found.reason) == ("BS270", "dài quá mức")


def by_sha_1(clock: Holder) -> Callable[[Attributes], Attributes]:
    named = {"certs": [{"cert_hash": digest(as_asn1(clock.certificate).dump(), hashes.SHA1())}]}  # noqa: S303 - see below
    return lambda found: [
        *without("signing_certificate_v2")(found),
        {"type": "signing_certificate", "values": [named]},
    ]


def test_an_authority_may_name_its_certificate_in_the_older_way(clock: Holder, trust: Trust) -> None:
    token = a_token(DATA, clock, Stamp(attributes=by_sha_1(clock)))

    assert judged(trust, token).status is StampStatus.GOOD


@pytest.mark.parametrize("stamp", [Stamp(), Stamp(hashed="sha512"), Stamp(named="rsassa_pkcs1v15")])
def test_the_ways_in_which_rsa_authorities_sign_are_read(stamp: Stamp, rsa_clock: Holder, trust: Trust) -> None:
    assert judged(trust, a_token(DATA, rsa_clock, stamp)).status is StampStatus.GOOD


def test_parts_of_a_second_are_read(clock: Holder, trust: Trust) -> None:
    found = judged(trust, a_token(DATA, clock, Stamp(time="20260915030000.25Z")))

    assert (found.status, found.time) == (StampStatus.GOOD, NOW + timedelta(milliseconds=250))


def test_a_clock_that_may_be_off_by_days_proves_no_time(clock: Holder, trust: Trust) -> None:
    sure = judged(trust, a_token(DATA, clock, Stamp(info={"accuracy": {"seconds": 1, "millis": 500}})))
    unsure = judged(trust, a_token(DATA, clock, Stamp(info={"accuracy": {"seconds": 86_400}})))

    assert (sure.status, unsure.status) == (StampStatus.GOOD, StampStatus.UNTRUSTED)
    assert unsure.code == "BS272"


@pytest.mark.parametrize("ahead", [10 * MINUTE, DAY, 200 * DAY])
def test_a_stamp_from_the_future_proves_no_time(ahead: timedelta, clock: Holder, trust: Trust) -> None:
    found = judged(trust, a_token(DATA, clock, Stamp(time=NOW + ahead)), NOW)

    assert (found.status, found.code) == (StampStatus.UNTRUSTED, "BS272")


@pytest.mark.parametrize("usage", [("key_encipherment",), ()])
def test_an_authority_whose_key_may_not_sign_gives_no_stamps(
    usage: tuple[str, ...], authorities: Authorities, trust: Trust
) -> None:
    other = a_time_authority(authorities, usage=usage)

    assert judged(trust, a_token(DATA, other)).status is StampStatus.UNTRUSTED


def test_an_authority_with_further_purposes_gives_no_stamps(authorities: Authorities, trust: Trust) -> None:
    both = (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.EMAIL_PROTECTION)
    other = a_time_authority(authorities, purposes=both)

    assert judged(trust, a_token(DATA, other)).status is StampStatus.UNTRUSTED


def test_a_stranger_s_root_in_a_token_does_not_become_trusted(authorities: Authorities, trust: Trust) -> None:
    twin = a_certificate("CA Cấp Gốc Thử", ec.generate_private_key(ec.SECP256R1()), authority=True)
    token = a_token(DATA, a_time_authority(authorities, issuer=twin))

    assert judged(trust, token).status is StampStatus.UNTRUSTED


# -- what a moment may be ----------------------------------------------------------------------------------------------


def stamped_by(data: bytes, clock: Holder, *stamps: Stamp) -> bytes:
    """The file with these stamps on its first signature."""
    part = parts_of(data)[SIGNATURE]
    value = value_to_stamp(part)
    for stamp in stamps:
        part = with_time_stamp(part, a_token(value, clock, stamp))
    return changed(data, {SIGNATURE: part})


@pytest.mark.parametrize("forms", [*product((C14N, EXCLUSIVE_C14N), repeat=2)])
def test_a_stamp_is_over_the_canonical_form_that_it_names(
    forms: tuple[str, str], workbook: bytes, officer: Holder, clock: Holder, trust: Trust
) -> None:
    """With a namespace declared above, which one form takes in and the other leaves out."""
    taken, named = forms
    plain = sign_package(workbook, officer, at=NOW)
    part = parts_of(plain)[SIGNATURE].replace(b"<Signature ", b'<Signature xmlns:a="urn:a" ', 1)
    part = resigned(part, officer)
    value = canonical(first(etree.fromstring(part), "d:SignatureValue"), exclusive=taken == EXCLUSIVE_C14N)
    stamped = etree.fromstring(with_time_stamp(part, a_token(value, clock)))
    first(stamped, "//xd:SignatureTimeStamp/d:CanonicalizationMethod").set("Algorithm", named)

    verdict = verify_package(changed(plain, {SIGNATURE: serialise(stamped)}), trust, now=SOON)

    assert (b"urn:a" in value) is (taken == C14N)
    assert [one.code for one in verdict.findings] == ([] if named == taken else ["BS271"])


def revoking(authorities: Authorities, holder: Holder, moment: datetime) -> Trust:
    return authorities.trust((holder, moment))


@pytest.mark.parametrize(("before", "code"), [(timedelta(0), "BS229"), (SECOND, "BS229"), (-SECOND, "")])
def test_a_certificate_revoked_in_the_very_second_of_the_stamp_is_refused(
    before: timedelta, code: str, workbook: bytes, authorities: Authorities, clock: Holder
) -> None:
    officer = authorities.officer()
    data = stamped_by(sign_package(workbook, officer, at=NOW), clock, Stamp())

    verdict = verify_package(data, revoking(authorities, officer, NOW - before), now=SOON)

    assert "".join(one.code for one in verdict.findings) == code


def test_an_answer_for_one_second_is_not_given_for_another_of_the_same_minute(
    workbook: bytes, authorities: Authorities, clock: Holder
) -> None:
    officer = authorities.officer()
    trust = revoking(authorities, officer, NOW + 30 * SECOND)
    signed = sign_package(workbook, officer, at=NOW)
    early, late = (stamped_by(signed, clock, Stamp(time=NOW + one * SECOND)) for one in (10, 50))

    outcomes = [verify_package(data, trust, now=SOON).outcome for data in (early, late, early)]

    assert outcomes == [Outcome.VALID, Outcome.INVALID, Outcome.VALID]


@pytest.mark.parametrize("ahead", [10 * MINUTE, 300 * DAY])
def test_a_stamp_from_the_future_saves_no_revoked_certificate(
    ahead: timedelta, workbook: bytes, authorities: Authorities, clock: Holder
) -> None:
    officer = authorities.officer()
    data = stamped_by(sign_package(workbook, officer, at=NOW), clock, Stamp(time=NOW + ahead))

    verdict = verify_package(data, revoking(authorities, officer, NOW - DAY), now=NOW)

    assert verdict.outcome is Outcome.INVALID
    assert verdict.signatures[0].time.stamped is None


def test_a_stamp_before_the_certificate_was_valid_saves_nothing(
    workbook: bytes, authorities: Authorities, clock: Holder, trust: Trust
) -> None:
    young = authorities.officer(start=NOW - DAY)
    data = stamped_by(sign_package(workbook, young, at=NOW), clock, Stamp(time=NOW - 2 * DAY))

    codes = {one.code for one in verify_package(data, trust, now=SOON).findings}

    assert codes == {"BS223", "BS274"}


def test_two_stamps_of_one_second_are_judged(
    workbook: bytes, officer: Holder, clock: Holder, rsa_clock: Holder, trust: Trust
) -> None:
    once = stamped_by(signed_elsewhere(sign_package(workbook, officer, at=NOW), officer), clock, Stamp())
    data = stamped_by(once, rsa_clock, Stamp())

    verdict = verify_package(data, trust, now=SOON)

    assert (verdict.outcome, verdict.signatures[0].time.stamped) == (Outcome.VALID, NOW)


@pytest.mark.parametrize("name", ["detached", "a method of another kind of key", "certificate named by nothing"])
def test_a_token_that_breaks_the_reader_leaves_a_verdict(
    name: str, workbook: bytes, officer: Holder, clock: Holder, trust: Trust
) -> None:
    data = stamped_by(sign_package(workbook, officer, at=NOW), clock, BAD[name])

    verdict = verify_package(data, trust, now=SOON)

    assert [one.code for one in verdict.findings] == ["BS270"]


# -- what an authority answers -----------------------------------------------------------------------------------------


class Answering:
    """An authority that answers with a token made for the very request."""

    def __init__(self, clock: Holder, stamp: Stamp) -> None:
        self.clock, self.made = clock, stamp

    def stamp(self, data: bytes) -> bytes:
        request = stamp_request(data)
        token = a_token(data, self.clock, Stamp(**{**vars(self.made), "info": {"nonce": request.nonce}}))
        return token_in(a_reply(token), request)


def a_reply(token: bytes) -> bytes:
    status = tsp.PKIStatusInfo({"status": "granted"}).dump()
    encoded: bytes = core.Sequence(contents=status + token).dump()
    return encoded


def test_what_an_authority_answers_in_good_order_is_added(
    workbook: bytes, officer: Holder, clock: Holder, trust: Trust
) -> None:
    extended = add_time_stamp(sign_package(workbook, officer, at=NOW), Answering(clock, Stamp()))

    assert extended.warning is None
    assert verify_package(extended.data, trust, now=SOON).signatures[0].time.stamped == NOW


@pytest.mark.parametrize("name", ["signed over SHA-1", "no certificate", "certificate not named", "leap second"])
def test_a_stamp_that_would_spoil_the_signature_is_not_added(
    name: str, workbook: bytes, officer: Holder, clock: Holder
) -> None:
    signed = sign_package(workbook, officer, at=NOW)

    extended = add_time_stamp(signed, Answering(clock, BAD[name]))

    assert extended.data == signed
    assert extended.warning is not None
    assert extended.warning.code == "BS275"


def test_a_signature_is_stamped_once(workbook: bytes, officer: Holder, clock: Holder) -> None:
    once = add_time_stamp(sign_package(workbook, officer, at=NOW), Answering(clock, Stamp())).data

    again = add_time_stamp(once, Answering(clock, Stamp(time=NOW + MINUTE)))

    assert (again.data, again.warning) == (once, None)


def test_a_stamp_without_the_number_that_was_sent_is_not_taken(clock: Holder) -> None:
    request = stamp_request(DATA)

    with pytest.raises(TimeStampError) as refused:
        token_in(a_reply(a_token(DATA, clock)), request)

    assert refused.value.finding.code == "BS278"


def test_a_list_of_a_twin_of_the_authority_neither_hides_the_right_one_nor_adds_to_it(
    authorities: Authorities, clock: Holder
) -> None:
    twin = a_certificate("CA Cấp Gốc Thử", ec.generate_private_key(ec.SECP256R1()), authority=True)
    forged = (a_crl(twin, ((clock, NOW - DAY),), issued=NOW), a_crl(twin, issued=NOW))
    known = authorities.trust()
    with_forged = Trust.of(known.roots, (*known.intermediates, twin.certificate), (*forged, *known.crls, *forged))

    assert judged(with_forged, a_token(DATA, clock)).status is StampStatus.GOOD
