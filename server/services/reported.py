"""The figures that a unit reported for a form and period."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from form_templates.model import FormVersion
from server.errors import NotFoundError
from server.services.periods import parse_period
from server.services.registry import published
from server.services.retelling import Told, not_continued, published_version, tell_submission
from server.services.units import require_unit
from server.storage import forms
from server.storage.engine import reading
from server.storage.facts import Fact, facts_of
from server.storage.submissions import Submission, current_submission


@dataclass(frozen=True)
class Reported:
    """The facts of the submission that stands, and the form version they are under.

    ``told`` has them in the terms of a later version, ``terms``, where that was asked for.
    """

    submission: Submission
    version: FormVersion
    facts: tuple[Fact, ...]
    terms: FormVersion
    told: Told | None = None


def reported_facts(engine: Engine, *, form: str, unit: str, period: str, version: str | None = None) -> Reported:
    """What stands for a unit and period, imported history included; in the terms of ``version`` where it is given.

    Raises:
        NotFoundError: nothing stands, or there is no such version.
        InvalidError: that version does not continue the one of the figures.
    """
    wanted = parse_period(period)
    with reading(engine) as connection:
        reporter = require_unit(connection, unit, wanted.last_day)
        current = current_submission(connection, form, reporter.id, wanted.code)
        record = None if current is None else forms.form_version(connection, form, current.version or "")
        if current is None or record is None:
            raise NotFoundError(
                f"{reporter.name} chưa có số liệu biểu {form} kỳ {wanted.label.lower()}.", "Kiểm tra mã biểu và kỳ."
            )
        facts, own = facts_of(connection, current.id), published(record).version
        if version is None or version == own.version:
            return Reported(current, own, tuple(facts.values()), own)
        target = published_version(connection, form, version)
        told = tell_submission(connection, current, facts, target)
        if told is None:
            raise not_continued(form, own.version, version)
        return Reported(current, own, tuple(facts.values()), target.version, told)
