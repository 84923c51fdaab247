"""Small forms for the tests of formulas: one table of numbered rows and columns, and maybe a repeating region."""

from __future__ import annotations

from collections.abc import Mapping

from form_templates.model import (
    Aggregation,
    CellKey,
    CellKind,
    CellSpec,
    Column,
    FormVersion,
    Region,
    Row,
    Rule,
    Table,
)
from formulas.arithmetic import CellValue
from formulas.compiler import compile_version
from formulas.evaluation import evaluate

TABLE = "T1"
COLUMNS = ("1", "2", "3", "4", "5", "6")


def key(row: str, column: str) -> CellKey:
    return CellKey(TABLE, row, column)


def a_cell(row: str, column: str, formula: str | None = None, **changes: object) -> CellSpec:
    kind = CellKind.INPUT if formula is None else CellKind.CALC
    values: dict[str, object] = {"key": key(row, column), "kind": kind, "unit": "", "decimals": 2, "formula": formula}
    return CellSpec(**(values | changes))  # type: ignore[arg-type]  # a builder takes what the test changes


def a_form(
    *cells: CellSpec,
    rows: tuple[str, ...] = ("01", "02", "03", "04", "05"),
    region: str = "",
    region_after: str = "05",
    rules: tuple[Rule, ...] = (),
) -> FormVersion:
    """A form version with these cells; below ``region_after`` stands a region of three rows and a sentinel."""
    at, placed, regions = 10, [], []
    for code in rows:
        placed.append(Row(code, f"Dòng {code}", "", at))
        at += 1
        if region and code == region_after:
            regions.append(Region(region, "Các xã", "", at, at + 3, "unit"))
            at += 4
    columns = tuple(Column(code, f"Cột {code}", CellKind.INPUT, int(code) + 3) for code in COLUMNS)
    table = Table(TABLE, "Biểu", 2, 1, 9, tuple(placed), columns, tuple(regions), cells)
    return FormVersion("TEST-01.T", "1", "Thử", "", "", "", ("M",), "H1", "H2", (table,), rules)


def result_of(formula: str, cells: Mapping[str, CellValue] | None = None) -> CellValue:
    """The value of a formula in row 05, column 6, over cells given as ``{"01|1": 5.0}``."""
    version = a_form(a_cell("05", "6", formula))
    values = {key(*place.split("|")): value for place, value in (cells or {}).items()}
    return evaluate(compile_version(version), values)[key("05", "6")]


__all__ = ["TABLE", "Aggregation", "a_cell", "a_form", "key", "result_of"]
