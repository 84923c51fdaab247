"""The network: time stamps, OCSP answers and revocation lists from configured addresses. Nothing else here calls out.

Addresses in certificates or workbooks are never called. Every answer is bounded in time and size; what it says is
judged elsewhere.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from signing.errors import SourceUnreachableError, TimeStampError
from signing.findings import error
from signing.stamping import stamp_request, token_in

_MAX_REPLY: Final = 64 * 1024 * 1024  # lists of large authorities take some megabytes
_MAX_SMALL_REPLY: Final = 1024 * 1024
_OCSP_KEPT: Final = 600.0  # seconds
_SILENCE_KEPT: Final = 60.0
_MOST_KEPT: Final = 4096


@dataclass(frozen=True, slots=True)
class HttpTimeStamper:
    """A time-stamping authority at an address (RFC 3161, 3.4)."""

    address: str
    algorithm: str = "sha256"
    timeout: float = 10.0

    def stamp(self, data: bytes) -> bytes:
        """See ``TimeStamper``."""
        request = stamp_request(data, self.algorithm)
        try:
            reply = _posted(self.address, request.encoded, "timestamp-query", "timestamp-reply", self.timeout)
        except SourceUnreachableError as problem:
            raise TimeStampError("BS277", problem.finding.message, problem.finding.remedy) from problem
        return token_in(reply, request)


@dataclass(slots=True)
class HttpStatus:
    """OCSP responders over HTTP; an answer is kept for ten minutes.

    An address that is silent is not asked again for a minute, nor one whose slow answers have taken too much time:
    whoever verifies a file with many signatures waits once.

    Attributes:
        slow: seconds from which on an answer is slow.
        patience: seconds that slow answers of one address may take, one after the other.
    """

    timeout: float = 5.0
    slow: float = 1.0
    patience: float = 10.0
    _kept: dict[bytes, tuple[float, bytes]] = field(default_factory=dict, repr=False)
    _silent: dict[str, tuple[float, SourceUnreachableError]] = field(default_factory=dict, repr=False)
    _waited: dict[str, float] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def ocsp(self, address: str, certificate: bytes, issuer: bytes) -> bytes:
        """See ``StatusSource``."""
        key = sha256(b"\0".join((address.encode(), certificate, issuer))).digest()
        now = time.monotonic()
        with self._lock:
            since, kept = self._kept.get(key, (0.0, b""))
            silent_since, problem = self._silent.get(address, (0.0, None))
        if kept and now - since < _OCSP_KEPT:
            return kept
        if problem is not None and now - silent_since < _SILENCE_KEPT:
            raise SourceUnreachableError(problem.finding.code, problem.finding.message, problem.finding.remedy)
        reply = self._answered(address, _ocsp_request(certificate, issuer))
        _refuse_unreadable(reply, address)
        with self._lock:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = (time.monotonic(), reply)
        return reply

    def _answered(self, address: str, request: bytes) -> bytes:
        start = time.monotonic()
        try:
            reply = _posted(address, request, "ocsp-request", "ocsp-response", self.timeout)
        except SourceUnreachableError as problem:
            self._leave(address, problem)
            raise
        took = time.monotonic() - start
        with self._lock:
            waited = self._waited[address] = self._waited.get(address, 0.0) + took if took >= self.slow else 0.0
        if waited > self.patience:
            self._leave(address, _unreachable(address, "trả lời quá chậm"))
        return reply

    def _leave(self, address: str, problem: SourceUnreachableError) -> None:
        """Does not ask an address for a while."""
        with self._lock:
            self._silent[address] = (time.monotonic(), problem)
            self._waited.pop(address, None)


def fetch_list(address: str, timeout: float = 30.0) -> bytes:
    """A revocation list from its address, as it comes.

    Raises:
        SourceUnreachableError: BS277.
    """
    return _asked("GET", address, timeout=timeout, limit=_MAX_REPLY)


def _ocsp_request(certificate: bytes, issuer: bytes) -> bytes:
    # SHA-1 names the issuer here and proves nothing; many responders know no other (RFC 5019, 2.1.1).
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        x509.load_der_x509_certificate(certificate),
        x509.load_der_x509_certificate(issuer),
        SHA1(),  # noqa: S303 - as said above
    )
    return builder.build().public_bytes(Encoding.DER)


def _refuse_unreadable(reply: bytes, address: str) -> None:
    try:
        status = ocsp.load_der_ocsp_response(reply).response_status
    except ValueError as problem:
        raise _unreachable(address, "trả lời không đúng quy cách OCSP") from problem
    if status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise _unreachable(address, f"máy chủ không trả lời về chứng thư này ({status.name.lower()})")


def _posted(address: str, body: bytes, sent: str, wanted: str, timeout: float) -> bytes:
    headers = {"Content-Type": f"application/{sent}", "Accept": f"application/{wanted}"}
    return _asked("POST", address, timeout=timeout, limit=_MAX_SMALL_REPLY, content=body, headers=headers)


def _asked(
    method: str,
    address: str,
    *,
    timeout: float,
    limit: int,
    content: bytes = b"",
    headers: dict[str, str] | None = None,
) -> bytes:
    # Takes long to load, and most commands call nobody.
    from signing.exchange import ExchangeError, Question, exchange  # noqa: PLC0415 - as said

    try:
        return exchange(Question(method, address, timeout, limit, content, headers))
    except ExchangeError as problem:
        raise _unreachable(address, str(problem)) from problem


def _unreachable(address: str, reason: str) -> SourceUnreachableError:
    return error(SourceUnreachableError, "BS277", address=shown(address), reason=reason)


def shown(address: str) -> str:
    """An address without what may be a secret in it: name and password, and what is asked for behind the path."""
    scheme, mark, rest = address.partition("://")
    place, slash, path = rest.partition("/")
    path = re.split(r"[?#]", path, maxsplit=1)[0]
    return f"{scheme}{mark}{re.split('[?#]', place.rpartition('@')[2], maxsplit=1)[0]}{slash}{path}"
