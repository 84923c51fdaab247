"""Lines as the worker of ``bieuso serve`` sees them; whole services are in tests/journeys."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from gunicorn.config import Config
from gunicorn.workers.gthread import TConn

from server.cli import gunicorn_server
from server.cli.gunicorn_server import LineLog, LineWorker
from server.config import Config as Settings
from server.web.app import create_app

MORE_THAN_A_LINE_HOLDS = 64 * 1024 * 1024
REQUEST = b"GET / HTTP/1.1\r\nHost: bieuso\r\nConnection: close\r\n\r\n"


@pytest.fixture
def line() -> Iterator[tuple[socket.socket, TConn]]:
    """Both ends of a line: the visitor's, and what the worker has of it."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), timeout=20) as visitor,
    ):
        ours, address = server.accept()
        with ours:
            yield visitor, TConn(Config(), ours, address, server.getsockname())


def so_many(size: int) -> WSGIApplication:
    """An application that answers with so many bytes."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", str(size))])
        return [b"x" * size]

    return application


def answered(conn: TConn, application: WSGIApplication | None = None) -> bool:
    """Whether the worker wants more of this line once it is done with it."""
    worker = LineWorker(1, os.getpid(), [], None, 30, conn.cfg, LineLog(conn.cfg))
    worker.tmp.close()
    worker.wsgi = application or so_many(1)
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(worker.handle, conn).result(20)
    finally:
        pool.shutdown(wait=False)  # a worker that waits for ever waits until the visitor's end is closed


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gunicorn_server, "_SILENCE", struct.pack("ll", 0, 50_000))
    monkeypatch.setattr(gunicorn_server, "_LEAVE_SECONDS", 0.05)


@pytest.mark.usefixtures("impatient")
def test_a_line_that_asks_half_a_question_and_falls_silent_is_given_up(line: tuple[socket.socket, TConn]) -> None:
    visitor, conn = line
    visitor.sendall(REQUEST[:20])

    assert not answered(conn)


@pytest.mark.usefixtures("impatient")
def test_a_silent_line_is_one_line_in_the_log(
    line: tuple[socket.socket, TConn], caplog: pytest.LogCaptureFixture
) -> None:
    visitor, conn = line
    visitor.sendall(REQUEST[:20])

    answered(conn)

    assert [(one.levelname, one.exc_info) for one in caplog.records] == [("INFO", None)]


@pytest.mark.usefixtures("impatient")
def test_a_line_that_does_not_take_its_answer_is_given_up(line: tuple[socket.socket, TConn]) -> None:
    visitor, conn = line
    visitor.sendall(REQUEST)

    assert not answered(conn, so_many(MORE_THAN_A_LINE_HOLDS))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("path", "kind"), [("/api/v1/sessions", b"application/problem+json"), ("/xac-minh", b"text/html")]
)
def test_a_line_that_falls_silent_in_the_middle_of_an_upload_is_told_so(
    path: str, kind: bytes, line: tuple[socket.socket, TConn], tmp_path: Path
) -> None:
    visitor, conn = line
    head = f"POST {path} HTTP/1.1\r\nHost: bieuso\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"
    if kind == b"text/html":
        head = head.replace("application/json", "multipart/form-data; boundary=b")
    visitor.sendall(head.encode() + b"--b\r\nhalf")

    more = answered(conn, create_app(Settings.in_folder(tmp_path)))

    answer = visitor.recv(65536)
    assert not more
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert kind in answer
    assert "Kiểm tra đường truyền rồi gửi lại.".encode() in answer


@pytest.mark.usefixtures("impatient")
def test_nothing_is_left_to_wait_for_when_a_line_is_handed_back(line: tuple[socket.socket, TConn]) -> None:
    visitor, conn = line
    visitor.sendall(REQUEST)

    more = answered(conn)

    assert not more
    conn.sock.setblocking(False)
    assert conn.sock.recv(1) == b""


def test_who_sends_too_much_is_heard_out_and_reads_why_it_is_refused(line: tuple[socket.socket, TConn]) -> None:
    visitor, conn = line
    body = b"x" * MORE_THAN_A_LINE_HOLDS

    with ThreadPoolExecutor(1) as pool:
        answering = pool.submit(answered, conn)
        visitor.sendall(
            b"POST / HTTP/1.1\r\nHost: bieuso\r\nContent-Length: %d\r\n\r\n" % len(body) + body[: len(body) // 2]
        )
        answer = visitor.recv(1000)
        visitor.close()

        assert not answering.result(20)
    assert answer.startswith(b"HTTP/1.1 200 OK")
