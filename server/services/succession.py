"""A new version of a form held against the stored version that it says it continues, before it is published (L35)."""

from __future__ import annotations

from sqlalchemy import Connection

from form_templates.definition_succession import findings_against
from form_templates.errors import FormError
from form_templates.model import FormVersion
from server.services.registry import published
from server.storage import forms


def refuse_broken(connection: Connection, version: FormVersion, template: bytes) -> None:
    """Raises FormError where the declared succession does not fit the stored version; nothing declared always does."""
    if version.succession is None:
        return
    before = forms.form_version(connection, version.form, version.succession.version)
    if before is None:
        raise FormError.single(
            "BS388",
            f"Biểu {version.form} phiên bản {version.succession.version}, ghi là phiên bản trước, chưa được ban hành.",
            "Ban hành phiên bản trước, hoặc ghi đúng số phiên bản đã ban hành.",
        )
    findings = findings_against(template, published(before).version, version)
    if findings:
        raise FormError(findings)
