"""The .xlsx file itself: safe opening, one-pass reading, patching. Imports no other package of the project."""
