"""Predictor's executor."""

import json
import logging
import os
from collections.abc import Iterator
from itertools import tee
from pathlib import Path
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.predictor import answer, most_frequent_tag
from components.predictor.known_entities import TrainEntities
from components.predictor.model import SavedTagger
from components.predictor.prediction import answer_to
from components.predictor.scheme_conversion import converted_answers
from components.predictor.sentences import recorded_sentences, tagged_sentences
from files.atomic import replacing
from tagging.schemes import Scheme, can_read, scheme_named

log = logging.getLogger("tagline.predictor")


class Executor(base_executor.BaseExecutor):
    """Records the answers of both models; keeps a window of sentences and train's entities in memory."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Write a file of answers for each model, and for plain tags the counts of `most_frequent_tag`.

        Raises:
            ValueError: the split is missing, or a model lacks a signature.
        """
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        scheme = scheme_named(exec_properties["scheme"])
        split, features = exec_properties["split"], json.loads(exec_properties["slice_by"])
        predictions = artifact_utils.get_single_instance(output_dict["predictions"])
        os.makedirs(predictions.uri, exist_ok=True)
        train_entities = TrainEntities(tagged_sentences(examples, split="train"), scheme)
        models = [(answer.CANDIDATE, input_dict["model"])]
        if input_dict.get("baseline_model"):
            models.append((answer.BASELINE, input_dict["baseline_model"]))
        for file_name, artifacts in models:
            path = os.path.join(predictions.uri, file_name)
            model = artifact_utils.get_single_instance(artifacts)
            count = answer.write(path, _answers(model, examples, split, features, train_entities))
            log.info("%s: %d sentences of %s answered", file_name.partition(".")[0], count, split)
            if file_name == answer.BASELINE:
                _convert(path, scheme)
        # Plain tags, as the gate will decide.
        if not all(can_read(gold, scheme) for _, gold in tagged_sentences(examples, split=split)):
            train, test = (tagged_sentences(examples, split=name) for name in ("train", split))
            most_frequent_tag.write(predictions.uri, most_frequent_tag.count(train, test))


def _answers(
    model: types.Artifact, examples: types.Artifact, split: str, features: list[str], train: TrainEntities
) -> Iterator[answer.Answer]:
    tagger = SavedTagger(path_utils.serving_model_path(model.uri))
    # The two run a window of sentences apart at most.
    sentences, inputs = tee(recorded_sentences(examples, split=split, features=features))
    predictions = tagger.predictions((sentence.record, len(sentence.tokens)) for sentence in inputs)
    for sentence, prediction in zip(sentences, predictions, strict=True):
        yield answer_to(sentence, prediction, train)


def _convert(path: str, scheme: Scheme) -> None:
    """Convert a file of answers to the corpus' scheme, if the baseline was trained in another one."""
    converted = converted_answers(path, scheme)
    if converted is not None:
        with replacing(Path(path)) as draft:
            answer.write(str(draft), converted)
