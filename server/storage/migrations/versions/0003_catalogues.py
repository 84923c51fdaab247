"""Catalogues of indicators, units of measure, breakdowns, fields, areas and report groups."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, PrimaryKeyConstraint, Text, text

from server.storage.catalogues import insert_entries
from server.storage.guards import forbid_change
from server.storage.seeds import seed_entries
from server.storage.types import BIG, Day, Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One table for all catalogues, with the entries that come with the program."""
    op.create_table(
        "catalogue_entry",
        Column("id", BIG, nullable=False),
        Column("catalogue", Text(), nullable=False),
        Column("code", Text(), nullable=False),
        Column("name", Text(), nullable=False),
        Column("parent_code", Text(), nullable=True),
        Column("attributes", Text(), nullable=False),
        Column("valid_from", Day(), nullable=False),
        Column("valid_to", Day(), nullable=True),
        Column("recorded_at", Instant(), nullable=True),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_catalogue_entry_validity")),
        PrimaryKeyConstraint("id", name=op.f("pk_catalogue_entry")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_catalogue_entry_open",
        "catalogue_entry",
        ["catalogue", "code"],
        unique=True,
        sqlite_where=text("valid_to IS NULL"),
        postgresql_where=text("valid_to IS NULL"),
    )
    op.create_index(op.f("ix_catalogue_entry_catalogue_code"), "catalogue_entry", ["catalogue", "code"], unique=False)
    insert_entries(op.get_bind(), seed_entries())
    forbid_change("catalogue_entry", "what a catalogue said never changes", except_columns=("valid_to",))
