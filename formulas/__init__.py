"""What is checked in a filled form: formula integrity, recomputation, control relations, values, Vietnamese text."""
