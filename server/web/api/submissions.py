"""Sending signed workbooks, and reading what was sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from flask import Blueprint, Response, request

from server.errors import InvalidError
from server.services import submissions as reading
from server.services.accounts import Account
from server.services.attachments import SentFile
from server.services.periods import day_in_vietnam, parse_period
from server.services.rights import refuse_hidden
from server.services.submissions import SubmissionDetail
from server.services.submitting import ALREADY, REFUSED, submit
from server.services.units import unit as find_unit
from server.storage.attachments import StoredAttachment
from server.storage.submissions import Submission
from server.web import context
from server.web.api.arguments import optional_text, whole
from server.web.api.forms import workbook_reply
from server.web.api.problems import problem
from server.web.attachments import attachment_reply
from workbooks.finding import Finding

submissions = Blueprint("submissions", __name__)
_PAGE: Final = 100
_LAST_ID: Final = 2**63 - 1


@submissions.post("/submissions")
def send() -> tuple[dict[str, Any], int, dict[str, str]] | Response:
    """Takes a signed workbook: 201 accepted, 200 accepted before, 422 refused with findings and verdict."""
    account, here = context.signed_in(), context.service()
    file = request.files.get("workbook")
    if file is None:
        raise InvalidError("Thiếu tệp “workbook”.", "Gửi dạng multipart/form-data, trường workbook là tệp .xlsx đã ký.")
    if (count := len(request.files.getlist("workbook"))) > 1:
        raise InvalidError(f"Có {count} tệp trong một lần gửi.", "Gửi mỗi tệp một lần.")
    if set(request.files) - {"workbook", "attachments"}:
        raise InvalidError("Có tệp ở trường lạ.", "Tệp .xlsx đã ký ở trường workbook, tệp kèm theo ở attachments.")
    sent = [SentFile(one.filename or "", one.read()) for one in request.files.getlist("attachments")]
    result = submit(
        here.engine,
        file.read(),
        sent,
        account=account,
        keys=here.config.stamp_keys,
        trust=here.trust.current(),
        policy=here.trust.policy(),
        now=context.now(),
        idempotency_key=request.headers.get("Idempotency-Key"),
    )
    detail = reading.get_submission(here.engine, result.id)
    if result.status == REFUSED:
        # The findings of this judgement; those of the stored row are equal.
        return _refusal(detail, result.findings)
    location = {"Location": f"/api/v1/submissions/{result.id}"}
    return _detail(detail), 200 if result.status == ALREADY else 201, location


@submissions.get("/submissions")
def sent() -> dict[str, Any]:
    """What was sent, newest first."""
    here, account = context.service(), context.account_or_none()
    visible = context.visible_to(account, day_in_vietnam(context.now()))
    limit = whole("limit", least=1, most=_PAGE) or _PAGE
    found = reading.list_submissions(
        here.engine,
        unit_ids=_wanted_units(visible),
        or_account=None if account is None or optional_text("unit") else account.id,
        form=optional_text("form"),
        period=optional_text("period"),
        status=optional_text("status"),
        before=whole("before", least=1, most=_LAST_ID),
        limit=limit,
    )
    more = found[-1].id if len(found) == limit else None
    return {"submissions": [_summary(one) for one in found], "next_before": more}


@submissions.get("/submissions/<int:number>")
def one(number: int) -> dict[str, Any]:
    """One submission with its findings and the verdict on its signatures."""
    return _detail(_visible(number))


@submissions.get("/submissions/<int:number>/workbook")
def workbook(number: int) -> Response:
    """The bytes as they were sent."""
    found = _visible(number).submission
    data = reading.workbook_of(context.service().engine, number)
    reply = workbook_reply(data, f"{found.form}_{found.unit_code}_{found.period}_{number}.xlsx", found.received_at)
    if found.source == "history":
        reply.content_type = "text/csv; charset=utf-8"
        reply.headers["Content-Disposition"] = f'attachment; filename="{number}.csv"'
    return reply


@submissions.get("/submissions/<int:number>/attachments/<int:attachment>")
def attached(number: int, attachment: int) -> Response:
    """A file that came with it, as it was sent."""
    received_at = _visible(number).submission.received_at
    found, data = reading.attachment_of(context.service().engine, number, attachment)
    return attachment_reply(number, found, data, received_at)


def _wanted_units(visible: frozenset[int] | None) -> frozenset[int] | None:
    code = optional_text("unit")
    if code is None:
        return visible
    period = optional_text("period")
    day = parse_period(period).last_day if period else day_in_vietnam(context.now())
    unit = find_unit(context.service().engine, code, day)
    refuse_hidden(visible, unit.id, code)
    return frozenset({unit.id})


def _visible(number: int) -> SubmissionDetail:
    account = context.account_or_none()
    # Who may see nothing at all must not learn which numbers exist.
    context.visible_to(account, day_in_vietnam(context.now()))
    detail = reading.get_submission(context.service().engine, number)
    found = detail.submission
    if not _is_own(account, found):
        visible = context.visible_to(account, found.as_at or day_in_vietnam(context.now()))
        refuse_hidden(visible, found.unit_id, found.unit_code or "(chưa rõ)")
    return detail


def _is_own(account: Account | None, found: Submission) -> bool:
    return account is not None and found.account_id == account.id


def _refusal(detail: SubmissionDetail, findings: Iterable[Finding]) -> Response:
    told = [finding.to_dict() for finding in findings]
    errors = [finding for finding in told if finding["severity"] == "error"]
    first = errors[0] if errors else {"message": "Tệp bị từ chối.", "remedy": "", "code": ""}
    more = f" (và {len(errors) - 1} lỗi khác)" if len(errors) > 1 else ""
    body = _summary(detail.submission)
    extra = {
        "id": body["id"],
        "submission_status": body["status"],
        "sha256": body["sha256"],
        "code": first["code"],
        "findings": told,
        "verdict": detail.verdict,
    }
    message = first["message"] + more
    return problem(422, "refused", "Tệp bị từ chối", message, remedy=first["remedy"], more=extra)


def _detail(detail: SubmissionDetail) -> dict[str, Any]:
    told = [finding.to_dict() for finding in detail.findings]
    attachments = [_attachment(one) for one in detail.attachments]
    more = {"findings": told, "verdict": dict(detail.verdict), "attachments": attachments}
    return _summary(detail.submission) | more


def _attachment(one: StoredAttachment) -> dict[str, object]:
    return {"number": one.number, "name": one.name, "size": one.size, "sha256": one.sha256}


def _summary(found: Submission) -> dict[str, object]:
    return {
        "id": found.id,
        "status": found.status,
        "form": found.form,
        "version": found.version,
        "unit": found.unit_code,
        "unit_name": found.unit_name,
        "period": found.period,
        "revision": found.revision,
        "received_at": found.received_at.isoformat(),
        "signer": found.signer,
        "signed_at": None if found.signed_at is None else found.signed_at.isoformat(),
        "sha256": found.blob_sha256,
        "size": found.blob_size,
    }
