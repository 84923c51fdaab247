"""The service of the demonstration: a real process on a loopback port, started and ended by the demonstration."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from server.demo.errors import DemonstrationError

_PATIENCE = 30.0


class ServiceDidNotStartError(DemonstrationError):
    """The service's process ended, or did not answer in time; the message names its log."""


@contextmanager
def running_service(environment: dict[str, str], port: int, log: Path) -> Iterator[str]:
    """Starts ``bieuso serve`` on 127.0.0.1 and yields its address; ends it afterwards, whatever happened."""
    command = [sys.executable, "-m", "server.cli", "serve", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=output, stderr=output)  # noqa: S603 - our own program
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_until_it_answers(process, address, log)
            yield address
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"{address}/api/v1/health", timeout=2, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise ServiceDidNotStartError(f"Dịch vụ không khởi động được tại {address}; xem {log}.")


def free_port(wanted: int) -> int:
    """``wanted`` if nobody listens there, else a port that the system finds free."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")
