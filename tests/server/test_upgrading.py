"""A database of the first schema, filled by the service of that time, brought to the newest one on both databases.

tests/specimens/databases/schema-0001.json.gz: every row that the service had written when its schema was 0001.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import uuid
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError as SqlError

from form_templates.model import CellKey
from form_templates.serial import digest, from_json, to_json
from form_templates.stamp import embedded_history, embedded_version
from formulas.checking import check
from server.services import audit, totals
from server.services.catalogues.entries import view
from server.services.issuing import issue_workbook
from server.services.lineage import lineage
from server.services.publishing import list_forms
from server.services.submissions import get_submission, workbook_of
from server.storage import schema
from server.storage.engine import connect, reading, writing
from server.storage.tables import METADATA
from tests.databases import PostgresServer
from tests.server.world import FORM, KEYS, NOW, PERIOD, key
from workbooks.workbook import open_workbook

SPECIMEN = Path(__file__).parents[1] / "specimens" / "databases" / "schema-0001.json.gz"


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database at schema 0001 with its rows."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'bieuso.db'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        name = f"t_{uuid.uuid4().hex}"
        server.execute(f"CREATE DATABASE {name}")
        url = server.url(name)
    engine = connect(url)
    with writing(engine) as connection:
        _first_schema(connection)
        for table, rows in json.loads(gzip.decompress(SPECIMEN.read_bytes())).items():
            _insert(connection, table, rows)
    yield engine
    engine.dispose()


def _first_schema(connection: Connection) -> None:
    script = schema._script()
    steps = lambda revision, _context: script._upgrade_revs("0001", revision)  # noqa: E731 - alembic wants a function
    with EnvironmentContext(Config(), script, fn=steps) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()


def _insert(connection: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    columns = ", ".join(rows[0])
    values = ", ".join(f":{column}" for column in rows[0])
    plain = [
        {name: base64.b64decode(value["base64"]) if isinstance(value, dict) else value for name, value in row.items()}
        for row in rows
    ]
    insert = f"INSERT INTO {table} ({columns}) VALUES ({values})"  # noqa: S608 - names from our own specimen
    connection.execute(text(insert), plain)
    if connection.dialect.name == "postgresql" and "id" in rows[0] and table != "audit_event":
        last = max(row["id"] for row in rows)
        connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})"))


def test_everything_kept_since_the_first_schema_still_reads(old: Engine) -> None:
    assert schema.current(old) == "0001"

    schema.upgrade(old)

    assert schema.current(old) == schema.head()
    with reading(old) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
    crop_form, procedures = list_forms(old)
    assert (crop_form.form, crop_form.withdrawn_from) == (FORM, None)
    assert (procedures.form, procedures.withdrawn_from) == ("KTXH-14.T", procedures.effective_from)
    assert audit.verify(old).ok
    assert totals.check(old).ok
    assert totals.rebuild(old, now=NOW) > 0
    assert totals.check(old).ok
    assert view(old, "indicators", date(2026, 9, 30)).entries


def test_submissions_of_then_keep_their_words_and_their_bytes(old: Engine) -> None:
    schema.upgrade(old)
    with reading(old) as connection:
        rows = connection.execute(text("SELECT id, status, source, blob_sha256 FROM submission ORDER BY id")).all()

    assert [row.status for row in rows] == ["accepted"] * 2 + ["superseded"] + ["accepted"] * 2 + ["refused"]
    for row in rows[2:]:
        assert hashlib.sha256(workbook_of(old, row.id)).hexdigest() == row.blob_sha256
    (finding,) = get_submission(old, rows[-1].id).findings
    assert (finding.code, finding.explanation) == ("BS607", "")


def test_a_form_of_then_keeps_its_text_and_its_digest_in_books_and_in_the_registry(old: Engine) -> None:
    schema.upgrade(old)

    for record in list_forms(old):
        assert to_json(from_json(record.model)) == record.model
        assert digest(from_json(record.model)) == record.digest
    workbook = workbook_of(old, 3)
    carried = embedded_version(open_workbook(workbook))
    assert carried is not None
    assert digest(carried) == list_forms(old)[0].digest
    assert check(workbook).findings == ()


def test_totals_of_then_lead_to_their_cells(old: Engine) -> None:
    schema.upgrade(old)

    found = lineage(old, unit="86", form=FORM, period=PERIOD, key=key("04", 2))

    assert {source.unit: source.value for source in found.sources} == {"28756": 12, "28807": 20}


def test_the_old_form_is_issued_on_with_what_was_reported(old: Engine) -> None:
    schema.upgrade(old)

    data = issue_workbook(old, form=FORM, unit="28756", period="2026-M10", stamp_key=KEYS[0], now=NOW)

    history = embedded_history(open_workbook(data))
    assert history[CellKey("T1", "04", "2")].median == 12.0


def test_what_never_changes_is_still_guarded(old: Engine) -> None:
    schema.upgrade(old)

    for statement in ("UPDATE form_version SET model = 'x'", "UPDATE fact SET value = 1", "DELETE FROM audit_event"):
        with pytest.raises(SqlError), writing(old) as connection:
            connection.execute(text(statement))
