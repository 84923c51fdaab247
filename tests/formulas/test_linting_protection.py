"""Owners take the protection of a sheet off to edit it; lint reminds them to put it back (C38)."""

from __future__ import annotations

import io

import openpyxl

from form_templates.compile import compile_template
from formulas.linting.linting import lint
from tests.form_templates.specimens import template
from workbooks.finding import Severity

FORM = "KTXH-09.T"


def unprotected() -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(template(FORM)))
    book[FORM].protection.sheet = False
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_form_left_unprotected_is_told_and_no_fault() -> None:
    found = lint(unprotected())

    assert [(one.code, one.severity, one.sheet) for one in found] == [("BS343", Severity.WARNING, FORM)]
    assert compile_template(unprotected()).form == FORM
    assert lint(template(FORM)) == ()
