"""The registry of published form versions, and their cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from form_templates.model import CellKey, CellSpec
from server.storage.dialects import upsert
from server.storage.engine import lock
from server.storage.tables import CELL, FORM_VERSION, SUBMISSION

_LOCK = 0x6269_6575_0003


@dataclass(frozen=True, slots=True)
class FormRecord:
    """A published version as it is stored; ``model`` is the canonical JSON that ``digest`` is taken of."""

    id: int
    form: str
    version: str
    title: str
    model: str
    digest: str
    template_sha256: str
    decision: str
    decided_on: date | None
    effective_from: date
    published_at: datetime
    status: str
    withdrawn_from: date | None = None
    withdrawal_reason: str | None = None

    def withdrawn_on(self, day: date) -> bool:
        """Whether the version may no longer be used for a period that ends on that day; it may always be read."""
        return self.withdrawn_from is not None and self.withdrawn_from <= day


@dataclass(frozen=True, slots=True)
class StoredCell:
    """A cell of a form version: what a fact's integer means."""

    id: int
    key: CellKey
    decimals: int
    aggregation: str


def lock_forms(connection: Connection) -> None:
    """Keeps others from publishing and withdrawing until this transaction ends; taken before anything is read."""
    lock(connection, _LOCK)


def insert_form_version(connection: Connection, **values: object) -> int:
    """Stores a new version; returns its id."""
    key = connection.execute(insert(FORM_VERSION).values(**values)).inserted_primary_key
    return int(key[0]) if key is not None else 0


def set_withdrawal(connection: Connection, form_version_id: int, *, day: date, reason: str) -> None:
    """The one thing about a version that may change."""
    values = {"status": "withdrawn", "withdrawn_from": day, "withdrawal_reason": reason}
    connection.execute(update(FORM_VERSION).where(FORM_VERSION.c.id == form_version_id).values(values))


def form_version(connection: Connection, form: str, version: str) -> FormRecord | None:
    """One version of a form."""
    query = select(FORM_VERSION).where(FORM_VERSION.c.form == form, FORM_VERSION.c.version == version)
    return _record(connection.execute(query).first())


def form_versions(connection: Connection, form: str | None = None) -> tuple[FormRecord, ...]:
    """All versions, by form and by the day they take effect."""
    query = select(FORM_VERSION).order_by(FORM_VERSION.c.form, FORM_VERSION.c.effective_from, FORM_VERSION.c.id)
    if form is not None:
        query = query.where(FORM_VERSION.c.form == form)
    return tuple(FormRecord(**row._mapping) for row in connection.execute(query))


def version_for(connection: Connection, form: str, day: date) -> FormRecord | None:
    """Of the versions in effect on that day and not withdrawn by then, the newest; of one day, the last published."""
    not_withdrawn = or_(FORM_VERSION.c.withdrawn_from.is_(None), FORM_VERSION.c.withdrawn_from > day)
    query = (
        select(FORM_VERSION)
        .where(FORM_VERSION.c.form == form, FORM_VERSION.c.effective_from <= day, not_withdrawn)
        .order_by(FORM_VERSION.c.effective_from.desc(), FORM_VERSION.c.id.desc())
        .limit(1)
    )
    return _record(connection.execute(query).first())


def last_reported(connection: Connection, form_version_id: int) -> date | None:
    """Last day of the latest period that figures were accepted for under this version."""
    query = select(func.max(SUBMISSION.c.as_at)).where(
        SUBMISSION.c.form_version_id == form_version_id, SUBMISSION.c.status.in_(("accepted", "superseded"))
    )
    found: date | None = connection.execute(query).scalar()
    return found


def cells_of(connection: Connection, form_version_id: int) -> dict[CellKey, StoredCell]:
    """The cells of a version, member rows included."""
    query = select(CELL).where(CELL.c.form_version_id == form_version_id)
    found = (
        StoredCell(row.id, CellKey(row.table_code, row.row_code, row.column_code), row.decimals, row.aggregation)
        for row in connection.execute(query)
    )
    return {cell.key: cell for cell in found}


def ensure_cells(
    connection: Connection, form_version_id: int, wanted: Mapping[CellKey, CellSpec]
) -> dict[CellKey, StoredCell]:
    """The cells of a version, after storing those of ``wanted`` that are new (member rows come with the figures)."""
    known = cells_of(connection, form_version_id)
    missing = sorted(key for key in wanted if key not in known)
    if not missing:
        return known
    rows = [_cell_row(form_version_id, key, wanted[key]) for key in missing]
    # Sorted, and harmless where another submission stores the same member at the same time.
    connection.execute(upsert(connection, CELL).on_conflict_do_nothing(), rows)
    return cells_of(connection, form_version_id)


def _cell_row(form_version_id: int, key: CellKey, spec: CellSpec) -> dict[str, object]:
    return {
        "form_version_id": form_version_id,
        "table_code": key.table,
        "row_code": key.row,
        "column_code": key.column,
        "decimals": spec.decimals,
        "aggregation": spec.aggregation.value,
    }


def template_cells(specs: Iterable[CellSpec]) -> dict[CellKey, CellSpec]:
    """The cells that a version has by itself: all but those of repeating regions, whose rows come with the members."""
    return {spec.key: spec for spec in specs if "*" not in spec.key.row}


def _record(row: Row[tuple[object, ...]] | None) -> FormRecord | None:
    return None if row is None else FormRecord(**row._mapping)
