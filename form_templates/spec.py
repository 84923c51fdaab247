"""A form as a short list of rows and columns, read from TOML. Where everything that is wrong is told at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final

from form_templates.definition import MOST_DECIMALS
from form_templates.definition_succession import spec_succession
from form_templates.errors import FormError
from form_templates.model import Aggregation, Carry, CarrySource, CellKind, Narrative
from form_templates.period import PeriodKind
from form_templates.spec_faults import contradictions
from form_templates.spec_fields import Fields
from form_templates.spec_history import History, untold
from form_templates.spec_parts import ColumnSpec, FormSpec, RegionSpec, RowSpec, RuleSpec
from form_templates.spec_relations import spelled
from workbooks.finding import Finding, Severity

__all__ = ["ColumnSpec", "FormSpec", "RegionSpec", "RowSpec", "RuleSpec", "read_spec", "spec_of"]

_FORM_ID: Final = re.compile(r"[A-Z0-9][A-Z0-9.-]{1,24}")
_VERSION: Final = re.compile(r"[1-9][0-9]{0,3}")
_ROW_CODE: Final = re.compile(r"[0-9]{2,3}")
_COLUMN_CODE: Final = re.compile(r"[1-9][0-9]?")
_REMEDY: Final = "Hãy sửa tệp mô tả biểu (.toml) rồi đọc lại."


def read_spec(text: str) -> FormSpec:
    """Reads a spec. Raises FormError with every fault (BS341)."""
    return spec_of(document_of(text))


def document_of(text: str) -> dict[str, Any]:
    """The document that a TOML text holds. Raises FormError (BS341)."""
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))  # Notepad begins files with it
    except (ValueError, RecursionError) as error:
        raise FormError([_fault(f"Tệp không phải TOML hợp lệ: {error}.")]) from error


def spec_of(document: Mapping[str, Any]) -> FormSpec:
    """The spec that a document of TOML's shape says. Raises FormError with every fault (BS341)."""
    top = Fields(document, "biểu")
    history = History([_column(fields) for fields in top.tables("columns")])
    rows = [history.row(_row(fields)) for fields in top.tables("rows")]
    regions = [_region(fields) for fields in top.tables("regions", required=False)]
    rules = [rule for fields in top.tables("rules", required=False) for rule in history.rules(_rule(fields))]
    spec = FormSpec(
        id=top.text("id", pattern=_FORM_ID),
        version=top.text("version", default="1", pattern=_VERSION),
        title=top.text("title"),
        unit_text=top.text("unit_text"),
        decision=top.text("decision"),
        basis=top.text("basis"),
        sender=top.text("sender"),
        receiver=top.text("receiver"),
        deadline=top.text("deadline"),
        periods=tuple(top.choice_list("periods", PeriodKind)),
        columns=history.columns(),
        rows=tuple(rows),
        regions=tuple(regions),
        rules=tuple(rules),
        succession=spec_succession(top.table("succession")),
        narrative_required=top.choice("narrative", Narrative, Narrative.OPTIONAL) is Narrative.REQUIRED,
    )
    problems = [*top.problems(), *map(untold, contradictions(spec))]
    if problems:
        raise FormError([_fault(problem) for problem in problems])
    return spec


def _column(fields: Fields) -> ColumnSpec:
    kind = fields.choice("kind", CellKind, CellKind.INPUT)
    usual = Aggregation.NONE if kind is CellKind.TEXT else Aggregation.SUM
    return ColumnSpec(
        code=fields.text("code", pattern=_COLUMN_CODE),
        header=fields.text("header"),
        kind=kind,
        unit=fields.text("unit", default=""),
        decimals=fields.number("decimals", default=None, most=MOST_DECIMALS),
        formula=fields.relation("formula", default=""),
        carry=_carry(fields.table("carry")),
        aggregation=fields.choice("aggregation", Aggregation, usual),
        aggregate=fields.relation("aggregate", default=""),
        signed=fields.flag("signed"),
        formula_by_unit=fields.relation_map("formula_by_unit"),
    )


def _carry(fields: Fields | None) -> Carry | None:
    if fields is None:
        return None
    return Carry(
        column=fields.text("column", pattern=_COLUMN_CODE),
        source=fields.choice("source", CarrySource, CarrySource.SAME_PERIOD_LAST_YEAR),
    )


def _row(fields: Fields) -> RowSpec:
    return RowSpec(
        code=fields.text("code", default="", pattern=_ROW_CODE),
        label=fields.text("label"),
        unit=fields.text("unit", default=""),
        level=fields.number("level", default=0) or 0,
        relation=fields.relation("relation", default=""),
        decimals=fields.number("decimals", default=0, most=MOST_DECIMALS) or 0,
        not_applicable=tuple(fields.text_list("not_applicable")),
        formulas=fields.relation_map("formulas"),
        aggregation=fields.optional_choice("aggregation", Aggregation),
        indicator=fields.text("indicator", default=""),
    )


def _region(fields: Fields) -> RegionSpec:
    under = fields.text("under", pattern=_ROW_CODE)
    return RegionSpec(
        code=fields.text("code"),
        under=under,
        label=fields.text("label"),
        unit=fields.text("unit"),
        members=fields.text("members", default="", pattern=re.compile("unit|field|")),
        decimals=fields.number("decimals", default=0, most=MOST_DECIMALS) or 0,
        count=fields.number("count", default=3) or 0,
        aggregation=fields.optional_choice("aggregation", Aggregation),
        indicator=fields.text("indicator", default=""),
    )


def _rule(fields: Fields) -> RuleSpec:
    return RuleSpec(
        code=fields.text("code"),
        relation=fields.relation("relation"),
        rows=tuple(fields.text_list("rows")),
        severity=fields.choice("severity", Severity, Severity.ERROR),
        message=fields.text("message"),
        columns=tuple(fields.text_list("columns")),
        when=tuple(map(spelled, fields.text_list("when"))),
    )


def _fault(message: str) -> Finding:
    return Finding("BS341", Severity.ERROR, message, _REMEDY)
