"""The client of the service: sign in, list forms, fetch the issued workbook, send the signed one.

Everything may be asked again safely: an upload carries the SHA-256 of its bytes as `Idempotency-Key`, so a line that
breaks half-way never doubles a submission. Network faults and a service that is overloaded or restarting are tried
again with growing pauses; what the service refuses (4xx) never is.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote, urlsplit

import httpx

from addin.attached import attached_files
from addin.errors import ClientError
from addin.replies import (
    FormEntry,
    SubmissionReply,
    form_entries,
    json_object,
    problem,
    stored_submission,
    submission_reply,
    text_of,
    wrong_password,
)
from form_templates.attached_files import MEDIA_TYPES, kind_of
from workbooks.package import MEDIA_TYPE

__all__ = ["Client", "ClientError", "FormEntry", "SubmissionReply", "attached_files"]

_API: Final = "/api/v1"
_TRY_AGAIN: Final = frozenset({502, 503, 504})
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_LARGEST_REPLY: Final = 64 * 1024 * 1024
_ANY_TYPE: Final = "application/octet-stream"
_SIGN_IN_NEEDED, _REFUSED = 401, 422


@dataclass(frozen=True, slots=True)
class _Answer:
    """A reply read whole."""

    status: int
    headers: httpx.Headers
    body: bytes


class Client:
    """A connection to one service. Use as a context manager, or call `close`.

    Args:
        base_url: where the service is, e.g. ``https://bieuso.example.gov.vn``.
        timeout: seconds to wait for an answer (reading an upload may take the service a while).
        attempts: how often a request is tried before the person is told.
        pause: waits between attempts; tests put their own here.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout: float = 60.0,
        attempts: int = 5,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base_url = base_url.rstrip("/").removesuffix(_API)
        self._attempts = attempts
        self._pause = pause
        if not _is_address(base_url):
            raise ClientError(
                "address",
                f"Địa chỉ máy chủ “{base_url}” không hợp lệ.",
                "Nhập địa chỉ bắt đầu bằng https://, như cơ quan tổng hợp đã thông báo.",
            )
        self._http = httpx.Client(
            base_url=self._base_url + _API, timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0))
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection."""
        self._http.close()

    def sign_in(self, account: str, password: str) -> None:
        """Opens a session; the requests after it carry its token. Raises ClientError."""
        answer = self._ask("POST", "/sessions", json={"account": account, "password": password})
        if answer.status == _SIGN_IN_NEEDED:
            raise wrong_password(answer.body)
        token = text_of(self._json(answer), "token")
        if not token:
            raise _not_understood(answer.status)
        self._http.headers["Authorization"] = f"Bearer {token}"

    def sign_out(self) -> None:
        """Ends the session. Raises ClientError."""
        self._must_be_fine(self._ask("DELETE", "/sessions"))
        self._http.headers.pop("Authorization", None)

    def forms(self) -> tuple[FormEntry, ...]:
        """The published forms. Raises ClientError."""
        return form_entries(self._json(self._ask("GET", "/forms")))

    def fetch_workbook(self, form: str, unit: str, period: str) -> bytes:
        """The workbook issued for a unit and a period. Raises ClientError."""
        return self._workbook(f"/forms/{_part(form)}/workbook", params={"unit": unit, "period": period})

    def fetch_consolidated(self, form: str, period: str, unit: str) -> bytes:
        """The merged workbook of a consolidating unit. Raises ClientError."""
        return self._workbook(f"/consolidated/{_part(form)}/{_part(period)}/{_part(unit)}.xlsx")

    def submit(self, workbook: bytes, filename: str, attachments: Sequence[tuple[str, bytes]] = ()) -> SubmissionReply:
        """Sends a signed workbook and the files (name, content) that it lists, see `attached_files`.

        A refusal with findings is a reply, not an error. Raises ClientError.
        """
        files = [("workbook", (filename, workbook, MEDIA_TYPE))]
        for name, data in attachments:
            files.append(("attachments", (name, data, MEDIA_TYPES.get(kind_of(name), _ANY_TYPE))))
        key = hashlib.sha256(workbook).hexdigest()
        answer = self._ask("POST", "/submissions", files=files, headers={"Idempotency-Key": key})
        if answer.status != _REFUSED:
            self._must_be_fine(answer)
        return submission_reply(answer.status, json_object(answer.body) or {})

    def submission(self, submission_id: str) -> SubmissionReply:
        """How a submission stands. Raises ClientError."""
        return stored_submission(self._json(self._ask("GET", f"/submissions/{_part(submission_id)}")))

    def _workbook(self, path: str, **content: object) -> bytes:
        answer = self._ask("GET", path, **content)
        self._must_be_fine(answer)
        if not answer.body.startswith(b"PK"):
            raise _not_understood(answer.status)
        return answer.body

    def _json(self, answer: _Answer) -> dict[str, object]:
        self._must_be_fine(answer)
        body = json_object(answer.body)
        if body is None:
            raise _not_understood(answer.status)
        return body

    def _ask(self, method: str, path: str, **content: object) -> _Answer:
        """One request, tried again while the network or the service is at fault."""
        fault: httpx.TransportError | None = None
        answer: _Answer | None = None
        for attempt in range(self._attempts):
            if attempt:
                self._pause(_pause_before(attempt, answer))
            try:
                answer, fault = self._send(method, path, content), None
            except httpx.TransportError as error:
                answer, fault = None, error
                continue
            if answer.status not in _TRY_AGAIN:
                return answer
        if answer is not None:
            return answer
        raise _unreachable(self._base_url, fault)

    def _send(self, method: str, path: str, content: dict[str, object]) -> _Answer:
        request = self._http.build_request(method, path, **content)  # type: ignore[arg-type]  # json, params or files
        response = self._http.send(request, stream=True)
        try:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _LARGEST_REPLY:
                    raise ClientError(
                        "answer",
                        f"Máy chủ trả về quá {_LARGEST_REPLY // 1024 // 1024} MB.",
                        "Báo cho quản trị hệ thống; kiểm tra địa chỉ máy chủ.",
                    )
            return _Answer(response.status_code, response.headers, bytes(body))
        except httpx.DecodingError as error:
            raise _not_understood(response.status_code) from error
        finally:
            response.close()

    def _must_be_fine(self, answer: _Answer) -> None:
        if not httpx.codes.is_success(answer.status):
            raise problem(answer.status, answer.body)


def _part(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _pause_before(attempt: int, answer: _Answer | None) -> float:
    """Doubles from half a second; a service that says how long to wait is believed, within reason."""
    asked = answer.headers.get("Retry-After", "") if answer else ""
    seconds = float(asked) if asked.isascii() and asked.isdigit() else _FIRST_PAUSE * 2 ** (attempt - 1)
    return min(seconds, _LONGEST_PAUSE)


def _unreachable(base_url: str, fault: httpx.TransportError | None) -> ClientError:
    late = isinstance(fault, httpx.TimeoutException) and not isinstance(fault, httpx.ConnectTimeout)
    what = "Máy chủ không trả lời kịp" if late else "Không kết nối được máy chủ"
    return ClientError(
        "unreachable",
        f"{what} {base_url} ({type(fault).__name__}).",
        "Kiểm tra mạng, địa chỉ máy chủ và cấu hình proxy rồi thử lại; gửi lại nhiều lần không tạo bản nộp trùng.",
    )


def _not_understood(status: int) -> ClientError:
    return ClientError(
        "answer",
        f"Máy chủ trả lời không đúng định dạng (mã {status}).",
        "Kiểm tra địa chỉ máy chủ; nếu đúng, báo cho quản trị hệ thống.",
        status=status,
    )
