"""What the service answers, read once at the edge into values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from addin.errors import ClientError
from workbooks.finding import Finding, Severity

_CREATED, _REPEATED = 201, 200
_ACCEPTED, _REFUSED = "accepted", "refused"
_REMEDIES: Final = {
    400: "Cập nhật phần bổ trợ; nếu vẫn lỗi, báo cho quản trị hệ thống.",
    401: "Đăng nhập lại rồi thử lại.",
    403: "Kiểm tra tài khoản có quyền với đơn vị và biểu này.",
    404: "Kiểm tra mã biểu, mã đơn vị và kỳ báo cáo.",
    409: "Tải lại trạng thái bản nộp rồi làm tiếp.",
    413: "Giảm dung lượng tệp (bỏ ảnh, trang thừa) rồi gửi lại.",
    429: "Chờ vài phút rồi thử lại.",
}
_MESSAGES: Final = {
    401: "Chưa đăng nhập hoặc phiên làm việc đã hết hạn.",
    403: "Tài khoản không có quyền làm việc này.",
    404: "Máy chủ không có dữ liệu được yêu cầu.",
    413: "Tệp quá lớn, máy chủ không nhận.",
    429: "Gửi quá nhiều yêu cầu trong thời gian ngắn.",
}


@dataclass(frozen=True, slots=True)
class FormEntry:
    """A form the service has published."""

    form: str
    version: str
    title: str
    periods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubmissionReply:
    """How the service took a submission.

    Attributes:
        accepted: whether it is stored; a refused one comes with the findings that say why.
        repeated: whether these very bytes had been stored before.
        verdict: what the service says of the signatures, as it says it.
    """

    id: str
    status: str
    accepted: bool
    repeated: bool
    findings: tuple[Finding, ...] = ()
    verdict: Mapping[str, object] = field(default_factory=dict)


def json_object(body: bytes) -> dict[str, object] | None:
    """The JSON object in a body; a bare list becomes ``{"items": [...]}``; None for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, list):
        return {"items": found}
    return found if isinstance(found, dict) else None


def text_of(body: Mapping[str, object], name: str) -> str:
    """A text or number of the body as text; ``""`` where it has none."""
    value = body.get(name)
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def form_entries(body: Mapping[str, object]) -> tuple[FormEntry, ...]:
    """The forms of a list of forms."""
    return tuple(
        FormEntry(text_of(item, "form"), text_of(item, "version"), text_of(item, "title"), _texts(item.get("periods")))
        for item in _objects(body.get("forms", body.get("items")))
        if text_of(item, "form")
    )


def submission_reply(status: int, body: Mapping[str, object]) -> SubmissionReply:
    """The answer to an upload. In a refusal ``status`` is that of HTTP; what was stored is told besides."""
    if status in (_CREATED, _REPEATED):
        return replace(stored_submission(body), accepted=True, repeated=status == _REPEATED)
    told = dict(body) | {"status": _REFUSED}
    return replace(stored_submission(told), findings=tuple(_findings(body.get("findings"))) or _refusal(status, body))


def stored_submission(body: Mapping[str, object]) -> SubmissionReply:
    """A submission as the service describes it."""
    verdict, status = body.get("verdict"), text_of(body, "status") or _ACCEPTED
    return SubmissionReply(
        id=text_of(body, "id"),
        status=status,
        accepted=status != _REFUSED,
        repeated=False,
        findings=tuple(_findings(body.get("findings"))),
        verdict=verdict if isinstance(verdict, dict) else {},
    )


def wrong_password(body: bytes) -> ClientError:
    """Signing in was refused; the service's own words where it gives them."""
    said = json_object(body) or {}
    return ClientError(
        "password",
        text_of(said, "detail") or "Tên tài khoản hoặc mật khẩu không đúng.",
        text_of(said, "remedy") or "Nhập lại; nếu quên mật khẩu, liên hệ quản trị của đơn vị.",
        status=401,
    )


def problem(status: int, body: bytes) -> ClientError:
    """A refusal as a person should read it; the service's own words (RFC 9457) where it gives them."""
    said = json_object(body) or {}
    if status >= 500:
        return ClientError(
            "service",
            f"Máy chủ gặp lỗi (mã {status}).",
            "Thử lại sau ít phút; nếu vẫn lỗi, báo cho quản trị hệ thống. Việc gửi lại không tạo bản nộp trùng.",
            status=status,
        )
    message = text_of(said, "detail") or _MESSAGES.get(status) or f"Máy chủ từ chối yêu cầu (mã {status})."
    remedy = text_of(said, "remedy") or _REMEDIES.get(status) or "Kiểm tra địa chỉ máy chủ rồi thử lại."
    return ClientError("refused", message, remedy, status=status)


def _findings(found: object) -> Iterator[Finding]:
    for item in _objects(found):
        severity = Severity.WARNING if item.get("severity") == Severity.WARNING else Severity.ERROR
        yield Finding(
            text_of(item, "code"),
            severity,
            text_of(item, "message"),
            text_of(item, "remedy"),
            sheet=text_of(item, "sheet"),
            cell=text_of(item, "cell"),
            part=text_of(item, "part"),
            explanation=text_of(item, "explanation"),
        )


def _refusal(status: int, body: Mapping[str, object]) -> tuple[Finding, ...]:
    """A refusal that came without findings still says something."""
    error = problem(status, json.dumps(dict(body)).encode())
    return (Finding(text_of(body, "code"), Severity.ERROR, error.message, error.remedy),)


def _objects(found: object) -> list[dict[str, object]]:
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _texts(found: object) -> tuple[str, ...]:
    return tuple(item for item in found if isinstance(item, str)) if isinstance(found, list) else ()
