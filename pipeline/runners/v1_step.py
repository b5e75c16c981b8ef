"""`python -m pipeline.runners.v1_step`: the entry point of a step in an Argo workflow.

Runs TFX's own entry point with its arguments, by the launcher that holds artifacts against their digests.
"""

from __future__ import annotations

import sys

from tfx.orchestration.kubeflow import container_entrypoint

from pipeline.runs.launching import artifacts_held

if __name__ == "__main__":
    with artifacts_held():
        container_entrypoint.main(sys.argv[1:])
