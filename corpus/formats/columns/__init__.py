"""Forms with a token a line, in columns."""
