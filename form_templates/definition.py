"""The words of the definition sheet: what Excel cannot hold in the form itself, in tables that people read and edit.

Builder and compiler share this file, and nothing else: a template drawn by hand in Excel needs these words alone.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from form_templates.model import Aggregation, CarrySource, CellKind, Narrative
from workbooks.finding import Severity

SHEET: Final = "Định nghĩa"
EXPLANATIONS_SHEET: Final = "Giải trình"
EXPLANATIONS: Final = "BS_explanations"
"""Defined name of the lines on which officers explain warnings: columns code, cell, warning, explanation."""
ATTACHMENTS_SHEET: Final = "Tệp kèm theo"
ATTACHMENTS: Final = "BS_attachments"
"""Defined name of the list of attached files: columns number, name, kind, bytes, SHA-256."""
TABLE: Final = "T1"
"""Code of the one table that a template holds."""

# Defined names: of the grid, its code column and its index row; of the two cells that issuing writes.
GRID: Final = "BS_{table}"
ROWS: Final = "BS_{table}_rows"
COLUMNS: Final = "BS_{table}_cols"
UNIT_CELL: Final = "BS_unit"
PERIOD_CELL: Final = "BS_period"

PER_ROW: Final = "theo dòng"
"""Stands for the unit or decimals of a column that leaves them to each row."""


class Section(StrEnum):
    """Headings of the tables, in column A."""

    FORM = "I. BIỂU MẪU"
    COLUMNS = "II. CỘT"
    ROWS = "III. DÒNG"
    REGIONS = "IV. VÙNG LẶP"
    AGGREGATES = "V. CÔNG THỨC TỔNG HỢP NHIỀU ĐƠN VỊ"
    RULES = "VI. QUY TẮC KIỂM TRA"
    SUCCESSION = "VII. CHUYỂN TỪ PHIÊN BẢN TRƯỚC"


MOST_DECIMALS: Final = 6

PREVIOUS: Final = "Phiên bản trước"
"""A line of the first table that a form's first version does not have."""


NARRATIVE: Final = "Báo cáo thuyết minh"
"""A line of the first table; a form without it may do without a report in words."""


class Entry(StrEnum):
    """Lines of the first table that every form has."""

    FORM = "Mã biểu"
    VERSION = "Phiên bản"
    TITLE = "Tên biểu"
    UNIT_TEXT = "Đơn vị tính"
    BASIS = "Nguồn gốc biểu mẫu"
    SENDER = "Đơn vị báo cáo"
    PERIODS = "Kỳ báo cáo (M, Q, H, 9M, Y)"


HEADINGS: Final = {
    Section.FORM: ("Mục", "Nội dung"),
    Section.COLUMNS: (
        "Cột",
        "Cách điền",
        "Đơn vị tính",
        "Số chữ số thập phân",
        "Mang sang từ cột",
        "Của kỳ",
        "Tổng hợp",
    ),
    Section.ROWS: ("Dòng", "Số chữ số thập phân", "Tổng hợp (trống: như cột)", "Mã chỉ tiêu"),
    Section.REGIONS: ("Vùng", "Tên", "Đơn vị tính", "Mỗi dòng là"),
    Section.AGGREGATES: ("Công thức (viết cho ô đầu tiên)", "Cho dòng", "Cho cột"),
    Section.RULES: (
        "Quy tắc",
        "Công thức phải đúng (viết cho ô đầu tiên)",
        "Cho dòng",
        "Cho cột",
        "Mức độ",
        "Thông báo khi sai",
    ),
    Section.SUCCESSION: ("Loại", "Mã cũ", "Mã mới (trống: không chuyển)", "Tỷ lệ", "Hệ số"),
}

KINDS: Final = {
    CellKind.INPUT: "nhập",
    CellKind.CARRY: "mang sang",
    CellKind.CALC: "công thức",
    CellKind.TEXT: "ghi chữ",
}
SOURCES: Final = {
    CarrySource.SAME_PERIOD_LAST_YEAR: "cùng kỳ năm trước",
    CarrySource.PREVIOUS_PERIOD: "kỳ trước",
    CarrySource.PREVIOUS_IN_YEAR: "kỳ trước trong năm",
}
AGGREGATIONS: Final = {Aggregation.SUM: "cộng", Aggregation.FORMULA: "công thức", Aggregation.NONE: "không tổng hợp"}
NARRATIVES: Final = {Narrative.REQUIRED: "bắt buộc", Narrative.OPTIONAL: "không bắt buộc"}
MEMBERS: Final = {"unit": "đơn vị hành chính", "field": "lĩnh vực", "": "dòng tự ghi"}
SEVERITIES: Final = {Severity.ERROR: "lỗi", Severity.WARNING: "cảnh báo"}
