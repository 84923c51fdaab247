"""The words of a spec kept as a workbook: its sheets, their headings, and the field of the spec each one fills."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from form_templates import definition


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
