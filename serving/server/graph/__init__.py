"""One loaded SavedModel: its session, its tensors, the count of those who use it."""
