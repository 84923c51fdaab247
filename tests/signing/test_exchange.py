"""Servers that answer badly, slowly, endlessly or elsewhere: every question ends in time, and no secret gets out."""

from __future__ import annotations

import gzip
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from signing.errors import SourceUnreachableError
from signing.fetching import HttpStatus, fetch_list, shown
from signing.revocation import ask
from tests.signing.authorities import Authorities, Holder, a_certificate
from tests.signing.network import an_ocsp_responder, ocsp_responder, served
from tests.signing.test_status_sources import der, trust_in

Talk = Callable[[socket.socket], object]


@contextmanager
def talking(talk: Talk) -> Iterator[str]:
    """A server that does with each connection what the function says; its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    over = threading.Event()
    kept: list[socket.socket] = []

    def run() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            kept.append(connection)
            threading.Thread(target=attended, args=(connection,), daemon=True).start()

    def attended(connection: socket.socket) -> None:
        try:
            talk(connection)
        except OSError:
            """Whoever asked has hung up."""

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        over.set()
        thread.join()
        for one in (*kept, listener):
            one.close()


def saying(*pieces: bytes, every: float = 0.0, then: bytes = b"") -> Talk:
    """Says its pieces, and then one more for ever, one after each pause."""

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        for piece in pieces:
            connection.sendall(piece)
        while then:
            time.sleep(every)
            connection.sendall(then)
        connection.close()

    return talk


def reason_of(address: str, timeout: float = 1.0) -> str:
    with pytest.raises(SourceUnreachableError) as refused:
        fetch_list(address, timeout)
    return refused.value.finding.message


HEAD = b"HTTP/1.1 200 OK\r\n"
SLOW = {
    "silent": saying(then=b" ", every=30),
    "status line": saying(then=b"H", every=0.2),
    "headers": saying(HEAD, then=b"A: b\r\n", every=0.2),
    "body": saying(HEAD + b"Content-Length: 1000\r\n\r\n", then=b"x", every=0.2),
    "chunks": saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", then=b"1\r\nx\r\n", every=0.2),
    "continue": saying(then=b"HTTP/1.1 100 Continue\r\n\r\n", every=0.2),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("talk", SLOW.values(), ids=SLOW.keys())
def test_a_server_that_never_ends_is_left_at_the_deadline(talk: Talk) -> None:
    with talking(talk) as address:
        assert "quá thời gian chờ" in reason_of(address)


@pytest.mark.timeout(20)
def test_a_handshake_that_never_ends_is_left_at_the_deadline() -> None:
    with talking(saying(b"\x16\x03\x03\x40\x00", then=b"x", every=0.2)) as address:
        assert "quá thời gian chờ" in reason_of(address.replace("http://", "https://"))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (HEAD + b"Content-Length: 0\r\nLocation: http://127.0.0.1:1/\r\n\r\n", ""),
        (b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n", "trả lời mã 302"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "trả lời mã 204"),
        (b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "trả lời mã 401"),
        (b"\x15\x03\x01\x00\x02", "không đúng quy cách HTTP"),
        (HEAD + b"Content-Length: 10\r\n\r\nabc", "không đúng quy cách HTTP"),
    ],
)
def test_what_is_no_answer_is_told(answer: bytes, told: str) -> None:
    with talking(saying(answer)) as address:
        if told:
            assert told in reason_of(address)
        else:
            assert fetch_list(address) == b""


def test_a_redirect_is_not_followed() -> None:
    asked: list[bytes] = []
    with served(lambda body: asked.append(body) or b"") as elsewhere:
        there = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: " + elsewhere.encode() + b"\r\nContent-Length: 0\r\n\r\n"
        with talking(saying(there)) as address:
            reason = reason_of(address)

    assert "307" in reason
    assert asked == []


def test_what_is_packed_is_not_unpacked() -> None:
    packed = gzip.compress(bytes(200 * 1024 * 1024), 1)
    head = HEAD + f"Content-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()

    with talking(saying(head + packed)) as address:
        assert fetch_list(address) == packed


def test_more_than_may_be_is_not_read() -> None:
    endless = saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", then=b"fffff\r\n" + bytes(0xFFFFF) + b"\r\n")

    with talking(endless) as address:
        assert "quá dài" in reason_of(address, 60.0)


def test_a_certificate_of_a_server_that_nobody_here_trusts_is_told(tmp_path: Path) -> None:
    holder = a_certificate("127.0.0.1", ec.generate_private_key(ec.SECP256R1()))
    file = tmp_path / "server.pem"
    key = holder.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(key + holder.certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    with talking(lambda connection: context.wrap_socket(connection, server_side=True)) as address:
        assert "chứng thư TLS" in reason_of(address.replace("http://", "https://"), 5.0)


def test_an_address_of_ipv6_is_one() -> None:
    assert "không kết nối được" in reason_of("http://[::1]:1/")


@pytest.mark.parametrize(
    "address", ["http://", "http://\u2603..x/", "http://host:99999/", "http://a b/", "http://[::1/"]
)
def test_an_address_that_is_none_is_told(address: str) -> None:
    assert "địa chỉ không hợp lệ" in reason_of(address)


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def proxy(connection: socket.socket) -> None:
        asked.append(connection.recv(65536))
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\nok")

    with talking(proxy) as address:
        monkeypatch.setenv("http_proxy", address)
        monkeypatch.setenv("no_proxy", "")
        found = fetch_list("http://crl.example/goc.crl")

    assert found == b"ok"
    assert asked[0].startswith(b"GET http://crl.example/goc.crl HTTP/1.1\r\n")


def test_a_password_of_an_address_is_sent_and_never_told(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[bytes] = []

    def refusing(connection: socket.socket) -> None:
        asked.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    with talking(refusing) as address, caplog.at_level(logging.DEBUG):
        reason = reason_of(address.replace("://", "://an:m%40t-khau@") + "goc.crl?key=bi-mat")

    assert b"Authorization: Basic YW46bUB0LWtoYXU=" in asked[0]
    assert b"/goc.crl?key=bi-mat" in asked[0]
    assert "/goc.crl" in reason
    for secret in ("m%40t", "m@t", "YW46", "bi-mat"):
        assert secret not in reason
        assert secret not in caplog.text


def test_an_address_is_shown_without_its_secrets() -> None:
    assert shown("https://an:x@y@crl.example:8080/a@b/c.crl?k=1#d") == "https://crl.example:8080/a@b/c.crl"
    assert shown("http://crl.example?k=1") == "http://crl.example"


def test_a_silent_address_is_asked_once_for_many_signatures(authorities: Authorities, officer: Holder) -> None:
    calls: list[bytes] = []
    trust_asking = HttpStatus(30.0)
    with served(lambda body: calls.append(body) or b"", status=500) as address:
        trust = trust_in(authorities, address)
        path = [officer.certificate, authorities.issuing.certificate, authorities.root.certificate]
        found = [ask(trust_asking, trust, path) for _ in range(5)]

    assert len(calls) == 1
    assert {tuple(silent) for _, silent in found} == {tuple(found[0][1])}


def test_an_address_whose_answers_take_too_long_is_left_for_a_while(authorities: Authorities, officer: Holder) -> None:
    with ocsp_responder(authorities, an_ocsp_responder(authorities), {officer: None}) as responder:
        asking = HttpStatus(slow=0.0, patience=0.0)
        issuer = der(authorities.issuing)
        first = asking.ocsp(responder, der(officer), issuer)

        with pytest.raises(SourceUnreachableError) as refused:
            asking.ocsp(responder, der(authorities.officer("Người khác")), issuer)

    assert "quá chậm" in refused.value.finding.message
    assert first
