"""Drafts of form versions: an owner's working state, which may be replaced and thrown away until it is issued."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Engine

from form_templates.definition import Entry
from form_templates.definition_reading import read_definition
from form_templates.errors import Faults, FormError
from server.errors import ConflictError, NotFoundError
from server.services.audit import SYSTEM, Action, record
from server.services.periods import day_in_vietnam
from server.services.publishing import refuse_report
from server.services.soundness import template_faults
from server.services.succession import draft_succession_faults
from server.storage import drafts, forms
from server.storage.drafts import DraftRecord
from server.storage.engine import reading, writing
from workbooks.finding import Finding
from workbooks.workbook import open_workbook

_FORM: Final = re.compile(r"[A-Z0-9][A-Z0-9.-]{1,24}")
_VERSION: Final = re.compile(r"[1-9][0-9]{0,3}")
_LONGEST_TITLE: Final = 300


@dataclass(frozen=True, slots=True)
class Draft:
    """A stored draft, and what keeps it from being issued."""

    record: DraftRecord
    findings: tuple[Finding, ...]


def save_draft(engine: Engine, template: bytes, *, now: datetime, actor: str = SYSTEM) -> Draft:
    """Stores a template workbook as the draft of the form and version it names; faults are kept with it, not refused.

    Raises:
        WorkbookError, FormError: it is no workbook, or does not say which form and version it is.
        InvalidError: it is the template of a report form, which has no drafts.
        ConflictError: the version is issued already.
    """
    refuse_report(template)
    form, version, title = _identity(template)
    findings = _faults(engine, template, day_in_vietnam(now))
    found = json.dumps([finding.to_dict() for finding in findings], ensure_ascii=False)
    sha256 = hashlib.sha256(template).hexdigest()
    made = DraftRecord(form, version, title[:_LONGEST_TITLE], sha256, found, now, actor)
    with writing(engine) as connection:
        forms.lock_forms(connection)
        if forms.form_version(connection, form, version) is not None:
            raise ConflictError(
                f"Biểu {form} phiên bản {version} đã ban hành, không còn là nháp.",
                "Đặt số phiên bản mới cho bản nháp (trang Định nghĩa).",
            )
        drafts.put_draft(connection, made, template)
        subject, details = f"form:{form}/{version}", {"template": sha256, "findings": len(findings)}
        record(connection, Action.DRAFT_SAVED, at=now, actor=actor, subject=subject, details=details)
    return Draft(made, findings)


def delete_draft(engine: Engine, form: str, version: str, *, now: datetime, actor: str = SYSTEM) -> None:
    """Throws a draft away. Raises NotFoundError."""
    with writing(engine) as connection:
        if not drafts.delete_draft(connection, form, version):
            raise _no_draft(form, version)
        record(connection, Action.DRAFT_DELETED, at=now, actor=actor, subject=f"form:{form}/{version}")


def draft_template(engine: Engine, form: str, version: str) -> bytes:
    """The workbook of a draft. Raises NotFoundError."""
    with reading(engine) as connection:
        found = drafts.draft_template(connection, form, version)
    if found is None:
        raise _no_draft(form, version)
    return found


def _no_draft(form: str, version: str) -> NotFoundError:
    return NotFoundError(f"Không có bản nháp của biểu {form} phiên bản {version}.", "Kiểm tra mã biểu, số phiên bản.")


def _identity(template: bytes) -> tuple[str, str, str]:
    faults = Faults()
    entries = read_definition(open_workbook(template), faults).entries
    form, version = entries.get(Entry.FORM, ""), entries.get(Entry.VERSION, "")
    if not (_FORM.fullmatch(form) and _VERSION.fullmatch(version)):
        raise FormError(faults.found)
    return form, version, entries.get(Entry.TITLE, "")


def _faults(engine: Engine, template: bytes, day: date) -> tuple[Finding, ...]:
    """What an owner will have to mend, measured by today's catalogues."""
    with reading(engine) as connection:
        found = template_faults(connection, template, day)
        return (*found, *draft_succession_faults(connection, template, day))
