"""Time stamps: what they prove of a signature, and what those that prove nothing lead to. OpenSSL is the authority."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import tsp
from cryptography.hazmat.primitives import hashes
from lxml import etree

from signing.algorithms import digest
from signing.document import value_to_stamp, with_time_stamp
from signing.errors import NotSignableError
from signing.extending import Extended, add_time_stamp
from signing.fetching import HttpTimeStamper
from signing.policy import Policy
from signing.sign import sign_package
from signing.stamping import stamp_request
from signing.trust import Trust
from signing.verdict import Outcome, StampStatus, Verdict
from signing.verify import verify_package
from signing.xml import XADES
from tests.signing.authorities import Authorities, Holder, a_crl, create_authorities
from tests.signing.network import a_time_authority, openssl_ts, served, time_authority
from tests.signing.tampering import SIGNATURE, changed, parts_of

TODAY = datetime.now(UTC).replace(microsecond=0)
DAY, YEAR = timedelta(days=1), timedelta(days=365)
LIFE = {"start": TODAY - YEAR, "end": TODAY + YEAR}


@pytest.fixture(scope="module")
def authorities() -> Authorities:
    return create_authorities(now=TODAY)


@pytest.fixture(scope="module")
def officer(authorities: Authorities) -> Holder:
    return authorities.officer(**LIFE)


@pytest.fixture(scope="module")
def clock(authorities: Authorities) -> Holder:
    """The key of the time-stamping authority, which lasts longer than people's."""
    return a_time_authority(authorities, start=TODAY - YEAR, end=TODAY + 5 * YEAR)


@pytest.fixture(scope="module")
def tsa(clock: Holder) -> Iterator[str]:
    with time_authority(clock) as address:
        yield address


@pytest.fixture(scope="module")
def plain(workbook: bytes, officer: Holder) -> bytes:
    return sign_package(workbook, officer, at=TODAY)


@pytest.fixture(scope="module")
def stamped(plain: bytes, tsa: str) -> bytes:
    extended = add_time_stamp(plain, HttpTimeStamper(tsa))
    assert extended.warning is None
    return extended.data


def trust_as_at(authorities: Authorities, moment: datetime, *revoked: tuple[Holder, datetime]) -> Trust:
    """Trust with revocation lists that are fresh at a moment."""
    fresh = {"issued": moment - DAY, "next_update": moment + 6 * DAY}
    lists = (a_crl(authorities.root, **fresh), a_crl(authorities.issuing, revoked, **fresh))
    return Trust.of([authorities.root.certificate], [authorities.issuing.certificate], lists)


def soon() -> datetime:
    """When the stamps of the tests were there already: an authority stamps by the clock, whenever a test runs."""
    return datetime.now(UTC) + timedelta(minutes=2)


def verified(data: bytes, trust: Trust, now: datetime | None = None, **options: object) -> Verdict:
    return verify_package(data, trust, now=now or soon(), **options)  # type: ignore[arg-type]  # passed on as they are


def codes(verdict: Verdict) -> list[str]:
    return [finding.code for finding in verdict.findings]


def test_a_stamped_signature_says_when_it_was_there_already(stamped: bytes, authorities: Authorities) -> None:
    verdict = verified(stamped, trust_as_at(authorities, TODAY))

    (signature,) = verdict.signatures
    assert (verdict.outcome, codes(verdict)) == (Outcome.VALID, [])
    assert signature.level == "XAdES-T"
    assert signature.time.claimed == TODAY
    assert signature.time.stamped is not None
    assert abs(signature.time.stamped - datetime.now(UTC)) < timedelta(minutes=10)
    assert signature.time.authority == "Máy chủ dấu thời gian"
    assert "có dấu thời gian" in verdict.summary
    assert len(signature.evidence.time_stamps) == 1


def test_stamping_changes_nothing_that_is_signed(plain: bytes, stamped: bytes) -> None:
    before, after = parts_of(plain), parts_of(stamped)

    assert {name for name in after if after[name] != before.get(name)} == {SIGNATURE}


def test_a_certificate_that_expired_after_the_stamp_does_no_harm(
    plain: bytes, stamped: bytes, authorities: Authorities
) -> None:
    later = TODAY + 2 * YEAR
    trust = trust_as_at(authorities, later)
    kept = Trust.of(trust.roots, trust.intermediates, (*trust.crls, *trust_as_at(authorities, TODAY).crls))

    assert codes(verified(plain, kept, later)) == ["BS222"]
    assert verified(stamped, kept, later).outcome is Outcome.VALID


def test_lists_issued_after_a_certificate_expired_do_not_vouch_for_it(stamped: bytes, authorities: Authorities) -> None:
    later = TODAY + 2 * YEAR

    verdict = verified(stamped, trust_as_at(authorities, later), later)

    assert (verdict.outcome, codes(verdict)) == (Outcome.UNDETERMINED, ["BS230"])


def test_a_certificate_revoked_after_the_stamp_does_no_harm(
    plain: bytes, stamped: bytes, officer: Holder, authorities: Authorities
) -> None:
    later = TODAY + 30 * DAY
    trust = trust_as_at(authorities, later, (officer, TODAY + 10 * DAY))

    assert codes(verified(plain, trust, later)) == ["BS228"]
    assert verified(stamped, trust, later).outcome is Outcome.VALID


def test_a_certificate_revoked_before_the_stamp_is_refused(
    stamped: bytes, officer: Holder, authorities: Authorities
) -> None:
    verdict = verified(stamped, trust_as_at(authorities, TODAY, (officer, TODAY - DAY)))

    assert (verdict.outcome, codes(verdict)) == (Outcome.INVALID, ["BS229"])


def test_a_stamp_of_another_signature_is_refused(
    workbook: bytes, stamped: bytes, officer: Holder, authorities: Authorities
) -> None:
    other = sign_package(workbook, officer, at=TODAY - timedelta(minutes=1), comment="Lần khác")
    token = tokens_of(parts_of(stamped)[SIGNATURE])[0]
    moved = changed(other, {SIGNATURE: with_time_stamp(parts_of(other)[SIGNATURE], token)})

    verdict = verified(moved, trust_as_at(authorities, TODAY))

    assert (verdict.outcome, codes(verdict)) == (Outcome.INVALID, ["BS271"])
    assert verdict.signatures[0].time.stamped is None


@pytest.mark.parametrize("where", ["time", "value"])
def test_a_changed_token_is_refused(where: str, stamped: bytes, plain: bytes, authorities: Authorities) -> None:
    (token,) = tokens_of(parts_of(stamped)[SIGNATURE])
    at = token.index(TODAY.strftime("%Y").encode()) if where == "time" else len(token) - 3
    bad = token[:at] + bytes([token[at] ^ 1]) + token[at + 1 :]

    verdict = verified(with_token(plain, bad), trust_as_at(authorities, TODAY))

    assert (verdict.outcome, codes(verdict)) == (Outcome.INVALID, ["BS270"])


@pytest.mark.parametrize("rubbish", [b"\x30\x00", b"\x30\x82\xff\xff", b"x" * 100])
def test_rubbish_in_the_place_of_a_token_is_refused(rubbish: bytes, plain: bytes, authorities: Authorities) -> None:
    verdict = verified(with_token(plain, rubbish), trust_as_at(authorities, TODAY))

    assert (verdict.outcome, codes(verdict)) == (Outcome.INVALID, ["BS270"])


def test_a_stamp_over_sha_1_is_refused(plain: bytes, clock: Holder, authorities: Authorities, tmp_path: Path) -> None:
    value = value_to_stamp(parts_of(plain)[SIGNATURE])
    imprint = {"hash_algorithm": {"algorithm": "sha1"}, "hashed_message": digest(value, hashes.SHA1())}  # noqa: S303 - what is to be refused
    query = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "nonce": 7, "cert_req": True})
    reply = tsp.TimeStampResp.load(openssl_ts(tmp_path, clock)(query.dump()))

    verdict = verified(with_token(plain, reply["time_stamp_token"].dump()), trust_as_at(authorities, TODAY))

    assert (verdict.outcome, codes(verdict)) == (Outcome.INVALID, ["BS270"])


def test_a_stranger_s_stamp_proves_nothing_and_harms_nothing(plain: bytes, authorities: Authorities) -> None:
    stranger = create_authorities("Người lạ", now=TODAY)
    with time_authority(a_time_authority(stranger, **LIFE)) as address:
        data = add_time_stamp(plain, HttpTimeStamper(address)).data

    verdict = verified(data, trust_as_at(authorities, TODAY))

    (signature,) = verdict.signatures
    assert (verdict.outcome, codes(verdict)) == (Outcome.VALID, ["BS272"])
    assert (signature.level, signature.time.status) == ("XAdES-BES", StampStatus.UNTRUSTED)


def test_a_certificate_for_other_purposes_gives_no_stamps(plain: bytes, authorities: Authorities) -> None:
    with time_authority(a_time_authority(authorities, **LIFE)) as address:
        good = add_time_stamp(plain, HttpTimeStamper(address)).data
    assert codes(verified(good, trust_as_at(authorities, TODAY))) == []
    token = forged_token(plain, authorities)

    verdict = verified(with_token(plain, token), trust_as_at(authorities, TODAY))

    assert codes(verdict) == ["BS272"]
    assert verdict.signatures[0].time.stamped is None


def test_a_revoked_authority_gives_no_stamps(stamped: bytes, clock: Holder, authorities: Authorities) -> None:
    verdict = verified(stamped, trust_as_at(authorities, TODAY, (clock, TODAY - DAY)))

    assert codes(verdict) == ["BS272"]
    assert verdict.signatures[0].time.status is StampStatus.UNTRUSTED


def test_an_authority_that_expired_wants_a_later_stamp_or_a_record(stamped: bytes, authorities: Authorities) -> None:
    later = TODAY + 6 * YEAR
    trust = trust_as_at(authorities, TODAY)

    alone = verified(stamped, trust, later)
    recorded = verified(stamped, trust, later, existed=TODAY + DAY)

    assert alone.signatures[0].time.status is StampStatus.UNKNOWN
    assert "BS273" in codes(alone)
    assert (recorded.outcome, recorded.signatures[0].level) == (Outcome.VALID, "XAdES-T")


def test_without_a_list_for_the_authority_the_time_is_not_proven(workbook: bytes, authorities: Authorities) -> None:
    elsewhere = create_authorities("Dấu thời gian", now=TODAY)
    officer = authorities.officer(**LIFE)
    with time_authority(a_time_authority(elsewhere, **LIFE)) as address:
        data = add_time_stamp(sign_package(workbook, officer, at=TODAY), HttpTimeStamper(address)).data
    known = trust_as_at(authorities, TODAY)
    roots = (*known.roots, elsewhere.root.certificate)
    trust = Trust.of(roots, (*known.intermediates, elsewhere.issuing.certificate), known.crls)

    lenient = verified(data, trust)
    strict = verified(data, trust, policy=Policy(require_time_stamp=True))

    assert (lenient.outcome, codes(lenient)) == (Outcome.VALID, ["BS273"])
    assert (strict.outcome, codes(strict)) == (Outcome.UNDETERMINED, ["BS273"])


def test_a_policy_may_demand_a_stamp(plain: bytes, stamped: bytes, authorities: Authorities) -> None:
    demanding = Policy(version="2026-2", require_time_stamp=True)

    without = verified(plain, trust_as_at(authorities, TODAY), policy=demanding)
    stamped_one = verified(stamped, trust_as_at(authorities, TODAY), policy=demanding)

    assert (without.outcome, codes(without)) == (Outcome.INVALID, ["BS276"])
    assert stamped_one.outcome is Outcome.VALID
    assert stamped_one.to_dict()["policy_version"] == "2026-2"


def test_a_claimed_time_after_the_stamp_is_refused(
    workbook: bytes, officer: Holder, tsa: str, authorities: Authorities
) -> None:
    ahead = datetime.now(UTC) + timedelta(hours=1)
    data = add_time_stamp(sign_package(workbook, officer, at=ahead), HttpTimeStamper(tsa)).data

    verdict = verified(data, trust_as_at(authorities, TODAY), ahead)

    assert codes(verdict) == ["BS274"]


def test_a_stamp_taken_away_lowers_the_level_only(stamped: bytes, plain: bytes, authorities: Authorities) -> None:
    stripped = changed(stamped, {SIGNATURE: parts_of(plain)[SIGNATURE]})

    verdict = verified(stripped, trust_as_at(authorities, TODAY))

    assert (verdict.outcome, verdict.signatures[0].level) == (Outcome.VALID, "XAdES-BES")


def test_a_second_stamp_is_nothing_that_is_made_here(stamped: bytes, authorities: Authorities) -> None:
    part = parts_of(stamped)[SIGNATURE]
    doubled = changed(stamped, {SIGNATURE: with_time_stamp(part, tokens_of(part)[0])})

    assert set(codes(verified(doubled, trust_as_at(authorities, TODAY)))) == {"BS205"}


def test_each_of_two_signatures_has_its_own_stamp_and_the_second_binds_the_first(
    stamped: bytes, tsa: str, authorities: Authorities
) -> None:
    leader = authorities.officer("Lãnh đạo", **LIFE)
    both = add_time_stamp(sign_package(stamped, leader, at=datetime.now(UTC)), HttpTimeStamper(tsa)).data

    verdict = verified(both, trust_as_at(authorities, TODAY), soon())

    assert (verdict.outcome, codes(verdict)) == (Outcome.VALID, [])
    assert [signature.level for signature in verdict.signatures] == ["XAdES-T", "XAdES-T"]
    assert verdict.signatures[1].binds == ("/_xmlsignatures/sig1.xml",)


@pytest.mark.parametrize(("ago", "expected"), [(timedelta(hours=1), ["BS279"]), (timedelta(minutes=3), [])])
def test_nobody_claims_to_have_signed_before_the_stamp_of_a_signature_that_was_there_already(
    ago: timedelta, expected: list[str], stamped: bytes, authorities: Authorities
) -> None:
    """Clocks of offices may be some minutes slow."""
    leader = authorities.officer("Lãnh đạo", **LIFE)
    first = verified(stamped, trust_as_at(authorities, TODAY)).signatures[0].time.stamped
    assert first

    verdict = verified(sign_package(stamped, leader, at=first - ago), trust_as_at(authorities, TODAY))

    assert [[one.code for one in signature.findings] for signature in verdict.signatures] == [[], expected]
    assert codes(verdict) == expected
    assert (verdict.outcome is Outcome.VALID) is not bool(expected)


def test_a_time_before_a_signature_that_only_claims_one_is_nobody_s_business(
    plain: bytes, authorities: Authorities
) -> None:
    leader = authorities.officer("Lãnh đạo", **LIFE)

    verdict = verified(sign_package(plain, leader, at=TODAY - timedelta(hours=1)), trust_as_at(authorities, TODAY))

    assert (verdict.outcome, codes(verdict)) == (Outcome.VALID, [])


@pytest.mark.parametrize("digests", ["SHA-256", "SHA-384", "SHA-512"])
def test_every_digest_can_be_stamped(
    digests: str, workbook: bytes, officer: Holder, tsa: str, authorities: Authorities
) -> None:
    signed = sign_package(workbook, officer, at=TODAY, digest=digests)
    data = add_time_stamp(signed, HttpTimeStamper(tsa, digests.replace("-", "").lower())).data

    verdict = verified(data, trust_as_at(authorities, TODAY))

    assert (verdict.outcome, verdict.signatures[0].level) == (Outcome.VALID, "XAdES-T")
    assert verdict.signatures[0].algorithm == f"ECDSA secp256r1, {digests}"


# -- an authority that does not do its part ----------------------------------------------------------------------------


def test_an_authority_that_is_not_there_costs_the_stamp_only(plain: bytes, authorities: Authorities) -> None:
    with served(lambda _: b"") as address:
        pass  # it is gone now

    extended = add_time_stamp(plain, HttpTimeStamper(address))

    assert extended.data == plain
    assert told(extended) == "BS275"
    assert verified(extended.data, trust_as_at(authorities, TODAY)).outcome is Outcome.VALID


@pytest.mark.parametrize("reply", [b"", b"<html>", b"\x30\x03\x02\x01\x00", b"\x30\x05\x30\x03\x02\x01\x02"])
def test_an_answer_that_is_none_costs_the_stamp_only(reply: bytes, plain: bytes) -> None:
    with served(lambda _: reply) as address:
        extended = add_time_stamp(plain, HttpTimeStamper(address))

    assert (extended.data, told(extended)) == (plain, "BS275")


def test_an_authority_that_refuses_costs_the_stamp_only(plain: bytes) -> None:
    with served(lambda _: b"busy", status=503) as address:
        extended = add_time_stamp(plain, HttpTimeStamper(address))

    assert (extended.data, told(extended)) == (plain, "BS275")


def test_an_authority_that_says_nothing_is_not_waited_for(plain: bytes) -> None:
    release = threading.Event()

    def late(_: bytes) -> bytes:
        release.wait(30)
        return b""

    with served(late) as address:
        extended = add_time_stamp(plain, HttpTimeStamper(address, timeout=0.5))
        release.set()

    assert (extended.data, told(extended)) == (plain, "BS275")


def test_an_answer_to_an_earlier_request_is_not_taken(plain: bytes, clock: Holder, tmp_path: Path) -> None:
    value = value_to_stamp(parts_of(plain)[SIGNATURE])
    earlier = openssl_ts(tmp_path, clock)(stamp_request(value).encoded)

    with served(lambda _: earlier) as address:
        extended = add_time_stamp(plain, HttpTimeStamper(address))

    assert (extended.data, told(extended)) == (plain, "BS275")


def test_what_is_not_signed_is_not_stamped(workbook: bytes, tsa: str) -> None:
    with pytest.raises(NotSignableError) as refused:
        add_time_stamp(workbook, HttpTimeStamper(tsa))

    assert refused.value.finding.code == "BS247"


def test_a_password_in_the_address_is_not_told(plain: bytes) -> None:
    extended = add_time_stamp(plain, HttpTimeStamper("http://someone:secret@127.0.0.1:1/", timeout=1))

    assert extended.warning is not None
    assert "secret" not in extended.warning.message
    assert "127.0.0.1:1" in extended.warning.message


# -- building blocks ---------------------------------------------------------------------------------------------------


def told(extended: Extended) -> str:
    return extended.warning.code if extended.warning else ""


def tokens_of(part: bytes) -> list[bytes]:
    from base64 import b64decode

    root = etree.fromstring(part)
    return [b64decode(found.text or "") for found in root.iter(f"{{{XADES}}}EncapsulatedTimeStamp")]


def with_token(data: bytes, token: bytes) -> bytes:
    """The signed file with these bytes where the token should be."""
    part = parts_of(data)[SIGNATURE]
    placed = with_time_stamp(part, b"@")
    return changed(data, {SIGNATURE: placed.replace(b64encode(b"@"), b64encode(token))})


def forged_token(data: bytes, authorities: Authorities) -> bytes:
    """A token in good order from a certificate that was not issued for giving stamps (OpenSSL refuses to make one)."""
    from asn1crypto import cms, core
    from asn1crypto import x509 as asn1
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding

    holder = authorities.officer("Không phải máy chủ", **LIFE)
    value = value_to_stamp(parts_of(data)[SIGNATURE])
    info = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": "1.2.3",
            "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest(value)},
            "serial_number": 1,
            "gen_time": TODAY,
        }
    )
    certificate = asn1.Certificate.load(holder.certificate.public_bytes(Encoding.DER))
    signed_attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": ["tst_info"]},
            {"type": "message_digest", "values": [digest(info.dump())]},
            {
                "type": "signing_certificate_v2",
                "values": [{"certs": [{"cert_hash": digest(certificate.dump())}]}],
            },
        ]
    )
    signature = holder.key.sign(signed_attributes.dump(), ec.ECDSA(hashes.SHA256()))  # type: ignore[call-arg, arg-type]  # an EC key
    signer = {
        "version": "v1",
        "sid": {"issuer_and_serial_number": {"issuer": certificate.issuer, "serial_number": certificate.serial_number}},
        "digest_algorithm": {"algorithm": "sha256"},
        "signed_attrs": signed_attributes,
        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
        "signature": signature,
    }
    signed = cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(info.dump())},
            "certificates": [certificate],
            "signer_infos": [signer],
        }
    )
    encoded: bytes = cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()
    return encoded
