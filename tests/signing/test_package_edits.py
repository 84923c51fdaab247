"""Whatever is done to the parts of a signed package is noticed; what changes none of them does no harm."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import openpyxl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lxml import etree
from openpyxl.comments import Comment

from signing.errors import NotSignableError
from signing.layout import RELS_TYPE, is_rels
from signing.sign import sign_package
from signing.trust import Trust
from signing.verdict import Outcome
from signing.verify import verify_package
from signing.xml import RELATIONSHIPS, serialise
from tests.signing.authorities import NOW, Authorities, Holder
from tests.signing.tampering import CONTENT_TYPES, SHEET, parts_of, rebuilt, with_types
from workbooks.errors import WorkbookError

PROPERTIES = "docProps/custom.xml"
FOLDER = "_xmlsignatures/"
TYPES = {
    "application/xml",
    RELS_TYPE,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml",
    "application/vnd.openxmlformats-package.core-properties+xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
}
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
KINDS = ("comments", "theme", "styles", "hyperlink", "officeDocument", "custom-properties", "image")
NAMES = ("xl/extra.xml", "docProps/core.xml", "xl/comments9.xml", "customXml/item1.xml", "xl/worksheets/sheet9.xml")
Parts = dict[str, bytes]
Edit = Callable[[Parts], bytes]


# --- edits: each takes the parts as they are, and gives the file


def zipped_again(parts: Parts, order: bool, method: int, attributes: int) -> bytes:
    """The same parts; order, compression, times and permissions are the zipper's."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in sorted(parts.items(), reverse=order):
            entry = zipfile.ZipInfo(name, (2026, 11, 22, 10, 30, 0))
            entry.external_attr = attributes << 16
            archive.writestr(entry, content, compress_type=method)
    return buffer.getvalue()


def added(parts: Parts, name: str, content: bytes, kind: str) -> bytes:
    return with_types({**parts, name: content}, {name: kind})


def removed(parts: Parts, name: str) -> bytes:
    return with_types({key: value for key, value in parts.items() if key != name})


def renamed(parts: Parts, old: str, new: str) -> bytes:
    """Renamed everywhere: in its content type and in the relationships that lead to it."""
    one, two = old.rpartition("/")[2].encode(), new.rpartition("/")[2].encode()
    kept = {(new if name == old else name): value for name, value in parts.items()}
    related = {name: value.replace(one, two) for name, value in kept.items() if name.endswith(".rels")}
    return rebuilt({**kept, **related, CONTENT_TYPES: parts[CONTENT_TYPES].replace(old.encode(), new.encode())})


def retyped(parts: Parts, name: str, kind: str) -> bytes:
    return with_types(parts, {name: kind})


def swapped(parts: Parts, one: str, two: str) -> bytes:
    return rebuilt({**parts, one: parts[two], two: parts[one]})


def written_over(parts: Parts, name: str, at: int, by: bytes) -> bytes:
    content = parts[name]
    place = at % (len(content) + 1)
    return rebuilt({**parts, name: content[:place] + by + content[place + len(by) :]})


def related(parts: Parts, rels: str, kind: str, target: str) -> bytes:
    def add(root: etree._Element) -> None:
        etree.SubElement(
            root, f"{{{RELATIONSHIPS}}}Relationship", Type=f"{OFFICE}/{kind}", Target=f"/{target}", Id="rId77"
        )

    return _with_relationships(parts, rels, add)


def unrelated(parts: Parts, rels: str, number: int) -> bytes:
    return _with_relationships(parts, rels, lambda root: root.remove(root[number % len(root)]))


def related_otherwise(parts: Parts, rels: str, number: int, attribute: str, value: str) -> bytes:
    return _with_relationships(parts, rels, lambda root: root[number % len(root)].set(attribute, value))


def related_in_another_order(parts: Parts, rels: str, number: int) -> bytes:
    return _with_relationships(parts, rels, lambda root: root.append(root[number % len(root)]))


def _with_relationships(parts: Parts, rels: str, change: Callable[[etree._Element], object]) -> bytes:
    root = etree.fromstring(parts[rels]) if rels in parts else etree.Element(f"{{{RELATIONSHIPS}}}Relationships")
    change(root)
    return with_types({**parts, rels: serialise(root)}, {rels: RELS_TYPE})


def stripped(parts: Parts) -> bytes:
    """Without any trace of signatures that a part could tell of, the note in the properties apart."""
    kept = {name: value for name, value in parts.items() if not name.startswith(FOLDER)}
    root = etree.fromstring(kept["_rels/.rels"])
    for child in [item for item in root if "digital-signature" in item.get("Type", "")]:
        root.remove(child)
    return with_types({**kept, "_rels/.rels": serialise(root)})


def edits(parts: Parts) -> st.SearchStrategy[Edit]:
    """Edits of the parts that a signed workbook has; by the time they are made some may be gone."""
    names = st.sampled_from(sorted(set(parts) - {CONTENT_TYPES}))
    rels = st.sampled_from(sorted({*filter(is_rels, parts), "xl/worksheets/_rels/sheet2.xml.rels"}))
    numbers, words = st.integers(0, 5), st.sampled_from((b"<a/>", b"1", b" ", b"\n", b"", b"<!-- x -->"))
    methods = st.sampled_from((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    values = st.sampled_from(("rId1", "rId9", "/xl/styles.xml", "External", "Internal", f"{OFFICE}/theme", ""))
    attributes = st.sampled_from(("Id", "Type", "Target", "TargetMode", "Note"))
    return st.one_of(
        _edit(zipped_again, st.booleans(), methods, st.sampled_from((0, 0o100644))),
        _edit(added, st.sampled_from(NAMES), words, st.sampled_from(sorted(TYPES))),
        _edit(removed, names),
        _edit(renamed, names, st.sampled_from(NAMES)),
        _edit(retyped, names, st.sampled_from(sorted(TYPES))),
        _edit(swapped, names, names),
        _edit(written_over, names, st.integers(0, 9999), words),
        _edit(written_over, st.sampled_from((PROPERTIES, CONTENT_TYPES)), st.integers(0, 9999), words),
        _edit(related, rels, st.sampled_from(KINDS), names),
        _edit(unrelated, rels, numbers),
        _edit(related_otherwise, rels, numbers, attributes, values),
        _edit(related_in_another_order, rels, numbers),
        _edit(stripped),
    )


def _edit(deed: Callable[..., bytes], *arguments: st.SearchStrategy[object]) -> st.SearchStrategy[Edit]:
    return st.tuples(*arguments).map(lambda values: _Made(deed, values))


class _Made:
    """An edit with its particulars, which Hypothesis prints where something does not hold."""

    def __init__(self, deed: Callable[..., bytes], values: tuple[object, ...]) -> None:
        self._deed, self._values = deed, values

    def __call__(self, parts: Parts) -> bytes:
        return self._deed(parts, *self._values)

    def __repr__(self) -> str:
        return f"{self._deed.__name__}{self._values}"


def made(data: bytes, steps: list[Edit]) -> bytes:
    """The file after the edits; those that find nothing to edit any more are passed over."""
    for step in steps:
        try:
            data = step(parts_of(data))
        except (KeyError, IndexError, ZeroDivisionError, ValueError, etree.LxmlError):
            continue
    return data


# --- what must hold


def test_edits_of_a_signed_package_are_never_valid_unless_every_part_is_as_signed(signed: bytes, trust: Trust) -> None:
    signed_parts = parts_of(signed)

    @settings(max_examples=250)
    @given(st.lists(edits(signed_parts), min_size=1, max_size=4))
    def edited(steps: list[Edit]) -> None:
        data = made(signed, steps)

        verdict = verify_package(data, trust, now=NOW)

        assert (verdict.outcome is Outcome.VALID) == (parts_of(data) == signed_parts)
        assert verdict.outcome is Outcome.VALID or verdict.findings

    edited()


def test_an_edited_package_is_not_signed_by_the_next_as_if_it_were_whole(
    signed: bytes, authorities: Authorities, trust: Trust
) -> None:
    """The next signature is refused, or the file had no signature left and only the next one is shown."""
    signed_parts, second = parts_of(signed), authorities.officer("Trần Thị Hai")

    @settings(max_examples=80)
    @given(st.lists(edits(signed_parts), min_size=1, max_size=2))
    def edited(steps: list[Edit]) -> None:
        data = made(signed, steps)
        assume(parts_of(data) != signed_parts)
        try:
            again = sign_package(data, second, at=NOW)
        except (NotSignableError, WorkbookError):
            return

        signers = [one.signer for one in verify_package(again, trust, now=NOW).signatures]

        assert signers == ["Trần Thị Hai"]

    edited()


def test_what_is_signed_after_edits_is_valid_or_it_is_not_signed(
    workbook: bytes, officer: Holder, trust: Trust
) -> None:
    @settings(max_examples=120)
    @given(st.lists(edits(parts_of(workbook)), min_size=1, max_size=2))
    def edited(steps: list[Edit]) -> None:
        data = made(workbook, steps)
        try:
            signed = sign_package(data, officer, at=NOW)
        except (NotSignableError, WorkbookError):
            return

        assert verify_package(signed, trust, now=NOW).findings == ()

    edited()


def test_edits_after_the_second_signature_are_noticed_too(
    signed: bytes, authorities: Authorities, trust: Trust
) -> None:
    both = sign_package(signed, authorities.officer("Trần Thị Hai"), at=NOW)
    parts = parts_of(both)

    @settings(max_examples=80)
    @given(st.lists(edits(parts), min_size=1, max_size=3))
    def edited(steps: list[Edit]) -> None:
        data = made(both, steps)

        assert (verify_package(data, trust, now=NOW).outcome is Outcome.VALID) == (parts_of(data) == parts)

    edited()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("order", [False, True])
def test_zipping_again_in_any_order_and_way_stays_valid(
    method: int, order: bool, signed: bytes, officer: Holder, trust: Trust
) -> None:
    both = sign_package(signed, officer, at=NOW)

    for attributes in (0, 0o100600):
        data = zipped_again(parts_of(both), order, method, attributes)

        assert data != both
        assert verify_package(data, trust, now=NOW).outcome is Outcome.VALID


# --- workbooks of all kinds

ALPHABET = st.characters(exclude_categories=("C", "Zl", "Zp"), exclude_characters="[]:*?/\\'")
TITLES = st.text(ALPHABET | st.sampled_from("ăâđêôơưếộỹ "), min_size=1, max_size=31)
VALUES = st.none() | st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9) | TITLES
ADDRESSES = st.sampled_from(("https://example.org/?a=1&b=2", "mailto:a@example.org", "https://ví-dụ.vn/á%20b", "#A1"))


@st.composite
def books(draw: st.DrawFn) -> bytes:
    """A workbook of one to five sheets, with links that lead outside and remarks."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title in draw(st.lists(TITLES, min_size=1, max_size=5, unique_by=str.casefold)):
        sheet = book.create_sheet(title)
        sheet.append(draw(st.lists(VALUES, min_size=1, max_size=4)))
        if draw(st.booleans()):
            sheet["A2"] = "liên kết"
            sheet["A2"].hyperlink = draw(ADDRESSES)
        if draw(st.booleans()):
            sheet["B2"].comment = Comment(draw(TITLES), "Cán bộ")
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_every_workbook_that_is_signed_is_valid_and_stays_so_when_another_signs(
    officer: Holder, authorities: Authorities, trust: Trust
) -> None:
    second = authorities.officer("Trần Thị Hai")

    @settings(max_examples=25)
    @given(books())
    def signed_by_both(book: bytes) -> None:
        once = sign_package(book, officer, at=NOW)
        twice = sign_package(once, second, at=NOW)

        one, two = (verify_package(data, trust, now=NOW) for data in (once, twice))

        assert (one.outcome, two.outcome) == (Outcome.VALID, Outcome.VALID)
        assert two.signatures[0] == one.signatures[0]
        assert two.signatures[1].binds == ("/_xmlsignatures/sig1.xml",)

    signed_by_both()


def test_a_changed_cell_of_any_workbook_is_noticed(officer: Holder, trust: Trust) -> None:
    @settings(max_examples=15)
    @given(books(), st.integers(0, 9999))
    def changed_after(book: bytes, at: int) -> None:
        parts = parts_of(sign_package(book, officer, at=NOW))
        content = parts[SHEET]
        place = at % len(content)
        flipped = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]

        verdict = verify_package(rebuilt({**parts, SHEET: flipped}), trust, now=NOW)

        assert [finding.code for finding in verdict.findings] == ["BS210"]

    changed_after()
