"""Files written completely or not at all, their sums, and folders held by one process. Standard library only."""
