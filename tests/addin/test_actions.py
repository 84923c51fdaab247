from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import xlwings as xw
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from addin import actions, painting
from addin.client import Client
from addin.errors import ActionError
from addin.issued import FOLDER, issued_for
from form_templates.model import CellKey
from form_templates.reading import read_form
from signing.ceremony import Act
from signing.errors import NotSignableError
from signing.fetching import HttpTimeStamper
from signing.roles import SignerRole
from signing.verdict import Outcome
from signing.verify import verify_package
from tests.addin.forms import CROPS, POVERTY, UNIT, an_issued
from tests.addin.service import Answer, Service
from tests.signing.authorities import NOW, Authorities, Holder
from tests.signing.network import served
from workbooks.finding import Severity
from workbooks.workbook import open_workbook


@pytest.fixture
def service() -> Iterator[Service]:
    with Service().running() as running:
        yield running


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(service.url, timeout=10) as made:
        yield made


@pytest.fixture
def loaded(office: xw.App, client: Client, service: Service, tmp_path: Path) -> Iterator[xw.Book]:
    service.answers = [Answer(200, an_issued(CROPS).data)]
    book = actions.load(client, CROPS, UNIT, "2026-M09", tmp_path / "biểu tháng 9")
    yield book
    book.close()


def fill_in(book: xw.Book) -> xw.Sheet:
    """Plausible numbers in every input cell of the crops form."""
    sheet = book.sheets[0]
    for row in (12, 13, 14, 15, 16, 18, 19, 20):
        sheet.range((row, 4), (row, 8)).value = [95, 100, 98, 90, 60 if row in (12, 13) else 45]
    return sheet


def errors_of(findings: object) -> list[tuple[str, str]]:
    return [(item.code, item.cell) for item in findings if item.severity is Severity.ERROR]  # type: ignore[attr-defined]


def test_a_loaded_form_lies_in_the_folder_with_its_issued_bytes_beside_it(loaded: xw.Book, tmp_path: Path) -> None:
    folder = tmp_path / "biểu tháng 9"

    assert loaded.name == "KTXH-09.T_29551_2026-M09.xlsx"
    assert (folder / loaded.name).read_bytes() == an_issued(CROPS).data
    assert [path.read_bytes() for path in (folder / FOLDER).iterdir()] == [an_issued(CROPS).data]
    assert loaded.sheets[0]["I2"].value.endswith("Xã Thử Nghiệm")


def test_loading_again_never_overwrites_what_was_typed(
    loaded: xw.Book, client: Client, service: Service, tmp_path: Path
) -> None:
    service.answers = [Answer(200, an_issued(CROPS).data)]

    again = actions.load(client, CROPS, UNIT, "2026-M09", tmp_path / "biểu tháng 9")

    assert again.name == "KTXH-09.T_29551_2026-M09 (2).xlsx"
    again.close()


def test_a_form_that_was_not_asked_for_is_refused(client: Client, service: Service, tmp_path: Path) -> None:
    service.answers = [Answer(200, an_issued(POVERTY).data)]

    with pytest.raises(ActionError, match="không phải biểu đã chọn"):
        actions.load(client, CROPS, UNIT, "2026-M09", tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_well_filled_form_has_no_errors_and_no_marks(loaded: xw.Book) -> None:
    sheet = fill_in(loaded)

    report = actions.check(loaded)

    assert errors_of(report.findings) == []
    assert report.ok
    assert sheet["E12"].note is None


def test_faults_are_marked_on_their_own_cells(loaded: xw.Book) -> None:
    sheet = fill_in(loaded)
    sheet["G12"].value = 5000
    sheet.api.unprotect("")
    sheet["E9"].value = 123

    report = actions.check(loaded)

    cells = {cell for _, cell in errors_of(report.findings)}
    assert {"E9"} <= cells
    assert {"G12"} <= {finding.cell for finding in report.findings}
    assert sheet["E9"].color == painting.RED
    assert "→" in sheet["E9"].note.text
    assert sheet["F15"].note is None


def test_marks_go_when_the_faults_are_mended(loaded: xw.Book) -> None:
    sheet = fill_in(loaded)
    original = sheet["G12"].color
    sheet["G12"].value = 5000
    actions.check(loaded)
    assert sheet["G12"].color != original

    sheet["G12"].value = 90
    actions.check(loaded)

    assert sheet["G12"].color == original
    assert sheet["G12"].note is None


def test_findings_name_the_cells_of_the_open_book(loaded: xw.Book) -> None:
    sheet = fill_in(loaded)
    sheet.api.unprotect("")
    sheet["E9"].value = 123
    sheet["1:1"].insert("down")

    report = actions.check(loaded)

    assert "E10" in {cell for _, cell in errors_of(report.findings)}
    assert sheet["E10"].color == painting.RED


def test_a_form_with_errors_is_not_signed(loaded: xw.Book, officer: Holder) -> None:
    sheet = fill_in(loaded)
    sheet.api.unprotect("")
    sheet["E9"].value = 123

    with pytest.raises(ActionError, match="chưa ký được") as caught:
        actions.sign(loaded, officer, Act(NOW))

    assert caught.value.code == "has-errors"
    assert not actions.signed_path(loaded).exists()
    assert sheet["E9"].color == painting.RED


def test_what_is_signed_is_what_was_typed_and_verifies(
    loaded: xw.Book, officer: Holder, authorities: Authorities
) -> None:
    fill_in(loaded)

    path = actions.sign(loaded, officer, Act(NOW)).path

    data = path.read_bytes()
    assert path.name == "KTXH-09.T_29551_2026-M09.signed.xlsx"
    verdict = verify_package(data, authorities.trust(), now=NOW)
    assert verdict.outcome is Outcome.VALID
    filled = read_form(open_workbook(data), an_issued(CROPS).version)
    assert filled.cells[CellKey("T1", "04", "2")].value == 100
    assert filled.cells[CellKey("T1", "01", "2")].value == 800


def test_marks_never_reach_the_signed_file(loaded: xw.Book, officer: Holder) -> None:
    sheet = fill_in(loaded)
    sheet["H12"].value = 900
    for finding in [item for item in actions.check(loaded).findings if item.code == "BS502"]:
        actions.explain(loaded, finding, "Ruộng thí nghiệm giống lúa mới")
    assert actions.check(loaded).ok
    assert sheet["H12"].color == painting.AMBER

    data = actions.sign(loaded, officer, Act(NOW)).path.read_bytes()

    assert not any("comment" in part.lower() for part in open_workbook(data).package.parts)


def test_the_leader_signs_after_the_officer_and_the_stamp_is_asked_for(
    loaded: xw.Book, authorities: Authorities
) -> None:
    fill_in(loaded)
    one, two = authorities.officer("Cán bộ"), authorities.officer("Lãnh đạo")
    with served(lambda _: b"") as address:
        pass  # nobody gives stamps there any more
    trust = authorities.trust()

    first = actions.sign(loaded, one, Act(NOW, SignerRole.OFFICER, trust=trust))
    second = actions.countersign(
        loaded, two, Act(NOW, SignerRole.LEADER, trust=trust, stamper=HttpTimeStamper(address))
    )

    verdict = verify_package(second.path.read_bytes(), trust, now=NOW)
    assert (first.warnings, [warning.code for warning in second.warnings]) == ((), ["BS275"])
    assert verdict.outcome is Outcome.VALID
    assert [one.roles for one in verdict.signatures] == [("Người lập biểu",), ("Lãnh đạo phê duyệt",)]
    assert verdict.signatures[1].binds == (verdict.signatures[0].part,)


def test_a_revoked_certificate_does_not_sign_and_leaves_no_file(
    loaded: xw.Book, officer: Holder, authorities: Authorities
) -> None:
    fill_in(loaded)
    trust = authorities.trust((officer, NOW - timedelta(days=1)))

    with pytest.raises(NotSignableError, match="BS233"):
        actions.sign(loaded, officer, Act(NOW, trust=trust))

    assert not actions.signed_path(loaded).exists()


@dataclass(frozen=True)
class SlowSigner:
    """Somebody who looks for the token for a while."""

    holder: Holder
    meanwhile: Callable[[], object]

    @property
    def certificate(self) -> x509.Certificate:
        return self.holder.certificate

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        return self.holder.chain

    def sign(self, data: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
        self.meanwhile()
        return self.holder.sign(data, algorithm)


@pytest.mark.parametrize("act", [actions.sign, actions.countersign])
def test_a_signature_that_came_meanwhile_is_not_lost(
    act: Callable[..., object], loaded: xw.Book, authorities: Authorities
) -> None:
    fill_in(loaded)
    officer, leader, colleague = (authorities.officer(name) for name in ("Cán bộ", "Lãnh đạo", "Phó"))
    actions.sign(loaded, officer, Act(NOW))
    slow = SlowSigner(leader, lambda: actions.countersign(loaded, colleague, Act(NOW)))

    with pytest.raises(ActionError, match="người khác vừa ký"):
        act(loaded, slow, Act(NOW))

    verdict = verify_package(actions.signed_path(loaded).read_bytes(), authorities.trust(), now=NOW)
    assert [one.signer for one in verdict.signatures] == ["Cán bộ", "Phó"]


def test_what_says_something_else_now_is_not_countersigned(loaded: xw.Book, officer: Holder) -> None:
    sheet = fill_in(loaded)
    actions.sign(loaded, officer, Act(NOW))
    sheet["E12"].value = 101

    with pytest.raises(ActionError, match="thay đổi sau khi ký"):
        actions.countersign(loaded, officer, Act(NOW))


def test_the_signed_file_is_sent(loaded: xw.Book, officer: Holder, client: Client, service: Service) -> None:
    fill_in(loaded)
    path = actions.sign(loaded, officer, Act(NOW)).path
    service.answers = [Answer(201, {"id": "42", "status": "accepted"})]

    reply = actions.send(loaded, client)

    assert (reply.id, reply.accepted) == ("42", True)
    assert path.read_bytes() in service.requests[-1].body


def test_numbers_changed_after_signing_are_not_sent(loaded: xw.Book, officer: Holder, client: Client) -> None:
    sheet = fill_in(loaded)
    actions.sign(loaded, officer, Act(NOW))
    sheet["E12"].value = 101

    with pytest.raises(ActionError, match="thay đổi sau khi ký"):
        actions.send(loaded, client)


def test_an_unsigned_form_is_not_sent(loaded: xw.Book, client: Client) -> None:
    with pytest.raises(ActionError, match="chưa được ký"):
        actions.send(loaded, client)


def test_a_book_that_came_by_mail_gets_its_issued_bytes_from_the_service(
    crops: xw.Book, client: Client, service: Service, tmp_path: Path
) -> None:
    crops.sheets[0]["E12"].value = 7
    for kept in (tmp_path / FOLDER).iterdir():
        kept.unlink()
    service.answers = [Answer(200, an_issued(CROPS, "2026-000999").data)]

    report = actions.check(crops, client=client)

    assert report.filled is not None
    assert report.filled.cells[CellKey("T1", "04", "2")].value == 7
    assert actions.check(crops).filled == report.filled


def test_issued_bytes_that_are_missing_or_damaged_are_asked_for(crops: xw.Book, tmp_path: Path) -> None:
    for kept in (tmp_path / FOLDER).iterdir():
        kept.write_bytes(b"PK rubbish")

    with pytest.raises(ActionError, match="Không có bản phát hành gốc"):
        issued_for(crops)


def test_a_book_of_no_form_is_told_apart(book: xw.Book) -> None:
    with pytest.raises(ActionError, match="không phải biểu do hệ thống phát hành"):
        actions.check(book)


def test_a_stamp_that_was_edited_does_not_reach_other_files(crops: xw.Book, tmp_path: Path) -> None:
    stamp = crops.sheets["_bieuso"]
    row = [key for (key,) in stamp.range("A1:A20").options(ndim=2).value].index("serial") + 1
    stamp.range((row, 2)).value = "../../../etc/passwd"

    with pytest.raises(ActionError, match="Không có bản phát hành gốc"):
        issued_for(crops)


def test_two_books_of_one_name_are_told_apart(
    office: xw.App, crops: xw.Book, client: Client, service: Service, tmp_path: Path
) -> None:
    crops.save(tmp_path / "KTXH-09.T_29551_2026-M09.xlsx")
    service.answers = [Answer(200, an_issued(CROPS).data)]

    with pytest.raises(ActionError, match="cũng tên"):
        actions.load(client, CROPS, UNIT, "2026-M09", tmp_path / "khác")
