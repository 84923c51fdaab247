"""The pages. A view reads the address, calls one service, and renders."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from form_templates.model import CellKey
from server.errors import InvalidError, ServiceError, SignInNeededError, TooManyAttemptsError
from server.services import contents, overview, tracing
from server.services.consolidating import consolidated_workbook
from server.storage.submissions import Submission
from server.web import context
from server.web.digests import tell_origin
from server.web.portal import visitors
from server.web.portal.addresses import safe_next
from server.web.portal.drawing import submission_grids, totals_grids
from server.web.portal.formula_words import formula_words
from server.web.portal.sources import source_rows
from signing.answers import verdict_text
from workbooks.package import MEDIA_TYPE

portal = Blueprint("portal", __name__, template_folder="templates", static_folder="static", static_url_path="/tinh")

_CAMPAIGNS_AT_ONCE: Final = 12
_COLUMNS_AT_ONCE: Final = 8
_REFUSALS_AT_ONCE: Final = 8
_ROWS_AT_ONCE: Final = 50
_STATUSES: Final = ("accepted", "refused", "superseded")
_OPEN_TO_ALL: Final = frozenset({"portal.sign_in", "portal.do_sign_in", "portal.verifying", "portal.verify"})


@portal.before_request
def require_visitor() -> None:
    """Everything but signing in and verifying a file needs an account, unless reading is open."""
    if request.endpoint == "portal.static":
        return
    known = visitors.visitor() is not None
    if not (known or request.endpoint in _OPEN_TO_ALL or context.service().config.open_reading):
        raise SignInNeededError("Cần đăng nhập.", "Đăng nhập rồi thử lại.")


@portal.get("/")
def home() -> str:
    """A card for each form and period, and what was refused last."""
    here = context.service()
    limit = None if request.args.get("tat-ca") == "1" else _CAMPAIGNS_AT_ONCE
    found = overview.campaigns(here.engine, visitors.sight, limit=limit)
    refusals = overview.submissions(
        here.engine, visitors.sight, visitors.today(), status="refused", limit=_REFUSALS_AT_ONCE
    )
    return render_template("home.html", campaigns=found, refusals=refusals)


@portal.get("/bieu/<code:form>/<code:period>")
def campaign(form: str, period: str) -> str:
    """Every unit of one form and period."""
    found = overview.campaign(context.service().engine, visitors.sight, form, period)
    return render_template("campaign.html", campaign=found)


@portal.get("/don-vi")
def units() -> str:
    """Units down, the newest campaigns across."""
    found = overview.campaigns(context.service().engine, visitors.sight, limit=_COLUMNS_AT_ONCE)
    return render_template("units.html", campaigns=found.shown, rows=overview.matrix(found.shown))


@portal.get("/ban-nop")
def submissions() -> str:
    """The list of what was sent, newest first."""
    wanted = {name: request.args.get(name) or None for name in ("status", "form", "period", "unit")}
    if wanted["status"] not in (None, *_STATUSES):
        raise InvalidError("Không có tình trạng này.", "Chọn một trong các tình trạng trên trang.")
    before = request.args.get("before", type=int)
    if before is not None and not 0 < before < 2**63:
        raise InvalidError("Số bản nộp không hợp lệ.", "Bắt đầu lại từ trang Bản nộp.")
    rows = overview.submissions(
        context.service().engine, visitors.sight, visitors.today(), before=before, limit=_ROWS_AT_ONCE + 1, **wanted
    )
    shown = rows[:_ROWS_AT_ONCE]
    older = shown[-1].id if len(rows) > _ROWS_AT_ONCE else None
    return render_template("submissions.html", rows=shown, wanted=wanted, before=before, older=older)


@portal.get("/ban-nop/<int:number>")
def submission(number: int) -> str:
    """One submission: what was found, who signed, what stands in it."""
    view = contents.view_submission(
        context.service().engine, number, account=visitors.visitor(), sight=visitors.sight, today=visitors.today()
    )
    drawn = submission_grids(view, wanted=request.args.get("o", ""), sheet=request.args.get("trang", ""))
    verdict = verdict_text(view.detail.verdict)
    return render_template("submission.html", view=view, drawn=drawn, verdict=verdict)


@portal.get("/ban-nop/<int:number>/tep")
def workbook(number: int) -> Response:
    """The bytes as they were sent."""
    found, data = contents.download(
        context.service().engine, number, account=visitors.visitor(), sight=visitors.sight, today=visitors.today()
    )
    history = found.source == "history"
    return attachment(data, _file_name(found), "text/csv; charset=utf-8" if history else MEDIA_TYPE, found.received_at)


@portal.get("/so-tong-hop/<code:form>/<code:period>")
def totals(form: str, period: str) -> str:
    """The totals of a unit as the form's own grid."""
    view = tracing.view_totals(
        context.service().engine,
        form=form,
        period=period,
        unit=request.args.get("unit") or None,
        home=visitors.home_unit(),
        sight=visitors.sight,
    )
    return render_template("totals.html", view=view, grids=totals_grids(view), now=context.now())


@portal.get("/so-tong-hop/<code:form>/<code:period>/tep")
def merged(form: str, period: str) -> Response:
    """The merged workbook in the official form."""
    here, now = context.service(), context.now()
    view = tracing.view_totals(
        here.engine,
        form=form,
        period=period,
        unit=request.args.get("unit") or None,
        home=visitors.home_unit(),
        sight=visitors.sight,
    )
    unit = view.totals.unit.code
    key = here.config.stamp_keys[0]
    data = consolidated_workbook(here.engine, form=form, unit=unit, period=period, stamp_key=key, now=now)
    return attachment(data, safe_name("tong-hop", form, period, unit) + ".xlsx", MEDIA_TYPE, now)


@portal.get("/nguon/<code:form>/<code:period>/<code:table>/<code:row>/<code:column>")
def lineage(form: str, period: str, table: str, row: str, column: str) -> str:
    """From a total down to the signed cells."""
    view = tracing.view_lineage(
        context.service().engine,
        form=form,
        period=period,
        key=CellKey(table, row, column),
        unit=request.args.get("unit") or None,
        home=visitors.home_unit(),
        sight=visitors.sight,
    )
    formula = "" if view.formula is None else formula_words(view.formula)
    return render_template("lineage.html", view=view, formula=formula, sources=source_rows(view))


@portal.get("/dang-nhap")
def sign_in() -> str:
    """The page to sign in on."""
    left = "thoat" in request.args and visitors.visitor() is None
    return render_template("sign_in.html", next=safe_next(request.args.get("next")), problem="", left=left)


@portal.post("/dang-nhap")
def do_sign_in() -> BaseResponse:
    """Opens a session."""
    target = safe_next(request.form.get("next"))
    try:
        visitors.check_form_token()
        visitors.sign_in(request.form.get("account", ""), request.form.get("password", ""))
    except ServiceError as error:
        page = render_template("sign_in.html", next=target, problem=str(error), account=request.form.get("account", ""))
        retry = {"Retry-After": str(error.retry_after)} if isinstance(error, TooManyAttemptsError) else {}
        return make_response(page, error.status, retry)
    return redirect(target or url_for("portal.home"), 303)


@portal.get("/thoat")
def sign_out() -> str:
    """Asks before signing out: reading a page changes nothing."""
    return render_template("sign_out.html")


@portal.post("/thoat")
def do_sign_out() -> BaseResponse:
    """Ends the session."""
    visitors.check_form_token()
    visitors.sign_out()
    return redirect(url_for("portal.sign_in", thoat=1), 303)


def attachment(data: bytes, name: str, content_type: str, since: datetime | None = None) -> Response:
    """A file to be saved under that name; ``since``: when it was received, or made."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(len(data))}
    reply = Response(data, headers=headers, content_type=content_type)
    tell_origin(reply, data, since)
    return reply


def _file_name(found: Submission) -> str:
    ending = ".csv" if found.source == "history" else ".xlsx"
    return safe_name("ban-nop", str(found.id), found.form or "", found.period or "", found.unit_code or "") + ending


def safe_name(*parts: str) -> str:
    """A file name of plain letters."""
    return "_".join(re.sub(r"[^A-Za-z0-9.-]", "", part) for part in parts if part)
