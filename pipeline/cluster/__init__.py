"""A Kubeflow cluster from outside: checks of what a pipeline needs there, and submitting one."""
