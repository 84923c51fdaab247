"""Whether those who signed may sign for a unit on that day, and whether all are there who must be. No I/O.

People are told apart by the SHA-256 of their certificates and by nothing else: anybody can make a certificate that
bears another person's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import product
from typing import Any

from signing.roles import SignerRole, role_called
from signing.verdict import Outcome, SignatureVerdict, Verdict
from signing.wording import VIETNAM


class Standing(StrEnum):
    """What the register says of a certificate on a day."""

    REGISTERED = "registered"
    UNREGISTERED = "unregistered"
    ENDED = "ended"
    NOT_YET = "not-yet"


@dataclass(frozen=True, slots=True)
class Registration:
    """An entry of the register: from ``valid_from`` on and before ``valid_to`` this certificate signs in this role."""

    certificate_sha256: str
    person: str
    role: SignerRole
    valid_from: date
    valid_to: date | None = None
    end_reason: str = ""

    def holds_on(self, day: date) -> bool:
        """Whether the certificate may sign on that day."""
        return self.valid_from <= day and not self.over_on(day)

    def over_on(self, day: date) -> bool:
        """Whether the right ended on or before that day."""
        return self.valid_to is not None and self.valid_to <= day


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed, by the register of a unit.

    Attributes:
        unit: code of the unit signed for.
        day: the day on which it is known to have been signed, in Viet Nam.
        registration: the entry that holds on that day, or the one that came nearest; None where there is none.
    """

    status: Standing
    unit: str
    day: date
    registration: Registration | None = None

    @property
    def person(self) -> str:
        """The person's name in the register, or ``""``."""
        return self.registration.person if self.registration else ""

    @property
    def role(self) -> SignerRole | None:
        """The role in the register."""
        return self.registration.role if self.registration else None

    def to_dict(self) -> dict[str, Any]:
        """The wire form."""
        found = self.registration
        return {
            "status": str(self.status),
            "person": self.person,
            "role": str(self.role or ""),
            "unit": self.unit,
            "day": self.day.isoformat(),
            "valid_from": found.valid_from.isoformat() if found else "",
            "valid_to": found.valid_to.isoformat() if found and found.valid_to else "",
        }


@dataclass(frozen=True, slots=True)
class Expected:
    """A signature that must be there.

    Attributes:
        role: in this role; None: in any role.
        present: whether it is there and counts.
        part: the signature part, also where that signature is there but does not count; ``""`` where there is none.
    """

    role: SignerRole | None
    present: bool
    part: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The wire form."""
        return {"role": str(self.role or ""), "present": self.present, "part": self.part}


def signing_day(verdict: Verdict, signature: SignatureVerdict) -> date:
    """The day, in Viet Nam, on which a signature is known to have been there. A claimed time proves nothing."""
    return (signature.best_time or verdict.verified_at).astimezone(VIETNAM).date()


def identify(verdict: Verdict, register: Sequence[Registration], unit: str) -> tuple[Identity, ...]:
    """Who made each signature of a verdict, in their order. ``register`` has the entries of the unit, also old ones."""
    return tuple(
        identity_of(signature.certificate_sha256, register, unit, signing_day(verdict, signature))
        for signature in verdict.signatures
    )


def identity_of(certificate_sha256: str, register: Sequence[Registration], unit: str, day: date) -> Identity:
    """What the register says of one certificate on a day."""
    own = sorted(
        (one for one in register if one.certificate_sha256 == certificate_sha256), key=lambda one: one.valid_from
    )
    for one in own:
        if one.holds_on(day):
            return Identity(Standing.REGISTERED, unit, day, one)
    over = [one for one in own if one.over_on(day)]
    if over:
        return Identity(Standing.ENDED, unit, day, over[-1])
    return Identity(Standing.NOT_YET, unit, day, own[0]) if own else Identity(Standing.UNREGISTERED, unit, day)


def claimed_otherwise(signature: SignatureVerdict, identity: Identity) -> SignerRole | None:
    """A role that the signature claims and the register does not give. Words of somebody's own claim no role."""
    if identity.status is not Standing.REGISTERED:
        return None
    claimed = (role_called(words) for words in signature.roles)
    return next((role for role in claimed if role not in (None, identity.role)), None)


def expected(
    verdict: Verdict,
    identities: Sequence[Identity],
    required: Sequence[SignerRole],
    *,
    accept_undetermined: bool = False,
) -> tuple[Expected, ...]:
    """For each required role whether it signed; without any, whether anybody did who may sign."""
    counting = {Outcome.VALID, Outcome.UNDETERMINED} if accept_undetermined else {Outcome.VALID}
    return tuple(_expected(role, verdict, identities, counting) for role in required or (None,))


def _expected(
    role: SignerRole | None, verdict: Verdict, identities: Sequence[Identity], counting: set[Outcome]
) -> Expected:
    there = [one for one, who in _registered(verdict, identities) if role in (None, who.role)]
    good = [one for one in there if one.outcome in counting]
    return Expected(role, bool(good), next((one.part for one in (*good, *there)), ""))


def out_of_order(
    verdict: Verdict, identities: Sequence[Identity]
) -> Iterator[tuple[SignatureVerdict, SignatureVerdict]]:
    """Pairs of signatures of which the second should bind the first and does not: it was made without seeing it."""
    order = list(SignerRole)
    for (first, one), (second, other) in product(_registered(verdict, identities), repeat=2):
        if one.role is None or other.role is None or order.index(one.role) >= order.index(other.role):
            continue
        if first.part not in second.binds:
            yield first, second


def _registered(verdict: Verdict, identities: Sequence[Identity]) -> list[tuple[SignatureVerdict, Identity]]:
    pairs = zip(verdict.signatures, identities, strict=True)
    return [(one, who) for one, who in pairs if who.status is Standing.REGISTERED]
