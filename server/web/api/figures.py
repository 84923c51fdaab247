"""Facts, totals, and where a total comes from. Numbers are decimal text: a JSON number would lose digits."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from form_templates.model import CellKey, FormVersion
from server.errors import NotFoundError
from server.services import totals as totals_service
from server.services.figures import cell_address
from server.services.lineage import Source
from server.services.lineage import lineage as lineage_of
from server.services.periods import parse_period
from server.services.reported import Reported, reported_facts
from server.services.totals import TotalValue
from server.storage.facts import Fact
from server.web import context
from server.web.api.arguments import optional_text, text
from server.web.api.told import decimal_text, left_over, told_facts, told_origins

figures = Blueprint("figures", __name__)


@figures.get("/facts")
def facts() -> dict[str, Any]:
    """The figures of one unit's accepted form; with ``version`` in the terms of that version."""
    form, unit, period = _asked()
    found = reported_facts(
        context.service().engine, form=form, unit=unit, period=period, version=optional_text("version")
    )
    said = {
        "form": form,
        "version": found.terms.version,
        "reported_version": found.submission.version,
        "unit": unit,
        "period": period,
        "submission": found.submission.id,
        "source": found.submission.source,
        "sha256": found.submission.blob_sha256,
    }
    if found.told is None:
        return said | {"facts": [_fact(found, fact) for fact in found.facts]}
    return said | told_facts(found, found.told)


@figures.get("/totals")
def totals() -> dict[str, Any]:
    """The form as it stands for a unit: sums over the units below it, what is not added recomputed."""
    form, unit, period = _asked()
    version = optional_text("version")
    found = totals_service.read(context.service().engine, unit=unit, form=form, period=period, version=version)
    return {
        "form": form,
        "version": found.published.record.version,
        "unit": unit,
        "unit_name": found.unit.name,
        "period": period,
        "consolidated": found.consolidated,
        "told_versions": [told.version for told in found.told],
        "values": [
            _cell(key) | _total(value) | (told_origins(found.origins(key)) if found.told else {})
            for key, value in sorted(found.values.items())
        ],
        "left_over": [left_over(one) for told in found.told for one in told.left],
    }


@figures.get("/lineage")
def lineage() -> dict[str, Any]:
    """The signed cells behind one value."""
    form, unit, period = _asked()
    key = CellKey(text("table"), text("row"), text("column"))
    found = lineage_of(
        context.service().engine, unit=unit, form=form, period=period, key=key, version=optional_text("version")
    )
    return {
        "form": form,
        "unit": unit,
        "period": period,
        **_cell(key),
        "total": None if found.total is None else _total(found.total),
        "formula": found.formula,
        "inputs": [_cell(one) for one in found.inputs],
        "sources": [_source(one) for one in found.sources],
    }


def _asked() -> tuple[str, str, str]:
    """Form, unit and period of the request, the unit being one whose figures may be seen."""
    period = parse_period(text("period"))
    form, unit = text("form"), context.seen_unit(text("unit"), period.last_day)
    return form, unit.code, period.code


def _fact(found: Reported, fact: Fact) -> dict[str, object]:
    return {
        **_cell(fact.key),
        "state": fact.state.name.lower(),
        "value": decimal_text(fact.value),
        "sheet": _sheet(found.version, fact.key.table),
        "cell": cell_address(fact.at_row, fact.at_column),
    }


def _sheet(version: FormVersion, table: str) -> str:
    for one in version.tables:
        if one.code == table:
            return one.sheet
    raise NotFoundError(f"Biểu {version.form} không có bảng {table}.", "Kiểm tra mã bảng.")


def _cell(key: CellKey) -> dict[str, object]:
    return {"table": key.table, "row": key.row, "column": key.column}


def _total(value: TotalValue) -> dict[str, object]:
    return {"value": decimal_text(value.value), "numbers": value.numbers, "computed": value.computed}


def _source(source: Source) -> dict[str, object]:
    return {
        "unit": source.unit,
        "unit_name": source.unit_name,
        "submission": source.submission,
        "source": source.source,
        "sheet": source.sheet,
        "cell": source.cell,
        "version": source.version,
        "row": source.key.row,
        "column": source.key.column,
        "share": decimal_text(source.share),
        "factor": decimal_text(source.factor),
        "value": decimal_text(source.value),
        "sha256": source.workbook_sha256,
        "signer": source.signer,
        "signed_at": None if source.signed_at is None else source.signed_at.isoformat(),
        "received_at": source.received_at.isoformat(),
    }
