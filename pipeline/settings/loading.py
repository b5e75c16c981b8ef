"""Loading settings: the defaults, overridden by a file, overridden by `--set`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from pipeline.settings.schema import Settings, SettingsError
from pipeline.settings.yaml_texts import Word, fields_at, in_words, parse, parse_setting, settled

# As in https://user:secret@host.
_PASSWORD = re.compile(r"://[^/@\s:]*:[^/@\s]+@")
DEFAULTS = Path(__file__).resolve().parents[2] / "configs" / "default.yaml"


def load(*, config: str | Path | None = None, assignments: Iterable[str] = ()) -> Settings:
    """Load the defaults, overridden by the file `config`, overridden by `key.path=value` assignments.

    Raises:
        SettingsError: a file that is missing or no YAML, an unknown key, an illegal value, text that is no Unicode,
            or a URL with a password.
    """
    merged = _read(DEFAULTS) if DEFAULTS.exists() else {}
    origins = [str(DEFAULTS.name)]
    if config is not None:
        merged = _merge(merged, _read(Path(config)))
        origins.append(str(config))
    for assignment in assignments:
        merged = _merge(merged, _assignment(assignment))
        origins.append(f"--set {assignment}")
    merged = settled(merged)
    _require_no_password(merged)
    try:
        return msgspec.convert(merged, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{_explain(str(error), merged)} (settings from {', '.join(origins)})") from error
    except UnicodeEncodeError as error:
        raise SettingsError(
            f"settings: found {error.object!r}, which is not Unicode; expected a text in UTF-8, without half a "
            f"surrogate pair (settings from {', '.join(origins)})"
        ) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        data = parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: no such file; expected a settings file in YAML") from error
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{path}: not a settings file in YAML: {error}") from error
    if isinstance(data, Word):
        data = data.value
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise SettingsError(
            f"{path}: found {type(data).__name__} at the top; expected keys such as `trainer:`"
        )
    return data


def _assignment(assignment: str) -> dict[str, Any]:
    path, equals, text = assignment.partition("=")
    if not equals or not path.strip():
        raise SettingsError(f"--set {assignment}: expected KEY=VALUE, such as trainer.epochs=3")
    keys = path.strip().split(".")
    try:
        value = parse_setting(text, keys)
    except yaml.YAMLError as error:
        raise SettingsError(f"--set {assignment}: the value is not YAML: {error}") from error
    for key in reversed(keys):
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


def _require_no_password(tree: Any, where: str = "") -> None:
    """Refuse URLs with a password: settings are copied into records, pushed versions and compiled pipelines."""
    if isinstance(tree, str) and _PASSWORD.search(tree):
        # Without the value: the message goes to logs.
        raise SettingsError(
            f"{where}: found a URL with a password; expected one without, since settings are written into records "
            "and pipelines for all to read; take it out, and give the password to the service by its own means"
        )
    if isinstance(tree, dict):
        for key, value in tree.items():
            _require_no_password(value, f"{where}.{key}" if where else str(key))
    elif isinstance(tree, list):
        for number, value in enumerate(tree):
            _require_no_password(value, f"{where}[{number}]")


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
        name = ".".join([*keys, unknown])
        return f"{name}: no such setting; {_suggestion(unknown, sorted(fields_at(keys)))}"
    if " matching regex " in reason and (words := in_words(keys)):
        reason = f"Expected {words}"
    explained = f"{where or 'settings'}: {reason[:1].lower()}{reason[1:]}"
    value: Any = merged
    for key in keys:
        # Of a list, or an object whose keys the user chooses, all of it: msgspec names no place within.
        name, within, _ = key.partition("[")
        value = value.get(name) if isinstance(value, Mapping) else None
        if within:
            break
    if path.startswith("`key`"):
        return f"{explained} as a key; found {', '.join(map(repr, value))}"
    # The other checks are the settings' own, whose messages name the value.
    return f"{explained}; found {value!r}" if reason.startswith(("Expected", "Invalid")) else explained
