"""What the stamps of the archive prove, walking back from the newest.

The newest is judged as at now by what is trusted today. Each earlier one is judged as at the time of the next later
stamp that covers it and holds, with what was kept of its authority: so a chain of stamps proves the time of the first
although the certificates of all earlier authorities have expired (as RFC 4998 has it).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from server.services.archive.holdings import Document, evidence_faults, read_document
from server.services.archive.manifests import Listed, Manifest, ManifestError, StampEntry, read_manifest
from server.services.archive.trusts import Trusts
from server.storage import archive
from server.storage.archive import Named, StoredStamp
from signing.findings import finding
from signing.stamping import TimeStamp, assess_time_stamp
from signing.trust import Trust
from signing.verdict import StampStatus
from signing.wording import date_text
from workbooks.finding import Finding

RENEW_WITHIN: Final = timedelta(days=180)
# What a stamp may still rest on for years. A digest that weakens is taken out here first, while its stamps still count.
LASTING_DIGESTS: Final = frozenset({"sha256", "sha384", "sha512"})
_NOTHING: Final = TimeStamp(StampStatus.BAD)


@dataclass(frozen=True, slots=True)
class StampProof:
    """What one stamp proves.

    Attributes:
        judged_at: the moment as at which its authority was judged.
        renewed: whether a later stamp that holds covers it, so that its own authority may expire.
        found: what the token proves by itself.
        manifest: what it covers; None where that cannot be read.
        entry: what a renewal says of it; None where its documents cannot be read.
        findings: what is wrong, and what is to be done before long.
    """

    stamp: StoredStamp
    judged_at: datetime
    renewed: bool
    found: TimeStamp
    manifest: Manifest | None
    entry: StampEntry | None
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether it proves that its manifest existed at ``time``."""
        return self.found.status is StampStatus.GOOD and self.manifest is not None and self.found.time is not None

    @property
    def time(self) -> datetime:
        """The time it proves; that of the record where it proves none."""
        return self.found.time or self.stamp.stamped_at

    @property
    def entries(self) -> Mapping[int, bytes]:
        """The submissions it covers."""
        return self.manifest.entries if self.manifest is not None else {}

    @property
    def stamps(self) -> Mapping[int, StampEntry]:
        """The earlier stamps it covers."""
        return self.manifest.stamps if self.manifest is not None else {}

    @property
    def is_due(self) -> bool:
        """Whether it must be renewed before long."""
        return any(one.code == "BS284" for one in self.findings)


def prove_stamps(connection: Connection, trust: Trust, now: datetime) -> tuple[StampProof, ...]:
    """Judges every stamp; in the order in which they were given."""
    trusts = Trusts(trust)
    proofs: list[StampProof] = []
    for stamp in reversed(archive.stamps(connection)):
        proofs.append(_prove(connection, stamp, proofs, trusts, now))
    return tuple(reversed(proofs))


def due(
    stamp: StoredStamp, good_until: datetime, now: datetime, lasting: Collection[str] = LASTING_DIGESTS
) -> Iterator[Finding]:
    """Whether a stamp that no other covers must be renewed."""
    if stamp.digest not in lasting:
        reason = f"thuật toán băm {stamp.digest} không còn đủ lâu dài"
        yield finding("BS284", stamp=str(stamp.id), reason=reason)
    elif good_until - now <= RENEW_WITHIN:
        reason = f"chứng thư của {stamp.authority} hết hạn ngày {date_text(good_until)}"
        yield finding("BS284", stamp=str(stamp.id), reason=reason)


def stamp_entry(stamp: StoredStamp, manifest: Document, token: Document, evidence: Sequence[Document]) -> StampEntry:
    """What a renewal says of a stamp."""
    listed = tuple(Listed(one.name, one.sha512) for one in evidence)
    return StampEntry(stamp.id, manifest.sha512, token.sha512, listed)


def _prove(
    connection: Connection, stamp: StoredStamp, later: Sequence[StampProof], trusts: Trusts, now: datetime
) -> StampProof:
    manifest = read_document(connection, Named("manifest", stamp.manifest_sha256))
    token = read_document(connection, Named("time-stamp", stamp.token_sha256))
    evidence = tuple(read_document(connection, one) for one in stamp.evidence)
    faults = list(_faults(stamp, (manifest, token), evidence))
    if any(one.fault for one in (manifest, token)):
        return StampProof(stamp, now, False, _NOTHING, None, None, tuple(faults))
    entry = stamp_entry(stamp, manifest, token, evidence)
    naming = [one for one in later if one.holds and one.stamps.get(stamp.id)]
    covering = [one for one in naming if one.stamps[stamp.id].is_of(entry)]
    moment = min((one.time for one in covering), default=now)
    trust = trusts.for_evidence(evidence) if covering else trusts.asking(evidence)
    found, content = assess_time_stamp(token.data, manifest.data, trust, moment), _content(manifest.data)
    faults += _changes(stamp, entry, naming)
    faults += _standing(stamp, found, content)
    faults += _about_audit(connection, stamp, content)
    if found.status is StampStatus.GOOD and not covering and found.good_until is not None:
        faults += due(stamp, found.good_until, now)
    return StampProof(stamp, moment, bool(covering), found, content, entry, tuple(faults))


def _faults(stamp: StoredStamp, own: Sequence[Document], evidence: tuple[Document, ...]) -> Iterator[Finding]:
    for document, name in zip(own, ("danh sách được đóng dấu", "dấu thời gian"), strict=True):
        if document.fault:
            yield finding("BS283", stamp=str(stamp.id), reason=f"{name}: {document.fault}")
    yield from evidence_faults(evidence)


def _changes(stamp: StoredStamp, entry: StampEntry, naming: Sequence[StampProof]) -> Iterator[Finding]:
    """What later stamps say of this one otherwise than it is now."""
    for later in naming:
        told = later.stamps[stamp.id]
        if not told.is_of(entry):
            reason = f"khác với lúc dấu số {later.stamp.id} gia hạn cho dấu này"
            yield finding("BS283", stamp=str(stamp.id), reason=reason)
        elif set(told.evidence) - set(entry.evidence):
            yield finding("BS281", what=f"của dấu lưu trữ số {stamp.id}", reason="đã bị xóa sau khi gia hạn")


def _content(data: bytes) -> Manifest | None:
    try:
        return read_manifest(data)
    except ManifestError:
        return None


def _standing(stamp: StoredStamp, found: TimeStamp, content: Manifest | None) -> Iterator[Finding]:
    if found.code == "BS271":
        reason = "danh sách được đóng dấu đã bị sửa, hoặc dấu thời gian là của danh sách khác"
    elif found.status is not StampStatus.GOOD:
        reason = found.reason
    elif content is None:
        reason = "danh sách được đóng dấu có định dạng mà bản này không đọc được"
    else:
        return
    yield finding("BS283", stamp=str(stamp.id), reason=reason)


def _about_audit(connection: Connection, stamp: StoredStamp, content: Manifest | None) -> Iterator[Finding]:
    """The stamp also names where the audit log stood."""
    if content is None or content.audit.events == 0:
        return
    known = archive.audit_hash(connection, content.audit.events)
    if known != content.audit.hash:
        reason = f"sự kiện số {content.audit.events} " + ("không còn" if known is None else "đã bị thay")
        yield finding("BS288", stamp=str(stamp.id), reason=reason)
