"""The register of signers, for administrators: who may sign for which unit, in which role, from when until when."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from flask import Blueprint, request

from server.errors import InvalidError
from server.services import signers as register
from server.services.accounts import Account
from server.services.periods import day_in_vietnam
from server.services.rights import require_admin
from server.services.signers import EndReason, SignerChange, SignerHistory
from server.web import context
from server.web.api.arguments import checked, optional_text, whole
from signing.roles import SignerRole

signers = Blueprint("signers", __name__)
_MOST_DAYS: Final = 36_500


@signers.get("/signers")
def all_signers() -> dict[str, Any]:
    """The entries that hold on a day."""
    _admin()
    today, unit = day_in_vietnam(context.now()), optional_text("unit")
    on = optional_text("on")
    day = today if on is None else _day("on", on)
    found = register.list_signers(
        context.service().engine,
        unit=unit,
        day=day,
        expiring=whole("expiring", least=0, most=_MOST_DAYS),
        today=today,
    )
    return {"on": day.isoformat(), "signers": [one.to_dict(day) for one in found]}


@signers.post("/signers")
def new_signer() -> tuple[dict[str, Any], int, dict[str, str]]:
    """Registers a certificate."""
    account, until = _admin(), request.form.get("to")
    made = register.register_signer(
        context.service().engine,
        unit=_field("unit"),
        certificate=_certificate(),
        name=_field("name"),
        role=_role(_field("role")),
        valid_from=_day("from", _field("from")),
        valid_to=_day("to", until) if until else None,
        now=context.now(),
        actor=account.username,
    )
    return _changed(made)


@signers.get("/signers/<int:number>")
def one_signer(number: int) -> dict[str, Any]:
    """One entry, and what was signed since it ended."""
    _admin()
    return _history(register.signer_history(context.service().engine, number, now=context.now()))


@signers.post("/signers/<int:number>/replace")
def replace_signer(number: int) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Another certificate takes the place of this entry's."""
    account = _admin()
    name, role = request.form.get("name"), request.form.get("role")
    made = register.replace_signer(
        context.service().engine,
        number,
        certificate=_certificate(),
        day=_day("from", _field("from")),
        name=checked("name", name) if name else None,
        role=_role(role) if role else None,
        now=context.now(),
        actor=account.username,
    )
    return _changed(made)


@signers.post("/signers/<int:number>/revoke")
def revoke_signer(number: int) -> dict[str, Any]:
    """Ends the right to sign; tells what was signed since that day."""
    account = _admin()
    ended = register.revoke_signer(
        context.service().engine,
        number,
        day=_day("from", _field("from")),
        reason=_reason(_field("reason")),
        now=context.now(),
        actor=account.username,
    )
    return _history(ended)


def _admin() -> Account:
    account = context.signed_in()
    require_admin(account)
    return account


def _changed(made: SignerChange) -> tuple[dict[str, Any], int, dict[str, str]]:
    body = made.signer.to_dict(day_in_vietnam(context.now()))
    findings = [finding.to_dict() for finding in made.findings]
    return body | {"findings": findings}, 201, {"Location": f"/api/v1/signers/{body['id']}"}


def _history(found: SignerHistory) -> dict[str, Any]:
    body = found.signer.to_dict(day_in_vietnam(context.now()))
    findings = [finding.to_dict() for finding in found.findings]
    return body | {"findings": findings, "signed_since": [one.to_dict() for one in found.signed_since]}


def _certificate() -> bytes:
    file = request.files.get("certificate")
    if file is None or len(request.files.getlist("certificate")) > 1:
        raise InvalidError(
            "Cần đúng một tệp “certificate”.",
            "Gửi dạng multipart/form-data, trường certificate là tệp chứng thư.",
        )
    data: bytes = file.read()
    return data


def _field(name: str) -> str:
    return checked(name, request.form.get(name))


def _day(name: str, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise InvalidError(f"Ngày “{name}” không hợp lệ.", "Ghi NĂM-THÁNG-NGÀY, ví dụ 2026-09-01.") from error


def _role(value: str) -> SignerRole:
    try:
        return SignerRole(value)
    except ValueError as error:
        raise InvalidError("Không có vai trò này.", f"Dùng một trong: {', '.join(SignerRole)}.") from error


def _reason(value: str) -> EndReason:
    try:
        return EndReason(value)
    except ValueError as error:
        raise InvalidError("Không có lý do này.", f"Dùng một trong: {', '.join(EndReason)}.") from error
