"""What a command trusts: the folder of certificates, its policy, and who is asked about revocation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from server.config import trust_folder
from signing.fetching import HttpStatus
from signing.policy import Policy, policy_in
from signing.trust import Trust


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
    return Trusted(Trust.from_directory(place).asking(HttpStatus()), policy_in(place))


def trusted_if_there(folder: Path | None) -> Trusted | None:
    """The same; None where nobody named a folder and there is none."""
    return trusted(folder) if folder or trust_folder().is_dir() else None
