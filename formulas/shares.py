"""Percentages of a whole lie between 0 and 100; growth and plans carried out do not, and are left alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from form_templates.model import CellKey, CellSpec, Table, member_row
from form_templates.reading import FilledCell, FilledForm
from formulas import catalogue
from formulas.arithmetic import CellValue
from formulas.units import is_share
from formulas.wording import first_of, number_text
from workbooks.address import address
from workbooks.finding import Finding

_WHOLE: Final = 100.0
_NAMED: Final = 5


def check_shares(
    filled: FilledForm, values: Mapping[CellKey, CellValue], told: Collection[tuple[str, str]]
) -> Iterator[Finding]:
    """One finding for each column with shares outside 0-100.

    Args:
        filled: the form.
        values: what was typed and what the formulas give.
        told: sheet and address of cells that a relation of the form has told already.
    """
    for table in filled.version.tables:
        odd: dict[str, list[tuple[FilledCell, float]]] = {}
        for spec in _shares(table):
            for key in _keys(filled, spec):
                value, cell = values.get(key), filled.cells.get(key)
                if cell is not None and _is_outside(value, spec) and (cell.sheet, _at(cell)) not in told:
                    odd.setdefault(key.column, []).append((cell, float(value)))  # type: ignore[arg-type]  # a number
        for column, found in odd.items():
            yield _finding(column, sorted(found, key=lambda one: one[0].row))


def _shares(table: Table) -> Iterator[CellSpec]:
    headers = {column.code: column.header for column in table.columns}
    labels = {row.code: row.label for row in table.rows} | {region.code: region.label for region in table.regions}
    for spec in table.cells:
        key = spec.key
        if "%" in spec.unit and is_share(spec.unit, headers.get(key.column, ""), labels.get(key.row, "")):
            yield spec


def _keys(filled: FilledForm, spec: CellSpec) -> Iterator[CellKey]:
    key = spec.key
    if "*" not in key.row:
        yield key
        return
    for member in filled.members.get((key.table, key.row), ()):
        yield key._replace(row=member_row(key.row, member.key))


def _is_outside(value: CellValue, spec: CellSpec) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    slack = 0.5 * 10.0**-spec.decimals
    return not -slack <= value <= _WHOLE + slack


def _at(cell: FilledCell) -> str:
    return address(cell.row, cell.column)


def _finding(column: str, found: list[tuple[FilledCell, float]]) -> Finding:
    cell, value = found[0]
    cells = first_of([_at(one) for one, _ in found], _NAMED)
    details = {"column": column, "cells": cells, "value": number_text(value)}
    return catalogue.SHARE_OUT_OF_RANGE.at(cell.sheet, _at(cell), **details)
