"""The certificate of a person who is to sign: read from a file, told in words, refused where it is not fit for it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from formulas.wording import excerpt
from server.errors import InvalidError
from server.services import findings as said
from server.services.periods import day_in_vietnam
from signing.algorithms import describe_key, key_is_acceptable
from signing.usage import is_authority, may_sign
from signing.wording import common_name
from workbooks.finding import Finding

_LARGEST: Final = 64 * 1024
_SOON: Final = timedelta(days=30)
_UNREADABLE: Final = (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)
_OWN_FILE: Final = "Chọn tệp .crt, .pem hoặc .cer có riêng chứng thư của người ký."


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What people read of a certificate. The days are those in Viet Nam; on ``valid_until`` it is still good."""

    sha256: str
    holder: str
    issuer: str
    serial: str
    valid_from: date
    valid_until: date

    def days_left(self, today: date) -> int:
        """Days until it expires; negative where it has."""
        return (self.valid_until - today).days

    def to_dict(self, day: date) -> dict[str, Any]:
        """The wire form; ``days_left`` counts from that day."""
        return {
            "holder": self.holder,
            "issuer": self.issuer,
            "serial": self.serial,
            "valid_from": self.valid_from.isoformat(),
            "valid_until": self.valid_until.isoformat(),
            "days_left": self.days_left(day),
        }


def read_certificate(data: bytes) -> x509.Certificate:
    """The one certificate of a file, PEM or DER.

    Raises:
        InvalidError: no certificate, several of them (it says which is wanted), a damaged one, or a private key.
    """
    if len(data) > _LARGEST:
        raise InvalidError("Tệp quá lớn, không phải là chứng thư số.", _OWN_FILE)
    if b"PRIVATE KEY" in data:
        raise InvalidError(
            "Tệp chứa khóa bí mật. Không gửi khóa bí mật cho bất kỳ ai.",
            "Xuất riêng chứng thư (tệp .crt hoặc .cer, không kèm khóa) rồi đăng ký lại.",
        )
    try:
        found = x509.load_pem_x509_certificates(data) if b"-----" in data else [x509.load_der_x509_certificate(data)]
        for certificate in found:
            _read_through(certificate)
    except _UNREADABLE as error:
        raise InvalidError("Tệp không phải là chứng thư số.", "Chọn tệp .crt, .pem hoặc .cer của người ký.") from error
    if len(found) > 1:
        raise _several(found)
    return found[0]


def facts_of(certificate: x509.Certificate) -> CertificateFacts:
    """The certificate in words."""
    return CertificateFacts(
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        holder=excerpt(common_name(certificate.subject)),
        issuer=excerpt(common_name(certificate.issuer)),
        serial=f"{certificate.serial_number:x}",
        valid_from=day_in_vietnam(certificate.not_valid_before_utc),
        valid_until=day_in_vietnam(certificate.not_valid_after_utc),
    )


def facts_of_stored(der: bytes) -> CertificateFacts:
    """The same of a certificate that was registered once."""
    return facts_of(x509.load_der_x509_certificate(der))


def der_of(certificate: x509.Certificate) -> bytes:
    """The bytes that its SHA-256 is taken of."""
    return certificate.public_bytes(Encoding.DER)


def refuse_unfit(certificate: x509.Certificate, since: date) -> None:
    """Raises InvalidError where nobody may sign reports with this certificate from that day on."""
    found = facts_of(certificate)
    another = "Xin cấp chứng thư ký số cá nhân hoặc của cơ quan, rồi đăng ký chứng thư đó."
    if is_authority(certificate):
        raise InvalidError(
            f"“{found.holder}” là chứng thư của tổ chức chứng thực (CA), không phải của người ký.", _OWN_FILE
        )
    if not may_sign(certificate):
        raise InvalidError(f"Chứng thư “{found.holder}” không được cấp để ký số.", another)
    if not key_is_acceptable(certificate.public_key()):
        key = describe_key(certificate.public_key())
        raise InvalidError(
            f"Khóa của chứng thư “{found.holder}” quá yếu hoặc không được hỗ trợ: {key}.",
            "Cần RSA từ 2048 bit hoặc ECDSA từ 256 bit (TT 15/2025/TT-BKHCN): xin cấp lại chứng thư.",
        )
    if found.valid_until < since:
        raise InvalidError(
            f"Chứng thư “{found.holder}” đã hết hạn ngày {found.valid_until:%d/%m/%Y}, trước ngày được ký "
            f"{since:%d/%m/%Y}.",
            "Đăng ký chứng thư còn hạn.",
        )


def doubts(found: CertificateFacts, person: str, now: datetime) -> Iterator[Finding]:
    """What to look at twice: an end that is near, another name than the person's."""
    if found.days_left(day_in_vietnam(now)) <= _SOON.days:
        yield said.CERTIFICATE_ENDS.at("", "", name=person, day=f"{found.valid_until:%d/%m/%Y}")
    if _plain(found.holder) != _plain(person):
        yield said.OTHER_NAME.at("", "", holder=found.holder, name=person)


def _read_through(certificate: x509.Certificate) -> None:
    """Certificates are parsed lazily: whatever cannot be read shall fail here and not later."""
    for name in (certificate.subject, certificate.issuer):
        common_name(name)
    list(certificate.extensions)
    certificate.public_key()


def _several(found: list[x509.Certificate]) -> InvalidError:
    people = [facts_of(one) for one in found if not is_authority(one)]
    wanted = f"cần riêng chứng thư của “{people[0].holder}” (số {people[0].serial})"
    remedy = f"Tách tệp: {wanted}." if len(people) == 1 else "Tách tệp, mỗi lần đăng ký chứng thư của một người."
    named = ", ".join(f"“{facts_of(one).holder}”" for one in found[:5])
    return InvalidError(f"Tệp có {len(found)} chứng thư: {named}{'…' if len(found) > 5 else ''}.", remedy)


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
