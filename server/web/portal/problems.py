"""Errors as pages: what is wrong and what to do, in Vietnamese, with a way back."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Response, current_app, make_response, redirect, render_template, request, url_for
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from server.errors import NoRoomError, ServiceError, SignInNeededError
from server.storage.dialects import is_full

_HTTP: Final = {
    HTTPStatus.NOT_FOUND: (
        "Không tìm thấy trang",
        "Địa chỉ này không có trên hệ thống. Hãy kiểm tra lại địa chỉ hoặc bắt đầu từ trang đầu.",
    ),
    HTTPStatus.FORBIDDEN: ("Không có quyền xem", "Tài khoản của bạn không được xem trang này."),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "Không thực hiện được",
        "Trang này không nhận thao tác vừa rồi. Hãy quay lại và thử lại.",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("Gửi quá nhiều dữ liệu", "Máy chủ không nhận yêu cầu lớn như vậy."),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        "Hệ thống đang bận",
        "Cơ sở dữ liệu đang bận hoặc chưa sẵn sàng. Hãy thử lại sau ít phút.",
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "Máy chủ gặp lỗi",
        "Đã có lỗi ngoài dự kiến; không có dữ liệu nào bị thay đổi. Hãy thử lại, nếu vẫn lỗi xin báo quản trị viên.",
    ),
}


def answer(error: Exception) -> BaseResponse:
    """The page for any error."""
    if isinstance(error, SignInNeededError) and request.method == "GET":
        return redirect(url_for("portal.sign_in", next=request.full_path.removesuffix("?")))
    if isinstance(error, ServiceError):
        return _page(error.status, error.title, str(error))
    if isinstance(error, OperationalError):
        current_app.logger.error("database not available: %s", error.orig)
        if is_full(error):
            return answer(NoRoomError())
        return _of_status(HTTPStatus.SERVICE_UNAVAILABLE)
    if isinstance(error, HTTPException):
        return _of_http(error)
    current_app.logger.exception("unexpected error", exc_info=error)
    return _of_status(HTTPStatus.INTERNAL_SERVER_ERROR)


def _of_http(error: HTTPException) -> BaseResponse:
    response = _of_status(HTTPStatus(error.code or 500))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _of_status(status: HTTPStatus) -> Response:
    heading, detail = _HTTP.get(status, ("Yêu cầu không thực hiện được", f"Máy chủ từ chối yêu cầu (mã {status:d})."))
    return _page(status, heading, detail)


def _page(status: HTTPStatus, heading: str, detail: str) -> Response:
    return make_response(render_template("problem.html", heading=heading, detail=detail, code=int(status)), status)
