"""Stamping the archive: a manifest over what is kept, stamped by a time-stamping authority, proved, then stored.

The authority is asked while no transaction is open. What the manifest covers never changes, so storing only has to
see whether somebody else was quicker; then it is made anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine

from server.errors import ConflictError, FindingsError
from server.services.archive.holdings import Holding, Shelf, each_kept, hold
from server.services.archive.manifests import (
    AuditHead,
    Entry,
    Listed,
    StampEntry,
    line_digest,
    line_of,
    write_manifest,
)
from server.services.archive.proving import LASTING_DIGESTS, StampProof, prove_stamps
from server.services.audit import SYSTEM, Action, record
from server.storage import archive
from server.storage.engine import reading, writing
from signing.errors import TimeStampError
from signing.evidence import Evidence
from signing.findings import error, finding
from signing.stamping import TimeStamp, TimeStamper, assess_time_stamp, imprint_algorithm
from signing.trust import Trust
from signing.verdict import StampStatus
from signing.wording import date_text, time_text
from workbooks.finding import Finding

FIRST, RENEWAL = "first", "renewal"
_ATTEMPTS: Final = 4
_BATCH: Final = 100
# A stamp of another hour means that one of the clocks is wrong, and every later judgement would rest on it.
_CLOCKS_APART: Final = timedelta(hours=1)
_UNREADABLE: Final = "bản ghi có giá trị không đọc được"
_LAST_CALL: Final = timedelta(days=30)
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class ArchiveStamp:
    """A stamp that was stored.

    Attributes:
        submissions, stamps: how many submissions and earlier stamps it covers.
        left_out: submissions that it does not cover, and why (BS287).
    """

    number: int
    kind: str
    stamped_at: datetime
    good_until: datetime
    authority: str
    digest: str
    manifest_sha256: str
    submissions: int
    stamps: int
    left_out: tuple[Finding, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The wire form."""
        return {
            "number": self.number,
            "kind": self.kind,
            "stamped_at": self.stamped_at.isoformat(),
            "good_until": self.good_until.isoformat(),
            "authority": self.authority,
            "digest": self.digest,
            "manifest_sha256": self.manifest_sha256,
            "submissions": self.submissions,
            "stamps": self.stamps,
            "left_out": [one.to_dict() for one in self.left_out],
        }


@dataclass(slots=True)
class _Draft:
    """What is to be stamped.

    Attributes:
        newest: the last stamp that was there when it was gathered.
        earlier: the stamps that a renewal covers, with what is known now of their authorities.
        until: when the first of them ends; a renewal must be good for longer. None where that is not its purpose.
    """

    kind: str
    newest: int
    manifest: bytes = b""
    numbers: list[int] = field(default_factory=list)
    earlier: Mapping[int, Evidence] = field(default_factory=dict)
    left_out: list[Finding] = field(default_factory=list)
    until: datetime | None = None


def stamp_archive(
    engine: Engine,
    stamper: TimeStamper,
    trust: Trust,
    *,
    now: datetime,
    actor: str = SYSTEM,
    progress: Progress | None = None,
) -> ArchiveStamp | None:
    """Stamps the signed submissions that no stamp covers yet; None where there are none.

    Raises:
        TimeStampError: the authority does not answer (BS277, BS278), or its stamp does not hold (BS286). Nothing is
            stored.
        FindingsError: nothing is left but submissions that are damaged (BS287).
        ConflictError: others kept being quicker.
    """
    asked = _Asked(engine, stamper, trust, now, actor)
    return _stamp(asked, lambda: _gather(engine, now, progress))


def renew_archive(
    engine: Engine,
    stamper: TimeStamper,
    trust: Trust,
    *,
    now: datetime,
    actor: str = SYSTEM,
    force: bool = False,
    progress: Progress | None = None,
) -> ArchiveStamp | None:
    """Stamps everything anew, earlier stamps included; None where no stamp is due (BS284) or there is none at all.

    None also where the authority's own certificate ends no later than what is due: it will have a new one in time, and
    until then every day would add a renewal that helps nothing. In the last month that is an error (BS286).

    With ``force`` although nothing is due, and although an earlier stamp proves nothing any more.

    Raises:
        TimeStampError: as in ``stamp_archive``; also where an earlier stamp cannot be proved now, because what would
            be missing then can never be added later (BS286).
        ConflictError: others kept being quicker.
    """
    asked = _Asked(engine, stamper, trust, now, actor)
    return _stamp(asked, lambda: _gather_all(asked, force=force, progress=progress))


@dataclass(frozen=True, slots=True)
class _Asked:
    """Where, by whom, on what trust, when and for whom a stamp is wanted."""

    engine: Engine
    stamper: TimeStamper
    trust: Trust
    now: datetime
    actor: str


def _stamp(asked: _Asked, gather: Callable[[], _Draft | None]) -> ArchiveStamp | None:
    for _ in range(_ATTEMPTS):
        draft = gather()
        if draft is None:
            return None
        token = asked.stamper.stamp(draft.manifest)
        found = assess_time_stamp(token, draft.manifest, asked.trust, asked.now)
        _refuse_unsound(found, asked.now)
        if not _helps(found, draft, asked.now):
            return None
        with writing(asked.engine) as connection:
            archive.lock_archive(connection)
            if not _was_overtaken(connection, draft):
                return _store(connection, draft, token, found, asked)
    raise ConflictError("Kho lưu trữ đang được đóng dấu ở nơi khác.", "Chạy lại sau ít phút.")


def _refuse_unsound(found: TimeStamp, now: datetime) -> None:
    if found.status is not StampStatus.GOOD or found.time is None:
        raise error(TimeStampError, "BS286", reason=found.reason.rstrip("."))
    if abs(found.time - now) > _CLOCKS_APART:
        reason = f"giờ của máy chủ cấp dấu ({time_text(found.time)}) lệch với giờ máy này ({time_text(now)})"
        raise error(TimeStampError, "BS286", reason=reason)


def _helps(found: TimeStamp, draft: _Draft, now: datetime) -> bool:
    """Whether a renewal is good for longer than what it renews."""
    if draft.until is None or found.good_until is None or found.good_until > draft.until:
        return True
    if draft.until - now <= _LAST_CALL:
        ends, offered = date_text(draft.until), date_text(found.good_until)
        reason = f"dấu lưu trữ hết hạn ngày {ends} mà chứng thư của máy chủ cấp dấu chỉ đến ngày {offered}"
        raise error(TimeStampError, "BS286", reason=reason)
    return False


def _was_overtaken(connection: Connection, draft: _Draft) -> bool:
    """Whether somebody else stamped meanwhile."""
    return archive.newest_stamp(connection) != draft.newest


def _store(connection: Connection, draft: _Draft, token: bytes, found: TimeStamp, asked: _Asked) -> ArchiveStamp:
    if found.time is None or found.good_until is None:
        raise ValueError("a stamp that holds has a time and an authority")
    values = {
        "kind": draft.kind,
        "stamped_at": found.time,
        "good_until": found.good_until,
        "authority": found.authority,
        "digest": imprint_algorithm(token),
    }
    number, manifest_sha256 = archive.insert_stamp(connection, draft.manifest, token, **values)
    archive.insert_covers(connection, number, draft.numbers)
    for stamp, evidence in (*draft.earlier.items(), (number, found.evidence)):
        for kind, documents in _kept(evidence):
            archive.add_stamp_evidence(connection, stamp, kind, documents)
    made = ArchiveStamp(
        number=number,
        kind=draft.kind,
        stamped_at=found.time,
        good_until=found.good_until,
        authority=found.authority,
        digest=imprint_algorithm(token),
        manifest_sha256=manifest_sha256,
        submissions=len(draft.numbers),
        stamps=len(draft.earlier),
        left_out=tuple(draft.left_out),
    )
    action = Action.ARCHIVE_STAMPED if draft.kind == FIRST else Action.ARCHIVE_RENEWED
    details = {name: value for name, value in made.to_dict().items() if name not in ("number", "left_out")}
    record(connection, action, at=asked.now, actor=asked.actor, subject=f"archive-stamp:{number}", details=details)
    return made


# -- what is stamped ---------------------------------------------------------------------------------------------------


def _gather(engine: Engine, now: datetime, progress: Progress | None) -> _Draft | None:
    with reading(engine) as connection:
        draft = _Draft(FIRST, archive.newest_stamp(connection))
        total = archive.count_uncovered(connection)
        entries = _entries(connection, draft, (), progress, total)
        draft.manifest = write_manifest(FIRST, now, AuditHead(*archive.audit_head(connection)), (), entries)
    if draft.left_out and not draft.numbers:
        raise FindingsError(draft.left_out)
    return draft if draft.numbers else None


def _gather_all(asked: _Asked, *, force: bool, progress: Progress | None) -> _Draft | None:
    with reading(asked.engine) as connection:
        proofs = prove_stamps(connection, asked.trust, asked.now)
        ending = [one for one in proofs if not one.renewed]
        if not proofs or not (force or any(one.is_due or not one.holds for one in ending)):
            return None
        _refuse_lost(ending, force=force)
        draft = _Draft(RENEWAL, archive.newest_stamp(connection), until=None if force else _first_end(ending))
        draft.earlier = {one.stamp.id: Evidence() if one.renewed else one.found.evidence for one in proofs if one.entry}
        head = AuditHead(*archive.audit_head(connection))
        entries = _entries(connection, draft, proofs, progress, archive.count_kept(connection))
        stamps = [_with_evidence(one.entry, draft.earlier[one.stamp.id]) for one in proofs if one.entry]
        draft.manifest = write_manifest(RENEWAL, asked.now, head, stamps, entries)
    return draft


def _first_end(ending: Iterable[StampProof]) -> datetime | None:
    """When the first authority's certificate ends; None where a digest weakens, which any new stamp mends."""
    due = [one for one in ending if one.is_due]
    if any(one.stamp.digest not in LASTING_DIGESTS for one in due):
        return None
    return min((one.found.good_until for one in due if one.found.good_until is not None), default=None)


def _with_evidence(entry: StampEntry, fresh: Evidence) -> StampEntry:
    """A stamp as a renewal names it, with what today's judgement of its authority rests on."""
    listed = [Listed(kind, hashlib.sha512(one).hexdigest()) for kind, documents in _kept(fresh) for one in documents]
    return replace(entry, evidence=tuple(dict.fromkeys((*entry.evidence, *listed))))


def _kept(evidence: Evidence) -> Iterator[tuple[str, tuple[bytes, ...]]]:
    """What is kept with a stamp: all but the token, which is the stamp itself."""
    return ((kind, documents) for kind, documents in evidence.kinds() if kind != "time-stamp")


def _refuse_lost(ending: Iterable[StampProof], *, force: bool) -> None:
    for one in ending:
        if not one.holds and not force:
            reason = one.found.reason or "danh sách hoặc dấu đã hỏng"
            told = (
                f"dấu số {one.stamp.id} hiện không chứng minh được ({reason}), gia hạn lúc này thì dấu ấy mất giá trị"
            )
            raise error(TimeStampError, "BS286", reason=told)


def _entries(
    connection: Connection, draft: _Draft, proofs: tuple[StampProof, ...], progress: Progress | None, total: int
) -> Iterator[Entry]:
    """The entries of what can be stamped, in their order; notes in the draft what they are and what is left out."""
    shelf, after, done = Shelf(), 0, 0
    while batch := archive.numbers_after(connection, after, _BATCH, uncovered=draft.kind == FIRST):
        after = batch[-1]
        for number, kept in each_kept(connection, batch):
            holding = None if kept is None else hold(connection, kept, shelf)
            why_not = _UNREADABLE if holding is None else _why_not(holding, proofs)
            if holding is None or why_not:
                draft.left_out.append(finding("BS287", number=str(number), reason=why_not))
                continue
            draft.numbers.append(number)
            yield holding.entry
        done += len(batch)
        if progress is not None:
            progress(done, total)


def _why_not(holding: Holding, proofs: tuple[StampProof, ...]) -> str:
    """Why a submission must not be stamped: what is damaged would be proved as if it had been so from the start."""
    for fault in holding.faults():
        return fault.message.rstrip(".")
    line = line_digest(line_of(holding.entry))
    for proof in proofs:
        if proof.entries.get(holding.kept.id, line) != line:
            return f"khác với lúc đóng dấu số {proof.stamp.id}"
    return ""
