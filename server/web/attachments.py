"""A file that came with a submission, as a download: it is somebody's document, never a page of ours."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from flask import Response

from form_templates.attached_files import MEDIA_TYPES, kind_of
from server.storage.attachments import StoredAttachment
from server.web.digests import tell_origin


def attachment_reply(submission: int, found: StoredAttachment, data: bytes, since: datetime | None = None) -> Response:
    """The file, to be saved under its own name and never shown by the browser; ``since``: when it was received."""
    kind = kind_of(found.name)
    reply = Response(data, content_type=MEDIA_TYPES.get(kind, "application/octet-stream"))
    plain = f"ban-nop_{submission}_{found.number}{kind}"
    reply.headers["Content-Disposition"] = (
        f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(found.name, safe='')}"
    )
    reply.headers["X-Content-Type-Options"] = "nosniff"
    reply.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    reply.headers["Cache-Control"] = "no-store"
    reply.set_etag(found.sha256)
    tell_origin(reply, data, since)
    return reply
