"""Column types that mean the same on SQLite (STRICT tables) and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

from sqlalchemy import BigInteger, Date, DateTime, Integer, SmallInteger, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DataError
from sqlalchemy.types import TypeDecorator, TypeEngine

# SQLite's STRICT tables know INTEGER only; it holds 64 bits there.
BIG = BigInteger().with_variant(Integer(), "sqlite")
SMALL = SmallInteger().with_variant(Integer(), "sqlite")


@contextmanager
def fetching() -> Iterator[None]:
    """Around fetching rows that somebody may have changed by hand: a moment that is none is told alike by all engines.

    Raises:
        ValueError: SQLite takes any text for one; those of PostgreSQL begin before Python's and never end.
    """
    try:
        yield
    except DataError as problem:
        raise ValueError("a row holds what cannot be read") from problem


class Instant(TypeDecorator[datetime]):
    """An aware moment, kept in UTC to the microsecond; on SQLite as text of fixed width, which sorts as time does."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime] | TypeEngine[str]:
        """PostgreSQL keeps its own type."""
        return DateTime(timezone=True) if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """Refuses a naive moment: it would mean another time on another machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs its time zone: {value!r}")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.isoformat(timespec="microseconds")

    def process_result_value(self, value: datetime | str | None, dialect: Dialect) -> datetime | None:
        """Always aware, always UTC."""
        if value is None:
            return None
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return moment.astimezone(UTC)


class Day(TypeDecorator[date]):
    """A calendar day; ISO text on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[date] | TypeEngine[str]:
        """PostgreSQL keeps its own type."""
        return Date() if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: date | None, dialect: Dialect) -> date | str | None:
        """ISO text where the database has no type for days."""
        if value is None or dialect.name == "postgresql":
            return value
        return value.isoformat()

    def process_result_value(self, value: date | str | None, dialect: Dialect) -> date | None:
        """A date again."""
        return date.fromisoformat(value) if isinstance(value, str) else value
