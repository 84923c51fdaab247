"""Publishing holds a form's formulas against an independent engine."""

from __future__ import annotations

from datetime import date

import pytest

from form_templates.compile import compile_template
from form_templates.filling import key_addresses
from form_templates.model import CellKey
from formulas.errors import FormulaError
from server.services.publishing import list_forms, publish
from tests.server.world import NOW, World, template
from workbooks.address import address
from workbooks.patch import Formula, patch_cells


def test_a_form_whose_formula_another_engine_computes_differently_is_not_published(world: World) -> None:
    published = compile_template(template())
    sheet, row, column = key_addresses(template(), published)[CellKey("T1", "02", "3")]
    # To Excel an argument left out counts as 0; ironcalc does not count it.
    doubtful = patch_cells(template(), {sheet: {(row, column): Formula(f"COUNT({address(row, column - 1)},)", 0.0)}})
    before = list_forms(world.engine)

    with pytest.raises(FormulaError) as refused:
        publish(world.engine, doubtful, decision="QĐ 9", effective_from=date(2026, 1, 1), now=NOW)

    (finding,) = refused.value.findings
    assert (finding.code, finding.sheet, finding.cell) == ("BS457", sheet, address(row, column))
    assert "COUNT" in finding.message
    assert list_forms(world.engine) == before
