"""Half-filled workbooks of a version that is no longer used, turned into those of the one in effect (L35).

Nothing is stored: the officer gets a workbook as if it had been issued today, with the figures moved and the list of
where each went.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from form_templates.errors import FormError
from form_templates.period import Period
from form_templates.stamp import Stamp, StampKind, read_stamp, stamp_is_ours
from formulas.converting import Conversion, convert
from server.errors import ConflictError
from server.services.issuing import issue_workbook
from server.services.periods import parse_period
from server.services.registry import version_in_effect
from server.services.retelling import path
from server.services.uploads import open_upload
from server.storage import blobs, forms
from server.storage.engine import reading

StampKeys = Sequence[tuple[str, bytes]]


@dataclass(frozen=True)
class Converted:
    """The workbook of the version in effect, for the unit and period of the old one."""

    stamp: Stamp
    version: str
    conversion: Conversion


def issued_stamp(data: bytes, keys: StampKeys) -> tuple[Stamp, Period]:
    """The stamp of a workbook that was issued here, and its period.

    Raises:
        WorkbookError: no acceptable workbook. FormError: not issued here (BS389).
        InvalidError: a period that cannot be.
    """
    workbook = open_upload(data)
    stamp = read_stamp(workbook) if stamp_is_ours(workbook, keys) else None
    if stamp is None or stamp.kind is not StampKind.ISSUED:
        raise FormError.single(
            "BS389", "Tệp không phải biểu do hệ thống giao cho một đơn vị.", "Tải biểu mới từ hệ thống rồi nhập lại."
        )
    return stamp, parse_period(stamp.period)


def convert_workbook(engine: Engine, data: bytes, *, keys: StampKeys, now: datetime) -> Converted:
    """The workbook of the version in effect with what was filled into an older one.

    Args:
        engine: the database.
        data: the officer's workbook; its signatures, if any, do not go along.
        keys: (key id, key) of stamps; the first seals the new one.
        now: as for issuing.

    Raises:
        WorkbookError, FormError: the file cannot be converted. NotFoundError, InvalidError: as for issuing.
        ConflictError: the workbook is of the version in effect already.
    """
    stamp, period = issued_stamp(data, keys)
    with reading(engine) as connection:
        target = version_in_effect(connection, stamp.form, period.last_day)
        record = forms.form_version(connection, stamp.form, stamp.version)
        versions = None if record is None else path(connection, record, target.record)
        template = None if record is None else blobs.get_blob(connection, record.template_sha256)
    if record is not None and record.id == target.record.id:
        raise ConflictError(
            f"Tệp đã là biểu {stamp.form} phiên bản {stamp.version}, phiên bản đang dùng cho kỳ này.", "Nhập tiếp."
        )
    if record is None or versions is None or record.digest != stamp.digest:
        raise FormError.single(
            "BS389",
            f"Biểu {stamp.form} phiên bản {stamp.version} không chuyển được sang phiên bản {target.record.version}.",
            "Tải biểu mới từ hệ thống rồi nhập lại, hoặc báo đơn vị quản lý biểu mẫu.",
        )
    blank = issue_workbook(engine, form=stamp.form, unit=stamp.unit, period=stamp.period, stamp_key=keys[0], now=now)
    done = convert(data, blank, [one.version for one in versions], template=template)
    return Converted(stamp, target.record.version, done)
