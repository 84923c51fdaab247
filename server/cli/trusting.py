"""What a command trusts: the folder of certificates, its policy, and who is asked about revocation."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from server.config import trust_folder
from signing.errors import TrustError
from signing.fetching import HttpStatus
from signing.findings import error
from signing.policy import DEFAULT_POLICY, POLICY_FILE, Policy, read_policy
from signing.trust import Trust, contents


@dataclass(frozen=True, slots=True)
class Trusted:
    """The contents of a trust folder."""

    trust: Trust
    policy: Policy


def trusted(folder: Path | None) -> Trusted:
    """What a folder trusts, or the configured one.

    Raises:
        TrustError: there is no root in it, or a file of it cannot be used.
    """
    place = folder or trust_folder()
    return Trusted(Trust.from_directory(place).asking(HttpStatus()), _policy(place / POLICY_FILE))


def _policy(file: Path) -> Policy:
    # A policy that is there and cannot be read must not count as if nothing were demanded.
    if not os.path.lexists(file):
        return DEFAULT_POLICY
    try:
        return read_policy(contents(file).decode("utf-8-sig"))  # Notepad puts a mark before the text
    except UnicodeDecodeError as problem:
        raise error(TrustError, "BS252", file=POLICY_FILE, reason="không phải văn bản mã UTF-8") from problem


def trusted_if_there(folder: Path | None) -> Trusted | None:
    """The same; None where nobody named a folder and there is none."""
    return trusted(folder) if folder or trust_folder().is_dir() else None
