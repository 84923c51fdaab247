"""Published form versions, ready to use. Only what stands here decides; what a workbook carries is never asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import Connection

from form_templates import serial
from form_templates.explanations import has_explanations
from form_templates.model import FormVersion
from formulas.compiler import CompiledForm, compile_version
from server.errors import NotFoundError
from server.storage import forms
from server.storage.blobs import get_blob
from server.storage.forms import FormRecord
from workbooks.workbook import open_workbook


@dataclass(frozen=True, slots=True)
class Published:
    """A form version of the registry: its record, its model, and its formulas compiled."""

    record: FormRecord
    version: FormVersion
    compiled: CompiledForm


def published(record: FormRecord) -> Published:
    """The record with its model read and compiled; kept in memory, for a published version never changes."""
    version, compiled = _model(record.digest, record.model)
    return Published(record, version, compiled)


def version_in_effect(connection: Connection, form: str, day: date) -> Published:
    """The version of a form for a period that ends on that day.

    Of the versions in effect by then (``effective_from`` is that day or earlier) and not withdrawn by then, the one
    that took effect last; of two that took effect on one day, the one published later. So no day after the first
    version's is without a version, and none has two: a newer version takes over on its day, and where it is withdrawn
    the one before serves again.

    Raises:
        NotFoundError: no version of this form may be used for such a period.
    """
    record = forms.version_for(connection, form, day)
    if record is None:
        raise NotFoundError(
            f"Biểu “{form}” không có phiên bản nào có hiệu lực tại ngày {day:%d/%m/%Y}.",
            "Kiểm tra mã biểu và kỳ báo cáo, hoặc ban hành phiên bản có hiệu lực sớm hơn.",
        )
    return published(record)


def explains(connection: Connection, record: FormRecord) -> bool:
    """Whether the published template has a place for explanations."""
    template = get_blob(connection, record.template_sha256)
    return template is not None and _explains(template)


@lru_cache(maxsize=64)
def _explains(template: bytes) -> bool:
    return has_explanations(open_workbook(template))


@lru_cache(maxsize=64)
def _model(_digest: str, model: str) -> tuple[FormVersion, CompiledForm]:
    version = serial.from_json(model)
    return version, compile_version(version)
