from __future__ import annotations

import json
from pathlib import Path

import pytest

from server.config import Config
from server.errors import ConfigError


def from_environment(tmp_path: Path, **values: str) -> Config:
    return Config.from_environment({"BIEUSO_DATA": str(tmp_path), "PATH": "/bin", **values})


def test_the_defaults_keep_everything_in_the_data_folder_and_nothing_open(tmp_path: Path) -> None:
    config = from_environment(tmp_path)

    assert config.database_url == f"sqlite:///{tmp_path / 'bieuso.db'}"
    assert config.trust == tmp_path / "trust"
    assert config.open_reading is False


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    first = from_environment(tmp_path)

    assert from_environment(tmp_path) == first
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    assert len(first.stamp_keys[0][1]) == 32
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]


def test_keys_do_not_show_in_logs(tmp_path: Path) -> None:
    config = from_environment(tmp_path)

    assert config.stamp_keys[0][1].hex() not in repr(config)
    assert str(config.session_secret) not in repr(config)


def test_stamp_keys_rotate_the_first_seals_and_all_are_accepted(tmp_path: Path) -> None:
    old = from_environment(tmp_path).stamp_keys[0]
    path = tmp_path / "keys.json"
    stored = json.loads(path.read_text())
    stored["stamp_keys"].insert(0, ["new", "ab" * 32])
    path.write_text(json.dumps(stored))

    assert from_environment(tmp_path).stamp_keys == (("new", b"\xab" * 32), old)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BIEUSO_OPEN_READING", "yes"),
        ("BIEUSO_MAX_UPLOAD_MB", "0"),
        ("BIEUSO_MAX_UPLOAD_MB", "1e3"),
        ("BIEUSO_MAX_UPLOAD_MB", "999999"),
        ("BIEUSO_OPEN_READNG", "1"),
        ("BIEUSO_DATABASE", "sqlite:///x"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError):
        from_environment(tmp_path, **{name: value})


@pytest.mark.parametrize("content", ["", "{}", '{"stamp_keys": [], "session_secret": "00"}', "[1]"])
def test_a_damaged_file_of_keys_is_refused_and_not_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.touch(mode=0o600)
    path.write_text(content)

    with pytest.raises(ConfigError):
        from_environment(tmp_path)

    assert path.read_text() == content


def test_keys_that_others_can_read_are_refused(tmp_path: Path) -> None:
    from_environment(tmp_path)
    (tmp_path / "keys.json").chmod(0o644)

    with pytest.raises(ConfigError, match="chmod 600"):
        from_environment(tmp_path)


def test_settings_of_other_programs_are_left_alone(tmp_path: Path) -> None:
    from_environment(tmp_path, BIEUSO_P12_PASSWORD="x", BIEUSO_DEMONSTRATION="1")
