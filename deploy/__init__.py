"""Images and manifests for running the pipeline and serving its models."""
