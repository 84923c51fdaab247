"""What a verdict rests on, kept beside the workbook as it was issued (TT 41/2017/TT-BTTTT, Đ9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """DER documents, each once.

    Attributes:
        certificates: of signers, their issuers, and the authorities of time stamps and OCSP answers.
        crls: revocation lists.
        ocsps: OCSP responses.
        time_stamps: RFC 3161 tokens.
    """

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()
    time_stamps: tuple[bytes, ...] = ()

    def kinds(self) -> Iterator[tuple[str, tuple[bytes, ...]]]:
        """The documents under the names by which they are stored."""
        yield "certificate", self.certificates
        yield "crl", self.crls
        yield "ocsp", self.ocsps
        yield "time-stamp", self.time_stamps


NO_EVIDENCE = Evidence()


def gathered(pieces: Iterable[Evidence]) -> Evidence:
    """All of it together, each document once, in the order of first mention."""
    found = tuple(pieces)
    return Evidence(
        certificates=_once(one.certificates for one in found),
        crls=_once(one.crls for one in found),
        ocsps=_once(one.ocsps for one in found),
        time_stamps=_once(one.time_stamps for one in found),
    )


def _once(groups: Iterable[tuple[bytes, ...]]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(item for group in groups for item in group))
