"""Predictor: records the answers of models to the test split, for the gate and the report."""
