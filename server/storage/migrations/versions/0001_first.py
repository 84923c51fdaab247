"""The first schema."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)

from server.storage.guards import forbid_change
from server.storage.types import BIG, SMALL, Day, Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes all tables, and the triggers that keep what must not change."""
    _tables()
    forbid_change("audit_event", "the audit log is append-only")
    forbid_change("blob", "stored bytes never change", on=("UPDATE",))
    forbid_change("fact", "facts never change", on=("UPDATE",))
    forbid_change("form_version", "a published form version never changes", except_columns=("status",))


def _tables() -> None:
    op.create_table(
        "audit_event",
        Column("id", BIG, autoincrement=False, nullable=False),
        Column("at", Instant(), nullable=False),
        Column("action", Text(), nullable=False),
        Column("actor", Text(), nullable=False),
        Column("subject", Text(), nullable=False),
        Column("details", Text(), nullable=False),
        Column("previous", Text(), nullable=False),
        Column("hash", Text(), nullable=False),
        PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
        sqlite_strict=True,
    )
    op.create_table(
        "blob",
        Column("sha256", Text(), nullable=False),
        Column("size", BIG, nullable=False),
        Column("bytes", LargeBinary(), nullable=False),
        PrimaryKeyConstraint("sha256", name=op.f("pk_blob")),
        sqlite_strict=True,
    )
    op.create_table(
        "login_failure",
        Column("id", BIG, nullable=False),
        Column("username", Text(), nullable=False),
        Column("address", Text(), nullable=False),
        Column("at", Instant(), nullable=False),
        PrimaryKeyConstraint("id", name=op.f("pk_login_failure")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_login_failure_username_at"), "login_failure", ["username", "at"], unique=False)
    op.create_index(op.f("ix_login_failure_address_at"), "login_failure", ["address", "at"], unique=False)
    op.create_table(
        "org_unit",
        Column("id", BIG, nullable=False),
        Column("code", Text(), nullable=False),
        Column("name", Text(), nullable=False),
        Column("kind", Text(), nullable=False),
        Column("parent_code", Text(), nullable=True),
        Column("valid_from", Day(), nullable=False),
        Column("valid_to", Day(), nullable=True),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_org_unit_validity")),
        PrimaryKeyConstraint("id", name=op.f("pk_org_unit")),
        UniqueConstraint("code", "valid_from", name=op.f("uq_org_unit_code_valid_from")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_org_unit_parent_code"), "org_unit", ["parent_code"], unique=False)
    op.create_table(
        "account",
        Column("id", BIG, nullable=False),
        Column("username", Text(), nullable=False),
        Column("full_name", Text(), nullable=False),
        Column("password", Text(), nullable=False),
        Column("unit_id", BIG, nullable=False),
        Column("roles", Text(), nullable=False),
        Column("active", SMALL, nullable=False),
        Column("created_at", Instant(), nullable=False),
        ForeignKeyConstraint(["unit_id"], ["org_unit.id"], name=op.f("fk_account_unit_id")),
        PrimaryKeyConstraint("id", name=op.f("pk_account")),
        UniqueConstraint("username", name=op.f("uq_account_username")),
        sqlite_strict=True,
    )
    op.create_table(
        "form_version",
        Column("id", BIG, nullable=False),
        Column("form", Text(), nullable=False),
        Column("version", Text(), nullable=False),
        Column("title", Text(), nullable=False),
        Column("model", Text(), nullable=False),
        Column("digest", Text(), nullable=False),
        Column("template_sha256", Text(), nullable=False),
        Column("decision", Text(), nullable=False),
        Column("decided_on", Day(), nullable=True),
        Column("effective_from", Day(), nullable=False),
        Column("published_at", Instant(), nullable=False),
        Column("status", Text(), nullable=False),
        CheckConstraint("status IN ('issued', 'withdrawn')", name=op.f("ck_form_version_status")),
        ForeignKeyConstraint(["template_sha256"], ["blob.sha256"], name=op.f("fk_form_version_template_sha256")),
        PrimaryKeyConstraint("id", name=op.f("pk_form_version")),
        UniqueConstraint("form", "version", name=op.f("uq_form_version_form_version")),
        sqlite_strict=True,
    )
    op.create_table(
        "signer",
        Column("id", BIG, nullable=False),
        Column("unit_id", BIG, nullable=False),
        Column("certificate_sha256", Text(), nullable=False),
        Column("name", Text(), nullable=False),
        Column("role", Text(), nullable=False),
        Column("valid_from", Day(), nullable=False),
        Column("valid_to", Day(), nullable=True),
        ForeignKeyConstraint(["unit_id"], ["org_unit.id"], name=op.f("fk_signer_unit_id")),
        PrimaryKeyConstraint("id", name=op.f("pk_signer")),
        UniqueConstraint(
            "unit_id", "certificate_sha256", "valid_from", name=op.f("uq_signer_unit_id_certificate_sha256_valid_from")
        ),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_signer_certificate_sha256"), "signer", ["certificate_sha256"], unique=False)
    op.create_table(
        "cell",
        Column("id", BIG, nullable=False),
        Column("form_version_id", BIG, nullable=False),
        Column("table_code", Text(), nullable=False),
        Column("row_code", Text(), nullable=False),
        Column("column_code", Text(), nullable=False),
        Column("decimals", SMALL, nullable=False),
        Column("aggregation", Text(), nullable=False),
        CheckConstraint("aggregation IN ('sum', 'formula', 'none')", name=op.f("ck_cell_aggregation")),
        ForeignKeyConstraint(["form_version_id"], ["form_version.id"], name=op.f("fk_cell_form_version_id")),
        PrimaryKeyConstraint("id", name=op.f("pk_cell")),
        UniqueConstraint(
            "form_version_id",
            "table_code",
            "row_code",
            "column_code",
            name=op.f("uq_cell_form_version_id_table_code_row_code_column_code"),
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "issue",
        Column("form_version_id", BIG, autoincrement=False, nullable=False),
        Column("unit_id", BIG, autoincrement=False, nullable=False),
        Column("period", Text(), nullable=False),
        Column("serial", Text(), nullable=False),
        Column("issued_at", Instant(), nullable=False),
        ForeignKeyConstraint(["form_version_id"], ["form_version.id"], name=op.f("fk_issue_form_version_id")),
        ForeignKeyConstraint(["unit_id"], ["org_unit.id"], name=op.f("fk_issue_unit_id")),
        PrimaryKeyConstraint("form_version_id", "unit_id", "period", name=op.f("pk_issue")),
        UniqueConstraint("serial", name=op.f("uq_issue_serial")),
        sqlite_strict=True,
    )
    op.create_table(
        "session",
        Column("token_sha256", Text(), nullable=False),
        Column("account_id", BIG, nullable=False),
        Column("created_at", Instant(), nullable=False),
        Column("expires_at", Instant(), nullable=False),
        ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_session_account_id")),
        PrimaryKeyConstraint("token_sha256", name=op.f("pk_session")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_session_account_id"), "session", ["account_id"], unique=False)
    op.create_index(op.f("ix_session_expires_at"), "session", ["expires_at"], unique=False)
    op.create_table(
        "submission",
        Column("id", BIG, nullable=False),
        Column("form_version_id", BIG, nullable=True),
        Column("form", Text(), nullable=True),
        Column("unit_id", BIG, nullable=True),
        Column("period", Text(), nullable=True),
        Column("as_at", Day(), nullable=True),
        Column("revision", BIG, nullable=False),
        Column("status", Text(), nullable=False),
        Column("source", Text(), nullable=False),
        Column("received_at", Instant(), nullable=False),
        Column("blob_sha256", Text(), nullable=False),
        Column("account_id", BIG, nullable=True),
        Column("idempotency_key", Text(), nullable=True),
        Column("signer", Text(), nullable=False),
        Column("certificate_sha256", Text(), nullable=False),
        Column("signed_at", Instant(), nullable=True),
        Column("verdict", Text(), nullable=True),
        Column("outcome", Text(), nullable=False),
        CheckConstraint("source IN ('workbook', 'history')", name=op.f("ck_submission_source")),
        CheckConstraint(
            "status = 'refused' OR (form_version_id IS NOT NULL AND form IS NOT NULL"
            " AND unit_id IS NOT NULL AND period IS NOT NULL AND as_at IS NOT NULL)",
            name=op.f("ck_submission_belongs"),
        ),
        CheckConstraint("status IN ('accepted', 'refused', 'superseded')", name=op.f("ck_submission_status")),
        ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_submission_account_id")),
        ForeignKeyConstraint(["blob_sha256"], ["blob.sha256"], name=op.f("fk_submission_blob_sha256")),
        ForeignKeyConstraint(["form_version_id"], ["form_version.id"], name=op.f("fk_submission_form_version_id")),
        ForeignKeyConstraint(["unit_id"], ["org_unit.id"], name=op.f("fk_submission_unit_id")),
        PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sqlite_strict=True,
    )
    op.create_index("ix_submission_blob", "submission", ["blob_sha256"], unique=False)
    op.create_index("ix_submission_form_period", "submission", ["form", "period"], unique=False)
    op.create_index("ix_submission_unit", "submission", ["unit_id", "period"], unique=False)
    op.create_index(
        "uq_submission_current",
        "submission",
        ["form", "unit_id", "period"],
        unique=True,
        sqlite_where=text("status = 'accepted'"),
        postgresql_where=text("status = 'accepted'"),
    )
    op.create_index(
        "uq_submission_idempotency",
        "submission",
        ["account_id", "idempotency_key"],
        unique=True,
        sqlite_where=text("idempotency_key IS NOT NULL"),
        postgresql_where=text("idempotency_key IS NOT NULL"),
    )
    op.create_table(
        "evidence",
        Column("submission_id", BIG, autoincrement=False, nullable=False),
        Column("kind", Text(), nullable=False),
        Column("blob_sha256", Text(), nullable=False),
        CheckConstraint("kind IN ('certificate', 'crl')", name=op.f("ck_evidence_kind")),
        ForeignKeyConstraint(["blob_sha256"], ["blob.sha256"], name=op.f("fk_evidence_blob_sha256")),
        ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_evidence_submission_id")),
        PrimaryKeyConstraint("submission_id", "kind", "blob_sha256", name=op.f("pk_evidence")),
        sqlite_strict=True,
    )
    op.create_table(
        "fact",
        Column("submission_id", BIG, autoincrement=False, nullable=False),
        Column("cell_id", BIG, autoincrement=False, nullable=False),
        Column("state", SMALL, nullable=False),
        Column("value", BIG, nullable=True),
        Column("at_row", BIG, nullable=False),
        Column("at_column", BIG, nullable=False),
        CheckConstraint("(state = 0) = (value IS NOT NULL)", name=op.f("ck_fact_value")),
        ForeignKeyConstraint(["cell_id"], ["cell.id"], name=op.f("fk_fact_cell_id")),
        ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_fact_submission_id")),
        PrimaryKeyConstraint("submission_id", "cell_id", name=op.f("pk_fact")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "finding",
        Column("submission_id", BIG, autoincrement=False, nullable=False),
        Column("number", BIG, autoincrement=False, nullable=False),
        Column("code", Text(), nullable=False),
        Column("severity", Text(), nullable=False),
        Column("message", Text(), nullable=False),
        Column("remedy", Text(), nullable=False),
        Column("sheet", Text(), nullable=False),
        Column("cell", Text(), nullable=False),
        Column("part", Text(), nullable=False),
        ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_finding_submission_id")),
        PrimaryKeyConstraint("submission_id", "number", name=op.f("pk_finding")),
        sqlite_strict=True,
    )
    op.create_table(
        "total",
        Column("unit_id", BIG, autoincrement=False, nullable=False),
        Column("period", Text(), nullable=False),
        Column("cell_id", BIG, autoincrement=False, nullable=False),
        Column("value", BIG, nullable=False),
        Column("numbers", BIG, nullable=False),
        ForeignKeyConstraint(["cell_id"], ["cell.id"], name=op.f("fk_total_cell_id")),
        ForeignKeyConstraint(["unit_id"], ["org_unit.id"], name=op.f("fk_total_unit_id")),
        PrimaryKeyConstraint("unit_id", "period", "cell_id", name=op.f("pk_total")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
