"""One question and one answer over HTTP, ended by a deadline whatever the other side does. For ``signing.fetching``.

No redirect is followed, nothing is unpacked, no cookie and no connection is kept. A proxy named by the environment
(``HTTP_PROXY``, ``HTTPS_PROXY``, ``NO_PROXY``) is used: many offices have no other way out.
"""

from __future__ import annotations

import ssl
import time
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from socket import gaierror
from typing import Any, Final
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

_OK: Final = 200
_MAX_PORT: Final = 65535


class ExchangeError(ValueError):
    """Why there is no answer, in Vietnamese; never with an address, which may hold a password."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is sent, and how long and how large the answer may be."""

    method: str
    address: str
    timeout: float
    limit: int
    content: bytes = b""
    headers: Mapping[str, str] | None = None


def exchange(question: Question) -> bytes:
    """The body of the answer.

    Raises:
        ExchangeError: there is none, or another status than 200, too late, or too long.
    """
    until = time.monotonic() + question.timeout
    try:
        url = _url(question.address)
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        headers = [("Accept-Encoding", "identity"), *(question.headers or {}).items(), *_authorization(url)]
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), question.timeout)
        with (
            _pool(url, _Hurried(until)) as pool,
            pool.stream(
                question.method,
                target,
                headers=headers,
                content=question.content or None,
                extensions={"timeout": timeouts},
            ) as reply,
        ):
            if reply.status != _OK:
                raise ExchangeError(f"trả lời mã {reply.status}")
            return _received(reply.iter_stream(), question.limit)
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProxyError, httpcore.RemoteProtocolError) as why:
        raise ExchangeError(_why(why)) from why
    except (httpx.InvalidURL, httpcore.UnsupportedProtocol, httpcore.LocalProtocolError, UnicodeError) as why:
        raise ExchangeError("địa chỉ không hợp lệ") from why


def _url(address: str) -> httpx.URL:
    url = httpx.URL(address)
    if not url.host or "%" in url.host or (url.port or 0) > _MAX_PORT:
        raise httpx.InvalidURL("no host, or none that can be")
    return url


def _received(pieces: Iterable[bytes], limit: int) -> bytes:
    received = bytearray()
    for piece in pieces:
        received += piece
        if len(received) > limit:
            raise ExchangeError("trả lời quá dài")
    return bytes(received)


def _authorization(url: httpx.URL) -> Iterator[tuple[str, str]]:
    """What a name and a password in an address stand for."""
    if url.userinfo:
        yield "Authorization", "Basic " + b64encode(f"{url.username}:{url.password}".encode()).decode("ascii")


def _pool(url: httpx.URL, backend: httpcore.NetworkBackend) -> httpcore.ConnectionPool:
    # Authorities of offices' own networks are named by SSL_CERT_FILE.
    context = httpx.create_ssl_context() if url.scheme == "https" else None
    proxy = _proxy(url)
    if proxy is None:
        return httpcore.ConnectionPool(ssl_context=context, network_backend=backend)
    return httpcore.HTTPProxy(
        str(proxy.copy_with(username=None, password=None)),
        proxy_auth=(proxy.username, proxy.password) if proxy.userinfo else None,
        ssl_context=context,
        network_backend=backend,
    )


def _proxy(url: httpx.URL) -> httpx.URL | None:
    """The proxy for an address by the environment."""
    named = getproxies()
    found = named.get(url.scheme) or named.get("all")
    if not found or proxy_bypass(url.host):
        return None
    proxy = httpx.URL(found if "://" in found else f"http://{found}")
    if proxy.scheme not in ("http", "https"):
        raise ExchangeError("máy chủ trung gian (proxy) đặt trên máy này thuộc loại không dùng được")
    return proxy


def _why(problem: Exception) -> str:
    cause = problem.__cause__ or problem.__context__
    if isinstance(problem, httpcore.TimeoutException):
        return "quá thời gian chờ"
    if isinstance(problem, httpcore.ProxyError):
        return "máy chủ trung gian (proxy) từ chối"
    if isinstance(problem, httpcore.RemoteProtocolError):
        return "trả lời không đúng quy cách HTTP"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return "chứng thư TLS của máy chủ không được máy này tin cậy"
    if isinstance(cause, ssl.SSLError):
        return "không lập được kết nối TLS"
    return "không có máy chủ nào tên như vậy" if isinstance(cause, gaierror) else "không kết nối được"


@dataclass(frozen=True, slots=True)
class _Hurried(httpcore.NetworkBackend):
    """Connections that must be done by a moment: the library's own limits start anew with every byte that comes."""

    until: float

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(self.until, httpcore.ConnectTimeout)
        stream = httpcore.SyncBackend().connect_tcp(host, port, left, local_address, socket_options)
        return _HurriedStream(stream, self.until)


@dataclass(frozen=True, slots=True)
class _HurriedStream(httpcore.NetworkStream):
    stream: httpcore.NetworkStream
    until: float

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, _left(self.until, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, _left(self.until, httpcore.WriteTimeout))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(self.until, httpcore.ConnectTimeout)
        return _HurriedStream(self.stream.start_tls(ssl_context, server_hostname, left), self.until)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as the library declares it
        return self.stream.get_extra_info(info)


def _left(until: float, too_late: type[httpcore.TimeoutException]) -> float:
    """Seconds that are left."""
    left = until - time.monotonic()
    if left <= 0:
        raise too_late("the deadline has passed")
    return left
