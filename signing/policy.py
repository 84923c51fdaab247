"""What an installation demands of signatures beyond their being right. Configuration with a version of its own.

Kept with every verdict, because a verdict given years ago can only be understood by the policy of its day.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from signing.errors import TrustError
from signing.findings import error
from signing.roles import SignerRole
from signing.trust import contents

POLICY_FILE: Final = "policy.toml"
_KEYS: Final = frozenset({"version", "accept_undetermined", "require_time_stamp", "roles", "forms"})
_LONGEST_VERSION: Final = 64


@dataclass(frozen=True, slots=True)
class Policy:
    """The demands.

    Attributes:
        version: how verdicts name this policy.
        accept_undetermined: whether a signature counts although a status source could not be asked. It is refused
            unless this is set; a revoked certificate never counts.
        require_time_stamp: whether every signature must carry a time stamp.
        roles: the roles in which each workbook must be signed; empty: one registered signature of any role.
        form_roles: the same for single forms, instead of ``roles``.
    """

    version: str = "1"
    accept_undetermined: bool = False
    require_time_stamp: bool = False
    roles: tuple[SignerRole, ...] = ()
    form_roles: Mapping[str, tuple[SignerRole, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def roles_for(self, form: str) -> tuple[SignerRole, ...]:
        """The roles in which a workbook of this form must be signed."""
        return self.form_roles.get(form, self.roles)


DEFAULT_POLICY: Final = Policy()


def policy_in(folder: Path) -> Policy:
    """The policy of a trust folder; the default where it has none.

    Raises:
        TrustError: BS251, BS252. A policy that is there and cannot be read must not count as if nothing were demanded.
    """
    file = folder / POLICY_FILE
    if not os.path.lexists(file):
        return DEFAULT_POLICY
    try:
        return read_policy(contents(file).decode("utf-8-sig"))  # Notepad puts a mark before the text
    except UnicodeDecodeError as problem:
        raise _wrong("không phải văn bản mã UTF-8") from problem


def read_policy(text: str) -> Policy:
    """A policy from TOML.

    ::

        version = "2026-1"
        accept_undetermined = false
        require_time_stamp = true
        roles = ["leader"]
        [forms."KTXH-13.N"]
        roles = ["officer", "leader", "seal"]

    Raises:
        TrustError: BS252 with what is wrong; unknown keys are refused.
    """
    try:
        found = tomllib.loads(text)
    except (ValueError, RecursionError) as problem:  # also numbers of thousands of digits, and brackets of thousands
        raise _wrong(f"không phải TOML đúng quy cách ({problem})") from problem
    unknown = sorted(set(found) - _KEYS)
    if unknown:
        raise _wrong(f"không có thiết lập “{unknown[0]}”; chỉ có: {', '.join(sorted(_KEYS))}")
    version = found.get("version")
    if not isinstance(version, str) or not 0 < len(version) <= _LONGEST_VERSION or not version.isprintable():
        raise _wrong(f'cần version là chữ, từ 1 đến {_LONGEST_VERSION} ký tự, ví dụ version = "2026-1"')
    return Policy(
        version=version,
        accept_undetermined=_flag(found, "accept_undetermined"),
        require_time_stamp=_flag(found, "require_time_stamp"),
        roles=_roles(found.get("roles", []), "roles"),
        form_roles=_form_roles(found.get("forms", {})),
    )


def _flag(found: Mapping[str, Any], name: str) -> bool:
    value = found.get(name, False)
    if not isinstance(value, bool):
        raise _wrong(f"{name} phải là true hoặc false")
    return value


def _form_roles(found: object) -> Mapping[str, tuple[SignerRole, ...]]:
    if not isinstance(found, dict) or any(not isinstance(one, dict) or set(one) != {"roles"} for one in found.values()):
        raise _wrong('mỗi biểu ghi một mục như [forms."KTXH-09.T"] với một dòng roles = […]')
    return MappingProxyType({form: _roles(one["roles"], f"forms.{form}.roles") for form, one in found.items()})


def _roles(found: object, where: str) -> tuple[SignerRole, ...]:
    known = [role.value for role in SignerRole]
    if not isinstance(found, list) or any(one not in known for one in found) or len(set(found)) != len(found):
        raise _wrong(f"{where} phải là danh sách vai trò khác nhau trong số {', '.join(known)}")
    return tuple(role for role in SignerRole if role.value in found)


def _wrong(reason: str) -> TrustError:
    return error(TrustError, "BS252", file=POLICY_FILE, reason=reason)
