"""ServingCheck's work."""

import json
import logging
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.serving_check import comparison, requests
from serving.client import Tagger, TaggerError
from serving.server.process import ServerProcessError, start_server_process

log = logging.getLogger("tagline.serving_check")

VERDICT = "verdict.json"
SERVER_LOG = "server.log"


class Executor(base_executor.BaseExecutor):
    """Starts a server on the candidate, asks, compares."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """A model that cannot be served, or that is served otherwise than it answers here, is not blessed."""
        model = artifact_utils.get_single_instance(input_dict["model"])
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        blessing = artifact_utils.get_single_instance(output_dict["blessing"])
        os.makedirs(blessing.uri, exist_ok=True)
        sentences = requests.recorded_sentences(examples, split="test", count=exec_properties["requests"])
        verdict = _check(
            path_utils.serving_model_path(model.uri),
            sentences,
            name=exec_properties["model_name"],
            deadline=exec_properties["deadline_seconds"],
            start=exec_properties["start_seconds"],
            server_log=os.path.join(blessing.uri, SERVER_LOG),
        )
        blessed = not verdict["reasons"]
        with open(os.path.join(blessing.uri, VERDICT), "w", encoding="utf-8") as file:
            json.dump({"blessed": blessed, **verdict}, file, indent=2)
        # TFX's own names, so that whatever reads an InfraValidator's blessing can read this one.
        Path(blessing.uri, "INFRA_BLESSED" if blessed else "INFRA_NOT_BLESSED").touch()
        blessing.set_int_custom_property("blessed", int(blessed))
        if blessed:
            log.info(
                "blessed: %d answers equal those in memory, median %.1f ms",
                verdict["answers"],
                verdict["median_ms"],
            )
        else:
            log.info("not blessed: %s", verdict["reasons"][0])


def _check(
    model_path: str,
    sentences: list[list[str]],
    *,
    name: str,
    deadline: float,
    start: float,
    server_log: str,
) -> dict[str, Any]:
    """Reasons against the model, and what was measured on the way."""
    verdict: dict[str, Any] = {"reasons": [], "answers": 0, "median_ms": None, "seconds_to_ready": None}
    with tempfile.TemporaryDirectory(prefix="serving-check-") as base:
        shutil.copytree(model_path, os.path.join(base, "1"))
        began = time.monotonic()
        try:
            server = start_server_process(base, name, log_path=server_log, timeout=start)
        except ServerProcessError as error:
            verdict["reasons"].append(f"the server did not start: {error}")
            return verdict
        verdict["seconds_to_ready"] = round(time.monotonic() - began, 2)
        # Whole, however long: what the client would cut is held against the model in memory as it is.
        tagger = Tagger(server.target, name, timeout=deadline, max_characters=None, max_tokens=None)
        with server, tagger:
            in_memory = comparison.ModelInMemory(model_path)
            texts = [*requests.texts_of(sentences), *requests.HARD_TEXTS]
            latencies: list[float] = []
            alone = []
            try:
                for text in texts:
                    began = time.monotonic()
                    served = tagger.tag(text)
                    latencies.append(time.monotonic() - began)
                    alone.append(in_memory.tag([text]))
                    verdict["reasons"] += comparison.differences([served], alone[-1])
                # Sent together, each is held against its answer alone: a batch must change nothing.
                for served, expected in zip(tagger.tag(texts), alone, strict=True):
                    verdict["reasons"] += comparison.differences([served], expected, where="in a batch, ")
                served_tokens = tagger.tag_tokens(sentences)
                verdict["reasons"] += comparison.differences(served_tokens, in_memory.tag_tokens(sentences))
            except TaggerError as error:
                verdict["reasons"].append(f"after {len(latencies)} answers a request failed: {error}")
                return verdict
            verdict["answers"] = 2 * len(texts) + len(sentences)
            verdict["median_ms"] = round(statistics.median(latencies) * 1000, 2)
    return verdict
