"""Placeholders in a container's command, resolved as Kubeflow's launcher resolves them."""

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
# The parts that each side and kind has.
_PARTS: dict[tuple[str, str], tuple[str | None, ...]] = {
    ("inputs", "artifacts"): ("uri", "path"),
    ("outputs", "artifacts"): ("uri", "path"),
    ("inputs", "parameters"): (None,),
    ("outputs", "parameters"): ("output_file",),
}


def resolved(word: str, executor_input: Mapping[str, Any]) -> str:
    """Replace every placeholder in a word of a command; inserted text is not searched again.

    Raises:
        SettingsError: a placeholder that the launcher does not know, and would leave as it is, or one of an input or
            output that the step does not have.
    """
    return _ANY.sub(lambda match: _value(match[0], executor_input), word)


def _value(placeholder: str, executor_input: Mapping[str, Any]) -> str:
    if placeholder == "{{$}}":
        return json.dumps(executor_input)
    match = _KEYED.fullmatch(placeholder)
    if match is None or match["part"] not in _PARTS[match["side"], match["kind"]]:
        raise SettingsError(
            f"found the placeholder {placeholder}, which Kubeflow's launcher does not know: the step would get it as "
            "it is"
        )
    side, key = executor_input.get(match["side"], {}), match["key"]
    try:
        if match["kind"] == "parameters":
            if match["side"] == "inputs":
                return as_text(side["parameterValues"][key])
            return str(side["parameters"][key]["outputFile"])
        # Artifacts are on this machine's disk: their path is their URI.
        return str(side["artifacts"][key]["artifacts"][0]["uri"])
    except (KeyError, IndexError, ParameterError) as error:
        raise SettingsError(
            f"found the placeholder {placeholder}, which names what the step does not have"
        ) from error
