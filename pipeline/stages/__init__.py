"""The pipeline's stages, each a list of components."""
