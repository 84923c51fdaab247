"""Whose signatures a workbook must carry: real files, signed, sent, accepted or refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from server.services.signers import EndReason, register_signer, replace_signer, revoke_signer
from server.services.submissions import get_submission
from server.services.submitting import SubmissionResult
from server.storage.engine import reading
from server.storage.signers import signers_at
from server.web.context import TrustFolder
from signing.answers import verdict_text
from signing.errors import TrustError
from signing.policy import DEFAULT_POLICY, Policy, read_policy
from signing.roles import SignerRole
from signing.sign import sign_package
from signing.trust import Trust
from tests.server.world import FORM, NOW, World, a_trust, some_authorities
from tests.signing.authorities import Holder, a_certificate, ec
from workbooks.package import open_package

TODAY = date(2026, 10, 2)
BOTH = Policy(version="hai-chữ-ký", roles=(SignerRole.OFFICER, SignerRole.LEADER))


def registered(world: World, role: SignerRole, name: str = "Cán bộ lập biểu", *, since: date = TODAY) -> Holder:
    """A new person of the commune with a certificate in the register."""
    person = world.authorities.officer(name)
    register_signer(
        world.engine,
        unit="28756",
        certificate=person.certificate.public_bytes(Encoding.DER),
        name=name,
        role=role,
        valid_from=since,
        now=NOW,
    )
    return person


def entry_of(world: World, name: str) -> int:
    with reading(world.engine) as connection:
        return next(one.id for one in signers_at(connection, unit="28756", day=None) if one.name == name)


def leader_of(world: World) -> Holder:
    return world.leaders["28756"]


def codes(result: SubmissionResult) -> list[str]:
    return [finding.code for finding in result.findings]


def without_last_signature(data: bytes) -> bytes:
    """Both traces of the second signature taken out, as anybody with a ZIP program can."""
    package = open_package(data)
    rels = "/_xmlsignatures/_rels/origin.sigs.rels"
    types = "/[Content_Types].xml"
    changes = {
        "/_xmlsignatures/sig2.xml": None,
        rels: re.sub(rb"<Relationship [^>]*sig2\.xml[^>]*/>", b"", package.part(rels)),
        types: re.sub(rb"<Override [^>]*sig2\.xml[^>]*/>", b"", package.part(types)),
    }
    return package.with_parts(changes)


def test_one_registered_signature_is_enough_unless_roles_are_demanded(world: World) -> None:
    result = world.send(world.signed())

    assert (result.status, codes(result)) == ("accepted", [])
    assert result.verdict["expected"] == [{"role": "", "present": True, "part": "/_xmlsignatures/sig1.xml"}]
    assert result.verdict["policy_version"] == DEFAULT_POLICY.version
    assert result.verdict["signatures"][0]["identity"] == {
        "status": "registered",
        "person": "Lãnh đạo Phường Phú Khương",
        "role": "leader",
        "unit": "28756",
        "day": "2026-10-02",
        "valid_from": "2025-07-01",
        "valid_to": "",
    }


def test_officer_and_leader_sign_in_turn_where_both_must(world: World) -> None:
    officer = registered(world, SignerRole.OFFICER)
    data = sign_package(world.signed(by=officer), leader_of(world), at=NOW, role=SignerRole.LEADER.words)

    result = world.send(data, policy=BOTH)

    assert (result.status, codes(result)) == ("accepted", [])
    stored = get_submission(world.engine, result.id).verdict
    assert [(one["role"], one["present"]) for one in stored["expected"]] == [("officer", True), ("leader", True)]
    assert [one["identity"]["role"] for one in stored["signatures"]] == ["officer", "leader"]
    assert stored["policy_version"] == "hai-chữ-ký"


def test_a_workbook_whose_second_signature_was_stripped_is_refused_as_unfinished(world: World) -> None:
    officer = registered(world, SignerRole.OFFICER)
    whole = sign_package(world.signed(by=officer), leader_of(world), at=NOW)

    result = world.send(without_last_signature(whole), policy=BOTH)

    assert (result.status, codes(result)) == ("refused", ["BS863"])
    assert result.verdict["outcome"] == "valid"  # nothing in the file betrays it: only the service knows who must sign
    assert SignerRole.LEADER.words in result.findings[0].message
    assert [one["present"] for one in result.verdict["expected"]] == [True, False]


def test_the_roles_of_one_form_go_before_those_of_all(world: World) -> None:
    demanding = read_policy(f'version = "2"\nroles = ["leader"]\n[forms."{FORM}"]\nroles = ["leader", "seal"]')

    result = world.send(world.signed(), policy=demanding)

    assert codes(result) == ["BS863"]
    assert SignerRole.SEAL.words in result.findings[0].message


def test_a_leader_who_signed_before_the_officer_is_out_of_order(world: World) -> None:
    officer = registered(world, SignerRole.OFFICER)

    result = world.send(sign_package(world.signed(), officer, at=NOW), policy=BOTH)

    assert (result.status, codes(result)) == ("refused", ["BS864"])
    assert "không đúng thứ tự" in result.findings[0].message


def test_a_role_claimed_against_the_register_is_refused(world: World) -> None:
    officer = registered(world, SignerRole.OFFICER)
    signed = world.signed(by=officer)
    data = sign_package(signed, registered(world, SignerRole.OFFICER, "Người khác"), at=NOW, role="Lãnh đạo phê duyệt")

    result = world.send(data)

    assert codes(result) == ["BS862"]
    assert "Người khác" in result.findings[0].message


def test_any_unregistered_signature_refuses_even_beside_good_ones(world: World) -> None:
    stranger = world.authorities.officer("Người lạ")

    result = world.send(sign_package(world.signed(), stranger, at=NOW))

    assert (result.status, codes(result)) == ("refused", ["BS811"])


def test_a_self_signed_impostor_of_the_same_name_is_not_registered(world: World) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    impostor = a_certificate("Lãnh đạo Phường Phú Khương", key, purposes=(ExtendedKeyUsageOID.EMAIL_PROTECTION,))

    result = world.send(world.signed(by=impostor))

    assert result.status == "refused"
    assert {"BS221", "BS811"} <= set(codes(result))
    assert result.verdict["signatures"][0]["identity"]["status"] == "unregistered"


def test_a_certificate_of_the_same_name_from_a_trusted_authority_is_not_registered(world: World) -> None:
    other = some_authorities()
    more = a_trust(other)
    roots, between = (*world.trust.roots, *more.roots), (*world.trust.intermediates, *more.intermediates)
    trusting = replace(world, trust=Trust.of(roots, between, (*world.trust.crls, *more.crls)))

    result = trusting.send(world.signed(by=other.officer("Lãnh đạo Phường Phú Khương")))

    assert (codes(result), result.verdict["outcome"]) == (["BS811"], "valid")


def test_a_person_who_left_signs_no_more_but_what_was_accepted_stays(world: World) -> None:
    first = world.send(world.signed())
    revoke_signer(
        world.engine, entry_of(world, "Lãnh đạo Phường Phú Khương"), day=TODAY, reason=EndReason.LEFT, now=NOW
    )

    again = world.send(world.signed(at=NOW + timedelta(minutes=1)), now=NOW + timedelta(minutes=2))

    assert codes(again) == ["BS860"]
    assert "Thôi giữ chức vụ" in again.findings[0].message
    assert get_submission(world.engine, first.id).submission.status == "accepted"


def test_who_signs_from_tomorrow_on_does_not_sign_today(world: World) -> None:
    deputy = registered(world, SignerRole.LEADER, "Phó chủ tịch", since=TODAY + timedelta(days=1))

    result = world.send(world.signed(by=deputy))

    assert codes(result) == ["BS861"]
    assert "03/10/2026" in result.findings[0].message


def test_after_a_replacement_the_new_certificate_signs_and_the_old_does_not(world: World) -> None:
    fresh = world.authorities.officer("Lãnh đạo Phường Phú Khương")
    old = entry_of(world, "Lãnh đạo Phường Phú Khương")
    replace_signer(world.engine, old, certificate=fresh.certificate.public_bytes(Encoding.PEM), day=TODAY, now=NOW)

    by_old, by_new = world.send(world.signed()), world.send(world.signed(by=fresh))

    assert (codes(by_old), by_new.status) == (["BS860"], "accepted")


def test_unknown_revocation_is_let_pass_only_where_the_policy_says_so(world: World) -> None:
    authorities = world.authorities
    blind = replace(world, trust=Trust.of([authorities.root.certificate], [authorities.issuing.certificate]))
    data = world.signed()

    strict = blind.send(data)
    lenient = blind.send(data, policy=Policy(version="2", accept_undetermined=True))

    assert (strict.status, "BS812" in codes(strict)) == ("refused", True)
    assert (lenient.status, "BS867" in codes(lenient)) == ("accepted", True)
    assert [one["present"] for one in lenient.verdict["expected"]] == [True]


def test_a_signature_that_is_there_but_cannot_count_is_not_called_missing(world: World) -> None:
    authorities = world.authorities
    blind = replace(world, trust=Trust.of([authorities.root.certificate], [authorities.issuing.certificate]))

    result = blind.send(world.signed(), policy=Policy(version="2", roles=(SignerRole.LEADER,)))

    assert result.status == "refused"
    assert "BS863" not in codes(result)
    assert [one["present"] for one in result.verdict["expected"]] == [False]


def test_the_policy_in_the_trust_folder_counts_as_soon_as_it_is_written(tmp_path: Path) -> None:
    folder = TrustFolder(tmp_path)
    before = folder.policy()

    (tmp_path / "policy.toml").write_text('\ufeffversion = "2026-1"\nroles = ["leader"]\n', encoding="utf-8")
    after = folder.policy()

    assert before is DEFAULT_POLICY
    assert (after.version, after.roles) == ("2026-1", (SignerRole.LEADER,))


@pytest.mark.parametrize("content", [b"version = ", b'version = "1"\nleader = true', b'version = "\xff"'])
def test_a_policy_that_cannot_be_used_is_a_fault_of_trust(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "policy.toml").write_bytes(content)

    with pytest.raises(TrustError, match="BS252"):
        TrustFolder(tmp_path).policy()


def test_the_portal_says_who_may_sign_and_which_signatures_must_be_there(world: World) -> None:
    officer = registered(world, SignerRole.OFFICER)
    result = world.send(world.signed(by=officer), policy=BOTH)

    told = verdict_text(json.loads(json.dumps(result.verdict)))

    lines = {line.name: line for line in told.signatures[0].lines}
    assert lines["Người ký có quyền"].good is True
    assert "Cán bộ lập biểu, Người lập biểu" in lines["Người ký có quyền"].text
    assert [(line.name, line.good) for line in told.expected] == [
        ("Người lập biểu", True),
        ("Lãnh đạo phê duyệt", False),
    ]
    assert told.expected[1].text == "THIẾU chữ ký"
