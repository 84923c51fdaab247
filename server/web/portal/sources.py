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
    """One signed cell; ``link`` leads to it in its submission; ``told`` says how it counts here if not as it is."""

    source: Source
    text: str
    link: str
    told: str


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
        told = "" if source.version == view.version.version else _told(source)
        text = number_text(source.value) if told else number_text(source.value, decimals)
        yield SourceRow(source, text, link, told)


def _told(source: Source) -> str:
    """What of a cell of an earlier version of the form counts (L35)."""
    place = f"phiên bản {source.version}, dòng {source.key.row}, cột {source.key.column}"
    share = "" if source.share == 1 else f"; tính {number_text(source.share * 100)} %"
    factor = "" if source.factor == 1 else f"; nhân hệ số {number_text(source.factor)}"
    return place + share + factor
