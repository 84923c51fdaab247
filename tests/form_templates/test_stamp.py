from __future__ import annotations

import base64
import hashlib
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from form_templates import serial
from form_templates.errors import FormError
from form_templates.stamp import STAMP_SHEET, Stamp, embedded_version, read_stamp, seal, stamp_is_ours, with_stamp
from tests.form_templates.specimens import KEY, KEY_ID, KEYS, a_stamp, in_libreoffice, template, version
from workbooks.patch import Formula, patch_cells
from workbooks.workbook import Workbook, open_workbook

_FORM = "KTXH-09.T"


def stamped() -> bytes:
    return with_stamp(template(_FORM), a_stamp(), version(_FORM), KEY_ID, KEY)


def rewritten(changes: dict[str, str | float | None]) -> Workbook:
    """The stamped workbook with values on the stamp sheet replaced by a person who found it."""
    data = stamped()
    cells = open_workbook(data).read_sheet(STAMP_SHEET).cells
    row_of = {cell.value: row for (row, column), cell in cells.items() if column == 1}
    below = max(row for row, _ in cells) + 1
    patches: dict[tuple[int, int], str | float | None] = {}
    for key, value in changes.items():
        row = row_of.get(key, below)
        patches |= {(row, 1): key, (row, 2): value}
    return open_workbook(patch_cells(data, {STAMP_SHEET: patches}))


def packed(text: bytes) -> str:
    return base64.b64encode(zlib.compress(text, 9)).decode()


def test_a_stamp_is_read_back_as_it_was_sealed() -> None:
    workbook = open_workbook(stamped())

    assert read_stamp(workbook) == a_stamp()
    assert stamp_is_ours(workbook, KEYS)


def test_the_embedded_version_is_the_published_one() -> None:
    assert embedded_version(open_workbook(stamped())) == version(_FORM)


def test_the_stamp_sheet_is_very_hidden_and_all_other_sheets_stay() -> None:
    before, after = open_workbook(template(_FORM)), open_workbook(stamped())

    assert after.sheets[:-1] == before.sheets
    assert after.sheets[-1][:2] == (STAMP_SHEET, "veryHidden")


def test_stamping_copies_every_other_part_as_it_is() -> None:
    before, after = open_workbook(template(_FORM)).package, open_workbook(stamped()).package

    changed = {name for name in before.parts if before.part(name) != after.part(name)}

    assert changed == {"/xl/workbook.xml", "/xl/_rels/workbook.xml.rels"}


def test_stamping_again_replaces_the_stamp() -> None:
    again = replace(a_stamp(), serial="2026-000124")

    workbook = open_workbook(with_stamp(stamped(), again, version(_FORM), KEY_ID, KEY))

    assert read_stamp(workbook) == again
    assert [sheet.name for sheet in workbook.sheets].count(STAMP_SHEET) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("form", "KTXH-10.Q"),
        ("version", "2"),
        ("digest", "0" * 64),
        ("unit", "29554"),
        ("unit_name", "UBND xã khác"),
        ("period", "2026-M08"),
        ("serial", "2026-000999"),
        ("issued_at", "2026-09-15T07:30:01+00:00"),
        ("kind", "merged"),
        ("key_id", "k2"),
        ("stamp", "0" * 64),
        ("stamp", "không phải chữ ký"),
    ],
)
def test_a_stamp_changed_by_hand_is_not_ours(field: str, value: str) -> None:
    assert not stamp_is_ours(rewritten({field: value}), KEYS)


def test_a_stamp_of_another_key_is_not_ours() -> None:
    workbook = open_workbook(stamped())

    assert not stamp_is_ours(workbook, [(KEY_ID, b"another key")])
    assert not stamp_is_ours(workbook, [("k2", KEY)])
    assert not stamp_is_ours(workbook, [])
    assert stamp_is_ours(workbook, [("k2", b"a newer key"), *KEYS])


def test_a_seal_does_not_depend_on_the_time_zone_the_time_is_told_in() -> None:
    hanoi = replace(a_stamp(), issued_at=a_stamp().issued_at.astimezone(timezone(timedelta(hours=7))))

    assert seal(hanoi, KEY) == seal(a_stamp(), KEY)


def test_a_workbook_without_a_stamp_has_none() -> None:
    workbook = open_workbook(template(_FORM))

    assert read_stamp(workbook) is None
    assert embedded_version(workbook) is None
    assert not stamp_is_ours(workbook, KEYS)


@pytest.mark.parametrize("field", ["format", "form", "issued_at", "kind", "digest"])
def test_a_stamp_that_lacks_a_field_is_no_stamp(field: str) -> None:
    assert read_stamp(rewritten({field: None})) is None


@pytest.mark.parametrize("time", ["hôm qua", "2026-09-15T07:30:00", "9999-12-31T23:59:59-23:00"])
def test_a_stamp_with_a_time_that_is_none_is_no_stamp(time: str) -> None:
    assert read_stamp(rewritten({"issued_at": time})) is None


def test_a_stamp_that_says_a_thing_twice_is_no_stamp() -> None:
    data = patch_cells(stamped(), {STAMP_SHEET: {(100, 1): "unit", (100, 2): "29554"}})

    assert read_stamp(open_workbook(data)) is None


def test_a_stamp_made_by_formulas_is_no_stamp() -> None:
    data = patch_cells(stamped(), {STAMP_SHEET: {(2, 2): Formula('"KTXH-09.T"', "KTXH-09.T")}})

    assert read_stamp(open_workbook(data)) is None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"not JSON",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[]",
        b'{"form":{},"format":1}',
        b'{"form":null,"format":1}',
        b'{"form":1e999,"format":1}',
    ],
    ids=["empty", "text", "not-utf8", "deep", "list", "bare", "null", "infinite"],
)
def test_a_hostile_embedded_version_is_none_even_if_its_digest_fits(text: bytes) -> None:
    workbook = rewritten({"content.01": packed(text), "digest": hashlib.sha256(text).hexdigest()})

    assert embedded_version(workbook) is None


def test_an_embedded_version_with_another_digest_is_none() -> None:
    other = replace(version(_FORM), title="Biểu khác")

    assert embedded_version(rewritten({"content.01": packed(serial.to_json(other).encode())})) is None


def test_an_embedded_version_under_another_name_is_none() -> None:
    assert embedded_version(rewritten({"form": "KTXH-10.Q"})) is None


def test_an_embedded_bomb_is_not_inflated() -> None:
    bomb = zlib.compress(b" " * 20_000_000, 9)
    text = base64.b64encode(bomb).decode()[:32_000]

    assert embedded_version(rewritten({"content.01": text})) is None


@pytest.mark.parametrize("chunk", ["", "@@@@", "YWJj", "YWJ"])
def test_damaged_content_is_none(chunk: str) -> None:
    workbook = rewritten({"content.01": chunk})

    assert embedded_version(workbook) is None
    assert read_stamp(workbook) == a_stamp()


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(["format", "form", "digest", "issued_at", "kind", "content.01", "content.02", "unit"]),
        st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.text("a1-+ :=é", max_size=40)),
        min_size=1,
    )
)
@example({"digest": "é"})
def test_whatever_the_stamp_sheet_says_reading_it_never_raises(changes: dict[str, str | float | None]) -> None:
    workbook = rewritten(changes)

    found = read_stamp(workbook)

    assert found is None or isinstance(found, Stamp)
    embedded_version(workbook)
    stamp_is_ours(workbook, KEYS)


def test_a_stamp_of_another_version_is_refused() -> None:
    with pytest.raises(FormError, match="BS380"):
        with_stamp(template(_FORM), a_stamp("KTXH-10.Q"), version(_FORM), KEY_ID, KEY)


@pytest.mark.parametrize("name", ["", "UBND\x00xã", "x" * 1_001])
def test_a_name_that_no_cell_can_hold_is_refused(name: str) -> None:
    with pytest.raises(FormError, match="BS381"):
        with_stamp(template(_FORM), replace(a_stamp(), unit_name=name), version(_FORM), KEY_ID, KEY)


def test_the_stamp_survives_saving_in_libreoffice(tmp_path: Path) -> None:
    saved = in_libreoffice(stamped(), tmp_path, [])

    workbook = open_workbook(saved)
    assert workbook.sheet_entry(STAMP_SHEET).state == "hidden"
    assert stamp_is_ours(workbook, KEYS)
    assert embedded_version(workbook) == version(_FORM)
    again = open_workbook(with_stamp(saved, a_stamp(), version(_FORM), KEY_ID, KEY))
    assert again.sheet_entry(STAMP_SHEET).state == "veryHidden"
    assert read_stamp(again) == a_stamp()


def test_the_time_of_issue_is_told_in_utc() -> None:
    found = read_stamp(open_workbook(stamped()))

    assert found is not None
    assert found.issued_at == datetime(2026, 9, 15, 7, 30, tzinfo=UTC)
    assert found.issued_at.utcoffset() == timedelta(0)
