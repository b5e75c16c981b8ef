"""CrfsuiteBaseline's executor."""

import json
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components.corpus_gen.summary import FILE_NAME as SUMMARY_NAME
from components.corpus_gen.summary import CorpusSummary
from components.crfsuite_baseline.crf import CrfsuiteTagger, train
from components.crfsuite_baseline.options import CrfsuiteOptions
from components.predictor import answer
from components.predictor.known_entities import TrainEntities
from components.predictor.prediction import answer_to
from components.predictor.sentences import recorded_sentences, tagged_sentences
from tagging.schemes import BIO, Scheme, can_read, convert, scheme_named

log = logging.getLogger("tagline.crfsuite")


class Executor(base_executor.BaseExecutor):
    """Trains the CRF, records its answers, and discards the model."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Write a file of answers, or why there are none.

        Raises:
            ValueError: the split is missing, or train has no tokens.
        """
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        options = msgspec.json.decode(exec_properties["options"], type=CrfsuiteOptions)
        split, features = exec_properties["split"], json.loads(exec_properties["slice_by"])
        predictions = artifact_utils.get_single_instance(output_dict["predictions"])
        os.makedirs(predictions.uri, exist_ok=True)
        if reason := _skipped(examples, options.max_tokens):
            Path(predictions.uri, answer.SKIPPED).write_text(reason, encoding="utf-8")
            log.info("not trained: %s", reason)
            return

        scheme = scheme_named(exec_properties["scheme"])
        train_entities = TrainEntities(tagged_sentences(examples, split="train"), scheme)
        with tempfile.TemporaryDirectory(prefix="crfsuite-") as folder:
            path = os.path.join(folder, "model")
            train(
                (
                    (tokens, converted(tags, scheme, BIO))
                    for tokens, tags in tagged_sentences(examples, split="train")
                ),
                path,
                options,
            )
            tagger = CrfsuiteTagger(path)

            def answers() -> Iterator[answer.Answer]:
                for sentence in recorded_sentences(examples, split=split, features=features):
                    prediction = tagger.predict(sentence.tokens)
                    tags = converted(prediction.tags, BIO, scheme)
                    yield answer_to(sentence, prediction._replace(tags=tags), train_entities)

            count = answer.write(os.path.join(predictions.uri, answer.CRFSUITE), answers())
        log.info("%d sentences of %s answered", count, split)


def _skipped(examples: types.Artifact, max_tokens: int | None) -> str:
    """Why no CRF is trained; empty if one is."""
    if max_tokens is None:
        return ""
    summary = CorpusSummary.from_json(io_utils.read_bytes_file(os.path.join(examples.uri, SUMMARY_NAME)))
    tokens = summary.splits["train"].tokens
    if scheme_named(summary.train_scheme).is_plain:
        reason = "the tags are plain"
    elif tokens > max_tokens:
        reason = f"train has {tokens:,} tokens, more than evaluation.crfsuite.max_tokens, {max_tokens:,}"
    else:
        return ""
    return f"{reason}; evaluation.crfsuite.enabled=true compares all the same"


def converted(tags: tuple[str, ...], source: Scheme, target: Scheme) -> tuple[str, ...]:
    """Convert entity tags, read leniently, from one scheme to another; plain tags stay as they are.

    CRFsuite always trains in BIO: with these features it scored on the dev splits of two corpora as well as in
    BIOES, or better.
    """
    if target.is_plain or not can_read(tags, source):
        return tags
    return tuple(convert(tags, source, target)[0])
