"""Every finding code of signatures (``BS2xx``) with its message and remedy. Codes are permanent: letters quote them.

Requirements: V07 (a tampered message is refused), V09 (chain, validity at signing time, revocation, result shown in
Vietnamese), V33 (nothing in the file may stay outside the signature).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from signing.errors import SigningError
from signing.wording import cut
from workbooks.finding import Finding, Severity

E = TypeVar("E", bound=SigningError)

_SIGN_AGAIN = "Đơn vị lập báo cáo lấy lại tệp gốc chưa ký, kiểm tra, ký rồi gửi lại."
_ASK_CA = "Liên hệ tổ chức cung cấp dịch vụ chứng thực chữ ký số để được cấp chứng thư phù hợp."
_CONFIGURE = "Báo quản trị hệ thống kiểm tra thư mục chứng thư gốc tin cậy và danh sách thu hồi (CRL)."


@dataclass(frozen=True, slots=True)
class FindingKind:
    """What a code always says; ``message`` is a format string over the named details."""

    message: str
    remedy: str
    severity: Severity = Severity.ERROR


FINDING_KINDS: dict[str, FindingKind] = {
    # The signature is not there.
    "BS201": FindingKind("Tệp chưa được ký số.", "Lãnh đạo đơn vị ký số tệp (bằng lệnh bieuso sign) rồi gửi lại."),
    "BS202": FindingKind(
        "Chữ ký số không còn: tệp đã được lưu lại sau khi ký ({trace}).",
        "Không mở và lưu lại tệp sau khi ký. Lãnh đạo đơn vị ký lại tệp rồi gửi lại.",
    ),
    # The signature part cannot be read as exactly one honest signature.
    "BS203": FindingKind("Không đọc được chữ ký số: {reason}.", _SIGN_AGAIN),
    "BS204": FindingKind("Phần chữ ký số chứa khai báo kiểu tài liệu (DOCTYPE), không được phép.", _SIGN_AGAIN),
    "BS205": FindingKind("Cấu trúc chữ ký số bị sắp xếp lại hoặc sai quy cách: {reason}.", _SIGN_AGAIN),
    "BS206": FindingKind(
        "Thuật toán không được chấp nhận trong chữ ký số: {algorithm}.",
        "Ký lại bằng thuật toán băm SHA-256, SHA-384 hoặc SHA-512.",
    ),
    "BS207": FindingKind("Khóa ký không đủ mạnh hoặc không được hỗ trợ: {key}.", _ASK_CA),
    "BS208": FindingKind("Giá trị chữ ký số không khớp với khóa của người ký.", _SIGN_AGAIN),
    "BS209": FindingKind("Thông tin được ký đã bị thay đổi sau khi ký: {object}.", _SIGN_AGAIN),
    # What was signed is not what is in the file.
    "BS210": FindingKind("Nội dung đã bị thay đổi sau khi ký: {part}.", _SIGN_AGAIN),
    "BS211": FindingKind("Thành phần đã ký không còn trong tệp: {part}.", _SIGN_AGAIN),
    "BS212": FindingKind("Thành phần nằm ngoài chữ ký số: {part}.", _SIGN_AGAIN),
    "BS213": FindingKind("Quan hệ giữa các thành phần đã bị thay đổi sau khi ký: {part}.", _SIGN_AGAIN),
    "BS214": FindingKind("Quan hệ nằm ngoài chữ ký số: {relationship} trong {part}.", _SIGN_AGAIN),
    "BS215": FindingKind(
        "Kiểu nội dung của {part} đã bị thay đổi sau khi ký: khi ký là {signed}, nay là {found}.", _SIGN_AGAIN
    ),
    "BS216": FindingKind("Tham chiếu không được phép trong chữ ký số: {reference}.", _SIGN_AGAIN),
    "BS217": FindingKind("Thành phần chứa chữ ký số trong tệp không đúng quy cách: {reason}.", _SIGN_AGAIN),
    "BS218": FindingKind("Tệp quan hệ không đúng quy cách: {part} ({reason}).", _SIGN_AGAIN),
    # Who signed.
    "BS220": FindingKind("Chứng thư số của người ký không đọc được hoặc không khớp: {reason}.", _SIGN_AGAIN),
    "BS221": FindingKind(
        "Chứng thư số của {signer} (do {issuer} cấp) không dẫn tới chứng thư gốc nào được tin cậy: {reason}.",
        "Ký lại bằng chứng thư do tổ chức được công nhận cấp; nếu đã đúng, báo quản trị bổ sung chứng thư gốc.",
    ),
    "BS222": FindingKind(
        "Chứng thư số của {holder} đã hết hạn ngày {date}.", "Gia hạn chứng thư số rồi ký và gửi lại."
    ),
    "BS223": FindingKind(
        "Chứng thư số của {holder} chưa có hiệu lực (bắt đầu từ {date}).",
        "Kiểm tra đồng hồ máy tính; ký lại sau ngày chứng thư có hiệu lực.",
    ),
    "BS224": FindingKind(
        "Thời điểm ký ghi trong tệp ({signed_at}) nằm ngoài thời hạn chứng thư số ({start} đến {end}).",
        "Kiểm tra đồng hồ máy tính rồi ký và gửi lại.",
    ),
    "BS225": FindingKind(
        "Thời điểm ký ghi trong tệp ({signed_at}) ở sau thời điểm kiểm tra ({now}).",
        "Kiểm tra đồng hồ máy tính rồi ký và gửi lại.",
    ),
    "BS226": FindingKind("Chứng thư số của {signer} không được cấp để ký số (mục đích: {usage}).", _ASK_CA),
    "BS227": FindingKind(
        "Chứng thư số của {signer} là chứng thư của tổ chức chứng thực, không phải của người ký.", _ASK_CA
    ),
    "BS228": FindingKind(
        "Chứng thư số của {holder} đã bị thu hồi ngày {date}. Thời điểm ký ghi trong tệp chỉ là lời khai, không chứng "
        "minh được là tệp đã ký trước khi thu hồi.",
        "Ký lại bằng chứng thư số còn hiệu lực rồi gửi lại.",
    ),
    "BS229": FindingKind(
        "Chứng thư số của {holder} đã bị thu hồi ngày {date}, trước khi ký (theo dấu thời gian: {stamped}).",
        "Ký lại bằng chứng thư số còn hiệu lực rồi gửi lại.",
    ),
    "BS230": FindingKind(
        "Chưa xác định được chứng thư số của {signer} có bị thu hồi hay không: {reason}.", _CONFIGURE, Severity.WARNING
    ),
    # Before signing, where it is known what is trusted.
    "BS232": FindingKind(
        "Chứng thư số của {signer} không dẫn tới chứng thư gốc nào được tin cậy, không thể ký: {reason}.", _ASK_CA
    ),
    "BS233": FindingKind(
        "Chứng thư số của {holder} đã bị thu hồi ngày {date}, không thể ký.",
        "Dùng chứng thư số còn hiệu lực; nếu anh/chị không yêu cầu thu hồi, báo ngay tổ chức cấp chứng thư.",
    ),
    "BS234": FindingKind(
        "Trước khi ký chưa biết được chứng thư số của {signer} có bị thu hồi hay không: {reason}.",
        "Vẫn ký được; nơi nhận sẽ kiểm tra lại. Nên cập nhật danh sách thu hồi rồi ký.",
        Severity.WARNING,
    ),
    # Signing itself.
    "BS240": FindingKind(
        "Không mở được tệp khóa (PKCS#12): {reason}.", "Chọn đúng tệp khóa .p12 hoặc .pfx rồi ký lại."
    ),
    "BS241": FindingKind("Mật khẩu của tệp khóa không đúng.", "Nhập lại mật khẩu của tệp .p12/.pfx."),
    "BS242": FindingKind(
        "Tệp khóa không chứa khóa bí mật cùng chứng thư số của khóa đó.",
        "Xuất lại tệp .p12/.pfx kèm khóa bí mật và chứng thư số.",
    ),
    "BS243": FindingKind("Khóa bí mật không khớp với chứng thư số.", "Chọn đúng cặp khóa và chứng thư số."),
    "BS244": FindingKind(
        "Chứng thư số của {holder} đã hết hạn ngày {date}, không thể ký.",
        "Kiểm tra ngày giờ của máy tính; nếu đúng, gia hạn chứng thư số rồi ký lại.",
    ),
    "BS245": FindingKind(
        "Chứng thư số của {holder} chưa có hiệu lực (bắt đầu từ {date}), không thể ký.",
        "Kiểm tra ngày giờ của máy tính; ký lại sau ngày chứng thư có hiệu lực.",
    ),
    "BS246": FindingKind(
        "{field} không dùng được: {reason}.", "Bỏ các ký tự & < > và ký tự điều khiển, viết tối đa 255 ký tự."
    ),
    "BS247": FindingKind("Không thể ký tệp này: {reason}.", "Lưu lại tệp bằng Excel rồi ký."),
    "BS248": FindingKind(
        "Tệp đã có chữ ký số nhưng chữ ký đó không còn đúng: {reason}.",
        "Lấy lại tệp gốc chưa ký (hoặc bản đã ký còn nguyên) rồi ký.",
    ),
    # Trust.
    "BS250": FindingKind(
        "Thư mục {folder} không có chứng thư gốc nào (*.crt, *.pem, *.cer).",
        "Chỉ đúng thư mục chứng thư gốc tin cậy (--trust hoặc BIEUSO_TRUST); nếu đã đúng, báo quản trị hệ thống đặt "
        "chứng thư gốc vào đó.",
    ),
    "BS251": FindingKind("Không đọc được tệp tin cậy {file}: {reason}.", _CONFIGURE),
    # Signing with a token.
    "BS260": FindingKind(
        "Chương trình trên máy này chưa dùng được thiết bị ký số: thiếu thư viện python-pkcs11 ({reason}).",
        "Báo quản trị cài đặt: pip install python-pkcs11 (nếu không có bản dựng sẵn cho máy này: dùng Python 64 bit, "
        "hoặc cài thêm trình biên dịch C).",
    ),
    "BS261": FindingKind(
        "Không nạp được thư viện của thiết bị ký số {module}: {reason}.",
        "Cài phần mềm của nhà cung cấp thiết bị rồi chỉ đúng tệp thư viện PKCS#11 của phần mềm đó (.dll trên Windows, "
        ".so trên Linux), cùng loại 64 bit hoặc 32 bit với chương trình này.",
    ),
    "BS262": FindingKind(
        "Không thấy thiết bị ký số nào đang cắm.",
        "Cắm thiết bị (hoặc đưa thẻ vào đầu đọc), chờ máy nhận rồi thử lại; nếu đã cắm, kiểm tra tệp thư viện PKCS#11 "
        "có đúng của thiết bị này không.",
    ),
    "BS263": FindingKind(
        "Chưa rõ ký bằng thiết bị nào: {reason}.",
        "Ghi đúng tên một thiết bị trong danh sách; nếu có nhiều thiết bị cùng tên, chỉ cắm thiết bị cần dùng.",
    ),
    "BS264": FindingKind(
        "Mã PIN của thiết bị ký số “{token}” không đúng{tries}.",
        "Nhập lại mã PIN (kiểm tra phím Caps Lock, bộ gõ tiếng Việt). Nhập sai nhiều lần, thiết bị sẽ tự khóa; không "
        "chắc mã thì dừng lại, hỏi nơi cấp thiết bị.",
    ),
    "BS265": FindingKind(
        "Không đăng nhập được vào thiết bị ký số “{token}”: {reason}.",
        "Mở khóa hoặc đặt lại mã PIN bằng phần mềm của nhà cung cấp thiết bị, hoặc liên hệ nơi cấp thiết bị.",
    ),
    "BS266": FindingKind(
        "Thiết bị ký số “{token}” chưa ký được: {reason}.",
        "Kiểm tra đã cắm đúng thiết bị; nếu đúng, liên hệ nơi cấp để nạp lại khóa và chứng thư số vào thiết bị.",
    ),
    "BS267": FindingKind(
        "Chưa rõ ký bằng chứng thư nào trên thiết bị ký số “{token}”: {reason}.",
        "Ghi tên hoặc mã của một khóa, hoặc số chứng thư, trong danh sách (--key); chứng thư phải còn hạn, được cấp để "
        "ký.",
    ),
    "BS268": FindingKind(
        "Thiết bị ký số “{token}” không làm việc được: {reason}. Tệp chưa được ký.",
        "Cắm lại thiết bị, đóng các chương trình khác đang dùng thiết bị, rồi ký lại không rút thiết bị khi đang ký.",
    ),
    "BS269": FindingKind(
        "Thiết bị ký số “{token}” không ký đúng được bằng khóa đã chọn: {reason}. Tệp chưa được ký.",
        "Kiểm tra đã chọn đúng khóa và chứng thư; cập nhật phần mềm thiết bị, hoặc liên hệ nơi cấp thiết bị.",
    ),
    "BS252": FindingKind(
        "Thiết lập trong tệp {file} không dùng được: {reason}.",
        "Báo quản trị hệ thống sửa chỗ được nêu trong tệp đó rồi thử lại.",
    ),
    # Time stamps.
    "BS270": FindingKind("Không dùng được dấu thời gian của chữ ký: {reason}.", _SIGN_AGAIN),
    "BS271": FindingKind("Dấu thời gian không phải của chữ ký này: được lấy từ một chữ ký khác.", _SIGN_AGAIN),
    "BS272": FindingKind(
        "Dấu thời gian do {authority} cấp không được tin cậy: {reason}. Thời điểm ký coi như chưa được chứng minh.",
        "Nếu máy chủ cấp dấu thời gian là đúng, báo quản trị bổ sung chứng thư gốc của máy chủ đó.",
        Severity.WARNING,
    ),
    "BS273": FindingKind(
        "Chưa xác định được dấu thời gian do {authority} cấp còn giá trị hay không: {reason}.",
        _CONFIGURE,
        Severity.WARNING,
    ),
    "BS274": FindingKind(
        "Thời điểm ký ghi trong tệp ({signed_at}) ở sau dấu thời gian ({stamped}).",
        "Kiểm tra đồng hồ máy tính rồi ký và gửi lại.",
    ),
    "BS275": FindingKind(
        "Chữ ký không có dấu thời gian: {reason}. Chữ ký vẫn có giá trị, nhưng thời điểm ký chỉ là lời khai.",
        "Gửi tệp như thường; nếu nơi nhận đòi dấu thời gian, thử lại khi có mạng rồi ký lại từ tệp chưa ký.",
        Severity.WARNING,
    ),
    "BS276": FindingKind(
        "Chính sách ký số đòi dấu thời gian, nhưng chữ ký của {signer} không có dấu thời gian tin cậy.",
        "Ký lại với máy chủ cấp dấu thời gian (bieuso sign --tsa ĐỊA-CHỈ) rồi gửi lại.",
    ),
    "BS277": FindingKind(
        "Máy chủ {address} không trả lời: {reason}.", "Kiểm tra đường mạng và địa chỉ đã thiết lập rồi thử lại."
    ),
    "BS278": FindingKind(
        "Máy chủ cấp dấu thời gian trả lời không dùng được: {reason}.", "Kiểm tra địa chỉ máy chủ cấp dấu thời gian."
    ),
    "BS279": FindingKind(
        "Thời điểm ký ghi trong tệp ({signed_at}) ở trước dấu thời gian ({stamped}) của chữ ký {signer}, là chữ ký "
        "đã có sẵn khi ký.",
        "Kiểm tra đồng hồ máy tính, lấy lại tệp khi chưa có chữ ký này rồi ký và gửi lại.",
    ),
    # The archive.
    "BS280": FindingKind(
        "{what} trong kho lưu trữ bị hỏng: {reason}.",
        "Khôi phục từ bản sao lưu hoặc từ thư mục đã xuất; hệ thống không bao giờ tự sửa nội dung đã lưu nên hãy tìm "
        "nguyên nhân.",
    ),
    "BS281": FindingKind(
        "Thiếu chứng cứ đã lưu cùng kết quả xác minh: {what} ({reason}).",
        "Khôi phục từ bản sao lưu hoặc từ thư mục đã xuất, rồi kiểm tra lại kho.",
    ),
    "BS282": FindingKind(
        "Kết quả xác minh lại khác kết quả đã lưu: {reason}.",
        "So với bản sao lưu và nhật ký. Nếu thư mục chứng thư tin cậy đã đổi, đưa lại chứng thư gốc cũ vào thư mục đó.",
    ),
    "BS283": FindingKind(
        "Dấu lưu trữ số {stamp} không chứng minh được: {reason}.",
        "So với bản sao lưu và thư mục đã xuất; nếu máy chủ cấp dấu chưa được tin cậy, bổ sung chứng thư gốc và danh "
        "sách thu hồi của máy chủ đó.",
    ),
    "BS284": FindingKind(
        "Dấu lưu trữ số {stamp} cần gia hạn: {reason}.",
        "Chạy bieuso archive renew trước ngày đó; quá ngày đó thì không gia hạn được nữa.",
        Severity.WARNING,
    ),
    "BS285": FindingKind(
        "Bản nộp chưa có dấu lưu trữ; thời điểm nhận chỉ dựa vào sổ của hệ thống.",
        "Chạy bieuso archive stamp; nên đặt chạy hằng ngày.",
        Severity.WARNING,
    ),
    "BS286": FindingKind(
        "Không đóng được dấu lưu trữ: {reason}. Chưa lưu gì.",
        "Kiểm tra máy chủ cấp dấu, chứng thư gốc và danh sách thu hồi của máy chủ đó trong thư mục tin cậy, rồi chạy "
        "lại.",
    ),
    "BS287": FindingKind(
        "Bản nộp số {number} không được đóng dấu lần này: {reason}.",
        "Chạy bieuso verify --archive để xem chi tiết, khôi phục từ bản sao lưu rồi đóng dấu lại.",
        Severity.WARNING,
    ),
    "BS288": FindingKind(
        "Nhật ký hệ thống không còn như lúc đóng dấu lưu trữ số {stamp}: {reason}.",
        "Chạy bieuso audit verify và so nhật ký với bản sao lưu, với tệp audit.jsonl đã xuất.",
    ),
    "BS289": FindingKind(
        "Kho lưu trữ và nhật ký hệ thống không khớp về {what}: {reason}.",
        "Có người đã sửa cơ sở dữ liệu ngoài hệ thống, hoặc bản sao lưu được khôi phục không đủ: so với bản sao lưu "
        "và thư mục đã xuất.",
    ),
    "BS290": FindingKind(
        "Số liệu đang lưu không phải số liệu trong tệp đã ký: {reason}.",
        "Có người đã sửa cơ sở dữ liệu ngoài hệ thống: tệp đã ký mới đúng. So với bản sao lưu, rồi khôi phục cơ sở dữ "
        "liệu từ bản sao lưu đúng.",
    ),
}


def finding(code: str, *, part: str = "", **details: str) -> Finding:
    """The finding of a code; ``part`` is also available to the message."""
    kind, part = FINDING_KINDS[code], cut(part)
    return Finding(code, kind.severity, kind.message.format(part=part, **_told(details)), kind.remedy, part=part)


def error(kind: type[E], code: str, **details: str) -> E:
    """An error carrying the finding of a code."""
    return kind(code, FINDING_KINDS[code].message.format(**_told(details)), FINDING_KINDS[code].remedy)


def _told(details: Mapping[str, str]) -> dict[str, str]:
    """Details as people are told them: much of it is text of the file, which anybody may have written."""
    return {name: cut(text) for name, text in details.items()}
