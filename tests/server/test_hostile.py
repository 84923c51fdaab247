"""What a signed, well-formed workbook may still try: labels and numbers that a database cannot hold."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import insert

from form_templates.filling import MemberLabel, fill
from form_templates.model import CellKey
from form_templates.stamp import embedded_version
from formulas.freezing import freeze
from server.cli.writing import write_whole
from server.config import Config
from server.errors import ConflictError, TooManyAttemptsError
from server.services import totals
from server.services.history import import_history
from server.services.publishing import publish
from server.services.submissions import get_submission
from server.services.submitting import SubmissionResult
from server.storage.engine import writing
from server.storage.tables import ORG_UNIT
from server.web.app import create_app
from server.web.context import TrustFolder
from signing.errors import TrustError
from signing.policy import DEFAULT_POLICY
from signing.sign import sign_package
from tests.server.world import FORM, NOW, PERIOD, World, crops, key, template
from workbooks.address import column_letters
from workbooks.workbook import open_workbook

PROCEDURES = "KTXH-14.T"


def send_field(world: World, label: str) -> SubmissionResult:
    publish(world.engine, template(PROCEDURES), decision="QĐ", effective_from=date(2025, 1, 1), now=NOW)
    issued = world.issued(form=PROCEDURES)
    version = embedded_version(open_workbook(issued))
    assert version is not None
    figures = {"2": 10, "3": 5, "6": 6, "7": 4, "8": 0, "10": 5, "11": 0}
    values = {CellKey("T1", f"01*#{label}", column): value for column, value in figures.items()}
    filled = fill(issued, version, values, {("T1", "01*"): [MemberLabel(label)]})
    return world.send(sign_package(freeze(filled, version), world.leaders["28756"], at=NOW))


def test_a_row_of_free_label_is_stored_under_its_label(world: World) -> None:
    result = send_field(world, "Đất đai")

    found = totals.read(world.engine, unit="86", form=PROCEDURES, period=PERIOD)
    assert result.status == "accepted"
    assert found.members == {("T1", "01*"): ("Đất đai",)}


def test_a_label_too_long_for_any_index_is_a_finding(world: World) -> None:
    result = send_field(world, "Đất đai" * 1000)

    assert "BS823" in [finding.code for finding in result.findings]
    assert get_submission(world.engine, result.id).submission.status == "refused"


def test_figures_that_only_together_are_too_large_are_a_finding(world: World) -> None:
    huge = Decimal("922337203685477580.7")  # 2**63 - 1 tenths
    values = {key("04", 2): huge}
    import_history(world.engine, form=FORM, period=PERIOD, unit="28807", values=values, now=NOW)

    result = world.send(world.signed())

    assert result.status == "refused"
    assert [finding.code for finding in result.findings] == ["BS832"]
    assert totals.check(world.engine).ok
    assert totals.read(world.engine, unit="86", form=FORM, period=PERIOD).values[key("04", 2)].value == huge


def test_the_service_does_not_start_on_units_that_would_count_twice(world: World, tmp_path: Path) -> None:
    with writing(world.engine) as connection:
        row = {"code": "28756", "name": "Bản sao", "kind": "xã", "parent_code": "86", "valid_from": date(2026, 1, 1)}
        connection.execute(insert(ORG_UNIT).values(row))
    url = world.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")

    with pytest.raises(ConflictError, match="28756"):
        create_app(Config.in_folder(tmp_path, database_url=url))


def test_a_new_revocation_list_counts_from_the_next_request_on(world: World, tmp_path: Path) -> None:
    folder = TrustFolder(tmp_path)
    with pytest.raises(TrustError):
        folder.current()

    (tmp_path / "root.crt").write_bytes(world.trust.roots[0].public_bytes(Encoding.PEM))
    before = folder.current()
    (tmp_path / "issuing.crl").write_bytes(world.trust.crls[1].public_bytes(Encoding.DER))

    assert before.crls == ()
    assert folder.current().crls == (world.trust.crls[1],)
    assert folder.current() is folder.current()


def test_a_new_list_in_the_folder_of_a_tree_counts_too(world: World, tmp_path: Path) -> None:
    tree, folder = tmp_path / "cong-cong", TrustFolder(tmp_path)
    tree.mkdir()
    (tree / "root.crt").write_bytes(world.trust.roots[0].public_bytes(Encoding.PEM))
    before = folder.current()

    (tree / "issuing.crl").write_bytes(world.trust.crls[1].public_bytes(Encoding.DER))

    assert (before.crls, folder.current().crls) == ((), (world.trust.crls[1],))


@pytest.mark.parametrize("kind", ["dangling", "folder"])
def test_a_trust_folder_that_cannot_be_read_is_a_fault_of_trust(tmp_path: Path, kind: str) -> None:
    if kind == "dangling":
        (tmp_path / "root.crt").symlink_to(tmp_path / "gone")
    else:
        (tmp_path / "root.crt").mkdir()

    with pytest.raises(TrustError, match=r"BS25[01]"):  # a folder is a tree, here one without roots
        TrustFolder(tmp_path).current()


def test_nobody_fills_the_disk_with_refused_files(world: World) -> None:
    for number in range(60):
        world.send(b"PK %d" % number)

    with pytest.raises(TooManyAttemptsError):
        world.send(b"PK one more")

    assert world.send(world.signed("28807"), "28807").status == "accepted"
    assert world.send(b"PK one more", now=NOW + timedelta(hours=1, seconds=1)).status == "refused"


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_a_sheet_of_endless_empty_cells_is_refused_without_reading_it(world: World) -> None:
    row = "".join(f'<c r="{column_letters(column)}%d"/>' for column in range(1, 16_385))
    rows = "".join(f'<row r="{number}">{row}</row>'.replace("%d", str(number)) for number in range(1000, 1070))

    def flood(data: bytes) -> bytes:
        workbook = open_workbook(data)
        part = workbook.sheet_entry(FORM).part
        sheet = workbook.package.part(part).replace(b"</sheetData>", f"{rows}</sheetData>".encode())
        return workbook.package.with_parts({part: sheet})

    version = embedded_version(open_workbook(world.issued()))
    assert version is not None
    flooded = flood(freeze(fill(world.issued(), version, crops()), version))
    result = world.send(sign_package(flooded, world.leaders["28756"], at=NOW))

    assert result.status == "refused"
    assert [finding.code for finding in result.findings] == ["BS127"]


def test_trust_is_read_while_lists_take_the_place_of_earlier_ones(world: World, tmp_path: Path) -> None:
    (tmp_path / "root.crt").write_bytes(world.trust.roots[0].public_bytes(Encoding.PEM))
    crl, stop = world.trust.crls[0].public_bytes(Encoding.DER), threading.Event()

    def update() -> None:
        while not stop.is_set():
            write_whole(tmp_path / "issuing.crl", crl)

    folder = TrustFolder(tmp_path)
    with ThreadPoolExecutor(1) as other:
        writing_on = other.submit(update)
        try:
            found = [folder.policy() for _ in range(3000)]
        finally:
            stop.set()
        writing_on.result()

    assert set(map(id, found)) == {id(DEFAULT_POLICY)}


def test_a_policy_that_becomes_a_link_to_nothing_is_a_fault_of_trust(tmp_path: Path) -> None:
    folder = TrustFolder(tmp_path)
    folder.policy()

    (tmp_path / "policy.toml").symlink_to(tmp_path / "gone")

    with pytest.raises(TrustError, match="BS251"):
        folder.policy()


def test_a_policy_that_is_gone_for_a_moment_demands_no_less(tmp_path: Path) -> None:
    strict = 'version = "2"\nroles = ["leader"]\n'
    (tmp_path / "policy.toml").write_text(strict, encoding="utf-8")
    folder = TrustFolder(tmp_path)

    (tmp_path / "policy.toml").unlink()
    for _ in range(2):
        with pytest.raises(TrustError, match="BS252"):
            folder.policy()
    (tmp_path / "policy.toml").write_text(strict, encoding="utf-8")

    assert folder.policy().version == "2"
    (tmp_path / "policy.toml").unlink()
    assert TrustFolder(tmp_path).policy() is DEFAULT_POLICY
