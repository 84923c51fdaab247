"""A new version of a form held against the stored version that it continues, before it is published (L35).

====== ==================================================================================
BS848  nothing is declared, and figures of the version before have no place in this one
====== ==================================================================================
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

from sqlalchemy import Connection

from form_templates import definition
from form_templates.compile import compile_template
from form_templates.definition_succession import findings_against
from form_templates.errors import FormError
from form_templates.model import FormVersion, Succession
from form_templates.succession import faults_against
from server.services.catalogues.entries import measures_of
from server.services.catalogues.kinds import UNITS_OF_MEASURE
from server.services.registry import published
from server.storage import catalogues, forms
from workbooks.finding import Finding, Severity

_NAMED: Final = 3


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
    return (*succession_faults(connection, version, template, day), *undeclared_losses(connection, version, day))


def undeclared_losses(connection: Connection, version: FormVersion, day: date) -> tuple[Finding, ...]:
    """A warning where nothing is declared though rows, columns or units of the version before are no more.

    It is no error: whoever begins a form anew may mean just that.
    """
    lower = [one for one in forms.form_versions(connection, version.form) if int(one.version) < int(version.version)]
    if version.succession is not None or not lower:
        return ()
    before = max(lower, key=lambda one: int(one.version))
    supposed = replace(version, succession=Succession(before.version))
    measures = measures_of(catalogues.entries_at(connection, day, UNITS_OF_MEASURE.name))
    lost = [fault.message for fault in faults_against(published(before).version, supposed, measures)]
    if not lost:
        return ()
    more = f" Và {len(lost) - _NAMED} chỗ nữa." if len(lost) > _NAMED else ""
    message = (
        f"Không ghi bảng “{definition.Section.SUCCESSION}”, nên một phần số liệu đã nộp theo phiên bản"
        f" {before.version} không chuyển sang phiên bản này: {' '.join(lost[:_NAMED])}{more}"
    )
    remedy = f"Nếu cần số cũ: ghi “{definition.PREVIOUS}” ở bảng I và bảng VII trên trang “{definition.SHEET}”."
    return (Finding("BS848", Severity.WARNING, message, remedy, definition.SHEET),)


def refuse_broken(connection: Connection, version: FormVersion, template: bytes, day: date) -> None:
    """Raises FormError where the declared succession does not fit the stored version."""
    findings = succession_faults(connection, version, template, day)
    if findings:
        raise FormError(findings)
