"""Other programs that are asked for their own answer."""
