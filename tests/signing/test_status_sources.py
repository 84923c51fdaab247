"""Who is asked whether a certificate was revoked: OCSP responders of the configured trees. OpenSSL answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from signing.errors import NotSignableError, TrustError
from signing.evidence import Evidence
from signing.extending import add_time_stamp
from signing.fetching import HttpStatus, HttpTimeStamper, fetch_list
from signing.sign import check_standing, sign_package
from signing.trust import Tree, Trust, Use
from signing.verdict import Outcome, RevocationStatus, Verdict
from signing.verify import verify_package
from tests.signing.authorities import Authorities, Holder, a_crl, create_authorities
from tests.signing.network import a_time_authority, an_ocsp_responder, ocsp_responder, served, time_authority

TODAY = datetime.now(UTC).replace(microsecond=0)
DAY, YEAR = timedelta(days=1), timedelta(days=365)
LIFE = {"start": TODAY - YEAR, "end": TODAY + YEAR}


def soon() -> datetime:
    """When everything of the tests was there already: authorities answer by the clock, whenever a test runs."""
    return datetime.now(UTC) + timedelta(minutes=2)


@pytest.fixture(scope="module")
def authorities() -> Authorities:
    return create_authorities(now=TODAY)


@pytest.fixture(scope="module")
def good(authorities: Authorities) -> Holder:
    return authorities.officer("Người còn quyền", **LIFE)


@pytest.fixture(scope="module")
def revoked(authorities: Authorities) -> Holder:
    return authorities.officer("Người bị thu hồi", **LIFE)


@pytest.fixture(scope="module")
def responder(authorities: Authorities, good: Holder, revoked: Holder) -> Iterator[str]:
    statuses = {good: None, revoked: TODAY - DAY}
    with ocsp_responder(authorities, an_ocsp_responder(authorities, **LIFE), statuses) as address:
        yield address


def trust_in(authorities: Authorities, *addresses: str, crls: bool = False) -> Trust:
    """Trust that knows of the root's list only, and asks these addresses for the rest."""
    fresh = {"issued": TODAY - DAY, "next_update": TODAY + 6 * DAY}
    lists = [a_crl(authorities.root, **fresh)] + ([a_crl(authorities.issuing, **fresh)] if crls else [])
    trust = Trust.of([authorities.root.certificate], [authorities.issuing.certificate], lists)
    tree = Tree("Hệ thống thử", ocsp=addresses)
    return replace(
        trust, trees={authorities.root.certificate.fingerprint(SHA256()): tree}, source=HttpStatus(30.0), lock=Lock()
    )


def verified(workbook: bytes, holder: Holder, trust: Trust) -> Verdict:
    return verify_package(sign_package(workbook, holder, at=TODAY), trust, now=soon())


def codes(verdict: Verdict) -> list[str]:
    return [finding.code for finding in verdict.findings]


def test_a_responder_tells_that_a_certificate_is_good(
    workbook: bytes, good: Holder, responder: str, authorities: Authorities
) -> None:
    verdict = verified(workbook, good, trust_in(authorities, responder))

    (signature,) = verdict.signatures
    assert (verdict.outcome, codes(verdict)) == (Outcome.VALID, [])
    assert "OCSP" in signature.revocation.source
    assert len(signature.evidence.ocsps) == 1


def test_a_responder_tells_that_a_certificate_was_revoked(
    workbook: bytes, revoked: Holder, responder: str, authorities: Authorities
) -> None:
    verdict = verified(workbook, revoked, trust_in(authorities, responder))

    assert (verdict.outcome, codes(verdict)) == (Outcome.INVALID, ["BS228"])
    assert verdict.signatures[0].revocation.revoked_at == TODAY - DAY


def test_a_responder_out_of_reach_leaves_the_outcome_undetermined_and_is_named(
    workbook: bytes, good: Holder, authorities: Authorities
) -> None:
    with served(lambda _: b"") as address:
        pass  # it is gone now

    verdict = verified(workbook, good, trust_in(authorities, address))

    assert (verdict.outcome, codes(verdict)) == (Outcome.UNDETERMINED, ["BS230"])
    assert address in verdict.findings[0].message


def test_a_list_answers_where_the_responder_does_not(workbook: bytes, good: Holder, authorities: Authorities) -> None:
    with served(lambda _: b"<html>") as address:
        verdict = verified(workbook, good, trust_in(authorities, address, crls=True))

    assert verdict.outcome is Outcome.VALID


def test_the_second_address_is_asked_where_the_first_is_silent(
    workbook: bytes, good: Holder, responder: str, authorities: Authorities
) -> None:
    with served(lambda _: b"", status=500) as silent:
        verdict = verified(workbook, good, trust_in(authorities, silent, responder))

    assert verdict.outcome is Outcome.VALID


def test_the_second_address_is_asked_where_the_first_does_not_know(
    workbook: bytes, good: Holder, revoked: Holder, responder: str, authorities: Authorities
) -> None:
    with ocsp_responder(authorities, an_ocsp_responder(authorities, **LIFE), {}) as ignorant:
        verdicts = [verified(workbook, one, trust_in(authorities, ignorant, responder)) for one in (good, revoked)]

    assert [verdict.outcome for verdict in verdicts] == [Outcome.VALID, Outcome.INVALID]


def test_an_answer_of_somebody_who_is_no_responder_says_nothing(
    workbook: bytes, good: Holder, authorities: Authorities
) -> None:
    impostor = authorities.officer("Không phải máy chủ", **LIFE)
    with ocsp_responder(authorities, impostor, {good: None}) as address:
        verdict = verified(workbook, good, trust_in(authorities, address))

    assert verdict.outcome is Outcome.UNDETERMINED


def test_a_good_answer_on_somebody_else_says_nothing(
    workbook: bytes, revoked: Holder, good: Holder, responder: str, authorities: Authorities
) -> None:
    asked = HttpStatus().ocsp(responder, der(good), der(authorities.issuing))
    trust = trust_in(authorities)
    known = Trust.of(trust.roots, trust.intermediates, trust.crls, [asked])

    verdict = verified(workbook, revoked, known)

    assert verdict.signatures[0].revocation.status is RevocationStatus.UNKNOWN


def test_an_answer_is_asked_for_once(workbook: bytes, good: Holder, authorities: Authorities) -> None:
    asked: list[bytes] = []
    trust = trust_in(authorities, crls=True)

    def counted(body: bytes) -> bytes:
        asked.append(body)
        return b""

    with served(counted) as address:
        trust = replace(trust, trees={key: replace(tree, ocsp=(address,)) for key, tree in trust.trees.items()})
        for comment in ("một", "hai", "ba"):
            data = sign_package(workbook, good, at=TODAY, comment=comment)
            assert verify_package(data, trust, now=soon()).outcome is Outcome.VALID

    # Once: the responder was silent on the first certificate and was not asked about the issuer.
    assert len(asked) == 1


def test_what_was_kept_answers_when_nobody_does_any_more(
    workbook: bytes, good: Holder, responder: str, authorities: Authorities
) -> None:
    data = sign_package(workbook, good, at=TODAY)
    evidence = verify_package(data, trust_in(authorities, responder), now=soon()).evidence
    later = soon() + 3 * YEAR
    roots = Trust.of([authorities.root.certificate])

    with_nothing = verify_package(data, roots, now=later, existed=soon())
    with_evidence = verify_package(data, roots.with_evidence(evidence), now=later, existed=soon())

    assert with_nothing.outcome is Outcome.UNDETERMINED
    assert with_evidence.outcome is Outcome.VALID
    assert evidence == Evidence(
        evidence.certificates, evidence.crls, with_evidence.evidence.ocsps, with_evidence.evidence.time_stamps
    )


def test_a_certificate_that_a_responder_calls_revoked_later_was_good_when_stamped(
    workbook: bytes, authorities: Authorities
) -> None:
    leaver = authorities.officer("Người sẽ thôi việc", **LIFE)
    clock = a_time_authority(authorities, **LIFE)
    with time_authority(clock) as tsa:
        data = add_time_stamp(sign_package(workbook, leaver, at=TODAY), HttpTimeStamper(tsa)).data
    left = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    with ocsp_responder(authorities, an_ocsp_responder(authorities, **LIFE), {leaver: left, clock: None}) as address:
        now = datetime.now(UTC) + timedelta(minutes=5)
        verdict = verify_package(data, trust_in(authorities, address), now=now)
        unstamped = verified(workbook, leaver, trust_in(authorities, address))

    assert (verdict.outcome, codes(verdict)) == (Outcome.VALID, [])
    assert unstamped.outcome is not Outcome.VALID


# -- two trees side by side --------------------------------------------------------------------------------------------


def a_tree_folder(folder: Path, authorities: Authorities, settings: str = "") -> None:
    folder.mkdir(parents=True)
    (folder / "goc.crt").write_bytes(authorities.root.certificate.public_bytes(Encoding.PEM))
    (folder / "cap.crt").write_bytes(der(authorities.issuing))
    for name, holder in (("goc", authorities.root), ("cap", authorities.issuing)):
        crl = a_crl(holder, issued=TODAY - DAY, next_update=TODAY + 6 * DAY)
        (folder / f"{name}.crl").write_bytes(crl.public_bytes(Encoding.DER))
    if settings:
        (folder / "tree.toml").write_text(settings, encoding="utf-8")


def test_two_trees_stand_side_by_side_and_the_verdict_names_the_one(tmp_path: Path, workbook: bytes) -> None:
    public, government = create_authorities("Công cộng", now=TODAY), create_authorities("Chính phủ", now=TODAY)
    a_tree_folder(tmp_path / "cong-cong", public, 'name = "Chứng thực công cộng"')
    a_tree_folder(tmp_path / "chinh-phu", government, 'name = "Chứng thực chuyên dùng Chính phủ"')
    trust = Trust.from_directory(tmp_path)

    trees = [verified(workbook, one.officer(**LIFE), trust).signatures[0].chain.tree for one in (public, government)]

    assert trees == ["Chứng thực công cộng", "Chứng thực chuyên dùng Chính phủ"]


def test_a_tree_is_trusted_only_for_what_it_is_there_for(tmp_path: Path, workbook: bytes) -> None:
    people, clocks = create_authorities("Người ký", now=TODAY), create_authorities("Dấu thời gian", now=TODAY)
    a_tree_folder(tmp_path / "nguoi-ky", people, 'use = ["signatures"]')
    a_tree_folder(tmp_path / "dau", clocks, 'use = ["time-stamps"]')
    trust = Trust.from_directory(tmp_path)
    with (
        time_authority(a_time_authority(clocks, **LIFE)) as right,
        time_authority(a_time_authority(people, **LIFE)) as wrong,
    ):
        signed = sign_package(workbook, people.officer(**LIFE), at=TODAY)
        by_right = add_time_stamp(signed, HttpTimeStamper(right)).data
        by_wrong = add_time_stamp(signed, HttpTimeStamper(wrong)).data

    assert codes(verify_package(by_right, trust, now=soon())) == []
    assert codes(verify_package(by_wrong, trust, now=soon())) == ["BS272"]
    assert codes(verified(workbook, clocks.officer(**LIFE), trust)) == ["BS221"]


def test_a_root_in_two_trees_of_different_use_is_refused_with_both(tmp_path: Path, authorities: Authorities) -> None:
    a_tree_folder(tmp_path / "nguoi-ky", authorities, 'use = ["signatures"]')
    a_tree_folder(tmp_path / "dau", authorities, 'use = ["time-stamps"]')

    with pytest.raises(TrustError) as refused:
        Trust.from_directory(tmp_path)

    assert refused.value.finding.code == "BS252"
    assert "nguoi-ky" in str(refused.value)
    assert "dau" in str(refused.value)


@pytest.mark.parametrize(
    "settings",
    ['nam = "x"', "use = []", 'use = ["tất cả"]', 'ocsp = ["ftp://x/"]', 'crl = "http://x/"', "name = ", 'name = " "'],
)
def test_settings_of_a_tree_that_cannot_be_used_are_refused_with_the_file(
    settings: str, tmp_path: Path, authorities: Authorities
) -> None:
    a_tree_folder(tmp_path / "cay", authorities, settings)

    with pytest.raises(TrustError) as refused:
        Trust.from_directory(tmp_path)

    assert refused.value.finding.code == "BS252"
    assert "cay/tree.toml" in refused.value.finding.message
    assert Use.SIGNATURES in Tree("").uses


# -- before signing ----------------------------------------------------------------------------------------------------


def test_a_certificate_in_good_standing_may_sign(good: Holder, responder: str, authorities: Authorities) -> None:
    assert check_standing(good, trust_in(authorities, responder), soon()) is None


def test_a_revoked_certificate_is_refused_before_signing(
    revoked: Holder, responder: str, authorities: Authorities
) -> None:
    with pytest.raises(NotSignableError) as refused:
        check_standing(revoked, trust_in(authorities, responder), soon())

    assert refused.value.finding.code == "BS233"


def test_a_stranger_s_certificate_is_refused_before_signing(responder: str, authorities: Authorities) -> None:
    stranger = create_authorities("Người lạ", now=TODAY).officer(**LIFE)

    with pytest.raises(NotSignableError) as refused:
        check_standing(stranger, trust_in(authorities, responder), soon())

    assert refused.value.finding.code == "BS232"


def test_without_an_answer_one_may_sign_with_a_warning(good: Holder, authorities: Authorities) -> None:
    warning = check_standing(good, trust_in(authorities), soon())

    assert warning is not None
    assert warning.code == "BS234"


def test_a_list_is_fetched_from_its_address(authorities: Authorities) -> None:
    crl = a_crl(authorities.issuing).public_bytes(Encoding.DER)

    with served(lambda _: crl) as address:
        assert fetch_list(address) == crl


def der(holder: Holder) -> bytes:
    return holder.certificate.public_bytes(Encoding.DER)
