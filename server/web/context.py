"""What a request has at hand: the settings, the database, what is trusted, and who is asking."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from flask import current_app, request
from sqlalchemy import Engine

from server.config import Config
from server.errors import SignInNeededError
from server.services.accounts import Account, account_of
from server.services.rights import refuse_hidden, visible_units
from server.services.units import unit as find_unit
from server.storage.units import Unit
from signing.errors import TrustError
from signing.fetching import HttpStatus
from signing.findings import error
from signing.policy import DEFAULT_POLICY, POLICY_FILE, Policy, policy_in
from signing.trust import Trust, tree_folders

_EXTENSION = "bieuso"
_State = tuple[tuple[str, int, int], ...]


class TrustFolder:
    """The trusted roots, revocation lists and policy, read again whenever a file of the folder changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._seen: _State | None = None
        self._trust: Trust | None = None
        self._status = HttpStatus()  # remembers for a while what it was told, whatever changes in the folder
        self._seen_policy: _State | None = None
        self._had_policy = os.path.lexists(path / POLICY_FILE)
        self._policy = DEFAULT_POLICY

    def current(self) -> Trust:
        """What is trusted now. Raises TrustError where the folder has no root or cannot be read."""
        with self._lock, self._told():
            state = self._state()
            if self._trust is None or state != self._seen:
                self._trust = Trust.from_directory(self._path).asking(self._status)
                self._seen = state
            return self._trust

    def policy(self) -> Policy:
        """What is demanded of signatures now.

        Raises:
            TrustError: the file is there and cannot be used, or is no longer there: nobody wants less to be demanded
                in the moment between two versions of it.
        """
        with self._lock, self._told():
            state = tuple(one for one in self._state() if one[0] == POLICY_FILE)
            if self._had_policy and not state:
                raise error(TrustError, "BS252", file=POLICY_FILE, reason="tệp đã mất trong khi dịch vụ đang chạy")
            self._had_policy = bool(state)
            if state != self._seen_policy:
                self._policy = policy_in(self._path)
                self._seen_policy = state
            return self._policy

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            message = f"Không đọc được thư mục tin cậy {self._path}: {problem.strerror}."
            raise TrustError("BS251", message, "Kiểm tra quyền đọc và các tệp trong thư mục.") from problem

    def _state(self) -> _State:
        files = sorted(file for folder in tree_folders(self._path) for file in folder.iterdir() if not file.is_dir())
        stats = [(str(file.relative_to(self._path)), _stat_of(file)) for file in files]
        return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats if stat is not None)


def _stat_of(file: Path) -> os.stat_result | None:
    """None where it has gone since the folder was listed, as what is written beside a list before it takes its place.

    A link to nothing is still there, and must not count as if there were no such file.
    """
    try:
        return file.stat()
    except FileNotFoundError:
        if os.path.lexists(file):
            raise
        return None


@dataclass(frozen=True, slots=True)
class Service:
    """The parts of one running service."""

    config: Config
    engine: Engine
    trust: TrustFolder = field(repr=False)


def install(app_extensions: dict[str, object], service: Service) -> None:
    """Puts the service where requests find it."""
    app_extensions[_EXTENSION] = service


def service() -> Service:
    """The service that answers this request."""
    found = current_app.extensions[_EXTENSION]
    if not isinstance(found, Service):
        raise TypeError("create_app was not used")
    return found


def now() -> datetime:
    """The time of receipt."""
    return datetime.now(UTC)


def bearer_token() -> str | None:
    """The token of the Authorization header, if there is one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.casefold() == "bearer" else None


def account_or_none() -> Account | None:
    """Who is asking, or None without a token. Raises SignInNeededError where the token is unknown or over."""
    token = bearer_token()
    if token is None:
        return None
    found = account_of(service().engine, token, now=now())
    if found is None:
        raise SignInNeededError("Phiên làm việc không còn hiệu lực.", "Đăng nhập lại.")
    return found


def signed_in() -> Account:
    """Who is asking. Raises SignInNeededError."""
    found = account_or_none()
    if found is None:
        raise SignInNeededError("Cần đăng nhập.", "Đăng nhập rồi gửi kèm tiêu đề Authorization: Bearer.")
    return found


def visible_to(account: Account | None, day: date) -> frozenset[int] | None:
    """Ids of the units whose figures may be seen in this request; None means all. Raises SignInNeededError."""
    here = service()
    return visible_units(here.engine, account, day, open_reading=here.config.open_reading)


def seen_unit(code: str, day: date) -> Unit:
    """The unit of that code on a day, one whose figures may be seen in this request.

    Raises:
        SignInNeededError, NotFoundError: nobody asks, or there is no such unit.
        NotAllowedError: whoever asks may not see it.
    """
    visible = visible_to(account_or_none(), day)
    found = find_unit(service().engine, code, day)
    refuse_hidden(visible, found.id, code)
    return found
