"""A headless LibreOffice for drivers: it is started, answers over UNO, and is ended. For the system's Python only."""

# ruff: noqa: ANN001, ANN201 - the objects of UNO have no types, and this runs outside the project

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
import uuid
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.lang import DisposedException

_PATIENCE = 120.0  # seconds until the program has to answer
_AT_THE_END = 30.0  # seconds it may take to end


@contextlib.contextmanager
def running(profile):
    """The component context of a LibreOffice of one's own, with its profile in that folder."""
    pipe = f"bieuso{uuid.uuid4().hex}"
    office = subprocess.Popen(
        [
            "soffice",
            "--headless",
            "--norestore",
            "--nologo",
            f"--accept=pipe,name={pipe};urp;",
            f"-env:UserInstallation={Path(profile).as_uri()}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        context = connect(pipe)
        yield context
        with contextlib.suppress(DisposedException):  # it may be gone before it answers
            desktop(context).terminate()
        office.wait(timeout=_AT_THE_END)
    finally:
        if office.poll() is None:
            # soffice is a script around the program; both are in the session that was started for them.
            os.killpg(office.pid, signal.SIGTERM)
            office.wait(timeout=_AT_THE_END)


def connect(pipe):
    """The component context of the program that listens there."""
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except NoConnectException:
            time.sleep(0.1)
    raise SystemExit("LibreOffice did not start")


def desktop(context):
    """What opens documents."""
    return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)


def option(name, value):
    """An argument of loading or storing."""
    return PropertyValue(Name=name, Value=value)
