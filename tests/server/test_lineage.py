from __future__ import annotations

import pytest

from server.errors import NotFoundError
from server.services import totals
from server.services.lineage import lineage
from server.services.submissions import workbook_of
from tests.server.world import FORM, LAST_YEAR, PERIOD, World, crops, key
from workbooks.address import parse_address
from workbooks.workbook import open_workbook


def test_every_addend_of_a_total_is_found_again_in_its_signed_cell(world: World) -> None:
    for number, unit in enumerate(("28756", "28807")):
        world.send(world.signed(unit, crops(10 + number)), unit)

    found = lineage(world.engine, unit="86", form=FORM, period=PERIOD, key=key("04", 2))

    assert found.total is not None
    assert sum(source.value for source in found.sources) == found.total.value == 21
    assert [source.signer for source in found.sources] == ["Lãnh đạo Phường Phú Khương", "Lãnh đạo Xã Giao Long"]
    for source in found.sources:
        sheet = open_workbook(workbook_of(world.engine, source.submission)).read_sheet(source.sheet)
        assert sheet.cells[parse_address(source.cell)].value == float(source.value)


def test_a_computed_value_leads_to_its_formula_and_inputs_and_not_to_ratios_below(world: World) -> None:
    world.send(world.signed())

    found = lineage(world.engine, unit="86", form=FORM, period=PERIOD, key=key("04", 5))

    assert found.sources == ()
    assert found.formula is not None
    assert set(found.inputs) == {key("04", 6), key("04", 4)}


def test_a_reporting_unit_leads_to_its_own_cell(world: World) -> None:
    sent = world.send(world.signed())

    found = lineage(world.engine, unit="28756", form=FORM, period=PERIOD, key=key("04", 2))

    assert [(source.submission, source.unit) for source in found.sources] == [(sent.id, "28756")]


def test_imported_history_is_named_as_such_and_has_no_signer(world: World) -> None:
    world.history()

    (source,) = lineage(world.engine, unit="86", form=FORM, period=LAST_YEAR, key=key("04", 3)).sources

    assert (source.source, source.signer, source.cell) == ("history", "", "")


def test_a_cell_that_the_form_does_not_have_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError):
        lineage(world.engine, unit="86", form=FORM, period=PERIOD, key=key("99", 2))


def test_totals_of_nobody_are_empty_and_not_zero(world: World) -> None:
    found = totals.read(world.engine, unit="86", form=FORM, period=PERIOD)

    assert {value.value for value in found.values.values()} <= {None}
