"""Figures sent under one version of a form, asked for in the terms of the next (L35)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from form_templates.errors import FormError
from form_templates.model import CellKey
from form_templates.reading import read_form
from form_templates.stamp import embedded_version
from form_templates.translating import OriginCell
from formulas.checking import check
from server.config import Config
from server.errors import ConflictError, InvalidError, NotFoundError
from server.services import totals
from server.services.consolidating import consolidated_workbook
from server.services.drafting import save_draft
from server.services.history import import_history
from server.services.lineage import lineage
from server.services.publishing import publish, withdraw
from server.services.reported import reported_facts
from server.services.retelling import Origin
from server.web import context
from server.web.app import create_app
from tests.form_templates.successions import DECLARED, second_spec, template, third_spec
from tests.server.test_api import conforms
from tests.server.world import CROPS, FORM, KEYS, LAST_YEAR, NOW, PERIOD, World, crops, key
from workbooks.sheet import Value
from workbooks.workbook import open_workbook

OLD, NEW = "28756", "28807"
SECOND_CROPS = ("04", "05", "13", "06", "07", "10", "11", "14")


def publish_second(engine: Engine, spec: str | None = None) -> None:
    publish(engine, template(spec or second_spec()), decision="QĐ 2", effective_from=date(2026, 9, 15), now=NOW)


def second_crops() -> dict[CellKey, Value]:
    """What an officer types into the second version; the plan is in thousands of hectares."""
    values: dict[CellKey, Value] = {}
    for row in SECOND_CROPS:
        values |= {key(row, 2): 0.01, key(row, 3): 10.0, key(row, 4): 9.0, key(row, 5): 50.25}
    return values


@pytest.fixture
def mixed(world: World) -> World:
    """One commune sent under the first version, then the second took effect, and another sent under that."""
    values = crops(r05c3=9.1, r07c5=40.0, r08c3=20.0, r08c4=18.0, r08c5=60.0)
    assert world.send(world.signed(OLD, values), OLD).status == "accepted"
    publish_second(world.engine)
    assert world.send(world.signed(NEW, second_crops()), NEW).status == "accepted"
    return world


def value(found: totals.UnitTotals, row: str, column: int) -> Decimal | None:
    one = found.values.get(key(row, column))
    return None if one is None else one.value


# -- one unit's figures ------------------------------------------------------------------------------------------------


def test_facts_answer_in_the_terms_of_the_next_version_with_their_origin(mixed: World) -> None:
    found = reported_facts(mixed.engine, form=FORM, unit=OLD, period=PERIOD, version="2")

    told = found.told
    assert told is not None
    assert (told.version, found.terms.version) == ("1", "2")
    assert (told.values[key("05", 3)], told.values[key("13", 3)]) == (Decimal("6.4"), Decimal("2.7"))
    assert told.values[key("05", 2)] == Decimal("0.007")
    assert told.values[key("07", 3)] == Decimal(30)
    assert told.origins[key("13", 3)] == Origin("1", (OriginCell(key("05", 3), Decimal("0.3")),))
    assert told.origins[key("13", 3)].estimated
    assert [cell.key.row for cell in told.origins[key("07", 3)].cells] == ["07", "08"]
    assert told.origins[key("14", 2)].cells[0].factor == Decimal("0.001")
    assert not told.origins[key("14", 2)].estimated


def test_what_is_computed_follows_from_the_told_figures_by_the_new_formulas(mixed: World) -> None:
    told = reported_facts(mixed.engine, form=FORM, unit=OLD, period=PERIOD, version="2").told

    assert told is not None
    assert {key("03", 3), key("01", 3), key("14", 6)} <= told.computed
    # Rice is 04, 05 and 13 now; 05 was 9.1 and is divided without loss.
    assert told.values[key("03", 3)] == Decimal("19.1")
    assert told.values[key("01", 3)] == Decimal("89.1")
    assert told.values[key("14", 6)] == Decimal("45.2")


def test_merged_yields_are_made_from_the_merged_output_and_area(mixed: World) -> None:
    told = reported_facts(mixed.engine, form=FORM, unit=OLD, period=PERIOD, version="2").told

    assert told is not None
    # 9 ha at 40 and 18 ha at 60 ta/ha: 36 + 108 tonnes on 27 ha.
    assert told.values[key("07", 6)] == Decimal("144.0")
    assert told.values[key("07", 5)] == Decimal("53.33")
    assert key("07", 5) in told.computed
    assert {one.left.old for one in told.left} == {key("07", 5), key("08", 5)}


def test_figures_of_the_version_asked_for_and_without_a_version_are_as_reported(mixed: World) -> None:
    same = reported_facts(mixed.engine, form=FORM, unit=OLD, period=PERIOD, version="1")
    unasked = reported_facts(mixed.engine, form=FORM, unit=OLD, period=PERIOD)

    assert same.told is unasked.told is None
    assert same.facts == unasked.facts
    assert {fact.key.row for fact in same.facts} >= set(CROPS)


def test_figures_of_a_later_version_are_never_told_in_an_earlier_ones_terms(mixed: World) -> None:
    with pytest.raises(InvalidError, match="phiên bản 2"):
        reported_facts(mixed.engine, form=FORM, unit=NEW, period=PERIOD, version="1")
    with pytest.raises(InvalidError):
        totals.read(mixed.engine, unit="86", form=FORM, period=PERIOD, version="1")
    with pytest.raises(NotFoundError):
        reported_facts(mixed.engine, form=FORM, unit=OLD, period=PERIOD, version="9")
    with pytest.raises(NotFoundError):
        totals.read(mixed.engine, unit="86", form=FORM, period=PERIOD, version="9")


def test_versions_in_a_row_compose(mixed: World) -> None:
    publish(mixed.engine, template(third_spec()), decision="QĐ 3", effective_from=date(2027, 1, 1), now=NOW)

    told = reported_facts(mixed.engine, form=FORM, unit=OLD, period=PERIOD, version="3").told

    assert told is not None
    assert told.values[key("05", 3)] == Decimal("9.1")
    assert told.values[key("12", 3)] == Decimal(10)
    # What was divided and came together again is the figure that was reported, and no estimate.
    assert told.origins[key("05", 3)] == Origin("1", (OriginCell(key("05", 3), Decimal(1)),))
    assert not told.origins[key("05", 3)].estimated


# -- sums over units ---------------------------------------------------------------------------------------------------


def test_totals_of_several_versions_are_told_in_the_terms_of_the_one_in_effect(mixed: World) -> None:
    found = totals.read(mixed.engine, unit="86", form=FORM, period=PERIOD)

    assert found.published.record.version == "2"
    assert [told.version for told in found.told] == ["1"]
    # The row that was split, the one that is new, the two that are one, the one with another code.
    assert (value(found, "05", 3), value(found, "13", 3)) == (Decimal("16.4"), Decimal("12.7"))
    assert (value(found, "07", 3), value(found, "14", 3)) == (Decimal(40), Decimal(20))
    assert value(found, "14", 2) == Decimal("0.02")
    assert found.values[key("14", 3)].numbers == 2
    assert value(found, "08", 3) is None
    assert value(found, "01", 3) == sum(value(found, row, 3) or 0 for row in SECOND_CROPS)


def test_what_may_not_be_added_is_made_from_the_told_sums(mixed: World) -> None:
    found = totals.read(mixed.engine, unit="86", form=FORM, period=PERIOD)

    area, output = value(found, "07", 4), value(found, "07", 6)
    assert (area, output) == (Decimal(36), Decimal("189.2"))
    assert value(found, "07", 5) == Decimal("52.56")


def test_a_unit_that_sends_again_under_the_next_version_counts_once(mixed: World) -> None:
    before = value(totals.read(mixed.engine, unit="86", form=FORM, period=PERIOD), "01", 3) or Decimal(0)

    again = mixed.send(mixed.signed(OLD, second_crops()), OLD)

    found = totals.read(mixed.engine, unit="86", form=FORM, period=PERIOD)
    assert again.status == "accepted"
    assert (found.told, before > 0) == ((), True)
    assert value(found, "01", 3) == 2 * 10 * len(SECOND_CROPS)
    assert found.values[key("13", 3)].numbers == 2
    assert totals.check(mixed.engine).differences == ()


def test_a_workbook_of_the_version_before_does_not_displace_what_came_under_the_next(world: World) -> None:
    late = world.signed(OLD)
    publish_second(world.engine)
    assert world.send(world.signed(OLD, second_crops()), OLD).status == "accepted"

    refused = world.send(late, OLD)

    found = totals.read(world.engine, unit="86", form=FORM, period=PERIOD)
    assert [finding.code for finding in refused.findings if finding.code.startswith("BS8")] == ["BS809"]
    assert (found.told, value(found, "01", 3)) == ((), Decimal(10) * len(SECOND_CROPS))


def test_figures_are_told_over_a_version_that_was_withdrawn_meanwhile(mixed: World) -> None:
    publish(mixed.engine, template(third_spec()), decision="QĐ 3", effective_from=date(2026, 9, 20), now=NOW)
    kept = reported_facts(mixed.engine, form=FORM, unit=OLD, period=PERIOD, version="3")

    with pytest.raises(ConflictError):
        withdraw(mixed.engine, FORM, "2", from_day=date(2026, 9, 20), reason="Thay", now=NOW)
    withdraw(mixed.engine, FORM, "2", from_day=date(2026, 10, 1), reason="Thay", now=NOW)

    assert reported_facts(mixed.engine, form=FORM, unit=OLD, period=PERIOD, version="3") == kept


def test_without_a_later_version_nothing_is_told(world: World) -> None:
    world.send(world.signed(OLD), OLD)

    found = totals.read(world.engine, unit="86", form=FORM, period=PERIOD)

    assert found.told == ()
    assert value(found, "05", 3) == Decimal(10)


def test_lineage_leads_to_the_signed_cells_of_both_versions(mixed: World) -> None:
    found = lineage(mixed.engine, unit="86", form=FORM, period=PERIOD, key=key("13", 3))

    assert [(one.unit, one.version, one.key.row, one.share, one.value) for one in found.sources] == [
        (OLD, "1", "05", Decimal("0.3"), Decimal("9.1")),
        (NEW, "2", "13", Decimal(1), Decimal(10)),
    ]
    signed = open_workbook(mixed.signed(NEW, second_crops()))
    assert all(one.cell and one.signer for one in found.sources)
    version = embedded_version(signed)
    assert version is not None
    cell = read_form(signed, version).cells[key("13", 3)]
    assert found.sources[1].cell == f"F{cell.row}"


def test_lineage_of_a_unit_of_its_own_leads_to_what_it_signed(mixed: World) -> None:
    found = lineage(mixed.engine, unit=OLD, form=FORM, period=PERIOD, key=key("07", 3))

    assert [(one.key.row, one.value) for one in found.sources] == [("07", Decimal(10)), ("08", Decimal(20))]
    assert found.total is not None
    assert found.total.value == Decimal(30)


def test_a_total_row_leads_on_by_its_formula_where_earlier_figures_count_in_it(mixed: World) -> None:
    found = lineage(mixed.engine, unit="86", form=FORM, period=PERIOD, key=key("03", 3))

    assert found.formula is not None
    assert {one.row for one in found.inputs} == {"04", "05", "13"}


def test_the_merged_workbook_shows_every_unit_in_the_terms_of_one_version(mixed: World) -> None:
    data = consolidated_workbook(mixed.engine, form=FORM, unit="86", period=PERIOD, stamp_key=KEYS[0], now=NOW)

    report = check(data)

    assert [finding for finding in report.findings if finding.severity.value == "error"] == []
    assert report.filled is not None
    assert report.filled.cells[key("13", 3)].value == 12.7
    assert report.filled.cells[key("07", 3)].value == 40.0


# -- carried figures ---------------------------------------------------------------------------------------------------


def test_carried_figures_of_an_earlier_version_are_told_before_they_are_filled_in_and_compared(world: World) -> None:
    values = {key(row, 3): 8.0 for row in CROPS}
    import_history(world.engine, form=FORM, period=LAST_YEAR, unit=NEW, values=values, now=NOW)
    publish_second(world.engine)

    issued = open_workbook(world.issued(NEW))
    version = embedded_version(issued)
    assert version is not None
    cells = read_form(issued, version).cells
    result = world.send(world.signed(NEW, second_crops()), NEW)

    assert [cells[key(row, 1)].value for row in ("04", "05", "13", "07", "14")] == [8.0, 5.6, 2.4, 16.0, 8.0]
    assert result.status == "accepted", result.findings
    assert not [finding for finding in result.findings if finding.code.startswith("BS8")]


def test_a_carried_figure_that_was_changed_is_still_found(world: World) -> None:
    values = {key(row, 3): 8.0 for row in CROPS}
    import_history(world.engine, form=FORM, period=LAST_YEAR, unit=NEW, values=values, now=NOW)
    publish_second(world.engine)

    result = world.send(world.signed(NEW, {**second_crops(), key("13", 1): 8.0}), NEW)

    assert result.status == "refused"
    assert any("2,4" in finding.message for finding in result.findings)


# -- publishing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        (DECLARED.replace('factor = "0.001"', 'factor = "1000"'), "BS385"),
        (DECLARED.replace('old = "12"', 'old = "88"'), "BS383"),
        (DECLARED.replace('old = "08"\nnew = "07"', 'old = "09"\nnew = "09"'), "BS386"),
        ("", None),
    ],
)
def test_a_version_that_contradicts_the_stored_one_before_it_is_not_published(
    world: World, declared: str, code: str | None
) -> None:
    data = template(second_spec(declared))
    if code is None:
        assert publish(world.engine, data, decision="QĐ 2", effective_from=date(2026, 9, 15), now=NOW).new
        return
    with pytest.raises(FormError) as error:
        publish(world.engine, data, decision="QĐ 2", effective_from=date(2026, 9, 15), now=NOW)

    assert code in {finding.code for finding in error.value.findings}
    assert any(finding.cell for finding in error.value.findings) or code == "BS386"


def test_a_draft_is_told_what_keeps_it_from_continuing_the_stored_version(world: World) -> None:
    wrong = template(second_spec(DECLARED.replace('factor = "0.001"', 'factor = "1000"')))

    draft = save_draft(world.engine, wrong, now=NOW)
    mended = save_draft(world.engine, template(second_spec()), now=NOW)

    assert [(finding.code, finding.cell[:1]) for finding in draft.findings if finding.code == "BS385"] == [
        ("BS385", "E")
    ]
    assert not [finding for finding in mended.findings if finding.code.startswith("BS38")]


def test_the_version_before_must_be_published_first(world: World) -> None:
    with pytest.raises(FormError) as error:
        publish(world.engine, template(third_spec()), decision="QĐ 3", effective_from=date(2026, 9, 15), now=NOW)

    assert [finding.code for finding in error.value.findings] == ["BS388"]


# -- over HTTP ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def client(mixed: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    monkeypatch.setattr(context, "now", lambda: NOW)
    url = mixed.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    app = create_app(replace(Config.in_folder(tmp_path, database_url=url), stamp_keys=KEYS, open_reading=True))
    yield app.test_client()
    app.extensions["bieuso"].engine.dispose()


def asked(client: FlaskClient, path: str, unit: str = "86", **more: str) -> dict[str, Any]:
    query: Mapping[str, str] = {"form": FORM, "unit": unit, "period": PERIOD, **more}
    return conforms(client.get(f"/api/v1{path}", query_string=query), path)


def test_the_api_tells_figures_with_their_origin(client: FlaskClient) -> None:
    facts = asked(client, "/facts", OLD, version="2")
    plain = asked(client, "/facts", OLD)
    sums = asked(client, "/totals", version="2")
    sources = asked(client, "/lineage", version="2", table="T1", row="13", column="3")["sources"]

    by_row = {one["row"]: one for one in facts["facts"] if one["column"] == "3"}
    assert (facts["version"], facts["reported_version"]) == ("2", "1")
    assert (by_row["13"]["value"], by_row["13"]["estimated"]) == ("2.7", True)
    assert by_row["13"]["origins"][0]["version"] == "1"
    assert by_row["13"]["origins"][0]["cells"][0]["share"] == "0.3"
    assert by_row["13"]["origins"][0]["cells"][0]["cell"] == next(
        one["cell"] for one in plain["facts"] if (one["row"], one["column"]) == ("05", "3")
    )
    assert {(one["row"], one["column"]) for one in facts["left_over"]} == {("07", "5"), ("08", "5")}
    assert "origins" not in plain["facts"][0]
    assert sums["told_versions"] == ["1"]
    assert next(one for one in sums["values"] if (one["row"], one["column"]) == ("13", "3"))["estimated"]
    assert [one["share"] for one in sources] == ["0.3", "1"]


def test_the_api_refuses_versions_that_cannot_be(client: FlaskClient) -> None:
    query = {"form": FORM, "unit": "86", "period": PERIOD}

    assert client.get("/api/v1/totals", query_string={**query, "version": "1"}).status_code == 422
    assert client.get("/api/v1/totals", query_string={**query, "version": "9"}).status_code == 404


def test_the_portal_says_that_figures_of_an_earlier_version_count_and_how(client: FlaskClient) -> None:
    page = client.get(f"/so-tong-hop/{FORM}/{PERIOD}", query_string={"unit": "86"}).get_data(as_text=True)
    source = client.get(f"/nguon/{FORM}/{PERIOD}/T1/13/3", query_string={"unit": "86"}).get_data(as_text=True)

    assert "nộp theo phiên bản 1 của biểu đã được chuyển sang phiên bản 2" in page
    assert "ước tính" in page
    assert "12,7" in page
    assert "phiên bản 1, dòng 05, cột 3; tính 30 %" in source
