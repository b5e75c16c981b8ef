"""Pushes a blessed model to the folder that TensorFlow Serving polls, completely or not at all."""
