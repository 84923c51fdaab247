"""Laying a spec out as an official template workbook. The same spec gives the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from typing import Final

from openpyxl import Workbook
from openpyxl.workbook.defined_name import DefinedName

from form_templates import definition
from form_templates.definition_drawing import draw_definition
from form_templates.explanations_drawing import draw_explanations
from form_templates.form_drawing import draw_form
from form_templates.sheet_plan import CODES_AT, FIRST_COLUMN, FIRST_ROW, INDEX_AT, LABELS_AT, Plan
from form_templates.spec_parts import FormSpec
from workbooks.address import column_letters as letter
from workbooks.references import quote_sheet

# A fixed date: a template is made from its spec alone, not from the day on which it was laid out.
_CREATED: Final = datetime(2026, 1, 1)  # noqa: DTZ001 - openpyxl writes naive datetimes as UTC
_DATED: Final = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)


def build_template(spec: FormSpec) -> bytes:
    """The template workbook: the form on a sheet named after it, and its definition on a hidden sheet."""
    plan = Plan(spec)
    book = Workbook()
    form = book.worksheets[0]
    form.title = spec.id
    unit_cell, period_cell = draw_form(form, plan)
    draw_explanations(book)
    hidden = book.create_sheet(definition.SHEET)
    hidden.sheet_state = "hidden"
    draw_definition(hidden, plan)
    for name, place in _names(plan, unit_cell, period_cell).items():
        book.defined_names[name] = DefinedName(name, attr_text=f"{quote_sheet(spec.id)}!{place}")
    _describe(book, spec)
    stream = io.BytesIO()
    book.save(stream)
    return reproducible(stream.getvalue())


def _names(plan: Plan, unit_cell: str, period_cell: str) -> dict[str, str]:
    last = letter(plan.last_column)
    first, codes = letter(FIRST_COLUMN), letter(CODES_AT)
    return {
        definition.GRID.format(table=definition.TABLE): f"${first}${FIRST_ROW}:${last}${plan.last_row}",
        definition.ROWS.format(table=definition.TABLE): f"${codes}${FIRST_ROW}:${codes}${plan.last_row}",
        definition.COLUMNS.format(table=definition.TABLE): f"${letter(LABELS_AT)}${INDEX_AT}:${last}${INDEX_AT}",
        definition.UNIT_CELL: _absolute(unit_cell),
        definition.PERIOD_CELL: _absolute(period_cell),
    }


def _absolute(cell: str) -> str:
    return re.sub(r"([A-Z]+)([0-9]+)", r"$\1$\2", cell)


def _describe(book: Workbook, spec: FormSpec) -> None:
    """Provenance in the properties, for people; nothing reads it back (several programs lose properties)."""
    about = book.properties
    about.creator = about.lastModifiedBy = "BiểuSố"
    about.title = f"{spec.id} – {spec.title}"
    about.subject = about.description = spec.basis
    about.keywords = f"{spec.id}; phiên bản {spec.version}"
    about.created = about.modified = _CREATED


def reproducible(data: bytes) -> bytes:
    """The package with the clock taken out: openpyxl dates the parts and the last change by the time of saving."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(stream, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _DATED.sub(rb"\g<1>" + _CREATED.strftime("%Y-%m-%dT%H:%M:%SZ").encode(), content)
            entry = zipfile.ZipInfo(name, _ZIP_DATE)
            entry.external_attr = 0o600 << 16
            target.writestr(entry, content, zipfile.ZIP_DEFLATED, 6)
    return stream.getvalue()
