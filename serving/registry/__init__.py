"""What an operator does to a served model: which versions are loaded, which labels they carry, are they intact.

Nothing is imported here, and nothing below imports TensorFlow.
"""
