"""What the service does. Each function owns its transaction, takes an Engine and values, and returns frozen results."""
