from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import Engine

from form_templates.errors import FormError
from server.config import Config
from server.errors import ConflictError, InvalidError, NotFoundError, ServiceError
from server.services.accounts import Role, create_account
from server.services.audit import verify
from server.services.drafting import delete_draft, draft_template, save_draft
from server.services.lifecycle import State, families
from server.services.publishing import Publication, issue_draft, list_forms, publish, template_of, withdraw
from server.services.registry import version_in_effect
from server.storage.audit import events
from server.storage.engine import reading
from server.web import context
from server.web.app import create_app
from tests.server.templates import a_template, with_cell
from tests.server.test_api import conforms
from tests.server.world import FORM, KEYS, NOW, PASSWORD, World, template
from workbooks.errors import WorkbookError
from workbooks.patch import Formula, Patch, patch_cells

TODAY = date(2026, 10, 2)
API = "/api/v1"


def published(engine: Engine, version: str, effective: date, **more: object) -> Publication:
    return publish(engine, a_template(version), decision="1107/QĐ-UBND", effective_from=effective, now=NOW, **more)  # type: ignore[arg-type]  # one value per name


def in_effect(engine: Engine, day: date) -> str:
    with reading(engine) as connection:
        return version_in_effect(connection, FORM, day).record.version


def states(engine: Engine, day: date) -> dict[str, State]:
    return {s.record.version: s.state for f in families(engine, day, with_drafts=False) for s in f.stages}


def actions(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return [event.action for event in events(connection)]


# ---- issuing


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({(17, 9): Formula("SUM(G18:G19)")}, "BS352"),
        ({(9, 4): Formula("SUM(D10,D15,D17,D20)")}, "BS353"),
        ({(12, 9): Formula("SUM(G:G)"), (9, 4): Formula("SUM(D10,D15,D17,D20)")}, "BS353"),
        ({(12, 9): Formula("SUM(G:G)"), (9, 4): Formula("SUM(D10,D15,D17,D20)")}, "BS452"),
    ],
)
def test_what_the_lint_calls_an_error_is_not_issued(
    engine: Engine, cells: dict[tuple[int, int], Patch], code: str
) -> None:
    faulty = patch_cells(template(), {FORM: cells})

    with pytest.raises(FormError) as refused:
        publish(engine, faulty, decision="QĐ", effective_from=TODAY, now=NOW)

    assert code in {finding.code for finding in refused.value.findings}
    assert list_forms(engine) == ()


@pytest.mark.parametrize("decision", ["", "   "])
def test_nothing_is_issued_without_a_decision(engine: Engine, decision: str) -> None:
    with pytest.raises(InvalidError, match="quyết định"):
        publish(engine, template(), decision=decision, effective_from=TODAY, now=NOW)

    assert list_forms(engine) == ()


def test_a_decision_has_no_effect_before_it_is_made(engine: Engine) -> None:
    with pytest.raises(InvalidError, match="02/09/2026"):
        published(engine, "1", date(2026, 9, 1), decided_on=date(2026, 9, 2))

    assert published(engine, "1", date(2026, 9, 2), decided_on=date(2026, 9, 2)).new


def test_a_decision_of_tomorrow_is_a_slip_of_the_hand(engine: Engine) -> None:
    with pytest.raises(InvalidError, match="phía trước"):
        published(engine, "1", date(2027, 1, 1), decided_on=date(2026, 10, 3))


def test_of_two_owners_who_issue_one_version_at_once_one_wins_and_the_other_is_told(engine: Engine) -> None:
    contents = [a_template("1"), a_template("1", labels={"04": "Lúa Đông Xuân"}), a_template("1", labels={"04": "Lúa"})]
    outcomes: list[Publication | ServiceError] = []
    start = threading.Barrier(len(contents))

    def issue(content: bytes) -> None:
        start.wait()
        try:
            outcomes.append(publish(engine, content, decision="QĐ", effective_from=TODAY, now=NOW))
        except ServiceError as error:
            outcomes.append(error)

    workers = [threading.Thread(target=issue, args=(content,)) for content in contents]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)

    (won,) = [one for one in outcomes if isinstance(one, Publication)]
    assert won.new
    assert [type(one) for one in outcomes if one is not won] == [ConflictError, ConflictError]
    assert [record.digest for record in list_forms(engine)] == [won.record.digest]
    assert template_of(engine, FORM, "1") in contents
    assert actions(engine).count("form:published") == 1


# ---- the life of a version


def test_each_period_has_the_version_that_took_effect_last(engine: Engine) -> None:
    published(engine, "1", date(2025, 1, 1))
    published(engine, "2", date(2026, 9, 1))
    published(engine, "3", date(2027, 1, 1))

    days = {
        date(2026, 8, 31): "1",
        date(2026, 9, 1): "2",
        date(2026, 9, 30): "2",
        date(2026, 12, 31): "2",
        date(2027, 1, 31): "3",
    }

    assert {day: in_effect(engine, day) for day in days} == days
    assert states(engine, TODAY) == {"1": State.REPLACED, "2": State.EFFECTIVE, "3": State.ISSUED}


def test_of_two_versions_of_one_day_the_later_published_serves(engine: Engine) -> None:
    published(engine, "2", date(2026, 1, 1))
    published(engine, "1", date(2026, 1, 1))

    assert in_effect(engine, TODAY) == "1"
    assert states(engine, TODAY) == {"1": State.EFFECTIVE, "2": State.REPLACED}


def test_where_a_version_is_withdrawn_the_one_before_serves_again_from_that_day(engine: Engine) -> None:
    published(engine, "1", date(2025, 1, 1))
    published(engine, "2", date(2026, 9, 1))

    done = withdraw(engine, FORM, "2", from_day=date(2026, 11, 1), reason=" Sai đơn vị tính ", now=NOW, actor="chu")

    assert (done.record.withdrawal_reason, done.successor and done.successor.version) == ("Sai đơn vị tính", "1")
    assert [in_effect(engine, day) for day in (date(2026, 10, 31), date(2026, 11, 1))] == ["2", "1"]
    assert states(engine, TODAY) == {"1": State.REPLACED, "2": State.EFFECTIVE}
    assert states(engine, date(2026, 11, 1)) == {"1": State.EFFECTIVE, "2": State.WITHDRAWN}
    with reading(engine) as connection:
        last = list(events(connection))[-1]
    assert (last.action, last.actor, last.subject) == ("form:withdrawn", "chu", f"form:{FORM}/2")
    assert '"from":"2026-11-01","reason":"Sai đơn vị tính"' in last.details


def test_a_withdrawal_that_has_not_come_may_move_and_one_that_has_may_not(engine: Engine) -> None:
    published(engine, "1", date(2025, 1, 1))
    withdraw(engine, FORM, "1", from_day=date(2026, 12, 1), reason="a", now=NOW)

    withdraw(engine, FORM, "1", from_day=date(2026, 10, 2), reason="b", now=NOW)
    withdraw(engine, FORM, "1", from_day=date(2026, 10, 2), reason="b", now=NOW)

    assert actions(engine).count("form:withdrawn") == 2
    with pytest.raises(ConflictError, match="02/10/2026"):
        withdraw(engine, FORM, "1", from_day=date(2026, 12, 1), reason="c", now=NOW)


def test_a_withdrawal_needs_a_reason_and_a_version(engine: Engine) -> None:
    published(engine, "1", date(2025, 1, 1))

    with pytest.raises(InvalidError, match="lý do"):
        withdraw(engine, FORM, "1", from_day=TODAY, reason=" ", now=NOW)
    with pytest.raises(NotFoundError):
        withdraw(engine, FORM, "2", from_day=TODAY, reason="a", now=NOW)


def test_figures_keep_the_version_they_were_reported_under(world: World) -> None:
    assert world.send(world.signed()).status == "accepted"  # for September, which ends on the 30th

    for day in (date(2026, 9, 1), date(2026, 9, 30)):
        with pytest.raises(ConflictError, match="30/09/2026"):
            withdraw(world.engine, FORM, "1", from_day=day, reason="a", now=NOW)
    withdraw(world.engine, FORM, "1", from_day=date(2026, 10, 1), reason="a", now=NOW)

    assert in_effect(world.engine, date(2026, 9, 30)) == "1"


# ---- drafts


def test_a_draft_is_replaced_until_it_is_issued_and_is_no_form_before(engine: Engine) -> None:
    save_draft(engine, a_template("2", labels={"04": "Lúa"}), now=NOW, actor="chu")
    draft = save_draft(engine, a_template("2"), now=NOW, actor="chu")

    assert (draft.record.form, draft.record.version, draft.record.saved_by) == (FORM, "2", "chu")
    assert draft_template(engine, FORM, "2") == a_template("2")
    assert list_forms(engine) == ()
    with pytest.raises(NotFoundError):
        in_effect(engine, TODAY)

    issued = issue_draft(
        engine, FORM, "2", decision="QĐ 2", decided_on=TODAY, effective_from=date(2027, 1, 1), now=NOW, actor="chu"
    )

    assert (issued.record.decision, issued.record.decided_on) == ("QĐ 2", TODAY)
    assert template_of(engine, FORM, "2") == a_template("2")
    with pytest.raises(NotFoundError):
        draft_template(engine, FORM, "2")
    assert actions(engine) == ["draft:saved", "draft:saved", "form:published"]
    assert verify(engine).ok


def test_a_draft_with_faults_is_kept_with_them_and_cannot_be_issued(engine: Engine) -> None:
    broken = with_cell(a_template("2"), "04", 2, "03")  # the code of another row

    draft = save_draft(engine, broken, now=NOW)

    assert draft.findings
    assert any("03" in finding.message and finding.cell for finding in draft.findings)
    with pytest.raises(FormError):
        issue_draft(engine, FORM, "2", decision="QĐ", decided_on=TODAY, effective_from=TODAY, now=NOW)
    assert draft_template(engine, FORM, "2") == broken


def test_an_issued_version_is_no_draft_any_more(engine: Engine) -> None:
    published(engine, "1", TODAY)

    with pytest.raises(ConflictError):
        save_draft(engine, a_template("1", labels={"04": "Lúa"}), now=NOW)


@pytest.mark.parametrize("data", [b"", b"PK nothing"])
def test_what_is_no_workbook_is_no_draft(engine: Engine, data: bytes) -> None:
    with pytest.raises((WorkbookError, FormError)):
        save_draft(engine, data, now=NOW)


def test_a_draft_can_be_thrown_away_once(engine: Engine) -> None:
    save_draft(engine, a_template("2"), now=NOW)

    delete_draft(engine, FORM, "2", now=NOW)

    with pytest.raises(NotFoundError):
        delete_draft(engine, FORM, "2", now=NOW)
    assert actions(engine) == ["draft:saved", "draft:deleted"]


# ---- what people see


@pytest.fixture
def client(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    """A service over three versions and a draft, open for reading, with an officer and an owner of templates."""
    monkeypatch.setattr(context, "now", lambda: NOW)
    published(engine, "1", date(2025, 1, 1), decided_on=date(2024, 12, 20))
    published(engine, "2", date(2026, 9, 1))
    published(engine, "3", date(2027, 1, 1))
    withdraw(engine, FORM, "3", from_day=TODAY, reason="Ban hành nhầm", now=NOW)
    save_draft(engine, with_cell(a_template("4"), "04", 2, "03"), now=NOW)
    some_people(engine)
    url = engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    config = replace(Config.in_folder(tmp_path, database_url=url), stamp_keys=KEYS, open_reading=True)
    app = create_app(config)
    yield app.test_client()
    app.extensions["bieuso"].engine.dispose()


def some_people(engine: Engine) -> None:
    from server.services.units import SINCE_2025, add_units
    from server.storage.units import NewUnit

    add_units(engine, [NewUnit("86", "Tỉnh Vĩnh Long", "tỉnh", None, SINCE_2025)], now=NOW)
    for name, role in (("canbo", Role.OFFICER), ("chubieu", Role.TEMPLATE_OWNER)):
        create_account(engine, username=name, full_name=name, unit="86", roles=[role], now=NOW, password=PASSWORD)


def enter(client: FlaskClient, name: str) -> None:
    page = html.fromstring(client.get("/dang-nhap").text)
    (hidden,) = page.xpath("//main//input[@name='form']/@value")
    reply = client.post("/dang-nhap", data={"account": name, "password": PASSWORD, "form": hidden})
    assert reply.status_code == 303


def test_the_api_tells_where_each_version_stands(client: FlaskClient) -> None:
    usual = conforms(client.get(f"{API}/forms"), "/forms")["forms"]
    every = conforms(client.get(f"{API}/forms?all=1"), "/forms")["forms"]

    assert [(one["version"], one["state"], one["until"]) for one in usual] == [
        ("1", "replaced", "2026-09-01"),
        ("2", "effective", None),  # the third was withdrawn before it took effect
    ]
    assert [(one["version"], one["state"]) for one in every][-1] == ("3", "withdrawn")
    assert (usual[0]["decided_on"], every[-1]["withdrawn_from"]) == ("2024-12-20", "2026-10-02")


def test_the_page_tells_every_version_and_gives_its_template(client: FlaskClient) -> None:
    page = html.fromstring(client.get("/bieu-mau").text)
    rows = [" ".join(row.text_content().split()) for row in page.xpath("//main//tbody/tr")]
    links = page.xpath("//main//a[contains(text(),'Tải biểu mẫu')]/@href")

    assert ["Đã thu hồi" in rows[0], "Đang hiệu lực" in rows[1], "Hết hiệu lực" in rows[2]] == [True] * 3
    assert "Ban hành nhầm" in rows[0]
    assert "ngày 20/12/2024" in rows[2]
    assert client.get(links[2]).data == a_template("1")


def test_the_page_tells_in_words_what_a_version_changed(client: FlaskClient, engine: Engine) -> None:
    renamed = a_template("5", labels={"04": "Lúa <Đông Xuân> sớm"})
    publish(engine, renamed, decision="QĐ", effective_from=date(2027, 2, 1), now=NOW)
    (link,) = html.fromstring(client.get("/bieu-mau").text).xpath(f"//a[contains(@href,'{FORM}/5/so-sanh')]/@href")

    told = html.fromstring(client.get(link).text).xpath("//main/ul/li/text()")

    assert len(told) == 1
    assert "04" in told[0]
    assert "Lúa <Đông Xuân> sớm" in told[0]
    assert "không có gì khác" in client.get(f"/bieu-mau/{FORM}/2/so-sanh").text
    assert client.get(f"/bieu-mau/{FORM}/1/so-sanh").status_code == 404


def test_drafts_are_seen_by_owners_of_templates_only(client: FlaskClient) -> None:
    address = f"/bieu-mau/{FORM}/4/nhap"

    assert "nháp" not in client.get("/bieu-mau").text
    assert client.get(address).status_code == 302  # to the page for signing in
    enter(client, "canbo")
    assert ("Tải bản nháp" in client.get("/bieu-mau").text, client.get(address).status_code) == (False, 403)
    client.delete_cookie("bieuso")
    enter(client, "chubieu")
    page = client.get("/bieu-mau").text
    assert ("Tải bản nháp" in page, client.get(address).status_code) == (True, 200)
    assert "điểm cần xem trước khi ban hành" in page


def test_states_are_those_of_the_day_in_viet_nam(engine: Engine) -> None:
    published(engine, "1", date(2026, 10, 3))
    late = datetime(2026, 10, 2, 18, tzinfo=UTC)  # one in the morning of the third, there

    with pytest.raises(InvalidError, match="phía trước"):
        published(engine, "2", date(2026, 10, 4), decided_on=date(2026, 10, 3))
    made = publish(
        engine, a_template("2"), decision="QĐ", decided_on=date(2026, 10, 3), effective_from=date(2026, 10, 3), now=late
    )

    assert made.new
