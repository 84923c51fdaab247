"""What officers wrote about the warnings of their workbooks."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Findings of earlier submissions keep NULL: nobody was asked then."""
    op.add_column("finding", Column("explanation", Text()))
