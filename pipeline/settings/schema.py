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
from trainer.hyperparameters import Hyperparameters

# Below the folder of a pipeline's runs: the metadata of all runs (SQLite), and the trials of searches.
METADATA, TUNING = "metadata.db", "tuning"

# What a cluster's steps reach beside folders.
BUCKETS = ("gs://", "s3://", "minio://")

Positive = Annotated[int, msgspec.Meta(ge=1)]
# A model's name is a folder, a URL part and a pipeline's name.
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,62}$")]


class Serving(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where blessed models go and what ServingCheck asks of them."""

    models: str = "serving_models"
    check_requests: Positive = 32
    check_deadline_seconds: Above0 = 10.0
    check_start_seconds: Above0 = 120.0
    max_median_ms: Above0 | None = None
    max_p99_ms: Above0 | None = None
    max_model_mb: Above0 | None = None

    @property
    def budgets(self) -> Budgets:
        """What serving a model may cost."""
        return Budgets(
            max_median_ms=self.max_median_ms, max_p99_ms=self.max_p99_ms, max_model_mb=self.max_model_mb
        )


class Pipeline(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where runs keep what they make."""

    root: str = "runs"
    cache: bool = True


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of it. `configs/default.yaml` explains every key."""

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
        """All settings in effect, as a file that `--config` takes."""
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
        """The same with every path absolute: a relative one would be stored in the metadata as it is.

        Raises:
            SettingsError: one of them is in a bucket, which only a cluster's steps can use.
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
        """Raises:
        SettingsError: no corpus is named, or the schema is not there.
        """
        if not self.data:
            raise SettingsError("data: not set; give the corpus by --data DIR, or set data: in the settings")
        if self.schema and not os.path.isfile(self.schema):
            raise SettingsError(
                f"schema: found {self.schema}; expected a file schema.pbtxt, or null to infer one"
            )

    def require_vectors(self) -> None:
        """Look at the beginning of the file of word vectors, where one is set: the Trainer comes minutes later.

        Raises:
            SettingsError: it is not there, or no file of word vectors.
        """
        if not self.trainer.vectors:
            return
        # NumPy takes a tenth of a second, and few need it.
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
    def longest_training(self) -> Hyperparameters:
        """The trainer's settings where others are searched for: what trials begin with and differ from."""
        return msgspec.structs.replace(self.trainer, epochs=self.tuning.epochs or self.trainer.epochs)

    @property
    def run_dir(self) -> Path:
        """Where this pipeline's runs keep artifacts, metadata, logs and checkpoints, on this machine."""
        _require_local("pipeline.root", self.pipeline.root)
        return Path(self.run_place)

    @property
    def run_place(self) -> str:
        """The same, wherever it is: a folder or below a bucket."""
        return os.path.join(self.pipeline.root, self.name)

    @property
    def models_dir(self) -> Path:
        """The served model's folder of versions, on this machine."""
        _require_local("serving.models", self.serving.models)
        return Path(self.models_place)

    @property
    def models_place(self) -> str:
        """The same, wherever it is: a folder or below a bucket."""
        return os.path.join(self.serving.models, self.name)

    @property
    def places(self) -> dict[str, str]:
        """The settings that say where data are read and written, as far as they are set."""
        found = {
            "data": self.data,
            "schema": self.schema,
            "trainer.vectors": self.trainer.vectors,
            "serving.models": self.serving.models,
            "pipeline.root": self.pipeline.root,
        }
        return {key: path for key, path in found.items() if path is not None}


class SettingsError(ValueError):
    """A setting that cannot be: says which, what was expected and where it came from."""


def is_bucket(path: str) -> bool:
    """Whether a path is in an object store that a cluster's steps can use."""
    return path.startswith(BUCKETS)


def _require_local(key: str, path: str) -> None:
    if is_bucket(path):
        raise SettingsError(
            f"{key}: found {path}; a bucket is for a cluster (`tagline compile`); here expected a folder, of a "
            "mounted volume, say"
        )
