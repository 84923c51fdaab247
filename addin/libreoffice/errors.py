"""What can go wrong between the add-in and LibreOffice, in the words of the person who sees it."""

from __future__ import annotations

from types import TracebackType

from xlwings import XlwingsError

_INSTALL = (
    "Hãy cài LibreOffice và cầu nối Python của nó (trên Debian, Ubuntu: apt install libreoffice-calc python3-uno)."
)


class OfficeError(XlwingsError):
    """LibreOffice is missing, did not start, or refused what it was asked."""


def not_installed(what: str) -> OfficeError:
    """LibreOffice, or the part of it named, is not on this machine."""
    return OfficeError(f"Không tìm thấy {what} trên máy này. {_INSTALL}")


class Speaking:
    """Turns UNO exceptions into `OfficeError`, saying what was being done.

    A class, not a generator: UNO exceptions cannot be given a traceback, so `contextlib.contextmanager` fails on them.
    """

    def __init__(self, doing: str, uno_exception: type[BaseException]) -> None:
        self._doing = doing
        self._uno_exception = uno_exception

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if raised is not None and isinstance(raised, self._uno_exception):
            reason = str(getattr(raised, "Message", "")) or type(raised).__name__
            raise OfficeError(f"LibreOffice không làm được việc: {self._doing} ({reason}).") from None
