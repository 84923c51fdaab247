"""Gunicorn with our settings. It runs on Linux only, so nothing but ``bieuso serve`` imports this file."""

from __future__ import annotations

import multiprocessing
from wsgiref.types import WSGIApplication

from gunicorn.app.base import BaseApplication

from server.config import Config
from server.web.app import create_app

MOST_WORKERS = 8
_LINES = 64


def run(config: Config, *, host: str, port: int, workers: int | None) -> None:
    """Serves until it is told to stop.

    Reading a workbook is processor work, so one process for each core. Its threads are for slow lines, many on the last
    day of a month: each upload that trickles in holds one. How many of them work at once is for ``server.web.turns``.
    """
    options: dict[str, object] = {
        "bind": f"{host}:{port}",
        "workers": workers or min(multiprocessing.cpu_count(), MOST_WORKERS),
        "worker_class": "gthread",
        "threads": _LINES,
        "timeout": 120,
        "graceful_timeout": 30,
        "proc_name": "bieuso",
        "control_socket_disable": True,
    }
    _Gunicorn(config, options).run()


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
