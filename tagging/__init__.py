"""Tags: schemes, spans, scores and tokens. Needs only the standard library."""
