"""Repeated rows of units, whose region has another code in the next version of the form (L35)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from sqlalchemy import Engine

from form_templates.model import CellKey, FormVersion, Link, Region, Succession, Table
from server.services import totals
from server.services.lineage import lineage
from server.services.reported import reported_facts
from server.storage.engine import writing
from tests.server.builders import PERIOD, a_form, some_units, store_form, store_submission


def plain_form() -> FormVersion:
    """The columns that add up alone."""
    form = a_form()
    table = form.tables[0]
    cells = tuple(cell for cell in table.cells if cell.key.column in {"1", "2"})
    return replace(form, tables=(replace(table, columns=table.columns[:2], cells=cells),))


def renamed(old: FormVersion) -> FormVersion:
    """Region 03* is 05* and counts in tenths; row 02 goes into row 01."""
    table = old.tables[0]
    region = Region("05*", "Xã", "Ha", 11, 12, members="unit")
    cells = tuple(
        replace(cell, key=cell.key._replace(row="05*")) if cell.key.row == "03*" else cell
        for cell in table.cells
        if cell.key.row != "02"
    )
    rows = tuple(row for row in table.rows if row.code != "02")
    after: Table = replace(table, rows=rows, regions=(region,), cells=cells)
    links = (Link("03*", "05*", "1", "0.1"), Link("01", "01"), Link("02", "01"))
    return replace(old, version="2", tables=(after,), succession=Succession("1", links))


def test_each_unit_keeps_its_row_in_facts_totals_and_lineage(engine: Engine) -> None:
    first, second = some_units(engine, communes=2)
    old, new = plain_form(), renamed(plain_form())
    with writing(engine) as connection:
        store_form(connection, old)
        store_submission(connection, first, {(f"03*#{first}", "2"): 100, ("01", "2"): 15, ("02", "2"): 25}, version=old)
        store_form(connection, new)
        store_submission(connection, second, {(f"05*#{second}", "2"): 30, ("01", "2"): 7}, version=new)

    told = reported_facts(engine, form=old.form, unit=first, period=PERIOD, version="2").told
    found = totals.read(engine, unit="86", form=old.form, period=PERIOD)
    row = CellKey("T1", f"05*#{first}", "2")
    sources = lineage(engine, unit="86", form=old.form, period=PERIOD, key=row).sources

    assert told is not None
    assert told.values[row] == Decimal("1.0")
    assert told.values[CellKey("T1", "01", "2")] == Decimal("4.0")
    assert found.members == {("T1", "05*"): (first, second)}
    assert found.values[row].value == Decimal("1.0")
    assert found.values[CellKey("T1", f"05*#{second}", "2")].value == Decimal("3.0")
    assert (found.values[CellKey("T1", "01", "2")].value, found.values[CellKey("T1", "01", "2")].numbers) == (
        Decimal("4.7"),
        3,
    )
    assert [(one.unit, one.key.row, one.factor, one.value) for one in sources] == [
        (first, f"03*#{first}", Decimal("0.1"), Decimal("10.0"))
    ]
