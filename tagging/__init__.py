"""What a tag is: schemes, spans, scoring, tokens. Pure Python, and nothing but the standard library."""
