"""Verifying a workbook for whoever holds it, with or without an account. Nothing of it is stored."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from form_templates.stamp import Stamp
from server.services.verifying import Verification
from server.storage.submissions import Submission
from server.web import context
from server.web.verification import may_see, uploaded, verified

verifying = Blueprint("verifying", __name__)


@verifying.post("/verifications")
def verify() -> dict[str, Any]:
    """The verdict on a file, what it says of itself, and whether these very bytes were received here."""
    account = context.account_or_none()
    found = verified(uploaded())
    received = found.received
    shown = received is not None and may_see(received, account, lambda day: context.visible_to(account, day))
    return _told(found) | {"received": None if received is None else _received(received, shown=shown)}


def _told(found: Verification) -> dict[str, Any]:
    return {
        "result": found.result.value,
        "sentence": found.sentence,
        "sha256": found.sha256,
        "size": found.size,
        "verified_at": found.verified_at.isoformat(),
        "verdict": dict(found.verdict),
        "findings": [finding.to_dict() for finding in found.findings],
        "stamp": None if found.stamp is None else _stamp(found.stamp, ours=found.stamp_is_ours),
        "attachments": [one.to_dict() | {"state": state.value} for one, state in found.comparison.files],
        "unlisted": [one.to_dict() for one in found.comparison.unlisted],
    }


def _stamp(stamp: Stamp, *, ours: bool) -> dict[str, object]:
    return {
        "ours": ours,
        "kind": stamp.kind.value,
        "form": stamp.form,
        "version": stamp.version,
        "unit": stamp.unit,
        "unit_name": stamp.unit_name,
        "period": stamp.period,
        "serial": stamp.serial,
        "made_at": stamp.issued_at.isoformat(),
    }


def _received(found: Submission, *, shown: bool) -> dict[str, object]:
    """``address`` leads to the submission for those who may see it."""
    address = f"/api/v1/submissions/{found.id}" if shown else None
    return {
        "id": found.id,
        "status": found.status,
        "received_at": found.received_at.isoformat(),
        "address": address,
    }
