"""Migrations of the schema, oldest first. A migration that was released is never edited."""
