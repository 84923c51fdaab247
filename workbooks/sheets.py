"""Copying and renaming worksheets.

====== ============================================================
BS170  a sheet name that Excel does not allow, or that is taken
BS171  a sheet that cannot be copied (tables, pivot tables)
====== ============================================================
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from lxml import etree

from workbooks import markup, places
from workbooks.errors import WorkbookError
from workbooks.package import CONTENT_TYPES_PART, RELATIONSHIPS_TYPE, Package, Relationship, relationships_part
from workbooks.patch import Patches, SheetEditor, refusing_bad_numbers, without_calc_chain
from workbooks.references import Reference, map_references, quote_sheet
from workbooks.registration import add_relationships, change_overrides, new_relationships
from workbooks.rows import RowInsert, RowShift, insert_into
from workbooks.workbook import SheetEntry, Workbook, open_workbook

_REMEDY = "Đặt tên trang khác: tối đa 31 ký tự, không có [ ] : * ? / \\, không trùng tên trang khác."
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_WORKSHEET = f"{markup.OFFICE_RELATIONSHIPS}/worksheet"
_SHEETS, _SHEET, _NAMES, _NAME = (
    f"{{{markup.MAIN}}}{name}" for name in ("sheets", "sheet", "definedNames", "definedName")
)
_F = f"{{{markup.MAIN}}}f"
_RELATION = f"{{{markup.OFFICE_RELATIONSHIPS}}}id"
_SHEET_ID = "sheetId"
# Elements of a workbook that come after its defined names.
_AFTER_NAMES = (
    "calcPr", "oleSize", "customWorkbookViews", "pivotCaches", "smartTagPr", "smartTagTypes", "webPublishing",
    "fileRecoveryPr", "webPublishObjects", "extLst",
)  # fmt: skip
_SHARED_KINDS = frozenset({"image", "hyperlink"})
_COPIED_KINDS = frozenset(
    {"drawing", "vmlDrawing", "comments", "chart", "chartEx", "chartStyle", "chartColorStyle", "chartUserShapes"}
)
_REFUSED_KINDS = frozenset({"table", "pivotTable", "tableSingleCells"})


@dataclass(frozen=True, slots=True)
class SheetClone:
    """A copy to be made: its name, the rows put into it, and the cells written into it.

    ``inserts`` count rows as they are in the source; ``cells`` as they are in the copy, the new rows included.
    """

    name: str
    inserts: tuple[RowInsert, ...] = ()
    cells: Patches = field(default_factory=dict)


def clone_sheets(data: bytes, source: str, clones: Sequence[SheetClone]) -> bytes:
    """Add copies of a sheet at the end of the workbook.

    What in the source points at the source (formulas, names, charts) points at the copy in the copy. Names that
    refer to the source, local or of the workbook, become local names of the copy.

    Raises:
        WorkbookError: BS141, BS160, BS161, BS170, BS171.
    """
    workbook = open_workbook(data)
    entry = workbook.sheet_entry(source)
    _check_names([clone.name for clone in clones], [item.name for item in workbook.sheets])
    with refusing_bad_numbers():
        cloning = _Cloning(workbook, entry)
        for clone in clones:
            cloning.add(clone)
        return workbook.package.with_parts(cloning.changes())


def rename_sheet(data: bytes, old: str, new: str) -> bytes:
    """Rename a sheet; formulas, names, links, charts and pivot sources everywhere follow. Raises WorkbookError."""
    workbook = open_workbook(data)
    entry = workbook.sheet_entry(old)
    _check_names([new], [item.name for item in workbook.sheets if item.name != entry.name])
    package = workbook.package
    changes: dict[str, bytes | None] = {}

    def change(text: str) -> str:
        return _point_to(text, entry.name, new)

    for item in workbook.sheets:
        if places.mentions(package.part(item.part), entry.name):
            root = markup.parse_xml(package.part(item.part), item.part)
            if places.change_formulas(root, change):
                changes[item.part] = markup.write_xml(root)
    changes.update(places.change_charts(package, entry.name, change))
    changes.update(places.change_pivot_sources(package, entry.name, lambda source: source.set("sheet", new)))
    root = markup.parse_xml(package.part(workbook.part), workbook.part)
    places.change_names(root, lambda text, _: change(text))
    for sheet in root.iterfind(f"{_SHEETS}/{_SHEET}"):
        if sheet.get("name") == entry.name:
            sheet.set("name", new)
    changes[workbook.part] = markup.write_xml(root)
    return package.with_parts(changes)


class _Model:
    """A finished sheet to be copied, and where in its formulas it names itself."""

    def __init__(self, root: etree._Element, name: str, shift: RowShift | None) -> None:
        self.shift = shift
        self._root, self._name = root, name
        self._links = places.change_formulas(deepcopy(root), lambda text: _point_to(text, name, ""))
        self._cells = [
            (position, pieces)
            for position, formula in enumerate(root.iter(_F))
            if len(pieces := _parts_about(formula.text or "", name)) > 1
        ]

    def copy_for(self, name: str) -> etree._Element:
        """A copy that names itself by its new name."""
        copy = deepcopy(self._root)
        if self._links:
            prefix = f"{quote_sheet(name)}!"
            formulas = list(copy.iter(_F))
            for position, pieces in self._cells:
                formulas[position].text = prefix.join(pieces)
            places.change_rules(copy, lambda text: _point_to(text, self._name, name))
        return copy


class _Cloning:
    """Copies of one sheet being gathered; the source is parsed once."""

    def __init__(self, workbook: Workbook, source: SheetEntry) -> None:
        self._workbook, self._package, self._source = workbook, workbook.package, source
        self._root = _template(markup.parse_xml(self._package.part(source.part), source.part), source.name)
        self._strike_relations()
        self._models: dict[tuple[RowInsert, ...], _Model] = {}
        self._taken = {name.lower() for name in self._package.parts}
        self._parts: dict[str, bytes | None] = {}
        self._types: dict[str, str | None] = {}
        self._made: list[tuple[SheetClone, str, RowShift | None]] = []
        for item in self._package.relationships(source.part):
            if item.kind in _REFUSED_KINDS:
                raise WorkbookError(
                    "BS171",
                    f"Trang “{source.name}” có bảng (Table) hoặc PivotTable nên không nhân bản được.",
                    "Chuyển bảng thành vùng ô thường (Table Design > Convert to Range) rồi làm lại.",
                )

    def add(self, clone: SheetClone) -> None:
        """Make one copy."""
        model = self._model(clone.inserts)
        part = self._free_name(self._source.part)
        self._write_relations(self._source.part, part, clone.name, model.shift)
        editor = SheetEditor(model.copy_for(clone.name), clone.name, numbered=True)
        editor.patch(clone.cells)
        self._parts[part] = editor.to_bytes()
        self._types[part] = self._package.content_type(self._source.part)
        self._made.append((clone, part, model.shift))

    def changes(self) -> dict[str, bytes | None]:
        """Everything that is new or different in the package."""
        package, part = self._package, self._workbook.part
        changes = without_calc_chain(package, part)
        rels = relationships_part(part)
        folder = posixpath.dirname(part)
        wanted = [(_WORKSHEET, posixpath.relpath(made, folder)) for _, made, _ in self._made]
        changes[rels], identifiers = add_relationships(changes.get(rels) or package.part(rels), wanted)
        types = changes.get(CONTENT_TYPES_PART) or package.part(CONTENT_TYPES_PART)
        changes[CONTENT_TYPES_PART] = change_overrides(types, self._types)
        changes[part] = self._workbook_part(identifiers)
        return changes | self._parts

    def _model(self, inserts: tuple[RowInsert, ...]) -> _Model:
        """The source with these rows put in; made once for all the copies that want the same."""
        if inserts not in self._models:
            root = deepcopy(self._root)
            shift = insert_into(root, self._source.name, inserts) if inserts else None
            self._models[inserts] = _Model(root, self._source.name, shift)
        return self._models[inserts]

    def _workbook_part(self, identifiers: Sequence[str]) -> bytes:
        root = markup.parse_xml(self._package.part(self._workbook.part), self._workbook.part)
        sheets = root.find(_SHEETS)
        names = defined_names(root)
        local, shared = self._source_names(names)
        number = max(int(item.get(_SHEET_ID, "0")) for item in root.iterfind(f"{_SHEETS}/{_SHEET}"))
        for position, (clone, _, shift) in enumerate(self._made):
            element = etree.Element(_SHEET, name=clone.name, sheetId=str(number + 1 + position))
            element.set(_RELATION, identifiers[position])
            if sheets is not None:
                sheets.append(element)
            for name in (*local, *shared):
                names.append(self._cloned_name(name, clone, shift, len(self._workbook.sheets) + position))
        if len(names) == 0:
            root.remove(names)
        return markup.write_xml(root)

    def _source_names(self, names: etree._Element) -> tuple[list[etree._Element], list[etree._Element]]:
        """Names local to the source, and names of the workbook that refer to it and are not hidden by a local one."""
        index = str(next(i for i, item in enumerate(self._workbook.sheets) if item.name == self._source.name))
        local = [item for item in names if item.get("localSheetId") == index]
        hidden = {item.get("name", "").lower() for item in local}
        shared = [
            item
            for item in names
            if item.get("localSheetId") is None
            and item.get("name", "").lower() not in hidden
            and _point_to(item.text or "", self._source.name, "") != item.text
        ]
        return local, shared

    def _cloned_name(
        self, name: etree._Element, clone: SheetClone, shift: RowShift | None, index: int
    ) -> etree._Element:
        copy = deepcopy(name)
        copy.tail = None
        copy.set("localSheetId", str(index))
        text = copy.text or ""
        moved = text if shift is None else shift.formula(text, self._source.name, fixed_only=True)
        copy.text = _point_to(moved, self._source.name, clone.name)
        return copy

    def _strike_relations(self) -> None:
        """Take out of the source's copies what hangs on relationships that are not copied."""
        related = self._package.relationships(self._source.part)
        kept = {item.id for item in related if item.kind in _SHARED_KINDS | _COPIED_KINDS}
        for element in list(self._root.iter()):
            if element.get(_RELATION) is not None and element.get(_RELATION) not in kept:
                parent = element.getparent()
                if element.tag.endswith("}pageSetup") or parent is None:
                    element.attrib.pop(_RELATION)
                else:
                    parent.remove(element)

    def _write_relations(self, source: str, part: str, name: str, shift: RowShift | None) -> None:
        rels = new_relationships()
        for item in self._package.relationships(source):
            if item.kind in _SHARED_KINDS | _COPIED_KINDS:
                target = item.target
                if item.kind in _COPIED_KINDS and not item.external:
                    target = self._copy_part(item, name, shift)
                element = etree.SubElement(rels, f"{{{markup.PACKAGE_RELATIONSHIPS}}}Relationship")
                element.attrib.update({"Id": item.id, "Type": item.type, "Target": target})
                if item.external:
                    element.set("TargetMode", "External")
        if len(rels):
            self._parts[relationships_part(part)] = markup.write_xml(rels)
            if _RELS_DEFAULT not in _default_extensions(self._package):
                self._types[relationships_part(part)] = RELATIONSHIPS_TYPE

    def _copy_part(self, item: Relationship, name: str, shift: RowShift | None) -> str:
        part = self._free_name(item.target)
        content = self._package.part(item.target)
        if item.kind == "chart":
            content = (
                places.change_chart(content, item.target, lambda text: self._chart_formula(text, name, shift))
                or content
            )
        elif shift is not None:
            content = places.change_satellite(item.kind, content, item.target, shift.row, shift.area)
        self._parts[part] = content
        self._types[part] = self._package.content_type(item.target)
        self._write_relations(item.target, part, name, shift)
        return part

    def _chart_formula(self, text: str, name: str, shift: RowShift | None) -> str:
        moved = text if shift is None else shift.formula(text, "")
        return _point_to(moved, self._source.name, name)

    def _free_name(self, like: str) -> str:
        """A part name that is not taken: ``/xl/worksheets/sheet7.xml`` after ``sheet6.xml``."""
        stem, extension = posixpath.splitext(like)
        stem = stem.rstrip("0123456789")
        number = len(self._made) + 1
        while f"{stem}{number}{extension}".lower() in self._taken:
            number += 1
        self._taken.add(f"{stem}{number}{extension}".lower())
        return f"{stem}{number}{extension}"


_RELS_DEFAULT = "rels"


def _default_extensions(package: Package) -> set[str]:
    root = markup.parse_xml(package.part(CONTENT_TYPES_PART), CONTENT_TYPES_PART)
    return {item.get("Extension", "").lower() for item in root if item.tag.endswith("}Default")}


def _template(root: etree._Element, name: str) -> etree._Element:
    """The source made ready for copying: every formula its own, nothing that must be unique in a workbook."""
    SheetEditor(root, name).expand_all_shared()
    for key in [key for key in root.attrib if str(key).endswith("}uid")]:
        root.attrib.pop(key)
    for properties in root.iterfind(f"{{{markup.MAIN}}}sheetPr"):
        properties.attrib.pop("codeName", "")
    for view in root.iterfind(f"{{{markup.MAIN}}}sheetViews/{{{markup.MAIN}}}sheetView"):
        view.attrib.pop("tabSelected", "")
    return root


def defined_names(root: etree._Element) -> etree._Element:
    """The list of defined names, made in its place if there is none."""
    names = root.find(_NAMES)
    if names is None:
        names = etree.Element(_NAMES)
        later = next((child for child in root if etree.QName(child).localname in _AFTER_NAMES), None)
        if later is None:
            root.append(names)
        else:
            later.addprevious(names)
    return names


def _point_to(text: str, old: str, new: str) -> str:
    """The formula with references to sheet ``old`` pointing at ``new``, both ends of a 3-D reference included."""

    def change(reference: Reference) -> str:
        ends = reference.sheet.split(":")
        if not any(end.lower() == old.lower() for end in ends):
            return str(reference)
        renamed = [new if end.lower() == old.lower() else end for end in ends]
        quoted = [quote_sheet(end) for end in renamed]
        if len(ends) == 2 and any(end.startswith("'") for end in quoted):
            prefix = "'" + ":".join(renamed).replace("'", "''") + "'!"
        else:
            prefix = ":".join(quoted) + "!"
        return str(reference._replace(prefix=prefix))

    return map_references(text, change)


def _parts_about(text: str, name: str) -> list[str]:
    """The formula cut at every reference prefix that names the sheet; one piece where there is none."""
    mark = "\0"

    def cut(reference: Reference) -> str:
        if reference.sheet.lower() != name.lower():
            return str(reference)
        return mark + str(reference._replace(prefix=""))

    return map_references(text, cut).split(mark)


def _check_names(wanted: Sequence[str], taken: Sequence[str]) -> None:
    seen: Mapping[str, str] = {name.lower(): name for name in taken}
    for name in wanted:
        if (
            not 1 <= len(name.encode("utf-16-le")) // 2 <= 31
            or _FORBIDDEN.search(name)
            or name[0] == "'"
            or name[-1] == "'"
        ):
            raise WorkbookError("BS170", f"Tên trang “{name}” không hợp lệ.", _REMEDY)
        if name.lower() in seen:
            raise WorkbookError("BS170", f"Tên trang “{name}” đã có.", _REMEDY)
        seen = {**seen, name.lower(): name}
