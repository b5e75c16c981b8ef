"""Beam's arguments from the settings, and what must hold before its workers start."""
