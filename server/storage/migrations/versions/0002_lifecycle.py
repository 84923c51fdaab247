"""The life of a form version: drafts, dates of withdrawal."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, LargeBinary, PrimaryKeyConstraint, Text

from server.storage.types import BIG, Day, Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drafts beside the registry; a withdrawal gets the day it takes effect and its reason.

    The triggers of the first migration name the columns that never change; these two are not among them.
    """
    op.add_column("form_version", Column("withdrawn_from", Day()))
    op.add_column("form_version", Column("withdrawal_reason", Text()))
    # A version that was withdrawn before was used for no period any more.
    op.execute(
        "UPDATE form_version SET withdrawn_from = effective_from, withdrawal_reason = '' WHERE status = 'withdrawn'"
    )
    op.create_table(
        "form_draft",
        Column("id", BIG, nullable=False),
        Column("form", Text(), nullable=False),
        Column("version", Text(), nullable=False),
        Column("title", Text(), nullable=False),
        Column("template", LargeBinary(), nullable=False),
        Column("template_sha256", Text(), nullable=False),
        Column("findings", Text(), nullable=False),
        Column("saved_at", Instant(), nullable=False),
        Column("saved_by", Text(), nullable=False),
        PrimaryKeyConstraint("id", name=op.f("pk_form_draft")),
        sqlite_strict=True,
    )
    op.create_index(op.f("uq_form_draft_form_version"), "form_draft", ["form", "version"], unique=True)
