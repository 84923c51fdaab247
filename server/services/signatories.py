"""Who signed a workbook, by the register of its unit and the policy: as findings, and for the stored verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from formulas.wording import excerpt
from server.services import findings as said
from server.storage.units import Unit
from signing.identity import (
    Expected,
    Identity,
    Registration,
    Standing,
    claimed_otherwise,
    expected,
    identify,
    out_of_order,
)
from signing.policy import Policy
from signing.roles import SignerRole
from signing.verdict import Outcome, RevocationStatus, SignatureVerdict, Verdict
from workbooks.finding import Finding


@dataclass(frozen=True, slots=True)
class Signatories:
    """Who made each signature, in their order, and which signatures must be there."""

    identities: tuple[Identity, ...] = ()
    expected: tuple[Expected, ...] = ()


def signatories(
    verdict: Verdict, register: Sequence[Registration], unit: Unit, form: str, policy: Policy
) -> Signatories:
    """Holds the signatures of a workbook against the register of its unit."""
    identities = identify(verdict, register, unit.code)
    required = policy.roles_for(form)
    wanted = expected(verdict, identities, required, accept_undetermined=policy.accept_undetermined)
    return Signatories(identities, wanted)


def about_signatories(verdict: Verdict, found: Signatories, unit: Unit, form: str, policy: Policy) -> Iterator[Finding]:
    """What is wrong with who signed. Signatures that are broken are told of by the verification."""
    for signature, identity in zip(verdict.signatures, found.identities, strict=True):
        yield from _about_identity(signature, identity, unit)
        if signature.outcome is Outcome.UNDETERMINED:
            yield from _about_doubt(signature, policy)
    for one in found.expected:
        # A signature that is there but does not count has its own finding: asking for another would mislead.
        if one.role is not None and not one.present and not one.part:
            yield said.ROLE_MISSING.at("", "", role=one.role.words, form=excerpt(form), name=unit.name)
    yield from _about_order(verdict, found)


def verdict_told(verdict: Verdict, found: Signatories) -> dict[str, Any]:
    """The wire form of a verdict with who signed and which signatures must be there."""
    told = verdict.to_dict()
    for signature, identity in zip(told["signatures"], found.identities, strict=False):
        signature["identity"] = identity.to_dict()
    return told | {"expected": [one.to_dict() for one in found.expected]}


def _about_identity(signature: SignatureVerdict, identity: Identity, unit: Unit) -> Iterator[Finding]:
    entry, claimed = identity.registration, claimed_otherwise(signature, identity)
    if entry is None:
        if signature.certificate_sha256:
            signer, serial = excerpt(signature.signer), excerpt(signature.serial)
            yield said.UNREGISTERED_SIGNER.at("", "", signer=signer, serial=serial, name=unit.name)
        return
    told = {"person": entry.person, "role": entry.role.words, "name": unit.name}
    signed = f"{identity.day:%d/%m/%Y}"
    if identity.status is Standing.ENDED and entry.valid_to is not None:
        reason = f" ({entry.end_reason})" if entry.end_reason else ""
        yield said.SIGNER_ENDED.at("", "", **told, day=f"{entry.valid_to:%d/%m/%Y}", reason=reason, signed=signed)
    elif identity.status is Standing.NOT_YET:
        yield said.SIGNER_NOT_YET.at("", "", **told, day=f"{entry.valid_from:%d/%m/%Y}", signed=signed)
    elif claimed is not None:
        yield said.ROLE_CLAIMED.at("", "", **told, claimed=claimed.words)


def _about_order(verdict: Verdict, found: Signatories) -> Iterator[Finding]:
    who = {one.part: identity for one, identity in zip(verdict.signatures, found.identities, strict=True)}
    for earlier, later in out_of_order(verdict, found.identities):
        first, second = who[earlier.part], who[later.part]
        yield said.OUT_OF_ORDER.at(
            "",
            "",
            earlier=first.person,
            earlier_role=_words(first.role),
            later=second.person,
            later_role=_words(second.role),
        )


def _words(role: SignerRole | None) -> str:
    return role.words if role is not None else ""


def _about_doubt(signature: SignatureVerdict, policy: Policy) -> Iterator[Finding]:
    """What could not be found out: an error unless the policy lets it pass."""
    signer = excerpt(signature.signer)
    if signature.revocation.status is RevocationStatus.UNKNOWN:
        kind = said.REVOCATION_LET_PASS if policy.accept_undetermined else said.REVOCATION_UNKNOWN
        reason = excerpt(signature.revocation.reason).rstrip(".") or "chưa có danh sách thu hồi"
        yield kind.at("", "", signer=signer, reason=reason)
    if signature.wanting and not policy.accept_undetermined:
        reason = excerpt(signature.time.reason).rstrip(".") or "chưa rõ"
        yield said.STAMP_UNKNOWN.at("", "", signer=signer, reason=reason)
