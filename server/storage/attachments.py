"""Files that came with a workbook. They never change; their bytes are blobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, insert, select

from server.storage.blobs import put_blob
from server.storage.tables import ATTACHMENT, BLOB


@dataclass(frozen=True, slots=True)
class StoredAttachment:
    """One file of a submission; ``number`` counts from 1 as its signed list does."""

    number: int
    name: str
    size: int
    sha256: str


def insert_attachments(connection: Connection, submission_id: int, files: Sequence[tuple[str, bytes]]) -> None:
    """Stores the files (name, content) of a submission in their order."""
    rows = [
        {"submission_id": submission_id, "number": number, "name": name, "blob_sha256": sha256(data).hexdigest()}
        for number, (name, data) in enumerate(files, start=1)
    ]
    # Blobs in one order everywhere, so that two senders of the same files never wait for each other.
    for _, data in sorted(files, key=lambda file: sha256(file[1]).digest()):
        put_blob(connection, data)
    if rows:
        connection.execute(insert(ATTACHMENT), rows)


def attachments_of(connection: Connection, submission_id: int) -> tuple[StoredAttachment, ...]:
    """The files of a submission in their order."""
    query = (
        select(ATTACHMENT.c.number, ATTACHMENT.c.name, BLOB.c.size, BLOB.c.sha256)
        .join(BLOB, BLOB.c.sha256 == ATTACHMENT.c.blob_sha256)
        .where(ATTACHMENT.c.submission_id == submission_id)
        .order_by(ATTACHMENT.c.number)
    )
    return tuple(StoredAttachment(**row._mapping) for row in connection.execute(query))
