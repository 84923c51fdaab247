"""One LibreOffice process of our own: own profile, own pipe, ended and swept up after."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from addin.libreoffice.errors import OfficeError
from addin.libreoffice.uno_bridge import UnoObject, properties, soffice, speaking, uno

_START_SECONDS = 60.0
_END_SECONDS = 10.0

# Formulas are computed on opening (a cached value is never trusted), no macro runs, nothing asks questions.
_SETTINGS: Final[dict[str, dict[str, object]]] = {
    "org.openoffice.Office.Calc/Formula/Load": {"OOXMLRecalcMode": 0},
    "org.openoffice.Office.Common/Security/Scripting": {"MacroSecurityLevel": 3, "DisableMacrosExecution": "true"},
    "org.openoffice.Office.Common/Misc": {"FirstRun": "false", "ShowTipOfTheDay": "false"},
    "org.openoffice.Office.Recovery/AutoSave": {"Enabled": "false"},
    "org.openoffice.Setup/Product": {"ooSetupLastVersion": "99.9"},
}


class Office:
    """A running LibreOffice. Use as a context manager, or call `close`."""

    def __init__(self, *, visible: bool = False) -> None:
        self.visible = visible
        self._home = Path(tempfile.mkdtemp(prefix="bieuso-office-"))
        self._pipe = f"bieuso{secrets.token_hex(8)}"
        self._context: UnoObject = None
        self._desktop: UnoObject = None
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = self._start()
            self._desktop = self._connect()
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """Process id of LibreOffice."""
        return self._process.pid if self._process else 0

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def desktop(self) -> UnoObject:
        """The UNO desktop. Raises OfficeError once LibreOffice has ended."""
        if not self.alive:
            raise OfficeError("LibreOffice đã đóng. Hãy mở lại biểu bằng chức năng Tải biểu.")
        return self._desktop

    @property
    def version(self) -> str:
        """LibreOffice's version, ``"7.4"``."""
        with speaking("hỏi phiên bản"):
            provider = self._context.ServiceManager.createInstanceWithContext(
                "com.sun.star.configuration.ConfigurationProvider", self._context
            )
            product = provider.createInstanceWithArguments(
                "com.sun.star.configuration.ConfigurationAccess", properties(nodepath="/org.openoffice.Setup/Product")
            )
            return str(product.ooSetupVersion)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends LibreOffice without saving and removes its profile."""
        if self.alive and self._desktop is not None:
            self._ask_to_end()
        self._end()
        self._desktop = None
        shutil.rmtree(self._home, ignore_errors=True)

    def _start(self) -> subprocess.Popen[bytes]:
        profile = self._home / "profile"
        (profile / "user").mkdir(parents=True)
        (profile / "user" / "registrymodifications.xcu").write_text(_settings(), encoding="utf-8")
        command = [
            str(soffice()),
            f"-env:UserInstallation={profile.as_uri()}",
            f"--accept=pipe,name={self._pipe};urp",
            "--norestore",
            "--nologo",
            "--nofirststartwizard",
            "--nodefault",
        ]
        if not self.visible:
            command.append("--headless")
        return subprocess.Popen(  # noqa: S603  # the program LibreOffice itself, with arguments made here
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _connect(self) -> UnoObject:
        local = uno().getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        not_yet = uno().getClass("com.sun.star.connection.NoConnectException")
        address = f"uno:pipe,name={self._pipe};urp;StarOffice.ComponentContext"
        give_up = time.monotonic() + _START_SECONDS
        while self.alive and time.monotonic() < give_up:
            try:
                context = resolver.resolve(address)
            except not_yet:
                time.sleep(0.1)
                continue
            with speaking("khởi động"):
                self._context = context
                return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
        raise OfficeError(
            f"LibreOffice không khởi động được trong {_START_SECONDS:.0f} giây ({soffice()}). "
            "Hãy thử mở LibreOffice bằng tay để xem lỗi, rồi làm lại."
        )

    def _ask_to_end(self) -> None:
        uno_exception = uno().getClass("com.sun.star.uno.Exception")
        try:
            self._desktop.terminate()
        except uno_exception:
            return  # the connection breaks as it ends, which is what was asked

    def _end(self) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(_END_SECONDS if self._desktop is not None else 0)
        except subprocess.TimeoutExpired:
            self._kill()
        self._process = None

    def _kill(self) -> None:
        # The start script, its splash and the office form one process group, started as a session of its own.
        if self._process is None:
            return
        if hasattr(os, "killpg"):
            os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()
        self._process.wait()


def _settings() -> str:
    """The profile's settings, in the file LibreOffice reads them from."""
    items = "".join(
        f'<item oor:path="/{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for path, values in _SETTINGS.items()
        for name, value in values.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        f"{items}</oor:items>"
    )
