"""Files written whole or not at all, and folders held by one process at a time. The standard library alone."""
