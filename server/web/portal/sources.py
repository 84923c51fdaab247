"""The signed cells behind a value as rows of a table, each with its way down to the signed workbook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import url_for

from formulas.wording import number_text
from server.services.lineage import Source
from server.services.tracing import LineageView
from server.web.portal.addresses import anchor


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One signed cell; ``link`` leads to it in its submission."""

    source: Source
    text: str
    link: str


def source_rows(view: LineageView) -> tuple[SourceRow, ...]:
    """The sources of a value, by unit code."""
    return tuple(_rows(view))


def _rows(view: LineageView) -> Iterator[SourceRow]:
    decimals = view.version.cell(view.lineage.key).decimals
    first = view.version.tables[0].sheet
    for source in view.lineage.sources:
        sheet = None if source.sheet == first else source.sheet
        mark = anchor(view.version, source.sheet, source.cell) if source.cell else None
        link = url_for("portal.submission", number=source.submission, o=source.cell or None, trang=sheet, _anchor=mark)
        yield SourceRow(source, number_text(source.value, decimals), link)
