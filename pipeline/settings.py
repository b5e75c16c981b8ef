"""Every setting of a pipeline as plain, frozen, checked data. Imports no TensorFlow and no TFX."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml

from components.model_gate.options import Evaluation
from components.serving_check.budgets import Above0, Budgets
from components.tuner.options import Tuning
from corpus.options import CheckLimits, ReadOptions
from pipeline.beam_settings import Beam
from pipeline.kubeflow_settings import Kubeflow, SecretKey, Step
from trainer.hyperparameters import Hyperparameters

# Settings that were, and what to write instead.
GONE = {
    "evaluation.label_floors": 'no such setting any more; write evaluation.floors: {"entity_f1_strict/PER": 0.7} for '
    "label_floors: {PER: 0.7}; take an empty one out",
    "pipeline.beam_args": "no such setting any more; write beam.args, or see what stands under beam beside it",
}

# What a cluster's steps reach beside folders.
BUCKETS = ("gs://", "s3://", "minio://")

DEFAULTS = Path(__file__).resolve().parent.parent / "configs" / "default.yaml"

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
        from trainer.vector_files import VectorsError, recognise

        try:
            recognise(self.trainer.vectors)
        except VectorsError as error:
            raise SettingsError(f"trainer.vectors: {error}") from error

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


def load(*, config: str | Path | None = None, assignments: Iterable[str] = ()) -> Settings:
    """The defaults, overridden by the file `config`, overridden by `key.path=value` assignments.

    Raises:
        SettingsError: a file that is missing or no YAML, an unknown key, a value of the wrong type.
    """
    merged = _read(DEFAULTS) if DEFAULTS.exists() else {}
    origins = [str(DEFAULTS.name)]
    if config is not None:
        merged = _merge(merged, _read(Path(config)))
        origins.append(str(config))
    for assignment in assignments:
        merged = _merge(merged, _assigned(assignment))
        origins.append(f"--set {assignment}")
    try:
        return msgspec.convert(merged, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(
            f"{_explained(str(error), merged)} (settings from {', '.join(origins)})"
        ) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        data = _parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: no such file; expected a settings file in YAML") from error
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{path}: not a settings file in YAML: {error}") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise SettingsError(
            f"{path}: found {type(data).__name__} at the top; expected keys such as `trainer:`"
        )
    return data


class _Loader(yaml.SafeLoader):
    """YAML in which 1e-3 is a number, as people mean it; YAML 1.1 asks for 1.0e-3."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)


def _parsed(text: str) -> Any:
    return yaml.load(text, _Loader)


def _assigned(assignment: str) -> dict[str, Any]:
    path, equals, text = assignment.partition("=")
    if not equals or not path.strip():
        raise SettingsError(f"--set {assignment}: expected KEY=VALUE, such as trainer.epochs=3")
    try:
        value = _parsed(text)
    except yaml.YAMLError as error:
        raise SettingsError(f"--set {assignment}: the value is not YAML: {error}") from error
    for key in reversed(path.strip().split(".")):
        value = {key: value}
    return dict(value)


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = _merge(merged[key], value)
        else:
            merged[key] = value
    return merged


# With something below every free key.
_FULL = Settings(
    kubeflow=Kubeflow(components={"Trainer": Step()}, secrets={"NAME": SecretKey(secret="a", key="b")})
)


def _instead(unknown: str, known: list[str]) -> str:
    if len(known) <= 20:
        return f"expected one of {', '.join(known)}"
    close = difflib.get_close_matches(unknown, known)
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    return f"{hint}expected one of the {len(known)} that configs/default.yaml lists"


def _explained(message: str, merged: Mapping[str, Any]) -> str:
    """msgspec's message with its path in front: `trainer.epochs: expected int, got str (found 'many')`."""
    reason, _, path = message.partition(" - at ")
    # A path is `$.beam.args[0]`; one about the keys of an object begins with "`key` in ".
    where = path.removeprefix("`key` in ").strip("`").removeprefix("$").removeprefix(".")
    keys = where.replace("[...]", "[]").split(".") if where else []
    if reason.startswith("Object contains unknown field"):
        unknown = reason.split("`")[1]
        known: Any = msgspec.to_builtins(_FULL)
        for key in keys:
            section, within, _ = key.partition("[")
            known = known[section]
            # Below a free key, and in a list, the settings are those below any other.
            if within:
                known = next(iter(known.values() if isinstance(known, dict) else known))
        name = ".".join([*keys, unknown])
        if name in GONE:
            return f"{name}: {GONE[name]}"
        return f"{name}: no such setting; {_instead(unknown, sorted(known))}"
    explained = f"{where or 'settings'}: {reason[:1].lower()}{reason[1:]}"
    found: Any = merged
    for key in keys:
        # Of a list, or of an object with free keys, the whole: msgspec names no place within the latter.
        found = found.get(key.partition("[")[0]) if isinstance(found, Mapping) else None
    if path.startswith("`key`"):
        return f"{explained} as a key; found {', '.join(map(repr, found))}"
    # The other checks are the settings' own, and say what they found.
    return f"{explained}; found {found!r}" if reason.startswith(("Expected", "Invalid")) else explained
