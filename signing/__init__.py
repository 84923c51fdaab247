"""Signing the workbook inside the file, and verifying it strictly. Needs only ``workbooks``."""
