"""Attachments, the end of a signer's right with its reason, more kinds of evidence, and the stamps of the archive."""

from __future__ import annotations

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, PrimaryKeyConstraint, Text, UniqueConstraint

from server.storage.guards import forbid_change
from server.storage.types import BIG, Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('certificate', 'crl', 'ocsp', 'time-stamp')"


def upgrade() -> None:
    """Evidence of earlier submissions keeps its kinds; nothing that was stored changes its meaning."""
    op.add_column("signer", Column("end_reason", Text()))
    _widen_evidence()
    _make_attachments()
    _make_archive()


def _widen_evidence() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_evidence_kind"), "evidence", type_="check")
        op.create_check_constraint(op.f("ck_evidence_kind"), "evidence", _KINDS)
        return
    # SQLite cannot change a constraint: the rows move to a table that has the new one. Nothing refers to them.
    op.rename_table("evidence", "evidence_before")
    op.create_table(
        "evidence",
        Column("submission_id", BIG, nullable=False),
        Column("kind", Text(), nullable=False),
        Column("blob_sha256", Text(), nullable=False),
        CheckConstraint(_KINDS, name=op.f("ck_evidence_kind")),
        ForeignKeyConstraint(["blob_sha256"], ["blob.sha256"], name=op.f("fk_evidence_blob_sha256")),
        ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_evidence_submission_id")),
        PrimaryKeyConstraint("submission_id", "kind", "blob_sha256", name=op.f("pk_evidence")),
        sqlite_strict=True,
    )
    op.execute("INSERT INTO evidence SELECT submission_id, kind, blob_sha256 FROM evidence_before")
    op.drop_table("evidence_before")


def _make_attachments() -> None:
    op.create_table(
        "attachment",
        Column("submission_id", BIG, autoincrement=False, nullable=False),
        Column("number", BIG, autoincrement=False, nullable=False),
        Column("name", Text(), nullable=False),
        Column("blob_sha256", Text(), nullable=False),
        ForeignKeyConstraint(["blob_sha256"], ["blob.sha256"], name=op.f("fk_attachment_blob_sha256")),
        ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_attachment_submission_id")),
        PrimaryKeyConstraint("submission_id", "number", name=op.f("pk_attachment")),
        sqlite_strict=True,
    )
    forbid_change("attachment", "what was sent never changes", on=("UPDATE",))


def _make_archive() -> None:
    op.create_table(
        "archive_stamp",
        Column("id", BIG, nullable=False),
        Column("kind", Text(), nullable=False),
        Column("stamped_at", Instant(), nullable=False),
        Column("good_until", Instant(), nullable=False),
        Column("authority", Text(), nullable=False),
        Column("digest", Text(), nullable=False),
        Column("manifest_sha256", Text(), nullable=False),
        Column("token_sha256", Text(), nullable=False),
        CheckConstraint("kind IN ('first', 'renewal')", name=op.f("ck_archive_stamp_kind")),
        ForeignKeyConstraint(["manifest_sha256"], ["blob.sha256"], name=op.f("fk_archive_stamp_manifest_sha256")),
        ForeignKeyConstraint(["token_sha256"], ["blob.sha256"], name=op.f("fk_archive_stamp_token_sha256")),
        PrimaryKeyConstraint("id", name=op.f("pk_archive_stamp")),
        UniqueConstraint("manifest_sha256", name=op.f("uq_archive_stamp_manifest_sha256")),
        sqlite_strict=True,
    )
    op.create_table(
        "archive_cover",
        Column("submission_id", BIG, autoincrement=False, nullable=False),
        Column("archive_stamp_id", BIG, autoincrement=False, nullable=False),
        ForeignKeyConstraint(
            ["archive_stamp_id"], ["archive_stamp.id"], name=op.f("fk_archive_cover_archive_stamp_id")
        ),
        ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_archive_cover_submission_id")),
        PrimaryKeyConstraint("submission_id", "archive_stamp_id", name=op.f("pk_archive_cover")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "archive_evidence",
        Column("archive_stamp_id", BIG, autoincrement=False, nullable=False),
        Column("kind", Text(), nullable=False),
        Column("blob_sha256", Text(), nullable=False),
        CheckConstraint("kind IN ('certificate', 'crl', 'ocsp')", name=op.f("ck_archive_evidence_kind")),
        ForeignKeyConstraint(
            ["archive_stamp_id"], ["archive_stamp.id"], name=op.f("fk_archive_evidence_archive_stamp_id")
        ),
        ForeignKeyConstraint(["blob_sha256"], ["blob.sha256"], name=op.f("fk_archive_evidence_blob_sha256")),
        PrimaryKeyConstraint("archive_stamp_id", "kind", "blob_sha256", name=op.f("pk_archive_evidence")),
        sqlite_strict=True,
    )
    forbid_change("evidence", "what a verdict rests on never changes")
    # Only that it gave way to a newer one is ever written to a submission.
    forbid_change("submission", "what was received never changes", on=("UPDATE",), except_columns=("status",))
    for table in ("archive_stamp", "archive_cover", "archive_evidence"):
        forbid_change(table, "the archive is append-only")
