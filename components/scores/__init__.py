"""Scores of recorded answers with confidence intervals, by slice, and calibration. Decides nothing."""
