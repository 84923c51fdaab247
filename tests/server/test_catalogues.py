from __future__ import annotations

import io
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError as SqlError

from form_templates.builder import build_template
from form_templates.errors import FormError
from form_templates.spec import read_spec
from form_templates.stamp import embedded_version
from server.config import Config
from server.errors import FindingsError, NotFoundError
from server.services.accounts import Role, create_account
from server.services.audit import verify
from server.services.catalogues.changing import Change, Turn, change_catalogue
from server.services.catalogues.drawing import draw_catalogue
from server.services.catalogues.entries import export, list_catalogues, view
from server.services.catalogues.kinds import BREAKDOWNS, KINDS
from server.services.catalogues.reading import read_catalogue
from server.services.issuing import issue_workbook
from server.services.publishing import publish
from server.services.registry import version_in_effect
from server.services.units import SINCE_2025, add_units
from server.storage.audit import events
from server.storage.catalogues import Entry
from server.storage.engine import reading, writing
from server.storage.units import NewUnit
from server.web import context
from server.web.app import create_app
from tests.server.templates import with_cell
from tests.server.test_api import conforms
from tests.server.test_publishing import enter
from tests.server.world import KEYS, NOW, PASSWORD
from workbooks.errors import WorkbookError
from workbooks.workbook import open_workbook

API = "/api/v1"
SEEDED, FROM, LATER = date(2026, 1, 1), date(2026, 11, 1), date(2027, 1, 1)
MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADINGS = 4


class Editor:
    """A catalogue's workbook as a person edits it: by heading and by code."""

    def __init__(self, engine: Engine, name: str, day: date = FROM) -> None:
        self._book = load_workbook(io.BytesIO(export(engine, name, day)))
        sheet = self._book[KINDS[name].title]
        assert isinstance(sheet, Worksheet)
        self.sheet = sheet
        self._columns = {str(cell.value): cell.column for cell in sheet[HEADINGS]}
        self._keys = {one.key: one.title for one in KINDS[name].fields}

    def row(self, code: str) -> int:
        return next(cell.row for cell in self.sheet["A"] if cell.row > HEADINGS and cell.value == code)

    def at(self, code: str, key: str) -> str:
        return self.sheet.cell(self.row(code), self._columns[self._keys[key]]).coordinate

    def set(self, code: str, **values: object) -> Editor:
        row = self.row(code)
        for key, value in values.items():
            self.sheet.cell(row, self._columns[self._keys[key]]).value = value  # type: ignore[assignment]  # any value
        return self

    def add(self, **values: object) -> Editor:
        row = self.sheet.max_row + 1
        for key, value in values.items():
            self.sheet.cell(row, self._columns[self._keys[key]]).value = value  # type: ignore[assignment]  # any value
        return self

    def drop(self, code: str) -> Editor:
        self.sheet.delete_rows(self.row(code))
        return self

    @property
    def data(self) -> bytes:
        held = io.BytesIO()
        self._book.save(held)
        return held.getvalue()


def brought(
    engine: Engine, name: str, data: bytes | Editor, day: date = FROM, *, dry_run: bool = False
) -> tuple[Change, ...]:
    content = data.data if isinstance(data, Editor) else data
    return change_catalogue(engine, name, content, from_day=day, dry_run=dry_run, now=NOW, actor="chu")


def faults(engine: Engine, name: str, data: bytes | Editor, day: date = FROM) -> list[tuple[str, str]]:
    """Code and cell of everything wrong; and nothing was changed."""
    before = view(engine, name, day).entries
    with pytest.raises(FindingsError) as refused:
        brought(engine, name, data, day)
    assert view(engine, name, day).entries == before
    assert {finding.sheet for finding in refused.value.findings} == {KINDS[name].title}
    return [(finding.code, finding.cell) for finding in refused.value.findings]


def names(engine: Engine, name: str, day: date) -> dict[str, str]:
    return {one.code: one.name for one in view(engine, name, day).entries}


# ---- what comes with the program


def test_every_catalogue_comes_filled_and_without_a_fault(engine: Engine) -> None:
    sizes = {one.kind.name: one.entries for one in list_catalogues(engine, SEEDED)}

    assert sizes.keys() == KINDS.keys()
    assert min(sizes.values()) >= 5
    for name in KINDS:
        assert brought(engine, name, export(engine, name, SEEDED), SEEDED) == ()


def test_every_row_of_the_bundled_forms_has_its_indicator_in_a_unit_that_fits(engine: Engine) -> None:
    sources = {
        source: entry
        for entry in view(engine, "indicators", SEEDED).entries
        for source in entry.attributes.get("source", "").split("|")
    }

    assert len(sources) > 200
    assert sources["KTXH-09.T/04"].attributes["unit"] == "HA"
    assert all(one.attributes["concept"] and one.attributes["method"] for one in sources.values())


def test_an_unknown_catalogue_is_not_found(engine: Engine) -> None:
    with pytest.raises(NotFoundError, match="indicators"):
        view(engine, "chi-tieu", SEEDED)


# ---- editing in a workbook


def test_what_was_taken_away_and_brought_back_changes_nothing(engine: Engine) -> None:
    for name in KINDS:
        assert brought(engine, name, export(engine, name, FROM), LATER) == ()

    with reading(engine) as connection:
        assert list(events(connection)) == []


def test_a_change_is_told_first_then_made_from_its_day_on_and_the_past_stays(engine: Engine) -> None:
    edited = Editor(engine, "areas").set("THANH-THI", name="Khu vực thành thị").drop("VUNG-BIEN")
    edited.add(code="HAI-DAO", name="Hải đảo", kind="Vùng đặc thù", parent="CA-TINH")
    before = names(engine, "areas", date(2026, 10, 31))

    told = brought(engine, "areas", edited, dry_run=True)
    assert names(engine, "areas", FROM) == before
    made = brought(engine, "areas", edited)

    assert told == made
    assert {(one.code, one.turn) for one in made} == {
        ("THANH-THI", Turn.CHANGED),
        ("VUNG-BIEN", Turn.CLOSED),
        ("HAI-DAO", Turn.ADDED),
    }
    (difference,) = next(one for one in made if one.turn is Turn.CHANGED).differences
    assert (difference.title, difference.old, difference.new) == ("Tên", "Thành thị", "Khu vực thành thị")
    assert names(engine, "areas", date(2026, 10, 31)) == before
    del before["VUNG-BIEN"]
    assert names(engine, "areas", FROM) == before | {"THANH-THI": "Khu vực thành thị", "HAI-DAO": "Hải đảo"}
    with reading(engine) as connection:
        (event,) = events(connection)
    assert (event.action, event.actor, event.subject) == ("catalogue:changed", "chu", "catalogue:areas")
    assert verify(engine).ok


def test_a_slip_is_mended_on_the_same_day(engine: Engine) -> None:
    brought(engine, "areas", Editor(engine, "areas").set("THANH-THI", name="Thnh thị"))

    brought(engine, "areas", Editor(engine, "areas").set("THANH-THI", name="Khu vực thành thị"))

    assert names(engine, "areas", FROM)["THANH-THI"] == "Khu vực thành thị"
    assert names(engine, "areas", date(2026, 10, 31))["THANH-THI"] == "Thành thị"


def test_what_another_person_changed_meanwhile_is_not_undone(engine: Engine) -> None:
    mine, theirs = (Editor(engine, "areas") for _ in range(2))
    theirs.set("VUNG-BIEN", name="Ven biển")
    mine.set("THANH-THI", name="Đô thị")
    brought(engine, "areas", theirs)

    assert faults(engine, "areas", mine) == [("BS844", "")]
    assert brought(engine, "areas", theirs) == ()
    brought(engine, "areas", Editor(engine, "areas").set("THANH-THI", name="Đô thị"))
    assert {"Ven biển", "Đô thị"} <= set(names(engine, "areas", FROM).values())


def test_the_database_itself_refuses_to_rewrite_what_a_catalogue_said(engine: Engine) -> None:
    for statement in ("UPDATE catalogue_entry SET name = 'x'", "DELETE FROM catalogue_entry"):
        with pytest.raises(SqlError, match="never changes"), writing(engine) as connection:
            connection.execute(text(statement))


def test_people_write_units_choices_and_lists_in_their_own_words(engine: Engine) -> None:
    edited = Editor(engine, "indicators").set(
        "TT.04", unit="nghìn hécta", period="tháng;Năm", over_units="CỘNG", breakdowns=" VU ; TTNT "
    )

    brought(engine, "indicators", edited)

    entry = next(one for one in view(engine, "indicators", FROM).entries if one.code == "TT.04")
    wanted = {"unit": "NGHIN_HA", "period": "M|Y", "over_units": "sum", "breakdowns": "VU|TTNT"}
    assert {key: entry.attributes[key] for key in wanted} == wanted


def test_a_name_that_looks_like_a_formula_is_text_on_every_way(engine: Engine) -> None:
    edited = Editor(engine, "areas")
    cell = edited.sheet[edited.at("KCN-KKT", "name")]
    cell.value, cell.data_type = '=HYPERLINK("http://x","y")', "s"

    brought(engine, "areas", edited)

    sheet = open_workbook(export(engine, "areas", FROM)).read_sheet("Địa bàn, khu vực")
    assert [c.value for c in sheet.cells.values() if str(c.value).startswith("=")] == ['=HYPERLINK("http://x","y")']
    assert all(c.formula is None for c in sheet.cells.values())
    assert brought(engine, "areas", export(engine, "areas", FROM)) == ()


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)


@settings(max_examples=40)  # each example writes and reads a workbook
@given(st.lists(st.tuples(_TEXT, _TEXT), min_size=1, max_size=6, unique_by=lambda pair: pair[0]))
def test_any_printable_text_survives_the_workbook(pairs: list[tuple[str, str]]) -> None:
    entries = [
        Entry(0, "breakdowns", f"M{number}", name, "M0" if number else None, {"basis": basis}, SEEDED, None)
        for number, (name, basis) in enumerate(pairs)
    ]

    read = read_catalogue(draw_catalogue(BREAKDOWNS, entries, SEEDED, {}), BREAKDOWNS)

    told = {finding.code for finding in read.findings}
    assert told <= {"BS834"}  # a text that is certainly in an old encoding may be called so
    if not told:
        found = [(line.texts["name"], line.texts["basis"]) for line in read.lines]
        assert found == [tuple(_composed(one) for one in pair) for pair in pairs]


def _composed(value: str) -> str:
    return unicodedata.normalize("NFC", value)


# ---- what is refused, with its cell


def test_codes_twice_whatever_their_case(engine: Engine) -> None:
    edited = Editor(engine, "areas").add(code="thanh-thi", name="Trùng", kind="Chung")

    assert faults(engine, "areas", edited) == [("BS835", f"A{edited.sheet.max_row}")]


def test_what_an_indicator_must_say(engine: Engine) -> None:
    edited = Editor(engine, "indicators").set("TT.04", concept=None, method=" ", unit=None, owner="")

    wanted = {("BS836", edited.at("TT.04", key)) for key in ("concept", "method", "unit", "owner")}
    assert set(faults(engine, "indicators", edited)) == wanted


def test_an_entry_below_one_that_is_not_there(engine: Engine) -> None:
    edited = Editor(engine, "breakdowns").set("GIOI-TINH.1", parent="GIOI-TIN")

    assert faults(engine, "breakdowns", edited) == [("BS837", edited.at("GIOI-TINH.1", "parent"))]


def test_entries_below_each_other_are_told_once_with_their_circle(engine: Engine) -> None:
    edited = Editor(engine, "breakdowns").set("GIOI-TINH", parent="GIOI-TINH.1").set("VU", parent="VU")

    assert set(faults(engine, "breakdowns", edited)) == {
        ("BS838", edited.at("GIOI-TINH", "parent")),
        ("BS838", edited.at("VU", "parent")),
    }


def test_codes_of_other_catalogues_that_are_not_there(engine: Engine) -> None:
    edited = Editor(engine, "indicators").set("TT.04", unit="Sào", breakdowns="VU; XX", field="X", assigned="99999")

    keys = ("unit", "breakdowns", "field", "assigned")
    assert set(faults(engine, "indicators", edited)) == {("BS839", edited.at("TT.04", key)) for key in keys}


@pytest.mark.parametrize("key", ["code", "parent"])
def test_a_question_mark_is_no_code(engine: Engine, key: str) -> None:
    book = Editor(engine, "fields").add(**{"code": "99", "name": "Khác"} | {key: "?"})

    assert [at for _, at in faults(engine, "fields", book)] == [book.at("?" if key == "code" else "99", key)]


def test_words_outside_the_list(engine: Engine) -> None:
    edited = Editor(engine, "indicators").set("TT.04", over_units="Nhân", period="Tháng; Thế kỷ")

    assert set(faults(engine, "indicators", edited)) == {
        ("BS840", edited.at("TT.04", "over_units")),
        ("BS840", edited.at("TT.04", "period")),
    }


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"factor": "không"}, "factor"),
        ({"factor": "-1"}, "factor"),
        ({"factor": 0}, "factor"),
        ({"factor": "1e999999"}, "factor"),
        ({"factor": "10,000"}, "factor"),  # ten, or ten thousand?
        ({"factor": "12"}, "factor"),  # figures are stored in it
        ({"dimension": "khối lượng"}, "dimension"),
        ({"name": "Tấn"}, "name"),
        ({"synonyms": "hecta; tấn"}, "synonyms"),
    ],
)
def test_units_of_measure_that_make_no_sense(engine: Engine, changes: dict[str, object], key: str) -> None:
    edited = Editor(engine, "units-of-measure").set("HA", **changes)

    found = faults(engine, "units-of-measure", edited)

    assert {code for code, _ in found} == {"BS841"}
    other = next(code for code in ("TAN", "HA") if code == "TAN")
    assert {cell for _, cell in found} <= {
        edited.at("HA", key),
        edited.at(other, "name"),
        edited.at(other, "synonyms"),
    }


def test_a_new_unit_of_measure_is_usable_at_once(engine: Engine) -> None:
    added = Editor(engine, "units-of-measure").add(code="SAO_BB", name="Sào", dimension="diện tích", factor=360)
    brought(engine, "units-of-measure", added)

    brought(engine, "indicators", Editor(engine, "indicators").set("TT.04", unit="sào"))

    units = {one.code: one.attributes["unit"] for one in view(engine, "indicators", FROM).entries}
    assert (units["TT.04"], units["TT.05"]) == ("SAO_BB", "HA")


def test_a_factor_may_be_written_with_a_comma(engine: Engine) -> None:
    added = Editor(engine, "units-of-measure").add(code="LY", name="Ly", dimension="độ dài", factor="0,001")

    brought(engine, "units-of-measure", added)

    (entry,) = (one for one in view(engine, "units-of-measure", FROM).entries if one.code == "LY")
    assert entry.attributes["factor"] == "0.001"


def test_a_change_before_one_that_is_written_already(engine: Engine) -> None:
    brought(engine, "areas", Editor(engine, "areas").set("THANH-THI", name="Đô thị").drop("VUNG-BIEN"), LATER)
    edited = Editor(engine, "areas", FROM).set("THANH-THI", name="Phố").set("VUNG-BIEN", name="Biển")

    found = faults(engine, "areas", edited)

    assert found == [("BS842", edited.at(code, "code")) for code in ("THANH-THI", "VUNG-BIEN")]
    assert names(engine, "areas", LATER)["THANH-THI"] == "Đô thị"


def test_what_other_catalogues_name_cannot_go(engine: Engine) -> None:
    edited = Editor(engine, "units-of-measure").drop("TY_DONG")

    assert faults(engine, "units-of-measure", edited) == [("BS843", "")]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("=1+1", "BS834"),
        (True, "BS834"),
        ("a\u200bb", "BS834"),
        ("x" * 2001, "BS834"),
        ("C«ng nghiÖp chÕ biÕn", "BS834"),
    ],
)
def test_cells_that_are_no_clean_text(engine: Engine, value: object, code: str) -> None:
    edited = Editor(engine, "areas").set("KCN-KKT", name=value)

    assert faults(engine, "areas", edited) == [(code, edited.at("KCN-KKT", "name"))]


def test_a_code_typed_as_a_number_is_asked_for_as_text(engine: Engine) -> None:
    edited = Editor(engine, "areas").add(code=1, name="Một", kind="Chung")

    assert faults(engine, "areas", edited) == [("BS834", f"A{edited.sheet.max_row}")]


def test_a_workbook_that_is_not_of_this_catalogue(engine: Engine) -> None:
    renamed, headless, foreign = (Editor(engine, "areas") for _ in range(3))
    renamed.sheet.title = "Sheet1"
    headless.sheet.delete_cols(4)
    foreign.sheet.cell(HEADINGS, 9).value = "Ghi chú riêng"

    assert [faults(engine, "areas", one) for one in (renamed, headless, foreign)] == [
        [("BS833", "")],
        [("BS833", "A4")],
        [("BS833", "I4")],
    ]
    for data in (b"", b"PK nothing"):
        with pytest.raises(WorkbookError):
            brought(engine, "areas", data)


def test_everything_wrong_is_told_at_once(engine: Engine) -> None:
    edited = (
        Editor(engine, "indicators").set("TT.04", concept=None, over_units="?", unit="Sào").set("TT.05", parent="X")
    )

    assert {code for code, _ in faults(engine, "indicators", edited)} >= {"BS836", "BS837", "BS839"}


# ---- forms and catalogues


def form_with(changes: dict[str, str], form: str = "KTXH-10.Q") -> bytes:
    spec = files("form_templates").joinpath("official", f"{form}.toml").read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in spec
        spec = spec.replace(old, new, 1)
    return build_template(read_spec(spec))


def row(code: str, indicator: str, unit: str = "Con") -> dict[str, str]:
    """The change to a spec that gives a row an indicator, and its unit of measure."""
    spec = files("form_templates").joinpath("official", "KTXH-10.Q.toml").read_text(encoding="utf-8")
    start = spec.index(f'code = "{code}"\nlabel')
    block = spec[start : spec.index("\n\n", start)]
    lines = [line for line in block.split("\n") if not line.startswith(("unit", "indicator"))]
    return {block: "\n".join([*lines, f'indicator = "{indicator}"', f'unit = "{unit}"'])}


def test_a_row_inherits_the_unit_of_its_indicator(engine: Engine) -> None:
    form = with_cell(form_with(row("01", "CN.01")), "01", 3, None)
    publish(engine, form, decision="QĐ", effective_from=SEEDED, now=NOW)

    with reading(engine) as connection:
        version = version_in_effect(connection, "KTXH-10.Q", FROM).version

    assert [one.unit for one in version.tables[0].rows if one.code == "01"] == ["Con"]
    assert {cell.unit for cell in version.tables[0].cells if cell.key.row == "01" and cell.key.column == "2"} == {"Con"}
    add_units(engine, [NewUnit("28756", "Phường Phú Khương", "phường", None, SINCE_2025)], now=NOW)
    issued = issue_workbook(engine, form="KTXH-10.Q", unit="28756", period="2026-Q3", stamp_key=KEYS[0], now=NOW)
    assert embedded_version(open_workbook(issued)) == version


def test_a_row_in_another_unit_of_the_same_kind_is_published_with_its_factor_told(engine: Engine) -> None:
    made = publish(engine, form_with(row("01", "CN.01", "Nghìn con")), decision="QĐ", effective_from=SEEDED, now=NOW)

    notes = [note for note in made.notes if note.code == "BS847"]
    assert [note.severity for note in notes] == ["warning"]
    assert "1000" in notes[0].message


@pytest.mark.parametrize(
    ("indicator", "unit", "code"), [("CN.99", "Con", "BS845"), ("CN.01", "Tấn", "BS846"), ("CN.01", "Con bò", "BS846")]
)
def test_a_row_that_contradicts_the_catalogue_is_not_published(
    engine: Engine, indicator: str, unit: str, code: str
) -> None:
    with pytest.raises(FormError) as refused:
        publish(engine, form_with(row("01", indicator, unit)), decision="QĐ", effective_from=SEEDED, now=NOW)

    (finding,) = refused.value.findings
    assert (finding.code, finding.sheet, bool(finding.cell)) == (code, "KTXH-10.Q", True)
    assert "Dòng 01" in finding.message


def test_what_a_form_in_effect_uses_cannot_go_or_turn_into_something_else(engine: Engine) -> None:
    # A form of its own, so that only it names the unit of measure.
    own = row("01", "CN.01", "Con")
    publish(engine, form_with(own), decision="QĐ", effective_from=date(2027, 6, 1), now=NOW)
    dropped = Editor(engine, "indicators").drop("CN.01")
    changed = Editor(engine, "indicators").set("CN.01", unit="Tấn")

    assert faults(engine, "indicators", dropped) == [("BS843", "")]
    assert faults(engine, "indicators", changed) == [("BS846", changed.at("CN.01", "unit"))]
    unused = Editor(engine, "indicators").drop("TT.07")
    assert [(one.code, one.turn) for one in brought(engine, "indicators", unused)] == [("TT.07", Turn.CLOSED)]


def test_an_indicator_must_be_there_on_the_day_the_form_takes_effect(engine: Engine) -> None:
    brought(engine, "indicators", Editor(engine, "indicators").drop("CN.13"), LATER)
    form = form_with(row("13", "CN.13", "Nghìn quả"))

    with pytest.raises(FormError, match="BS845"):
        publish(engine, form, decision="QĐ", effective_from=LATER, now=NOW)

    assert publish(engine, form, decision="QĐ", effective_from=FROM, now=NOW).new


# ---- asking


def test_search_goes_without_diacritics_and_wherever_the_tone_stands(engine: Engine) -> None:
    for words in ("hoa gia dinh", "hóa GIA đình", "hoá gia dinh"):
        found = view(engine, "indicators", SEEDED, find=words).entries
        assert found == view(engine, "indicators", SEEDED, find="hóa gia đình").entries
    assert [one.code for one in view(engine, "indicators", SEEDED, find="lua dong xuan").entries] == ["TT.04"]


def test_indicators_are_assigned_to_units(engine: Engine) -> None:
    units = [NewUnit(code, f"Xã {code}", "xã", None, SINCE_2025) for code in ("28756", "28807")]
    add_units(engine, units, now=NOW)
    brought(engine, "indicators", Editor(engine, "indicators").set("TT.04", assigned="28756"))

    codes = {
        unit: {one.code for one in view(engine, "indicators", FROM, assigned_to=unit).entries}
        for unit in ("28756", "28807")
    }

    assert codes["28756"] - codes["28807"] == {"TT.04"}


@pytest.fixture
def client(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    monkeypatch.setattr(context, "now", lambda: NOW)
    add_units(engine, [NewUnit("86", "Tỉnh Vĩnh Long", "tỉnh", None, SINCE_2025)], now=NOW)
    for name, role in (("canbo", Role.OFFICER), ("chubieu", Role.TEMPLATE_OWNER), ("quantri", Role.ADMIN)):
        create_account(engine, username=name, full_name=name, unit="86", roles=[role], now=NOW, password=PASSWORD)
    url = engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    app = create_app(replace(Config.in_folder(tmp_path, database_url=url), stamp_keys=KEYS))
    yield app.test_client()
    app.extensions["bieuso"].engine.dispose()


def token(client: FlaskClient, name: str) -> dict[str, str]:
    reply = client.post(f"{API}/sessions", json={"account": name, "password": PASSWORD})
    return {"Authorization": f"Bearer {reply.get_json()['token']}"}


def test_catalogues_are_read_and_changed_over_http(client: FlaskClient, engine: Engine) -> None:
    me, address = token(client, "chubieu"), f"{API}/catalogues/areas.xlsx"
    listed = conforms(client.get(f"{API}/catalogues", headers=me), "/catalogues")
    file = client.get(address, headers=me)
    edited = Editor(engine, "areas").set("THANH-THI", name="Đô thị")

    told = client.put(f"{address}?from=2026-11-01&dry_run=1", data=edited.data, headers=me, content_type=MIME)
    made = client.put(f"{address}?from=2026-11-01", data=edited.data, headers=me, content_type=MIME)
    wrong = Editor(engine, "areas").set("THANH-THI", kind="Phố")
    refused = client.put(f"{address}?from=2026-11-01", data=wrong.data, headers=me, content_type=MIME)

    assert [one["catalogue"] for one in listed["catalogues"]] == list(KINDS)
    assert (file.status_code, file.mimetype) == (200, MIME)
    bodies = [conforms(reply, "/catalogues/{name}.xlsx", "put") for reply in (told, made)]
    assert [body["applied"] for body in bodies] == [False, True]
    assert bodies[0]["changes"] == bodies[1]["changes"]
    problem = conforms(refused, "/catalogues/{name}.xlsx", "put")
    assert (refused.status_code, problem["code"]) == (422, "BS840")
    assert problem["findings"][0]["cell"] == wrong.at("THANH-THI", "kind")
    then, now = (
        conforms(client.get(f"{API}/catalogues/areas?at={day}&find=thanh-thi", headers=me), "/catalogues/{name}")
        for day in ("2026-10-31", "2026-11-01")
    )
    assert [one["name"] for one in then["entries"]] == ["Thành thị"]
    assert [one["name"] for one in now["entries"]] == ["Đô thị"]


def test_only_those_who_own_templates_change_catalogues(client: FlaskClient, engine: Engine) -> None:
    address, data = f"{API}/catalogues/areas.xlsx?from=2026-11-01", Editor(engine, "areas").data
    officer, admin = token(client, "canbo"), token(client, "quantri")

    replies = [client.put(address, data=data, headers=headers) for headers in ({}, officer, admin)]

    assert [reply.status_code for reply in replies] == [401, 403, 200]
    assert client.get(f"{API}/catalogues").status_code == 401
    assert client.get(f"{API}/catalogues/areas", headers=officer).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("areas?at=hôm-qua", 422),
        ("khong-co", 404),
        ("khong-co.xlsx", 404),
        ("%00", 422),
        ("areas.xlsx?at=2026-13-01", 422),
    ],
)
def test_what_cannot_be_asked_is_refused_as_such(client: FlaskClient, path: str, status: int) -> None:
    assert client.get(f"{API}/catalogues/{path}", headers=token(client, "canbo")).status_code == status


def test_the_pages_show_a_catalogue_as_at_a_day(client: FlaskClient, engine: Engine) -> None:
    brought(engine, "areas", Editor(engine, "areas").set("THANH-THI", name="<b>Đô thị</b>"), date(2026, 9, 1))
    enter(client, "canbo")

    listed = html.fromstring(client.get("/danh-muc").text)
    then, now = (html.fromstring(client.get(f"/danh-muc/areas{day}").text) for day in ("?ngay=2026-08-31", ""))

    assert len(listed.xpath("//main//h2/a")) == len(KINDS)
    headings = [[cell.text_content() for cell in page.xpath("//tbody/tr/th")] for page in (then, now)]
    assert ("Thành thị" in headings[0], "<b>Đô thị</b>" in headings[1]) == (True, True)
    assert client.get("/danh-muc/areas?ngay=x").status_code == 422
    assert client.get("/danh-muc/areas/tep").mimetype == MIME


# ---- the workbook in other people's programs


def test_the_workbook_opens_in_libreoffice_and_comes_back_unchanged(engine: Engine, tmp_path: Path) -> None:
    program = shutil.which("soffice") or shutil.which("libreoffice")
    assert program is not None
    if engine.dialect.name != "sqlite":
        return
    source = tmp_path / "in" / "chi-tieu.xlsx"
    source.parent.mkdir()
    source.write_bytes(export(engine, "indicators", FROM))
    command = [program, f"-env:UserInstallation=file://{tmp_path / 'profile'}", "--headless", "--convert-to", "xlsx"]

    subprocess.run([*command, "--outdir", tmp_path, source], check=True, capture_output=True, timeout=180)

    assert brought(engine, "indicators", (tmp_path / "chi-tieu.xlsx").read_bytes()) == ()
