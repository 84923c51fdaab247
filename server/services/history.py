"""Figures of earlier periods, imported from predecessor systems so that carried columns have something to carry.

They keep their origin (QĐ 864/QĐ-UBND Trà Vinh, Đ7.1): an entry of its own with source "history", the imported rows
kept as CSV, and no signature. They were not sent, so no list of submissions shows them; in totals they count like any
other figures of their period, until a signed submission takes their place.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, Engine

from form_templates.model import CellKey, CellSpec, FormVersion
from form_templates.period import Period
from server.errors import ConflictError, InvalidError, NotFoundError
from server.services.audit import SYSTEM, Action, record
from server.services.figures import Figure, figure
from server.services.periods import parse_period
from server.services.registry import Published, published
from server.services.storing import NewSubmission, StoredFigure, store_accepted
from server.services.units import require_unit
from server.storage import blobs, forms
from server.storage.engine import writing
from server.storage.exact import NotFiniteError, TooLargeError, TooPreciseError
from server.storage.submissions import current_submission, lock_reporting
from workbooks.sheet import Value


def import_history(
    engine: Engine,
    *,
    form: str,
    period: str,
    unit: str,
    values: Mapping[CellKey, Value | Decimal],
    now: datetime,
    actor: str = SYSTEM,
) -> int:
    """Stores the figures of one unit and period; returns the id of the entry. The same figures again change nothing.

    Raises:
        InvalidError: a cell the form does not have, or a number that cannot be kept exactly.
        ConflictError: the unit has sent a signed workbook for that period.
        NotFoundError: no such form or unit.
    """
    wanted = parse_period(period)
    with writing(engine) as connection:
        known = _version(connection, form, wanted)
        sender = require_unit(connection, unit, wanted.last_day)
        lock_reporting(connection, form, sender.id, period)
        content = _csv(form, period, unit, values)
        current = current_submission(connection, form, sender.id, period)
        if current is not None and current.source != "history":
            raise ConflictError(
                f"{sender.name} đã nộp biểu {form} kỳ {wanted.label.lower()}.", "Số liệu đã ký không bị ghi đè."
            )
        sha256 = blobs.put_blob(connection, content)
        if current is not None and current.blob_sha256 == sha256:
            return current.id
        figures = [StoredFigure(key, found, 0, 0) for key, found in _figures(known.version, values).items()]
        entry = NewSubmission(
            form_version_id=known.record.id,
            version=known.version,
            unit=sender,
            period=wanted,
            source="history",
            received_at=now,
            blob_sha256=sha256,
        )
        submission_id = store_accepted(connection, entry, figures)
        subject = f"submission:{submission_id}"
        details = {"form": form, "period": period, "unit": unit, "figures": len(figures), "sha256": sha256}
        record(connection, Action.HISTORY_IMPORTED, at=now, actor=actor, subject=subject, details=details)
    return submission_id


def _version(connection: Connection, form: str, period: Period) -> Published:
    """The version of that time, or the first one: figures may be older than the form that carries them."""
    found = forms.version_for(connection, form, period.last_day)
    versions = forms.form_versions(connection, form)
    if found is None and not versions:
        raise NotFoundError(f"Không có biểu “{form}”.", "Ban hành biểu mẫu trước khi nhập số liệu lịch sử.")
    return published(found or versions[0])


def _figures(version: FormVersion, values: Mapping[CellKey, Value | Decimal]) -> dict[CellKey, Figure]:
    return {key: _figure(version, key, value) for key, value in values.items()}


def _figure(version: FormVersion, key: CellKey, value: Value | Decimal) -> Figure:
    spec = version.cell_by_key.get(key.template)
    place = f"dòng {key.row}, cột {key.column} của bảng {key.table}"
    if spec is None or (key.region and not key.member):
        raise InvalidError(f"Biểu {version.form} không có ô ở {place}.", "Kiểm tra mã dòng và số cột.")
    try:
        return figure(value, spec)
    except (NotFiniteError, TooLargeError, TooPreciseError) as error:
        raise InvalidError(_not_exact(value, place, spec), "Sửa số liệu rồi nhập lại.") from error


def _not_exact(value: object, place: str, spec: CellSpec) -> str:
    return f"Số {value} ở {place} không lưu được chính xác với {spec.decimals} chữ số thập phân."


def _csv(form: str, period: str, unit: str, values: Mapping[CellKey, Value | Decimal]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("form", "period", "unit", "table", "row", "column", "value"))
    for key in sorted(values):
        value = values[key]
        writer.writerow((form, period, unit, *key, "" if value is None else str(value)))
    return text.getvalue().encode()
