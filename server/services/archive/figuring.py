"""Stored figures held against the signed files that they came from: read and computed anew, cell by cell.

Facts are derived from what was signed, and no stamp covers them; so whoever writes into the database may change them
with the totals, and the signed file alone tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from sqlalchemy import Connection

from form_templates.errors import FormError
from form_templates.model import CellKey, FormVersion
from form_templates.reading import read_form
from formulas.errors import FormulaError
from formulas.evaluation import evaluate_filled
from formulas.wording import excerpt
from server.services.evaluating import read_figures
from server.services.registry import published
from server.services.storing import StoredFigure
from server.services.uploads import open_upload
from server.storage.archive import KeptSubmission
from server.storage.exact import unscaled
from server.storage.facts import Fact, facts_of
from server.storage.forms import form_version
from signing.findings import finding
from workbooks.address import address
from workbooks.errors import WorkbookError
from workbooks.finding import Finding

_MOST_NAMED: Final = 5


def on_figures(connection: Connection, kept: KeptSubmission, data: bytes) -> Iterator[Finding]:
    """BS290 where the stored figures of a submission are not those of its signed file, ``data``."""
    try:
        stored = facts_of(connection, kept.id)
        record = form_version(connection, kept.form or "", kept.version or "")
        known = None if record is None else published(record)
    except (ValueError, FormError, FormulaError) as problem:
        # What is damaged is told, and does not keep the rest from being proved.
        yield finding("BS290", reason=f"số liệu hoặc mô tả biểu đang lưu không đọc được ({excerpt(str(problem))})")
        return
    if kept.status == "refused":
        if stored:
            yield finding("BS290", reason="bản nộp bị từ chối mà có số liệu")
        return
    if known is None:
        yield finding("BS290", reason="phiên bản biểu của bản nộp không còn trong hệ thống")
        return
    try:
        filled = read_form(open_upload(data), known.version)
        signed = {one.key: one for one in read_figures(filled, evaluate_filled(known.compiled, filled), [])}
    except (WorkbookError, FormulaError) as problem:
        yield finding("BS290", reason=f"không đọc lại được số liệu từ tệp đã ký ({problem})")
        return
    differing = sorted(_differing(known.version, signed, stored))
    if differing:
        yield finding("BS290", reason=_told(known.version, signed, differing))


def _differing(
    version: FormVersion, signed: Mapping[CellKey, StoredFigure], stored: Mapping[CellKey, Fact]
) -> Iterator[CellKey]:
    for key in signed.keys() | stored.keys():
        if key not in signed or key not in stored or not _is_same(version, signed[key], stored[key]):
            yield key


def _is_same(version: FormVersion, signed: StoredFigure, stored: Fact) -> bool:
    decimals = version.cell(signed.key).decimals
    value = None if signed.figure.scaled is None else unscaled(signed.figure.scaled, decimals)
    return (stored.state, stored.value, stored.at_row, stored.at_column) == (
        signed.figure.state,
        value,
        signed.at_row,
        signed.at_column,
    )


def _told(version: FormVersion, signed: Mapping[CellKey, StoredFigure], differing: list[CellKey]) -> str:
    """How many, and the first of them by sheet and cell; by codes where the file has no such cell."""
    sheets = {table.code: table.sheet for table in version.tables}
    named = [
        f"{sheets.get(key.table, key.table)}!{address(signed[key].at_row, signed[key].at_column)}"
        if key in signed
        else f"bảng {key.table}, dòng {key.row}, cột {key.column}"
        for key in differing[:_MOST_NAMED]
    ]
    more = "…" if len(differing) > _MOST_NAMED else ""
    return f"{len(differing)} ô: {'; '.join(named)}{more}"
