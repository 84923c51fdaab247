"""Errors of the service. Each tells a person what is wrong and what to do; subclasses say what the caller should do."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import ClassVar

from workbooks.finding import Finding


class ServiceError(Exception):
    """Something the service will not do. ``str(error)`` is for people, in Vietnamese.

    Attributes:
        status: the HTTP status the API answers with.
        kind: permanent name of the kind of problem (``type`` of the problem details, RFC 9457).
        title: short name of the kind, the same for every occurrence.
    """

    status: ClassVar[HTTPStatus] = HTTPStatus.UNPROCESSABLE_ENTITY
    kind: ClassVar[str] = "invalid"
    title: ClassVar[str] = "Yêu cầu không hợp lệ"

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy


class InvalidError(ServiceError):
    """The values given cannot be right, whoever gives them."""


class FindingsError(InvalidError):
    """A file that is refused with everything wrong at once; ``findings`` have their cells and remedies."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(map(str, self.findings)))


class NotFoundError(ServiceError):
    """There is no such thing, or not for this account."""

    status = HTTPStatus.NOT_FOUND
    kind = "not-found"
    title = "Không tìm thấy"


class NotAllowedError(ServiceError):
    """The account is known but has no right to this."""

    status = HTTPStatus.FORBIDDEN
    kind = "not-allowed"
    title = "Không có quyền"


class SignInNeededError(ServiceError):
    """Nobody, or an expired session."""

    status = HTTPStatus.UNAUTHORIZED
    kind = "sign-in-needed"
    title = "Cần đăng nhập"


class TooManyAttemptsError(ServiceError):
    """Too many wrong passwords; wait."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    kind = "too-many-attempts"
    title = "Thử quá nhiều lần"

    def __init__(self, message: str, remedy: str = "", *, retry_after: int) -> None:
        super().__init__(message, remedy)
        self.retry_after = retry_after


class BusyError(ServiceError):
    """As much is being done as may be done at once; ask again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    kind = "busy"
    title = "Đang bận"

    def __init__(self, message: str, remedy: str = "", *, retry_after: int) -> None:
        super().__init__(message, remedy)
        self.retry_after = retry_after


class SilentLineError(ServiceError):
    """What was being sent stopped coming."""

    status = HTTPStatus.REQUEST_TIMEOUT
    kind = "silent-line"
    title = "Đường truyền ngừng"

    def __init__(self) -> None:
        super().__init__("Dữ liệu ngừng đến giữa chừng nên chưa có gì được ghi.", "Kiểm tra đường truyền rồi gửi lại.")


class NoRoomError(ServiceError):
    """The machine has no room to write what came in."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    kind = "storage-full"
    title = "Hết chỗ lưu trữ"

    def __init__(self) -> None:
        super().__init__("Máy chủ hết chỗ lưu trữ; chưa có gì được ghi.", "Báo quản trị viên.")


class ConflictError(ServiceError):
    """What is stored already says otherwise."""

    status = HTTPStatus.CONFLICT
    kind = "conflict"
    title = "Trái với dữ liệu đã có"


class ConfigError(ServiceError):
    """A setting cannot be used."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    kind = "configuration"
    title = "Cấu hình sai"
