"""Turns: few requests work at once in a process, however many lines are slow.

Opening and verifying a workbook takes memory and processor, so few do it at once. Waiting for an upload takes neither:
a request gives its turn back while its line brings the body in, and nobody waits behind a village's modem.
"""

from __future__ import annotations

import io
import logging
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.exceptions import ClientDisconnected
from werkzeug.wsgi import get_content_length

from server.errors import NoRoomError, SilentLineError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_log = logging.getLogger(__name__)
_STEP: Final = 64 * 1024
_IN_MEMORY: Final = 1024 * 1024


class Turnstile:
    """So many turns, given in the order in which they are asked for.

    A semaphore lets whoever comes at the right moment pass by those who wait; under load some then wait for ever.
    """

    def __init__(self, turns: int) -> None:
        self._free = turns
        self._queue: deque[threading.Lock] = deque()
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many wait for a turn."""
        return len(self._queue)

    def acquire(self) -> None:
        """Takes a turn; waits for it where all are taken."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            mine = threading.Lock()
            mine.acquire()
            self._queue.append(mine)
        mine.acquire()

    def release(self) -> None:
        """Gives a turn back: to whoever waits longest, if anybody does."""
        with self._lock:
            if self._queue:
                self._queue.popleft().release()
            else:
                self._free += 1

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class Turns:
    """WSGI middleware around an application of which ``number`` requests work at once.

    ``limit`` tells how many bytes of a body the application takes; of a longer one no more is brought in than tells
    that it is longer. A line that the server gives up because it says nothing is answered 408.
    """

    def __init__(self, application: WSGIApplication, number: int, limit: Callable[[], int]) -> None:
        self._application = application
        self._turns = Turnstile(number)
        self._limit = limit

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers one request; raises what the application raises."""
        body = _Body(environ, self._turns, self._limit())
        environ["wsgi.input"] = body
        try:
            with self._turns:
                return self._application(environ, start_response)
        finally:
            body.close()


class _Body(io.RawIOBase):
    """The body of a request, brought in whole when it is first read, without the turn."""

    def __init__(self, environ: WSGIEnvironment, turns: Turnstile, limit: int) -> None:
        super().__init__()
        self._source: IO[bytes] = environ["wsgi.input"]
        length = get_content_length(environ)
        self._has_length = length is not None
        self._most = limit + 1 if length is None else min(length, limit + 1)
        self._turns = turns
        self._file: tempfile.SpooledTemporaryFile[bytes] | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        if self._file is None:
            self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - close() closes it
            with self._without_turn():
                self._bring_in(self._file)
        return self._file.readinto(buffer)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()

    @contextmanager
    def _without_turn(self) -> Iterator[None]:
        self._turns.release()
        try:
            yield
        finally:
            self._turns.acquire()

    def _bring_in(self, file: tempfile.SpooledTemporaryFile[bytes]) -> None:
        """All of the body that is wanted.

        Raises:
            SilentLineError, NoRoomError: werkzeug would take an OSError of either for a line that was cut.
            ClientDisconnected: the line was cut. Neither gunicorn nor werkzeug minds, and half a form may look whole.
        """
        left = self._most
        while left:
            try:
                part = self._source.read(min(left, _STEP))
            except (TimeoutError, BlockingIOError) as error:
                raise SilentLineError from error
            if not part and self._has_length:
                raise ClientDisconnected
            if not part:
                break
            left -= len(part)
            try:
                file.write(part)
            except OSError as error:
                _log.error("no room for an upload in the folder for temporary files (TMPDIR): %s", error)
                raise NoRoomError from error
        file.seek(0)
