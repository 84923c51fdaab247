from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from addin.replies import SubmissionReply
from form_templates.model import CellKey
from formulas.freezing import freeze
from server.demo.folder import Folder
from server.demo.numbers import Commune
from signing.sign import sign_package
from tests.journeys.demonstration import PROVINCE, Played
from tests.journeys.official_sheets import Official
from tests.journeys.reporting import a_report, filled, leader_of, version_in
from tests.journeys.service import Service, a_client, serving
from tests.journeys.stored import proves_itself, sha256, submissions_of

FORM, PERIOD = "KTXH-10.Q", "2026-Q3"
PIGS = CellKey("T1", "04", "2")
# All tests share one service; each revises the form of a commune of its own.
FIRST, MERGED, REFUSED, EARLIER = (Commune(code, is_ward=True) for code in ("28777", "28789", "28807", "28810"))


@pytest.fixture(scope="module")
def folder(played: Played, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    path = tmp_path_factory.mktemp("revising") / "demo"
    shutil.copytree(played.path, path)
    return Folder(path)


@pytest.fixture(scope="module")
def service(folder: Folder) -> Iterator[Service]:
    with serving(folder) as running:
        yield running


def pigs_of(folder: Folder, commune: Commune) -> int:
    """The number in the workbook that the commune signed, read with openpyxl."""
    shown = Official(folder.sent / FORM / f"{commune.code}.xlsx").grid(FORM)["04", "2"]
    return int(shown.number or 0)


def revise(folder: Folder, service: Service, commune: Commune, pigs: int) -> tuple[bytes, SubmissionReply]:
    """The commune fetches the form again, types another number of pigs, signs and sends."""
    with a_client(service, folder, commune.code) as client:
        revised = a_report(folder, client, FORM, commune, {PIGS: pigs})
        return revised, client.submit(revised, f"{commune.code}.xlsx")


def asked(service: Service, what: str, unit: str) -> dict[str, object]:
    place = {"form": FORM, "unit": unit, "period": PERIOD}
    cell = {"table": PIGS.table, "row": PIGS.row, "column": PIGS.column} if what == "lineage" else {}
    reply = httpx.get(f"{service.url}/api/v1/{what}", params={**place, **cell}, timeout=60, trust_env=False)
    assert reply.status_code == 200, reply.text
    found: dict[str, object] = reply.json()
    return found


def total(service: Service) -> Decimal:
    values = asked(service, "totals", PROVINCE)["values"]
    assert isinstance(values, list)
    at = {"table": PIGS.table, "row": PIGS.row, "column": PIGS.column}
    return Decimal(next(one["value"] for one in values if {name: one[name] for name in at} == at))


def sources(service: Service) -> dict[str, dict[str, str]]:
    found = asked(service, "lineage", PROVINCE)["sources"]
    assert isinstance(found, list)
    return {one["unit"]: one for one in found}


def test_the_lineage_of_a_total_adds_up_to_it_and_names_every_signed_workbook(
    played: Played, folder: Folder, service: Service
) -> None:
    found = sources(service)

    assert sorted(found) == played.accepted(FORM)
    assert sum(Decimal(one["value"]) for one in found.values()) == total(service)
    for unit, one in found.items():
        path = folder.sent / FORM / f"{unit}.xlsx"
        assert one["sha256"] == sha256(path.read_bytes())
        assert one["sheet"] == FORM
        shown = {cell.cell: cell.number for cell in Official(path).grid(FORM).values()}
        assert shown[one["cell"]] == Decimal(one["value"])


def test_a_revised_workbook_takes_the_place_of_the_earlier_one(folder: Folder, service: Service) -> None:
    pigs, before, first = pigs_of(folder, FIRST), total(service), sources(service)[FIRST.code]

    revised, reply = revise(folder, service, FIRST, pigs + 321)

    now = sources(service)[FIRST.code]
    assert reply.accepted
    assert total(service) == before + 321
    assert (first["value"], now["value"]) == (str(pigs), str(pigs + 321))
    earlier = (folder.sent / FORM / f"{FIRST.code}.xlsx").read_bytes()
    assert (first["sha256"], now["sha256"]) == (sha256(earlier), sha256(revised))
    assert str(now["submission"]) == reply.id != str(first["submission"])
    assert [status for status, *_ in submissions_of(folder, FORM, FIRST.code)] == ["superseded", "accepted"]
    assert proves_itself(folder)


def test_the_merged_workbook_follows_a_revision(folder: Folder, service: Service) -> None:
    before = total(service)

    revise(folder, service, MERGED, pigs_of(folder, MERGED) + 7)

    merged = folder.path / "again.xlsx"
    with a_client(service, folder, PROVINCE) as client:
        merged.write_bytes(client.fetch_consolidated(FORM, PERIOD, PROVINCE))
    assert Official(merged).grid(FORM)["04", "2"].number == before + 7


def test_a_refused_revision_leaves_the_accepted_one_standing(folder: Folder, service: Service) -> None:
    before, first = total(service), sources(service)[REFUSED.code]

    with a_client(service, folder, REFUSED.code) as client:
        issued = client.fetch_workbook(FORM, REFUSED.code, PERIOD)
        wrong = _signed_unchecked(folder, filled(issued, REFUSED, {CellKey("T1", "05", "2"): 999_999}))
        reply = client.submit(wrong, f"{REFUSED.code}.xlsx")

    assert not reply.accepted
    assert [finding.code for finding in reply.findings] == ["BS501"]
    assert total(service) == before
    assert sources(service)[REFUSED.code] == first


def test_a_superseded_workbook_that_is_sent_again_does_not_come_back(folder: Folder, service: Service) -> None:
    pigs, before = pigs_of(folder, EARLIER), total(service)
    earlier = (folder.sent / FORM / f"{EARLIER.code}.xlsx").read_bytes()
    revise(folder, service, EARLIER, pigs + 5)

    with a_client(service, folder, EARLIER.code) as client:
        client.submit(earlier, f"{EARLIER.code}.xlsx")

    assert total(service) == before + 5
    assert proves_itself(folder)


def _signed_unchecked(folder: Folder, workbook: bytes) -> bytes:
    """What an officer who ignores the check hands in."""
    frozen = freeze(workbook, version_in(workbook))
    return sign_package(frozen, leader_of(folder, REFUSED.code), at=datetime.now(UTC))
