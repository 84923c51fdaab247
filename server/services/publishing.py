"""The registry of forms: publishing a template workbook, withdrawing a version, listing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine

from form_templates import serial
from form_templates.compile import compile_template
from formulas.compiler import compile_version
from server.errors import ConflictError, NotFoundError
from server.services.audit import SYSTEM, Action, record
from server.storage import blobs, forms
from server.storage.engine import reading, writing
from server.storage.forms import FormRecord


@dataclass(frozen=True, slots=True)
class Publication:
    """A published version; ``new`` is False where the same version was published before."""

    record: FormRecord
    new: bool


def publish(
    engine: Engine,
    template: bytes,
    *,
    decision: str,
    effective_from: date,
    now: datetime,
    decided_on: date | None = None,
    actor: str = SYSTEM,
) -> Publication:
    """Compiles a template workbook and stores it as a version of its form. Publishing the same again changes nothing.

    Raises:
        FormError, FormulaError, WorkbookError: the template cannot be published; they carry findings.
        ConflictError: this version number stands for other content already.
    """
    version = compile_template(template)
    compile_version(version)
    digest = serial.digest(version)
    with writing(engine) as connection:
        stored = forms.form_version(connection, version.form, version.version)
        if stored is not None:
            return _same(stored, digest)
        form_version_id = forms.insert_form_version(
            connection,
            form=version.form,
            version=version.version,
            title=version.title,
            model=serial.to_json(version),
            digest=digest,
            template_sha256=blobs.put_blob(connection, template),
            decision=decision,
            decided_on=decided_on,
            effective_from=effective_from,
            published_at=now,
            status="issued",
        )
        forms.ensure_cells(connection, form_version_id, forms.template_cells(version.cell_by_key.values()))
        subject = f"form:{version.form}/{version.version}"
        details = {"digest": digest, "decision": decision, "effective_from": effective_from.isoformat()}
        record(connection, Action.FORM_PUBLISHED, at=now, actor=actor, subject=subject, details=details)
        made = forms.form_version(connection, version.form, version.version)
    if made is None:
        raise NotFoundError(f"Biểu {version.form} phiên bản {version.version} không lưu được.", "Thử lại.")
    return Publication(made, new=True)


def withdraw(engine: Engine, form: str, version: str, *, now: datetime, actor: str = SYSTEM) -> None:
    """No workbook of this version is issued or accepted any more; what was stored stays readable."""
    with writing(engine) as connection:
        stored = forms.form_version(connection, form, version)
        if stored is None:
            raise NotFoundError(f"Không có biểu {form} phiên bản {version}.", "Kiểm tra mã biểu.")
        if not stored.issued:
            return
        forms.set_status(connection, stored.id, "withdrawn")
        record(connection, Action.FORM_WITHDRAWN, at=now, actor=actor, subject=f"form:{form}/{version}")


def list_forms(engine: Engine, form: str | None = None) -> tuple[FormRecord, ...]:
    """All versions of all forms, or of one."""
    with reading(engine) as connection:
        return forms.form_versions(connection, form)


def template_of(engine: Engine, form: str, version: str) -> bytes:
    """The template workbook as it was published. Raises NotFoundError."""
    with reading(engine) as connection:
        stored = forms.form_version(connection, form, version)
        template = None if stored is None else blobs.get_blob(connection, stored.template_sha256)
    if template is None:
        raise NotFoundError(f"Không có biểu {form} phiên bản {version}.", "Kiểm tra mã biểu.")
    return template


def _same(stored: FormRecord, digest: str) -> Publication:
    if stored.digest != digest:
        # The version that submissions were signed under must read the same forever (L35).
        raise ConflictError(
            f"Biểu {stored.form} phiên bản {stored.version} đã ban hành với nội dung khác.",
            "Đặt số phiên bản mới cho biểu mẫu rồi ban hành lại.",
        )
    return Publication(stored, new=False)
