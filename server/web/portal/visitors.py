"""Who looks at a page: the session cookie, and the token that keeps other sites from sending forms."""

from __future__ import annotations

import hmac
import secrets
from datetime import date
from typing import Final

from flask import Flask, g, request, session
from flask.sessions import SecureCookieSessionInterface

from server.errors import InvalidError
from server.services import accounts
from server.services.accounts import Account
from server.services.periods import day_in_vietnam
from server.web import context

_TOKEN: Final = "token"  # noqa: S105 - the name of a field
_FORM_TOKEN: Final = "form"  # noqa: S105 - the name of a field


class CookieSessions(SecureCookieSessionInterface):
    """Signed cookies, marked Secure wherever the page came over https, also behind a proxy."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether the browser may send the cookie over https only."""
        # Believing the header is harmless: a false claim only keeps the cookie from being sent.
        return request.is_secure or request.headers.get("X-Forwarded-Proto", "") == "https"


def visitor() -> Account | None:
    """Whose session the cookie opens; asked of the database once for each request."""
    if "visitor" not in g:
        token = session.get(_TOKEN)
        g.visitor = None
        if isinstance(token, str):
            g.visitor = accounts.account_of(context.service().engine, token, now=context.now())
    found: Account | None = g.visitor
    return found


def sight(day: date) -> frozenset[int] | None:
    """Ids of the units whose figures the visitor may see, as at a day; None means all."""
    return context.visible_to(visitor(), day)


def home_unit() -> str | None:
    """Code of the unit that totals are shown for unless another is asked for; None for the topmost."""
    found = visitor()
    return None if found is None or context.service().config.open_reading else found.unit_code


def today() -> date:
    """The date in Vietnam."""
    return day_in_vietnam(context.now())


def form_token() -> str:
    """The token that every form on a page carries back."""
    if not isinstance(session.get(_FORM_TOKEN), str):
        session[_FORM_TOKEN] = secrets.token_urlsafe(24)
    return str(session[_FORM_TOKEN])


def check_form_token() -> None:
    """Raises InvalidError where a form did not come from one of our own pages."""
    sent, expected = request.form.get(_FORM_TOKEN, ""), session.get(_FORM_TOKEN)
    if not isinstance(expected, str) or not hmac.compare_digest(sent.encode(), expected.encode()):
        raise InvalidError("Trang đã mở quá lâu hoặc trình duyệt chặn cookie.", "Mở lại trang rồi thử lại.")


def sign_in(username: str, password: str) -> None:
    """Opens a session; everything the cookie said before is forgotten. Raises as ``accounts.sign_in`` does."""
    signed_in = accounts.sign_in(
        context.service().engine, username, password, address=request.remote_addr or "", now=context.now()
    )
    session.clear()
    session[_TOKEN] = signed_in.token


def sign_out() -> None:
    """Ends the session, in the database too."""
    token = session.get(_TOKEN)
    if isinstance(token, str):
        accounts.sign_out(context.service().engine, token)
    session.clear()
    g.pop("visitor", None)
