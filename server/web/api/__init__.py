"""The API under /api/v1, as described by openapi.py."""

from __future__ import annotations

from flask import Blueprint, Flask

from server.web.api.catalogues import catalogues
from server.web.api.consolidated import consolidated
from server.web.api.converting import converting
from server.web.api.figures import figures
from server.web.api.forms import forms
from server.web.api.health import health
from server.web.api.reports import reports
from server.web.api.sessions import sessions
from server.web.api.signers import signers
from server.web.api.submissions import submissions
from server.web.api.verifying import verifying

PREFIX = "/api/v1"


def register_api(app: Flask) -> None:
    """Adds the API to an application."""
    api = Blueprint("api", __name__, url_prefix=PREFIX)
    sending = (sessions, forms, converting, submissions, verifying)
    for part in (*sending, figures, consolidated, reports, catalogues, signers, health):
        api.register_blueprint(part)
    app.register_blueprint(api)
