"""A file to be verified as it comes in, by page or API, and who may be led on to the submission that it is."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from formulas.wording import excerpt
from server.errors import InvalidError, NotAllowedError, SignInNeededError
from server.services.accounts import Account
from server.services.attachments import SentFile
from server.services.overview import Sight
from server.services.periods import day_in_vietnam
from server.services.verifying import Verification, verify
from server.storage.submissions import Submission
from server.web import context

_REMEDY = "Chọn đúng một tệp .xlsx; tệp Word, PDF kèm theo để ở ô riêng."


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What came in; ``name`` is anybody's text, cut to one line."""

    name: str
    data: bytes
    attachments: tuple[SentFile, ...] = ()


def uploaded() -> Uploaded:
    """The files of this request. Raises InvalidError unless there is exactly one workbook."""
    if set(request.files) - {"workbook", "attachments"}:
        raise InvalidError("Có tệp ở trường lạ.", "Tệp .xlsx ở trường workbook, tệp kèm theo ở attachments.")
    # A browser sends a field that nothing was chosen for as a file without a name.
    workbooks = [file for file in request.files.getlist("workbook") if file.filename]
    if not workbooks:
        raise InvalidError("Chưa có tệp để xác minh.", _REMEDY)
    if len(workbooks) > 1:
        raise InvalidError(f"Có {len(workbooks)} tệp Excel trong một lần xác minh.", _REMEDY)
    attached = [file for file in request.files.getlist("attachments") if file.filename]
    return Uploaded(
        excerpt(workbooks[0].filename or ""),
        workbooks[0].read(),
        tuple(SentFile(file.filename or "", file.read()) for file in attached),
    )


def verified(files: Uploaded) -> Verification:
    """The answer for these files, by what this service trusts now. Raises BusyError, TrustError."""
    here = context.service()
    return verify(
        here.engine,
        files.data,
        files.attachments,
        keys=here.config.stamp_keys,
        trust=here.trust.current(),
        policy=here.trust.policy(),
        now=context.now(),
    )


def may_see(found: Submission, account: Account | None, sight: Sight) -> bool:
    """Whether somebody may open the page of a submission."""
    try:
        seen = sight(found.as_at or day_in_vietnam(context.now()))
    except (NotAllowedError, SignInNeededError):
        return False
    return seen is None or found.unit_id in seen or (account is not None and account.id == found.account_id)
