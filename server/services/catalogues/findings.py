"""Findings about catalogues (BS833 … BS847). Codes are permanent; docs/findings.md lists them."""

from __future__ import annotations

from typing import Final

from formulas.catalogue import Kind
from workbooks.finding import Severity

_ERROR, _WARNING = Severity.ERROR, Severity.WARNING

LAYOUT = Kind(
    "BS833",
    _ERROR,
    "Tệp không đúng mẫu danh mục",
    "Trang “{title}” không đúng mẫu danh mục: {reason}",
    "Dùng tệp của danh mục khác, xóa hoặc đổi tên trang, cột tiêu đề.",
    "Xuất lại danh mục bằng lệnh bieuso catalogue export rồi sửa trên tệp đó.",
    ("C46",),
)
CELL = Kind(
    "BS834",
    _ERROR,
    "Ô không đọc được thành chữ",
    "Cột “{title}”: {reason}",
    "Dán công thức, giá trị lỗi, ký tự lạ; hoặc mã gõ thành số nên mất số 0 đứng đầu.",
    "Ghi lại ô này bằng chữ thường (định dạng Text).",
    ("C46",),
)
TWICE = Kind(
    "BS835",
    _ERROR,
    "Mã trùng",
    "Mã “{code}” đã có ở ô {other}.",
    "Chép dòng mà quên đổi mã; mã chỉ khác nhau ở chữ hoa, chữ thường cũng là trùng.",
    "Đặt mã khác, hoặc xóa một trong hai dòng.",
    ("C46", "L33"),
)
MISSING = Kind(
    "BS836",
    _ERROR,
    "Thiếu nội dung bắt buộc",
    "Mục “{code}” thiếu “{title}”.",
    "Thêm mục mới mà chưa ghi đủ.",
    "Ghi nội dung vào ô này.",
    ("C06", "L33"),
)
PARENT = Kind(
    "BS837",
    _ERROR,
    "Không có mục cấp trên",
    "Mục “{code}” thuộc “{parent}”, nhưng danh mục không có mã này.",
    "Gõ nhầm mã, hoặc đã xóa mục cấp trên mà còn mục cấp dưới.",
    "Ghi đúng mã mục cấp trên, hoặc để trống.",
    ("V21",),
)
CYCLE = Kind(
    "BS838",
    _ERROR,
    "Mục thuộc vòng tròn",
    "Mục “{code}” nằm trong vòng: {path}.",
    "Hai mục được ghi thuộc lẫn nhau.",
    "Sửa cột “Thuộc” của một mục trong vòng.",
    ("V21",),
)
UNKNOWN = Kind(
    "BS839",
    _ERROR,
    "Mã không có trong danh mục liên quan",
    "Mục “{code}”, cột “{title}”: “{value}” không có trong {where}.",
    "Gõ nhầm, hoặc mục đó chưa được thêm, đã hết hiệu lực.",
    "Chọn mã có trong danh mục; nếu là mã mới thì nhập danh mục đó trước.",
    ("C06", "V21"),
)
CHOICE = Kind(
    "BS840",
    _ERROR,
    "Giá trị ngoài danh sách",
    "Mục “{code}”, cột “{title}”: “{value}” không thuộc danh sách chọn.",
    "Gõ tay thay vì chọn trong danh sách.",
    "Dùng một trong: {choices}.",
    ("L34", "V22"),
)
MEASURE = Kind(
    "BS841",
    _ERROR,
    "Đơn vị tính không hợp lý",
    "Đơn vị tính “{code}”: {reason}",
    "Hệ số không phải số dương, hai đơn vị cùng một cách viết, hoặc sửa hệ số của đơn vị đang có.",
    "Sửa ô này; muốn đổi đại lượng hay hệ số thì thêm đơn vị tính có mã mới.",
    ("C06",),
)
OVERLAP = Kind(
    "BS842",
    _ERROR,
    "Đã có thay đổi từ ngày sau đó",
    "Mục “{code}” đã có thay đổi có hiệu lực từ {later}, sau ngày {day}.",
    "Nhập danh mục lùi ngày, trong khi đã ghi thay đổi cho ngày sau.",
    "Nhập với ngày hiệu lực từ {later} trở đi.",
    ("C46",),
)
IN_USE = Kind(
    "BS843",
    _ERROR,
    "Mục đang được biểu sử dụng",
    "Không thể bỏ mục “{code}” ({name}) từ {day}: {users} đang dùng.",
    "Xóa dòng của mục còn được biểu có hiệu lực sử dụng.",
    "Giữ dòng này; muốn bỏ thì ban hành phiên bản biểu không còn dùng mục đó trước.",
    ("L35", "C46"),
)
STALE = Kind(
    "BS844",
    _ERROR,
    "Danh mục đã đổi từ khi xuất tệp",
    "Danh mục {title} tại ngày {day} không còn như khi xuất tệp này; nhập vào sẽ mất thay đổi của người khác.",
    "Người khác đã nhập thay đổi sau khi tệp được xuất, hoặc có thay đổi đã ghi cho ngày trước ngày nhập.",
    "Xuất lại danh mục tại ngày đó (--at), sửa trên tệp mới rồi nhập.",
    ("C46",),
)
NO_INDICATOR = Kind(
    "BS845",
    _ERROR,
    "Chỉ tiêu không có trong danh mục",
    "Dòng {row}: chỉ tiêu “{indicator}” không có trong danh mục tại ngày {day}.",
    "Gõ nhầm mã chỉ tiêu, hoặc chỉ tiêu chưa có, đã hết hiệu lực vào ngày biểu có hiệu lực.",
    "Ghi đúng mã chỉ tiêu, hoặc thêm chỉ tiêu vào danh mục rồi ban hành lại.",
    ("L33", "C06"),
)
UNIT_DIFFERS = Kind(
    "BS846",
    _ERROR,
    "Đơn vị tính trái với chỉ tiêu",
    "Dòng {row}: đơn vị tính “{unit}” không đổi được ra “{expected}” của chỉ tiêu {indicator}.",
    "Ghi nhầm đơn vị tính của dòng, hoặc nhầm chỉ tiêu.",
    "Ghi đơn vị tính của chỉ tiêu, hoặc để trống để lấy theo chỉ tiêu.",
    ("C06",),
)
UNIT_CONVERTED = Kind(
    "BS847",
    _WARNING,
    "Đơn vị tính khác chỉ tiêu, có hệ số đổi",
    "Dòng {row}: tính bằng “{unit}”, chỉ tiêu {indicator} tính bằng “{expected}”; hệ số đổi là {factor}.",
    "Biểu dùng đơn vị tính lớn hơn hoặc nhỏ hơn đơn vị tính của chỉ tiêu.",
    "Không bắt buộc sửa nếu hệ số đúng.",
    ("C06",),
)

KINDS: Final[dict[str, Kind]] = {kind.code: kind for kind in list(globals().values()) if isinstance(kind, Kind)}
