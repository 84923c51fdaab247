"""Findings of the service itself (BS8xx): what only the receiver can know. Codes are permanent."""

from __future__ import annotations

from typing import Final

from formulas.catalogue import Kind
from workbooks.finding import Severity

_ERROR, _WARNING = Severity.ERROR, Severity.WARNING
_FETCH_AGAIN: Final = "Tải lại biểu mẫu từ hệ thống, chuyển số liệu sang, ký và gửi lại."

NOT_OURS = Kind(
    "BS801",
    _ERROR,
    "Dấu phát hành không phải của hệ thống này",
    "Tệp không mang dấu phát hành của hệ thống này, hoặc dấu đã bị sửa.",
    "Dùng tệp của hệ thống khác, tự tạo tệp, hoặc sửa trang ẩn của biểu mẫu.",
    _FETCH_AGAIN,
    ("L32", "C42"),
)
UNKNOWN_FORM = Kind(
    "BS802",
    _ERROR,
    "Biểu hoặc phiên bản không có trong danh mục",
    "Danh mục biểu mẫu không có biểu {form} phiên bản {version}.",
    "Tệp được phát hành trước khi cơ sở dữ liệu được khôi phục.",
    _FETCH_AGAIN,
    ("L35",),
)
OTHER_CONTENT = Kind(
    "BS803",
    _ERROR,
    "Nội dung phiên bản khác với phiên bản đã ban hành",
    "Biểu {form} phiên bản {version} trong tệp khác với phiên bản đã ban hành.",
    "Phần định nghĩa biểu trong tệp đã bị sửa.",
    _FETCH_AGAIN,
    ("L35", "L32"),
)
WITHDRAWN = Kind(
    "BS804",
    _ERROR,
    "Phiên bản biểu đã thu hồi",
    "Biểu {form} phiên bản {version} đã thu hồi, không nhận báo cáo theo phiên bản này.",
    "Biểu mẫu đã được thay bằng phiên bản mới.",
    _FETCH_AGAIN,
    ("L35",),
)
UNKNOWN_UNIT = Kind(
    "BS805",
    _ERROR,
    "Đơn vị không còn hiệu lực",
    "Không có đơn vị mã {unit} trong kỳ {period}.",
    "Đơn vị đã sáp nhập, chia tách hoặc đổi mã.",
    "Đơn vị kế thừa tải biểu mẫu của mình rồi nhập lại.",
    ("V17", "V18"),
)
OTHER_UNIT = Kind(
    "BS806",
    _ERROR,
    "Biểu của đơn vị khác",
    "Biểu được giao cho {name} (mã {unit}), nhưng tài khoản thuộc đơn vị mã {own}.",
    "Gửi nhầm tệp của đơn vị khác, hoặc đăng nhập nhầm tài khoản.",
    "Đăng nhập bằng tài khoản của đơn vị được giao biểu, hoặc gửi đúng tệp của đơn vị mình.",
    ("C08", "T11"),
)
MERGED = Kind(
    "BS807",
    _ERROR,
    "Tệp tổng hợp không phải báo cáo của một đơn vị",
    "Tệp là biểu tổng hợp của {name}, không phải biểu được giao để nhập.",
    "Gửi nhầm tệp tổng hợp.",
    "Gửi biểu được giao cho đơn vị; biểu tổng hợp do hệ thống lập.",
    ("L09",),
)
CONSOLIDATES = Kind(
    "BS808",
    _ERROR,
    "Đơn vị tổng hợp không gửi biểu nhập liệu",
    "{name} (mã {unit}) có đơn vị cấp dưới trong kỳ này; số liệu được cộng từ cấp dưới, gửi thêm sẽ bị tính hai lần.",
    "Biểu được giao trước khi đơn vị có cấp dưới.",
    "Không nhập biểu này; lấy tệp tổng hợp của đơn vị từ hệ thống.",
    ("L34",),
)
SENT_UNDER_LATER = Kind(
    "BS809",
    _ERROR,
    "Kỳ này đã nộp theo phiên bản mới hơn của biểu",
    "{name} đã nộp biểu {form} kỳ này theo phiên bản {later}; tệp này theo phiên bản {version}, cũ hơn.",
    "Gửi nhầm tệp cũ sau khi đã chuyển sang biểu của phiên bản mới.",
    "Nộp lại bằng biểu của phiên bản mới; tệp cũ còn số liệu cần dùng thì chuyển bằng bieuso form convert.",
    ("L35",),
)
UNREGISTERED_SIGNER = Kind(
    "BS811",
    _ERROR,
    "Chứng thư chưa đăng ký cho đơn vị",
    "Chữ ký của {signer} (chứng thư số {serial}) không thuộc danh sách người ký của {name}.",
    "Ký bằng chứng thư của người khác, hoặc chứng thư mới cấp chưa đăng ký.",
    "Người có thẩm quyền của đơn vị ký lại; nếu là chứng thư mới, đăng ký với quản trị viên trước khi gửi.",
    ("V33", "T11"),
)
REVOCATION_UNKNOWN = Kind(
    "BS812",
    _ERROR,
    "Chưa xác định được chứng thư còn hiệu lực",
    "Chưa xác định được chứng thư của {signer} có bị thu hồi hay không: {reason}.",
    "Danh sách thu hồi (CRL) tại máy chủ thiếu hoặc đã cũ.",
    "Gửi lại sau; nếu vẫn lỗi, báo quản trị viên cập nhật danh sách thu hồi. Không cần ký lại.",
    ("V09",),
)
CARRIED_DIFFERS = Kind(
    "BS820",
    _ERROR,
    "Số kỳ trước khác số đã lưu",
    "Số chuyển từ kỳ trước ({period}) là {found}, khác số đã lưu trong hệ thống là {expected}.",
    "Sửa số kỳ trước ngay trong biểu, hoặc số kỳ trước đã được điều chỉnh sau khi tải biểu.",
    "Tải lại biểu để lấy số kỳ trước; nếu số kỳ trước sai, nộp lại báo cáo của kỳ đó.",
    ("L32", "C56"),
)
CARRIED_UNKNOWN = Kind(
    "BS821",
    _WARNING,
    "Hệ thống chưa có số kỳ trước để đối chiếu",
    "Cột {column}: hệ thống chưa có số liệu kỳ {period} của đơn vị, dùng số đơn vị nhập.",
    "Kỳ trước chưa báo cáo trên hệ thống và chưa được nhập số liệu lịch sử.",
    "Không bắt buộc sửa. Nên đối chiếu các số này với báo cáo kỳ trước của đơn vị.",
    ("T20",),
)
FOREIGN_MEMBER = Kind(
    "BS822",
    _ERROR,
    "Dòng của đơn vị khác",
    "Dòng “{label}” (mã {member}) không phải của {name}.",
    "Nhập số liệu của đơn vị khác vào biểu của mình.",
    "Xóa dòng đó: mỗi xã, phường chỉ báo cáo dòng của mình, dưới đúng khu vực của mình.",
    ("L34",),
)
STRANGE_MEMBER = Kind(
    "BS823",
    _ERROR,
    "Nhãn dòng không dùng được",
    "Nhãn dòng “{label}” dài {length} ký tự hoặc chứa ký tự điều khiển.",
    "Dán cả đoạn văn vào ô tên dòng, hoặc chép từ chương trình khác.",
    "Rút gọn nhãn xuống không quá 200 ký tự và gõ lại bằng chữ thường.",
    ("L12",),
)
TOO_PRECISE = Kind(
    "BS830",
    _ERROR,
    "Quá nhiều chữ số thập phân",
    "Số {value} có quá nhiều chữ số sau dấu phẩy; ô này giữ {decimals} chữ số.",
    "Dán số chưa làm tròn.",
    "Làm tròn số còn {decimals} chữ số sau dấu phẩy.",
    ("L17",),
)
TOO_LARGE = Kind(
    "BS831",
    _ERROR,
    "Số quá lớn",
    "Số {value} quá lớn, không lưu chính xác được.",
    "Nhập sai đơn vị tính, hoặc dính thêm chữ số.",
    "Kiểm tra đơn vị tính và sửa lại số.",
    ("L17", "C06"),
)
TOTAL_TOO_LARGE = Kind(
    "BS832",
    _ERROR,
    "Số tổng hợp quá lớn",
    "Cộng số liệu của tệp này vào số tổng hợp của cấp trên thì vượt quá số lớn nhất lưu được.",
    "Một hay nhiều số bị nhập sai đơn vị tính.",
    "Kiểm tra đơn vị tính của các số lớn trong biểu.",
    ("L17", "C06"),
)
ATTACHMENT_MISSING = Kind(
    "BS850",
    _ERROR,
    "Thiếu tệp kèm theo",
    "Tệp “{name}” có trong danh sách đã ký nhưng không được gửi kèm.",
    "Quên gửi tệp kèm theo, hoặc tệp để ở thư mục khác.",
    "Gửi lại biểu cùng đúng tệp này; không cần ký lại.",
    ("C57", "V33"),
)
ATTACHMENT_DIFFERS = Kind(
    "BS851",
    _ERROR,
    "Tệp kèm theo khác tệp đã ký",
    "Tệp “{name}” được gửi không phải tệp đã ghi trong danh sách khi ký (mã SHA-256 khác).",
    "Sửa tệp, hoặc lưu lại tệp sau khi ký biểu.",
    "Gửi lại biểu cùng đúng tệp như khi ký; nếu cần dùng bản đã sửa thì kèm bản đó vào biểu chưa ký rồi ký lại.",
    ("C57", "V33"),
)
ATTACHMENT_UNLISTED = Kind(
    "BS852",
    _ERROR,
    "Tệp kèm theo chưa được ký",
    "Tệp “{name}” được gửi kèm nhưng không có trong danh sách đã ký cùng biểu.",
    "Gửi nhầm tệp, hoặc kèm tệp sau khi đã ký.",
    "Bỏ tệp này rồi gửi lại; nếu cần tệp này thì kèm vào biểu chưa ký rồi ký lại.",
    ("C57", "V33"),
)

SIGNER_ENDED = Kind(
    "BS860",
    _ERROR,
    "Người ký không còn quyền ký",
    "{person} ({role}) không còn được ký cho {name} từ ngày {day}{reason}; ngày ký được tính là {signed}.",
    "Đăng ký đã kết thúc: chứng thư được thay, bị thu hồi quyền, hoặc hết thời hạn ủy quyền.",
    "Người đang có quyền ký của đơn vị ký lại rồi gửi; nếu đăng ký sai, báo quản trị viên.",
    ("V33", "C34"),
)
SIGNER_NOT_YET = Kind(
    "BS861",
    _ERROR,
    "Người ký chưa có quyền ký",
    "{person} ({role}) chỉ được ký cho {name} từ ngày {day}; ngày ký được tính là {signed}.",
    "Ký trước ngày đăng ký bắt đầu có hiệu lực.",
    "Người đang có quyền ký của đơn vị ký lại, hoặc ký lại từ ngày đó; nếu đăng ký sai, báo quản trị viên.",
    ("V33",),
)
ROLE_CLAIMED = Kind(
    "BS862",
    _ERROR,
    "Ký với vai trò không được giao",
    "Chữ ký của {person} ghi vai trò “{claimed}”, nhưng chứng thư này được đăng ký cho {name} là “{role}”.",
    "Chọn nhầm vai trò khi ký, hoặc đăng ký nhầm vai trò.",
    "Ký lại với vai trò “{role}”; nếu đăng ký sai vai trò, báo quản trị viên.",
    ("V33", "C21"),
)
ROLE_MISSING = Kind(
    "BS863",
    _ERROR,
    "Thiếu chữ ký",
    "Thiếu chữ ký “{role}”: biểu {form} của {name} phải có chữ ký này.",
    "Chưa ký đủ, hoặc chữ ký sau cùng đã bị gỡ khỏi tệp.",
    "Người có vai trò “{role}” của đơn vị ký thêm vào tệp rồi gửi lại.",
    ("V33", "V14"),
)
OUT_OF_ORDER = Kind(
    "BS864",
    _ERROR,
    "Ký không đúng thứ tự",
    "Ký không đúng thứ tự: {later} ({later_role}) ký trước {earlier} ({earlier_role}).",
    "Người ký sau cùng phải ký lên các chữ ký trước; ở đây người lập biểu hoặc lãnh đạo ký thêm vào sau.",
    "Ký lại theo thứ tự: người lập biểu, lãnh đạo phê duyệt, con dấu cơ quan.",
    ("V33", "V14"),
)
CERTIFICATE_ENDS = Kind(
    "BS865",
    _WARNING,
    "Chứng thư sắp hết hạn",
    "Chứng thư của {name} chỉ có hạn đến ngày {day}.",
    "Chứng thư sắp hết hạn hoặc đã hết hạn.",
    "Xin gia hạn; có chứng thư mới thì thay vào danh sách người ký.",
    ("V09",),
)
OTHER_NAME = Kind(
    "BS866",
    _WARNING,
    "Tên trong chứng thư khác tên người ký",
    "Chứng thư cấp cho “{holder}”, khác tên đăng ký “{name}”.",
    "Gõ nhầm tên, chọn nhầm tệp của người khác, hoặc chứng thư của cơ quan.",
    "Xem lại: đúng người, đúng tệp thì không phải sửa.",
    ("V33",),
)
REVOCATION_LET_PASS = Kind(
    "BS867",
    _WARNING,
    "Nhận khi chưa xác định được chứng thư còn hiệu lực",
    "Chưa xác định được chứng thư của {signer} có bị thu hồi hay không: {reason}; vẫn nhận theo chính sách ký số.",
    "Danh sách thu hồi (CRL) tại máy chủ thiếu hoặc đã cũ, và chính sách ký số cho phép nhận.",
    "Quản trị viên cập nhật danh sách thu hồi. Không cần ký lại.",
    ("V09",),
)
STAMP_UNKNOWN = Kind(
    "BS868",
    _ERROR,
    "Chưa xác định được dấu thời gian",
    "Chưa xác định được dấu thời gian trên chữ ký của {signer} có đáng tin hay không: {reason}.",
    "Chính sách ký số đòi dấu thời gian, mà danh sách thu hồi của nơi cấp dấu tại máy chủ thiếu hoặc đã cũ.",
    "Gửi lại sau; nếu vẫn lỗi, báo quản trị viên cập nhật danh sách thu hồi. Không cần ký lại.",
    ("V09",),
)

KINDS: dict[str, Kind] = {kind.code: kind for kind in list(globals().values()) if isinstance(kind, Kind)}
