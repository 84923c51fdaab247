"""What a template owner is told before publishing: everything wrong with a template at once, each with its cell."""
