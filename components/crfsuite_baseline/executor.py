"""CrfsuiteBaseline's work."""

import json
import logging
import os
import tempfile
from collections.abc import Iterator
from typing import Any

import msgspec
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components.crfsuite_baseline.crf import CrfsuiteTagger, train
from components.crfsuite_baseline.options import CrfsuiteOptions
from components.predictor import answer
from components.predictor.known_entities import TrainEntities
from components.predictor.prediction import answer_to
from components.predictor.sentences import recorded_sentences, tagged_sentences
from tagging.schemes import BIO, Scheme, can_read, convert, scheme_named

log = logging.getLogger("tagline.crfsuite")


class Executor(base_executor.BaseExecutor):
    """Trains, answers, and forgets the model."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Raises:
        ValueError: the split is not there, or train has no tokens.
        """
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        options = msgspec.json.decode(exec_properties["options"], type=CrfsuiteOptions)
        split, features = exec_properties["split"], json.loads(exec_properties["slice_by"])
        predictions = artifact_utils.get_single_instance(output_dict["predictions"])
        os.makedirs(predictions.uri, exist_ok=True)

        scheme = scheme_named(exec_properties["scheme"])
        known = TrainEntities(tagged_sentences(examples, split="train"), scheme)
        with tempfile.TemporaryDirectory(prefix="crfsuite-") as folder:
            path = os.path.join(folder, "model")
            train(
                (
                    (tokens, rewritten(tags, scheme, BIO))
                    for tokens, tags in tagged_sentences(examples, split="train")
                ),
                path,
                options,
            )
            tagger = CrfsuiteTagger(path)

            def answers() -> Iterator[answer.Answer]:
                for sentence in recorded_sentences(examples, split=split, features=features):
                    found = tagger.predict(sentence.tokens)
                    found = found._replace(tags=rewritten(found.tags, BIO, scheme))
                    yield answer_to(sentence, found, known)

            count = answer.write(os.path.join(predictions.uri, answer.CRFSUITE), answers())
        log.info("%d sentences of %s answered", count, split)


def rewritten(tags: tuple[str, ...], source: Scheme, target: Scheme) -> tuple[str, ...]:
    """Entity tags of one scheme in another, read leniently; plain tags as they are.

    CRFsuite is trained in BIO whatever the others train in: with these features it scored on the dev splits of two
    corpora as well as in BIOES, or better.
    """
    return tuple(convert(tags, source, target)[0]) if can_read(tags, source) and not target.is_plain else tags
