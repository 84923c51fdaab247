"""docs/findings.md and the code agree: every code is documented, and what is documented is what people are told."""

import re
from pathlib import Path

import pytest

from formulas import catalogue
from formulas.catalogue import Kind
from formulas.linting import kinds as of_linting
from server.services import findings as of_the_service
from server.services.catalogues import findings as of_catalogues
from signing.findings import FINDING_KINDS, FindingKind

ROOT = Path(__file__).parents[1]
PACKAGES = ("workbooks", "form_templates", "formulas", "signing", "server", "addin")
KINDS = catalogue.KINDS | of_linting.KINDS | of_the_service.KINDS | of_catalogues.KINDS
SEVERITIES = {"error": "lỗi", "warning": "cảnh báo"}


def rows() -> dict[str, list[str]]:
    """The cells of every row of the tables, by code."""
    lines = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines if line.startswith("| BS")]
    return {row[0]: row for row in cells}


def codes_in_the_source() -> dict[str, str]:
    """Codes that modules name, each with a module that does."""
    modules = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return {
        code: str(path.relative_to(ROOT))
        for path in modules
        for code in re.findall(r"\bBS\d{3}\b", path.read_text(encoding="utf-8"))
    }


def as_documented(template: str) -> str:
    return re.sub(r"\{\w+\}", "…", template).replace("|", "\\|")


def test_every_code_in_the_source_is_documented() -> None:
    missing = {code: module for code, module in codes_in_the_source().items() if code not in rows()}

    assert missing == {}


def test_every_documented_code_is_in_the_source() -> None:
    assert set(rows()) - set(codes_in_the_source()) == set()


def test_every_row_is_complete() -> None:
    for code, row in rows().items():
        assert len(row) == 6, code
        assert all(row), code
        assert row[1] in SEVERITIES.values(), code
        assert re.fullmatch(r"[LCIVT]\d\d(, [LCIVT]\d\d)*", row[5]), code


def test_codes_stand_in_order_and_once() -> None:
    text = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    codes = re.findall(r"^\| (BS\d{3}) ", text, re.MULTILINE)

    assert codes == sorted(set(codes))


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.code)
def test_what_is_documented_is_what_people_are_told(kind: Kind) -> None:
    row = rows()[kind.code]

    assert row == [
        kind.code,
        SEVERITIES[kind.severity.value],
        as_documented(kind.message),
        as_documented(kind.cause),
        as_documented(kind.remedy),
        ", ".join(kind.requirements),
    ]


@pytest.mark.parametrize(("code", "kind"), FINDING_KINDS.items())
def test_findings_on_signatures_are_documented_as_they_are_told(code: str, kind: FindingKind) -> None:
    _, severity, message, _, remedy, _ = rows()[code]

    assert severity == SEVERITIES[kind.severity.value]
    assert message == as_documented(kind.message)
    assert remedy == as_documented(kind.remedy)


def test_no_two_kinds_share_a_code() -> None:
    kinds = [kind for kind in vars(catalogue).values() if isinstance(kind, Kind)]

    assert len(kinds) == len(catalogue.KINDS)


def test_messages_can_be_made_from_their_kinds() -> None:
    for kind in KINDS.values():
        details = dict.fromkeys(re.findall(r"\{(\w+)\}", kind.message + kind.remedy), "{hostile}")

        finding = kind.at("Trang", "A1", **details)

        assert finding.code == kind.code
        assert finding.severity is kind.severity
