"""Safe XML: no document type, no entities, no network. The namespaces of a workbook."""

from __future__ import annotations

from lxml import etree

from workbooks.errors import WorkbookError

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE_RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"

_COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_ALTERNATIVES = f"{{{_COMPATIBILITY}}}AlternateContent"
# What may have one reading only: no program may be offered an alternative to these.
_CONTENT = tuple(
    f"{{{MAIN}}}{name}"
    for name in (
        "sheetData", "row", "c", "f", "v", "is", "si", "r", "t", "sheets", "sheet", "definedNames", "definedName",
        "workbookPr", "cols", "col", "mergeCells", "mergeCell", "sheetProtection", "cellXfs", "xf", "fonts", "font",
        "numFmts", "numFmt",
    )
)  # fmt: skip
_PROCESS_CONTENT = (b"ProcessContent", "ProcessContent".encode("utf-16-le"))
# Opening and closing tags; a form has some ten thousand, and each costs some hundred bytes of memory.
_MAX_TAGS = 4_000_000
# OPC allows no other encodings (ECMA-376 part 2, 6.2.5); ASCII is a part of the first.
_ENCODINGS = {"", "UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE", "ASCII", "US-ASCII"}
_DAMAGED = "Tệp bị hỏng hoặc đã bị can thiệp. Tải lại biểu gốc, hoặc mở bằng Excel và lưu lại dạng .xlsx."

# The strict variant of the standard uses other namespaces for the same elements.
_STRICT = b"http://purl.oclc.org/ooxml/"


def parse_xml(data: bytes, part: str) -> etree._Element:
    """Parse one part.

    Raises:
        WorkbookError: BS122 for a document type, BS123 for XML that is not well-formed or not UTF-8 or UTF-16, BS125
            for strict OOXML, BS126 for content that programs may read differently, BS127 for too many elements.
    """
    check_size(data, part)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise WorkbookError("BS123", f"Phần “{part}” không phải XML hợp lệ.", _DAMAGED, part=part) from error
    document = root.getroottree().docinfo
    if document.doctype:  # type: ignore[union-attr]  # the stubs leave it out
        message = f"Phần “{part}” khai báo kiểu tài liệu (DOCTYPE), điều tệp Excel không bao giờ có."
        raise WorkbookError("BS122", message, _DAMAGED, part=part)
    if (document.encoding or "").upper() not in _ENCODINGS:
        raise WorkbookError("BS123", f"Phần “{part}” dùng bảng mã “{document.encoding}”.", _DAMAGED, part=part)
    if any(uri.encode().startswith(_STRICT) for uri in root.nsmap.values()):
        raise WorkbookError(
            "BS125",
            "Tệp lưu ở dạng “Strict Open XML”, hệ thống không nhận dạng này.",
            "Trong Excel chọn Lưu thành > Sổ làm việc Excel (*.xlsx) rồi gửi lại.",
            part=part,
        )
    _refuse_alternatives(root, data, part)
    return root


def path(*names: str) -> str:
    """The way down to an element of a sheet or workbook: ``path("sheets", "sheet")``."""
    return "/".join(f"{{{MAIN}}}{name}" for name in names)


def check_size(data: bytes, part: str) -> None:
    """Refuse a part of so many elements that reading it would exhaust the memory. Raises BS127."""
    if data.count(b"<") > _MAX_TAGS:
        raise WorkbookError(
            "BS127",
            f"Phần “{part}” có quá nhiều phần tử.",
            "Xóa các dòng, cột trống có định dạng và các trang không thuộc biểu rồi lưu lại.",
            part=part,
        )


def _refuse_alternatives(root: etree._Element, data: bytes, part: str) -> None:
    """A signed cell must read the same in every program; markup compatibility (ECMA-376 part 3) offers choices."""
    hidden = any(next(choice.iter(*_CONTENT), None) is not None for choice in root.iter(_ALTERNATIVES))
    if hidden or any(mark in data for mark in _PROCESS_CONTENT):
        message = f"Phần “{part}” có nội dung mà các chương trình có thể đọc khác nhau (AlternateContent)."
        raise WorkbookError("BS126", message, _DAMAGED, part=part)


def write_xml(root: etree._Element) -> bytes:
    """Serialise a part the way Excel does: UTF-8, standalone."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
