"""The tables, as they stand after the newest migration (a test holds the two equal on both databases).

Facts are narrow: ``fact(submission, cell, value)``; everything else about a fact is a join (decision 9). Values are
integers scaled by 10**decimals of their cell (decision 10): no floats and no Numeric anywhere.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, MetaData, Table, Text, UniqueConstraint

from server.storage.types import BIG, SMALL, Day, Instant

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# A bare code is ambiguous: 3,316 of the 3,321 communes of 1 July 2025 reuse an older code. ``valid_to`` is the first
# day on which the unit is no longer there. The parent is named by code and resolved at a date.
ORG_UNIT = Table(
    "org_unit",
    METADATA,
    Column("id", BIG, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("parent_code", Text),
    Column("valid_from", Day, nullable=False),
    Column("valid_to", Day),
    UniqueConstraint("code", "valid_from"),
    CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
    Index(None, "parent_code"),
    sqlite_strict=True,
)

BLOB = Table(
    "blob",
    METADATA,
    Column("sha256", Text, primary_key=True),
    Column("size", BIG, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    sqlite_strict=True,
)

FORM_VERSION = Table(
    "form_version",
    METADATA,
    Column("id", BIG, primary_key=True),
    Column("form", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("template_sha256", Text, ForeignKey("blob.sha256"), nullable=False),
    Column("decision", Text, nullable=False),
    Column("decided_on", Day),
    Column("effective_from", Day, nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("status", Text, nullable=False),  # "withdrawn" as soon as a withdrawal is recorded, from whatever day on
    Column("withdrawn_from", Day),
    Column("withdrawal_reason", Text),
    UniqueConstraint("form", "version"),
    CheckConstraint("status IN ('issued', 'withdrawn')", name="status"),
    sqlite_strict=True,
)

# What an owner is still working on: replaced and deleted freely, so its bytes stand here and not among the blobs.
# ``findings`` is what was wrong with it when it was saved, as JSON.
FORM_DRAFT = Table(
    "form_draft",
    METADATA,
    Column("id", BIG, primary_key=True),
    Column("form", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("template", LargeBinary, nullable=False),
    Column("template_sha256", Text, nullable=False),
    Column("findings", Text, nullable=False),
    Column("saved_at", Instant, nullable=False),
    Column("saved_by", Text, nullable=False),
    Index("uq_form_draft_form_version", "form", "version", unique=True),
    sqlite_strict=True,
)

CELL = Table(
    "cell",
    METADATA,
    Column("id", BIG, primary_key=True),
    Column("form_version_id", BIG, ForeignKey("form_version.id"), nullable=False),
    Column("table_code", Text, nullable=False),
    Column("row_code", Text, nullable=False),  # "03", or "02*#29551" for a member row of a region
    Column("column_code", Text, nullable=False),
    Column("decimals", SMALL, nullable=False),
    Column("aggregation", Text, nullable=False),
    UniqueConstraint("form_version_id", "table_code", "row_code", "column_code"),
    CheckConstraint("aggregation IN ('sum', 'formula', 'none')", name="aggregation"),
    sqlite_strict=True,
)

ACCOUNT = Table(
    "account",
    METADATA,
    Column("id", BIG, primary_key=True),
    Column("username", Text, nullable=False, unique=True),
    Column("full_name", Text, nullable=False),
    Column("password", Text, nullable=False),
    Column("unit_id", BIG, ForeignKey("org_unit.id"), nullable=False),
    Column("roles", Text, nullable=False),  # role names parted by a space, sorted
    Column("active", SMALL, nullable=False),
    Column("created_at", Instant, nullable=False),
    sqlite_strict=True,
)

SESSION = Table(
    "session",
    METADATA,
    Column("token_sha256", Text, primary_key=True),
    Column("account_id", BIG, ForeignKey("account.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index(None, "account_id"),
    Index(None, "expires_at"),
    sqlite_strict=True,
)

LOGIN_FAILURE = Table(
    "login_failure",
    METADATA,
    Column("id", BIG, primary_key=True),
    Column("username", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "username", "at"),
    Index(None, "address", "at"),
    sqlite_strict=True,
)

SIGNER = Table(
    "signer",
    METADATA,
    Column("id", BIG, primary_key=True),
    Column("unit_id", BIG, ForeignKey("org_unit.id"), nullable=False),
    Column("certificate_sha256", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("valid_from", Day, nullable=False),
    Column("valid_to", Day),
    Column("end_reason", Text),  # why the right ended on "valid_to": replaced, revoked, left; NULL where it did not
    UniqueConstraint("unit_id", "certificate_sha256", "valid_from"),
    Index(None, "certificate_sha256"),
    sqlite_strict=True,
)

# What was handed out: the same form, unit and period always get the same serial and time of issue, so that the
# workbook can be fetched again and be the same.
ISSUE = Table(
    "issue",
    METADATA,
    Column("form_version_id", BIG, ForeignKey("form_version.id"), primary_key=True, autoincrement=False),
    Column("unit_id", BIG, ForeignKey("org_unit.id"), primary_key=True, autoincrement=False),
    Column("period", Text, primary_key=True),
    Column("serial", Text, nullable=False, unique=True),
    Column("issued_at", Instant, nullable=False),
    sqlite_strict=True,
)

# Form, unit and period stay empty where a refused file did not say them. Source "history" marks figures imported
# from predecessor systems (QĐ 864/QĐ-UBND Trà Vinh, Đ7.1: kế thừa); they were not sent and carry no signature.
SUBMISSION = Table(
    "submission",
    METADATA,
    Column("id", BIG, primary_key=True),
    Column("form_version_id", BIG, ForeignKey("form_version.id")),
    Column("form", Text),
    Column("unit_id", BIG, ForeignKey("org_unit.id")),
    Column("period", Text),
    Column("as_at", Day),  # last day of the period: units and their parents are those of that day
    Column("revision", BIG, nullable=False),
    Column("status", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("blob_sha256", Text, ForeignKey("blob.sha256"), nullable=False),
    Column("account_id", BIG, ForeignKey("account.id")),
    Column("idempotency_key", Text),
    Column("signer", Text, nullable=False),
    Column("certificate_sha256", Text, nullable=False),
    Column("signed_at", Instant),
    Column("verdict", Text),
    Column("outcome", Text, nullable=False),  # SHA-256 over findings and verdict: equal refusals are stored once
    CheckConstraint("status IN ('accepted', 'refused', 'superseded')", name="status"),
    CheckConstraint("source IN ('workbook', 'history')", name="source"),
    CheckConstraint(
        "status = 'refused' OR (form_version_id IS NOT NULL AND form IS NOT NULL"
        " AND unit_id IS NOT NULL AND period IS NOT NULL AND as_at IS NOT NULL)",
        name="belongs",
    ),
    sqlite_strict=True,
)
Index(
    "uq_submission_current",
    SUBMISSION.c.form,
    SUBMISSION.c.unit_id,
    SUBMISSION.c.period,
    unique=True,
    sqlite_where=SUBMISSION.c.status == "accepted",
    postgresql_where=SUBMISSION.c.status == "accepted",
)
Index(
    "uq_submission_idempotency",
    SUBMISSION.c.account_id,
    SUBMISSION.c.idempotency_key,
    unique=True,
    sqlite_where=SUBMISSION.c.idempotency_key.is_not(None),
    postgresql_where=SUBMISSION.c.idempotency_key.is_not(None),
)
Index("ix_submission_blob", SUBMISSION.c.blob_sha256)
Index("ix_submission_form_period", SUBMISSION.c.form, SUBMISSION.c.period)
Index("ix_submission_unit", SUBMISSION.c.unit_id, SUBMISSION.c.period)

FINDING = Table(
    "finding",
    METADATA,
    Column("submission_id", BIG, ForeignKey("submission.id"), primary_key=True, autoincrement=False),
    Column("number", BIG, primary_key=True, autoincrement=False),
    Column("code", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("sheet", Text, nullable=False),
    Column("cell", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("explanation", Text),  # what the officer wrote about a warning; NULL where nobody asked
    sqlite_strict=True,
)

# What a verdict rests on: certificates, answers on revocation, time stamps, kept so that it can be given again years
# later (TT 41/2017/TT-BTTTT, Đ9). The bytes are blobs: one list serves many submissions.
EVIDENCE = Table(
    "evidence",
    METADATA,
    Column("submission_id", BIG, ForeignKey("submission.id"), primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("blob_sha256", Text, ForeignKey("blob.sha256"), primary_key=True),
    CheckConstraint("kind IN ('certificate', 'crl', 'ocsp', 'time-stamp')", name="kind"),
    sqlite_strict=True,
)

# Narratives and other files that came with a workbook; their names and SHA-256 stand in the signed workbook (C57).
ATTACHMENT = Table(
    "attachment",
    METADATA,
    Column("submission_id", BIG, ForeignKey("submission.id"), primary_key=True, autoincrement=False),
    Column("number", BIG, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("blob_sha256", Text, ForeignKey("blob.sha256"), nullable=False),
    sqlite_strict=True,
)

# A time stamp over a list of what was kept: files, evidence, verdicts and earlier stamps by their digests (V05).
# ``good_until`` is the end of its authority's certificate; before that a renewal covers everything anew.
ARCHIVE_STAMP = Table(
    "archive_stamp",
    METADATA,
    Column("id", BIG, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("stamped_at", Instant, nullable=False),
    Column("good_until", Instant, nullable=False),
    Column("authority", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("manifest_sha256", Text, ForeignKey("blob.sha256"), nullable=False, unique=True),
    Column("token_sha256", Text, ForeignKey("blob.sha256"), nullable=False),
    CheckConstraint("kind IN ('first', 'renewal')", name="kind"),
    sqlite_strict=True,
)

ARCHIVE_COVER = Table(
    "archive_cover",
    METADATA,
    Column("submission_id", BIG, ForeignKey("submission.id"), primary_key=True, autoincrement=False),
    Column("archive_stamp_id", BIG, ForeignKey("archive_stamp.id"), primary_key=True, autoincrement=False),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

# What the stamp's own authority is judged by.
ARCHIVE_EVIDENCE = Table(
    "archive_evidence",
    METADATA,
    Column("archive_stamp_id", BIG, ForeignKey("archive_stamp.id"), primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("blob_sha256", Text, ForeignKey("blob.sha256"), primary_key=True),
    CheckConstraint("kind IN ('certificate', 'crl', 'ocsp')", name="kind"),
    sqlite_strict=True,
)

# ``state`` is FactState; ``value`` is there for numbers only. ``at_row``, ``at_column`` say where in the signed
# workbook the value stands (0 for imported history).
FACT = Table(
    "fact",
    METADATA,
    Column("submission_id", BIG, ForeignKey("submission.id"), primary_key=True, autoincrement=False),
    Column("cell_id", BIG, ForeignKey("cell.id"), primary_key=True, autoincrement=False),
    Column("state", SMALL, nullable=False),
    Column("value", BIG),
    Column("at_row", BIG, nullable=False),
    Column("at_column", BIG, nullable=False),
    CheckConstraint("(state = 0) = (value IS NOT NULL)", name="value"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

# Kept totals: the sum over the accepted submissions of all units below ``unit_id``; ``numbers`` counts the addends,
# so that "nobody reported a number" stays apart from zero.
TOTAL = Table(
    "total",
    METADATA,
    Column("unit_id", BIG, ForeignKey("org_unit.id"), primary_key=True, autoincrement=False),
    Column("period", Text, primary_key=True),
    Column("cell_id", BIG, ForeignKey("cell.id"), primary_key=True, autoincrement=False),
    Column("value", BIG, nullable=False),
    Column("numbers", BIG, nullable=False),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

AUDIT_EVENT = Table(
    "audit_event",
    METADATA,
    Column("id", BIG, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("action", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    sqlite_strict=True,
)

# One table for all catalogues. A row is what an entry says from ``valid_from`` on, before ``valid_to``; a row of no
# days was replaced before it took effect. The parent is named by code and resolved at a date, as with units.
CATALOGUE_ENTRY = Table(
    "catalogue_entry",
    METADATA,
    Column("id", BIG, primary_key=True),
    Column("catalogue", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("parent_code", Text),
    Column("attributes", Text, nullable=False),  # JSON object of texts
    Column("valid_from", Day, nullable=False),
    Column("valid_to", Day),
    Column("recorded_at", Instant),  # NULL for what came with the program
    CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="validity"),
    Index(None, "catalogue", "code"),
    sqlite_strict=True,
)
Index(
    "uq_catalogue_entry_open",
    CATALOGUE_ENTRY.c.catalogue,
    CATALOGUE_ENTRY.c.code,
    unique=True,
    sqlite_where=CATALOGUE_ENTRY.c.valid_to.is_(None),
    postgresql_where=CATALOGUE_ENTRY.c.valid_to.is_(None),
)

# Report forms are no form versions: nothing is issued, sent or stored under them (V28).
REPORT_FORM = Table(
    "report_form",
    METADATA,
    Column("id", BIG, primary_key=True),
    Column("report", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("template_sha256", Text, ForeignKey("blob.sha256"), nullable=False),
    Column("decision", Text, nullable=False),
    Column("decided_on", Day),
    Column("effective_from", Day, nullable=False),
    Column("published_at", Instant, nullable=False),
    UniqueConstraint("report", "version"),
    sqlite_strict=True,
)
