"""What verifying the archive found: a value for each submission and each stamp, and the whole in Vietnamese."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from signing.wording import time_text
from workbooks.finding import Finding, Severity


class Proof(StrEnum):
    """What the moment rests on as at which signatures are judged."""

    SIGNATURE_STAMP = "signature-stamp"
    ARCHIVE_STAMP = "archive-stamp"
    RECORD = "record"

    @property
    def words(self) -> str:
        """For people."""
        return _PROOF_WORDS[self]


_PROOF_WORDS = {
    Proof.SIGNATURE_STAMP: "dấu thời gian của chữ ký",
    Proof.ARCHIVE_STAMP: "dấu thời gian lưu trữ",
    Proof.RECORD: "sổ của hệ thống",
}


@dataclass(frozen=True, slots=True)
class SubmissionCheck:
    """One submission verified again.

    Attributes:
        then: the outcome that was stored, or ``""``.
        now: the outcome now; ``""`` where the file cannot be read any more.
        proof: what proves when the signatures were there; a stamp in each signature counts before what stands around.
        existed: the moment by which the file is known to have been there.
        existed_by: what says so: a stamp of the archive, or the system's own record.
        findings: what is wrong (errors), or wanted before long (warnings).
    """

    number: int
    status: str
    form: str | None
    unit: str | None
    period: str | None
    then: str
    now: str
    proof: Proof
    existed: datetime
    existed_by: Proof
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it is as it was."""
        return not _has_errors(self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The wire form."""
        return {
            "number": self.number,
            "status": self.status,
            "form": self.form,
            "unit": self.unit,
            "period": self.period,
            "then": self.then,
            "now": self.now,
            "proof": str(self.proof),
            "existed": self.existed.isoformat(),
            "existed_by": str(self.existed_by),
            "ok": self.ok,
            "findings": [one.to_dict() for one in self.findings],
        }


@dataclass(frozen=True, slots=True)
class StampCheck:
    """One stamp of the archive verified again.

    Attributes:
        holds: whether it proves the time that it names.
        judged_at: the moment as at which its authority was judged.
        renewed: whether a later stamp stands for it.
    """

    number: int
    kind: str
    stamped_at: datetime
    good_until: datetime
    authority: str
    submissions: int
    holds: bool
    judged_at: datetime
    renewed: bool
    findings: tuple[Finding, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The wire form."""
        return {
            "number": self.number,
            "kind": self.kind,
            "stamped_at": self.stamped_at.isoformat(),
            "good_until": self.good_until.isoformat(),
            "authority": self.authority,
            "submissions": self.submissions,
            "holds": self.holds,
            "judged_at": self.judged_at.isoformat(),
            "renewed": self.renewed,
            "findings": [one.to_dict() for one in self.findings],
        }


@dataclass(frozen=True, slots=True)
class ArchiveReport:
    """The archive verified again.

    Attributes:
        verified_at: the moment as at which it was done.
        audit_broken_at: number of the first event of the audit log that does not fit, or None.
        missing: what the audit log says was kept, and is not there (BS289).
    """

    verified_at: datetime
    submissions: tuple[SubmissionCheck, ...]
    stamps: tuple[StampCheck, ...]
    audit_broken_at: int | None = None
    missing: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is damaged or other than it was; warnings let it be."""
        stamps = not any(_has_errors(one.findings) for one in self.stamps)
        return stamps and not self.missing and self.audit_broken_at is None and all(one.ok for one in self.submissions)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What concerns the stamps, and what is not there; what concerns a submission stands with it."""
        return (*self.missing, *(one for stamp in self.stamps for one in stamp.findings))

    @property
    def totals(self) -> dict[str, int]:
        """Counts for programs."""
        return {
            "submissions": len(self.submissions),
            "ok": sum(one.ok for one in self.submissions),
            "with_errors": sum(not one.ok for one in self.submissions),
            "by_signature_stamp": self._resting_on(Proof.SIGNATURE_STAMP),
            "by_archive_stamp": self._resting_on(Proof.ARCHIVE_STAMP),
            "by_record": self._resting_on(Proof.RECORD),
            "not_stamped": self._with_code("BS285"),
            "stamps": len(self.stamps),
            "stamps_holding": sum(one.holds for one in self.stamps),
        }

    def to_dict(self) -> dict[str, Any]:
        """The wire form, as ``bieuso verify --archive --json`` prints it."""
        return {
            "ok": self.ok,
            "verified_at": self.verified_at.isoformat(),
            "totals": self.totals,
            "audit_broken_at": self.audit_broken_at,
            "missing": [one.to_dict() for one in self.missing],
            "stamps": [one.to_dict() for one in self.stamps],
            "submissions": [one.to_dict() for one in self.submissions],
        }

    def lines(self) -> Iterator[str]:
        """For people: the whole first, then what must be looked at."""
        counts = self.totals
        yield (
            f"{counts['submissions']} bản nộp đã xác minh lại lúc {time_text(self.verified_at)}: {counts['ok']} như "
            f"khi nhận, {counts['with_errors']} có lỗi."
        )
        yield (
            f"Thời điểm dựa vào: {Proof.SIGNATURE_STAMP.words} {counts['by_signature_stamp']}, "
            f"{Proof.ARCHIVE_STAMP.words} {counts['by_archive_stamp']}, {Proof.RECORD.words} {counts['by_record']} "
            "bản nộp."
        )
        yield f"{counts['stamps']} dấu lưu trữ, {counts['stamps_holding']} dấu còn chứng minh được."
        if counts["not_stamped"]:
            yield f"{counts['not_stamped']} bản nộp chưa đóng dấu lưu trữ (BS285): chạy bieuso archive stamp."
        if self.audit_broken_at is not None:
            yield f"Nhật ký hệ thống bị sửa từ sự kiện số {self.audit_broken_at}: chạy bieuso audit verify."
        yield from (f"{one.code} {one.message}" for one in self.missing)
        for stamp in self.stamps:
            yield from (f"Dấu lưu trữ số {stamp.number}: {one.code} {one.message}" for one in stamp.findings)
        for check in self.submissions:
            yield from (f"{_name_of(check)}: {one.code} {one.message}" for one in check.findings if _told(one))

    def _resting_on(self, proof: Proof) -> int:
        return sum(one.proof is proof for one in self.submissions)

    def _with_code(self, code: str) -> int:
        return sum(any(one.code == code for one in check.findings) for check in self.submissions)


def _name_of(check: SubmissionCheck) -> str:
    where = f" ({check.form}, {check.unit}, {check.period})" if check.form else ""
    return f"Bản nộp số {check.number}{where}"


def _told(found: Finding) -> bool:
    """Thousands may wait for their stamp: they are counted and not listed."""
    return found.code != "BS285"


def _has_errors(findings: tuple[Finding, ...]) -> bool:
    return any(one.severity is Severity.ERROR for one in findings)
