"""Drawing the sheet "Tệp kèm theo": the list of attached files on A4 landscape, protected, with no program in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from form_templates import definition
from workbooks import markup
from workbooks.new_styles import NewStyles
from workbooks.patch import Patch, SheetEditor, Styled
from workbooks.workbook import Workbook

HEADINGS: Final = ("STT", "Tên tệp", "Loại", "Số byte", "SHA-256")
HEADINGS_AT: Final = 4
FIRST: Final = HEADINGS_AT + 1
"""Row of the first file."""

_TITLE: Final = "CÁC TỆP KÈM THEO BÁO CÁO"
_HOW: Final = (
    "Các tệp dưới đây được gửi cùng biểu này. Tên, số byte và mã SHA-256 của từng tệp được ghi vào đây trước khi ký, "
    "nên chữ ký của biểu bảo đảm cho cả các tệp đó. Tệp nào bị sửa sau khi ký thì mã SHA-256 không còn khớp và bản nộp "
    "bị từ chối."
)
_WIDTHS: Final = (6, 46, 13, 14, 64)
_FONT: Final = '<font>{bold}<sz val="{size}"/><name val="Times New Roman"/></font>'
_SIDE: Final = '<{side} style="thin"><color rgb="FF404040"/></{side}>'
# Heights are written down: not every program fits them to a name of several lines.
_HEIGHTS: Final = {1: 32, 2: 50, HEADINGS_AT: 24}
_LINE, _LETTERS_IN_A_LINE = 17, 42
_TEXT, _WHOLE, _COUNT = 49, 3, 1  # Excel's own number formats: @, #,##0 and 0
_CENTRE: Final = 'horizontal="center" vertical="center" wrapText="1"'
_LEFT: Final = 'horizontal="left" vertical="center" wrapText="1" indent="1"'
_RIGHT: Final = 'horizontal="right" vertical="center" indent="1"'
_SHEET: Final = (
    '<worksheet xmlns="{main}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
    '<sheetViews><sheetView showGridLines="0" workbookViewId="0"/></sheetViews>'
    '<sheetFormatPr defaultRowHeight="18"/>'
    "<cols>{columns}</cols>"
    "<sheetData>{rows}</sheetData>"
    '<sheetProtection sheet="1" objects="1" scenarios="1"/>'
    '<mergeCells count="2"><mergeCell ref="A1:E1"/><mergeCell ref="A2:E2"/></mergeCells>'
    '<pageMargins left="0.5" right="0.5" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>'
    '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>'
    "<headerFooter><oddFooter>&amp;L{name}&amp;RTrang &amp;P/&amp;N</oddFooter></headerFooter></worksheet>"
)


@dataclass(frozen=True, slots=True)
class _Looks:
    """Cell styles: of the title, the lines above the list, its headings, and its columns."""

    title: int
    how: int
    heading: int
    columns: tuple[int, ...]


def draw_list(workbook: Workbook, lines: Sequence[tuple[str | int, ...]]) -> tuple[bytes, dict[str, bytes | None]]:
    """The worksheet part of the list, and the styles part it needs, under that part's name."""
    part = next((one.target for one in workbook.package.relationships(workbook.part) if one.kind == "styles"), None)
    root = markup.parse_xml(workbook.package.part(part), part) if part else markup.parse_xml(_NO_STYLES, "styles")
    before = markup.write_xml(root)
    looks = _looks(NewStyles(root))
    after = markup.write_xml(root)
    columns = "".join(
        f'<col min="{column}" max="{column}" width="{width}" customWidth="1"/>'
        for column, width in enumerate(_WIDTHS, 1)
    )
    heights = _HEIGHTS | {row: _height(str(line[1])) for row, line in enumerate(lines, FIRST)}
    rows = "".join(f'<row r="{row}" ht="{height}" customHeight="1"/>' for row, height in heights.items())
    blank = _SHEET.format(main=markup.MAIN, columns=columns, rows=rows, name=definition.ATTACHMENTS_SHEET)
    editor = SheetEditor(markup.parse_xml(blank.encode(), "list"), definition.ATTACHMENTS_SHEET)
    editor.patch(dict(_cells(lines, looks)))
    return editor.to_bytes(), {part: after} if part and after != before else {}


def _height(name: str) -> int:
    return 4 + _LINE * (1 + (len(name) - 1) // _LETTERS_IN_A_LINE)


_NO_STYLES: Final = f'<styleSheet xmlns="{markup.MAIN}"/>'.encode()


def _looks(styles: NewStyles) -> _Looks:
    plain, bold = (styles.font(_FONT.format(bold=mark, size=11)) for mark in ("", "<b/>"))
    title = styles.font(_FONT.format(bold="<b/>", size=14))
    none = styles.border("<border><left/><right/><top/><bottom/><diagonal/></border>")
    sides = "".join(_SIDE.format(side=side) for side in ("left", "right", "top", "bottom"))
    box = styles.border(f"<border>{sides}<diagonal/></border>")
    return _Looks(
        styles.style(font=title, border=none, number_format=_TEXT, alignment=_CENTRE),
        styles.style(font=plain, border=none, number_format=_TEXT, alignment=_LEFT),
        styles.style(font=bold, border=box, number_format=_TEXT, alignment=_CENTRE),
        tuple(
            styles.style(font=plain, border=box, number_format=number_format, alignment=alignment)
            for number_format, alignment in (
                (_COUNT, _CENTRE),
                (_TEXT, _LEFT),
                (_TEXT, _CENTRE),
                (_WHOLE, _RIGHT),
                (_TEXT, _LEFT),
            )
        ),
    )


def _cells(lines: Sequence[tuple[str | int, ...]], looks: _Looks) -> Iterator[tuple[tuple[int, int], Patch]]:
    yield (1, 1), Styled(_TITLE, looks.title)
    yield (2, 1), Styled(_HOW, looks.how)
    for column, heading in enumerate(HEADINGS, 1):
        yield (HEADINGS_AT, column), Styled(heading, looks.heading)
    for row, line in enumerate(lines, FIRST):
        for column, (value, style) in enumerate(zip(line, looks.columns, strict=True), 1):
            yield (row, column), Styled(value, style)
