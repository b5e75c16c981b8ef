"""From Transform's examples to the batches that a training reads."""
