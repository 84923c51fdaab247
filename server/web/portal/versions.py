"""Pages of form versions: where each stands today, and the template workbooks."""

from __future__ import annotations

import json
from typing import Final

from flask import Response, render_template

from form_templates.changes import Subject
from server.errors import SignInNeededError
from server.services import drafting, lifecycle, publishing
from server.services.lifecycle import STATE_TEXTS, State
from server.services.rights import owns_templates, require_template_owner
from server.web import context
from server.web.portal import visitors
from server.web.portal.pages import attachment, portal, safe_name
from workbooks.package import MEDIA_TYPE

_LOOKS: Final = {
    State.DRAFT: "superseded",
    State.ISSUED: "superseded",
    State.EFFECTIVE: "accepted",
    State.REPLACED: "waiting",
    State.WITHDRAWN: "refused",
}


@portal.get("/bieu-mau")
def versions() -> str:
    """Every form with all its versions; drafts for those who own templates."""
    today = visitors.today()
    own = owns_templates(visitors.visitor())
    found = lifecycle.families(context.service().engine, today, with_drafts=own)
    faults = {(one.form, one.version): json.loads(one.findings) for family in found for one in family.drafts}
    return render_template(
        "versions.html", families=found, faults=faults, looks=_LOOKS, texts=STATE_TEXTS, State=State, today=today
    )


@portal.get("/bieu-mau/<code:form>/<code:version>/mau")
def template(form: str, version: str) -> Response:
    """The template workbook as it was published."""
    data = publishing.template_of(context.service().engine, form, version)
    return attachment(data, safe_name(form, "phien-ban", version) + ".xlsx", MEDIA_TYPE)


@portal.get("/bieu-mau/<code:form>/<code:version>/so-sanh")
def version_changes(form: str, version: str) -> str:
    """What a version changed, in words."""
    found = lifecycle.changes_since_before(context.service().engine, form, version)
    groups = [(subject.value, [one for one in found.changes if one.subject is subject]) for subject in Subject]
    return render_template("version_changes.html", diff=found, groups=[one for one in groups if one[1]])


@portal.get("/bieu-mau/<code:form>/<code:version>/nhap")
def draft(form: str, version: str) -> Response:
    """The workbook of a draft, for those who own templates."""
    account = visitors.visitor()
    if account is None:
        raise SignInNeededError("Cần đăng nhập.", "Đăng nhập rồi thử lại.")
    require_template_owner(account)
    data = drafting.draft_template(context.service().engine, form, version)
    return attachment(data, safe_name(form, "nhap", version) + ".xlsx", MEDIA_TYPE)
