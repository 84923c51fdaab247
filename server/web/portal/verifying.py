"""The page for anyone who received a workbook: who signed it, when, and whether anything changed since."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Response, current_app, make_response, render_template
from werkzeug.exceptions import RequestEntityTooLarge

from form_templates.attached_files import MOST_FILES
from server.errors import BusyError, ServiceError
from server.services.verifying import Verification
from server.web import context
from server.web.portal import visitors
from server.web.portal.pages import portal
from server.web.verification import Uploaded, may_see, uploaded, verified
from signing.answers import verdict_text
from signing.errors import TrustError


@dataclass(frozen=True, slots=True)
class _Problem:
    """Why there is no answer."""

    status: HTTPStatus
    text: str
    retry_after: int = 0


@portal.get("/xac-minh")
def verifying() -> str:
    """The page to choose a file on."""
    return _page()


@portal.post("/xac-minh")
def verify() -> Response:
    """The answer for the file that was chosen."""
    try:
        visitors.check_form_token()
        files = uploaded()
        found = verified(files)
    except (ServiceError, TrustError, RequestEntityTooLarge) as error:
        problem = _problem(error)
        reply = make_response(_page(problem=problem.text), problem.status)
        if problem.retry_after:
            reply.headers["Retry-After"] = str(problem.retry_after)
        return reply
    return make_response(_page(**_answer(files, found)))


def _answer(files: Uploaded, found: Verification) -> dict[str, Any]:
    shown = found.received is not None and may_see(found.received, visitors.visitor(), visitors.sight)
    return {"found": found, "name": files.name, "verdict": verdict_text(found.verdict), "shown": shown}


def _problem(error: ServiceError | TrustError | RequestEntityTooLarge) -> _Problem:
    if isinstance(error, TrustError):
        current_app.logger.error("trust cannot be loaded: %s", error)
        text = "Máy chủ chưa đọc được chứng thư gốc hoặc chính sách ký số nên chưa xác minh được; báo quản trị viên."
        return _Problem(HTTPStatus.SERVICE_UNAVAILABLE, text)
    if isinstance(error, ServiceError):
        return _Problem(error.status, str(error), error.retry_after if isinstance(error, BusyError) else 0)
    text = f"Các tệp quá lớn hoặc quá nhiều: mỗi lần tổng cộng không quá {_most()} MB và {MOST_FILES} tệp kèm theo."
    return _Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)


def _page(**told: object) -> str:
    return render_template("verify.html", most=_most(), **told)


def _most() -> int:
    return context.service().config.max_upload // (1024 * 1024)
