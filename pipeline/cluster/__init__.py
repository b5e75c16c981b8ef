"""A Kubeflow cluster from outside: what it lacks, and how a run is submitted to it."""
