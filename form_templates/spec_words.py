"""The words of a spec kept as a workbook: its sheets, their headings, and the field of the spec each one fills."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from form_templates import definition
from form_templates.model import Narrative


class Shape(StrEnum):
    """How a cell is read."""

    TEXT = "text"
    ROW_CODE = "row code"
    NUMBER = "number"
    WORD = "word"
    YES = "yes"
    LIST = "list"
    CONDITIONS = "conditions"
    MAP = "map"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, the field it fills (``carry.column`` is a field of a field), and what may stand under it.

    Attributes:
        words: Vietnamese word → value, for a WORD; they become the drop-down list.
        width: characters.
    """

    title: str
    field: str
    shape: Shape = Shape.TEXT
    words: dict[str, str] | None = None
    width: int = 14


_KINDS: Final = {word: kind.value for kind, word in definition.KINDS.items()}
_SOURCES: Final = {word: source.value for source, word in definition.SOURCES.items()}
_AGGREGATIONS: Final = {word: aggregation.value for aggregation, word in definition.AGGREGATIONS.items()}
_MEMBERS: Final = {word: members for members, word in definition.MEMBERS.items()}
_SEVERITIES: Final = {word: severity.value for severity, word in definition.SEVERITIES.items()}
_NARRATIVES: Final = {word: narrative.value for narrative, word in definition.NARRATIVES.items()}
YES: Final = "có"

FORM_SHEET: Final = "Biểu"
FORM: Final = (
    Heading("Mã biểu", "id"),
    Heading("Phiên bản", "version"),
    Heading("Tên biểu", "title"),
    Heading("Đơn vị tính", "unit_text"),
    Heading("Quyết định ban hành", "decision"),
    Heading("Nguồn gốc biểu mẫu", "basis"),
    Heading("Đơn vị báo cáo", "sender"),
    Heading("Đơn vị nhận báo cáo", "receiver"),
    Heading("Ngày nhận báo cáo", "deadline"),
    Heading("Kỳ báo cáo (M, Q, H, 9M, Y)", "periods", Shape.LIST),
    Heading(definition.NARRATIVE, "narrative", Shape.WORD, _NARRATIVES),
)
"""Lines of the first sheet: name in column A, content in column B."""

_ROW_AGGREGATION: Final = Heading("Tổng hợp", "aggregation", Shape.WORD, _AGGREGATIONS)
_INDICATOR: Final = Heading("Mã chỉ tiêu", "indicator")
_DECIMALS: Final = Heading("Số chữ số thập phân", "decimals", Shape.NUMBER, width=11)
_UNIT: Final = Heading("Đơn vị tính", "unit")

TABLES: Final = {
    "Cột": (
        "columns",
        (
            Heading("Số", "code", width=6),
            Heading("Tiêu đề", "header", width=44),
            Heading("Cách điền", "kind", Shape.WORD, _KINDS),
            _UNIT,
            _DECIMALS,
            Heading("Công thức", "formula", width=22),
            Heading("Mang sang từ cột", "carry.column", width=11),
            Heading("Của kỳ", "carry.source", Shape.WORD, _SOURCES, width=20),
            _ROW_AGGREGATION,
            Heading("Công thức tổng hợp", "aggregate", width=18),
            Heading("Được âm", "signed", Shape.YES, {YES: ""}, width=9),
            Heading("Công thức riêng của đơn vị tính", "formula_by_unit", Shape.MAP, width=22),
        ),
    ),
    "Dòng": (
        "rows",
        (
            Heading("Mã số", "code", Shape.ROW_CODE, width=7),
            Heading("Chỉ tiêu", "label", width=52),
            _UNIT,
            Heading("Bậc", "level", Shape.NUMBER, width=6),
            Heading("Quan hệ", "relation", width=22),
            _DECIMALS,
            Heading("Không áp dụng ở cột", "not_applicable", Shape.LIST),
            Heading("Công thức riêng của cột", "formulas", Shape.MAP, width=24),
            _ROW_AGGREGATION,
            _INDICATOR,
        ),
    ),
    "Vùng lặp": (
        "regions",
        (
            Heading("Vùng", "code", width=8),
            Heading("Dưới dòng", "under", Shape.ROW_CODE, width=11),
            Heading("Tên", "label", width=40),
            _UNIT,
            Heading("Mỗi dòng là", "members", Shape.WORD, _MEMBERS, width=20),
            _DECIMALS,
            Heading("Số dòng trống", "count", Shape.NUMBER, width=10),
            _ROW_AGGREGATION,
            _INDICATOR,
        ),
    ),
    "Quy tắc": (
        "rules",
        (
            Heading("Mã", "code", width=7),
            Heading("Quan hệ phải đúng", "relation", width=34),
            Heading("Chỉ xét khi", "when", Shape.CONDITIONS, width=16),
            Heading("Cho dòng", "rows", Shape.LIST),
            Heading("Cho cột", "columns", Shape.LIST),
            Heading("Mức độ", "severity", Shape.WORD, _SEVERITIES),
            Heading("Thông báo khi sai", "message", width=60),
        ),
    ),
}
"""Sheet → list of the spec, and the headings of its first row."""

EXAMPLE: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    FORM_SHEET: (
        ("VIDU-01.T",),
        ("1",),
        ("TÊN BIỂU (ví dụ: hãy thay bằng biểu của mình)",),
        ("Ha",),
        ("Ban hành kèm theo Quyết định số …/QĐ-UBND ngày …/…/…",),
        ("Biểu ví dụ",),
        ("UBND xã, phường",),
        ("UBND tỉnh",),
        ("Ngày 18 hằng tháng",),
        ("M",),
        (definition.NARRATIVES[Narrative.OPTIONAL],),
    ),
    "Cột": (
        ("1", "Cùng kỳ năm trước", "mang sang", "Ha", "1", "", "2", "cùng kỳ năm trước", "cộng"),
        ("2", "Tháng báo cáo", "nhập", "Ha", "1", "", "", "", "cộng"),
        ("3", "Lũy kế từ đầu năm", "công thức", "Ha", "1", "prev(c3)+c2", "", "", "cộng"),
        ("4", "So với cùng kỳ (%)", "công thức", "%", "1", "c2/c1*100", "", "", "công thức"),
    ),
    "Dòng": (
        ("01", "TỔNG SỐ", "Ha", "", "=02+03"),
        ("", "Chia ra:", "", "1"),
        ("02", "Lúa", "Ha", "1"),
        ("03", "Ngô", "Ha", "1"),
    ),
    "Quy tắc": (("R1", "c3>=c2", "", "", "", "lỗi", "Lũy kế (cột 3) không được nhỏ hơn tháng báo cáo (cột 2)."),),
}
"""A small form that may be laid out as it is, to be written over."""

GUIDE_SHEET: Final = "Hướng dẫn"
GUIDE: Final = (
    ("Ghi ở", "Ghi như", "Nghĩa là"),
    ("Cột, Công thức", "c4*c5/10", "Cột 4 nhân cột 5 chia 10, cùng dòng; không tính được thì hiện “-”."),
    ("Cột, Công thức", "c2/c2@01*100", "Tỷ trọng so với dòng 01."),
    ("Cột, Công thức", "prev(c6)+c5", "Lũy kế: số của kỳ trước trong năm (hệ thống điền sẵn ở cột 6kt) cộng kỳ này."),
    ("Cột, Công thức", "c5/lastyear(c5)*100", "So với cùng kỳ năm trước (hệ thống điền sẵn ở cột 5ck)."),
    ("Cột, Công thức riêng của đơn vị tính", "%: c3-c1", "Ở dòng tính bằng % thì lấy hiệu số, không lấy tỷ lệ."),
    ("Dòng, Quan hệ", "=02+06-08", "Dòng này là tổng đại số của các dòng."),
    ("Dòng, Quan hệ", "=*", "Dòng này là tổng của vùng lặp bên dưới."),
    ("Dòng, Quan hệ", "=r02/r01*10", "Dòng này là tỷ số của các dòng; trước mã dòng ghi chữ r."),
    ("Dòng, Quan hệ", "<=08", "Trong đó: không được lớn hơn dòng 08."),
    ("Dòng, Quan hệ", "~02..05", "Phải nằm giữa số nhỏ nhất và lớn nhất của các dòng 02 đến 05 (chỉ số)."),
    ("Dòng, Công thức riêng của cột", "5: c6*10/c4; 6: =03+06", "Ở dòng này cột 5, cột 6 có công thức khác."),
    ("Quy tắc", "c4<=c3", "Cột 4 không được lớn hơn cột 3, ở mọi dòng (hoặc các dòng ghi ở “Cho dòng”)."),
    ("Quy tắc", "c5~20..100", "Cột 5 nằm trong khoảng 20 đến 100; để trống hoặc bằng 0 thì không xét."),
    ("Quy tắc", "c2~prev±50%", "Cột 2 không lệch quá 50% so với kỳ trước; lastyear là so với cùng kỳ năm trước."),
    ("Quy tắc", "r01=r43+r49+r50", "Đẳng thức giữa các dòng, ở mọi cột cộng được (hoặc các cột ghi ở “Cho cột”)."),
    ("Quy tắc", "r12=prev(r12)+r01-r09", "Cân đối với kỳ trước; phải ghi “Cho cột”."),
    ("Quy tắc", "c7@01=c7@02+c7@06", "Giữa các ô cố định: cột 7 của các dòng 01, 02, 06."),
    ("Quy tắc", 'c9<>""', "Cột 9 (ghi chữ) không được để trống; thường kèm “Chỉ xét khi”, như c1>0; c6<50."),
)
"""What may be written where, for those who fill the lists."""
