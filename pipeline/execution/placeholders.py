"""What stands for what in a container's command: placeholders, resolved as Kubeflow's launcher resolves them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pipeline.settings import SettingsError

_ANY = re.compile(r"\{\{\$.*?\}\}")
_KEYED = re.compile(
    r"\{\{\$\.(?P<side>inputs|outputs)\.(?P<kind>artifacts|parameters)\['(?P<key>[^']*)'\]"
    r"(\.(?P<part>uri|path|metadata|output_file))?(\['(?P<entry>[^']*)'\])?\}\}"
)


def resolved(word: str, executor_input: Mapping[str, Any]) -> str:
    """A word of a command with every placeholder replaced; what is put in is not looked at again.

    Raises:
        SettingsError: a placeholder that is not known, or that names what the step does not have.
    """
    return _ANY.sub(lambda found: _value(found[0], executor_input), word)


def as_text(value: Any) -> str:
    """A parameter's value as a command line has it: 6.0 is 6, and lists and objects are JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None or isinstance(value, (list, dict)):
        return json.dumps(value)
    whole = format(Decimal(repr(value)), "f")
    return whole.rstrip("0").rstrip(".") if "." in whole else whole


def _value(placeholder: str, executor_input: Mapping[str, Any]) -> str:
    if placeholder == "{{$}}":
        return json.dumps(executor_input)
    found = _KEYED.fullmatch(placeholder)
    if found is None:
        raise SettingsError(f"found the placeholder {placeholder}, which is none that can be resolved here")
    side, key, part = executor_input.get(found["side"], {}), found["key"], found["part"]
    try:
        if found["kind"] == "parameters":
            if found["side"] == "inputs":
                return as_text(side["parameterValues"][key])
            return str(side["parameters"][key]["outputFile"])
        artifact = side["artifacts"][key]["artifacts"][0]
        if part == "metadata":
            metadata = artifact.get("metadata", {})
            return as_text(metadata[found["entry"]] if found["entry"] is not None else metadata)
        # Artifacts are on this machine's disk: their path is their URI.
        return str(artifact["uri"])
    except (KeyError, IndexError) as error:
        raise SettingsError(
            f"found the placeholder {placeholder}, which names what the step does not have"
        ) from error
