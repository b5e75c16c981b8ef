"""The images: of the pipeline's steps, of Beam's workers, of the server."""
