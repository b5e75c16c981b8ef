"""A model's versions: pushed to a folder, described by manifests, given labels, compared with what a server has.

Nothing is imported here, and nothing below imports TensorFlow.
"""
