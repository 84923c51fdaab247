"""The service takes no workbook that still holds text which is not Unicode, wherever in the file it stands (C07)."""

from __future__ import annotations

from formulas.text.encodings import Encoding, encode
from formulas.text.repairing import repair
from server.services.submissions import get_submission
from tests.server.world import World
from workbooks.package import open_package

OLD = encode("Số liệu chưa đối chiếu", Encoding.TCVN3)


def with_footer(data: bytes, words: str = OLD) -> bytes:
    """The filled form with words in an old encoding at the foot of its page."""
    package = open_package(data)
    part = "/xl/worksheets/sheet1.xml"
    page = package.part(part).decode()
    head, found, rest = page.partition("<oddFooter>")
    assert found
    return package.with_parts({part: f"{head}{found}&amp;R{words}{rest}".encode()})


def test_old_text_at_the_foot_of_the_page_refuses_the_workbook(world: World) -> None:
    result = world.send(world.signed(change=with_footer))

    findings = get_submission(world.engine, result.id).findings
    assert result.status == "refused"
    assert [(finding.code, finding.message.partition(":")[0]) for finding in findings] == [("BS701", "Chân trang")]
    assert findings[0].sheet
    assert "“Số liệu chưa đối chiếu”" in findings[0].message


def test_the_repaired_workbook_is_taken(world: World) -> None:
    result = world.send(world.signed(change=lambda data: repair(with_footer(data)).data))

    assert result.status == "accepted"


def test_doubtful_text_is_asked_about_and_travels_as_a_warning(world: World) -> None:
    result = world.send(world.signed(change=lambda data: with_footer(data, "Traø Vinh")))

    assert result.status == "accepted"
    assert [finding.code for finding in get_submission(world.engine, result.id).findings] == ["BS702"]
