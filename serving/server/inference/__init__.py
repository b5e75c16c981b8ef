"""A request for inference, from message to answer: checked, batched, run."""
