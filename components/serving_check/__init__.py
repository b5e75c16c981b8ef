"""Asks a candidate model real questions in a real server before anything is pushed."""
