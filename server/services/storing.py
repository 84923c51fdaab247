"""The part of a transaction that submissions and imported history share: the entry, its facts, the totals above it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from form_templates.model import CellKey, FormVersion
from form_templates.period import Period
from server.services.figures import Figure
from server.storage.facts import Addend, FactRow, addends_of, insert_facts
from server.storage.forms import ensure_cells
from server.storage.submissions import Submission, current_submission, insert_submission, mark_superseded
from server.storage.totals import Delta, add_deltas
from server.storage.units import Unit, ancestors_at


@dataclass(frozen=True, slots=True)
class NewSubmission:
    """What is known of an entry before it is stored. ``signer`` and what follows stay empty for history."""

    form_version_id: int
    version: FormVersion
    unit: Unit
    period: Period
    source: str
    received_at: datetime
    blob_sha256: str
    account_id: int | None = None
    idempotency_key: str | None = None
    signer: str = ""
    certificate_sha256: str = ""
    signed_at: datetime | None = None
    verdict: str | None = None
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class StoredFigure:
    """A figure, and where it stands in the workbook."""

    key: CellKey
    figure: Figure
    at_row: int
    at_column: int


def store_accepted(connection: Connection, new: NewSubmission, figures: Sequence[StoredFigure]) -> int:
    """Stores an accepted entry, its facts, and the change of every total above it; returns its id.

    An earlier entry of the same form, unit and period gives way: the totals get the new figures less the old ones.

    Raises:
        TotalOverflowError: the transaction must be given up.
    """
    old = current_submission(connection, new.version.form, new.unit.id, new.period.code)
    before: tuple[Addend, ...] = ()
    if old is not None:
        before = addends_of(connection, old.id)
        mark_superseded(connection, old.id)
    specs = {figure.key: new.version.cell(figure.key) for figure in figures}
    cells = ensure_cells(connection, new.form_version_id, specs)
    submission_id = insert_submission(connection, **_row(new, old))
    facts = [
        FactRow(cells[one.key].id, one.figure.state, one.figure.scaled, one.at_row, one.at_column) for one in figures
    ]
    insert_facts(connection, submission_id, facts)
    after = [
        Addend(fact.cell_id, fact.value)
        for one, fact in zip(figures, facts, strict=True)
        if fact.value is not None and cells[one.key].aggregation == "sum"
    ]
    add_deltas(connection, _deltas(connection, new, before, after))
    return submission_id


def _row(new: NewSubmission, old: Submission | None) -> dict[str, object]:
    return {
        "form_version_id": new.form_version_id,
        "form": new.version.form,
        "unit_id": new.unit.id,
        "period": new.period.code,
        "as_at": new.period.last_day,
        "revision": 1 if old is None else old.revision + 1,
        "status": "accepted",
        "source": new.source,
        "received_at": new.received_at,
        "blob_sha256": new.blob_sha256,
        "account_id": new.account_id,
        "idempotency_key": new.idempotency_key,
        "signer": new.signer,
        "certificate_sha256": new.certificate_sha256,
        "signed_at": new.signed_at,
        "verdict": new.verdict,
        "outcome": new.outcome,
    }


def _deltas(
    connection: Connection, new: NewSubmission, before: Sequence[Addend], after: Sequence[Addend]
) -> Iterator[Delta]:
    changes: dict[int, tuple[int, int]] = {}
    for sign, addends in ((-1, before), (1, after)):
        for addend in addends:
            value, numbers = changes.get(addend.cell_id, (0, 0))
            changes[addend.cell_id] = (value + sign * addend.value, numbers + sign)
    for unit in ancestors_at(connection, new.unit, new.period.last_day):
        for cell_id, (value, numbers) in changes.items():
            yield Delta(unit.id, new.period.code, cell_id, value, numbers)
