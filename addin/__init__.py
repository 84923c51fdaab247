"""The Excel add-in: xlwings glue, painting of findings, the client of the service, the LibreOffice engine."""
