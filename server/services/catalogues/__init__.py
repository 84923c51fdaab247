"""Catalogues: indicators, units of measure, breakdowns, fields, areas and report groups, each as at a day."""
