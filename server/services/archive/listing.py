"""The stamps of the archive as they are recorded, and what waits; nothing is proved here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from server.services.archive.proving import due
from server.services.archive.stamping import RENEWAL
from server.storage import archive
from server.storage.archive import StoredStamp
from server.storage.engine import reading


@dataclass(frozen=True, slots=True)
class ListedStamp:
    """A stamp as it is recorded.

    Attributes:
        renewed: whether a later renewal stands for it.
        due: whether it must be renewed before long.
    """

    stamp: StoredStamp
    renewed: bool
    due: bool

    def to_dict(self) -> dict[str, Any]:
        """The wire form."""
        return {
            "number": self.stamp.id,
            "kind": self.stamp.kind,
            "stamped_at": self.stamp.stamped_at.isoformat(),
            "good_until": self.stamp.good_until.isoformat(),
            "authority": self.stamp.authority,
            "digest": self.stamp.digest,
            "manifest_sha256": self.stamp.manifest_sha256,
            "renewed": self.renewed,
            "due": self.due,
        }


@dataclass(frozen=True, slots=True)
class ArchiveList:
    """The stamps in their order, and how many submissions wait for one."""

    stamps: tuple[ListedStamp, ...]
    not_stamped: int

    def to_dict(self) -> dict[str, Any]:
        """The wire form, as ``bieuso archive list --json`` prints it."""
        return {"stamps": [one.to_dict() for one in self.stamps], "not_stamped": self.not_stamped}


def list_archive(engine: Engine, *, now: datetime) -> ArchiveList:
    """What is recorded."""
    with reading(engine) as connection:
        found, waiting = archive.stamps(connection), archive.count_uncovered(connection)
    return ArchiveList(tuple(_listed(one, found, now) for one in found), waiting)


def _listed(stamp: StoredStamp, all_stamps: Sequence[StoredStamp], now: datetime) -> ListedStamp:
    renewed = any(one.kind == RENEWAL and one.id > stamp.id for one in all_stamps)
    return ListedStamp(stamp, renewed, not renewed and any(due(stamp, stamp.good_until, now)))
