"""Transformed examples as batches of sentences of similar length."""
