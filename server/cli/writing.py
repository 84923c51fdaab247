"""Files that commands write: whole or not at all, whatever happens in between."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file beside its place and moves it there, so that nobody ever finds half of it.

    A file that stood there passes on its rights and, where that is allowed, its owner; a link stays a link, and what
    it leads to is replaced. What is no file (a pipe, ``/dev/stdout``) is written to as it is.

    Raises:
        OSError: nothing was written; what stood there before still does.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(data)  # a folder is refused here
        return
    target = Path(os.path.realpath(path))
    try:
        _replace(target, data)
    except OSError as problem:
        # Of a full disk it would tell no name, and elsewhere one that nobody gave.
        raise OSError(problem.errno, problem.strerror, str(path)) from problem
    _settle(target.parent)


def _replace(target: Path, data: bytes) -> None:
    beside = target.with_name(f".bieuso-{secrets.token_hex(8)}.tmp")
    # The rights are those of a file that is simply written.
    handle = os.open(beside, _NEW, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _take_after(beside, target)
        beside.replace(target)
    except BaseException:  # an interruption from the keyboard must leave nothing lying either
        beside.unlink(missing_ok=True)
        raise


def _take_after(beside: Path, target: Path) -> None:
    """Gives a file the owner and the rights of the one it will replace."""
    if not target.exists():
        return
    before = target.stat()
    if hasattr(os, "chown"):
        with suppress(PermissionError):  # only an administrator gives files away
            os.chown(beside, before.st_uid, before.st_gid)
    beside.chmod(stat.S_IMODE(before.st_mode))


def _settle(folder: Path) -> None:
    """Has the disk remember the new name, where the system can be asked to: a signature is not made again easily."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
