"""The texts of a workbook rewritten in its XML: parts that hold none of them keep their bytes.

The table of shared texts is never renumbered: an entry changes in its place where all its cells change alike, and
gets a sibling at the end of the table where they do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import NamedTuple

from lxml import etree

from workbooks import markup, places
from workbooks.address import parse_address
from workbooks.formula_text import rename_columns, rename_names, with_strings
from workbooks.raw_sheet import index_of
from workbooks.sheet import Cell
from workbooks.spots import Spot, escape, set_run_font
from workbooks.style_fonts import StyleFonts
from workbooks.texts import TextPart, spots
from workbooks.workbook import Workbook

_MAIN = f"{{{markup.MAIN}}}"
_C, _F, _V, _IS, _T, _R, _SI, _ROW = (f"{_MAIN}{name}" for name in ("c", "f", "v", "is", "t", "r", "si", "row"))


class NewRun(NamedTuple):
    """What becomes of a run: its text, and its own font (``""``: as it is)."""

    text: str
    font: str = ""


@dataclass(frozen=True, slots=True)
class NewCell:
    """What becomes of a cell: runs (a plain text is run 0), font of its style, strings of its formula, by number."""

    runs: Mapping[int, NewRun] = field(default_factory=dict)
    font: str = ""
    strings: Mapping[int, str] = field(default_factory=dict)


_Outcome = tuple[tuple[int, NewRun], ...]


class TextEditor:
    """A workbook whose texts are being changed; `changes` gives the parts that came out different."""

    def __init__(self, workbook: Workbook) -> None:
        """Begin; nothing is parsed until it is asked for."""
        self._workbook, self._package = workbook, workbook.package
        self._roots: dict[str, etree._Element] = {}
        self._spots: dict[str, list[Spot]] = {}
        self._touched: set[str] = set()
        self._kinds = {item.kind: item.target for item in self._package.relationships(workbook.part)}
        self._shared: dict[int, dict[_Outcome, list[etree._Element]]] = {}
        self._listed: list[etree._Element] = []
        styles = self._kinds.get("styles")
        self._styles = StyleFonts(self._root(styles)) if styles else None

    def spots(self, part: TextPart) -> list[Spot]:
        """The spots of a part, ready to be written to; tell `touch` afterwards."""
        if part.name not in self._spots:
            self._spots[part.name] = list(spots(self._root(part.name), part))
        return self._spots[part.name]

    def touch(self, part: str) -> None:
        """Note that a part was written to."""
        self._touched.add(part)

    def write_cells(self, sheet: str, cells: Mapping[tuple[int, int], NewCell]) -> set[tuple[int, int]]:
        """Write cells of a sheet; returns those whose texts are not in the shape that the standard gives them."""
        entry = self._workbook.sheet_entry(sheet)
        read = self._workbook.read_sheet(sheet).cells
        refused = set()
        for place, element in cells_of(self._root(entry.part)):
            new = cells.get(place)
            if new is None:
                continue
            if self._write(element, read[place], new):
                self._touched.add(entry.part)
            else:
                refused.add(place)
        return refused

    def replace_typefaces(self, part: str, change: Callable[[str], str]) -> None:
        """Draw a drawing or a chart in other fonts; ``change`` gives ``""`` for a font that stays."""
        for element in self._root(part).iter("{*}latin", "{*}ea", "{*}cs"):
            if font := change(element.get("typeface", "")):
                element.set("typeface", font)
                self._touched.add(part)

    def rename(self, names: Mapping[str, str], columns: Mapping[str, str], parts: Iterator[TextPart]) -> None:
        """Let every formula follow names and columns of tables that are called otherwise now."""

        def follow(formula: str) -> str:
            return rename_columns(rename_names(formula, {old.lower(): new for old, new in names.items()}), columns)

        for part in parts:
            root = self._root(part.name)
            if part.kind == "workbook":
                changed = places.change_names(root, lambda text, _: follow(text))
            elif part.kind == "worksheet":
                changed = places.change_formulas(root, follow)
            else:
                changed = _change_texts(root, follow)
            if changed:
                self._touched.add(part.name)

    def retitle(self, names: Mapping[str, str]) -> None:
        """Let the list of sheets and names that the properties of the file keep follow what is called otherwise now."""
        for item in self._package.relationships("/"):
            if item.kind != "extended-properties" or item.external:
                continue
            for element in self._root(item.target).iter("{*}lpstr"):
                owner, mark, rest = (element.text or "").partition("!")
                if owner in names:
                    element.text = names[owner] + mark + rest
                    self._touched.add(item.target)

    def recalculate_on_opening(self) -> None:
        """Ask the spreadsheet program to calculate anew: what formulas read has changed."""
        root = self._root(self._workbook.part)
        calculation = root.find(f"{_MAIN}calcPr")
        if calculation is None:
            names = root.find(f"{_MAIN}definedNames")
            before = names if names is not None else root.find(f"{_MAIN}sheets")
            if before is None:
                return
            calculation = etree.Element(f"{_MAIN}calcPr")
            before.addnext(calculation)
        calculation.set("fullCalcOnLoad", "1")
        self._touched.add(self._workbook.part)

    def changes(self) -> dict[str, bytes | None]:
        """Every part that is different now."""
        self._settle_shared()
        if self._styles is not None and self._styles.changed:
            self._touched.add(self._kinds["styles"])
        return {part: markup.write_xml(self._roots[part]) for part in sorted(self._touched)}

    def _root(self, part: str) -> etree._Element:
        if part not in self._roots:
            self._roots[part] = markup.parse_xml(self._package.part(part), part)
        return self._roots[part]

    def _write(self, element: etree._Element, read: Cell, new: NewCell) -> bool:
        if new.runs and not self._write_runs(element, new.runs):
            return False
        if new.font and self._styles is not None and (style := self._styles.style(read.style, new.font)) is not None:
            element.set("s", str(style))
        formula = element.find(_F)
        # The cells that share a formula have no text of their own: it stands in the first of them.
        if new.strings and formula is not None and formula.text:
            formula.text = with_strings(formula.text, new.strings)
        return True

    def _write_runs(self, element: etree._Element, runs: Mapping[int, NewRun]) -> bool:
        value = element.find(_V)
        if element.get("t") == "s" and value is not None:
            index = index_of((value.text or "").strip())
            entries = self._entries()
            if not 0 <= index < len(entries) or not _fits(entries[index], runs):
                return False
            self._shared.setdefault(index, {}).setdefault(tuple(sorted(runs.items())), []).append(value)
            return True
        if value is not None:
            value.text = escape(runs[0].text)
            return len(runs) == 1
        inline = element.find(_IS)
        if inline is None or not _fits(inline, runs):
            return False
        _rewrite(inline, runs)
        return True

    def _entries(self) -> list[etree._Element]:
        part = self._kinds.get("sharedStrings")
        if not self._listed and part is not None:
            self._listed = self._root(part).findall(_SI)
        return self._listed

    def _settle_shared(self) -> None:
        """Write the shared texts, once it is known which cells want what of each."""
        if not self._shared:
            return
        part = self._kinds["sharedStrings"]
        root, entries = self._root(part), self._entries()
        kept = self._still_used()
        for index, outcomes in self._shared.items():
            wishes = list(outcomes.items())
            original = deepcopy(entries[index])
            if index not in kept:
                _rewrite(entries[index], dict(wishes.pop(0)[0]))
            for runs, values in wishes:
                copy = deepcopy(original)
                _rewrite(copy, dict(runs))
                root.insert(len(entries), copy)
                entries.append(copy)
                for value in values:
                    value.text = str(len(entries) - 1)
        if "uniqueCount" in root.attrib:
            root.set("uniqueCount", str(len(entries)))
        self._shared.clear()
        self._touched.add(part)

    def _still_used(self) -> set[int]:
        """The entries that some cell wants as they were."""
        changing = {value for outcomes in self._shared.values() for values in outcomes.values() for value in values}
        used = set()
        for entry in self._workbook.sheets:
            for _, element in cells_of(self._root(entry.part)):
                value = element.find(_V)
                if element.get("t") == "s" and value is not None and value not in changing:
                    used.add(index_of((value.text or "").strip()))
        return used


def cells_of(root: etree._Element) -> Iterator[tuple[tuple[int, int], etree._Element]]:
    """Every cell of a worksheet with its row and column, also where the file leaves the address out."""
    number = 0
    for row in root.iterfind(f"{_MAIN}sheetData/{_ROW}"):
        number = index_of(row.get("r", "")) if row.get("r") else number + 1
        column = 0
        for cell in row.iterfind(_C):
            label = cell.get("r")
            column = column + 1 if label is None else parse_address(label)[1]
            yield (number, column), cell


def _fits(holder: etree._Element, runs: Mapping[int, NewRun]) -> bool:
    """Whether a text has these runs, each with one text: either plain or in runs, never both."""
    texts = _texts(holder)
    return texts is not None and all(number < len(texts) for number in runs)


def _texts(holder: etree._Element) -> list[etree._Element] | None:
    runs, plain = holder.findall(_R), holder.findall(_T)
    if not runs:
        return plain if len(plain) == 1 else None
    texts = [text for run in runs for text in run.findall(_T)]
    return texts if not plain and len(texts) == len(runs) and all(len(run.findall(_T)) == 1 for run in runs) else None


def _rewrite(holder: etree._Element, runs: Mapping[int, NewRun]) -> None:
    texts = _texts(holder) or []
    for number, new in runs.items():
        element = texts[number]
        text = escape(new.text)
        element.text = text
        if text != text.strip() or "\n" in text:
            element.set(markup.XML_SPACE, "preserve")
        holder_run = element.getparent()
        if new.font and holder_run is not None and holder_run.tag == _R:
            set_run_font(holder_run, new.font)


def _change_texts(root: etree._Element, change: Callable[[str], str]) -> bool:
    """Rewrite the formulas of a table or a chart; tells if any differs."""
    changed = False
    for element in root.iter("{*}calculatedColumnFormula", "{*}totalsRowFormula", "{*}f"):
        if element.text and (new := change(element.text)) != element.text:
            element.text, changed = new, True
    return changed
