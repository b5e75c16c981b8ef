"""`python -m deploy.k8s.server NAME --output DIR`: write a kustomize overlay for a model."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.k8s.server.overlay import MODELS, VOLUME, Overlay, OverlayError, default_namespace, write


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the overlay and print its files; for invalid values print the reason and return 2."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.k8s.server",
        description="Write a kustomize overlay that serves a model.",
        allow_abbrev=False,
    )
    parser.add_argument("model", help="the model's name: the setting `name`")
    parser.add_argument(
        "--output", type=Path, required=True, help="the folder to write, for kubectl apply --kustomize"
    )
    parser.add_argument("--namespace", help="the namespace of the objects; tagline-NAME by default")
    parser.add_argument(
        "--models", default=VOLUME, help=f"{VOLUME} (a volume; the default) or gs://BUCKET/PATH"
    )
    parser.add_argument("--monitoring", action="store_true", help="with a ServiceMonitor")
    parser.add_argument("--tls", action="store_true", help="with TLS on the gRPC port")
    options = parser.parse_args(arguments)
    try:
        overlay = Overlay(
            model=options.model,
            namespace=options.namespace or default_namespace(options.model),
            models=options.models,
            monitoring=options.monitoring,
            tls=options.tls,
        )
        written = write(overlay, options.output)
    except OverlayError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(*written, sep="\n")
    if options.output / MODELS not in written:
        print(f"{options.output / MODELS} is kept")
    return 0


if __name__ == "__main__":
    sys.exit(main())
