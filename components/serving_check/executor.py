"""ServingCheck's executor."""

import itertools
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.serving_check import budgets, comparison, requests
from components.serving_check.verdict import ServingVerdict, answers_rule
from serving.client import Tagger, TaggerError
from serving.registry.version_folder import size
from serving.server.process import ServerProcessError, start_server_process

log = logging.getLogger("tagline.serving_check")

SERVER_LOG = "server.log"

# Of 100 or fewer the 99th percentile would be the slowest one.
_TIMED = 200


class Executor(base_executor.BaseExecutor):
    """Starts a server on the candidate and compares its answers with those of the model in memory."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Write `verdict.json` and the server's log, and set the blessing."""
        model = artifact_utils.get_single_instance(input_dict["model"])
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        blessing = artifact_utils.get_single_instance(output_dict["blessing"])
        os.makedirs(blessing.uri, exist_ok=True)
        sentences = requests.first_sentences(examples, exec_properties["requests"])
        model_path = path_utils.serving_model_path(model.uri)
        check = _check(
            model_path,
            sentences,
            name=exec_properties["model_name"],
            deadline=exec_properties["deadline_seconds"],
            start=exec_properties["start_seconds"],
            server_log=os.path.join(blessing.uri, SERVER_LOG),
        )
        allowed = msgspec.json.decode(exec_properties["budgets"], type=budgets.Budgets)
        verdict = _verdict(check, allowed, size(Path(model_path)))
        verdict.write(blessing.uri)
        # TFX's own names, so that readers of an InfraValidator's blessing can read this one.
        Path(blessing.uri, "INFRA_BLESSED" if verdict.blessed else "INFRA_NOT_BLESSED").touch()
        blessing.set_int_custom_property("blessed", int(verdict.blessed))
        if verdict.blessed:
            log.info(
                "blessed: %d answers equal those in memory, median %.1f ms",
                verdict.answers,
                verdict.median_ms,
            )
        else:
            log.info("not blessed: %s", verdict.reasons[0])


@dataclass
class _Check:
    """The result of a check: differences and failures as `reasons`, and measured times in seconds."""

    reasons: list[str] = field(default_factory=list)
    answers: int = 0
    latencies: list[float] = field(default_factory=list)
    seconds_to_ready: float | None = None


def _verdict(check: _Check, allowed: budgets.Budgets, model_bytes: int) -> ServingVerdict:
    median_ms = p99_ms = None
    if check.latencies:
        median_ms, p99_ms = (
            round(float(seconds) * 1000, 2) for seconds in np.percentile(check.latencies, (50, 99))
        )
    costs = budgets.rules(allowed, median_ms=median_ms, p99_ms=p99_ms, model_bytes=model_bytes)
    return ServingVerdict(
        blessed=not check.reasons and all(rule.passed for rule in costs),
        reasons=[*check.reasons, *(rule.words for rule in costs if not rule.passed)],
        answers=check.answers,
        median_ms=median_ms,
        p99_ms=p99_ms,
        seconds_to_ready=check.seconds_to_ready,
        model_bytes=model_bytes,
        rules=[answers_rule(check.reasons, check.answers), *costs],
    )


def _check(
    model_path: str,
    sentences: list[list[str]],
    *,
    name: str,
    deadline: float,
    start: float,
    server_log: str,
) -> _Check:
    check = _Check()
    with tempfile.TemporaryDirectory(prefix="serving-check-") as base:
        shutil.copytree(model_path, os.path.join(base, "1"))
        began = time.monotonic()
        try:
            server = start_server_process(base, name, log_path=server_log, timeout=start)
        except ServerProcessError as error:
            check.reasons.append(f"the server did not start: {error}")
            return check
        check.seconds_to_ready = round(time.monotonic() - began, 2)
        # Without limits: a long text must be sent whole to be compared with the model in memory.
        tagger = Tagger(server.target, name, timeout=deadline, max_characters=None, max_tokens=None)
        with server, tagger:
            in_memory = comparison.ModelInMemory(model_path)
            texts = [*requests.texts_of(sentences), *requests.HARD_TEXTS]
            alone: list[dict[str, Any]] = []
            try:
                for text in texts:
                    served = tagger.tag(text)
                    alone.append(in_memory.tag([text]))
                    check.reasons += comparison.differences([served], alone[-1])
                # Each answer in a batch is compared with the answer to the text alone: a batch must change nothing.
                for served, expected in zip(tagger.tag(texts), alone, strict=True):
                    check.reasons += comparison.differences([served], expected, where="in a batch, ")
                served_tokens = tagger.tag_tokens(sentences)
                check.reasons += comparison.differences(served_tokens, in_memory.tag_tokens(sentences))
                check.answers = 2 * len(texts) + len(sentences)
                check.latencies = _latencies(tagger, requests.texts_of(sentences) or requests.HARD_TEXTS)
            except TaggerError as error:
                check.reasons.append(f"after {len(alone)} answers a request failed: {error}")
    return check


def _latencies(tagger: Tagger, texts: Sequence[str]) -> list[float]:
    """Measure the seconds of single answers by a warm server, which has answered these texts before."""
    latencies = []
    for text in itertools.islice(itertools.cycle(texts), _TIMED):
        began = time.monotonic()
        tagger.tag(text)
        latencies.append(time.monotonic() - began)
    return latencies
