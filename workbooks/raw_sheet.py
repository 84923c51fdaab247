"""The rows of a sheet as they are written down, before their values mean anything.

A sheet in the plain shape that Excel, LibreOffice and openpyxl write is scanned with regular expressions that must
account for every character of it; anything else goes through the XML parser. Both give the same rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from typing import Final, NamedTuple

from lxml import etree

from workbooks import markup
from workbooks.address import column_letters, column_number
from workbooks.ambiguity import refuse_ambiguous_cell, refuse_ambiguous_text
from workbooks.errors import WorkbookError


class TextRun(NamedTuple):
    """A stretch of rich text; ``font`` is ``""`` where the run keeps the font of the cell."""

    text: str
    font: str


# A cell as written: column, style, type, marks of <f> (None: no formula), text of <f>, text of <v> or of the inline
# string, runs. A bare tuple, because one is made for every cell of every workbook.
RawCell = tuple[int, str, str, str | None, str, str | None, tuple[TextRun, ...]]


# A cell of a shape: place, style, type, formula, text of a cell that has no <v>, whether it has one.
ShapedCell = tuple[tuple[int, int], int, str, str | None, str | None, bool]


@dataclass(slots=True)
class Shape:
    """Everything a row says besides its values; the same row of another workbook of the form has the same shape.

    Attributes:
        cells: in ascending order; texts are unescaped.
        values: how many of them have a value between ``<v>`` and ``</v>``.
        styles: greatest index of a style, plus one.
        formula_size: characters of the formulas; longest_formula: of the longest one.
        prepared: what the reader of the sheet makes of the shape, once.
    """

    cells: tuple[ShapedCell, ...]
    values: int
    styles: int
    formula_size: int
    longest_formula: int
    prepared: object = None


class RawRow(NamedTuple):
    """A row as written: its cells, or their shape with the values that it leaves out, in order."""

    row: int
    hidden: bool
    cells: Iterable[RawCell]
    shape: Shape | None = None
    values: Sequence[str] = ()


# Attributes are named one by one: an "xmlns" among them would make the element another one.
_ROW_MARKS = "r|spans|s|customFormat|ht|hidden|customHeight|outlineLevel|collapsed|thickTop|thickBot|ph|x14ac:dyDescent"
_FORMULA_MARKS = "t|ref|si|ca|aca|bx|dt2D|dtr|del1|del2|r1|r2"
_ROW_START = re.compile(rf'<row((?: (?:{_ROW_MARKS})="[^"<>&]*")*) ?(/?)>')
_PLAIN_CELL = re.compile(
    r'<c r="([A-Z]{1,3})([0-9]{1,7})"(?: s="([0-9]{1,9})")?(?: t="(n|s|b|e|str|inlineStr)")?'
    r"(?: ?/>|>"
    rf'(?:(<f)((?: (?:{_FORMULA_MARKS})="[^"<>&]*")*) ?(?:/>|>([^<]*)</f>))?'
    r'(?:(<v>[^<]*</v>|<v ?/>)|<is><t(?: xml:space="preserve")?>([^<]*)</t></is>)?'
    r"</c>)"
)
ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')
_ENTITY = re.compile("&(lt|gt|amp|quot|apos|#[0-9]{2,7}|#x[0-9A-Fa-f]{2,6});")
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_LONE_AMPERSAND = re.compile(b"&(?!(?:lt|gt|amp|quot|apos|#[0-9]{2,7}|#x[0-9A-Fa-f]{2,6});)")
_CONTROL = bytes({*range(0x20)} - {0x09, 0x0A})
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_LOWEST = 1.0  # points
_SHEET_DATA: Final = f"{{{markup.MAIN}}}sheetData"
# Rows, and characters in them: a character stands for up to 40 bytes of memory, and what is kept outlives the file.
_REMEMBERED: Final = 8_192
_MOST_CHARACTERS: Final = 4_000_000
_LONGEST_MARKS: Final = 200
_DAMAGED = "Mở tệp bằng Excel, để Excel sửa tệp, lưu lại dạng .xlsx rồi gửi lại."


def raw_rows(data: bytes, name: str, part: str) -> tuple[etree._Element, Iterable[RawRow]]:
    """Root of the sheet and its rows. Raises WorkbookError BS122 … BS127, BS141."""
    markup.check_size(data, part)
    return _plain_rows(data, part) or _parsed_rows(markup.parse_xml(data, part), name)


def index_of(text: str) -> int:
    """A row number or index as written; -1 for anything else (a number of a million digits included)."""
    return int(text) if len(text) <= 9 and text.isascii() and text.isdigit() else -1


def _plain_rows(data: bytes, part: str) -> tuple[etree._Element, list[RawRow]] | None:
    """The rows of a sheet in plain shape; None for any other shape, which is then left to the XML parser."""
    if data.count(b"<sheetData>") != 1 or data.count(b"</sheetData>") != 1:
        return None
    head, _, rest = data.partition(b"<sheetData>")
    body, _, tail = rest.partition(b"</sheetData>")
    if b"<!" in data or b"<?" in body or b"<?" in tail or not _is_utf8(head):
        return None
    try:
        text = body.decode("utf-8")
        root = markup.parse_xml(head + b"<sheetData/>" + tail, part)
    except (UnicodeDecodeError, WorkbookError):
        return None
    places = list(root.iter(_SHEET_DATA))
    if root.tag != f"{{{markup.MAIN}}}worksheet" or len(places) != 1 or places[0].getparent() is not root:
        return None
    if b"x14ac:" in body and "x14ac" not in root.nsmap:
        return None
    rows = None if _is_odd(body) else _scan_rows(text)
    return None if rows is None else (root, rows)


def _is_odd(body: bytes) -> bool:
    """Whether there is anything in it that XML forbids, or reads as something other than what stands there."""
    return (
        len(body.translate(None, _CONTROL)) != len(body)
        or any(mark in body for mark in (b"]]>", b"\xef\xbf\xbe", b"\xef\xbf\xbf"))
        or (b"&" in body and _LONE_AMPERSAND.search(body) is not None)
    )


def _is_utf8(head: bytes) -> bool:
    declaration = head[: head.find(b"?>") + 2] if head.startswith(b"<?xml") else b""
    return head.startswith(b"<") and (b"encoding" not in declaration or b"utf-8" in declaration.lower())


def _scan_rows(text: str) -> list[RawRow] | None:
    rows = []
    at = 0
    while at < len(text):
        start = _ROW_START.match(text, at)
        marks = None if start is None or len(start[1]) > _LONGEST_MARKS else _row_marks(start[1])
        if start is None or marks is None:
            return None
        label, number, hidden = marks
        at = start.end()
        row: RawRow | None = RawRow(number, hidden, ())
        if not start[2]:
            end = text.find("</row>", at)
            row = _scan_row(text[at:end], label, number, hidden) if end >= 0 else None
            at = end + len("</row>")
        if row is None:
            return None
        rows.append(row)
    return rows


@lru_cache(maxsize=_REMEMBERED)
def _row_marks(text: str) -> tuple[str, int, bool] | None:
    """What the attributes of a row say: its number as written and as a number, and whether it is hidden."""
    attributes = dict(ATTRIBUTE.findall(text))
    label = attributes.get("r", "")
    number = index_of(label)
    if text.count('="') != len(attributes) or label != str(number):
        return None
    return label, number, _is_hidden(attributes.get("hidden"), attributes.get("ht"))


def _scan_row(text: str, label: str, number: int, hidden: bool) -> RawRow | None:
    """A row, by its shape where that is known; None where any character of it is not part of a plain cell."""
    parts = _VALUE.split(text)
    # The number belongs to it: a cell may name another row than its own, which is refused.
    frame, values = (number, "<v>".join(parts[::2])), parts[1::2]
    shape = _SHAPES.get(frame)
    plain = "&" not in text or not any("&" in value for value in values)
    if shape is not None and shape.values == len(values) and plain:
        return RawRow(number, hidden, (), shape, values)
    cells = _scan_cells(text, label)
    if cells is not None and shape is None:
        _remember(frame, _shape(number, text, cells, len(values)))
    return None if cells is None else RawRow(number, hidden, cells)


# Rows of the forms that come in again and again: reading them by their shape takes a third of the time.
class _Shapes(dict[tuple[int, str], Shape]):
    """Shapes by row number and by the text around the values; ``size`` counts its characters, about."""

    size = 0

    def clear(self) -> None:
        super().clear()
        self.size = 0


_SHAPES: Final = _Shapes()
_LONGEST_SHAPED: Final = 20_000
_VALUE: Final = re.compile("<v>([^<]*)</v>")


def _remember(frame: tuple[int, str], shape: Shape | None) -> None:
    if shape is not None:
        if len(_SHAPES) >= _REMEMBERED or _SHAPES.size + len(frame[1]) > _MOST_CHARACTERS:
            _SHAPES.clear()
        _SHAPES[frame] = shape
        _SHAPES.size += len(frame[1])


def _shape(number: int, text: str, cells: Sequence[RawCell], values: int) -> Shape | None:
    """The shape of a row; None where a formula depends on other rows (shared, array), or anything else is odd."""
    slots = ["<v>" in piece for piece in text.split(_CELL)[1:]]
    columns = [cell[0] for cell in cells]
    if len(text) > _LONGEST_SHAPED or sum(slots) != values or len(slots) != len(cells):
        return None
    if any(cell[3] for cell in cells) or any(one >= other for one, other in pairwise(columns)):
        return None
    shaped: list[ShapedCell] = []
    for (column, style, kind, mark, formula, shown, _), slot in zip(cells, slots, strict=True):
        if not slot and (shown is not None) != (kind == "inlineStr"):
            return None
        fixed = None if slot or shown is None else unescape(shown)
        kept = (formula or None) if mark is not None else None
        shaped.append(((number, column), int(style or 0), "" if kind == "n" else kind, kept, fixed, slot))
    lengths = [len(cell[3] or "") for cell in shaped]
    styles = max((cell[1] for cell in shaped), default=0) + 1
    return Shape(tuple(shaped), values, styles, sum(lengths), max(lengths, default=0))


def _scan_cells(text: str, label: str) -> list[RawCell] | None:
    """The cells of one row, or None where any character of it is not part of a plain cell of that row.

    Nearly every cell has one of three shapes, which cutting at fixed places tells apart far faster than the pattern
    that describes them all: ``s="…"><v>…</v></c>``, ``s="…"><f>…</f><v>…</v></c>`` and ``s="…"/>``.
    """
    cells: list[RawCell] = []
    pieces = text.split(_CELL)
    if pieces[0]:
        return None
    width = len(label)
    for piece in islice(pieces, 1, None):
        place, _, rest = piece.partition('" s="')
        style, _, rest = rest.partition('"')
        column = _COLUMNS.get(place[:-width]) if place[-width:] == label else None
        if column is None or "&" in piece or not _is_index(style):
            cell = _any_cell(piece, label)
        elif rest[:4] == "><v>" and rest[-8:] == "</v></c>" and "<" not in (content := rest[4:-8]):
            cell = (column, style, "", None, "", content or None, ())
        elif rest[:4] == "><f>" and rest[-8:] == "</v></c>":
            formula, _, content = rest[4:-8].partition("</f><v>")
            plain = "<" not in formula and "<" not in content and "</f><v>" in rest
            cell = (column, style, "", "", formula, content or None, ()) if plain else _any_cell(piece, label)
        elif rest == "/>":
            cell = (column, style, "", None, "", None, ())
        else:
            cell = _any_cell(piece, label)
        if cell is None:
            return None
        cells.append(cell)
    return cells


_CELL: Final = '<c r="'
_COLUMNS: Final = {column_letters(number): number for number in range(1, 703)}  # A … ZZ


def _is_index(text: str) -> bool:
    return text.isdigit() and text.isascii() and len(text) <= 9


def _any_cell(piece: str, label: str) -> RawCell | None:
    """A cell of any plain shape, without the ``<c r="`` it begins with; None for anything else."""
    match = _PLAIN_CELL.fullmatch(_CELL + piece)
    if match is None or match[2] != label:
        return None
    letters, _, style, kind, mark, marks, formula, value, inline = (group or "" for group in match.groups())
    if marks and marks.count('="') != len(dict(ATTRIBUTE.findall(marks))):
        return None
    if ("<t" in piece or value) and (kind == "inlineStr") is not ("<t" in piece):
        return None  # left to the parser, which refuses it
    content = value[3:-4] if len(value) > 4 else inline
    try:
        if "&" in piece:
            formula, content = _decode(formula), _decode(content)
        present = content or (kind == "str" and value) or "<t" in piece
        return column_number(letters), style, kind, marks if mark else None, formula, content if present else None, ()
    except ValueError:
        return None


def _is_hidden(mark: str | None, height: str | None) -> bool:
    return mark in {"1", "true"} or is_below(height, _LOWEST)


def is_below(size: str | None, least: float) -> bool:
    """Whether a height or width as written is too small to be seen; what is no number is not."""
    try:
        return size is not None and float(size) < least
    except ValueError:
        return False


def _decode(text: str) -> str:
    """The text with its references replaced. Raises ValueError for a character that XML does not allow."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    reference = match[1]
    if not reference.startswith("#"):
        return _ENTITIES[reference]
    character = chr(int(reference[2:], 16) if reference[1] == "x" else int(reference[1:]))
    if not ("\x20" <= character < "\ud800" or "\ue000" <= character < "\ufffe" or character >= "\U00010000") and (
        character not in "\t\n\r"
    ):
        raise ValueError(reference)
    return character


def _parsed_rows(root: etree._Element, name: str) -> tuple[etree._Element, Iterator[RawRow]]:
    if root.tag not in {f"{{{markup.MAIN}}}worksheet", f"{{{markup.MAIN}}}chartsheet"}:
        raise WorkbookError("BS141", f"Trang “{name}” không phải trang tính.", _DAMAGED)
    if len(list(root.iter(_SHEET_DATA))) > 1:
        raise WorkbookError("BS141", f"Trang “{name}” có hai vùng dữ liệu.", _DAMAGED)
    return root, _element_rows(root, name)


def _element_rows(root: etree._Element, name: str) -> Iterator[RawRow]:
    number = 0
    for row in root.iterfind(f"{{{markup.MAIN}}}sheetData/{{{markup.MAIN}}}row"):
        label = row.get("r", "")
        number = index_of(label) if label else number + 1
        yield RawRow(number, _is_hidden(row.get("hidden"), row.get("ht")), tuple(_element_cells(row, number, name)))


def _element_cells(row: etree._Element, number: int, name: str) -> Iterator[RawCell]:
    column = 0
    for cell in row.iterfind(f"{{{markup.MAIN}}}c"):
        label = cell.get("r")
        refuse_ambiguous_cell(cell, f"Ô {label or f'ở dòng {number}'} của trang “{name}”")
        if label is None:
            column += 1
        else:
            column = _column_of(label, number)
        style = cell.get("s", "")
        formula = cell.find(f"{{{markup.MAIN}}}f")
        marks = None if formula is None else " ".join(f'{key!s}="{value!s}"' for key, value in formula.attrib.items())
        text = "" if formula is None else "".join(map(str, formula.itertext()))
        value, runs = _element_value(cell)
        kind = cell.get("t", "n")
        yield column, str(index_of(style)) if style else "", kind, marks, text, value, runs


def _column_of(label: str, row: int) -> int:
    """Column of a cell's own address; 0, which is refused as out of order, where it names another row."""
    letters = label.rstrip("0123456789")
    try:
        return column_number(letters) if label == f"{letters}{row}" else 0
    except ValueError:
        return 0


def _element_value(cell: etree._Element) -> tuple[str | None, tuple[TextRun, ...]]:
    value = cell.find(f"{{{markup.MAIN}}}v")
    if value is not None:
        text = "".join(map(str, value.itertext()))
        return (text if text or cell.get("t") == "str" else None), ()
    inline = cell.find(f"{{{markup.MAIN}}}is")
    return (None, ()) if inline is None else read_text(inline)


def read_text(element: etree._Element) -> tuple[str, tuple[TextRun, ...]]:
    """Text and runs of ``<si>`` or ``<is>``, still with ``_xHHHH_`` escapes in the text; phonetic hints left out."""
    refuse_ambiguous_text(element)
    plain: list[str] = []
    runs: list[TextRun] = []
    for child in element:
        if child.tag == f"{{{markup.MAIN}}}t":
            plain.append(child.text or "")
        elif child.tag == f"{{{markup.MAIN}}}r":
            text = "".join(item.text or "" for item in child.iterfind(f"{{{markup.MAIN}}}t"))
            font = child.find(f"{{{markup.MAIN}}}rPr/{{{markup.MAIN}}}rFont")
            plain.append(text)
            runs.append(TextRun(unescape(text), "" if font is None else font.get("val", "")))
    return "".join(plain), tuple(runs)


def unescape(text: str) -> str:
    """``_x000D_`` stands for a character that XML cannot carry (ECMA-376 part 1, 22.9.2.19).

    Halves of characters that have no other half, and U+0000, which neither files nor databases hold, become U+FFFD.
    """
    if "_x" not in text:
        return text
    units = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text).encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le", "replace").replace("\0", "\ufffd")
