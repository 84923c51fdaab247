"""An owner who changes a form and forgets to say what becomes of its earlier figures is told so (L35)."""

from __future__ import annotations

from datetime import date

from form_templates.definition import SHEET
from server.services.drafting import save_draft
from server.services.publishing import publish
from tests.form_templates.successions import DECLARED, first_spec, second_spec, template
from tests.server.world import NOW, World
from workbooks.finding import Finding, Severity


def told(findings: tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in findings if finding.code == "BS848"]


def published(world: World, spec: str) -> list[Finding]:
    data = template(spec)
    return told(publish(world.engine, data, decision="QĐ 2", effective_from=date(2026, 9, 15), now=NOW).notes)


def test_a_draft_and_a_version_without_the_table_name_what_is_lost(world: World) -> None:
    draft = told(save_draft(world.engine, template(second_spec("")), now=NOW).findings)
    version = published(world, second_spec(""))

    assert draft == version
    assert [(one.severity, one.sheet) for one in version] == [(Severity.WARNING, SHEET)]
    # Two rows are gone, and a column counts in thousands.
    for words in ("dòng 08 (phiên bản 1)", "dòng 12 (phiên bản 1)", "“Ha” sang “Nghìn ha”"):
        assert words in version[0].message
    assert "bảng VII" in version[0].remedy


def test_nothing_is_said_where_the_table_is_there_or_nothing_is_lost(world: World) -> None:
    same = first_spec().replace('version = "1"', 'version = "2"', 1)

    assert told(save_draft(world.engine, template(second_spec(DECLARED)), now=NOW).findings) == []
    assert published(world, same) == []
