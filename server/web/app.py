"""Puts the application together. Nothing happens before ``create_app`` is called."""

from __future__ import annotations

import io
from contextlib import ExitStack
from typing import IO

from flask import Flask, Request, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

from server.config import Config
from server.services.units import check_units
from server.storage.engine import connect
from server.storage.schema import upgrade
from server.web import context
from server.web.api import problems, register_api
from server.web.portal import problems as pages_problems
from server.web.portal.registration import register_portal
from server.web.turns import Turns

_MAX_PARTS = 20
_MAX_FIELDS = 500_000
_AT_ONCE = 4


class _Request(Request):
    """A request whose files are in memory: every view takes them whole, and the upload was laid down once already."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return io.BytesIO()


def create_app(config: Config) -> Flask:
    """The application for these settings; the database is brought to the newest schema first.

    Raises:
        DatabaseError: the database address cannot be used.
        ConflictError: two units claim one code on the same day, so that totals would count twice.
    """
    engine = connect(config.database_url)
    with ExitStack() as on_failure:
        on_failure.callback(engine.dispose)
        upgrade(engine)
        check_units(engine)
        on_failure.pop_all()
    app = Flask("server.web", static_folder=None)
    app.request_class = _Request
    app.wsgi_app = Turns(app.wsgi_app, _AT_ONCE, lambda: app.config["MAX_CONTENT_LENGTH"])  # type: ignore[method-assign]  # as Flask's guide has it
    if config.proxies:
        # Else every visitor has the proxy's address, and one who guesses passwords locks all others out.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.proxies, x_proto=config.proxies)  # type: ignore[method-assign]  # as Flask's guide has it
    app.config.update(
        SECRET_KEY=config.session_secret,
        MAX_CONTENT_LENGTH=config.max_upload,
        MAX_FORM_PARTS=_MAX_PARTS,
        MAX_FORM_MEMORY_SIZE=_MAX_FIELDS,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # of the default provider
    context.install(app.extensions, context.Service(config, engine, context.TrustFolder(config.trust)))
    register_api(app)
    register_portal(app)
    app.register_error_handler(Exception, _answer_error)
    app.before_request(_bound_fields)
    app.after_request(_guard_headers)
    return app


def _answer_error(error: Exception) -> BaseResponse:
    if request.path.startswith(problems.PREFIX):
        return problems.answer(error)
    return pages_problems.answer(error)


def _bound_fields() -> None:
    """Holds fields that come without files to the size of those that come with some.

    Werkzeug does not, and takes them apart in memory: a form as large as an upload would come to some forty times that.
    """
    if request.is_json or request.mimetype == "application/x-www-form-urlencoded":
        request.max_content_length = _MAX_FIELDS


def _guard_headers(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("X-Frame-Options", "DENY")
    return response
