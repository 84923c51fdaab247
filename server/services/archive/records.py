"""What the audit log says of what is kept: every reception and every stamp is an event in it, and stamps seal the log.

Whoever writes into the database past the service has to write the log anew as well, and cannot do it for what was
there at the last stamp.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any, Final

from sqlalchemy import Connection

from server.services.archive.manifests import moment_text
from server.services.archive.proving import StampProof
from server.services.audit import Action
from server.storage import audit
from server.storage.archive import KeptSubmission, StoredStamp
from server.storage.audit import AuditEvent
from signing.findings import finding
from signing.wording import time_text
from workbooks.finding import Finding

_RECEIVED: Final = {Action.SUBMISSION_ACCEPTED.value: "accepted", Action.SUBMISSION_REFUSED.value: "refused"}
_STAMPED: Final = {Action.ARCHIVE_STAMPED.value: "first", Action.ARCHIVE_RENEWED.value: "renewal"}
_ACTIONS: Final = (*_RECEIVED, *_STAMPED)
# An event is written a while after the moment that it names, and a clock may be put right.
_CLOCKS_APART: Final = timedelta(hours=1)
_WORDS: Final = {
    "status": "việc nhận hay từ chối",
    "at": "thời điểm",
    "sha256": "tệp đã ký",
    "certificate": "chứng thư của người ký",
    "form": "mã biểu",
    "version": "phiên bản biểu",
    "unit": "đơn vị",
    "period": "kỳ",
    "attachments": "tệp kèm theo",
    "kind": "loại dấu",
    "stamped_at": "thời điểm đóng dấu",
    "good_until": "hạn của dấu",
    "authority": "nơi cấp dấu",
    "digest": "thuật toán băm",
    "manifest_sha256": "danh sách được đóng dấu",
}


@dataclass(slots=True)
class Records:
    """The events on receptions and stamps, by the numbers of submissions and stamps: the first event of each.

    Attributes:
        read_to: number of the last event that was read.
    """

    submissions: dict[int, int] = field(default_factory=dict)
    stamps: dict[int, int] = field(default_factory=dict)
    read_to: int = 0

    def read_on(self, connection: Connection) -> None:
        """Reads what was written since. Read before what is kept, it names nothing that cannot be there yet."""
        for number, action, subject in audit.subjects(connection, _ACTIONS, after=self.read_to):
            found = self.submissions if action in _RECEIVED else self.stamps
            _, _, named = subject.partition(":")
            if named.isascii() and named.isdigit():
                found.setdefault(int(named), number)
            self.read_to = number


@dataclass(frozen=True, slots=True)
class Order:
    """The order of events and stamps: what the log got after a stamp was not received long before it."""

    heads: tuple[int, ...] = ()
    times: tuple[datetime, ...] = ()

    @classmethod
    def of(cls, proofs: Iterable[StampProof]) -> Order:
        """By the stamps that hold: how many events there were, and when at the latest so many were."""
        known = sorted((one.manifest.audit.events, one.time) for one in proofs if one.holds and one.manifest)
        return cls(tuple(events for events, _ in known), tuple(accumulate((time for _, time in known), max)))

    def belies(self, event: AuditEvent) -> str:
        """Why an event cannot be of the moment that it names, or ""."""
        before = bisect_left(self.heads, event.id)
        if before == 0 or event.at >= self.times[before - 1] - _CLOCKS_APART:
            return ""
        return (
            f"ghi giờ nhận {time_text(event.at)}, nhưng chưa có trong nhật ký lúc {time_text(self.times[before - 1])}"
        )


def events_on(connection: Connection, numbers: Iterable[int | None]) -> Mapping[int, AuditEvent]:
    """Events by their numbers; one that cannot be read is told by the proof of the log."""
    return audit.events_numbered(connection, [number for number in numbers if number is not None])


def on_submission(
    kept: KeptSubmission, records: Records, events: Mapping[int, AuditEvent], order: Order
) -> Iterator[Finding]:
    """In what a submission is other than the log says (BS289)."""
    what = f"bản nộp số {kept.id}"
    number = records.submissions.get(kept.id)
    if number is None:
        yield finding("BS289", what=what, reason="nhật ký không ghi việc nhận bản nộp này")
    event = events.get(number or 0)
    if event is None:
        return
    now = {
        "status": "refused" if kept.status == "refused" else "accepted",
        "at": moment_text(kept.received_at),
        "sha256": kept.blob_sha256,
        "certificate": kept.certificate_sha256,
        "form": kept.form,
        "version": kept.version,
        "unit": kept.unit_code,
        "period": kept.period,
        "attachments": [one.sha256 for one in kept.attachments],
    }
    said = _said(event) | {"status": _RECEIVED.get(event.action), "at": moment_text(event.at)}
    if kept.status != "refused":
        said.setdefault("attachments", [])
    yield from _told(what, now, said)
    if belied := order.belies(event):
        yield finding("BS289", what=what, reason=belied)


def on_stamp(stamp: StoredStamp, records: Records, events: Mapping[int, AuditEvent]) -> Iterator[Finding]:
    """In what a stamp is other than the log says (BS289)."""
    what = f"dấu lưu trữ số {stamp.id}"
    number = records.stamps.get(stamp.id)
    if number is None:
        yield finding("BS289", what=what, reason="nhật ký không ghi việc đóng dấu này")
    event = events.get(number or 0)
    if event is None:
        return
    now = {
        "kind": stamp.kind,
        "stamped_at": stamp.stamped_at.isoformat(),
        "good_until": stamp.good_until.isoformat(),
        "authority": stamp.authority,
        "digest": stamp.digest,
        "manifest_sha256": stamp.manifest_sha256,
    }
    yield from _told(what, now, _said(event))


def on_missing(name: Callable[[int], str], logged: Iterable[int], there: Sequence[int] | set[int]) -> Iterator[Finding]:
    """What the log says was kept, and is not there any more (BS289)."""
    for number in sorted(set(logged) - set(there)):
        yield finding("BS289", what=name(number), reason="nhật ký có ghi, nay không còn trong kho")


def _said(event: AuditEvent) -> dict[str, Any]:
    try:
        found = json.loads(event.details)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _told(what: str, now: Mapping[str, object], said: Mapping[str, object]) -> Iterator[Finding]:
    """What the event does not speak of is not held against it."""
    others = [_WORDS[name] for name, value in now.items() if name in said and said[name] != value]
    if others:
        yield finding("BS289", what=what, reason=f"khác với nhật ký về {', '.join(others)}")
