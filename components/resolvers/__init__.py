"""What earlier runs left: the baseline, a warm start's base model, the statistics of the blessed data."""
