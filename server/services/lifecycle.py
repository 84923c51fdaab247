"""The life of a form version: draft, issued, in effect, replaced, withdrawn; always as at a day (C47)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby
from typing import Final

from sqlalchemy import Engine

from form_templates.diff import FormDiff, diff
from server.errors import NotFoundError
from server.services.registry import published
from server.storage import drafts, forms
from server.storage.drafts import DraftRecord
from server.storage.engine import reading
from server.storage.forms import FormRecord


class State(StrEnum):
    """Where a version stands on a day."""

    DRAFT = "draft"
    ISSUED = "issued"
    EFFECTIVE = "effective"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


STATE_TEXTS: Final = {
    State.DRAFT: "Nháp",
    State.ISSUED: "Đã ban hành, chưa hiệu lực",
    State.EFFECTIVE: "Đang hiệu lực",
    State.REPLACED: "Hết hiệu lực",
    State.WITHDRAWN: "Đã thu hồi",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """A published version and where it stands.

    Attributes:
        until: first day on which it is no longer used for new periods, as far as known today; None while open.
    """

    record: FormRecord
    state: State
    until: date | None


@dataclass(frozen=True, slots=True)
class Family:
    """A form with all its versions, newest first, and what its owners are working on."""

    form: str
    title: str
    stages: tuple[Stage, ...]
    drafts: tuple[DraftRecord, ...]


def stages(versions: Sequence[FormRecord], day: date) -> tuple[Stage, ...]:
    """Where each version of one form stands on a day; in the order they take effect, as storage gives them."""
    current = in_effect(versions, day)
    return tuple(Stage(one, _state(one, current, day), _until(one, versions)) for one in versions)


def in_effect(versions: Sequence[FormRecord], day: date) -> FormRecord | None:
    """The version used for a period that ends on a day, as ``registry.version_in_effect`` chooses it."""
    usable = [one for one in versions if one.effective_from <= day and not one.withdrawn_on(day)]
    return max(usable, key=_age, default=None)


def _age(record: FormRecord) -> tuple[date, int]:
    return record.effective_from, record.id


def _state(record: FormRecord, current: FormRecord | None, day: date) -> State:
    if record.withdrawn_on(day):
        return State.WITHDRAWN
    if record.effective_from > day:
        return State.ISSUED
    return State.EFFECTIVE if current is not None and record.id == current.id else State.REPLACED


def _until(record: FormRecord, versions: Sequence[FormRecord]) -> date | None:
    """The day a newer version takes over, or that of its own withdrawal."""
    newer = [one for one in versions if _age(one) > _age(record) and not one.withdrawn_on(one.effective_from)]
    ends = [one.effective_from for one in newer] + ([record.withdrawn_from] if record.withdrawn_from else [])
    return min(ends, default=None)


def changes_since_before(engine: Engine, form: str, version: str) -> FormDiff:
    """How a version differs from the one that took effect before it. Raises NotFoundError where there is none."""
    with reading(engine) as connection:
        versions = sorted(forms.form_versions(connection, form), key=_age)
    numbers = [one.version for one in versions]
    at = numbers.index(version) if version in numbers else 0
    if at == 0:
        raise NotFoundError(
            f"Biểu {form} phiên bản {version} không có phiên bản trước để so sánh.", "Kiểm tra mã biểu, số phiên bản."
        )
    return diff(*(published(one).version for one in versions[at - 1 : at + 1]))


def families(engine: Engine, day: date, *, with_drafts: bool) -> tuple[Family, ...]:
    """Every form by its id, with the stages of its versions on a day; drafts only where the asker may see them."""
    with reading(engine) as connection:
        versions = forms.form_versions(connection)
        working = drafts.drafts(connection) if with_drafts else ()
    published = {form: tuple(records) for form, records in groupby(versions, key=lambda one: one.form)}
    names = sorted({*published, *(draft.form for draft in working)})
    return tuple(_family(name, published.get(name, ()), working, day) for name in names)


def _family(form: str, versions: Sequence[FormRecord], working: Sequence[DraftRecord], day: date) -> Family:
    own = tuple(draft for draft in working if draft.form == form)
    newest = in_effect(versions, day) or (versions[-1] if versions else None)
    title = own[-1].title if newest is None else newest.title
    return Family(form, title, stages(versions, day)[::-1], own)
