"""A Predict request, from its message to its answer: checked, batched, run, counted; and the answers about models."""
