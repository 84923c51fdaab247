"""Report forms, which are assembled from the figures of input forms."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint, Text, UniqueConstraint

from server.storage.guards import forbid_change
from server.storage.types import BIG, Day, Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the registry of report forms; like a form version, a published one never changes."""
    op.create_table(
        "report_form",
        Column("id", BIG, nullable=False),
        Column("report", Text(), nullable=False),
        Column("version", Text(), nullable=False),
        Column("title", Text(), nullable=False),
        Column("model", Text(), nullable=False),
        Column("digest", Text(), nullable=False),
        Column("template_sha256", Text(), nullable=False),
        Column("decision", Text(), nullable=False),
        Column("decided_on", Day()),
        Column("effective_from", Day(), nullable=False),
        Column("published_at", Instant(), nullable=False),
        ForeignKeyConstraint(["template_sha256"], ["blob.sha256"], name=op.f("fk_report_form_template_sha256")),
        PrimaryKeyConstraint("id", name=op.f("pk_report_form")),
        UniqueConstraint("report", "version", name=op.f("uq_report_form_report_version")),
        sqlite_strict=True,
    )
    forbid_change("report_form", "a published report form never changes")
