"""The errors in a model's answers: the worst ones, confusion of labels, marked-up sentences."""
