"""Gunicorn with our settings. It runs on Linux only, so nothing but ``bieuso serve`` imports this file."""

from __future__ import annotations

import multiprocessing
import socket
import struct
import sys
from contextlib import suppress
from typing import Any, Final
from wsgiref.types import WSGIApplication

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.util import close_graceful
from gunicorn.workers.gthread import TConn, ThreadWorker

from server.config import Config
from server.web.app import create_app

MOST_WORKERS: Final = 8
_LINES: Final = 256
_LEAVE_SECONDS: Final = 10.0
_LEAVE_BYTES: Final = 64 * 1024 * 1024
_SILENCE: Final = struct.pack("ll", 60, 0)  # a minute, as the system's timeval


def run(config: Config, *, host: str, port: int, workers: int | None) -> None:
    """Serves until it is told to stop.

    Reading a workbook is processor work, so one process for each core. Its threads are for slow lines, many on the last
    day of a month: each upload that trickles in holds one. How many of them work at once is for ``server.web.turns``.
    A process takes no more lines than it has threads, and keeps none for a next request: whoever comes then is for
    another process and never waits behind slow lines.
    """
    options: dict[str, object] = {
        "bind": f"{host}:{port}",
        "workers": workers or min(multiprocessing.cpu_count(), MOST_WORKERS),
        "worker_class": LineWorker,
        "logger_class": LineLog,
        "threads": _LINES,
        "worker_connections": _LINES,
        "keepalive": 0,
        "timeout": 120,
        "graceful_timeout": 30,
        "proc_name": "bieuso",
        "control_socket_disable": True,
    }
    _Gunicorn(config, options).run()


class LineWorker(ThreadWorker):
    """A worker whose lines cannot hold it up: neither by saying or taking nothing for a minute, nor when they end."""

    def handle(self, conn: TConn) -> bool:
        """Answers what comes on a line, and sees the line to its end where nothing more is to come."""
        # By the system, since gunicorn sets Python's own time-outs back. Each counts from the last byte that went.
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _SILENCE)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _SILENCE)
        more = super().handle(conn)
        if not more:
            # Gunicorn does this in the thread that accepts lines, and waits there for each that does not close its end.
            # Here there is time to take in the rest of what was refused: else the answer would be lost with it.
            with suppress(OSError):
                close_graceful(conn.sock.dup(), _LEAVE_SECONDS, _LEAVE_BYTES)
                conn.sock.shutdown(socket.SHUT_RDWR)
        return more


class LineLog(Logger):
    """Gunicorn's log, in which a line that was given up is no fault of ours to be traced."""

    def exception(self, msg: object, *args: object, **kwargs: Any) -> None:  # noqa: ANN401 - as gunicorn has it
        """See ``Logger``."""
        if isinstance(sys.exception(), BlockingIOError):
            self.info("a line that was silent for a minute was given up")
        else:
            super().exception(msg, *args, **kwargs)


class _Gunicorn(BaseApplication):
    """Nothing is read from files or from gunicorn's own variables."""

    def __init__(self, config: Config, options: dict[str, object]) -> None:
        self._config = config
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIApplication:  # type: ignore[override]  # gunicorn's stubs take any mapping, WSGI says dict
        return create_app(self._config)
