"""What the service knows of a unit's earlier figures: embedded when issuing, used when receiving; and explanations."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from form_templates.filling import fill, key_addresses
from form_templates.model import CellKey
from form_templates.reading import read_form
from form_templates.stamp import embedded_history, embedded_version
from formulas.checking import check
from formulas.freezing import freeze
from server.config import Config
from server.services.history import import_history
from server.services.issuing import issue_workbook
from server.services.publishing import publish
from server.services.submissions import get_submission
from server.web.app import create_app
from signing.sign import sign_package
from tests.server.world import CROPS, FORM, KEYS, NOW, World, crops, key, template
from workbooks.address import address
from workbooks.package import open_package
from workbooks.patch import patch_cells
from workbooks.sheet import Value
from workbooks.workbook import open_workbook

SHEET = "Giải trình"
MONTHS = ("2026-M04", "2026-M05", "2026-M06", "2026-M07", "2026-M08")
WHY = "Chuyển đất lúa kém hiệu quả sang trồng rau"


def reported_before(world: World, area: float = 10.0, *, unit: str = "28756") -> None:
    for number, month in enumerate(MONTHS):
        values: dict[CellKey, Value] = {key(row, 2): area + number / 10 for row in CROPS}
        import_history(world.engine, form=FORM, period=month, unit=unit, values=values, now=NOW)


def explanations(*lines: tuple[str, str, str]) -> dict[tuple[int, int], str]:
    return {
        (5 + number, column): text
        for number, line in enumerate(lines)
        for column, text in zip((1, 2, 4), line, strict=True)
    }


def test_the_issued_workbook_carries_what_the_unit_reported_before(world: World) -> None:
    reported_before(world)

    history = embedded_history(open_workbook(world.issued()))

    assert history[key("04", 2)].count == 5
    assert history[key("04", 2)].median == 10.2
    assert key("04", 3) not in history


def test_another_units_figures_and_other_kinds_of_period_are_no_history(world: World) -> None:
    reported_before(world, unit="28807")
    import_history(world.engine, form=FORM, period="2025", unit="28756", values={key("04", 2): 5.0}, now=NOW)

    assert embedded_history(open_workbook(world.issued())) == {}


def test_the_same_question_is_asked_at_home_and_by_the_service(world: World) -> None:
    reported_before(world)
    issued = world.issued()
    version = embedded_version(open_workbook(issued))
    assert version is not None
    values = crops(r04c2=10_300.0)

    at_home = check(freeze(fill(issued, version, values), version), version)
    result = world.send(world.signed(values=values))

    assert [finding.code for finding in at_home.findings] == ["BS620", "BS505"]
    assert result.status == "refused"
    assert {"BS620", "BS505"} <= {finding.code for finding in result.findings}


def test_an_explained_jump_is_accepted_and_kept_with_its_explanation(world: World) -> None:
    reported_before(world)
    world.history(area=10.0)
    lines = {SHEET: explanations(("BS621", "Mã số 04, cột 2", WHY))}

    result = world.send(world.signed(values=crops(r04c2=40.0), change=lambda data: patch_cells(data, lines)))

    assert result.status == "accepted", result.findings
    kept = {finding.code: finding for finding in get_submission(world.engine, result.id).findings}
    assert kept["BS621"].explanation == WHY
    assert {finding.explanation for finding in result.findings if finding.code == "BS621"} == {WHY}


@pytest.mark.parametrize("odd", ["_xD800_", "_xD83D__xDE00_", "_x0000_", "_x0007_", "_x000D_\n"])
def test_an_explanation_with_characters_that_no_database_keeps_is_kept_without_them(world: World, odd: str) -> None:
    reported_before(world)
    world.history(area=10.0)
    lines = {SHEET: explanations(("BS621", "04, 2", f"{WHY} ODD"))}

    def change(data: bytes) -> bytes:
        package = open_package(patch_cells(data, lines))
        parts = {part: package.part(part) for part in package.parts if b"ODD" in package.part(part)}
        return package.with_parts({part: content.replace(b"ODD", odd.encode()) for part, content in parts.items()})

    result = world.send(world.signed(values=crops(r04c2=40.0), change=change))

    kept = {finding.code: finding for finding in get_submission(world.engine, result.id).findings}
    assert kept["BS621"].explanation.startswith(WHY)
    assert kept["BS621"].explanation.isprintable()
    assert kept["BS621"] in result.findings


def test_the_service_does_not_believe_the_history_in_the_file(world: World) -> None:
    """The workbook was fetched before the earlier months came in."""
    early = world.signed(values=crops(r04c2=10_300.0))
    reported_before(world)

    result = world.send(early)

    assert "BS620" in {finding.code for finding in result.findings}


def test_the_sheet_deleted_with_its_name_does_not_spare_the_explanation(world: World) -> None:
    reported_before(world)
    world.history(area=10.0)

    result = world.send(world.signed(values=crops(r04c2=40.0), change=without_explanations))

    assert "BS505" in {finding.code for finding in result.findings}
    assert result.status == "refused"


def without_explanations(data: bytes) -> bytes:
    """The workbook as somebody leaves it who deletes the sheet, and the name of its lines in the list of names."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    del book[SHEET]
    del book.defined_names["BS_explanations"]
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("area", [9.0, 10.3, 14.0])
def test_usual_figures_want_no_explanation(world: World, area: float) -> None:
    reported_before(world)
    world.history(area=10.0)

    assert world.send(world.signed(values=crops(area))).status == "accepted"


# ---- carried cells: cumulative columns, and reference columns beside the printed form


def sent(world: World, form: str, period: str, values: dict[CellKey, Value], change: dict[CellKey, Value]) -> set[str]:
    """Codes and cells of what the service finds in a form whose carried cells were changed after issuing."""
    unit = "28756"
    issued = issue_workbook(world.engine, form=form, unit=unit, period=period, stamp_key=KEYS[0], now=NOW)
    version = embedded_version(open_workbook(issued))
    assert version is not None
    filled = freeze(fill(issued, version, values | change), version)
    places = {address(*place[1:]): key for key, place in key_addresses(filled, version).items()}
    result = world.send(sign_package(filled, world.leaders[unit], at=NOW))
    return {f"{one.code} {places[one.cell].row}|{places[one.cell].column}" for one in result.findings if one.cell}


def publish_form(world: World, form: str) -> None:
    publish(world.engine, template(form), decision="QĐ 2", effective_from=date(2025, 1, 1), now=NOW)


def test_nothing_is_carried_into_the_first_period_of_a_year(world: World) -> None:
    form = "KTXH-07.T"
    publish_form(world, form)
    import_history(world.engine, form=form, period="2025-M12", unit="28756", values={key("03", 5): 900}, now=NOW)

    january = embedded_values(world, form, "2026-M01")
    clean = sent(world, form, "2026-M01", {}, {})
    typed = sent(world, form, "2026-M01", {}, {key("03", 3): 900.0})

    assert january[key("03", 3)] is None
    assert not {code for code in clean if code.startswith("BS82")}
    assert "BS820 03|3" in typed


def test_a_reference_column_is_prefilled_and_compared(world: World) -> None:
    form = "KTXH-06.T"
    publish_form(world, form)
    before = {key("02", 3): 700}
    import_history(world.engine, form=form, period="2026-M02", unit="28756", values=before, now=NOW)
    reference = CellKey("T1", "02", "3kt")

    issued = embedded_values(world, form, "2026-M03")
    changed = sent(world, form, "2026-M03", {}, {reference: 500.0})

    assert issued[reference] == 700.0
    assert "BS820 02|3kt" in changed


def embedded_values(world: World, form: str, period: str) -> dict[CellKey, Value]:
    data = issue_workbook(world.engine, form=form, unit="28756", period=period, stamp_key=KEYS[0], now=NOW)
    version = embedded_version(open_workbook(data))
    assert version is not None
    return {key: cell.value for key, cell in read_form(open_workbook(data), version).cells.items()}


def test_an_explanation_is_shown_beside_its_warning(world: World, tmp_path: Path) -> None:
    reported_before(world)
    lines = {SHEET: explanations(("BS621", "04, 2", f"{WHY} <b>đúng</b>"))}
    result = world.send(world.signed(values=crops(r04c2=40.0), change=lambda data: patch_cells(data, lines)))
    config = Config.in_folder(tmp_path, database_url=world.engine.url.render_as_string(hide_password=False))
    app = create_app(replace(config, stamp_keys=KEYS, open_reading=True))

    client = app.test_client()
    page = client.get(f"/ban-nop/{result.id}").get_data(as_text=True)
    told = client.get(f"/api/v1/submissions/{result.id}").get_json()["findings"]
    app.extensions["bieuso"].engine.dispose()

    assert "Giải trình:</strong> Chuyển đất lúa kém hiệu quả sang trồng rau &lt;b&gt;đúng" in page
    assert [one["explanation"] for one in told if one["code"] == "BS621"] == [f"{WHY} <b>đúng</b>"]
