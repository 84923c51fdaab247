"""Reading what was sent: lists, one submission with its findings and verdict, its bytes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from server.errors import NotFoundError
from server.services.verdicts import stored_verdict
from server.storage import blobs, submissions
from server.storage.attachments import StoredAttachment, attachments_of
from server.storage.engine import reading
from server.storage.submissions import Submission
from workbooks.finding import Finding


@dataclass(frozen=True)
class SubmissionDetail:
    """A submission with what was found, how its signatures were verified, and what came with it."""

    submission: Submission
    findings: tuple[Finding, ...]
    verdict: Mapping[str, Any]
    attachments: tuple[StoredAttachment, ...] = ()


def get_submission(engine: Engine, submission_id: int) -> SubmissionDetail:
    """One submission. Raises NotFoundError."""
    with reading(engine) as connection:
        found = _require(connection, submission_id)
        findings = submissions.findings_of(connection, submission_id)
        attached = attachments_of(connection, submission_id)
    return SubmissionDetail(found, findings, stored_verdict(found.verdict), attached)


def workbook_of(engine: Engine, submission_id: int) -> bytes:
    """The bytes as they were sent (for imported history its CSV). Raises NotFoundError."""
    with reading(engine) as connection:
        data = blobs.get_blob(connection, _require(connection, submission_id).blob_sha256)
    if data is None:
        raise NotFoundError(f"Không còn tệp của bản nộp số {submission_id}.", "Khôi phục từ bản sao lưu.")
    return data


def attachment_of(engine: Engine, submission_id: int, number: int) -> tuple[StoredAttachment, bytes]:
    """A file that came with a submission, as it was sent. Raises NotFoundError."""
    with reading(engine) as connection:
        _require(connection, submission_id)
        found = next((one for one in attachments_of(connection, submission_id) if one.number == number), None)
        data = None if found is None else blobs.get_blob(connection, found.sha256)
    if found is None:
        raise NotFoundError(f"Bản nộp số {submission_id} không có tệp kèm theo số {number}.", "Xem lại bản nộp.")
    if data is None:
        raise NotFoundError(f"Không còn tệp kèm theo số {number} của bản nộp.", "Khôi phục từ bản sao lưu.")
    return found, data


def list_submissions(
    engine: Engine,
    *,
    unit_ids: Collection[int] | None = None,
    or_account: int | None = None,
    form: str | None = None,
    period: str | None = None,
    status: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> tuple[Submission, ...]:
    """Submissions, newest first, of some units (None: all) or sent by one account; ``before`` continues below an id."""
    with reading(engine) as connection:
        return submissions.list_submissions(
            connection,
            unit_ids=unit_ids,
            or_account=or_account,
            form=form,
            period=period,
            status=status,
            before=before,
            limit=limit,
        )


def _require(connection: Connection, submission_id: int) -> Submission:
    found = submissions.submission(connection, submission_id) if 0 < submission_id < 2**63 else None
    if found is None:
        raise NotFoundError(f"Không có bản nộp số {submission_id}.", "Kiểm tra lại số bản nộp.")
    return found
