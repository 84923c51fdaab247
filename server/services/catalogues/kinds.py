"""What each catalogue is made of: its fields, how they are written in a workbook, and which must be filled (C06)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from server.errors import NotFoundError

SEPARATOR: Final = "|"
"""Between the items of a list, as stored."""
CODE, NAME, PARENT = "code", "name", "parent"


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a catalogue's workbook.

    Attributes:
        choices: stored word → what people read, where only these may stand.
        refers: catalogue whose codes may stand here; ``"units"`` for reporting units.
        many: whether it is a list, written with ``;`` between its items.
        main: whether short lists show it.
    """

    key: str
    title: str
    width: int
    required: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)
    refers: str = ""
    many: bool = False
    main: bool = False
    hint: str = ""


@dataclass(frozen=True)
class Kind:
    """A catalogue: its name in addresses and commands, its Vietnamese title, and its own fields."""

    name: str
    title: str
    about: str
    own: tuple[Field, ...]

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """All columns in their order."""
        return (*_COMMON, *self.own)

    @cached_property
    def by_key(self) -> dict[str, Field]:
        """Fields by their key."""
        return {one.key: one for one in self.fields}


_COMMON: Final = (
    Field(CODE, "Mã", 16, required=True, main=True, hint="Chữ, số, dấu chấm, gạch nối; không đổi khi đã dùng"),
    Field(NAME, "Tên", 46, required=True, main=True),
    Field(PARENT, "Thuộc (mã)", 16, main=True, hint="Mã của mục cấp trên trong cùng danh mục; để trống nếu là mục gốc"),
)
# V22: how often figures are entered.
PERIODS: Final = {
    "D": "Ngày",
    "W": "Tuần",
    "M": "Tháng",
    "Q": "Quý",
    "H": "6 tháng",
    "9M": "9 tháng",
    "Y": "Năm",
    "A": "Đột xuất",
}
# L34: how the value of several units, or of several periods, is made.
OVER_UNITS: Final = {
    "sum": "Cộng",
    "last": "Lấy số cuối",
    "weighted": "Bình quân gia quyền",
    "ratio": "Tính lại tỷ lệ",
    "none": "Không tổng hợp",
}
OVER_TIME: Final = {
    "sum": "Cộng",
    "last": "Lấy số cuối kỳ",
    "average": "Bình quân",
    "ratio": "Tính lại tỷ lệ",
    "none": "Không tổng hợp",
}
_AREAS: Final = {"combined": "Chung", "urban": "Thành thị", "rural": "Nông thôn", "special": "Vùng đặc thù"}

INDICATORS: Final = Kind(
    "indicators",
    "Chỉ tiêu",
    "Mỗi chỉ tiêu phải có khái niệm, phương pháp tính, đơn vị tính, kỳ, đơn vị chủ trì và cách tổng hợp.",
    (
        Field("concept", "Khái niệm", 50, required=True),
        Field("method", "Phương pháp tính", 50, required=True),
        Field("unit", "Đơn vị tính", 16, required=True, main=True, refers="units-of-measure"),
        Field("period", "Kỳ", 18, required=True, main=True, choices=PERIODS, many=True),
        Field("owner", "Đơn vị chủ trì", 26, required=True, main=True),
        Field("over_units", "Tổng hợp các đơn vị", 20, required=True, choices=OVER_UNITS),
        Field("over_time", "Tổng hợp theo thời gian", 20, required=True, choices=OVER_TIME),
        Field("field", "Lĩnh vực (mã)", 16, refers="fields"),
        Field("breakdowns", "Phân tổ (mã)", 22, refers="breakdowns", many=True),
        Field("issuer", "Cấp ban hành", 18),
        Field("assigned", "Giao cho đơn vị (mã)", 22, refers="units", many=True, hint="Để trống: mọi đơn vị"),
        Field("source", "Dòng biểu", 24, many=True),
    ),
)
UNITS_OF_MEASURE: Final = Kind(
    "units-of-measure",
    "Đơn vị tính",
    "Đơn vị cùng đại lượng đổi được cho nhau: giá trị nhân hệ số của mình, chia hệ số của đơn vị kia.",
    (
        Field("dimension", "Đại lượng", 26, required=True, main=True),
        Field(
            "factor",
            "Hệ số",
            18,
            required=True,
            main=True,
            hint="Bằng bao nhiêu đơn vị gốc của đại lượng, ví dụ 1000 hoặc 0,001",
        ),
        Field("synonyms", "Cách viết khác", 46, many=True),
    ),
)
BREAKDOWNS: Final = Kind(
    "breakdowns",
    "Phân tổ",
    "Mục gốc là tiêu thức phân tổ; các mục thuộc nó là giá trị, có thể nhiều cấp.",
    (Field("basis", "Căn cứ", 30, main=True),),
)
FIELDS: Final = Kind(
    "fields",
    "Lĩnh vực",
    "Lĩnh vực của chỉ tiêu và của thủ tục hành chính.",
    (Field("owner", "Đơn vị chủ trì", 34, main=True),),
)
AREAS: Final = Kind(
    "areas",
    "Địa bàn, khu vực",
    "Khu vực dùng để phân tổ. Tỉnh, xã, phường là đơn vị báo cáo, có danh mục riêng.",
    (Field("kind", "Loại", 18, required=True, main=True, choices=_AREAS),),
)
REPORT_GROUPS: Final = Kind(
    "report-groups",
    "Nhóm báo cáo",
    "Biểu xếp theo nhóm.",
    (Field("forms", "Các biểu (mã)", 60, main=True, many=True),),
)
KINDS: Final = {one.name: one for one in (INDICATORS, UNITS_OF_MEASURE, BREAKDOWNS, FIELDS, AREAS, REPORT_GROUPS)}


def kind_named(name: str) -> Kind:
    """The catalogue of that name. Raises NotFoundError."""
    if name not in KINDS:
        raise NotFoundError(f"Không có danh mục “{name}”.", f"Các danh mục: {', '.join(KINDS)}.")
    return KINDS[name]


def shown(one: Field, stored: str) -> str:
    """A stored text as people read it: choices in words, lists parted by ``;``."""
    items = stored.split(SEPARATOR) if one.many and stored else [stored]
    return "; ".join(one.choices.get(item, item) for item in items)
