from __future__ import annotations

import io
import socket
import struct
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier, BrokenBarrierError, Event
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from werkzeug.exceptions import ClientDisconnected
from werkzeug.test import EnvironBuilder, run_wsgi_app

from server.errors import NoRoomError, SilentLineError
from server.web.turns import Turns, Turnstile

LIMIT = 4 * 1024 * 1024


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [environ["wsgi.input"].read()]


def posting(body: object, length: int, **more: object) -> WSGIEnvironment:
    environ = EnvironBuilder(method="POST").get_environ()
    return environ | {"wsgi.input": body, "CONTENT_LENGTH": str(length)} | more


def ask(application: Turns, environ: WSGIEnvironment) -> bytes:
    return b"".join(run_wsgi_app(application, environ)[0])


class SlowLine(io.BytesIO):
    """A body that says when somebody waits for it, and comes when it is let."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.waited_for, self.comes = Event(), Event()

    def read(self, size: int | None = -1, /) -> bytes:
        self.waited_for.set()
        assert self.comes.wait(30)
        return super().read(size)


@pytest.mark.parametrize("size", [0, 1, 70_000, 3 * 1024 * 1024])
def test_a_body_comes_through_whole(size: int) -> None:
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)

    assert ask(Turns(echo, 1, lambda: LIMIT), posting(io.BytesIO(data + b"next request"), size)) == data


def test_whoever_waits_for_a_line_keeps_nobody_else_waiting() -> None:
    line = SlowLine(b"slow")
    application = Turns(echo, 1, lambda: LIMIT)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(ask, application, posting(line, 4))
        assert line.waited_for.wait(30)

        quick = ask(application, posting(io.BytesIO(b"quick"), 5))

        line.comes.set()
        assert (quick, slow.result(30)) == (b"quick", b"slow")


def test_no_more_work_at_once_than_there_are_turns() -> None:
    together = Barrier(3)

    def work(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = echo(environ, start_response)
        try:
            together.wait(0.5)
        except BrokenBarrierError:
            return answer
        return [b"three at once"]

    application = Turns(work, 2, lambda: LIMIT)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: ask(application, posting(io.BytesIO(b"x"), 1)), range(3)))

    assert answers == [b"x"] * 3


def test_turns_are_given_in_the_order_in_which_they_are_asked_for() -> None:
    turnstile, order = Turnstile(1), []

    def pass_through(number: int) -> None:
        with turnstile:
            order.append(number)

    with ThreadPoolExecutor(2) as pool:
        with turnstile:
            for number in (1, 2):
                pool.submit(pass_through, number)
                while turnstile.waiting < number:
                    time.sleep(0.001)
        pass_through(3)

    assert order == [1, 2, 3]


def test_a_failing_request_gives_its_turn_back() -> None:
    def fail(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input"].read()
        raise ValueError("of the application")

    application = Turns(fail, 1, lambda: LIMIT)
    for _ in range(3):
        with pytest.raises(ValueError, match="of the application"):
            ask(application, posting(io.BytesIO(b"x"), 1))


@dataclass(frozen=True)
class Line:
    """A body as gunicorn brings it in, from a socket that waits as long as it was told to."""

    socket: socket.socket

    def read(self, size: int) -> bytes:
        return self.socket.recv(size)


def test_a_line_that_falls_silent_is_given_up_and_is_patient_again_for_the_answer() -> None:
    application = Turns(echo, 1, lambda: LIMIT)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 50_000))
        theirs.sendall(b"half")

        with pytest.raises(SilentLineError, match="Kiểm tra đường truyền"):
            ask(application, posting(Line(ours), 8))

        assert ours.gettimeout() is None
    assert ask(application, posting(io.BytesIO(b"x"), 1)) == b"x"


def test_a_body_that_was_cut_is_not_taken_for_whole() -> None:
    application = Turns(echo, 1, lambda: LIMIT)

    with pytest.raises(ClientDisconnected):
        ask(application, posting(io.BytesIO(b"from=2026-01-01"), 29))

    assert ask(application, posting(io.BytesIO(b"x"), 1)) == b"x"


def test_of_a_body_without_a_length_no_more_is_brought_in_than_tells_that_it_is_too_long() -> None:
    endless = io.BytesIO(b"x" * LIMIT)
    environ = posting(endless, 0, **{"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"})
    del environ["CONTENT_LENGTH"]

    assert len(ask(Turns(echo, 1, lambda: 100_000), environ)) == 100_001
    assert endless.tell() == 100_001


def test_a_machine_without_room_says_so(small_files: Callable[[int], None]) -> None:
    application = Turns(echo, 1, lambda: LIMIT)
    small_files(1024 * 1024)

    with pytest.raises(NoRoomError, match="hết chỗ"):
        ask(application, posting(io.BytesIO(b"x" * LIMIT), LIMIT))
