"""Rows of tables: scores and rules."""
