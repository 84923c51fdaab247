"""What a colour looks like, however a workbook names it: of its own theme, of its own palette, tinted."""

from __future__ import annotations

import pytest
from lxml import etree

from workbooks.colours import UNKNOWN, read_colours
from workbooks.markup import MAIN

DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
NAMES = ("dk1", "lt1", "dk2", "lt2", "accent1", "accent2", "accent3", "accent4", "accent5", "accent6", "hlink")
STYLES = etree.fromstring(f'<styleSheet xmlns="{MAIN}"/>')


def shown(colour: str, *, theme: etree._Element | None = None, styles: etree._Element = STYLES) -> str:
    """What a colour of these attributes looks like; "none" where it says nothing."""
    return read_colours(theme, styles).of(etree.fromstring(f"<color {colour}/>"), "none")


def a_theme(**colours: str) -> etree._Element:
    """A theme with these colours as XML; the others are 000000, 111111 … in the order of the file."""
    items = {name: f'<a:srgbClr val="{f"{number:X}" * 6}"/>' for number, name in enumerate((*NAMES, "folHlink"))}
    inside = "".join(f"<a:{name}>{item}</a:{name}>" for name, item in (items | colours).items())
    return etree.fromstring(
        f'<a:theme xmlns:a="{DRAWING}"><a:themeElements><a:clrScheme>{inside}</a:clrScheme></a:themeElements></a:theme>'
    )


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "1"), (1, "0"), (2, "3"), (3, "2"), (4, "4"), (9, "9"), (10, "A"), (11, "B")]
)
def test_colours_of_a_theme_are_counted_as_excel_counts_them(number: int, expected: str) -> None:
    assert shown(f'theme="{number}"', theme=a_theme()) == expected * 6


def test_a_workbook_without_a_theme_has_that_of_office() -> None:
    assert [shown(f'theme="{number}"') for number in (0, 1, 4)] == ["FFFFFF", "000000", "4F81BD"]


def test_a_colour_of_the_system_is_what_the_system_has_and_not_what_the_file_says_of_it() -> None:
    theme = a_theme(
        dk1='<a:sysClr val="window" lastClr="000000"/>',
        lt1='<a:sysClr val="windowText" lastClr="FFFFFF"/>',
        dk2='<a:sysClr val="scrollBar" lastClr="c8c8c8"/>',
    )

    assert [shown(f'theme="{number}"', theme=theme) for number in (0, 1, 3)] == ["000000", "FFFFFF", "C8C8C8"]


@pytest.mark.parametrize(
    "written",
    [
        '<a:prstClr val="white"/>',
        '<a:srgbClr val="000000"><a:lumOff val="100000"/></a:srgbClr>',
        '<a:srgbClr val="khong"/>',
        "",
    ],
)
def test_what_office_never_writes_into_a_theme_is_not_known(written: str) -> None:
    assert shown('theme="1"', theme=a_theme(dk1=written)) == UNKNOWN


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ('rgb="FF12abCD"', "12ABCD"),
        ('rgb="12ABCD"', "12ABCD"),
        ('indexed="9"', "FFFFFF"),
        ('indexed="22"', "C0C0C0"),
        ('indexed="63"', "333333"),
        ('indexed="64"', "000000"),
        ('indexed="65"', "FFFFFF"),
        ('auto="1"', "none"),
        ('theme="0" rgb="FF000000"', "FFFFFF"),
        ('rgb="FF000000" indexed="9" auto="1"', "000000"),
        ('theme="12"', UNKNOWN),
        ('theme="-1"', UNKNOWN),
        ('indexed="66"', UNKNOWN),
        ('rgb="FFF"', UNKNOWN),
        ('rgb="FFKHONG!"', UNKNOWN),
        ('theme="1" tint="2"', UNKNOWN),
        ('theme="1" tint="nan"', UNKNOWN),
        ('theme="1" tint="sáng"', UNKNOWN),
    ],
)
def test_a_colour_is_what_is_written(colour: str, expected: str) -> None:
    assert shown(colour) == expected


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ('theme="1" tint="1"', "FFFFFF"),
        ('theme="0" tint="-1"', "000000"),
        ('theme="1" tint="0.0"', "000000"),
        ('rgb="FF000000" tint="0.5"', "808080"),
        ('theme="0" tint="-0.249977111117893"', "BFBFBF"),
        ('theme="4" tint="0.39997558519241921"', "95B3D7"),
        ('theme="4" tint="-0.249977111117893"', "366092"),
    ],
    ids=["black to white", "white to black", "not at all", "half", "white 25 %", "accent 40 %", "accent 25 %"],
)
def test_a_tint_makes_lighter_or_darker_as_in_excel(colour: str, expected: str) -> None:
    """The last three are what Excel shows in its own choice of colours."""
    found = bytes.fromhex(shown(colour))

    assert all(abs(one - other) <= 1 for one, other in zip(found, bytes.fromhex(expected), strict=True))


def test_a_workbook_may_have_a_palette_of_its_own() -> None:
    own = '<rgbColor rgb="FFFFFFFF"/><rgbColor rgb="00102030"/>'
    styles = etree.fromstring(
        f'<styleSheet xmlns="{MAIN}"><colors><indexedColors>{own}</indexedColors></colors></styleSheet>'
    )

    found = [shown(f'indexed="{number}"', styles=styles) for number in (0, 1, 2, 64)]

    assert found == ["FFFFFF", "102030", "FF0000", "000000"]
