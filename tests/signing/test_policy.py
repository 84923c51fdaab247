"""The policy of signatures as it is written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from signing.errors import TrustError
from signing.policy import DEFAULT_POLICY, policy_in, read_policy
from signing.roles import SignerRole, role_called

OFFICER, LEADER, SEAL = SignerRole


def test_a_policy_is_read_as_it_is_written() -> None:
    policy = read_policy(
        """
        version = "2026-1"
        accept_undetermined = true
        require_time_stamp = true
        roles = ["leader"]
        [forms."KTXH-13.N"]
        roles = ["seal", "officer", "leader"]
        [forms."KTXH-14.T"]
        roles = []
        """
    )

    assert (policy.version, policy.accept_undetermined, policy.require_time_stamp) == ("2026-1", True, True)
    assert policy.roles_for("KTXH-09.T") == (LEADER,)
    assert policy.roles_for("KTXH-13.N") == (OFFICER, LEADER, SEAL)
    assert policy.roles_for("KTXH-14.T") == ()


def test_nothing_is_demanded_or_let_pass_unless_it_is_written() -> None:
    policy = read_policy('version = "x"')

    assert (policy.accept_undetermined, policy.require_time_stamp, policy.roles_for("KTXH-09.T")) == (False, False, ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version = ", "TOML"),
        ("", "version"),
        ("version = 1", "version"),
        ('version = ""', "version"),
        (f'version = "{"x" * 65}"', "version"),
        ('version = "a"\nacept_undetermined = true', "acept_undetermined"),
        ('version = "a"\nrequire_time_stamp = "có"', "require_time_stamp"),
        ('version = "a"\naccept_undetermined = 1', "accept_undetermined"),
        ('version = "a"\nroles = "leader"', "roles"),
        ('version = "a"\nroles = ["giám đốc"]', "roles"),
        ('version = "a"\nroles = ["leader", "leader"]', "roles"),
        ('version = "a"\n[forms]\n"KTXH-09.T" = ["leader"]', "forms"),
        ('version = "a"\n[forms."KTXH-09.T"]\nrole = ["leader"]', "forms"),
        ('version = "a"\n[forms."KTXH-09.T"]\nroles = ["x"]', "KTXH-09.T"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_named(text: str, said: str) -> None:
    with pytest.raises(TrustError) as refused:
        read_policy(text)

    assert refused.value.finding.code == "BS252"
    assert said in refused.value.finding.message


def test_a_folder_without_a_policy_has_the_default_one(tmp_path: Path) -> None:
    assert policy_in(tmp_path) is DEFAULT_POLICY


def test_a_policy_saved_by_notepad_is_read(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_bytes('version = "bản 1"\r\n'.encode("utf-8-sig"))

    assert policy_in(tmp_path).version == "bản 1"


@pytest.mark.parametrize("role", SignerRole)
def test_a_role_is_known_by_its_words(role: SignerRole) -> None:
    assert role_called(f" {role.words.upper()} ") is role


def test_other_words_are_no_role() -> None:
    assert role_called("Chủ tịch") is None
