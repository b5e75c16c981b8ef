"""The search for better training settings: its options and space, the oracles, the trials' records."""
