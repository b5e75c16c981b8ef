"""ServingCheck: serves a candidate and compares its answers with those of the model in memory."""
