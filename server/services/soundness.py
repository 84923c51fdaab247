"""What a template owner must mend before publishing, measured by the catalogues of a day: the lint's errors (C06, L32).

A published version never changes, so what the lint calls an error is not published.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from form_templates.errors import FormError
from formulas.linting.linting import lint
from server.services.catalogues.entries import measures_of
from server.services.catalogues.kinds import INDICATORS, UNITS_OF_MEASURE
from server.storage import catalogues
from workbooks.finding import Finding, Severity


def template_faults(connection: Connection, template: bytes, day: date) -> tuple[Finding, ...]:
    """Everything the lint finds in a template, errors and warnings."""
    indicators = catalogues.entries_at(connection, day, INDICATORS.name)
    measures = measures_of(catalogues.entries_at(connection, day, UNITS_OF_MEASURE.name))
    units = {one.code: one.attributes["unit"] for one in indicators}
    return lint(template, measures=measures, indicators=units)


def refuse_unsound(connection: Connection, template: bytes, day: date) -> None:
    """Raises FormError with the lint's errors, if there are any."""
    errors = [finding for finding in template_faults(connection, template, day) if finding.severity is Severity.ERROR]
    if errors:
        raise FormError(errors)
