"""Verifying a workbook for whoever holds it: its signatures, stamp and attached files, and whether it came in here.

Nothing of what is sent is stored, and no figure of the store is told. That these bytes were received is told only to
somebody who has them.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Engine

from form_templates.attachments import Attachment, AttachmentList, read_list
from form_templates.period import Period, PeriodError
from form_templates.stamp import Stamp, read_stamp, stamp_is_ours
from formulas.wording import excerpt
from server.errors import BusyError
from server.services.attachments import SentFile, pairs
from server.services.evaluating import StampKeys
from server.services.signatories import Signatories, about_signatories, signatories, verdict_told
from server.services.signers import registrations
from server.services.uploads import open_upload
from server.storage.engine import reading
from server.storage.signers import register_of
from server.storage.submissions import Submission, accepted_with_content, first_with_content
from server.storage.units import Unit, unit_at
from signing.identity import Registration
from signing.policy import Policy
from signing.trust import Trust
from signing.verdict import Outcome, Verdict
from signing.verify import verify_package
from workbooks.errors import WorkbookError
from workbooks.finding import Finding, Severity

# Anybody may ask, and each answer costs up to seconds of processor time. A process has four turns (server.web.turns):
# the others stay free for those who send and read.
AT_ONCE: Final = 2
_RETRY_AFTER: Final = 5
_UNSIGNED: Final = "BS201"
_turns: Final = threading.BoundedSemaphore(AT_ONCE)


class Result(StrEnum):
    """What a reader is told first.

    ``unsigned``: nobody signed, and nothing says that a signature was there. ``unreadable``: it is no workbook, or
    one that is not opened. ``undetermined`` also where the signatures are right but not of those who sign for the unit.
    """

    VALID = "valid"
    INVALID = "invalid"
    UNDETERMINED = "undetermined"
    UNSIGNED = "unsigned"
    UNREADABLE = "unreadable"


class FileState(StrEnum):
    """A listed file beside what was handed in with the workbook."""

    SAME = "same"
    DIFFERS = "differs"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The files that the workbook lists, each with its state, and files that it does not list."""

    files: tuple[tuple[Attachment, FileState], ...] = ()
    unlisted: tuple[Attachment, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether a file that was handed in is not the one that was signed."""
        return bool(self.unlisted) or any(state is FileState.DIFFERS for _, state in self.files)


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer.

    Attributes:
        sentence: the result in one sentence.
        verdict: the wire form of the verdict; with who signed by the register, where the stamp is ours.
        findings: of the signatures, the signers and the list of files.
        stamp: what the workbook says of itself; only where ``stamp_is_ours`` did this service say it.
        received: the submission that these very bytes are, an accepted one if there is one.
    """

    result: Result
    sentence: str
    sha256: str
    size: int
    verified_at: datetime
    verdict: Mapping[str, Any]
    findings: tuple[Finding, ...]
    stamp: Stamp | None = None
    stamp_is_ours: bool = False
    comparison: Comparison = Comparison()
    received: Submission | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the bytes beside their signatures: their stamp, their receipt, the unit and its signers."""

    stamp: Stamp | None = None
    ours: bool = False
    received: Submission | None = None
    since: datetime | None = None
    unit: Unit | None = None
    register: tuple[Registration, ...] = ()


@contextmanager
def turn() -> Iterator[None]:
    """One of the few verifications that this process makes at once. Raises BusyError where all are taken."""
    if not _turns.acquire(blocking=False):
        raise BusyError("Máy chủ đang xác minh các tệp khác.", "Chờ vài giây rồi thử lại.", retry_after=_RETRY_AFTER)
    try:
        yield
    finally:
        _turns.release()


def verify(
    engine: Engine,
    data: bytes,
    sent: Sequence[SentFile] = (),
    *,
    keys: StampKeys,
    trust: Trust,
    policy: Policy,
    now: datetime,
) -> Verification:
    """The answer for a file. Whatever is wrong with it is a finding. Raises BusyError."""
    with turn():
        try:
            workbook = open_upload(data)
        except WorkbookError as error:
            return _unreadable(data, error.finding, _look_up(engine, data, _Known()), policy, now)
        known = _look_up(engine, data, _Known(read_stamp(workbook), stamp_is_ours(workbook, keys)))
        # What was received is judged as at its receipt: a certificate that ran out since does it no harm.
        verdict = verify_package(data, trust, now=now, existed=known.since, policy=policy)
        answer, listed = _answer(data, verdict, known, policy), read_list(workbook)
        findings = tuple(dict.fromkeys((*answer.findings, *listed.findings)))
        return replace(answer, findings=findings, comparison=_compare(listed, sent))


def _look_up(engine: Engine, data: bytes, known: _Known) -> _Known:
    sha256 = hashlib.sha256(data).hexdigest()
    with reading(engine) as connection:
        first = first_with_content(connection, sha256)
        unit = _unit(connection, known.stamp) if known.ours and known.stamp is not None else None
        return replace(
            known,
            received=accepted_with_content(connection, sha256) or first,
            since=None if first is None else first.received_at,
            unit=unit,
            register=() if unit is None else registrations(register_of(connection, unit.id)),
        )


def _unit(connection: Connection, stamp: Stamp) -> Unit | None:
    try:
        return unit_at(connection, stamp.unit, Period.parse(stamp.period).last_day)
    except PeriodError:
        return None


def _answer(data: bytes, verdict: Verdict, known: _Known, policy: Policy) -> Verification:
    who, about = _signers(verdict, known, policy)
    result = _result(verdict, about)
    return Verification(
        result=result,
        sentence=_sentence(result, verdict, about),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        verified_at=verdict.verified_at,
        verdict=verdict_told(verdict, who) if who.identities else verdict.to_dict(),
        findings=(*verdict.findings, *about),
        stamp=None if known.stamp is None else _plain(known.stamp),
        stamp_is_ours=known.ours,
        received=known.received,
    )


def _plain(stamp: Stamp) -> Stamp:
    """A stamp that may be anybody's, with its texts fit to be shown."""
    form, version, unit, name, period = map(
        excerpt, (stamp.form, stamp.version, stamp.unit, stamp.unit_name, stamp.period)
    )
    serial = excerpt(stamp.serial)
    return replace(stamp, form=form, version=version, unit=unit, unit_name=name, period=period, serial=serial)


def _signers(verdict: Verdict, known: _Known, policy: Policy) -> tuple[Signatories, tuple[Finding, ...]]:
    """Who signed by the register of the unit, and what is wrong with that; nothing where the unit is not known."""
    if known.unit is None or known.stamp is None or not verdict.signed:
        return Signatories(), ()
    who = signatories(verdict, known.register, known.unit, known.stamp.form, policy)
    return who, tuple(about_signatories(verdict, who, known.unit, known.stamp.form, policy))


def _result(verdict: Verdict, about: Sequence[Finding]) -> Result:
    if not verdict.signed and all(finding.code == _UNSIGNED for finding in verdict.findings):
        return Result.UNSIGNED
    if verdict.outcome is Outcome.VALID and any(one.severity is Severity.ERROR for one in about):
        return Result.UNDETERMINED
    return Result(verdict.outcome.value)


def _sentence(result: Result, verdict: Verdict, about: Sequence[Finding]) -> str:
    signers = ", ".join(excerpt(one.signer) for one in verdict.signatures)
    errors = [one.message for one in (*verdict.findings, *about) if one.severity is Severity.ERROR]
    match result:
        case Result.VALID:
            return f"{signers} đã ký tệp này, và không có gì trong tệp thay đổi từ khi ký."
        case Result.UNDETERMINED if errors:
            return f"Tệp không thay đổi từ khi {signers} ký, nhưng: {errors[0]}"
        case Result.UNDETERMINED:
            return f"Tệp không thay đổi từ khi {signers} ký, nhưng chưa biết chắc chứng thư còn giá trị hay không."
        case Result.UNSIGNED:
            return "Chưa có ai ký số tệp này, nên không chứng minh được số liệu trong tệp còn nguyên như lúc lập."
    if verdict.signed and not verdict.intact:
        return "Nội dung tệp đã bị sửa sau khi ký, hoặc chữ ký sai."  # which part of the package, the findings say
    return errors[0] if errors else verdict.summary


def _unreadable(data: bytes, finding: Finding, known: _Known, policy: Policy, now: datetime) -> Verification:
    verdict = Verdict(
        signed=False,
        intact=False,
        covered=False,
        signatures=(),
        findings=(finding,),
        verified_at=now,
        policy_version=policy.version,
    )
    return Verification(
        result=Result.UNREADABLE,
        sentence=finding.message if data else "Tệp rỗng: có 0 byte.",
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        verified_at=now,
        verdict=verdict.to_dict(),
        findings=(finding,),
        received=known.received,
    )


def _compare(listed: AttachmentList, sent: Sequence[SentFile]) -> Comparison:
    came = [Attachment.of(file.name, file.data) for file in sent]
    found = pairs(listed.attachments, came)
    files = tuple(
        (one, _state(one, came[found[number]] if number in found else None))
        for number, one in enumerate(listed.attachments)
    )
    return Comparison(files, tuple(one for number, one in enumerate(came) if number not in found.values()))


def _state(listed: Attachment, came: Attachment | None) -> FileState:
    if came is None:
        return FileState.MISSING
    return FileState.SAME if came.sha256 == listed.sha256 else FileState.DIFFERS
