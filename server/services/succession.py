"""A new version of a form held against the stored version that it says it continues, before it is published (L35)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from form_templates.compile import compile_template
from form_templates.definition_succession import findings_against
from form_templates.errors import FormError
from form_templates.model import FormVersion
from server.services.catalogues.entries import measures_of
from server.services.catalogues.kinds import UNITS_OF_MEASURE
from server.services.registry import published
from server.storage import catalogues, forms
from workbooks.finding import Finding, Severity


def succession_faults(connection: Connection, version: FormVersion, template: bytes, day: date) -> tuple[Finding, ...]:
    """Where the declared succession does not fit the stored version; none where nothing is declared.

    ``day`` is that of the catalogue of units of measure, which factors must agree with.
    """
    if version.succession is None:
        return ()
    before = forms.form_version(connection, version.form, version.succession.version)
    if before is None:
        message = f"Biểu {version.form} phiên bản {version.succession.version}, phiên bản trước, chưa được ban hành."
        remedy = "Ban hành phiên bản trước, hoặc ghi đúng số phiên bản đã ban hành."
        return (Finding("BS388", Severity.ERROR, message, remedy),)
    measures = measures_of(catalogues.entries_at(connection, day, UNITS_OF_MEASURE.name))
    return findings_against(template, published(before).version, version, measures)


def draft_succession_faults(connection: Connection, template: bytes, day: date) -> tuple[Finding, ...]:
    """The same for a draft; none while it cannot be read, which is told elsewhere."""
    try:
        version = compile_template(template)
    except FormError:
        return ()
    return succession_faults(connection, version, template, day)


def refuse_broken(connection: Connection, version: FormVersion, template: bytes, day: date) -> None:
    """Raises FormError where the declared succession does not fit the stored version."""
    findings = succession_faults(connection, version, template, day)
    if findings:
        raise FormError(findings)
