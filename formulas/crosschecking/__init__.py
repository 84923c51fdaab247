"""The formulas of a form computed by an independent engine too, before the form is published."""
