"""Every finding of the checking core: 4xx formulas, 5xx relations, 6xx values, 7xx text. Codes are permanent.

The codes of other parts live beside them: the file (BS1xx) in ``workbooks``, signatures (BS2xx) in ``signing``,
form, stamp and layout (BS3xx) in ``form_templates``, formulas that cannot be published (BS45x) in
``formulas.errors``. docs/findings.md lists them all.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbooks.finding import Finding, Severity


@dataclass(frozen=True, slots=True)
class Kind:
    """What a code always says.

    Attributes:
        message: Vietnamese format string over the details of the finding.
        cause: how people come to make this fault; for docs and the portal.
        requirements: codes of the regulations' requirements that the check serves.
    """

    code: str
    severity: Severity
    title: str
    message: str
    cause: str
    remedy: str
    requirements: tuple[str, ...]

    def at(self, sheet: str, cell: str, **details: str) -> Finding:
        """The finding at a cell; ``cell`` is an address or ``""``."""
        return Finding(
            self.code, self.severity, self.message.format(**details), self.remedy.format(**details), sheet, cell
        )


_ERROR, _WARNING = Severity.ERROR, Severity.WARNING

# 398, 399: the file against the form it claims to be.

NOT_ISSUED = Kind(
    "BS398",
    _ERROR,
    "Không phải biểu mẫu do hệ thống phát hành",
    "Tệp không phải biểu mẫu do hệ thống phát hành (không có thông tin phát hành, hoặc thông tin đó đã hỏng).",
    "Tự kẻ biểu, chép nội dung sang tệp khác, hoặc lưu bằng chương trình làm mất trang ẩn của biểu mẫu.",
    "Tải biểu mẫu được giao từ hệ thống rồi nhập số liệu vào tệp đó.",
    ("L32", "C42"),
)
OTHER_VERSION = Kind(
    "BS399",
    _ERROR,
    "Tệp thuộc biểu hoặc phiên bản khác",
    "Tệp được phát hành cho biểu {found}, không phải biểu {expected} đang kiểm tra.",
    "Dùng lại tệp của kỳ trước, trước khi biểu mẫu được sửa đổi.",
    "Tải biểu mẫu mới từ hệ thống và chuyển số liệu sang.",
    ("C46", "L35"),
)

# 40x: formulas.

OVERWRITTEN = Kind(
    "BS401",
    _ERROR,
    "Công thức bị thay bằng giá trị gõ tay",
    "{name}: công thức ={formula} đã bị thay bằng giá trị {value} gõ tay (kết quả đúng là {computed}).",
    "Gõ hoặc dán số đè lên ô công thức.",
    "Khôi phục công thức: ghi ={formula} vào ô; sửa số liệu ở các ô nhập.",
    ("L32", "C56"),
)
DELETED = Kind(
    "BS402",
    _ERROR,
    "Công thức bị xóa",
    "{name}: công thức ={formula} đã bị xóa, ô đang trống (kết quả đúng là {computed}).",
    "Xóa cả vùng để nhập lại, trong đó có ô công thức.",
    "Khôi phục công thức: ghi ={formula} vào ô.",
    ("L32", "C56"),
)
CHANGED = Kind(
    "BS403",
    _ERROR,
    "Công thức khác với biểu mẫu đã ban hành",
    "{name}: công thức trong ô là ={found}, khác với công thức đã ban hành ={formula}.",
    "Sửa công thức, chép công thức của ô khác sang, hoặc chèn, xóa dòng làm lệch tham chiếu.",
    "Khôi phục công thức: ghi ={formula} vào ô.",
    ("L32", "C56"),
)
SHORTENED = Kind(
    "BS404",
    _ERROR,
    "Vùng cộng của công thức bị rút ngắn",
    "{name}: công thức ={found} bỏ sót {missing}; công thức đã ban hành là ={formula}.",
    "Chèn dòng ngoài vùng cộng, hoặc kéo lại vùng cộng không hết các dòng.",
    "Khôi phục công thức: ghi ={formula} vào ô.",
    ("L32", "C56"),
)
STALE = Kind(
    "BS405",
    _ERROR,
    "Giá trị hiển thị khác kết quả của công thức",
    "{name}: ô hiển thị {value} nhưng công thức ={formula} cho kết quả {computed}.",
    "Excel để chế độ tính tay, tệp được sửa bằng chương trình không tính lại, hoặc giá trị bị sửa bên trong tệp.",
    "Mở tệp bằng Excel, bấm Ctrl+Alt+F9 để tính lại toàn bộ, lưu, ký rồi gửi lại.",
    ("L32", "L17"),
)
TYPED_SUM = Kind(
    "BS406",
    _WARNING,
    "Ô nhập số liệu chứa phép tính",
    "{name}: ô nhập số liệu chứa phép tính ={found}; hệ thống dùng kết quả {value}.",
    "Cộng nhiều số ngay trong ô, ví dụ =120+35.",
    "Không bắt buộc sửa. Nên thay bằng kết quả để người duyệt thấy đúng số đã nhập.",
    ("L12",),
)
FORMULA_IN_INPUT = Kind(
    "BS407",
    _ERROR,
    "Ô nhập số liệu chứa công thức tham chiếu",
    "{name}: ô nhập số liệu chứa công thức ={found}; ở đây phải là số đã kiểm đếm, không lấy từ ô khác.",
    "Nối ô nhập với ô khác hoặc trang khác, khi chép từ bảng tính riêng.",
    "Chép ô, dán lại bằng Dán giá trị (Paste Values), rồi kiểm tra lại số.",
    ("L12", "L32"),
)
EXTERNAL = Kind(
    "BS408",
    _ERROR,
    "Công thức lấy số từ tệp khác",
    "{name}: công thức ={found} lấy số từ tệp khác, đơn vị tổng hợp không có tệp đó.",
    "Chép công thức từ sổ làm việc khác sang.",
    "Khôi phục công thức của biểu mẫu, hoặc dán lại bằng Dán giá trị (Paste Values).",
    ("L32", "C51"),
)
BROKEN_REFERENCE = Kind(
    "BS409",
    _ERROR,
    "Công thức hỏng tham chiếu (#REF!)",
    "{name}: công thức ={found} có tham chiếu hỏng (#REF!).",
    "Xóa dòng, cột hoặc trang mà công thức đang dùng.",
    "Khôi phục công thức: ghi ={formula} vào ô.",
    ("L32", "C56"),
)
STRAY_FORMULA = Kind(
    "BS410",
    _ERROR,
    "Công thức ở ô không áp dụng",
    "{name}: ô không áp dụng (x) lại chứa công thức ={found}.",
    "Kéo công thức của cột qua cả những dòng không áp dụng.",
    "Xóa công thức, ghi lại x như biểu mẫu.",
    ("L32", "C56"),
)
ERROR_RESULT = Kind(
    "BS411",
    _WARNING,
    "Công thức cho kết quả lỗi",
    "{name}: công thức ={formula} cho kết quả lỗi {value}.",
    "Chia cho ô trống hoặc số 0, hoặc trong các ô được tính có chữ.",
    "Kiểm tra các ô mà công thức sử dụng; số liệu của ô này sẽ không được tổng hợp.",
    ("L32",),
)
EXTENDED = Kind(
    "BS412",
    _ERROR,
    "Vùng cộng của công thức lấy thừa ô",
    "{name}: công thức ={found} cộng thừa {extra}; công thức đã ban hành là ={formula}.",
    "Kéo vùng cộng quá xuống dòng khác, hoặc cộng thêm dòng chi tiết đã có trong tổng.",
    "Khôi phục công thức: ghi ={formula} vào ô.",
    ("L32", "C56"),
)
OTHER_RANGE = Kind(
    "BS413",
    _ERROR,
    "Công thức cộng sai vùng",
    "{name}: công thức ={found} bỏ sót {missing} và cộng nhầm {extra}; công thức đã ban hành là ={formula}.",
    "Vùng cộng bị lệch dòng hoặc lệch cột khi kéo, chép công thức.",
    "Khôi phục công thức: ghi ={formula} vào ô.",
    ("L32", "C56"),
)
OTHER_OPERATOR = Kind(
    "BS414",
    _ERROR,
    "Công thức dùng phép tính khác",
    "{name}: công thức ={found} dùng phép {there} thay cho {here} của công thức đã ban hành ={formula}.",
    "Sửa dấu phép tính trong công thức.",
    "Khôi phục công thức: ghi ={formula} vào ô.",
    ("L32", "C56"),
)
OTHER_FUNCTION = Kind(
    "BS415",
    _ERROR,
    "Công thức dùng hàm khác",
    "{name}: công thức ={found} dùng hàm {there} thay cho {here} của công thức đã ban hành ={formula}.",
    "Bấm nhầm nút hàm (AVERAGE, COUNT thay cho SUM), hoặc viết lại công thức.",
    "Khôi phục công thức: ghi ={formula} vào ô.",
    ("L32", "C56"),
)
OTHER_REFERENCE = Kind(
    "BS416",
    _ERROR,
    "Công thức lấy số ở ô khác",
    "{name}: công thức ={found} lấy {there} thay cho {here}; công thức đã ban hành là ={formula}.",
    "Chép công thức có địa chỉ cố định ($), kéo công thức từ cột, dòng khác sang, hoặc chèn, xóa dòng.",
    "Khôi phục công thức: ghi ={formula} vào ô.",
    ("L32", "C56"),
)
MOVED = Kind(
    "BS417",
    _ERROR,
    "Công thức của ô khác",
    "{name}: trong ô là công thức ={found} của ô {source}; công thức đã ban hành của ô này là ={formula}.",
    "Kéo chuột hoặc cắt, dán làm công thức chuyển sang ô khác.",
    "Khôi phục công thức: ghi ={formula} vào ô.",
    ("L32", "C56"),
)
OTHER_CONSTANT = Kind(
    "BS418",
    _ERROR,
    "Hằng số trong công thức bị đổi hoặc được thêm vào",
    "{name}: công thức ={found} có hằng số khác với công thức đã ban hành ={formula}.",
    "Cộng thêm một số vào công thức cho khớp số liệu, hoặc sửa hệ số.",
    "Khôi phục công thức: ghi ={formula} vào ô.",
    ("L32", "C56"),
)
ARRAY_FORMULA = Kind(
    "BS419",
    _ERROR,
    "Công thức bị nhập thành công thức mảng",
    "{name}: công thức ={found} được nhập thành công thức mảng.",
    "Bấm Ctrl+Shift+Enter khi sửa công thức.",
    "Xóa ô rồi ghi lại ={formula}, bấm Enter.",
    ("L32", "C56"),
)
EXTRA_SHEET = Kind(
    "BS420",
    _WARNING,
    "Trang tính không thuộc biểu mẫu",
    "Trang tính “{name}” không thuộc biểu mẫu; hệ thống không đọc số liệu ở đó.",
    "Thêm trang tính nháp vào tệp biểu mẫu.",
    "Xóa trang tính này trước khi ký; tài liệu kèm theo thì để ở tệp riêng.",
    ("L12",),
)
DATES_1904 = Kind(
    "BS421",
    _WARNING,
    "Sổ làm việc dùng hệ ngày 1904",
    "Sổ làm việc dùng hệ ngày 1904; mọi ngày tháng trong tệp lệch 4 năm so với hệ thường dùng.",
    "Tệp được tạo hoặc lưu trên máy Mac cũ.",
    "Excel: File, Options, Advanced, bỏ chọn Use 1904 date system, rồi kiểm tra lại các ô ngày tháng.",
    ("C06",),
)

SERVICE_SHEET_SHOWN = Kind(
    "BS422",
    _WARNING,
    "Trang ẩn của biểu mẫu bị cho hiện ra",
    "Trang “{name}” là phần ẩn của biểu mẫu, đang được cho hiện ra.",
    "Bỏ ẩn mọi trang tính để xem.",
    "Ẩn lại trang tính này; không sửa gì trên đó.",
    ("L32", "V07"),
)
SHEET_RENAMED = Kind(
    "BS423",
    _ERROR,
    "Trang của biểu bị đổi tên",
    "Trang “{expected}” của biểu đã bị đổi tên thành “{name}”.",
    "Đổi tên trang tính cho dễ nhớ, hoặc sao chép trang rồi xóa trang gốc.",
    "Bấm đúp vào tên trang ở cuối màn hình, đặt lại là “{expected}”.",
    ("L32",),
)
INVISIBLE = Kind(
    "BS424",
    _ERROR,
    "Số không nhìn thấy được vì chữ cùng màu nền",
    "{name}: ô có giá trị {value} nhưng không nhìn thấy được ({reason}).",
    "Chọn chữ màu trắng hoặc cùng màu với nền ô, cỡ chữ rất nhỏ, để giấu số với người ký.",
    "Chọn ô, đặt lại màu chữ đen (Automatic) và cỡ chữ 11, rồi đối chiếu lại số.",
    ("L12", "V07"),
)
HIDING_CONDITION = Kind(
    "BS425",
    _ERROR,
    "Định dạng có điều kiện giấu số",
    "Vùng {area} có định dạng có điều kiện làm số không hiện ra hoặc hiện thành số khác.",
    "Chép định dạng có điều kiện từ tệp khác, hoặc cố ý che số với người ký.",
    "Trang đầu, Định dạng có điều kiện, Xóa quy tắc khỏi cả trang tính; rồi đối chiếu lại số.",
    ("L12", "V07"),
)
MANUAL_CALCULATION = Kind(
    "BS426",
    _WARNING,
    "Sổ làm việc để chế độ tính tay",
    "Sổ làm việc để chế độ tính tay nên {count} ô công thức đang hiện kết quả cũ.",
    "Excel đang ở chế độ tính tay khi mở một tệp lớn khác.",
    "Công thức, Tùy chọn tính toán, chọn Tự động; lưu lại tệp.",
    ("L32", "L17"),
)
ITERATION = Kind(
    "BS427",
    _WARNING,
    "Sổ làm việc bật tính lặp",
    "Sổ làm việc bật tính lặp; Excel không báo khi công thức tham chiếu vòng.",
    "Excel nhận thiết lập này từ một tệp khác đang mở.",
    "Tệp, Tùy chọn, Công thức, bỏ chọn Cho phép tính lặp; lưu lại tệp.",
    ("L32",),
)
PRECISION_AS_DISPLAYED = Kind(
    "BS428",
    _WARNING,
    "Sổ làm việc tính theo số đang hiển thị",
    "Sổ làm việc tính theo số đang hiển thị; Excel đã cắt bỏ các chữ số không hiện ra.",
    "Chọn Đặt độ chính xác như hiển thị trong tùy chọn của Excel.",
    "Tệp, Tùy chọn, Nâng cao, bỏ chọn Đặt độ chính xác như hiển thị; kiểm tra lại các số đã nhập.",
    ("L17",),
)
# 50x: control relations.

RELATION_BROKEN = Kind(
    "BS501",
    _ERROR,
    "Sai quan hệ kiểm tra",
    "{message} {comparison}",
    "Nhập nhầm một trong các số, nhầm dòng, hoặc nhầm đơn vị tính.",
    "Đối chiếu các ô {cells} với sổ gốc và sửa số sai.",
    ("L32", "T12", "C56"),
)
RELATION_UNUSUAL = Kind(
    "BS502",
    _WARNING,
    "Số liệu khác thường so với quan hệ kiểm tra",
    "{message} {comparison}",
    "Số liệu khác mức thường gặp; có thể đúng, cũng có thể nhầm đơn vị tính.",
    "Kiểm tra các ô {cells}; nếu số đúng, ghi lý do vào trang Giải trình.",
    ("L32", "T12"),
)
RELATION_UNKNOWN = Kind(
    "BS503",
    _WARNING,
    "Không kiểm tra được quan hệ",
    "{message} Không kiểm tra được vì {reason}.",
    "Trong các ô của quan hệ có giá trị lỗi hoặc chữ.",
    "Sửa giá trị lỗi ở các ô {cells} rồi kiểm tra lại.",
    ("L32",),
)

SHARE_OUT_OF_RANGE = Kind(
    "BS504",
    _WARNING,
    "Tỷ lệ ngoài khoảng 0–100 %",
    "Cột {column}: {cells} là tỷ lệ phần trăm nhưng nằm ngoài khoảng 0–100 (số đầu tiên là {value}).",
    "Nhập nhầm tử số hoặc mẫu số, ghi 0,5 thay cho 50, hoặc ghi số tuyệt đối vào cột tỷ lệ.",
    "Kiểm tra các số mà tỷ lệ được tính ra; nếu số đúng, ghi lý do vào trang Giải trình.",
    ("L32", "C06"),
)
UNEXPLAINED = Kind(
    "BS505",
    _ERROR,
    "Cảnh báo chưa có giải trình",
    "Còn {count} cảnh báo về số liệu chưa có giải trình: {warnings}.",
    "Số liệu khác thường chưa được người nhập xem lại hoặc giải thích.",
    "Kiểm tra lại số; nếu đúng, ghi mã cảnh báo, ô và lý do (từ ba từ) vào trang Giải trình (mất trang: tải lại biểu).",
    ("L32", "T12"),
)
# 855: what goes with the form. The codes beside it are the service's.

NARRATIVE_MISSING = Kind(
    "BS855",
    _ERROR,
    "Thiếu báo cáo thuyết minh",
    "Biểu này phải có báo cáo thuyết minh kèm theo, nhưng chưa kèm tệp nào.",
    "Quên kèm tệp Word hoặc PDF khi ký.",
    "Kèm báo cáo thuyết minh (.docx hoặc .pdf) khi ký: bieuso sign --attach TỆP.",
    ("C57", "V33"),
)

# 60x: values.

NUMBER_AS_TEXT = Kind(
    "BS601",
    _ERROR,
    "Số được gõ dưới dạng chữ",
    "{name}: giá trị “{text}” là chữ, không phải số; có lẽ là {reading}.",
    "Dán từ Word hoặc phần mềm khác, gõ dấu cách hoặc dấu nháy trước số.",
    "Xem lại số gốc, hoặc hỏi người đã nhập, rồi gõ lại số vào ô (chỉ chữ số và dấu thập phân của máy).",
    ("C06", "L12"),
)
AMBIGUOUS_NUMBER = Kind(
    "BS602",
    _ERROR,
    "Số dạng chữ đọc được hai cách",
    "{name}: “{text}” là chữ và đọc được hai cách: {first} hay {second}?",
    "Dấu chấm và dấu phẩy của kiểu số Việt Nam và kiểu số Anh – Mỹ trái ngược nhau.",
    "Xem lại số gốc, hoặc hỏi người đã nhập, xem số nào đúng; rồi gõ lại vào ô. Hệ thống không tự đoán.",
    ("C06", "L12"),
)
TEXT_FOR_NUMBER = Kind(
    "BS603",
    _ERROR,
    "Chữ ở ô số liệu",
    "{name}: “{text}” là chữ, ô này phải là số.",
    "Ghi chú hoặc đơn vị tính gõ vào ô số liệu.",
    "Gõ số; nếu không phát sinh gõ -, phát sinh mà chưa có số liệu gõ …; ghi chú viết vào trang Giải trình.",
    ("C06",),
)
ERROR_VALUE = Kind(
    "BS604",
    _ERROR,
    "Giá trị lỗi ở ô số liệu",
    "{name}: ô chứa giá trị lỗi {value}.",
    "Dán kết quả lỗi từ bảng tính khác, hoặc công thức chia cho ô trống.",
    "Xóa giá trị lỗi và nhập số.",
    ("C06",),
)
TOO_PRECISE = Kind(
    "BS605",
    _ERROR,
    "Quá nhiều chữ số thập phân",
    "{name}: {value} có nhiều chữ số thập phân hơn quy định ({decimals} chữ số, đơn vị tính {unit}).",
    "Dán kết quả phép chia chưa làm tròn.",
    "Làm tròn số đến {decimals} chữ số thập phân rồi nhập lại.",
    ("C06",),
)
NOT_WHOLE = Kind(
    "BS606",
    _ERROR,
    "Phải là số nguyên",
    "{name}: {value} phải là số nguyên (đơn vị tính {unit}).",
    "Nhập nhầm dấu thập phân, hoặc nhập theo nghìn, triệu trong khi biểu tính theo đơn vị.",
    "Kiểm tra đơn vị tính và nhập lại số nguyên.",
    ("C06",),
)
NEGATIVE = Kind(
    "BS607",
    _ERROR,
    "Số âm ở chỉ tiêu đếm, đo",
    "{name}: {value} không thể âm (đơn vị tính {unit}).",
    "Gõ nhầm dấu trừ, hoặc ghi số giảm vào ô số có.",
    "Nhập lại số không âm.",
    ("C06",),
)
NEGATIVE_MONEY = Kind(
    "BS608",
    _WARNING,
    "Số tiền âm",
    "{name}: {value} là số âm (đơn vị tính {unit}).",
    "Hoàn thuế, điều chỉnh giảm, hoặc gõ nhầm dấu trừ.",
    "Kiểm tra lại; nếu đúng là giảm trừ thì không phải sửa, nên ghi lý do vào trang Giải trình.",
    ("C06",),
)
NOT_APPLICABLE_FILLED = Kind(
    "BS609",
    _ERROR,
    "Nhập số vào ô không áp dụng",
    "{name}: ô không áp dụng (x) lại có giá trị {value}.",
    "Nhập lệch dòng hoặc lệch cột.",
    "Chuyển số sang đúng ô, ghi lại x ở ô này.",
    ("C06",),
)
APPLICABLE_CROSSED = Kind(
    "BS610",
    _WARNING,
    "Ghi x ở ô phải có số liệu",
    "{name}: ghi “x” (không áp dụng), nhưng chỉ tiêu này áp dụng cho đơn vị.",
    "Dùng x thay cho không phát sinh.",
    "Nhập số; nếu không phát sinh gõ -, phát sinh mà chưa có số liệu gõ ….",
    ("C06",),
)
TOO_LARGE = Kind(
    "BS611",
    _ERROR,
    "Số quá lớn",
    "{name}: {value} quá lớn, không lưu chính xác được (quá 15 chữ số).",
    "Dán nhầm mã số, số điện thoại, hoặc gõ thừa chữ số 0.",
    "Kiểm tra lại số và đơn vị tính.",
    ("C06",),
)
LOGICAL = Kind(
    "BS612",
    _ERROR,
    "Giá trị đúng/sai ở ô số liệu",
    "{name}: ô chứa {value}, phải là số.",
    "Dán kết quả của phép so sánh.",
    "Nhập số.",
    ("C06",),
)
BLANK = Kind(
    "BS613",
    _WARNING,
    "Còn ô chưa nhập",
    "Bảng {table}: còn {count} ô chưa nhập ({cells}).",
    "Chưa nhập xong, hoặc để trống thay cho không phát sinh.",
    "Nhập số; nếu không phát sinh gõ -, phát sinh mà chưa có số liệu gõ ….",
    ("C69", "T01"),
)
DATE = Kind(
    "BS614",
    _ERROR,
    "Ngày tháng ở ô số liệu",
    "{name}: ô hiển thị ngày tháng (giá trị bên trong là {value}).",
    "Gõ 1/2 hoặc 1-2, Excel tự đổi thành ngày tháng.",
    "Đổi định dạng ô về Number rồi gõ lại số.",
    ("C06",),
)
PERCENT = Kind(
    "BS615",
    _WARNING,
    "Ô số liệu hiển thị phần trăm",
    "{name}: ô hiển thị phần trăm nhưng giá trị bên trong là {value}; hệ thống lấy giá trị bên trong.",
    "Gõ 50%, Excel lưu 0,5.",
    "Đổi định dạng ô về Number rồi gõ số theo đơn vị tính của biểu (50% gõ 50).",
    ("C06",),
)
DISGUISED = Kind(
    "BS616",
    _ERROR,
    "Định dạng làm ô hiển thị số khác",
    "{name}: định dạng “{format}” làm ô hiển thị khác giá trị bên trong là {value}.",
    "Chép định dạng từ tệp khác (ẩn số, chia nghìn, thêm chữ số), hoặc cố ý che số với người ký.",
    "Đổi định dạng ô về Number rồi đối chiếu lại số.",
    ("L12", "V07"),
)

SCALE = Kind(
    "BS620",
    _WARNING,
    "Có thể nhầm nghìn, triệu, tỷ",
    "{name}: {value} {ratio} số thường gặp của đơn vị ({median}). Số đúng là {value} hay {other}?",
    "Nhập theo đồng trong khi biểu tính theo nghìn đồng, triệu đồng (hoặc ngược lại), thừa hoặc thiếu ba chữ số 0.",
    "Đối chiếu đơn vị tính ({unit}) và nhập lại; nếu {value} đúng, ghi lý do vào trang Giải trình.",
    ("C06", "L12"),
)
JUMP = Kind(
    "BS621",
    _WARNING,
    "Số tăng giảm đột ngột so với các kỳ trước",
    "{name}: {value} khác hẳn {count} kỳ gần nhất của đơn vị (từ {low} đến {high}, thường gặp {median}).",
    "Có biến động thật (thiên tai, được mùa, sáp nhập), hoặc nhập nhầm số, nhầm dòng.",
    "Kiểm tra lại số; nếu số đúng, ghi lý do vào trang Giải trình.",
    ("L32", "T12"),
)
COLUMN_SCALE = Kind(
    "BS622",
    _WARNING,
    "Cả cột có thể nhầm nghìn, triệu, tỷ",
    "Cột {column}: {count} ô ({cells}) đều {ratio} số thường gặp; ô đầu thường {median}, nay {value} hay {other}?",
    "Cả cột được nhập theo đơn vị tính khác (đồng thay cho triệu đồng, con thay cho nghìn con).",
    "Đối chiếu đơn vị tính ({unit}) và nhập lại cả cột; nếu các số đúng, ghi lý do vào trang Giải trình ở ô đầu tiên.",
    ("C06", "L12"),
)
COLUMN_JUMP = Kind(
    "BS623",
    _WARNING,
    "Cả cột tăng giảm đột ngột so với các kỳ trước",
    "Cột {column}: {count} ô ({cells}) khác hẳn các kỳ trước của đơn vị; ô đầu là {value}, thường gặp {median}.",
    "Biến động thật (thiên tai, sáp nhập đơn vị), nhập nhầm cột, hoặc nhập số cộng dồn vào cột số trong kỳ.",
    "Kiểm tra lại cả cột; nếu các số đúng, ghi lý do vào trang Giải trình ở ô đầu tiên.",
    ("L32", "T12"),
)

# 70x: Vietnamese text (TCVN 6909:2001).

LEGACY_TEXT = Kind(
    "BS701",
    _ERROR,
    "Chữ Việt không phải Unicode",
    "“{text}” viết bằng bảng mã {encoding}, không phải Unicode; đọc là “{reading}”.",
    "Gõ bằng bộ gõ đặt bảng mã TCVN3 (ABC), VNI, VPS, VISCII, hoặc chép từ văn bản cũ.",
    "Chuyển mã bằng lệnh bieuso text, hoặc gõ lại với bảng mã Unicode dựng sẵn.",
    ("C07",),
)
DOUBTFUL_TEXT = Kind(
    "BS702",
    _WARNING,
    "Chữ Việt có thể không phải Unicode",
    "“{text}” có thể là “{reading}” viết bằng bảng mã {encoding}.",
    "Chữ ngắn, đọc được theo nhiều bảng mã.",
    "Xem lại ô; nếu đúng là chữ cũ thì chuyển mã bằng lệnh bieuso text có --only, hoặc gõ lại bằng Unicode dựng sẵn.",
    ("C07",),
)
COMBINING_TEXT = Kind(
    "BS703",
    _WARNING,
    "Unicode tổ hợp",
    "“{text}” viết bằng Unicode tổ hợp (dấu rời); so sánh và tìm kiếm trong Excel sẽ không thấy.",
    "Bộ gõ đặt Unicode tổ hợp, hoặc chép từ máy Mac, từ tệp PDF.",
    "Chuyển sang Unicode dựng sẵn bằng lệnh bieuso text, hoặc gõ lại.",
    ("C07",),
)
STRANGE_CHARACTERS = Kind(
    "BS704",
    _WARNING,
    "Ký tự lạ trong chữ",
    "“{text}” có ký tự không đọc được ({characters}).",
    "Chép từ tệp PDF, hoặc chuyển mã sai trước đó.",
    "Gõ lại chữ trong ô.",
    ("C07",),
)
INVISIBLE_CHARACTERS = Kind(
    "BS705",
    _WARNING,
    "Ký tự không nhìn thấy",
    "“{text}” có ký tự không nhìn thấy: {characters}.",
    "Chép từ trang web, tệp PDF, hoặc chữ TCVN3 cũ đã chuyển mã sót (chữ ư cũ là dấu nối mềm).",
    "Xóa ký tự đó, hoặc gõ lại chữ trong ô; tìm kiếm và so sánh sẽ không khớp khi còn ký tự này.",
    ("C07",),
)
DIRECTION_CONTROLS = Kind(
    "BS706",
    _ERROR,
    "Ký tự đổi chiều chữ",
    "“{text}” có ký tự đổi chiều chữ: {characters}; chữ hiện ra khác chữ đã ghi trong tệp.",
    "Chép từ văn bản viết từ phải sang trái, hoặc cố ý làm người ký thấy khác nội dung.",
    "Xóa ô và gõ lại.",
    ("C07", "V07"),
)
ODD_SPACES = Kind(
    "BS707",
    _WARNING,
    "Dấu cách khác thường",
    "“{text}” có dấu cách khác thường: {characters}.",
    "Chép từ Word, trang web, hoặc phần mềm dùng dấu cách không ngắt trong số và chữ.",
    "Thay bằng dấu cách thường; trong số thì xóa dấu cách.",
    ("C07", "C06"),
)
LOOKALIKE_LETTERS = Kind(
    "BS708",
    _WARNING,
    "Chữ của bảng chữ khác trông giống chữ Việt",
    "“{text}” có chữ trông giống nhưng không phải chữ Việt: {characters}.",
    "Bộ gõ cũ ghi Ð (của tiếng Iceland) thay cho Đ, hoặc chép chữ Kirin, Hy Lạp, chữ toàn độ rộng.",
    "Gõ lại chữ đó; tìm kiếm và so sánh sẽ không khớp khi còn chữ này.",
    ("C07",),
)
MISPLACED_MARKS = Kind(
    "BS709",
    _WARNING,
    "Dấu thanh đặt sai chỗ",
    "“{text}” có dấu rời không ghép được với chữ: {characters}.",
    "Chép từ tệp PDF, hoặc chuyển mã sai làm thừa dấu, sai thứ tự dấu.",
    "Gõ lại chữ trong ô.",
    ("C07",),
)

TOO_MANY_TEXTS = Kind(
    "BS710",
    _ERROR,
    "Quá nhiều đoạn chữ khác nhau",
    "Tệp có hơn {most} đoạn chữ khác nhau; phần còn lại chưa được kiểm tra bảng mã.",
    "Chép dữ liệu của nhiều năm, nhiều đơn vị vào một tệp biểu.",
    "Bỏ các trang tính không thuộc biểu, hoặc tách tệp, rồi kiểm tra lại.",
    ("C07",),
)

KINDS: dict[str, Kind] = {kind.code: kind for kind in list(globals().values()) if isinstance(kind, Kind)}
