"""A real Chromium without a window, told what to do over a pipe (Chrome DevTools Protocol)."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_PATIENCE = 60.0
_OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe",
)  # fmt: skip


class Tab:
    """One page; ``complaints`` gathers what the page's console and its content policy say."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._rest = b""
        self._number = 0
        self._session = ""
        self._events: list[dict[str, Any]] = []
        self.complaints: list[str] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._ask(f"{domain}.enable")

    def open(self, address: str) -> None:
        """Goes to an address and waits until it is loaded."""
        self._events.clear()
        self._ask("Page.navigate", url=address)
        self._wait_for("Page.loadEventFired")

    def follow(self, script: str) -> None:
        """Does something that leads to another page, and waits until that is loaded."""
        self._events.clear()
        self.do(script)
        self._wait_for("Page.loadEventFired")

    def do(self, script: str) -> Any:  # noqa: ANN401 - whatever the script says
        """The value of a JavaScript expression in the page."""
        reply = self._ask("Runtime.evaluate", expression=script, returnByValue=True, userGesture=True)
        assert "exceptionDetails" not in reply, reply
        return reply["result"].get("value")

    def wait_until(self, script: str) -> None:
        """Waits until a JavaScript expression in the page is true."""
        deadline = time.monotonic() + _PATIENCE
        while not self.do(script):
            assert time.monotonic() < deadline, f"never true in the page: {script}"
            time.sleep(0.02)

    def resize(self, width: int, height: int) -> None:
        """Makes the page as large as a screen of that size."""
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def choose(self, selector: str, *files: Path) -> None:
        """Chooses files in a file field, as its dialogue would."""
        root = self._ask("DOM.getDocument")["root"]["nodeId"]
        field = self._ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self._ask("DOM.setFileInputFiles", nodeId=field, files=[str(file.absolute()) for file in files])

    def picture(self, height: int | None = None) -> bytes:
        """The page as PNG: from its top down to a height, or whole."""
        width, whole = self.do("[innerWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": width, "height": height or whole, "scale": 1}
        return base64.b64decode(self._ask("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"])

    def type(self, text: str) -> None:
        """Types into whatever has the focus."""
        self._ask("Input.insertText", text=text)

    def press(self, key: str, code: int) -> None:
        """Presses a key."""
        for kind in ("rawKeyDown", "keyUp"):
            self._ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def _ask(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        question: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            question["sessionId"] = self._session
        os.write(self._to, json.dumps(question).encode() + b"\0")
        while True:
            message = self._next()
            if message.get("id") == self._number:
                assert "error" not in message, message
                return dict(message["result"])

    def _wait_for(self, name: str) -> None:
        while not any(message.get("method") == name for message in self._events):
            self._next()

    def _next(self) -> dict[str, Any]:
        deadline = time.monotonic() + _PATIENCE
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._from], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, "the browser does not answer"
            self._rest += os.read(self._from, 1 << 20)
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        if "method" in message:
            self._events.append(message)
            self._listen(message)
        return message

    def _listen(self, message: dict[str, Any]) -> None:
        if message["method"] == "Log.entryAdded":
            self.complaints.append(str(message["params"]["entry"]["text"]))
        elif message["method"] == "Runtime.exceptionThrown":
            self.complaints.append(str(message["params"]["exceptionDetails"]["text"]))


@contextmanager
def browser() -> Iterator[Tab]:
    """Starts Chromium with a profile of its own and ends it again."""
    profile = Path(tempfile.mkdtemp(prefix="bieuso-chromium-"))
    reads, to_browser = os.pipe()
    from_browser, writes = os.pipe()
    # Chromium reads commands from file 3 and answers on file 4.
    program = shutil.which("chromium") or shutil.which("chromium-browser") or "google-chrome"
    command = f'exec "$@" 3<&{reads} 4>&{writes}'
    process = subprocess.Popen(
        ["bash", "-c", command, "bash", program, *_OPTIONS, f"--user-data-dir={profile}"],
        pass_fds=(reads, writes),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(reads)
    os.close(writes)
    try:
        yield Tab(to_browser, from_browser)
    finally:
        process.terminate()
        process.wait(_PATIENCE)
        os.close(to_browser)
        os.close(from_browser)
        shutil.rmtree(profile, ignore_errors=True)
