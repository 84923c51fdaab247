"""The page address of a file that came with a submission."""

from __future__ import annotations

from flask import Response

from server.services import contents
from server.web import context
from server.web.attachments import attachment_reply
from server.web.portal import visitors
from server.web.portal.pages import portal


@portal.get("/ban-nop/<int:number>/kem-theo/<int:attachment>")
def attached(number: int, attachment: int) -> Response:
    """The file as it was sent."""
    found, data = contents.download_attachment(
        context.service().engine,
        number,
        attachment,
        account=visitors.visitor(),
        sight=visitors.sight,
        today=visitors.today(),
    )
    return attachment_reply(number, found, data)
