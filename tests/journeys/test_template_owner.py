"""A template owner's whole story, from a list of rows to figures of two versions of the form in one total (L35)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import openpyxl
import pytest

from form_templates.model import CellKey
from server.demo.authority import DEMO_PASSWORD
from server.demo.preparation import LEADER, PROVINCE, key_path, settings
from server.services.history import import_history
from server.storage.engine import connect
from tests.journeys import owners_edits
from tests.journeys.owners_edits import POINTED, RULES
from tests.journeys.owning import DEFINITION, FORM, PERIOD, TOML, Book, Desk, Done, a_desk, leaders_words, list_in_excel
from tests.journeys.service import Service, serving
from tests.journeys.stored import proves_itself, sha256

# What the first commune collected, and what the second had typed when the form changed, in millions of dong.
FIRST = {"03": 820.5, "04": 310.0, "05": 96.4, "06": 40.0, "07": 1250.7, "08": 75.0}
HALF = {"03": 412.0, "05": 63.2, "07": 900.3}
# What the second typed afterwards, in thousands.
REST = {"04": 150_000.0, "06": 20_000.0, "08": 30_500.0}
Json = dict[str, Any]
WRONG = 2000.0
"""More than all taxes, as "other income"."""


@dataclass(frozen=True)
class Owner:
    """The owner's desk, and the communes that take part: one that reports at once, one that is half done."""

    desk: Desk
    first: str
    second: str


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Owner:
    desk, (first, second) = a_desk(tmp_path_factory.mktemp("owner"), communes=2)
    return Owner(desk, first, second)


@pytest.fixture(scope="module")
def desk(owner: Owner) -> Desk:
    return owner.desk


@pytest.fixture(scope="module")
def drawn(desk: Desk) -> Book:
    """The form as it is drawn from the list that the owner filled in Excel."""
    desk.file("danh-muc.xlsx").write_bytes(list_in_excel())
    desk.run("form", "new", "danh-muc.xlsx", "-o", "drawn.xlsx")
    return Book(desk.file("drawn.xlsx"))


@pytest.fixture(scope="module")
def beautified(desk: Desk, drawn: Book) -> Book:
    desk.in_libreoffice("drawn.xlsx", "bieu-1.xlsx", owners_edits.beautified(drawn, desk.file("faulty.xlsx")))
    return Book(desk.file("bieu-1.xlsx"))


@pytest.fixture(scope="module")
def drafted(desk: Desk, beautified: Book) -> Done:
    """Version 1 is kept as a draft; what the list of forms then says."""
    desk.run("form", "publish", "bieu-1.xlsx", "--draft")
    return desk.run("form", "list", "--json")


@pytest.fixture(scope="module")
def published(owner: Owner, beautified: Book, drafted: Done) -> Book:
    """Version 1, by decision; the earlier figures that its carried columns show are there."""
    decided = ("--decision", "45/QĐ-UBND", "--decided", "2025-01-10", "--effective", "2025-02-01")
    owner.desk.run("form", "publish", f"{FORM}/1", *decided)
    engine = connect(settings(owner.desk.folder).database_url)
    try:
        for unit in (owner.first, owner.second):
            for period, column, amount in (("2025-M09", "2", 200), ("2026-M08", "3", 1000)):
                earlier = {CellKey("T1", row, column): amount + int(row) for row in FIRST}
                import_history(engine, form=FORM, period=period, unit=unit, values=earlier, now=datetime.now(UTC))
    finally:
        engine.dispose()
    return beautified


@pytest.fixture(scope="module")
def service(desk: Desk, published: Book) -> Iterator[Service]:
    with serving(desk.folder) as running:
        yield running


@pytest.fixture(scope="module")
def filled(owner: Owner, published: Book) -> Book:
    """The first commune's form; ``wrong.xlsx`` is how it was before the check was heeded."""
    owner.desk.run("form", "issue", FORM, "--unit", owner.first, "--period", PERIOD, "-o", "issued.xlsx")
    issued = Book(owner.desk.file("issued.xlsx"))
    wrong: list[list[object]] = [
        *typed(issued, {**FIRST, "08": WRONG}),
        ["keep", "", str(owner.desk.file("wrong.xlsx"))],
    ]
    owner.desk.in_libreoffice("issued.xlsx", "filled.xlsx", [*wrong, *typed(issued, {"08": FIRST["08"]})])
    return Book(owner.desk.file("filled.xlsx"))


@pytest.fixture(scope="module")
def sent(owner: Owner, filled: Book, service: Service) -> Json:
    return send(owner.desk, service, "filled", owner.first)


@pytest.fixture(scope="module")
def half_filled(owner: Owner, published: Book) -> Book:
    """The second commune's form, half done as version 1 has it."""
    owner.desk.run("form", "issue", FORM, "--unit", owner.second, "--period", PERIOD, "-o", "issued.xlsx")
    issued = Book(owner.desk.file("issued.xlsx"))
    owner.desk.in_libreoffice("issued.xlsx", "half.xlsx", typed(issued, HALF))
    return Book(owner.desk.file("half.xlsx"))


@pytest.fixture(scope="module")
def second(desk: Desk, beautified: Book) -> Book:
    desk.in_libreoffice("bieu-1.xlsx", "bieu-2.xlsx", owners_edits.second_version(beautified))
    return Book(desk.file("bieu-2.xlsx"))


@pytest.fixture(scope="module")
def replaced(desk: Desk, second: Book, sent: Json, half_filled: Book) -> Book:
    """Version 2 takes effect while one commune has reported and another has not."""
    decided = ("--decision", "88/QĐ-UBND", "--decided", "2026-09-10", "--effective", "2026-09-15")
    desk.run("form", "publish", "bieu-2.xlsx", *decided)
    return second


@pytest.fixture(scope="module")
def conversion(desk: Desk, half_filled: Book, replaced: Book) -> Json:
    told: Json = desk.run("form", "convert", "half.xlsx", "-o", "half-2.xlsx", "--json").told
    return told


@pytest.fixture(scope="module")
def finished(owner: Owner, conversion: Json, service: Service) -> Json:
    """The second commune types what was missing, in version 2, signs and sends."""
    converted = Book(owner.desk.file("half-2.xlsx"))
    owner.desk.in_libreoffice("half-2.xlsx", "done.xlsx", typed(converted, REST))
    return send(owner.desk, service, "done", owner.second)


def typed(book: Book, figures: Mapping[str, float]) -> list[list[object]]:
    """What the officer types into column 2."""
    return [["put", *book.at(row, "2"), figure] for row, figure in figures.items()]


def send(desk: Desk, service: Service, name: str, unit: str) -> Json:
    """Checked, signed with the leader's key file, and sent."""
    assert desk.run("check", f"{name}.xlsx", "--json").told["findings"] == []
    key = key_path(desk.folder.keys, unit, LEADER)
    signed = f"{name}.signed.xlsx"
    desk.run("sign", f"{name}.xlsx", "--p12", key, "-o", signed, BIEUSO_P12_PASSWORD=DEMO_PASSWORD)
    reply: Json
    (reply,) = desk.run("submit", signed, "--server", service.url, *leaders_words(desk, unit), "--json").told
    return reply


def asked(service: Service, what: str, unit: str, **more: str) -> Json:
    query = {"form": FORM, "unit": unit, "period": PERIOD, **more}
    reply = httpx.get(f"{service.url}/api/v1/{what}", params=query, timeout=60, trust_env=False)
    assert reply.status_code == 200, reply.text
    found: Json = reply.json()
    return found


def column_2(values: list[dict[str, Any]]) -> dict[str, Decimal]:
    return {one["row"]: Decimal(one["value"]) for one in values if one["column"] == "2" and one["value"]}


# ---- the first version


def test_a_list_in_excel_and_one_in_toml_draw_the_same_form(desk: Desk, drawn: Book) -> None:
    desk.file("bieu.toml").write_text(TOML, encoding="utf-8")

    desk.run("form", "new", "bieu.toml", "-o", "from-toml.xlsx")

    assert desk.file("from-toml.xlsx").read_bytes() == desk.file("drawn.xlsx").read_bytes()
    assert drawn.formula(drawn.cell("01", "2")) == "=SUM(E10,E13,E15,E16)"


def test_every_slip_is_told_at_once_with_its_cell_and_what_to_do(desk: Desk, beautified: Book) -> None:
    found = desk.run("form", "lint", "faulty.xlsx", "--json", fails=True).told["findings"]

    told = {(one["code"], one["sheet"], one["cell"]) for one in found}
    outside = beautified.line("R2", RULES) + 1
    assert told >= {
        ("BS324", FORM, "B13"),  # the code 03 twice
        ("BS451", FORM, "G12"),  # INDIRECT
        ("BS326", FORM, "E16"),  # a locked input
        ("BS353", FORM, "E9"),  # a total that skips a row
        ("BS452", DEFINITION, f"B{outside}"),  # a relation that points outside
    }
    # The two lists that still name 04 are told as well, and that is all.
    assert {code for code, _, _ in told} == {"BS324", "BS326", "BS330", "BS332", "BS353", "BS451", "BS452"}
    assert all(one["message"] and one["remedy"] for one in found)


def test_the_beautified_form_is_clean_and_the_relation_followed_its_cells(
    desk: Desk, drawn: Book, beautified: Book
) -> None:
    pointed = f"B{beautified.line('R2', RULES)}"

    assert "ban hành được (0 lỗi, 0 cảnh báo)" in desk.run("form", "lint", "bieu-1.xlsx").words
    assert (drawn.row("02"), beautified.row("02")) == (10, 11)
    # It was entered over rows 16 and 10.
    assert str(beautified.formula(pointed, DEFINITION)).replace("$", "") == f"='{FORM}'!E17<='{FORM}'!E11"


def test_a_draft_becomes_a_version_by_decision(desk: Desk, drafted: Done, published: Book) -> None:
    before = drafted.told
    (after,) = desk.run("form", "list", "--json").told[:1]

    assert [(one["form"], one["version"], one["status"]) for one in before] == [(FORM, "1", "draft")]
    assert (after["version"], after["decision"], after["decided_on"]) == ("1", "45/QĐ-UBND", "2025-01-10")
    assert after["effective_from"] == "2025-02-01"


def test_the_issued_form_shows_the_earlier_figures_and_keeps_the_definition_out_of_sight(filled: Book) -> None:
    assert filled.shown("03", "1") == 203
    assert filled.shown("03", "3kt") == 1003
    assert filled.shown("03", "3") == 1003 + FIRST["03"]
    assert filled.sheet(DEFINITION).sheet_state == "hidden"


def test_the_relation_that_was_pointed_at_finds_the_wrong_figure_at_its_cell(desk: Desk, filled: Book) -> None:
    found = desk.run("check", "wrong.xlsx", "--json", fails=True).told["findings"]

    assert [(one["code"], one["severity"], one["cell"]) for one in found] == [
        ("BS501", "error", filled.cell("08", "2"))
    ]
    assert found[0]["message"].startswith(POINTED)
    assert "2.000,0" in found[0]["message"]
    assert desk.run("check", "filled.xlsx", "--json").told["findings"] == []


def test_the_signed_form_is_accepted(sent: Json) -> None:
    assert (sent["accepted"], sent["findings"]) == (True, [])


# ---- the second version


def test_the_second_version_is_clean_too(desk: Desk, second: Book) -> None:
    assert "ban hành được (0 lỗi, 0 cảnh báo)" in desk.run("form", "lint", "bieu-2.xlsx").words
    assert second.formula(f"B{second.line('R2', RULES)}", DEFINITION) == f"='{FORM}'!E18<='{FORM}'!E11"


def test_what_changed_is_told_in_words_and_in_colour(desk: Desk, published: Book, second: Book) -> None:
    done = desk.run("form", "diff", f"{FORM}/1", "bieu-2.xlsx", "-o", "doi.xlsx")

    for words in (
        "Thêm dòng 09 “Thu tiền thuê đất” (Nghìn đồng) sau dòng 07",
        "Dòng 05, tên: “Thu phí, lệ phí” → “Thu phí và lệ phí”",
        "Cột 2 “Tháng báo cáo”, đơn vị tính: “Triệu đồng” → “Nghìn đồng”",
        "Quan hệ R1: thêm cho 09",
        "dòng 07 → dòng 09 (tỷ lệ 0,4)",
    ):
        assert words in done.words
    marked = openpyxl.load_workbook(desk.file("doi.xlsx"))
    colours = {row: marked[FORM].cell(row, 1).fill.fgColor.rgb for row in (second.row("05"), second.row("09"))}
    unchanged = marked[FORM].cell(second.row("03"), 1).fill.fgColor.rgb
    assert len({*colours.values(), unchanged}) == 3
    assert "09" in " ".join(str(cell.value) for row in marked["Thay đổi"] for cell in row)


def test_stored_figures_answer_in_the_second_versions_terms(
    owner: Owner, service: Service, replaced: Book, filled: Book
) -> None:
    facts = asked(service, "facts", owner.first, version="2")
    (source,) = asked(service, "lineage", owner.first, version="2", table="T1", row="09", column="2")["sources"]

    told = column_2(facts["facts"])
    assert (facts["version"], facts["reported_version"]) == ("2", "1")
    assert (told["03"], told["05"]) == (Decimal(820_500), Decimal(96_400))
    assert (told["07"], told["09"]) == (Decimal(750_420), Decimal(500_280))
    assert told["01"] == sum(told[row] for row in ("02", "05", "07", "08", "09")) == Decimal(2_552_600)
    # The lineage leads to the cell that was signed.
    assert (source["version"], source["row"], source["cell"]) == ("1", "07", filled.cell("07", "2"))
    assert (source["share"], source["factor"], Decimal(source["value"])) == ("0.4", "1000", Decimal("1250.7"))
    signed = owner.desk.file("filled.signed.xlsx")
    assert source["sha256"] == sha256(signed.read_bytes())
    assert openpyxl.load_workbook(signed)[source["sheet"]][source["cell"]].value == FIRST["07"]


def test_the_half_filled_form_is_converted_each_cell_listed_and_nothing_lost(
    desk: Desk, half_filled: Book, replaced: Book, conversion: Json
) -> None:
    made = Book(desk.file("half-2.xlsx"))

    moved = {(one["from_cell"], one["to_cell"]): one["how"] for one in conversion["moved"]}
    assert moved == {
        (half_filled.cell("03", "2"), made.cell("03", "2")): "nhân hệ số 1.000",
        (half_filled.cell("05", "2"), made.cell("05", "2")): "nhân hệ số 1.000",
        (half_filled.cell("07", "2"), made.cell("07", "2")): "chia theo tỷ lệ 0,6; nhân hệ số 1.000",
        (half_filled.cell("07", "2"), made.cell("09", "2")): "chia theo tỷ lệ 0,4; nhân hệ số 1.000",
    }
    assert conversion["left"] == []
    assert [made.shown(row, "2") for row in ("03", "05", "07", "09")] == [412_000, 63_200, 540_180, 360_120]
    # The service tells the earlier figures of version 1 in thousands, and divides them as well.
    assert [made.shown(row, "1") for row in ("03", "07", "09")] == [203_000, 124_200, 82_800]
    assert [made.shown(row, "3kt") for row in ("03", "07", "09")] == [1_003_000, 604_200, 402_800]


def test_the_province_adds_up_what_both_communes_signed(owner: Owner, service: Service, finished: Json) -> None:
    found = asked(service, "totals", PROVINCE)
    sources = asked(service, "lineage", PROVINCE, table="T1", row="09", column="2")["sources"]

    total = column_2(found["values"])
    in_thousands = {row: Decimal(str(FIRST[row])) * 1000 + Decimal(str(HALF.get(row, 0))) * 1000 for row in FIRST}
    expected = {row: amount + Decimal(str(REST.get(row, 0))) for row, amount in in_thousands.items()}
    land = expected.pop("07")
    assert (finished["accepted"], finished["findings"]) == (True, [])
    assert (found["version"], found["told_versions"]) == ("2", ["1"])
    assert {row: total[row] for row in expected} == expected
    assert (total["07"], total["09"]) == (land * Decimal("0.6"), land * Decimal("0.4"))
    assert total["01"] == sum(expected[row] for row in ("03", "04", "05", "08")) + land
    assert {one["unit"]: one["version"] for one in sources} == {owner.first: "1", owner.second: "2"}
    assert proves_itself(owner.desk.folder)
