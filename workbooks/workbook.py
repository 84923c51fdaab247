"""A workbook: its sheets, names, texts and styles.

====== ============================================================
BS127  too many elements in all sheets together
BS140  no main workbook part, or one of another kind
BS141  a sheet that is not there
====== ============================================================
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

from lxml import etree

from workbooks import markup
from workbooks.archive import Limits
from workbooks.errors import WorkbookError
from workbooks.package import Package, open_package
from workbooks.raw_sheet import index_of, read_text, unescape
from workbooks.sheet import SharedString, Sheet, read_sheet
from workbooks.styles import Styles, read_styles

_MAIN_TYPES = frozenset(
    f"application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}.main+xml" for kind in ("sheet", "template")
)
_SMALL = 256 * 1024
# Of what a workbook has one of, there may be no second: programs would differ in which they take.
_ONCE = frozenset({"styles", "sharedStrings", "theme"})
_REMEDY = "Mở tệp bằng Excel và lưu lại dạng .xlsx; nếu vẫn lỗi, tải lại biểu gốc."


class SheetEntry(NamedTuple):
    """A sheet as the workbook lists it; ``state`` is ``visible``, ``hidden`` or ``veryHidden``."""

    name: str
    state: str
    part: str


class DefinedName(NamedTuple):
    """A defined name; ``sheet`` is the sheet it is scoped to, None for the whole workbook."""

    name: str
    refers_to: str
    sheet: str | None


class Calculation(NamedTuple):
    """How programs calculate the workbook: only when asked to, in circles, by the digits that are shown."""

    manual: bool = False
    iterative: bool = False
    as_displayed: bool = False


@dataclass(frozen=True, slots=True)
class Workbook:
    """An opened workbook. Sheets are read when asked for, and kept."""

    package: Package
    part: str
    sheets: tuple[SheetEntry, ...]
    names: tuple[DefinedName, ...]
    date1904: bool
    strings: tuple[SharedString, ...] = field(repr=False)
    styles: Styles = field(repr=False)
    limits: Limits = field(default_factory=Limits, repr=False, compare=False)
    calculation: Calculation = field(default_factory=Calculation)
    _tags: dict[str, int] = field(default_factory=dict, repr=False, compare=False)
    _read: dict[str, Sheet] = field(default_factory=dict, repr=False, compare=False)

    def sheet_entry(self, name: str) -> SheetEntry:
        """The entry of a sheet (names are compared without regard to case, as Excel does). Raises BS141."""
        for entry in self.sheets:
            if entry.name.lower() == name.lower():
                return entry
        raise _refusal("BS141", f"Tệp không có trang tính “{name}”.")

    def read_sheet(self, name: str) -> Sheet:
        """Read a sheet. Raises WorkbookError BS127, BS141 … BS144."""
        entry = self.sheet_entry(name)
        if entry.name not in self._read:
            content = self.package.part(entry.part)
            _weigh(self._tags, entry.part, content, self.limits)
            self._read[entry.name] = read_sheet(
                content,
                entry.name,
                entry.part,
                self.strings,
                styles=self.styles.count,
                date1904=self.date1904,
                most_formulas=self.limits.formulas - sum(sheet.formula_size for sheet in self._read.values()),
            )
        return self._read[entry.name]

    def showing(self, entries: Iterable[SheetEntry], names: Iterable[DefinedName], sheets: Iterable[Sheet]) -> Workbook:
        """The same file with other sheets and names in it, as an open book shows them."""
        return replace(self, sheets=tuple(entries), names=tuple(names), _read={sheet.name: sheet for sheet in sheets})

    def font_of(self, style: int) -> str:
        """Font name of a cell style; ``""`` where the file does not say."""
        return self.styles.font_of(style)

    def format_of(self, style: int) -> str:
        """Number format code of a cell style, e.g. ``#,##0.0``."""
        return self.styles.format_of(style)


def open_workbook(data: bytes, *, limits: Limits | None = None) -> Workbook:
    """Open a workbook.

    Raises:
        WorkbookError: BS101 … BS143.
    """
    if limits is None and len(data) <= _SMALL:
        return _recently_opened(data)
    return read_workbook(open_package(data, limits=limits), limits)


@lru_cache(maxsize=16)
def _recently_opened(data: bytes) -> Workbook:
    # Issuing, filling, checking and signing each take bytes and give bytes, so the same bytes are opened a dozen times
    # for one report, a fifth of the whole work. An opened workbook never changes.
    return read_workbook(open_package(data))


def read_workbook(package: Package, limits: Limits | None = None) -> Workbook:
    """The workbook inside an opened package."""
    limits = limits or Limits()
    tags: dict[str, int] = {}
    part = main_part(package)
    related = package.relationships(part)
    for name in (part, *(item.target for item in related if item.kind in {"styles", "sharedStrings"})):
        _weigh(tags, name, package.part(name), limits)
    root = markup.parse_xml(package.part(part), part)
    targets = {item.id: item.target for item in related if item.kind in {"worksheet", "chartsheet"}}
    kinds = {item.kind: item.target for item in related}
    if sum(item.kind in _ONCE for item in related) != len(kinds.keys() & _ONCE):
        raise _refusal("BS140", "Sổ làm việc có hai bảng chuỗi, hai bảng kiểu hoặc hai bộ màu.", part)
    sheets = tuple(_sheet_entry(item, targets) for item in root.iterfind(markup.path("sheets", "sheet")))
    if len({entry.name.lower() for entry in sheets}) != len(sheets) or not sheets:
        raise _refusal("BS140", "Sổ làm việc không có trang tính nào, hoặc có hai trang cùng tên.", part)
    if len({entry.part for entry in sheets}) != len(sheets):
        raise _refusal("BS140", "Hai trang tính dùng chung một nội dung.", part)
    properties = root.find(markup.path("workbookPr"))
    return Workbook(
        package,
        part,
        sheets,
        tuple(_defined_name(item, sheets) for item in root.iterfind(markup.path("definedNames", "definedName"))),
        properties is not None and properties.get("date1904") in {"1", "true"},
        _shared_strings(package, kinds.get("sharedStrings")),
        read_styles(package, kinds.get("styles"), kinds.get("theme")),
        limits,
        _calculation(root),
        tags,
    )


def _weigh(tags: dict[str, int], part: str, content: bytes, limits: Limits) -> None:
    """Refuse a workbook whose parts are small enough each, but too much together."""
    tags[part] = content.count(b"<")
    if sum(tags.values()) > limits.elements:
        remedy = "Xóa các dòng, cột trống có định dạng và các trang không thuộc biểu rồi lưu lại."
        raise WorkbookError("BS127", "Các trang tính có quá nhiều phần tử.", remedy, part=part)


def _calculation(root: etree._Element) -> Calculation:
    item = root.find(markup.path("calcPr"))
    if item is None:
        return Calculation()
    yes = {"1", "true"}
    precise = item.get("fullPrecision", "1") in yes
    return Calculation(item.get("calcMode") == "manual", item.get("iterate") in yes, not precise)


def main_part(package: Package) -> str:
    """Name of the workbook part. Raises WorkbookError BS140."""
    found = [item.target for item in package.relationships("/") if item.kind == "officeDocument"]
    if len(found) != 1 or package.content_type(found[0]) not in _MAIN_TYPES:
        raise _refusal("BS140", "Tệp không phải là sổ làm việc Excel (.xlsx).")
    return found[0]


def _sheet_entry(item: etree._Element, targets: dict[str, str]) -> SheetEntry:
    name = item.get("name", "")
    target = targets.get(item.get(f"{{{markup.OFFICE_RELATIONSHIPS}}}id", ""))
    if not name or target is None:
        raise _refusal("BS141", f"Trang tính “{name}” không có nội dung trong tệp.")
    return SheetEntry(name, item.get("state", "visible"), target)


def _defined_name(item: etree._Element, sheets: tuple[SheetEntry, ...]) -> DefinedName:
    name, scope = item.get("name", ""), item.get("localSheetId")
    if scope is None:
        return DefinedName(name, (item.text or "").strip(), None)
    index = index_of(scope)
    if not 0 <= index < len(sheets):
        raise _refusal("BS140", f"Tên “{name}” thuộc về một trang tính không có trong tệp.")
    return DefinedName(name, (item.text or "").strip(), sheets[index].name)


def _shared_strings(package: Package, part: str | None) -> tuple[SharedString, ...]:
    if part is None:
        return ()
    root = markup.parse_xml(package.part(part), part)
    strings = []
    for item in root.iterfind(markup.path("si")):
        text, runs = read_text(item)
        strings.append(SharedString(unescape(text), runs))
    return tuple(strings)


def _refusal(code: str, message: str, part: str = "") -> WorkbookError:
    return WorkbookError(code, message, _REMEDY, part=part)
