"""How fast we train, beside others."""
