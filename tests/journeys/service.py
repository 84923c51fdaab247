"""The real service on a demonstration's folder, in a process group of its own so that it can be killed whole."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from addin.client import Client
from server.demo.folder import Folder
from server.demo.preparation import service_environment
from server.demo.service import free_port
from tests.journeys.reporting import signed_in

_PATIENCE = 60.0


class Service:
    """A running ``bieuso serve`` with two workers. ``kill`` is what a power cut does to it."""

    def __init__(self, folder: Folder) -> None:
        self.port = free_port(0)
        self.url = f"http://127.0.0.1:{self.port}"
        serve = [sys.executable, "-m", "server.cli", "serve", "--port", str(self.port), "--workers", "2"]
        with folder.log.open("ab") as output:
            self._process = subprocess.Popen(
                serve,
                env=os.environ | service_environment(folder),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            self._wait(folder)
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """Ends master and workers at once, without a word."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        # A worker that is killed while it writes to the disk dies only when the disk has answered.
        deadline = time.monotonic() + _PATIENCE
        while _is_alive(self._process.pid):
            assert time.monotonic() < deadline, "a killed worker does not end"
            time.sleep(0.01)

    def _wait(self, folder: Folder) -> None:
        deadline = time.monotonic() + _PATIENCE
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/api/v1/health", timeout=5, trust_env=False).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"the service did not start: {folder.log.read_text(encoding='utf-8')[-2000:]}")


def _is_alive(group: int) -> bool:
    """Whether any process of a group still runs; a zombie does not."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            state, _, of_group = status.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:3]
            if int(of_group) == group and state not in "ZX":
                return True
    return False


@contextmanager
def serving(folder: Folder) -> Iterator[Service]:
    """Starts the service and kills it afterwards: whatever it confirmed must be stored by then."""
    service = Service(folder)
    try:
        yield service
    finally:
        service.kill()


@contextmanager
def a_client(service: Service, folder: Folder, unit: str) -> Iterator[Client]:
    """A client signed in as the unit's leader."""
    with Client(service.url) as client:
        signed_in(folder, client, unit)
        yield client


class RawUpload:
    """An upload over a bare socket: the bytes of the request can be sent bit by bit, and the line cut at any time."""

    def __init__(
        self,
        service: Service,
        folder: Folder,
        unit: str,
        workbook: bytes,
        attachments: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        account = f"lanhdao.{unit}"
        session = {"account": account, "password": folder.read_secrets()[account]}
        reply = httpx.post(f"{service.url}/api/v1/sessions", json=session, timeout=_PATIENCE, trust_env=False)
        token = reply.json()["token"]
        request = httpx.Request(
            "POST",
            f"{service.url}/api/v1/submissions",
            headers={"Authorization": f"Bearer {token}"},
            files=[("workbook", (f"{unit}.xlsx", workbook)), *(("attachments", one) for one in attachments)],
        )
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        self.request = f"POST /api/v1/submissions HTTP/1.1\r\n{head}\r\n".encode() + request.read()
        self._line = socket.create_connection(("127.0.0.1", service.port), timeout=30)

    def send(self, part: bytes) -> None:
        self._line.sendall(part)

    def answer(self) -> bytes:
        """What the service says, up to where the line ends or it pauses."""
        try:
            return self._line.recv(65536)
        except ConnectionError:
            return b""

    def close(self) -> None:
        self._line.close()
