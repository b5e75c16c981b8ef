"""The pipeline's stages, each a function that creates the nodes of one part of the pipeline."""
