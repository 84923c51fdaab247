"""Verifying the archive again: every signed workbook that was kept, against its verdict of then and its stamps.

Signatures are judged as at the time of the earliest stamp that holds, so that certificates may have expired or been
revoked since. Where that differs from the stored verdict, or there is no stamp, they are judged as at the reception
that the system recorded; the report says which of the two it rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine

from server.services import audit
from server.services.archive.figuring import on_figures
from server.services.archive.holdings import Holding, Shelf, each_kept, hold, kind_words, unreadable
from server.services.archive.manifests import entry_in, line_digest, line_of
from server.services.archive.proving import StampProof, prove_stamps
from server.services.archive.records import Order, Records, events_on, on_missing, on_stamp, on_submission
from server.services.archive.reports import ArchiveReport, Proof, StampCheck, SubmissionCheck
from server.services.archive.trusts import Trusts
from server.services.verdicts import stored_verdict
from server.storage import archive
from server.storage.archive import KeptSubmission
from server.storage.audit import AuditEvent
from server.storage.blobs import DamagedBlobError, get_blob
from server.storage.engine import reading
from signing.findings import finding
from signing.policy import DEFAULT_POLICY, Policy
from signing.trust import Trust
from signing.verdict import Outcome, Verdict
from signing.verify import verify_package
from workbooks.finding import Finding

Progress = Callable[[int, int], None]
_BATCH: Final = 50
_OUTCOMES: Final = {
    Outcome.VALID.value: "hợp lệ",
    Outcome.INVALID.value: "không hợp lệ",
    Outcome.UNDETERMINED.value: "chưa xác định",
    "": "không đọc được",
}
_FIELDS: Final = {
    "form": "mã biểu",
    "version": "phiên bản biểu",
    "unit": "đơn vị",
    "period": "kỳ",
    "received_at": "thời điểm nhận",
    "workbook": "tệp đã ký",
    "attachments": "tệp kèm theo",
}


def verify_archive(
    engine: Engine,
    trust: Trust,
    *,
    now: datetime,
    policy: Policy = DEFAULT_POLICY,
    numbers: Collection[int] | None = None,
    progress: Progress | None = None,
) -> ArchiveReport:
    """Verifies every kept submission that came as a signed workbook, refused ones included.

    ``trust`` is today's; what was kept with each submission is added for it alone. A verdict given under another
    ``policy`` is held to what that one demanded of it. ``numbers``: only these submissions. ``progress`` is told how
    many are done, of how many.
    """
    checks: list[SubmissionCheck] = []
    records = Records()
    with reading(engine) as connection:
        records.read_on(connection)
        logged = set(records.submissions), set(records.stamps)
        proofs = prove_stamps(connection, trust, now)
        records.read_on(connection)
        told = events_on(connection, records.stamps.values())
        total = archive.count_kept(connection) if numbers is None else len(numbers)
    examiner = _Examiner(Trusts(trust), proofs, now, policy, records, Order.of(proofs))
    # A transaction for each batch: one for all would keep the database from tidying up meanwhile.
    while batch := examiner.batch(engine, after=checks[-1].number if checks else 0, numbers=numbers):
        checks += batch
        if progress is not None:
            progress(len(checks), total)
    there = {check.number for check in checks} if numbers is None else None
    stamps = tuple(_stamp_check(proof, proofs, there, on_stamp(proof.stamp, records, told)) for proof in proofs)
    missing = list(on_missing("dấu lưu trữ số {}".format, logged[1], {one.stamp.id for one in proofs}))
    if there is not None:
        missing += on_missing("bản nộp số {}".format, logged[0], there)
    return ArchiveReport(now, tuple(checks), stamps, audit.verify(engine).broken_at, tuple(missing))


def _stamp_check(
    proof: StampProof, proofs: tuple[StampProof, ...], there: set[int] | None, differences: Iterable[Finding]
) -> StampCheck:
    """``there``: the submissions that are kept; None where not all were looked at."""
    stamp = proof.stamp
    gone = list(_gone(proof, {one.stamp.id for one in proofs}, proof.entries.keys() if there is None else there))
    return StampCheck(
        number=stamp.id,
        kind=stamp.kind,
        stamped_at=proof.time,
        good_until=proof.found.good_until or stamp.good_until,
        authority=stamp.authority,
        submissions=len(proof.entries),
        holds=proof.holds,
        judged_at=proof.judged_at,
        renewed=proof.renewed,
        findings=(*proof.findings, *gone, *differences),
    )


def _gone(proof: StampProof, stamps: set[int], there: Collection[int]) -> Iterator[Finding]:
    """What a stamp covers and what is not there any more."""
    if not proof.holds:
        return
    reason = f"có trong danh sách đã đóng dấu số {proof.stamp.id}, nay không còn"
    for number in sorted(one for one in proof.entries if one not in there):
        yield finding("BS280", what=f"Bản nộp số {number}", reason=reason)
    for number in sorted(proof.stamps.keys() - stamps):
        yield finding("BS280", what=f"Dấu lưu trữ số {number}", reason=reason)


@dataclass(slots=True)
class _Examiner:
    """What all submissions are examined with."""

    trusts: Trusts
    proofs: tuple[StampProof, ...]
    now: datetime
    policy: Policy
    records: Records
    order: Order
    shelf: Shelf = field(default_factory=Shelf)
    events: Mapping[int, AuditEvent] = field(default_factory=dict)

    def batch(self, engine: Engine, *, after: int, numbers: Collection[int] | None) -> list[SubmissionCheck]:
        """The next submissions after a number."""
        with reading(engine) as connection:
            found = archive.numbers_after(connection, after, _BATCH, numbers=numbers)
            entered = archive.covers_of(connection, found)
            self.records.read_on(connection)
            self.events = events_on(connection, map(self.records.submissions.get, found))
            return [
                self._unreadable(number) if kept is None else self._check(connection, kept, entered.get(number, ()))
                for number, kept in each_kept(connection, found)
            ]

    def _unreadable(self, number: int) -> SubmissionCheck:
        fault = unreadable(number)
        return SubmissionCheck(
            number, "", None, None, None, "", "", Proof.RECORD, self.now, Proof.RECORD, findings=(fault,)
        )

    def _check(self, connection: Connection, kept: KeptSubmission, entered: tuple[int, ...]) -> SubmissionCheck:
        holding = hold(connection, kept, self.shelf)
        covering, findings = self._covered(connection, holding, entered)
        proven = min((one.time for one in covering), default=None)
        moments = [(proven, Proof.ARCHIVE_STAMP)] if proven is not None else []
        moments.append((kept.received_at, Proof.RECORD))
        then = stored_verdict(kept.verdict)
        result = _Result("", *moments[0])
        if not holding.workbook.fault:
            result = self._judged(holding, then, moments)
            findings += on_figures(connection, kept, holding.workbook.data)
        return SubmissionCheck(
            number=kept.id,
            status=kept.status,
            form=kept.form,
            unit=kept.unit_code,
            period=kept.period,
            then=str(then.get("outcome", "")),
            now=result.outcome,
            proof=Proof.SIGNATURE_STAMP if result.stamped else result.proof,
            existed=result.moment,
            existed_by=result.proof,
            findings=(*holding.faults(), *findings, *result.findings, *self._recorded(kept, then)),
        )

    def _recorded(self, kept: KeptSubmission, then: Mapping[str, Any]) -> Iterator[Finding]:
        """What its row says otherwise than the log, and than its own verdict of the last signature."""
        yield from on_submission(kept, self.records, self.events, self.order)
        signatures = then.get("signatures", ())
        last = signatures[-1] if signatures else {}
        told = last.get("signer", ""), last.get("certificate_sha256", "")
        if then and told != (kept.signer, kept.certificate_sha256):
            yield finding("BS282", reason="người ký ghi ở bản nộp không phải người ký trong kết quả đã lưu")

    # -- what stamps say of it ------------------------------------------------------------------------------------

    def _covered(
        self, connection: Connection, holding: Holding, entered: tuple[int, ...]
    ) -> tuple[list[StampProof], list[Finding]]:
        """The stamps that hold and cover its bytes, and what is other than when it was stamped."""
        number = holding.kept.id
        line = line_digest(line_of(holding.entry))
        covering: list[StampProof] = []
        findings: list[Finding] = []
        listed: set[int] = set()
        for proof in self.proofs:
            said = proof.entries.get(number)
            if said is None:
                continue
            listed.add(proof.stamp.id)
            told = {} if said == line else _told_by(connection, proof, number)
            if said != line:
                findings += _differences(told, proof, holding)
            # Whatever else was changed since: a stamp over these very bytes proves that they were there.
            if proof.holds and (said == line or told.get("workbook") == holding.workbook.sha512):
                covering.append(proof)
        findings += _about_cover(entered, listed, covering, damaged=bool(findings) or not holding.is_whole)
        return covering, list(dict.fromkeys(findings))

    # -- what its signatures say --------------------------------------------------------------------------------------

    def _judged(self, holding: Holding, then: Mapping[str, Any], moments: list[tuple[datetime, Proof]]) -> _Result:
        """Judged as at each moment until it is as it was; where it never is, as at the first."""
        trust = self.trusts.for_evidence(holding.evidence)
        policy = _policy_of(then, self.policy)
        first: _Result | None = None
        for moment, proof in moments:
            verdict = verify_package(holding.workbook.data, trust, now=self.now, existed=moment, policy=policy)
            result = _result(verdict, then, moment, proof)
            if not result.findings:
                return result
            first = first or result
        return first or _Result("", *moments[0])


@dataclass(frozen=True, slots=True)
class _Result:
    """The verdict as at a moment, held against the stored one. ``stamped``: every signature has a stamp of its own."""

    outcome: str
    moment: datetime
    proof: Proof
    stamped: bool = False
    findings: tuple[Finding, ...] = ()


def _result(verdict: Verdict, then: Mapping[str, Any], moment: datetime, proof: Proof) -> _Result:
    reasons = list(_changes(verdict, then))
    found = (finding("BS282", reason="; ".join(reasons)),) if reasons else ()
    stamped = bool(verdict.signatures) and all(one.time.stamped for one in verdict.signatures)
    return _Result(str(verdict.outcome), moment, proof, stamped, found)


def _changes(verdict: Verdict, then: Mapping[str, Any]) -> Iterator[str]:
    """How the verdict differs from the stored one."""
    before, after = str(then.get("outcome", "")), str(verdict.outcome)
    if not then:
        yield "kết quả đã lưu không còn hoặc không đọc được"
        return
    # What could not be told then may have become known since; that is no difference.
    if before != after and (before, after) != (Outcome.UNDETERMINED, Outcome.VALID):
        yield f"khi nhận {_OUTCOMES.get(before, before)}, nay {_OUTCOMES[after]}{_why(verdict)}"
    told = then.get("signatures", ())
    if len(told) != len(verdict.signatures):
        yield f"khi nhận {len(told)} chữ ký, nay {len(verdict.signatures)}"
        return
    for place, (old, new) in enumerate(zip(told, verdict.signatures, strict=True), start=1):
        changed = [
            words
            for words, was, now in (
                ("chứng thư", old.get("certificate_sha256"), new.certificate_sha256),
                ("toàn vẹn", old.get("intact"), new.intact),
                ("phủ hết tệp", old.get("covered"), new.covered),
            )
            if was != now
        ]
        if changed:
            yield f"chữ ký {place} khác về {', '.join(changed)}"


def _why(verdict: Verdict) -> str:
    codes = ", ".join(dict.fromkeys(one.code for one in verdict.findings))
    return f" ({codes})" if codes else ""


def _policy_of(then: Mapping[str, Any], policy: Policy) -> Policy:
    """What was demanded then. Of another version it is known only whether it missed a time stamp."""
    if then.get("policy_version") == policy.version:
        return policy
    missed = any(one.get("code") == "BS276" for one in then.get("findings", ()))
    return replace(policy, require_time_stamp=missed)


def _about_cover(
    entered: tuple[int, ...], listed: set[int], covering: list[StampProof], *, damaged: bool
) -> Iterator[Finding]:
    for number in entered:
        if number not in listed:
            yield finding("BS283", stamp=str(number), reason="danh sách được đóng dấu không có bản nộp này")
    if not entered and not listed:
        yield finding("BS285")
    elif listed and not covering and not damaged:
        numbers = ", ".join(map(str, sorted(listed)))
        yield finding("BS283", stamp=numbers, reason="không dấu nào phủ bản nộp này còn giá trị")


def _differences(told: Mapping[str, Any], proof: StampProof, holding: Holding) -> Iterator[Finding]:
    """In what a submission is other than when it was stamped; what is damaged is told of already."""
    now, stamp = holding.entry.to_dict(), str(proof.stamp.id)
    damaged = {one.name for one in holding.evidence if one.fault}
    kept = {(one["name"], one["sha512"]) for one in now["evidence"]}
    for one in told.get("evidence", ()):
        if (one["name"], one["sha512"]) not in kept and one["name"] not in damaged:
            yield finding("BS281", what=kind_words(one["name"]), reason=f"có lúc đóng dấu số {stamp}, nay không còn")
    if told.get("verdict") != now["verdict"]:
        yield finding("BS282", reason=f"kết quả đang lưu không phải kết quả đã đóng dấu số {stamp}")
    if len(now["evidence"]) > len(told.get("evidence", ())):
        yield finding("BS283", stamp=stamp, reason="chứng cứ được thêm vào sau khi đóng dấu")
    broken = {"workbook"} if holding.workbook.fault else set()
    broken |= {"attachments"} if any(one.fault for one in holding.attachments) else set()
    others = [words for name, words in _FIELDS.items() if name not in broken and told.get(name) != now[name]]
    if others:
        yield finding("BS283", stamp=stamp, reason=f"khác với lúc đóng dấu về {', '.join(others)}")


def _told_by(connection: Connection, proof: StampProof, number: int) -> Mapping[str, Any]:
    try:
        manifest = get_blob(connection, proof.stamp.manifest_sha256) or b""
    except DamagedBlobError:
        return {}
    return entry_in(manifest, number) or {}
