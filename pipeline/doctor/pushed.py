"""The pushed models: every version against its manifest, and the files that say what is served."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.doctor.finding import Finding
from serving.registry import label_history, model_config, pushing
from serving.registry.errors import Refused
from serving.registry.manifest import verify
from serving.registry.version_folder import number_of, versions_in


def findings(folder: Path, name: str) -> Iterator[Finding]:
    """Look at the base folder of the model `name`; reads every file of every version."""
    versions = versions_in(folder, missing_ok=True)
    if not folder.is_dir():
        yield Finding("models", "ok", f"none yet in {folder}")
        return
    intact = 0
    for number, path in versions.items():
        what, verdict = f"version {number}", verify(path)
        if not verdict.is_intact:
            remedy = "push the model again, and do not serve this; `tagline models rollback` leaves it"
            yield Finding(what, "error", f"{path}: {verdict.difference}", remedy)
        elif verdict.files is None:
            yield Finding(what, "warning", f"{path}: no manifest to verify it by", "push it by `tagline run`")
        else:
            intact += 1
    if intact == len(versions):
        yield Finding("models", "ok", f"versions in {folder}, all as they were pushed: {intact}")
    numbered = (path.name for path in folder.iterdir() if number_of(path.name) is not None)
    unfinished = sorted(name for name in numbered if number_of(name) not in versions)
    if unfinished:
        text = f"{', '.join(unfinished)} in {folder}: no saved_model.pb"
        yield Finding("models", "warning", text, "wait for the copy to end, or delete the folder")
    yield from _state(folder, name, versions)


def _state(folder: Path, name: str, versions: dict[int, Path]) -> Iterator[Finding]:
    try:
        labels = model_config.read(folder, name).labels
    except Refused as error:
        yield Finding("labels", "error", str(error), "as it says")
    else:
        if missing := sorted(
            f"{label} = {version}" for label, version in labels.items() if version not in versions
        ):
            remedy = "`tagline models promote V --no-wait`, or `tagline models follow --no-wait`"
            yield Finding(
                "labels", "error", f"{', '.join(missing)}: no such version; a server cannot start", remedy
            )
    if lines := label_history.read(folder).unreadable:
        text = f"{folder / label_history.FILE}: line {', '.join(map(str, lines))} cannot be read"
        yield Finding(
            "labels", "warning", text, "nothing, if its writer was killed: the change is found again"
        )
    if damage := pushing.damage(folder):
        yield Finding("models", "warning", damage, "nothing: the next push writes it anew")
