"""Bytes kept unchanged, addressed by their SHA-256 (decision 1)."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, select

from server.storage.dialects import upsert
from server.storage.tables import BLOB


class DamagedBlobError(Exception):
    """Stored bytes no longer have the SHA-256 they are kept under."""


def put_blob(connection: Connection, data: bytes) -> str:
    """Stores the bytes once; returns their SHA-256."""
    sha256 = hashlib.sha256(data).hexdigest()
    if connection.execute(select(BLOB.c.size).where(BLOB.c.sha256 == sha256)).first() is not None:
        return sha256  # spares sending the bytes of a revocation list again with every submission
    row = {"sha256": sha256, "size": len(data), "bytes": data}
    connection.execute(upsert(connection, BLOB).values(row).on_conflict_do_nothing())
    return sha256


def get_blob(connection: Connection, sha256: str) -> bytes | None:
    """The bytes, proved against their address; None where there are none."""
    data = connection.execute(select(BLOB.c.bytes).where(BLOB.c.sha256 == sha256)).scalar()
    if data is None:
        return None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DamagedBlobError(sha256)
    return bytes(data)
