"""A model's versions: pushed to a folder, described by manifests, labelled, and watched on a server.

Nothing is imported here, and nothing below imports TensorFlow.
"""
