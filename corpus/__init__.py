"""Reading, splitting and checking tagged corpora. Pure Python: no TensorFlow, no TFX."""
