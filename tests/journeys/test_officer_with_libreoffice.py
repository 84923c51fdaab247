from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
import xlwings as xw

from addin import actions, painting
from addin.client import Client
from addin.errors import ActionError, ClientError
from addin.libreoffice import register
from server.demo.folder import Folder
from tests.journeys.demonstration import PROVINCE, Played
from tests.journeys.reporting import leader_of
from tests.journeys.service import Service, a_client, serving
from tests.journeys.stored import proves_itself, sha256, submissions_of

FORM, PERIOD = "KTXH-14.T", "2026-M09"
NEW_FIELD = "Công chứng"
# Columns D … N of the form: 1 received = 2 online + 3 in person + 4 carried; 5 settled = 6 + 7 + 8; 9 open = 10 + 11.
ONLINE, IN_PERSON, CARRIED, EARLY, IN_TIME, LATE, OPEN, OPEN_LATE = "E", "F", "G", "I", "J", "K", "M", "N"


@pytest.fixture(scope="module")
def office() -> Iterator[xw.App]:
    register()
    with xw.App(visible=False, add_book=False) as app:
        yield app


@pytest.fixture(scope="module")
def folder(played: Played, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    path = tmp_path_factory.mktemp("officer") / "demo"
    shutil.copytree(played.path, path)
    return Folder(path)


@pytest.fixture(scope="module")
def service(folder: Folder) -> Iterator[Service]:
    with serving(folder) as running:
        yield running


@pytest.fixture(scope="module")
def unit(played: Played) -> str:
    """The commune whose form was refused for its legacy label: nothing of it is in the province's total yet."""
    return played.refusal("BS701").unit


@pytest.fixture
def client(service: Service, folder: Folder, unit: str) -> Iterator[Client]:
    with a_client(service, folder, unit) as signed_in:
        yield signed_in


@pytest.fixture
def book(office: xw.App, client: Client, unit: str, tmp_path: Path) -> Iterator[xw.Book]:
    loaded = actions.load(client, FORM, unit, PERIOD, tmp_path / "biểu của xã")
    yield loaded
    loaded.close()


def total(service: Service, column: str) -> Decimal:
    """The province's total of a column, as anybody may read it over HTTP."""
    asked = {"form": FORM, "unit": PROVINCE, "period": PERIOD}
    values = httpx.get(f"{service.url}/api/v1/totals", params=asked, timeout=60, trust_env=False).json()["values"]
    return Decimal(next(one["value"] for one in values if (one["row"], one["column"]) == ("01", column)))


def rows_of_fields(sheet: xw.Sheet) -> list[int]:
    """The rows that name a field of work."""
    last = next(row for row in range(10, 40) if sheet[f"B{row}"].value == "01*")
    return [row for row in range(10, last) if sheet[f"A{row}"].value]


def type_a_row(sheet: xw.Sheet, row: int, figures: Sequence[int]) -> int:
    """Types online, in person, early, in time, late, open late; the rest is still open. Returns what was received."""
    online, in_person, early, in_time, late, open_late = figures
    received = online + in_person + int(sheet[f"{CARRIED}{row}"].value or 0)
    typed = {ONLINE: online, IN_PERSON: in_person, EARLY: early, IN_TIME: in_time, LATE: late, OPEN_LATE: open_late}
    for column, figure in {**typed, OPEN: received - early - in_time - late - open_late}.items():
        sheet[f"{column}{row}"].value = figure
    return received


def insert_a_field(sheet: xw.Sheet) -> int:
    """A row between two others, as an officer inserts one; returns where it is."""
    sheet.api.unprotect("")
    row = rows_of_fields(sheet)[-1]
    sheet[f"{row}:{row}"].insert("down")
    sheet[f"A{row}"].value = NEW_FIELD
    return row


def test_an_officer_loads_types_is_corrected_signs_and_sends(
    book: xw.Book, client: Client, service: Service, folder: Folder, unit: str
) -> None:
    sheet = book.sheets[0]
    before = total(service, "1")
    carried = rows_of_fields(sheet)
    added = insert_a_field(sheet)
    rows = rows_of_fields(sheet)
    received = sum(type_a_row(sheet, row, (40 + row, 12, 21, 9, 1, 1)) for row in rows)
    # Two slips of the hand: a number typed as text, and more cases settled than came in.
    sheet[f"{IN_PERSON}{rows[0]}"].number_format = "@"
    sheet[f"{IN_PERSON}{rows[0]}"].value = "1.234,5"
    sheet[f"{EARLY}{added}"].value = 5000

    report = actions.check(book)

    wrong = {finding.cell: finding for finding in report.findings}
    assert not report.ok
    assert wrong[f"{IN_PERSON}{rows[0]}"].code == "BS601"
    assert {finding.code for finding in report.findings} == {"BS601", "BS501"}
    marked = sheet[f"{IN_PERSON}{rows[0]}"]
    assert marked.color == painting.RED
    assert "→" in marked.note.text
    assert f"D{added}" in wrong
    with pytest.raises(ActionError, match="chưa ký được"):
        actions.sign(book, leader_of(folder, unit))

    sheet[f"{IN_PERSON}{rows[0]}"].number_format = "General"
    sheet[f"{IN_PERSON}{rows[0]}"].value = 12
    sheet[f"{EARLY}{added}"].value = 21
    report = actions.check(book)
    path = actions.sign(book, leader_of(folder, unit)).path
    reply = actions.send(book, client)
    again = actions.send(book, client)

    assert report.findings == ()
    assert sheet[f"{IN_PERSON}{rows[0]}"].note is None
    assert len(rows) == len(carried) + 1
    assert reply.accepted, reply.findings
    assert (again.id, again.repeated) == (reply.id, True)
    assert total(service, "1") == before + received
    assert [(status, blob) for status, blob, _ in submissions_of(folder, FORM, unit)][-1] == (
        "accepted",
        sha256(path.read_bytes()),
    )
    assert proves_itself(folder)
    assert any(one["sheet"] == FORM and one["unit"] == unit for one in sources(service, NEW_FIELD))


def sources(service: Service, field: str) -> list[dict[str, str]]:
    """The signed cells behind the province's total of one field of work."""
    asked = {"form": FORM, "unit": PROVINCE, "period": PERIOD, "table": "T1", "row": f"01*#{field}", "column": "2"}
    reply = httpx.get(f"{service.url}/api/v1/lineage", params=asked, timeout=60, trust_env=False)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, str]] = reply.json()["sources"]
    return found


def test_the_service_refuses_what_another_unit_loads_and_nothing_moves(
    office: xw.App, service: Service, folder: Folder, played: Played, tmp_path: Path
) -> None:
    other = played.accepted(FORM)[0]
    before = total(service, "1")

    with a_client(service, folder, other) as client, pytest.raises(ClientError, match="không được xem"):
        actions.load(client, FORM, played.refusal("BS701").unit, PERIOD, tmp_path)

    assert list(tmp_path.iterdir()) == []
    assert total(service, "1") == before
