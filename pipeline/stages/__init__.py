"""The pipeline's stages in the order of the run, each a function that makes the nodes of one part."""
