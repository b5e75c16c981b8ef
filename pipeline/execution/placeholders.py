"""What stands for what in a container's command: placeholders, resolved as Kubeflow's launcher resolves them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pipeline.execution.parameters import ParameterError, as_text
from pipeline.settings import SettingsError

_ANY = re.compile(r"\{\{\$.*?\}\}")
_KEYED = re.compile(
    r"\{\{\$\.(?P<side>inputs|outputs)\.(?P<kind>artifacts|parameters)\['(?P<key>[^']*)'\]"
    r"(\.(?P<part>uri|path|output_file))?\}\}"
)
# What there is of each.
_PARTS: dict[tuple[str, str], tuple[str | None, ...]] = {
    ("inputs", "artifacts"): ("uri", "path"),
    ("outputs", "artifacts"): ("uri", "path"),
    ("inputs", "parameters"): (None,),
    ("outputs", "parameters"): ("output_file",),
}


def resolved(word: str, executor_input: Mapping[str, Any]) -> str:
    """A word of a command with every placeholder replaced; what is put in is not looked at again.

    Raises:
        SettingsError: a placeholder that the launcher does not know, and would leave as it is, or one that names what
            the step does not have.
    """
    return _ANY.sub(lambda found: _value(found[0], executor_input), word)


def _value(placeholder: str, executor_input: Mapping[str, Any]) -> str:
    if placeholder == "{{$}}":
        return json.dumps(executor_input)
    found = _KEYED.fullmatch(placeholder)
    if found is None or found["part"] not in _PARTS[found["side"], found["kind"]]:
        raise SettingsError(
            f"found the placeholder {placeholder}, which Kubeflow's launcher does not know: the step would get it as "
            "it is"
        )
    side, key = executor_input.get(found["side"], {}), found["key"]
    try:
        if found["kind"] == "parameters":
            if found["side"] == "inputs":
                return as_text(side["parameterValues"][key])
            return str(side["parameters"][key]["outputFile"])
        # Artifacts are on this machine's disk: their path is their URI.
        return str(side["artifacts"][key]["artifacts"][0]["uri"])
    except (KeyError, IndexError, ParameterError) as error:
        raise SettingsError(
            f"found the placeholder {placeholder}, which names what the step does not have"
        ) from error
