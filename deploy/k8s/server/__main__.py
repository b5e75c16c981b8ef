"""`python -m deploy.k8s.server NAME --output DIR`: writes a kustomize overlay for a model."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.k8s.server.overlay import MODELS, VOLUME, Overlay, OverlayError, namespace_of, write


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the overlay and says where; the exit status is 2 for what cannot be, with the reason."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.k8s.server",
        description="Writes a kustomize overlay that serves a model.",
        allow_abbrev=False,
    )
    parser.add_argument("model", help="the model's name, as the setting `name` has it")
    parser.add_argument(
        "--output", type=Path, required=True, help="the folder to write; kubectl apply -k takes it"
    )
    parser.add_argument("--namespace", help="of the objects; tagline-NAME without it")
    parser.add_argument(
        "--models", default=VOLUME, help=f"{VOLUME} (a volume; the default) or gs://BUCKET/PATH"
    )
    parser.add_argument("--monitoring", action="store_true", help="with a ServiceMonitor")
    parser.add_argument("--tls", action="store_true", help="with TLS on the gRPC port")
    given = parser.parse_args(arguments)
    try:
        overlay = Overlay(
            model=given.model,
            namespace=given.namespace or namespace_of(given.model),
            models=given.models,
            monitoring=given.monitoring,
            tls=given.tls,
        )
        written = write(overlay, given.output)
    except OverlayError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(*written, sep="\n")
    if given.output / MODELS not in written:
        print(f"{given.output / MODELS} stays as it was")
    return 0


if __name__ == "__main__":
    sys.exit(main())
