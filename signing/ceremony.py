"""Signing from the first question to the last: may this certificate sign, the signature, and then a time stamp.

The same for the command line and the add-in. What is signed is kept before the network is asked for a stamp, so that
nothing that happens afterwards can cost the signature.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from signing.errors import NotSignableError
from signing.extending import add_time_stamp
from signing.findings import error
from signing.keys import Signer
from signing.roles import SignerRole
from signing.sign import check_signer, check_standing, sign_package
from signing.stamping import TimeStamper
from signing.trust import Trust
from signing.verify import verify_package
from workbooks.finding import Finding, Severity
from workbooks.package import open_package
from workbooks.texts import is_signed


@dataclass(frozen=True, slots=True)
class Act:
    """How somebody signs.

    Attributes:
        at: signing time, aware; a claim.
        role: in which role; None: none is claimed.
        comment: the signer's words.
        digest: ``"SHA-256"``, ``"SHA-384"``, ``"SHA-512"``.
        trust: what is trusted where the signature is made; None: chain and revocation are not asked about.
        stamper: who gives time stamps; None: nobody is asked for one.
    """

    at: datetime
    role: SignerRole | None = None
    comment: str = ""
    digest: str = "SHA-256"
    trust: Trust | None = None
    stamper: TimeStamper | None = None


def perform(data: bytes, signer: Signer, act: Act, keep: Callable[[bytes], None]) -> tuple[Finding, ...]:
    """Sign a workbook and keep it: once signed, and again once stamped.

    Returns:
        Warnings: BS234 where revocation cannot be told, BS275 where there is no time stamp.

    Raises:
        NotSignableError, KeyUnusableError, WorkbookError: see ``check_signer``, ``check_standing``, ``sign_package``;
            BS248 also where a signature that is there already is invalid for any reason. Nothing was kept.
    """
    check_signer(signer.certificate, act.at)
    _refuse_bad_company(data, act)
    doubt = check_standing(signer, act.trust, act.at) if act.trust else None
    role = act.role.words if act.role else ""
    signed = sign_package(data, signer, at=act.at, comment=act.comment, role=role, digest=act.digest)
    keep(signed)
    warnings = [doubt]
    if act.stamper:
        extended = add_time_stamp(signed, act.stamper)
        warnings.append(extended.warning)
        if extended.warning is None:
            keep(extended.data)
    return tuple(warning for warning in warnings if warning)


def _refuse_bad_company(data: bytes, act: Act) -> None:
    """Nobody should put a name beside a signature that is refused on arrival: of a revoked certificate, for one."""
    if act.trust is None or not is_signed(open_package(data)):
        return
    verdict = verify_package(data, act.trust, now=act.at)
    for found in verdict.findings:
        if found.severity is Severity.ERROR:
            raise error(NotSignableError, "BS248", reason=found.message.rstrip("."))
