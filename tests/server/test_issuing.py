from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine

from form_templates.compile import compile_template
from form_templates.errors import FormError
from form_templates.filling import MemberLabel, fill
from form_templates.model import CellKey, CellKind
from form_templates.reading import read_form
from form_templates.stamp import embedded_version, read_stamp, stamp_is_ours
from formulas.checking import check
from formulas.freezing import freeze
from server.errors import ConflictError, InvalidError, NotFoundError
from server.services import totals
from server.services.history import import_history
from server.services.issuing import issue_workbook
from server.services.publishing import list_forms, publish, template_of, withdraw
from server.services.reported import reported_facts
from server.services.submissions import list_submissions, workbook_of
from server.storage.submissions import Submission
from signing.sign import sign_package
from tests.server.world import CROPS, FORM, KEYS, LAST_YEAR, NOW, PERIOD, World, crops, key, template
from workbooks.errors import WorkbookError
from workbooks.patch import patch_cells
from workbooks.workbook import open_workbook

POVERTY = "KTXH-13.N"


def test_an_issued_workbook_is_stamped_prefilled_and_shows_its_results(world: World) -> None:
    world.history(area=8.0)

    data = world.issued()

    workbook = open_workbook(data)
    stamp, version = read_stamp(workbook), embedded_version(workbook)
    assert stamp is not None
    assert version is not None
    assert (stamp.unit, stamp.unit_name, stamp.period) == ("28756", "Phường Phú Khương", PERIOD)
    assert stamp_is_ours(workbook, KEYS)
    cells = read_form(workbook, version).cells
    assert {cells[key(row, 1)].value for row in CROPS} == {8.0}
    assert cells[key("01", 1)].value == 64.0
    assert freeze(data, version) == data


def test_asked_again_the_workbook_is_the_same(world: World) -> None:
    again = {"form": FORM, "unit": "28756", "period": PERIOD, "stamp_key": KEYS[0]}

    assert issue_workbook(world.engine, **again, now=NOW + timedelta(days=3)) == world.issued()  # type: ignore[arg-type]  # one value per name


def test_each_unit_and_period_gets_its_own_serial(world: World) -> None:
    stamps = [
        read_stamp(open_workbook(world.issued(unit, period=period)))
        for unit in ("28756", "28807")
        for period in ("2026-M08", "2026-M09")
    ]

    assert len({stamp.serial for stamp in stamps if stamp}) == 4


@pytest.mark.parametrize(
    ("form", "unit", "period", "error"),
    [
        (FORM, "86", PERIOD, InvalidError),
        (FORM, "99999", PERIOD, NotFoundError),
        ("KTXH-99.T", "28756", PERIOD, NotFoundError),
        (FORM, "28756", "2026-Q3", InvalidError),
        (FORM, "28756", "2026-M13", InvalidError),
        (FORM, "28756", "2025-M06", NotFoundError),  # before the commune existed
        (FORM, "28756", "2024-M12", NotFoundError),  # before the form took effect
    ],
)
def test_what_cannot_be_issued_is_refused(
    world: World, form: str, unit: str, period: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        world.issued(unit, form=form, period=period)


def test_a_withdrawn_version_is_no_longer_issued(world: World) -> None:
    withdraw(world.engine, FORM, "1", from_day=date(2026, 9, 1), reason="Biểu sai", now=NOW)

    with pytest.raises(NotFoundError):
        world.issued()


def test_a_commune_gets_its_own_row_under_its_own_kind(world: World) -> None:
    publish(world.engine, template(POVERTY), decision="QĐ", effective_from=date(2025, 1, 1), now=NOW)
    for unit, row in (("28756", "02*#28756"), ("28807", "03*#28807")):
        values = {CellKey("T1", row, "7"): 40}
        import_history(world.engine, form=POVERTY, period="2025-H2", unit=unit, values=values, now=NOW)
        workbook = open_workbook(world.issued(unit, form=POVERTY, period="2026-H1"))
        version = embedded_version(workbook)
        assert version is not None

        filled = read_form(workbook, version)

        members = {place: [member.key for member in found] for place, found in filled.members.items() if found}
        assert members == {("T1", row.partition("#")[0]): [unit]}
        assert filled.cells[CellKey("T1", row, "2")].value == 40.0


def test_another_communes_row_in_ones_own_form_is_refused(world: World) -> None:
    publish(world.engine, template(POVERTY), decision="QĐ", effective_from=date(2025, 1, 1), now=NOW)
    issued = world.issued("28807", form=POVERTY, period="2026-H1")
    version = embedded_version(open_workbook(issued))
    assert version is not None
    members = {("T1", "03*"): [MemberLabel("Xã Giao Long", "28807"), MemberLabel("Xã Phú Túc", "28810")]}
    figures = {"1": 100, "4": 0, "5": 0, "6": 0, "9": 0}
    values = {CellKey("T1", f"03*#{code}", c): v for code in ("28807", "28810") for c, v in figures.items()}
    filled = freeze(fill(issued, version, values, members), version)

    result = world.send(sign_package(filled, world.leaders["28807"], at=NOW), "28807")

    assert result.status == "refused"
    assert "BS822" in [finding.code for finding in result.findings]


def test_publishing_the_same_template_again_changes_nothing(world: World) -> None:
    again = publish(world.engine, template(), decision="QĐ 2", effective_from=date(2026, 1, 1), now=NOW)

    assert not again.new
    assert [record.decision for record in list_forms(world.engine)] == ["QĐ 1"]
    assert template_of(world.engine, FORM, "1") == template()


def test_a_published_version_never_changes_its_content(world: World) -> None:
    version = compile_template(template())
    table = version.tables[0]
    row = next(row.at for row in table.rows if row.code == "04")
    changed = patch_cells(template(), {table.sheet: {(row, table.labels_at): "Lúa vụ khác"}})

    with pytest.raises(ConflictError):
        publish(world.engine, changed, decision="QĐ", effective_from=date(2025, 1, 1), now=NOW)


def test_what_is_no_template_is_not_published(engine: Engine) -> None:
    with pytest.raises((FormError, WorkbookError)):
        publish(engine, b"PK nothing", decision="QĐ", effective_from=date(2025, 1, 1), now=NOW)

    assert list_forms(engine) == ()


def test_history_keeps_its_origin_and_is_not_counted_as_sent(world: World) -> None:
    entry = world.history(area=8.5)

    found = reported_facts(world.engine, form=FORM, unit="28756", period=LAST_YEAR)
    sent: tuple[Submission, ...] = list_submissions(world.engine)
    assert (found.submission.id, found.submission.source, found.submission.signer) == (entry, "history", "")
    assert sent == ()
    assert b"KTXH-09.T,2025-M09,28756,T1,04,3,8.5" in workbook_of(world.engine, entry)
    assert totals.check(world.engine).ok


def test_the_same_history_again_is_one_entry_and_corrected_history_replaces_it(world: World) -> None:
    first = world.history(area=8.0)

    assert world.history(area=8.0) == first
    assert world.history(area=9.0) != first
    total = totals.read(world.engine, unit="86", form=FORM, period=LAST_YEAR).values[key("04", 3)]
    assert (str(total.value), total.numbers) == ("9.0", 1)


def test_history_never_overwrites_what_was_signed(world: World) -> None:
    world.send(world.signed())

    with pytest.raises(ConflictError):
        world.history(period=PERIOD)


@pytest.mark.parametrize(
    "values",
    [
        {key("99", 3): 1},
        {key("04", 3): 1.2345678},
        {key("04", 3): 1e300},
        {key("04", 3): float("nan")},
    ],
)
def test_history_that_cannot_be_kept_exactly_is_refused_whole(world: World, values: dict[CellKey, float]) -> None:
    with pytest.raises(InvalidError):
        import_history(
            world.engine, form=FORM, period=LAST_YEAR, unit="28756", values={key("05", 3): 1, **values}, now=NOW
        )

    with pytest.raises(NotFoundError):
        reported_facts(world.engine, form=FORM, unit="28756", period=LAST_YEAR)


def test_what_the_service_issues_has_nothing_wrong_before_anybody_types(world: World) -> None:
    world.history()
    version = embedded_version(open_workbook(world.issued()))
    assert version is not None
    filled = freeze(fill(world.issued(), version, crops()), version)

    assert check(filled).findings == ()
    assert all(spec.kind in CellKind for spec in version.cell_by_key.values())
