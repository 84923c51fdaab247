"""Pages of the register of signers, for administrators: who may sign, registering, replacing, ending."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TypeVar

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.errors import InvalidError, ServiceError, SignInNeededError
from server.services import signers as register
from server.services.accounts import Account
from server.services.rights import require_admin
from server.services.signers import EndReason
from server.services.units import list_units
from server.web import context
from server.web.portal import visitors
from server.web.portal.pages import portal
from signing.roles import SignerRole

_Choice = TypeVar("_Choice", bound=StrEnum)


@portal.get("/nguoi-ky")
def signers() -> str:
    """Who may sign today, or every entry there ever was."""
    _admin()
    today, over = visitors.today(), request.args.get("ca-cu") == "1"
    found = register.list_signers(context.service().engine, day=None if over else today, today=today)
    return render_template("signers.html", signers=found, over=over, today=today)


@portal.get("/nguoi-ky/moi")
def new_signer() -> str:
    """The page to register a certificate on."""
    _admin()
    return _new_page()


@portal.post("/nguoi-ky/moi")
def register_signer() -> Response:
    """Registers a certificate."""
    account = _admin()
    try:
        visitors.check_form_token()
        until = request.form.get("to", "").strip()
        made = register.register_signer(
            context.service().engine,
            unit=request.form.get("unit", "").replace("\0", " ").strip(),  # PostgreSQL takes no NUL in a text
            certificate=_certificate(),
            name=request.form.get("name", ""),
            role=_choice(SignerRole, "role"),
            valid_from=_day(request.form.get("from", "")),
            valid_to=_day(until) if until else None,
            now=context.now(),
            actor=account.username,
        )
    except ServiceError as error:
        return make_response(_new_page(problem=str(error)), error.status)
    return redirect(url_for("portal.signer", number=made.signer.entry.id, viec="dang-ky"), 303)


@portal.get("/nguoi-ky/<int:number>")
def signer(number: int) -> str:
    """One entry with what may be done about it."""
    _admin()
    return _signer_page(number)


@portal.post("/nguoi-ky/<int:number>/thay")
def replace_signer(number: int) -> Response:
    """Another certificate takes the place of this entry's."""
    account = _admin()
    try:
        visitors.check_form_token()
        made = register.replace_signer(
            context.service().engine,
            number,
            certificate=_certificate(),
            day=_day(request.form.get("from", "")),
            name=request.form.get("name", ""),
            now=context.now(),
            actor=account.username,
        )
    except ServiceError as error:
        return make_response(_signer_page(number, problem=str(error)), error.status)
    return redirect(url_for("portal.signer", number=made.signer.entry.id, viec="thay"), 303)


@portal.post("/nguoi-ky/<int:number>/thoi")
def revoke_signer(number: int) -> Response:
    """Ends the right to sign."""
    account = _admin()
    try:
        visitors.check_form_token()
        register.revoke_signer(
            context.service().engine,
            number,
            day=_day(request.form.get("from", "")),
            reason=_choice(EndReason, "reason"),
            now=context.now(),
            actor=account.username,
        )
    except ServiceError as error:
        return make_response(_signer_page(number, problem=str(error)), error.status)
    return redirect(url_for("portal.signer", number=number, viec="thoi"), 303)


def _admin() -> Account:
    account = visitors.visitor()
    if account is None:
        raise SignInNeededError("Cần đăng nhập.", "Đăng nhập bằng tài khoản quản trị viên.")
    require_admin(account)
    return account


def _new_page(problem: str = "") -> str:
    today = visitors.today()
    units = list_units(context.service().engine, today)
    return render_template("signer_new.html", units=units, roles=SignerRole, today=today, problem=problem)


def _signer_page(number: int, problem: str = "") -> str:
    found = register.signer_history(context.service().engine, number, now=context.now())
    today, end = visitors.today(), found.signer.entry.valid_to
    return render_template(
        "signer.html",
        found=found,
        entry=found.signer.entry,
        certificate=found.signer.certificate,
        over=end is not None and end <= today,
        today=today,
        reasons=EndReason,
        problem=problem,
        done=request.args.get("viec", ""),
    )


def _certificate() -> bytes:
    file = request.files.get("certificate")
    data: bytes = b"" if file is None else file.read()
    if not data:
        raise InvalidError("Chưa chọn tệp chứng thư.", "Chọn tệp .crt, .pem hoặc .cer của người ký.")
    return data


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidError("Ngày không hợp lệ.", "Ghi năm-tháng-ngày, ví dụ 2026-09-01.") from error


def _choice(kind: type[_Choice], name: str) -> _Choice:
    try:
        return kind(request.form.get(name, ""))
    except ValueError as error:
        raise InvalidError("Chưa chọn đủ các mục.", "Chọn một trong các mục trên trang.") from error
