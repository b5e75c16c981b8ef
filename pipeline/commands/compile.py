"""`tagline compile`."""

from __future__ import annotations

from pathlib import Path

from pipeline.settings import Settings, SettingsError

TARGETS = ("kubeflow",)


def compile_pipeline(settings: Settings, *, target: str, output: Path) -> None:
    """Write the pipeline in the form that a cluster takes."""
    if target not in TARGETS:
        raise SettingsError(f"--target: found {target!r}; expected one of {', '.join(TARGETS)}")
    settings.require_inputs()
    from pipeline.runners import kubeflow

    output.parent.mkdir(parents=True, exist_ok=True)
    kubeflow.write_argo(settings, output)
    print(f"wrote {output} for {target}")
