"""The registry of forms: publishing a template workbook, withdrawing a version, listing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection, Engine

from form_templates import serial
from form_templates.compile import compile_template
from form_templates.errors import FormError
from form_templates.model import FormVersion
from form_templates.reports import is_report
from formulas.compiler import compile_version
from formulas.crosschecking.comparing import proved
from formulas.errors import FormulaError
from server.errors import ConflictError, InvalidError, NotFoundError
from server.services.audit import SYSTEM, Action, record
from server.services.catalogues.usage import told_by_catalogue
from server.services.periods import day_in_vietnam
from server.services.soundness import refuse_unsound
from server.services.succession import refuse_broken, undeclared_losses
from server.storage import blobs, drafts, forms, reports
from server.storage.engine import reading, writing
from server.storage.forms import FormRecord
from workbooks.finding import Finding
from workbooks.workbook import open_workbook


@dataclass(frozen=True, slots=True)
class Publication:
    """A published version; ``new`` is False where the same version was published before.

    Attributes:
        notes: what is worth a warning, such as units of measure that need a factor.
    """

    record: FormRecord
    new: bool
    notes: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A withdrawn version, and the one that serves the periods from that day on, if there is any."""

    record: FormRecord
    successor: FormRecord | None


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be published, on whose word, from when."""

    template: bytes
    decision: str
    decided_on: date | None
    effective_from: date


def checked_version(template: bytes) -> FormVersion:
    """The form version a template describes, held against everything a published form must satisfy by itself.

    Raises:
        FormError, FormulaError, WorkbookError: with everything wrong; nothing has been stored.
        InvalidError: the template is one of a report form.
    """
    refuse_report(template)
    version = compile_template(template)
    compile_version(version)
    return version


def refuse_report(template: bytes) -> None:
    """Raises InvalidError where the template is one of a report form, WorkbookError."""
    if is_report(open_workbook(template)):
        raise InvalidError("Đây là biểu báo cáo, không phải biểu nhập liệu.", "Dùng lệnh bieuso report publish.")


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
        InvalidError: no decision number, or dates that cannot be.
        ConflictError: this version number stands for other content already.
    """
    check_dates(decision, decided_on, effective_from, now)
    try:
        version = checked_version(template)
    except (FormError, FormulaError):
        with reading(engine) as connection:
            refuse_unsound(connection, template, effective_from)  # tells all faults at once, each construct by its name
        raise
    with reading(engine) as connection:
        told_by_catalogue(connection, version, effective_from)
        if forms.form_version(connection, version.form, version.version) is None:
            refuse_unsound(connection, template, effective_from)
    doubts = proved(template, version)
    with writing(engine) as connection:
        forms.lock_forms(connection)
        told, notes = told_by_catalogue(connection, version, effective_from)
        order = _Order(template, decision.strip(), decided_on, effective_from)
        notes = (*notes, *undeclared_losses(connection, told, effective_from), *doubts)
        return replace(_store(connection, told, order, now, actor), notes=notes)


def issue_draft(
    engine: Engine,
    form: str,
    version: str,
    *,
    decision: str,
    decided_on: date,
    effective_from: date,
    now: datetime,
    actor: str = SYSTEM,
) -> Publication:
    """Publishes a stored draft, which is a draft no longer. Raises as ``publish`` does, and NotFoundError."""
    with reading(engine) as connection:
        template = drafts.draft_template(connection, form, version)
    if template is None:
        raise NotFoundError(
            f"Không có bản nháp của biểu {form} phiên bản {version}.",
            "Lưu bản nháp bằng lệnh bieuso form publish TỆP --draft.",
        )
    return publish(
        engine,
        template,
        decision=decision,
        decided_on=decided_on,
        effective_from=effective_from,
        now=now,
        actor=actor,
    )


def withdraw(
    engine: Engine, form: str, version: str, *, from_day: date, reason: str, now: datetime, actor: str = SYSTEM
) -> Withdrawal:
    """From a day on, the version is used for no period that ends on that day or later; what was stored stays readable.

    A withdrawal that has not taken effect may be given another day.

    Raises:
        NotFoundError: no such version.
        InvalidError: no reason.
        ConflictError: it is withdrawn already, or figures stand under it for periods that end on that day or later.
    """
    if not reason.strip():
        raise InvalidError("Thu hồi biểu phải có lý do.", "Ghi lý do, hoặc số văn bản thu hồi.")
    with writing(engine) as connection:
        forms.lock_forms(connection)
        stored = _required(connection, form, version)
        if not _is_withdrawn(stored, from_day, day_in_vietnam(now)):
            _refuse_reported(connection, stored, from_day)
            forms.set_withdrawal(connection, stored.id, day=from_day, reason=reason.strip())
            details = {"from": from_day.isoformat(), "reason": reason.strip()}
            subject = f"form:{form}/{version}"
            record(connection, Action.FORM_WITHDRAWN, at=now, actor=actor, subject=subject, details=details)
        return Withdrawal(_required(connection, form, version), forms.version_for(connection, form, from_day))


def list_forms(engine: Engine, form: str | None = None) -> tuple[FormRecord, ...]:
    """All versions of all forms, or of one."""
    with reading(engine) as connection:
        return forms.form_versions(connection, form)


def template_of(engine: Engine, form: str, version: str) -> bytes:
    """The template workbook as it was published. Raises NotFoundError."""
    with reading(engine) as connection:
        template = blobs.get_blob(connection, _required(connection, form, version).template_sha256)
    if template is None:
        raise NotFoundError(f"Không còn tệp mẫu của biểu {form}.", "Khôi phục cơ sở dữ liệu từ bản sao lưu.")
    return template


def check_dates(decision: str, decided_on: date | None, effective_from: date, now: datetime) -> None:
    """Raises InvalidError where a decision has no number, or dates that cannot be."""
    if not decision.strip():
        raise InvalidError("Chưa ghi số quyết định ban hành.", "Ghi số quyết định, ví dụ 1107/QĐ-UBND.")
    if decided_on is None:
        return
    if decided_on > day_in_vietnam(now):
        raise InvalidError(f"Ngày quyết định {decided_on:%d/%m/%Y} còn ở phía trước.", "Ghi đúng ngày ký quyết định.")
    if effective_from < decided_on:
        # Nobody can have reported by a form before it was decided on, and the date of a published version can never be
        # put right.
        raise InvalidError(
            f"Ngày hiệu lực {effective_from:%d/%m/%Y} trước ngày quyết định {decided_on:%d/%m/%Y}.",
            "Ghi ngày hiệu lực từ ngày quyết định trở đi.",
        )


def _store(connection: Connection, version: FormVersion, order: _Order, now: datetime, actor: str) -> Publication:
    digest, sha256 = serial.digest(version), hashlib.sha256(order.template).hexdigest()
    stored = forms.form_version(connection, version.form, version.version)
    if stored is not None:
        return _same(stored, digest, sha256)
    if any(one.report == version.form for one in reports.list_reports(connection)):
        message = f"{version.form} là mã của một biểu báo cáo đã ban hành."
        raise ConflictError(message, "Đặt mã khác cho biểu nhập liệu.")
    refuse_broken(connection, version, order.template, order.effective_from)
    form_version_id = forms.insert_form_version(
        connection,
        form=version.form,
        version=version.version,
        title=version.title,
        model=serial.to_json(version),
        digest=digest,
        template_sha256=blobs.put_blob(connection, order.template),
        decision=order.decision,
        decided_on=order.decided_on,
        effective_from=order.effective_from,
        published_at=now,
        status="issued",
    )
    forms.ensure_cells(connection, form_version_id, forms.template_cells(version.cell_by_key.values()))
    drafts.delete_draft(connection, version.form, version.version, template_sha256=sha256)
    details = {"digest": digest, "decision": order.decision, "effective_from": order.effective_from.isoformat()}
    if order.decided_on is not None:
        details["decided_on"] = order.decided_on.isoformat()
    subject = f"form:{version.form}/{version.version}"
    record(connection, Action.FORM_PUBLISHED, at=now, actor=actor, subject=subject, details=details)
    return Publication(_required(connection, version.form, version.version), new=True)


def _same(stored: FormRecord, digest: str, sha256: str) -> Publication:
    if digest != stored.digest and sha256 != stored.template_sha256:
        # The version that submissions were signed under must read the same forever (L35).
        raise ConflictError(
            f"Biểu {stored.form} phiên bản {stored.version} đã ban hành với nội dung khác.",
            "Đặt số phiên bản mới cho biểu mẫu rồi ban hành lại.",
        )
    return Publication(stored, new=False)


def _required(connection: Connection, form: str, version: str) -> FormRecord:
    stored = forms.form_version(connection, form, version)
    if stored is None:
        raise NotFoundError(f"Không có biểu {form} phiên bản {version}.", "Kiểm tra mã biểu và số phiên bản.")
    return stored


def _is_withdrawn(stored: FormRecord, day: date, today: date) -> bool:
    """Whether exactly this withdrawal stands already. Raises ConflictError where another one is in effect."""
    if stored.withdrawn_from is not None and stored.withdrawn_from != day and stored.withdrawn_from <= today:
        raise ConflictError(
            f"Biểu {stored.form} phiên bản {stored.version} đã thu hồi từ {stored.withdrawn_from:%d/%m/%Y}.",
            "Không cần thu hồi lại; muốn dùng lại thì ban hành phiên bản mới.",
        )
    return stored.withdrawn_from == day


def _refuse_reported(connection: Connection, stored: FormRecord, day: date) -> None:
    """Figures must keep the version they were reported under, or nobody could read them by their period."""
    last = forms.last_reported(connection, stored.id)
    if last is not None and last >= day:
        raise ConflictError(
            f"Đã có báo cáo theo biểu {stored.form} phiên bản {stored.version} cho kỳ kết thúc ngày {last:%d/%m/%Y}.",
            f"Chọn ngày thu hồi sau {last:%d/%m/%Y}, hoặc ban hành phiên bản mới thay thế.",
        )
