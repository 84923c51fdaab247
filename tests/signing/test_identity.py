from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives import hashes

from signing.identity import (
    Registration,
    Standing,
    claimed_otherwise,
    expected,
    identify,
    identity_of,
    out_of_order,
)
from signing.roles import SignerRole
from signing.sign import sign_package
from signing.trust import Trust
from signing.verdict import Verdict
from signing.verify import verify_package
from tests.signing.authorities import NOW, Authorities, Holder

TODAY = date(2026, 9, 15)
OFFICER, LEADER, SEAL = SignerRole


def entry(holder: Holder, role: SignerRole = LEADER, *, since: str = "2026-01-01", until: str = "") -> Registration:
    sha256 = holder.certificate.fingerprint(hashes.SHA256()).hex()
    return Registration(
        sha256, "Nguyễn Văn A", role, date.fromisoformat(since), date.fromisoformat(until) if until else None
    )


def signed_by(workbook: bytes, trust: Trust, *people: Holder, roles: tuple[str, ...] = ()) -> Verdict:
    for number, person in enumerate(people):
        workbook = sign_package(workbook, person, at=NOW, role=roles[number] if roles else "")
    return verify_package(workbook, trust, now=NOW)


@pytest.fixture(scope="module")
def people(authorities: Authorities) -> tuple[Holder, Holder, Holder]:
    return authorities.officer("Cán bộ"), authorities.officer("Lãnh đạo"), authorities.officer("Con dấu")


@pytest.mark.parametrize(
    ("since", "until", "standing"),
    [
        ("2026-09-15", "", Standing.REGISTERED),
        ("2026-01-01", "2026-09-16", Standing.REGISTERED),
        ("2026-01-01", "2026-09-15", Standing.ENDED),
        ("2026-09-16", "", Standing.NOT_YET),
    ],
)
def test_a_registration_holds_from_its_first_day_and_before_its_last(
    officer: Holder, since: str, until: str, standing: Standing
) -> None:
    registration = entry(officer, since=since, until=until)

    found = identity_of(registration.certificate_sha256, [registration], "28756", TODAY)

    assert (found.status, found.person, found.role) == (standing, "Nguyễn Văn A", LEADER)


def test_between_two_registrations_the_earlier_has_ended(officer: Holder) -> None:
    first, second = entry(officer, until="2026-06-01"), entry(officer, OFFICER, since="2026-12-01")

    found = identity_of(first.certificate_sha256, [second, first], "28756", TODAY)

    assert (found.status, found.registration) == (Standing.ENDED, first)


def test_an_impostor_of_the_same_name_is_not_registered(
    workbook: bytes, authorities: Authorities, trust: Trust, officer: Holder
) -> None:
    impostor = authorities.officer("Nguyễn Văn Thử")
    verdict = signed_by(workbook, trust, impostor)
    assert verdict.signatures[0].signer == signed_by(workbook, trust, officer).signatures[0].signer

    found = identify(verdict, [entry(officer)], "28756")

    assert [one.status for one in found] == [Standing.UNREGISTERED]
    assert found[0].to_dict()["person"] == ""


def test_the_day_is_that_of_viet_nam_not_that_which_the_signer_claims(
    workbook: bytes, officer: Holder, trust: Trust
) -> None:
    late = NOW.replace(hour=18)  # already the 16th in Viet Nam
    verdict = verify_package(sign_package(workbook, officer, at=NOW), trust, now=late)

    found = identify(verdict, [entry(officer, until="2026-09-16")], "28756")

    assert (found[0].status, found[0].day) == (Standing.ENDED, date(2026, 9, 16))


def test_a_proved_signing_time_counts_though_the_right_ended_before_it_was_sent(
    workbook: bytes, officer: Holder, trust: Trust
) -> None:
    verdict = signed_by(workbook, trust, officer)
    stamped = replace(verdict.signatures[0], best_time=NOW - timedelta(days=10))

    found = identify(replace(verdict, signatures=(stamped,)), [entry(officer, until="2026-09-10")], "28756")

    assert (found[0].status, found[0].day) == (Standing.REGISTERED, date(2026, 9, 5))


@pytest.mark.parametrize(
    ("words", "claimed"),
    [
        ("", None),
        ("Chủ tịch UBND xã", None),
        (LEADER.words, None),
        (SEAL.words, SEAL),
        (f" {SEAL.words.upper()}", SEAL),
        (SEAL.words.replace(" ", "\u00a0"), SEAL),
        (SEAL.words.replace(" ", "\u3164 \u034f"), SEAL),
        (unicodedata.normalize("NFD", SEAL.words), SEAL),
        (f"{SEAL.words}.", SEAL),
        ("Con dấu cơ qu\N{CYRILLIC SMALL LETTER A}n", SEAL),
        ("C\N{CYRILLIC CAPITAL LETTER O}N DẤU CƠ QUAN", SEAL),
        ("Con dau co quan", SEAL),
        ("...", None),
    ],
)
def test_only_a_known_role_that_the_register_does_not_give_is_claimed_wrongly(
    workbook: bytes, officer: Holder, trust: Trust, words: str, claimed: SignerRole | None
) -> None:
    verdict = signed_by(workbook, trust, officer, roles=(words,))
    (who,) = identify(verdict, [entry(officer)], "28756")

    assert claimed_otherwise(verdict.signatures[0], who) is claimed


def test_all_three_in_their_order_are_all_that_is_expected(
    workbook: bytes, trust: Trust, people: tuple[Holder, Holder, Holder]
) -> None:
    verdict = signed_by(workbook, trust, *people)
    who = identify(verdict, [entry(*pair) for pair in zip(people, SignerRole, strict=True)], "28756")

    wanted = expected(verdict, who, tuple(SignerRole))

    assert [one.to_dict() for one in wanted] == [
        {"role": role, "present": True, "part": f"/_xmlsignatures/sig{number}.xml"}
        for number, role in enumerate(("officer", "leader", "seal"), start=1)
    ]
    assert list(out_of_order(verdict, who)) == []


def test_a_role_that_nobody_signed_in_is_missing(
    workbook: bytes, trust: Trust, people: tuple[Holder, Holder, Holder]
) -> None:
    verdict = signed_by(workbook, trust, people[0])
    who = identify(verdict, [entry(people[0], OFFICER)], "28756")

    wanted = expected(verdict, who, (OFFICER, LEADER))

    assert [(one.role, one.present, one.part != "") for one in wanted] == [
        (OFFICER, True, True),
        (LEADER, False, False),
    ]


def test_one_person_cannot_sign_for_two_roles(workbook: bytes, officer: Holder, trust: Trust) -> None:
    verdict = signed_by(workbook, trust, officer, officer, roles=(OFFICER.words, LEADER.words))
    who = identify(verdict, [entry(officer, OFFICER)], "28756")

    assert [one.present for one in expected(verdict, who, (OFFICER, LEADER))] == [True, False]
    assert [claimed_otherwise(*pair) for pair in zip(verdict.signatures, who, strict=True)] == [None, LEADER]


def test_without_required_roles_anybody_registered_will_do(workbook: bytes, officer: Holder, trust: Trust) -> None:
    verdict = signed_by(workbook, trust, officer)

    known = expected(verdict, identify(verdict, [entry(officer, SEAL)], "28756"), ())
    unknown = expected(verdict, identify(verdict, [], "28756"), ())

    assert [(one.role, one.present) for one in (*known, *unknown)] == [(None, True), (None, False)]


def test_a_signature_of_unknown_revocation_counts_only_where_that_is_accepted(
    workbook: bytes, authorities: Authorities, officer: Holder
) -> None:
    no_lists = Trust.of([authorities.root.certificate], [authorities.issuing.certificate])
    verdict = signed_by(workbook, no_lists, officer)
    who = identify(verdict, [entry(officer)], "28756")

    strict = expected(verdict, who, (LEADER,))
    lenient = expected(verdict, who, (LEADER,), accept_undetermined=True)

    assert [(one.present, one.part != "") for one in (*strict, *lenient)] == [(False, True), (True, True)]


def test_a_leader_who_signed_before_the_officer_did_not_see_that_signature(
    workbook: bytes, trust: Trust, people: tuple[Holder, Holder, Holder]
) -> None:
    officer, leader, _ = people
    verdict = signed_by(workbook, trust, leader, officer)
    who = identify(verdict, [entry(officer, OFFICER), entry(leader, LEADER)], "28756")

    found = [(first.signer, second.signer) for first, second in out_of_order(verdict, who)]

    assert found == [("Cán bộ", "Lãnh đạo")]
