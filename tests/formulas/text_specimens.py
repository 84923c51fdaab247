"""Workbooks with Vietnamese text in every place that a workbook has, in any encoding."""

from __future__ import annotations

import io
from collections.abc import Callable

import openpyxl
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table

from formulas.text.encodings import Encoding, encode
from workbooks.package import CONTENT_TYPES_PART, open_package, relationships_part
from workbooks.registration import add_override, add_relationship

FONTS = {Encoding.TCVN3: ".VnTime", Encoding.VNI: "VNI-Times", Encoding.VPS: "VPS Times", Encoding.VISCII: "VI Times"}
SHEET = "Tổng hợp số liệu"
NAME = "Tổng_số_hộ"
_THREADS = "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"
_THREAD_KIND = "http://schemas.microsoft.com/office/2017/10/relationships/threadedComment"
_BOX = (
    '<xdr:twoCellAnchor xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><xdr:from><xdr:col>1</xdr:col><xdr:colOff>0'
    "</xdr:colOff><xdr:row>29</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:from><xdr:to><xdr:col>4</xdr:col><xdr:colOff>0"
    '</xdr:colOff><xdr:row>33</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:to><xdr:sp macro="" textlink=""><xdr:nvSpPr>'
    '<xdr:cNvPr id="9" name="TextBox 1" descr="{alt}"/><xdr:cNvSpPr txBox="1"/></xdr:nvSpPr><xdr:spPr><a:xfrm><a:off '
    'x="0" y="0"/><a:ext cx="100" cy="100"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr>'
    '<xdr:txBody><a:bodyPr/><a:p><a:r><a:rPr lang="vi"><a:latin typeface="{font}"/></a:rPr><a:t>{text}</a:t></a:r>'
    "</a:p></xdr:txBody></xdr:sp><xdr:clientData/></xdr:twoCellAnchor>"
)


def a_book_of_texts(cells: dict[str, object], font: str = "Times New Roman") -> bytes:
    """One sheet of cells, bold, in one font."""
    book = openpyxl.Workbook()
    for place, value in cells.items():
        book.active[place] = value
        book.active[place].font = Font(name=font, bold=True)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def texts_everywhere(encoding: Encoding | None, *, sheet: str = SHEET) -> bytes:
    """A workbook with the same words in every place; None writes Unicode in Unicode fonts."""
    say: Callable[[str], str] = (lambda text: text) if encoding is None else (lambda text: encode(text, encoding))
    font = "Times New Roman" if encoding is None else FONTS.get(encoding, "Times New Roman")
    book = openpyxl.Workbook()
    page = book.active
    page.title = say(sheet)
    titles = Font(name=font, bold=True, size=13)
    for place, text in {
        "A1": "Uỷ ban nhân dân tỉnh Bình Phước", "A3": "Chỉ tiêu phát triển", "B3": "Đơn vị tính", "C3": "Có hộ nghèo",
        "A4": "Lúa đông xuân", "B4": "Triệu đồng", "C4": "Có", "A5": "Cây lâu năm", "B5": "Nghìn hộ", "C5": "Không",
    }.items():  # fmt: skip
        page[place], page[place].font = say(text), titles
    page["D3"], page["D4"], page["D5"] = "2026", 12.5, 7
    page["A7"] = CellRichText(
        TextBlock(InlineFont(rFont="Times New Roman"), "Tổng số: "),
        TextBlock(InlineFont(rFont=font, i=True), say("số hộ thoát nghèo trong kỳ")),
    )
    page["A8"] = "Plain ASCII 25 m²"
    page["A9"] = f'=IF(C4="{say("Có")}",COUNTIF(C4:C5,"{say("Không")}"),0)'
    page["A10"] = f"=SUM({say(NAME)})+ROWS('{say(sheet)}'!A1:A2)"
    page["A11"] = f"=COUNTA({say('Bảng_kê')}[{say('Đơn vị tính')}])"
    page["B1"].comment = Comment(say("Số liệu của phòng kinh tế hạ tầng"), "A")
    page.oddHeader.left.text = say("Sở Kế hoạch và Đầu tư")
    page.oddHeader.left.font = f"{font},Bold"
    page.oddFooter.center.text = say("Người lập biểu ký tên")
    page.oddFooter.center.font = f"{font},Regular"
    _rules(page, say)
    page.add_table(Table(displayName=say("Bảng_kê"), ref="A3:D5"))
    book.defined_names[say(NAME)] = DefinedName(say(NAME), attr_text=f"'{say(sheet)}'!$D$4:$D$5")
    book.defined_names["thong_bao"] = DefinedName("thong_bao", attr_text=f'"{say("Phải nhập đủ số liệu")}"')
    chart = BarChart()
    chart.title = say("Biểu đồ số hộ nghèo các xã")
    chart.add_data(Reference(page, min_col=4, min_row=4, max_row=5))
    chart.set_categories(Reference(page, min_col=1, min_row=4, max_row=5))
    page.add_chart(chart, "F2")
    book.properties.title = say("Báo cáo tình hình kinh tế xã hội")
    book.properties.creator = "A"
    return _with_box_and_thread(saved(book), say, font)


def _rules(page: openpyxl.worksheet.worksheet.Worksheet, say: Callable[[str], str]) -> None:
    choices = DataValidation(type="list", formula1=f'"{say("Có")},{say("Không")}"', sqref="D7:D9")
    choices.promptTitle, choices.prompt = say("Hướng dẫn nhập"), say("Chọn một trong hai giá trị")
    choices.errorTitle, choices.error = say("Nhập sai rồi"), say("Chỉ được chọn Có hoặc Không")
    page.add_data_validation(choices)
    rule = FormulaRule(formula=[f'$C4="{say("Không")}"'], fill=PatternFill(bgColor="FFFF00"))
    page.conditional_formatting.add("A4:D5", rule)


def _with_box_and_thread(data: bytes, say: Callable[[str], str], font: str) -> bytes:
    package = open_package(data)
    drawing, page = "/xl/drawings/drawing1.xml", "/xl/worksheets/sheet1.xml"
    box = _BOX.format(text=say("Ghi bằng chữ số của từng xã"), alt=say("Hộp chữ hướng dẫn"), font=font)
    # openpyxl makes the drawing's namespace the default one, the box names it.
    content = (
        package.part(drawing).decode().replace("</wsDr>", box + "</wsDr>").replace("</xdr:wsDr>", box + "</xdr:wsDr>")
    )
    thread = (
        f'<ThreadedComments xmlns="{_THREADS}"><threadedComment ref="B4" dT="2026-09-14T00:00:00.00"'
        ' personId="{00000000-0000-0000-0000-000000000001}" id="{00000000-0000-0000-0000-000000000002}">'
        f"<text>{say('Đề nghị kiểm tra lại số liệu này')}</text></threadedComment></ThreadedComments>"
    )
    rels = relationships_part(page)
    return package.with_parts(
        {
            drawing: content.encode(),
            "/xl/threadedComments/threadedComment1.xml": thread.encode(),
            rels: add_relationship(package.part(rels), _THREAD_KIND, "../threadedComments/threadedComment1.xml")[0],
            CONTENT_TYPES_PART: add_override(
                package.part(CONTENT_TYPES_PART),
                "/xl/threadedComments/threadedComment1.xml",
                "application/vnd.ms-excel.threadedcomments+xml",
            ),
        }
    )
