"""The user of every pod, and what it may do: Kubernetes' restricted profile, which baseline allows too."""

from __future__ import annotations

from typing import Any

# Also the user of deploy/k8s/server, so that each can read the other's files. Steps do not run as root: they can write
# to /tmp and to their volumes alone.
USER = 65532
POD_SECURITY: dict[str, Any] = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "fsGroup": USER,
    "seccompProfile": {"type": "RuntimeDefault"},
}
