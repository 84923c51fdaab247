"""Submitting: one transaction for blob, verdict, findings, facts, totals and audit event; all or nothing (decision 8).

The judgement takes tens of milliseconds and is made before the transaction. Inside, what it rests on is looked up
again; where two senders or an administrator were quicker, it is made anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from server.errors import ConflictError, InvalidError, NotAllowedError, TooManyAttemptsError
from server.services import findings as said
from server.services.accounts import Account, Role
from server.services.attachments import SentFile
from server.services.audit import Action, record
from server.services.evaluating import Evaluation, StampKeys, carried_for, judge, look_up, open_received
from server.services.storing import NewSubmission, store_accepted
from server.services.verdicts import stored_verdict
from server.storage import blobs, submissions
from server.storage.attachments import insert_attachments
from server.storage.engine import reading, writing
from server.storage.submissions import Submission
from server.storage.totals import TotalOverflowError
from signing.policy import DEFAULT_POLICY, Policy
from signing.trust import Trust
from signing.verdict import SignatureVerdict
from workbooks.finding import Finding

_ATTEMPTS: Final = 4
_LONGEST_KEY: Final = 200
_MOST_REFUSALS: Final = 60
_BRAKE_WINDOW: Final = timedelta(hours=1)
_EARLIEST, _LATEST = 1970, 2999
ACCEPTED, REFUSED, ALREADY = "accepted", "refused", "already"


@dataclass(frozen=True, slots=True)
class SubmissionResult:
    """What became of a workbook that was sent.

    Attributes:
        id: number of the submission.
        status: ``accepted``; ``refused``; or ``already`` where these very bytes were accepted before.
        findings: errors and warnings, in the order of checking.
        verdict: the verification of the signatures, as JSON has it.
    """

    id: int
    status: str
    findings: tuple[Finding, ...]
    verdict: Mapping[str, Any]


def submit(
    engine: Engine,
    data: bytes,
    attachments: Sequence[SentFile] = (),
    *,
    account: Account,
    keys: StampKeys,
    trust: Trust,
    now: datetime,
    idempotency_key: str | None = None,
    policy: Policy = DEFAULT_POLICY,
) -> SubmissionResult:
    """Judges and stores a signed workbook. Sending the same bytes again is safe and stores nothing twice.

    ``attachments`` are the files that the signed workbook lists, and no others.

    Raises:
        NotAllowedError: the account may not send.
        ConflictError: the idempotency key was used for other bytes.
        InvalidError: the idempotency key is too long.
        TooManyAttemptsError: dozens of files of this account were refused within the hour.
    """
    if not account.roles & {Role.OFFICER, Role.LEADER}:
        raise NotAllowedError(
            "Tài khoản này không có quyền gửi báo cáo.", "Dùng tài khoản cán bộ hoặc lãnh đạo đơn vị."
        )
    if idempotency_key is not None and not _is_key(idempotency_key):
        raise InvalidError("Idempotency-Key không hợp lệ.", f"Dùng 1 đến {_LONGEST_KEY} ký tự in được.")
    with reading(engine) as connection:
        earlier = _earlier(connection, hashlib.sha256(data).hexdigest(), account, idempotency_key)
        if earlier is not None:
            return earlier
        _brake(connection, account, now)
    received = open_received(data, attachments, keys=keys, trust=trust, now=now, policy=policy)
    for _ in range(_ATTEMPTS):
        with reading(engine) as connection:
            basis = look_up(connection, received.stamp, account)
            stored = carried_for(connection, basis)
        sending = _Sending(data, account, idempotency_key, now, judge(received, basis, stored, account, policy))
        result = _store(engine, sending)
        if result is not None:
            return result
    raise ConflictError("Dữ liệu liên quan đang thay đổi liên tục.", "Gửi lại sau ít phút.")


@dataclass(frozen=True)
class _Sending:
    """One attempt: who sent what, and how it was judged."""

    data: bytes
    account: Account
    idempotency_key: str | None
    now: datetime
    evaluation: Evaluation


def _store(engine: Engine, sending: _Sending) -> SubmissionResult | None:
    """Stores the outcome; None where the judgement no longer holds."""
    evaluation = sending.evaluation
    try:
        with writing(engine) as connection:
            _lock(connection, evaluation)
            earlier = _earlier(connection, evaluation.received.sha256, sending.account, sending.idempotency_key)
            if earlier is not None:
                return earlier
            if look_up(connection, evaluation.received.stamp, sending.account) != evaluation.basis:
                return None
            return _accept(connection, sending) if evaluation.accepted else _refuse(connection, sending)
    except IntegrityError:
        return None  # the account used the same idempotency key at the same moment: judged again, that is a conflict
    except TotalOverflowError:
        found = (*evaluation.findings, said.TOTAL_TOO_LARGE.at("", ""))
        with writing(engine) as connection:
            return _refuse(connection, _with_findings(sending, found))


def _lock(connection: Connection, evaluation: Evaluation) -> None:
    if evaluation.unit is not None and evaluation.period is not None and evaluation.published is not None:
        form = evaluation.published.record.form
        submissions.lock_reporting(connection, form, evaluation.unit.id, evaluation.period.code)
    else:
        submissions.lock_reporting(connection, evaluation.received.sha256)


def _earlier(
    connection: Connection, sha256: str, account: Account, idempotency_key: str | None
) -> SubmissionResult | None:
    """The submission these bytes were accepted as, if the sender may know of it."""
    if idempotency_key is not None:
        used = submissions.submission_with_key(connection, account.id, idempotency_key)
        if used is not None and used.blob_sha256 != sha256:
            raise ConflictError("Idempotency-Key đã được dùng cho một tệp khác.", "Dùng khóa mới cho mỗi tệp.")
    found = submissions.accepted_with_content(connection, sha256)
    if found is None or found.unit_id != account.unit_id:
        return None
    return _result(connection, found, ALREADY)


def _accept(connection: Connection, sending: _Sending) -> SubmissionResult:
    evaluation = sending.evaluation
    known, unit, period = evaluation.published, evaluation.unit, evaluation.period
    if known is None or unit is None or period is None:
        raise ValueError("an accepted workbook has a form, a unit and a period")
    signature = _signature(evaluation)
    new = NewSubmission(
        form_version_id=known.record.id,
        version=known.version,
        unit=unit,
        period=period,
        source="workbook",
        received_at=sending.now,
        blob_sha256=blobs.put_blob(connection, sending.data),
        account_id=sending.account.id,
        idempotency_key=_free_key(connection, sending),
        signer="" if signature is None else signature.signer,
        certificate_sha256="" if signature is None else signature.certificate_sha256,
        signed_at=_signed_at(signature),
        verdict=_verdict(evaluation),
        outcome=evaluation.outcome,
    )
    submission_id = store_accepted(connection, new, evaluation.figures)
    _store_findings(connection, submission_id, evaluation)
    details: dict[str, object] = {
        "form": known.record.form,
        "version": known.record.version,
        "unit": unit.code,
        "period": period.code,
        "sha256": evaluation.received.sha256,
        "certificate": new.certificate_sha256,
        "facts": len(evaluation.figures),
    }
    if evaluation.attachments:
        details["attachments"] = [one.sha256 for one, _ in evaluation.attachments]
    _record(connection, Action.SUBMISSION_ACCEPTED, sending, submission_id, details)
    return SubmissionResult(submission_id, ACCEPTED, evaluation.findings, evaluation.verdict)


def _refuse(connection: Connection, sending: _Sending) -> SubmissionResult:
    """Keeps the refused bytes and why; an equal refusal of the same bytes is not stored twice."""
    evaluation = sending.evaluation
    sha256 = evaluation.received.sha256
    verdict = evaluation.verdict
    same = submissions.equal_refusal(connection, sha256, sending.account.id, evaluation.outcome)
    if same is not None:
        return SubmissionResult(same.id, REFUSED, evaluation.findings, verdict)
    signature = _signature(evaluation)
    known, unit, period = evaluation.published, evaluation.unit, evaluation.period
    submission_id = submissions.insert_submission(
        connection,
        form_version_id=None if known is None else known.record.id,
        form=None if known is None else known.record.form,
        unit_id=None if unit is None else unit.id,
        period=None if period is None else period.code,
        as_at=None if period is None else period.last_day,
        revision=0,
        status=REFUSED,
        source="workbook",
        received_at=sending.now,
        blob_sha256=blobs.put_blob(connection, sending.data),
        account_id=sending.account.id,
        idempotency_key=_free_key(connection, sending),
        signer="" if signature is None else signature.signer,
        certificate_sha256="" if signature is None else signature.certificate_sha256,
        signed_at=_signed_at(signature),
        verdict=_verdict(evaluation),
        outcome=evaluation.outcome,
    )
    _store_findings(connection, submission_id, evaluation)
    details = {"sha256": sha256, "codes": sorted({finding.code for finding in evaluation.findings})}
    _record(connection, Action.SUBMISSION_REFUSED, sending, submission_id, details)
    return SubmissionResult(submission_id, REFUSED, evaluation.findings, verdict)


def _store_findings(connection: Connection, submission_id: int, evaluation: Evaluation) -> None:
    submissions.insert_findings(connection, submission_id, evaluation.findings)
    insert_attachments(connection, submission_id, [(one.name, data) for one, data in evaluation.attachments])
    for kind, documents in evaluation.received.verdict.evidence.kinds():
        submissions.insert_evidence(connection, submission_id, kind, documents)


def _record(
    connection: Connection, action: Action, sending: _Sending, submission_id: int, details: Mapping[str, object]
) -> None:
    actor, subject = sending.account.username, f"submission:{submission_id}"
    record(connection, action, at=sending.now, actor=actor, subject=subject, details=details)


def _brake(connection: Connection, account: Account, now: datetime) -> None:
    """Refused files are kept; nobody should be able to fill the disk with them."""
    if submissions.count_refusals(connection, account.id, now - _BRAKE_WINDOW) >= _MOST_REFUSALS:
        raise TooManyAttemptsError(
            f"Đã có {_MOST_REFUSALS} tệp của tài khoản này bị từ chối trong một giờ.",
            "Sửa lỗi theo kết quả kiểm tra trong Excel rồi gửi lại sau một giờ.",
            retry_after=int(_BRAKE_WINDOW.total_seconds()),
        )


def _is_key(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_KEY and text.isprintable()


def _free_key(connection: Connection, sending: _Sending) -> str | None:
    """The idempotency key, unless an earlier refusal of the same bytes has it already."""
    key = sending.idempotency_key
    if key is None or submissions.submission_with_key(connection, sending.account.id, key) is not None:
        return None
    return key


def _signature(evaluation: Evaluation) -> SignatureVerdict | None:
    """The last signature: the one that binds those before it."""
    signatures = evaluation.received.verdict.signatures
    return signatures[-1] if signatures else None


def _signed_at(signature: SignatureVerdict | None) -> datetime | None:
    """The time the signer claims, unless it is one that no database keeps; the verdict has it as it was written."""
    claimed = None if signature is None else signature.signed_at
    return claimed if claimed is not None and _EARLIEST <= claimed.year <= _LATEST else None


def _verdict(evaluation: Evaluation) -> str:
    return json.dumps(evaluation.verdict, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _result(connection: Connection, found: Submission, status: str) -> SubmissionResult:
    verdict = dict(stored_verdict(found.verdict))
    return SubmissionResult(found.id, status, submissions.findings_of(connection, found.id), verdict)


def _with_findings(sending: _Sending, found: tuple[Finding, ...]) -> _Sending:
    return replace(sending, evaluation=replace(sending.evaluation, findings=found))
