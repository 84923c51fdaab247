"""Files that commands write: whole or not at all, whatever happens in between."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file beside its place and moves it there, so that nobody ever finds half of it.

    Raises:
        OSError: nothing was written; what stood there before still does.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".bieuso-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o666 & ~_umask())  # as a file that is simply written; a temporary one is its owner's only
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
