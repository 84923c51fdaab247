"""Data files that change by decree, not by code (decision 15). Their provenance is in README.md."""
