"""Puts a blessed model where TensorFlow Serving finds it, whole or not at all."""
