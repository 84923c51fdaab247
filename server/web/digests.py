"""What a download says of its own bytes: their digest (RFC 9530), and since when they are what they are."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

from flask import Response
from werkzeug.http import http_date


def tell_origin(reply: Response, data: bytes, since: datetime | None = None) -> None:
    """Adds the headers. ``since``: when the file was received, or made."""
    reply.headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"
    if since is not None:
        reply.headers["Last-Modified"] = http_date(since)
