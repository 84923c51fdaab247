from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from form_templates.reading import read_form
from form_templates.stamp import embedded_version
from server.cli.main import bieuso
from server.config import Config
from tests.form_templates.successions import second_spec, template
from tests.server.test_api import SQLITE_ONLY
from tests.server.test_converting import half_filled, publish_second
from tests.server.world import KEYS, World, key
from workbooks.workbook import open_workbook

Run = Callable[..., Result]


@pytest.fixture
def run(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command against the world's database, with its stamp keys."""
    data = tmp_path / "data"
    Config.in_folder(data)
    kept = json.loads((data / "keys.json").read_text("utf-8"))
    kept["stamp_keys"] = [[name, secret.hex()] for name, secret in KEYS]
    (data / "keys.json").write_text(json.dumps(kept), "utf-8")
    monkeypatch.chdir(tmp_path)
    url = world.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")

    def invoke(*arguments: object) -> Result:
        environment = {"BIEUSO_DATA": str(data), "BIEUSO_DATABASE_URL": url}
        return CliRunner().invoke(bieuso, [str(one) for one in arguments], env=environment)

    return invoke


@SQLITE_ONLY
def test_a_workbook_is_converted_with_the_registry_and_every_cell_is_told(run: Run, world: World) -> None:
    Path("cũ.xlsx").write_bytes(half_filled(world))
    publish_second(world.engine)

    plain = run("form", "convert", "cũ.xlsx", "-o", "mới.xlsx")
    as_json = run("form", "convert", "cũ.xlsx", "-o", "mới.xlsx", "--json")

    assert plain.exit_code == as_json.exit_code == 0, plain.output
    assert "chia theo tỷ lệ 0,7" in " ".join(plain.output.split())
    body = json.loads(as_json.output)
    assert body["version"] == "2"
    assert len(body["moved"]) == 24 + 4  # 6 rows of 4 cells; those of the split row twice
    made = open_workbook(Path("mới.xlsx").read_bytes())
    version = embedded_version(made)
    assert version is not None
    assert read_form(made, version).cells[key("13", 3)].value == 3.0


@SQLITE_ONLY
def test_a_template_file_is_enough_for_a_trial(run: Run, world: World) -> None:
    Path("cũ.xlsx").write_bytes(half_filled(world))
    Path("biểu.xlsx").write_bytes(template(second_spec()))

    done = run("form", "convert", "cũ.xlsx", "-o", "mới.xlsx", "--to", "biểu.xlsx", "--json")

    assert done.exit_code == 0, done.output
    made = open_workbook(Path("mới.xlsx").read_bytes())
    version = embedded_version(made)
    assert version is not None
    assert version.version == "2"
    assert read_form(made, version).cells[key("05", 3)].value == 7.0
