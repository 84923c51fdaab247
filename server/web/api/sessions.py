"""Signing in and out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from server.errors import InvalidError
from server.services import accounts
from server.services.accounts import Account
from server.web import context
from server.web.api.arguments import checked

sessions = Blueprint("sessions", __name__)


@sessions.post("/sessions")
def sign_in() -> tuple[dict[str, Any], int, dict[str, str]]:
    """Opens a session; the token goes into the Authorization header of the requests that follow."""
    body = _body()
    if not isinstance(body, dict) or not isinstance(body.get("password"), str):
        raise InvalidError("Thiếu tên đăng nhập hoặc mật khẩu.", 'Gửi {"account": "…", "password": "…"}.')
    signed_in = accounts.sign_in(
        context.service().engine,
        checked("account", body.get("account")),
        body["password"],
        address=request.remote_addr or "",
        now=context.now(),
    )
    reply = {
        "token": signed_in.token,
        "expires_at": signed_in.expires_at.isoformat(),
        "account": account_reply(signed_in.account),
    }
    return reply, 201, {"Cache-Control": "no-store"}


@sessions.delete("/sessions")
def sign_out() -> tuple[str, int]:
    """Ends the session of the token."""
    context.signed_in()
    accounts.sign_out(context.service().engine, context.bearer_token() or "")
    return "", 204


def _body() -> object:
    try:
        return request.get_json()
    except RecursionError:  # nested deeper than any reader goes
        return None


def account_reply(account: Account) -> dict[str, object]:
    """An account as the API shows it."""
    return {
        "account": account.username,
        "full_name": account.full_name,
        "unit": account.unit_code,
        "unit_name": account.unit_name,
        "roles": sorted(account.roles),
    }
