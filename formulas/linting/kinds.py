"""Findings of linting: faults of a template that compile, but that its owner surely did not mean."""

from __future__ import annotations

from typing import Final

from formulas.catalogue import Kind
from workbooks.finding import Severity

_ERROR, _WARNING = Severity.ERROR, Severity.WARNING

NOT_PROTECTED = Kind(
    "BS343",
    _WARNING,
    "Trang biểu chưa được bảo vệ",
    "Trang “{title}” chưa được bảo vệ, nên người nhập sửa được cả công thức, tên và mã số.",
    "Bỏ bảo vệ để sửa biểu rồi quên bảo vệ lại; khi chưa bảo vệ thì không soát được ô nào khóa, ô nào mở.",
    "Bảo vệ trang tính (không cần mật khẩu), rồi soát lại.",
    ("C38", "L32"),
)
UNKNOWN_UNIT = Kind(
    "BS350",
    _ERROR,
    "Đơn vị tính không có trong danh mục",
    "{where}: đơn vị tính “{unit}” không có trong danh mục.",
    "Viết sai hoặc viết tắt khác thường, hoặc danh mục chưa có đơn vị tính này.",
    "Ghi đơn vị tính như trong danh mục, hoặc đề nghị bổ sung vào danh mục đơn vị tính.",
    ("C06", "L32"),
)
OTHER_UNIT = Kind(
    "BS351",
    _ERROR,
    "Đơn vị tính mâu thuẫn với tên, tiêu đề hoặc chỉ tiêu",
    "{where}: “{text}” là {said}, nhưng đơn vị tính khai báo là {unit}.",
    "Sửa tiêu đề, tên chỉ tiêu mà không sửa đơn vị tính, hoặc ngược lại.",
    "Sửa đơn vị tính, hoặc sửa phần ghi đơn vị tính trong tiêu đề, tên chỉ tiêu.",
    ("C06", "L32"),
)
UNLIKE_UNITS = Kind(
    "BS352",
    _ERROR,
    "Công thức cộng, so sánh các đơn vị tính khác nhau",
    "{where}: công thức ={formula} cộng, trừ hoặc so sánh {one} với {other}.",
    "Kéo công thức sang dòng có đơn vị tính khác, hoặc chọn nhầm ô.",
    "Chọn lại các ô cùng đơn vị tính, hoặc đổi đơn vị bằng phép nhân, chia ngay trong công thức.",
    ("C06", "L32"),
)
NOT_COVERED = Kind(
    "BS353",
    _ERROR,
    "Tổng bỏ sót một dòng",
    "Cột {columns}: tổng ở dòng {total} “{label}” không cộng dòng {row} “{missed}”, nằm trong nhóm của tổng này.",
    "Chèn thêm dòng mà không sửa công thức tổng, hoặc vùng cộng bị thu hẹp.",
    "Thêm dòng {row} vào tổng; nếu nó không thuộc tổng, ghi “Trong đó” trước tên, hoặc thêm quan hệ kiểm tra.",
    ("L32", "T12"),
)
LEFT_OUT = Kind(
    "BS354",
    _WARNING,
    "Dòng không thuộc tổng nào trong khi các dòng cùng cấp thuộc tổng",
    "Cột {columns}: dòng {row} “{missed}” không thuộc tổng nào; các dòng cùng cấp ngay trên thuộc tổng ở dòng {total}.",
    "Thêm dòng vào cuối nhóm mà không sửa công thức tổng.",
    "Thêm dòng {row} vào công thức tổng của dòng {total}, nếu dòng này thuộc tổng.",
    ("L32", "T12"),
)
SUMMED_RATIO = Kind(
    "BS355",
    _ERROR,
    "Tỷ lệ, tốc độ được tính bằng phép cộng",
    "{where}: ô tính bằng {unit} nhưng công thức ={formula} cộng hoặc lấy bình quân các tỷ lệ.",
    "Kéo công thức tổng sang cột tỷ lệ.",
    "Tính lại tỷ lệ từ các số tuyệt đối của chính dòng này.",
    ("L34", "L32"),
)
RATIO_ELSEWHERE = Kind(
    "BS356",
    _ERROR,
    "Công thức tỷ lệ phần trăm ở ô có đơn vị tính khác",
    "{where}: công thức ={formula} cho ra tỷ lệ phần trăm, nhưng đơn vị tính của ô là {unit}.",
    "Kéo công thức tỷ lệ sang dòng, cột khác.",
    "Sửa công thức, hoặc khai báo đơn vị tính của cột là %.",
    ("C06", "L32"),
)
CONSTANT = Kind(
    "BS357",
    _WARNING,
    "Hằng số ghi thẳng trong công thức",
    "{where}: công thức ={formula} có hằng số {constants} ghi thẳng trong công thức{others}.",
    "Ghi tạm một hệ số vào công thức; khi hệ số thay đổi, không ai thấy.",
    "Nếu hệ số có thể thay đổi, đặt nó vào một ô nhập riêng của biểu; nếu cố định, không cần sửa.",
    ("L32", "C56"),
)
DOUBTFUL_UNIT = Kind(
    "BS394",
    _WARNING,
    "Tên chỉ tiêu gợi một đơn vị tính khác",
    "{where}: “{text}” mà đơn vị tính là {unit}.",
    "Chọn nhầm đơn vị tính, hoặc chép dòng từ chỗ khác mà không sửa đơn vị tính.",
    "Xem lại: thu nhập, GRDP bình quân đầu người tính bằng nghìn hoặc triệu đồng; tỷ lệ, tốc độ tính bằng %.",
    ("C06",),
)
BAD_OUTSIDE = Kind(
    "BS395",
    _ERROR,
    "Công thức ngoài bảng bị hỏng hoặc không cố định",
    "{where}: “{formula}” có {what}.",
    "Xóa dòng, trang mà công thức đang dùng; hoặc dùng hàm lấy ngày giờ, liên kết tệp khác.",
    "Xóa hoặc sửa công thức, tên vùng này.",
    ("L13", "L32"),
)
ADDED_RATIO = Kind(
    "BS396",
    _WARNING,
    "Tỷ lệ của nhiều đơn vị được tổng hợp bằng phép cộng",
    "Cột {column} tổng hợp bằng phép cộng, nhưng dòng {rows} tính bằng {unit}; cộng như vậy không có nghĩa.",
    "Để cách tổng hợp mặc định cho cột có tỷ lệ.",
    "Chọn “công thức” và ghi công thức tính lại, hoặc chọn “không tổng hợp”.",
    ("L34",),
)
NO_CODE = Kind(
    "BS397",
    _ERROR,
    "Dòng số liệu không có mã số, hoặc nằm ngoài vùng mã số",
    "Dòng {row} trên trang (“{label}”) {what}.",
    "Chèn thêm dòng mà quên ghi mã số, hoặc thêm dòng dưới vùng đặt tên của biểu.",
    "Ghi mã số, hoặc mở rộng vùng tên {name} đến hết các dòng; dòng tiêu đề thì để trống đơn vị tính và ô số liệu.",
    ("C38", "L32"),
)

KINDS: Final = {kind.code: kind for kind in list(globals().values()) if isinstance(kind, Kind)}
"""Every kind of finding by its code."""
