"""How commands tell findings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from formulas import catalogue
from server.cli.output import print_findings

WHY = "Hạn mặn kéo dài [red]từ tháng 3[/red]"


@pytest.mark.parametrize(("explanation", "told"), [("", "ghi lý do vào trang Giải trình"), (WHY, f"Giải trình: {WHY}")])
def test_an_explained_warning_shows_what_was_explained_in_place_of_what_to_do(
    explanation: str, told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    finding = catalogue.RELATION_UNUSUAL.at("T1", "H14", message="Năng suất.", comparison="", cells="H14")

    print_findings([replace(finding, explanation=explanation)])

    assert told in capsys.readouterr().out
