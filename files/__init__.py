"""Atomic writes, sums of files, and locks between processes. Needs the standard library only."""
