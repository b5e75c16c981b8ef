"""Manifests of TensorFlow Serving on Kubernetes, and what writes an overlay of them for a model."""
