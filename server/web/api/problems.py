"""Errors as problem details (RFC 9457): ``application/problem+json`` with a Vietnamese detail and a remedy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from flask import Response, current_app, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from form_templates.errors import FormError
from formulas.errors import FormulaError
from server.errors import BusyError, FindingsError, NoRoomError, ServiceError, SignInNeededError, TooManyAttemptsError
from server.storage.dialects import is_full
from signing.errors import SigningError, TrustError
from workbooks.errors import WorkbookError
from workbooks.finding import Finding

PREFIX: Final = "/api/"
_TYPE: Final = "urn:bieuso:problem:"
_HTTP: Final = {
    400: ("bad-request", "Yêu cầu sai dạng", "Máy chủ không hiểu yêu cầu.", "Xem mô tả tại /api/v1/openapi.json."),
    404: ("not-found", "Không tìm thấy", "Không có địa chỉ này.", "Xem danh sách tại /api/v1/openapi.json."),
    405: ("method", "Sai phương thức", "Địa chỉ này không nhận phương thức đã dùng.", "Xem tiêu đề Allow."),
    413: ("too-large", "Quá lớn", "Yêu cầu lớn hơn mức máy chủ nhận.", "Giảm dung lượng tệp rồi gửi lại."),
    415: ("media-type", "Sai kiểu nội dung", "Máy chủ không nhận kiểu nội dung này.", "Gửi đúng kiểu nội dung."),
    500: ("internal", "Lỗi máy chủ", "Máy chủ gặp lỗi ngoài dự kiến.", "Gửi lại; nếu vẫn lỗi, báo quản trị viên."),
}  # fmt: skip


def problem(
    status: int,
    kind: str,
    title: str,
    detail: str,
    *,
    remedy: str = "",
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, object] | None = None,
) -> Response:
    """A response with problem details."""
    body = {"type": _TYPE + kind, "title": title, "status": status, "detail": detail, "instance": request.path}
    content = json.dumps(body | {"remedy": remedy} | dict(more or {}), ensure_ascii=False)
    return Response(content, status, headers, content_type="application/problem+json; charset=utf-8")


def answer(error: Exception) -> Response:
    """The problem details of any error."""
    match error:
        case FormError() | FormulaError() | FindingsError():
            return _of_findings(list(error.findings))
        case ServiceError():
            return _of_service(error)
        case TrustError():
            return _of_ourselves(error)
        case WorkbookError() | SigningError():
            return _of_findings([error.finding])
        case HTTPException(code=int(status)):
            return _of_http(error, status)
    return _of_ourselves(error)


def _of_ourselves(error: Exception) -> Response:
    """What the person can do nothing about."""
    if isinstance(error, TrustError):
        current_app.logger.error("trust cannot be loaded: %s", error)
        return problem(503, "trust", "Chưa xác minh được chữ ký", str(error), remedy="Báo quản trị viên.")
    if isinstance(error, OperationalError):
        current_app.logger.error("database not available: %s", error.orig)
        if is_full(error):
            return _of_service(NoRoomError())
        detail = "Cơ sở dữ liệu đang bận hoặc chưa sẵn sàng; chưa có gì được ghi."
        return problem(503, "busy", "Đang bận", detail, remedy="Gửi lại sau ít phút.", headers={"Retry-After": "5"})
    current_app.logger.error("unexpected error", exc_info=error)
    kind, title, detail, remedy = _HTTP[500]
    return problem(500, kind, title, detail, remedy=remedy)


def _of_service(error: ServiceError) -> Response:
    headers: dict[str, str] = {}
    if isinstance(error, SignInNeededError):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooManyAttemptsError | BusyError):
        headers["Retry-After"] = str(error.retry_after)
    return problem(error.status, error.kind, error.title, error.message, remedy=error.remedy, headers=headers)


def _of_findings(findings: list[Finding]) -> Response:
    first = findings[0]
    more = {"code": first.code, "findings": [finding.to_dict() for finding in findings]}
    return problem(422, "findings", "Tệp có lỗi", first.message, remedy=first.remedy, more=more)


def _of_http(error: HTTPException, status: int) -> Response:
    fallback = ("http", HTTPStatus(status).phrase, f"Máy chủ từ chối yêu cầu (mã {status}).", "")
    kind, title, detail, remedy = _HTTP.get(status, fallback)
    kept = {"Allow", "Retry-After", "WWW-Authenticate"}
    headers = {name: value for name, value in error.get_headers() if name in kept}
    return problem(status, kind, title, detail, remedy=remedy, headers=headers)
