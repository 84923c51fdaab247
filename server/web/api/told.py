"""How figures told in the terms of a later version look in replies: with the cells that each is made of."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from form_templates.translating import Amount, OriginCell
from server.services.figures import cell_address
from server.services.reported import Reported
from server.services.retelling import LeftOver, Origin, Told


def told_facts(found: Reported, told: Told) -> dict[str, Any]:
    """A unit's figures in the terms of a later version, and what has no place in it."""
    places = {fact.key: cell_address(fact.at_row, fact.at_column) for fact in found.facts}
    sheets = {table.code: table.sheet for table in found.version.tables}
    facts = []
    for key, amount in sorted(told.values.items()):
        origin = told.origins.get(key)
        cells = [
            _cell(cell) | {"sheet": sheets[cell.key.table], "cell": places[cell.key]}
            for cell in (origin.cells if origin else ())
        ]
        facts.append(
            {
                "table": key.table,
                "row": key.row,
                "column": key.column,
                **_amount(amount),
                "sheet": cells[0]["sheet"] if len(cells) == 1 else "",
                "cell": cells[0]["cell"] if len(cells) == 1 else "",
                "computed": key in told.computed,
                "estimated": bool(origin and origin.estimated),
                "origins": [{"version": origin.version, "cells": cells}] if origin else [],
            }
        )
    return {"facts": facts, "left_over": [left_over(one) for one in told.left]}


def told_origins(origins: Iterable[Origin]) -> dict[str, Any]:
    """Which cells of earlier versions count in a total."""
    found = tuple(origins)
    return {
        "estimated": any(one.estimated for one in found),
        "origins": [{"version": one.version, "cells": [_cell(cell) for cell in one.cells]} for one in found],
    }


def left_over(one: LeftOver) -> dict[str, Any]:
    """A figure that has no place any more."""
    key = one.left.old
    return {
        "version": one.version,
        "table": key.table,
        "row": key.row,
        "column": key.column,
        **_amount(one.left.amount),
        "reason": one.left.reason.value,
    }


def decimal_text(value: Decimal | None) -> str | None:
    """``"1234.5"``, never in powers of ten."""
    return None if value is None else f"{value:f}"


def _amount(amount: Amount) -> dict[str, Any]:
    if isinstance(amount, Decimal):
        return {"state": "number", "value": decimal_text(amount)}
    return {"state": amount.value, "value": None}


def _cell(cell: OriginCell) -> dict[str, Any]:
    return {
        "table": cell.key.table,
        "row": cell.key.row,
        "column": cell.key.column,
        "share": decimal_text(cell.share),
        "factor": decimal_text(cell.factor),
    }
