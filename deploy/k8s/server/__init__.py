"""Manifests of TensorFlow Serving on Kubernetes, and the program that writes an overlay of them for a model."""
