"""Form versions as canonical JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from form_templates import serial
from form_templates.errors import FormError
from form_templates.model import CellKey, CellSpec, Column, FormVersion, Region, Row, Rule, Table
from tests.form_templates.specimens import forms, version

VERSIONS = st.builds(
    FormVersion,
    tables=st.lists(
        st.builds(
            Table,
            rows=st.lists(st.from_type(Row), max_size=3).map(tuple),
            columns=st.lists(st.from_type(Column), max_size=3).map(tuple),
            regions=st.lists(st.from_type(Region), max_size=2).map(tuple),
            cells=st.lists(st.builds(CellSpec, key=st.builds(CellKey)), max_size=3).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    rules=st.lists(st.from_type(Rule), max_size=3).map(tuple),
)


@given(VERSIONS)
def test_a_version_comes_back_from_its_json_unchanged(form: FormVersion) -> None:
    text = serial.to_json(form)

    again = serial.from_json(text)

    assert again == form
    assert serial.to_json(again) == text


@pytest.mark.parametrize("form", forms())
def test_an_official_form_comes_back_with_its_digest(form: str) -> None:
    again = serial.from_json(serial.to_json(version(form)))

    assert serial.digest(again) == serial.digest(version(form))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda form: form.update(colour="red"),
        lambda form: form.pop("title"),
        lambda form: form.update(title=3),
        lambda form: form.update(tables={}),
        lambda form: form["tables"][0].update(header_at="8"),
        lambda form: form["tables"][0].update(header_at=True),
        lambda form: form["tables"][0]["cells"][0].update(kind="typed"),
        lambda form: form["tables"][0]["cells"][0].update(key=["T1", "01"]),
        lambda form: form["tables"][0]["columns"][0].update(carry=[]),
    ],
)
def test_json_that_was_never_written_here_is_refused(spoil) -> None:  # noqa: ANN001 - a lambda over JSON
    document = json.loads(serial.to_json(version("KTXH-09.T")))
    spoil(document["form"])

    with pytest.raises(FormError) as refusal:
        serial.from_json(json.dumps(document))

    assert [finding.code for finding in refusal.value.findings] == ["BS340"]


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"format":2,"form":{}}', "[" * 100_000])
def test_text_that_is_no_form_version_is_refused(text: str) -> None:
    with pytest.raises(FormError):
        serial.from_json(text)
