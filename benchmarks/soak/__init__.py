"""Honest and hostile traffic for a long time, while versions change."""
