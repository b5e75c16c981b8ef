"""Scores of the recorded answers, with intervals, by slice; decides nothing."""
