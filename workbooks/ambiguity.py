"""Content of a cell that programs read differently: what is signed must be the same for all who look at it."""

from __future__ import annotations

from typing import Final

from lxml import etree

from workbooks import markup
from workbooks.errors import WorkbookError

_TEXT: Final = markup.path("t")
_VALUE: Final = markup.path("v")
_INLINE: Final = markup.path("is")
_PLAIN: Final = frozenset({markup.path("f"), _VALUE})
_REMEDY: Final = "Mở tệp bằng Excel, để Excel sửa tệp, lưu lại dạng .xlsx rồi gửi lại."


def refuse_ambiguous_cell(cell: etree._Element, where: str) -> None:
    """Of two values one program shows the first, another the last; what the type does not announce, some pass over.

    Raises:
        WorkbookError: BS126.
    """
    kinds = [child.tag for child in cell]
    told = [kind for kind in kinds if kind in _PLAIN or kind == _INLINE]
    inline = cell.get("t") == "inlineStr"
    nested = any(len(child) for child in cell if child.tag in _PLAIN)
    if nested or len(told) != len(set(told)) or (_VALUE if inline else _INLINE) in told:
        raise WorkbookError("BS126", f"{where} có nội dung mà các chương trình đọc khác nhau.", _REMEDY)


def refuse_ambiguous_text(element: etree._Element) -> None:
    """The same for ``<si>`` and ``<is>``, which hold one text, or runs of one text each. Raises BS126."""
    for holder in (element, *element.iterfind(markup.path("r"))):
        texts = holder.findall(_TEXT)
        if len(texts) > 1 or any(map(len, texts)):
            shown = "".join(text.text or "" for text in texts)[:40]
            raise WorkbookError("BS126", f"Chuỗi “{shown}” được các chương trình đọc khác nhau.", _REMEDY)
