"""Loading settings: the defaults, overridden by a file, overridden by `--set`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from pipeline.settings.kubeflow import Kubeflow, SecretKey, Step
from pipeline.settings.schema import Settings, SettingsError

DEFAULTS = Path(__file__).resolve().parents[2] / "configs" / "default.yaml"


def load(*, config: str | Path | None = None, assignments: Iterable[str] = ()) -> Settings:
    """Load the defaults, overridden by the file `config`, overridden by `key.path=value` assignments.

    Raises:
        SettingsError: a file that is missing or no YAML, an unknown key, or an illegal value.
    """
    merged = _read(DEFAULTS) if DEFAULTS.exists() else {}
    origins = [str(DEFAULTS.name)]
    if config is not None:
        merged = _merge(merged, _read(Path(config)))
        origins.append(str(config))
    for assignment in assignments:
        merged = _merge(merged, _assignment(assignment))
        origins.append(f"--set {assignment}")
    try:
        return msgspec.convert(merged, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{_explain(str(error), merged)} (settings from {', '.join(origins)})") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        data = _parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: no such file; expected a settings file in YAML") from error
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{path}: not a settings file in YAML: {error}") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise SettingsError(
            f"{path}: found {type(data).__name__} at the top; expected keys such as `trainer:`"
        )
    return data


class _Loader(yaml.SafeLoader):
    """YAML in which 1e-3 is a number; YAML 1.1 requires 1.0e-3."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)


def _parse(text: str) -> Any:
    return yaml.load(text, _Loader)


def _assignment(assignment: str) -> dict[str, Any]:
    path, equals, text = assignment.partition("=")
    if not equals or not path.strip():
        raise SettingsError(f"--set {assignment}: expected KEY=VALUE, such as trainer.epochs=3")
    try:
        value = _parse(text)
    except yaml.YAMLError as error:
        raise SettingsError(f"--set {assignment}: the value is not YAML: {error}") from error
    for key in reversed(path.strip().split(".")):
        value = {key: value}
    return dict(value)


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = _merge(merged[key], value)
        else:
            merged[key] = value
    return merged


# With an entry below every key that the user chooses.
_FULL = Settings(
    kubeflow=Kubeflow(components={"Trainer": Step()}, secrets={"NAME": SecretKey(secret="a", key="b")})
)


def _suggestion(unknown: str, known: list[str]) -> str:
    if len(known) <= 20:
        return f"expected one of {', '.join(known)}"
    close = difflib.get_close_matches(unknown, known)
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    return f"{hint}expected one of the {len(known)} that configs/default.yaml lists"


def _explain(message: str, merged: Mapping[str, Any]) -> str:
    """Put the path in front of msgspec's message: `trainer.epochs: expected int, got str; found 'many'`."""
    reason, _, path = message.partition(" - at ")
    # A path is `$.beam.args[0]`; one about the keys of an object begins with "`key` in ".
    where = path.removeprefix("`key` in ").strip("`").removeprefix("$").removeprefix(".")
    keys = where.replace("[...]", "[]").split(".") if where else []
    if reason.startswith("Object contains unknown field"):
        unknown = reason.split("`")[1]
        known: Any = msgspec.to_builtins(_FULL)
        for key in keys:
            section, within, _ = key.partition("[")
            known = known[section]
            # Below a key that the user chooses, and in a list, all entries have the same settings.
            if within:
                known = next(iter(known.values() if isinstance(known, dict) else known))
        name = ".".join([*keys, unknown])
        return f"{name}: no such setting; {_suggestion(unknown, sorted(known))}"
    explained = f"{where or 'settings'}: {reason[:1].lower()}{reason[1:]}"
    value: Any = merged
    for key in keys:
        # Of a list, or an object whose keys the user chooses, all of it: msgspec names no place within.
        value = value.get(key.partition("[")[0]) if isinstance(value, Mapping) else None
    if path.startswith("`key`"):
        return f"{explained} as a key; found {', '.join(map(repr, value))}"
    # The other checks are the settings' own, whose messages name the value.
    return f"{explained}; found {value!r}" if reason.startswith(("Expected", "Invalid")) else explained
