"""Whether the service is up, and what it can do."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from flask import Blueprint
from sqlalchemy import text

from server.storage.engine import reading
from server.storage.schema import current, head
from server.web import context
from server.web.api.openapi import DOCUMENT

health = Blueprint("health", __name__)


@health.get("/health")
def is_up() -> tuple[dict[str, Any], int]:
    """200 where the database answers and has the schema of this program, else 503."""
    engine = context.service().engine
    with reading(engine) as connection:
        connection.execute(text("SELECT 1"))
    up_to_date = current(engine) == head()
    state = {"status": "ok" if up_to_date else "schema", "version": version("bieuso"), "database": engine.dialect.name}
    return state, 200 if up_to_date else 503


@health.get("/openapi.json")
def openapi() -> dict[str, Any]:
    """The description of this API."""
    return DOCUMENT
