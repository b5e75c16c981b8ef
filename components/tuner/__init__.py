"""The search for better settings of the training: what may be set, what was tried, what was best."""
