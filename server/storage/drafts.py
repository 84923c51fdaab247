"""Drafts of form versions: what owners work on before it is issued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from server.storage.tables import FORM_DRAFT


@dataclass(frozen=True, slots=True)
class DraftRecord:
    """A draft without its workbook; ``findings`` is the JSON of what was wrong when it was saved."""

    form: str
    version: str
    title: str
    template_sha256: str
    findings: str
    saved_at: datetime
    saved_by: str


_COLUMNS = tuple(FORM_DRAFT.c[name] for name in DraftRecord.__dataclass_fields__)


def put_draft(connection: Connection, record: DraftRecord, template: bytes) -> None:
    """Stores a draft in place of the one of the same form and version."""
    delete_draft(connection, record.form, record.version)
    values = {name: getattr(record, name) for name in DraftRecord.__dataclass_fields__}
    connection.execute(insert(FORM_DRAFT).values(**values, template=template))


def delete_draft(connection: Connection, form: str, version: str, *, template_sha256: str | None = None) -> bool:
    """Removes a draft, or only if it is of just this workbook; False where there was none."""
    statement = delete(FORM_DRAFT).where(FORM_DRAFT.c.form == form, FORM_DRAFT.c.version == version)
    if template_sha256 is not None:
        statement = statement.where(FORM_DRAFT.c.template_sha256 == template_sha256)
    return connection.execute(statement).rowcount > 0


def drafts(connection: Connection, form: str | None = None) -> tuple[DraftRecord, ...]:
    """All drafts, or those of one form, by form and version."""
    query = select(*_COLUMNS).order_by(FORM_DRAFT.c.form, FORM_DRAFT.c.version)
    if form is not None:
        query = query.where(FORM_DRAFT.c.form == form)
    return tuple(DraftRecord(**row._mapping) for row in connection.execute(query))


def draft_template(connection: Connection, form: str, version: str) -> bytes | None:
    """The workbook of a draft."""
    query = select(FORM_DRAFT.c.template).where(FORM_DRAFT.c.form == form, FORM_DRAFT.c.version == version)
    found: bytes | None = connection.execute(query).scalar()
    return found
