"""Beam's arguments from the settings, and checks before its workers start."""
