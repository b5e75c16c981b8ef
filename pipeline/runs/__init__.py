"""Runs on this machine: their lock, logs and progress, their outcome, and the history of earlier ones."""
