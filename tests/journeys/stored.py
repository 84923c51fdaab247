"""What a demonstration's database holds, read with SQL of the tests' own."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from server.demo.folder import Folder
from server.services import audit, totals
from server.storage.engine import connect


def rows(folder: Folder, query: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(f"file:{folder.database}?mode=ro", uri=True)
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


def counts(database: Path) -> dict[str, int]:
    """Number of rows of every table."""
    folder = Folder(database.parent)
    names = [str(name) for (name,) in rows(folder, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: int(str(rows(folder, f'SELECT count(*) FROM "{name}"')[0][0])) for name in names}  # noqa: S608 - names of our own tables


def figures(folder: Folder) -> dict[str, list[tuple[object, ...]]]:
    """Everything that figures are read from: facts of what is accepted, and kept totals."""
    accepted = "SELECT id FROM submission WHERE status = 'accepted'"
    facts = (
        "SELECT s.form, s.unit_id, s.period, f.cell_id, f.state, f.value FROM fact f JOIN submission s"  # noqa: S608 - a constant
        f" ON s.id = f.submission_id WHERE s.id IN ({accepted}) ORDER BY 1, 2, 3, 4"
    )
    return {"facts": rows(folder, facts), "totals": rows(folder, "SELECT * FROM total ORDER BY 1, 2, 3")}


def submissions_of(folder: Folder, form: str, unit: str) -> list[tuple[object, ...]]:
    """(status, SHA-256, number of facts) of everything a unit sent of a form, oldest first."""
    query = (
        "SELECT s.status, s.blob_sha256, (SELECT count(*) FROM fact WHERE submission_id = s.id) FROM submission s"
        " JOIN org_unit u ON u.id = s.unit_id WHERE s.source = 'workbook' AND s.form = ? AND u.code = ? ORDER BY s.id"
    )
    return rows(folder, query, (form, unit))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def proves_itself(folder: Folder) -> bool:
    """Whether all kept totals are what the facts add up to, and the audit trail is whole."""
    engine = connect(f"sqlite:///{folder.database}")
    try:
        return totals.check(engine).ok and audit.verify(engine).ok
    finally:
        engine.dispose()
