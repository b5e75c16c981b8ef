"""One loaded SavedModel: its session, the calls into its graph, and the count of its users."""
