"""Every setting of a pipeline as plain, frozen, checked data. Imports no TensorFlow and no TFX."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import msgspec
import yaml

from components.model_gate.options import Evaluation
from components.serving_check.budgets import Above0, Budgets
from components.tuner.options import Tuning
from corpus.options import CheckLimits, ReadOptions
from pipeline.settings.beam import Beam
from pipeline.settings.kubeflow import Kubeflow
from tagging.characters import TokenizerName
from trainer.hyperparameters import Hyperparameters

# Below the folder of a pipeline's runs: the metadata of all runs (SQLite), and the trials of searches.
METADATA, TUNING = "metadata.db", "tuning"

# Buckets that a cluster's steps can read and write.
BUCKETS = ("gs://", "s3://", "minio://")

Positive = Annotated[int, msgspec.Meta(ge=1)]
# A model's name is also the name of a folder, of a pipeline and a part of URLs.
Name = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,62}$",
        description="a letter, then at most 62 letters, digits, - and _, such as wnut17",
    ),
]


class Serving(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The folder of blessed models, and the limits of ServingCheck."""

    models: str = "serving_models"
    check_requests: Positive = 32
    check_deadline_seconds: Above0 = 10.0
    check_start_seconds: Above0 = 120.0
    max_median_ms: Above0 | None = None
    max_p99_ms: Above0 | None = None
    max_model_mb: Above0 | None = None

    @property
    def budgets(self) -> Budgets:
        """The budgets that a served model must keep."""
        return Budgets(
            max_median_ms=self.max_median_ms, max_p99_ms=self.max_p99_ms, max_model_mb=self.max_model_mb
        )


class Pipeline(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The folder of runs, and their cache."""

    root: str = "runs"
    cache: bool = True


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All settings; `configs/default.yaml` explains every key."""

    name: Name = "tagger"
    data: str = "sample/corpus"
    corpus: ReadOptions = ReadOptions()
    checks: CheckLimits = CheckLimits()
    schema: str | None = None
    trainer: Hyperparameters = Hyperparameters()
    tuning: Tuning = msgspec.field(default_factory=Tuning)
    evaluation: Evaluation = Evaluation()
    serving: Serving = Serving()
    pipeline: Pipeline = Pipeline()
    beam: Beam = Beam()
    kubeflow: Kubeflow = Kubeflow()

    def to_yaml(self) -> str:
        """Write all settings as a file that `--config` takes."""
        return yaml.safe_dump(msgspec.to_builtins(self), sort_keys=False, allow_unicode=True)

    def __post_init__(self) -> None:
        for key, path in self.places.items():
            if "://" in path and not is_bucket(path):
                raise ValueError(
                    f"{key}: found {path}; expected a folder, or for a cluster a bucket: {', '.join(BUCKETS)}"
                )
        if set("*?[") & set(self.pipeline.root):
            raise ValueError(
                f"pipeline.root: found {self.pipeline.root}; expected a path without *, ? and [, which Beam "
                "reads as a pattern"
            )

    def with_absolute_paths(self) -> Settings:
        """Make every path absolute: the metadata would store a relative one as it is.

        Raises:
            SettingsError: a path in a bucket, which only a cluster's steps can use.
        """
        for key, path in self.places.items():
            _require_local(key, path)
        return msgspec.structs.replace(
            self,
            data=os.path.abspath(self.data),
            schema=os.path.abspath(self.schema) if self.schema else None,
            trainer=msgspec.structs.replace(
                self.trainer,
                vectors=os.path.abspath(self.trainer.vectors) if self.trainer.vectors else None,
            ),
            serving=msgspec.structs.replace(self.serving, models=os.path.abspath(self.serving.models)),
            pipeline=msgspec.structs.replace(self.pipeline, root=os.path.abspath(self.pipeline.root)),
        )

    def require_inputs(self) -> None:
        """Require that the corpus is set and the schema exists.

        Raises:
            SettingsError: no corpus is set, or no such schema file.
        """
        if not self.data:
            raise SettingsError("data: not set; give the corpus by --data DIR, or set data: in the settings")
        if self.schema and not os.path.isfile(self.schema):
            raise SettingsError(
                f"schema: found {self.schema}; expected a file schema.pbtxt, or null to infer one"
            )

    def require_vectors(self) -> None:
        """Read the beginning of the file of word vectors, if one is set, minutes before the Trainer would.

        Raises:
            SettingsError: no such file, or no word vectors in it.
        """
        if not self.trainer.vectors:
            return
        # NumPy takes a tenth of a second, which few runs need.
        from trainer.initial_weights.vector_files import VectorsError, recognise

        try:
            recognise(self.trainer.vectors)
        except VectorsError as error:
            raise SettingsError(f"trainer.vectors: {error}") from error

    @property
    def scheme(self) -> str:
        """The scheme of the tags that the model is trained on: PLAIN of a corpus of plain tags."""
        return "PLAIN" if self.corpus.scheme.upper() == "PLAIN" else self.corpus.train_scheme

    @property
    def tokenizer(self) -> TokenizerName:
        """What the served model splits a text into."""
        return self.corpus.text_tokenizer

    @property
    def longest_training(self) -> Hyperparameters:
        """The trainer's settings in a search, from which trials differ: with the epochs of the longest one."""
        return msgspec.structs.replace(self.trainer, epochs=self.tuning.epochs or self.trainer.epochs)

    @property
    def run_dir(self) -> Path:
        """The folder of artifacts, metadata, logs and checkpoints, on this machine."""
        _require_local("pipeline.root", self.pipeline.root)
        return Path(self.run_place)

    @property
    def run_place(self) -> str:
        """The same, which may be in a bucket."""
        return os.path.join(self.pipeline.root, self.name)

    @property
    def models_dir(self) -> Path:
        """The served model's folder of versions, on this machine."""
        _require_local("serving.models", self.serving.models)
        return Path(self.models_place)

    @property
    def models_place(self) -> str:
        """The same, which may be in a bucket."""
        return os.path.join(self.serving.models, self.name)

    @property
    def places(self) -> dict[str, str]:
        """The settings that are paths, by key; without those that are not set."""
        paths = {
            "data": self.data,
            "schema": self.schema,
            "trainer.vectors": self.trainer.vectors,
            "serving.models": self.serving.models,
            "pipeline.root": self.pipeline.root,
        }
        return {key: path for key, path in paths.items() if path is not None}


class SettingsError(ValueError):
    """An illegal setting; the message names it, what was expected, and the file or option that it is from."""


def is_bucket(path: str) -> bool:
    """Whether a path is in an object store that a cluster's steps can use."""
    return path.startswith(BUCKETS)


def _require_local(key: str, path: str) -> None:
    if is_bucket(path):
        raise SettingsError(
            f"{key}: found {path}; a bucket is for a cluster (`tagline compile`); expected a folder, which "
            "may be of a mounted volume"
        )
