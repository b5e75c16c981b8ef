"""What a cluster needs beside the pipeline: manifests, the image of the steps, and what the image holds."""
