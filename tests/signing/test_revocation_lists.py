"""Which revocation lists vouch for a certificate, and which are too odd, too narrow or not their issuer's to do so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import CertificateRevocationListBuilder as Builder

from signing.chain import assess
from signing.trust import Trust
from signing.verdict import RevocationStatus
from tests.signing.authorities import NOW, Authorities, Holder, a_certificate, a_crl, create_authorities

DAY = timedelta(days=1)


def a_list(
    issuer: Holder, change: Callable[[Builder], Builder] = lambda builder: builder
) -> x509.CertificateRevocationList:
    builder = (
        Builder()
        .issuer_name(issuer.certificate.subject)
        .last_update(NOW - DAY)
        .next_update(NOW + DAY)
        .add_extension(x509.CRLNumber(1), critical=False)
    )
    return change(builder).sign(issuer.key, hashes.SHA256())


def scope(**options: object) -> Callable[[Builder], Builder]:
    nothing = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    point = x509.IssuingDistributionPoint(**(nothing | options))  # type: ignore[arg-type]  # passed on as they are
    return lambda builder: builder.add_extension(point, critical=True)


def status(authorities: Authorities, holder: Holder, *lists: x509.CertificateRevocationList) -> RevocationStatus:
    trust = Trust.of(
        [authorities.root.certificate], [authorities.issuing.certificate], (a_crl(authorities.root), *lists)
    )
    return assess(trust, holder.certificate, (), NOW).revocation.status


def test_a_list_of_people_only_vouches_for_a_person(authorities: Authorities, officer: Holder) -> None:
    people = a_list(authorities.issuing, scope(only_contains_user_certs=True))

    assert status(authorities, officer, people) is RevocationStatus.GOOD


@pytest.mark.parametrize(
    "change",
    [
        scope(only_contains_ca_certs=True),
        scope(only_contains_attribute_certs=True),
        scope(only_some_reasons=frozenset({x509.ReasonFlags.key_compromise})),
        scope(full_name=[x509.UniformResourceIdentifier("http://example.org/part2.crl")]),
        lambda builder: builder.add_extension(x509.DeltaCRLIndicator(1), critical=True),
        lambda builder: builder.add_extension(
            x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), critical=True
        ),
    ],
    ids=["authorities", "attributes", "some reasons", "one part", "changes", "unknown"],
)
def test_a_list_that_does_not_speak_of_everybody_does_not_vouch(
    change: Callable[[Builder], Builder], authorities: Authorities, officer: Holder
) -> None:
    assert status(authorities, officer, a_list(authorities.issuing, change)) is RevocationStatus.UNKNOWN


def test_an_authority_that_may_not_issue_lists_vouches_for_nobody() -> None:
    made = create_authorities()
    without = a_certificate(
        "CA không được phát hành danh sách",
        ec.generate_private_key(ec.SECP256R1()),
        issuer=made.root,
        authority=True,
        authority_usage=("key_cert_sign",),
    )
    authorities = Authorities(made.root, without)

    assert status(authorities, authorities.officer(), a_list(without)) is RevocationStatus.UNKNOWN


def test_a_list_past_its_end_does_not_vouch(authorities: Authorities, officer: Holder) -> None:
    stale = a_crl(authorities.issuing, issued=NOW - 9 * DAY, next_update=NOW - DAY)

    assert status(authorities, officer, stale) is RevocationStatus.UNKNOWN


def test_a_long_list_is_searched_and_not_walked_through(authorities: Authorities, officer: Holder) -> None:
    entries = [
        x509.RevokedCertificateBuilder().serial_number(10**9 + number).revocation_date(NOW - 9 * DAY).build()
        for number in range(2000)
    ]
    mine = x509.RevokedCertificateBuilder().serial_number(officer.certificate.serial_number)

    def filled(*more: x509.RevokedCertificate) -> x509.CertificateRevocationList:
        def change(builder: Builder) -> Builder:
            for entry in (*entries, *more):
                builder = builder.add_revoked_certificate(entry)
            return builder

        return a_list(authorities.issuing, change)

    good = status(authorities, officer, filled())
    revoked = status(authorities, officer, filled(mine.revocation_date(NOW - DAY).build()))
    later = status(authorities, officer, filled(mine.revocation_date(NOW + timedelta(hours=1)).build()))

    assert (good, revoked, later) == (RevocationStatus.GOOD, RevocationStatus.REVOKED, RevocationStatus.GOOD)
