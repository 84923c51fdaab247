"""Adding the portal to the application: pages, filters, cookies, and the headers that guard a browser."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, abort, g, request

from server.services.rights import administers
from server.web import context
from server.web.portal import attachments as _attachments  # noqa: F401 - its page adds itself to the portal
from server.web.portal import catalogues as _catalogues  # noqa: F401 - its pages add themselves to the portal
from server.web.portal import reports as _reports  # noqa: F401 - its pages add themselves to the portal
from server.web.portal import signers as _signers  # noqa: F401 - its pages add themselves to the portal
from server.web.portal import verifying as _verifying  # noqa: F401 - its pages add themselves to the portal
from server.web.portal import versions as _versions  # noqa: F401 - its pages add themselves to the portal
from server.web.portal import visitors
from server.web.portal.addresses import CodeConverter
from server.web.portal.pages import portal
from server.web.portal.wording import add_filters

# Everything is bundled and nothing is inline, so the strictest policy holds.
_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def register_portal(app: Flask) -> None:
    """Adds the portal to an application that has the service installed."""
    app.url_map.converters["code"] = CodeConverter
    app.session_interface = visitors.CookieSessions()
    app.config["SESSION_COOKIE_NAME"] = "bieuso"
    add_filters(app)
    app.context_processor(_always_shown)
    app.jinja_env.globals["static_version"] = _static_version(Path(portal.static_folder or ""))
    app.register_blueprint(portal)
    app.after_request(_guard)


@portal.before_request
def _refuse_unstorable() -> None:
    """No address of ours has a NUL in it, and PostgreSQL takes none in a text."""
    if any("\0" in value for _, value in request.args.items(multi=True)):
        abort(400)


def _static_version(folder: Path) -> str:
    """Goes into the addresses of styles and scripts, so that browsers may keep them until they change."""
    return sha256(b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())).hexdigest()[:12]


def _always_shown() -> dict[str, Any]:
    config = context.service().config
    return {
        "demonstration": config.demonstration,
        "open_reading": config.open_reading,
        # Known where a page was asked for; an error page must not need the database.
        "visitor": g.get("visitor"),
        "administers": administers(g.get("visitor")),
        "form_token": visitors.form_token,
    }


def _guard(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.endpoint == "portal.static":
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    elif request.blueprint == "portal":
        response.headers["Cache-Control"] = "no-store"
    return response
