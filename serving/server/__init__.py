"""An embedded stand-in for TensorFlow Serving, for a laptop, a test or a gate: `python -m serving.server`.

Nothing is imported here, so that `--help` and a wrong flag are answered before TensorFlow is loaded.
"""
