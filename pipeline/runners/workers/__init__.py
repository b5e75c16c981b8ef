"""Several workers on a cluster: the job of pods that the Trainer's step creates, for either of Kubeflow's operators."""
