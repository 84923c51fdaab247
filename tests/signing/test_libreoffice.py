"""LibreOffice accepts what we sign, and sees both signatures of a co-signed file.

It judges certificates by the machine's clock. It does not escape ``&`` when it digests relationships, so that it calls
every signature over a hyperlink with ``&`` invalid (seen in 7.4.7); the workbook here has no such link.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from signing.extending import add_time_stamp
from signing.fetching import HttpTimeStamper
from signing.sign import sign_package
from tests.oracles.libreoffice_signatures import libreoffice_verdicts
from tests.signing.authorities import Authorities, create_authorities, rsa_key
from tests.signing.network import a_time_authority, time_authority
from tests.signing.tampering import replaced
from workbooks.patch import patch_cells

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def plain(workbook: bytes) -> bytes:
    return replaced(workbook, "xl/worksheets/_rels/sheet1.xml.rels", "&amp;b=2", "")


def pem_of(authorities: Authorities) -> bytes:
    holders = (authorities.root, authorities.issuing)
    return b"".join(holder.certificate.public_bytes(Encoding.PEM) for holder in holders)


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_libreoffice_accepts_what_is_signed(kind: str, plain: bytes, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    authorities = create_authorities(now=now)
    key = rsa_key() if kind == "rsa" else None
    one = authorities.officer("Một", key, start=now - DAY, end=now + DAY)
    two = authorities.officer("Hai", key, start=now - DAY, end=now + DAY)
    once = sign_package(plain, one, at=now, comment="Đã kiểm tra", role="Chủ tịch")
    file = tmp_path / "signed.xlsx"
    file.write_bytes(sign_package(once, two, at=now))

    verdicts = libreoffice_verdicts(file, pem_of(authorities))

    assert [verdict.signature_valid for verdict in verdicts] == [True, True]
    assert [verdict.certificate_valid for verdict in verdicts] == [True, True]
    assert ["Một" in verdicts[0].signer, "Hai" in verdicts[1].signer] == [True, True]


@pytest.mark.parametrize(("kind", "digest"), [("rsa-4096", "SHA-512"), ("p-384", "SHA-384"), ("p-256", "SHA-512")])
def test_libreoffice_accepts_every_strength_and_a_time_stamp(
    kind: str, digest: str, plain: bytes, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    authorities = create_authorities(now=now)
    keys = {"rsa-4096": lambda: rsa_key(4096), "p-384": lambda: ec.generate_private_key(ec.SECP384R1())}
    life = {"start": now - DAY, "end": now + DAY}
    holder = authorities.officer("Một", keys.get(kind, lambda: None)(), **life)
    with time_authority(a_time_authority(authorities, **life)) as address:
        stamped = add_time_stamp(sign_package(plain, holder, at=now, digest=digest), HttpTimeStamper(address))
    file = tmp_path / "signed.xlsx"
    file.write_bytes(stamped.data)

    (verdict,) = libreoffice_verdicts(file, pem_of(authorities))

    assert stamped.warning is None
    assert (verdict.signature_valid, verdict.certificate_valid) == (True, True)


def test_libreoffice_does_not_know_a_stranger(plain: bytes, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    stranger = create_authorities("Khác", now=now).officer(start=now - DAY, end=now + DAY)
    file = tmp_path / "signed.xlsx"
    file.write_bytes(sign_package(plain, stranger, at=now))

    (verdict,) = libreoffice_verdicts(file, pem_of(create_authorities(now=now)))

    assert (verdict.signature_valid, verdict.certificate_valid) == (True, False)


def test_libreoffice_sees_a_changed_cell_too(plain: bytes, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    authorities = create_authorities(now=now)
    signed = sign_package(plain, authorities.officer(start=now - DAY, end=now + DAY), at=now)
    file = tmp_path / "changed.xlsx"
    file.write_bytes(patch_cells(signed, {"Biểu 01": {(3, 2): 999}}))

    assert [verdict.signature_valid for verdict in libreoffice_verdicts(file, pem_of(authorities))] == [False]
