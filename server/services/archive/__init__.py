"""The archive: signed originals and what their verdicts rest on, provable for decades by renewed time stamps (V05)."""
