"""Settings: one file that explains every key, what overrides what, and errors that say what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from components.serving_check.budgets import Budgets
from pipeline.settings import DEFAULTS, Settings, SettingsError, load

CONFIGS = sorted(DEFAULTS.parent.glob("*.yaml"))
# Objects whose keys the user chooses.
FREE = {"evaluation.floors", "kubeflow.env", "kubeflow.secrets", "kubeflow.components", "tuning.space"}


def refusal(*assignments: str, config: Path | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load(config=config, assignments=assignments)
    return str(caught.value)


def file_of(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "task.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def keys_of(tree: dict[str, Any], above: str = "") -> set[str]:
    """Dotted paths of every leaf."""
    found = set()
    for key, value in tree.items():
        path = f"{above}{key}"
        if isinstance(value, dict) and path not in FREE:
            found |= keys_of(value, f"{path}.")
        else:
            found.add(path)
    return found


def test_default_yaml_holds_every_default() -> None:
    written = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))
    assert keys_of(written) == keys_of(msgspec.to_builtins(Settings()))
    assert msgspec.convert(written, Settings) == Settings()
    assert load() == Settings()


def test_default_yaml_explains_every_key() -> None:
    lines = DEFAULTS.read_text(encoding="utf-8").splitlines()
    for before, line in zip(["", *lines], lines, strict=False):
        key, _, value = line.partition(":")
        # A section is explained by its keys, a share by its section.
        if not value.strip() or key.startswith("#") or key.strip() in ("train", "dev", "test"):
            continue
        assert "#" in line or before.strip().startswith("#"), f"{line!r} has no comment"


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_shipped_file_loads(path: Path) -> None:
    assert load(config=path).name == ("tagger" if path == DEFAULTS else path.stem)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_yaml_round_trip(path: Path, tmp_path: Path) -> None:
    settings = load(
        config=path, assignments=["evaluation.floors={entity_f1_strict/PER: 0.5}", "data=größer/ein Pfad"]
    )
    assert load(config=file_of(tmp_path, settings.to_yaml())) == settings


def test_a_file_overrides_the_defaults_and_set_overrides_both(tmp_path: Path) -> None:
    config = file_of(tmp_path, "trainer:\n  epochs: 5\n  batch_size: 7\n")
    settings = load(config=config, assignments=["trainer.epochs=6", "trainer.epochs=9"])
    assert (settings.trainer.epochs, settings.trainer.batch_size) == (9, 7)
    assert settings.trainer.learning_rate == Settings().trainer.learning_rate


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert load(config=file_of(tmp_path, "# nothing yet\n")) == Settings()


@pytest.mark.parametrize(
    ("assignment", "path", "value"),
    [
        ("trainer.learning_rate=1e-3", "trainer.learning_rate", 0.001),
        ("trainer.learning_rate=5E-4", "trainer.learning_rate", 0.0005),
        ("trainer.learning_rate=.5e-1", "trainer.learning_rate", 0.05),
        ("trainer.learning_rate=1", "trainer.learning_rate", 1.0),
        ("evaluation.slice_by=[domain]", "evaluation.slice_by", ("domain",)),
        (
            "evaluation.floors.entity_f1_strict/creative-work=0.5",
            "evaluation.floors",
            {"entity_f1_strict/creative-work": 0.5},
        ),
        ("evaluation.length_buckets=[5]", "evaluation.length_buckets", (5,)),
        ("evaluation.max_calibration_error=0.05", "evaluation.max_calibration_error", 0.05),
        ("evaluation.crfsuite.enabled=true", "evaluation.crfsuite.enabled", True),
        ("evaluation.crfsuite.enabled=false", "evaluation.crfsuite.enabled", False),
        ("evaluation.crfsuite.enabled=auto", "evaluation.crfsuite.enabled", "auto"),
        ("evaluation.most_frequent_tag=false", "evaluation.most_frequent_tag", False),
        ("serving.max_p99_ms=20", "serving.budgets", Budgets(max_p99_ms=20.0)),
        ("corpus.separator='\t'", "corpus.separator", "\t"),
        ("schema=null", "schema", None),
        ("name=e-3", "name", "e-3"),
        ("kubeflow.namespace=007", "kubeflow.namespace", "007"),
        ("kubeflow.experiment=1e3", "kubeflow.experiment", "1e3"),
        ("kubeflow.experiment=2024-01-01", "kubeflow.experiment", "2024-01-01"),
        ("kubeflow.env={A: 0x1F, B: 1.10, C: yes}", "kubeflow.env", {"A": "0x1F", "B": "1.10", "C": "yes"}),
        ("beam.args=[1]", "beam.args", ("1",)),
        ("beam.flink.version=1.18", "beam.flink.version", "1.18"),
        ("name=no", "name", "no"),
        ("name='no'", "name", "no"),
        ("data=", "data", ""),
        ("data=a: b #1 ", "data", "a: b #1 "),
        ("data=[a", "data", "[a"),
        ('data="a\\tb"', "data", "a\tb"),
        ("schema=", "schema", None),
        ("schema='null'", "schema", "null"),
        ("corpus.separator=\t", "corpus.separator", "\t"),
        ("corpus.separator=\\t", "corpus.separator", "\t"),
        ('corpus.separator="\\t"', "corpus.separator", "\t"),
        ("corpus.separator=tab", "corpus.separator", "\t"),
        ("corpus.separator= ", "corpus.separator", " "),
        ("corpus.separator=,", "corpus.separator", ","),
        ("trainer.epochs=010", "trainer.epochs", 10),
        ("trainer.epochs=1_0", "trainer.epochs", 10),
        ("pipeline.cache=false", "pipeline.cache", False),
        ("data=a=b", "data", "a=b"),
        (" trainer.epochs =3", "trainer.epochs", 3),
    ],
)
def test_values_are_yaml_and_texts_are_as_typed(assignment: str, path: str, value: object) -> None:
    found: Any = load(assignments=[assignment])
    for key in path.split("."):
        found = getattr(found, key)
    assert found == value


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        (
            "trainer.epoch=3",
            "trainer.epoch: no such setting; did you mean epochs? expected one of the ",
        ),
        ("trainer.zzz=3", "trainer.zzz: no such setting; expected one of the "),
        ("trane=3", "trane: no such setting; expected one of beam, checks, corpus, data,"),
        ("trainer.crf.kind=x", "trainer.crf.kind: no such setting; expected one of constrained, implem"),
        ("trainer.epochs=many", "trainer.epochs: expected `int`, got `str`; found 'many'"),
        ("trainer.epochs=", "trainer.epochs: expected `int`, got `null`; found None"),
        ("trainer.epochs=0", "trainer.epochs: expected `int` >= 1; found 0"),
        ("trainer=3", "trainer: expected `object`, got `int`; found 3"),
        ("evaluation.floor=2", "evaluation.floor: expected `float` <= 1.0; found 2"),
        ("evaluation.floor=.nan", "evaluation.floor: expected `float` >= 0.0; found nan"),
        ("trainer.input_dropout=1", "trainer.input_dropout: expected `float` < 1.0; found 1"),
        ("evaluation.slice_by=domain", "evaluation.slice_by: expected `array`, got `str`; found 'domain'"),
        ("beam.args=[[1]]", "beam.args[0]: expected `str`, got `array`; found [[1]]"),
        (
            "evaluation.floors={token_accuracy: 2}",
            "evaluation.floors[...]: expected `float` <= 1.0; found {'token_accuracy': 2}",
        ),
        ("evaluation.floors={1: 0.2}", "evaluation: floors: 1: no such metric; expected one of primary,"),
        ("evaluation.floors={PER: 0.7}", "evaluation: floors: PER: no such metric; expected one of primary,"),
        (
            "evaluation.floors={primary@domain=news: 0.7}",
            "evaluation: floors: primary@domain=news: domain is not in slice_by, which has nothing; add it there",
        ),
        (
            "evaluation.length_buckets=[20, 10]",
            "evaluation: length_buckets: found [20, 10]; expected lengths",
        ),
        ("evaluation.level=95", "evaluation.level: expected `float` < 1.0; found 95"),
        ("evaluation.intervals=normal", "evaluation.intervals: invalid enum value 'normal'; found 'normal'"),
        ("serving.max_median_ms=0", "serving.max_median_ms: expected `float` > 0.0; found 0"),
        (
            "name=a b",
            "name: expected a letter, then at most 62 letters, digits, - and _, such as wnut17; found",
        ),
        (
            "name=007",
            "name: expected a letter, then at most 62 letters, digits, - and _, such as wnut17; found '007'",
        ),
        ("name=../x", "name: expected a letter, then"),
        ("trainer.epochs=1:30", "trainer.epochs: expected `int`, got `str`; found '1:30'"),
        (
            "corpus.separator=''",
            "corpus: separator: found an empty string; expected a character, tab or space",
        ),
        ("corpus.format=xml", "corpus.format: invalid enum value 'xml'; found 'xml'"),
        ("corpus.scheme=FOO", "corpus: unknown tag scheme 'FOO'; expected one of BIO, BIOES,"),
        ("corpus.hash_split.train=-1", "corpus.hash_split: hash_split: found train=-1.0, dev=0.1, test=0.1;"),
        ("checks.max_repaired=2", "checks: max_repaired: found 2.0; expected a share, from 0 to 1"),
    ],
)
def test_an_illegal_value_is_refused_with_its_path(assignment: str, message: str) -> None:
    error = refusal(assignment)
    assert error.startswith(message)
    assert error.endswith(f"(settings from default.yaml, --set {assignment})")
    # A message about one setting does not quote all the others.
    assert len(error) < 500


@pytest.mark.parametrize("assignment", ["trainer.epochs", "=3", "", "trainer.epochs 3", " =3"])
def test_a_malformed_assignment_is_refused(assignment: str) -> None:
    expected = f"--set {assignment}: expected KEY=VALUE, such as trainer.epochs=3"
    assert refusal(assignment) == expected


def test_an_assignment_that_is_no_yaml_is_refused() -> None:
    assert refusal("beam.args=[a").startswith("--set beam.args=[a: the value is not YAML: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "found list at the top; expected keys such as `trainer:`"),
        ("3", "found int at the top"),
        ("just words", "found str at the top; expected keys such as `trainer:`"),
        ("a: [b", "not a settings file in YAML: while parsing a flow sequence"),
    ],
)
def test_a_file_that_is_no_settings_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    config = file_of(tmp_path, text)
    assert refusal(config=config).startswith(f"{config}: {message}")


EIGHT_TIMES = [", ".join([f"*a{n}"] * 8) for n in range(30)]
ALIASES = "".join(f"a{n + 1}: &a{n + 1} [{eight}]\n" for n, eight in enumerate(EIGHT_TIMES))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"a0: &a0 [x, x]\n{ALIASES}", "aliases that stand for more than 100000 values"),
        ("beam: {args: &a [*a]}", "or for themselves"),
        ("beam: {args: " + "[" * 1000, "nested too deep"),
        (r'corpus: {format: "\ud800"}', "half a surrogate pair"),
    ],
)
def test_a_file_that_would_take_for_ever_is_refused(tmp_path: Path, text: str, message: str) -> None:
    config = file_of(tmp_path, text)
    assert message in refusal(config=config)
    assert str(config) in refusal(config=config)


def test_an_alias_is_what_it_names(tmp_path: Path) -> None:
    config = file_of(tmp_path, "data: &here corpora\nserving: {models: *here}\n")
    assert load(config=config).serving.models == "corpora"


@pytest.mark.parametrize(
    ("assignment", "where"),
    [
        ("data=s3://anna:hunter2@bucket/corpus", "data"),
        ("kubeflow.image=https://:hunter2@registry/image", "kubeflow.image"),
        ("beam.args=[--x, --url=http://anna:hunter2@host]", "beam.args[1]"),
    ],
)
def test_a_url_with_a_password_is_refused_and_not_repeated(assignment: str, where: str) -> None:
    message = refusal(assignment)
    assert message.startswith(f"{where}: found a URL with a password")
    assert "hunter2" not in message


def test_bytes_of_a_command_line_that_are_not_utf8_are_refused() -> None:
    assert "settings: found '\\udcff', which is not Unicode" in refusal("corpus.format=\udcff")


@pytest.mark.parametrize("separator", ["\\t", '"\\t"', "'\\t'", "'\t'", "tab"])
def test_a_tab_in_a_file(tmp_path: Path, separator: str) -> None:
    settings = load(config=file_of(tmp_path, f"corpus:\n  separator: {separator}\n"))
    assert settings.corpus.separator == "\t"
    assert load(config=file_of(tmp_path, settings.to_yaml())) == settings


def test_a_text_in_a_file_may_look_like_something_else(tmp_path: Path) -> None:
    text = "data: 2024\nkubeflow:\n  experiment: 1.10\n  components: {Trainer: {cpu: 4, node_selector: {1: true}}}\n"
    settings = load(config=file_of(tmp_path, text))
    assert (settings.data, settings.kubeflow.experiment) == ("2024", "1.10")
    trainer = settings.kubeflow.components["Trainer"]
    assert (trainer.cpu, trainer.node_selector) == ("4", {"1": "true"})
    assert load(config=file_of(tmp_path, settings.to_yaml())) == settings


def test_a_key_that_is_no_text_is_refused(tmp_path: Path) -> None:
    assert refusal(config=file_of(tmp_path, "1: 2\n")).startswith(
        "1: no such setting; expected one of beam, "
    )


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    missing = tmp_path / "missing.yaml"
    assert refusal(config=missing) == f"{missing}: no such file; expected a settings file in YAML"
    for config in (tmp_path, file_of(tmp_path, "") / "below"):
        assert refusal(config=config).startswith(f"{config}: not a settings file in YAML: ")
    (tmp_path / "latin.yaml").write_bytes("name: größe".encode("latin-1"))
    assert "not a settings file in YAML" in refusal(config=tmp_path / "latin.yaml")


def test_an_error_in_a_file_names_the_file(tmp_path: Path) -> None:
    config = file_of(tmp_path, "trainer:\n  epochs: few\n")
    assert refusal(config=config).endswith(f"; found 'few' (settings from default.yaml, {config})")


def test_absolute_paths_mean_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(assignments=["data=corpus", "schema=s.pbtxt", "serving.models=m", "name=t"])
    absolute = settings.with_absolute_paths()
    assert absolute.data == str(tmp_path / "corpus")
    assert absolute.schema == str(tmp_path / "s.pbtxt")
    assert absolute.serving.models == str(tmp_path / "m")
    assert absolute.run_dir == tmp_path / "runs" / "t"
    assert absolute.with_absolute_paths() == absolute


@pytest.mark.parametrize(
    ("key", "path", "expected"),
    [
        ("data", "ftp://host/m", "expected a folder, or for a cluster a bucket: gs://, s3://, minio://"),
        ("serving.models", "https://host/m", "expected a folder, or"),
        ("pipeline.root", "file:///m", "expected a folder, or"),
        ("pipeline.root", "a[1]", "expected a path without"),
    ],
)
def test_paths_that_would_be_mangled_are_refused(key: str, path: str, expected: str) -> None:
    message = refusal(f"{key}='{path}'")
    assert f"{key}: found {path}" in message
    assert expected in message


@pytest.mark.parametrize("key", ["data", "schema", "trainer.vectors", "serving.models", "pipeline.root"])
def test_a_bucket_is_for_a_cluster(key: str) -> None:
    settings = load(assignments=[f"{key}=gs://bucket/m"])
    assert settings.places[key] == "gs://bucket/m"
    with pytest.raises(SettingsError, match=f"{key}: found gs://bucket/m; a bucket is for a cluster"):
        settings.with_absolute_paths()


def test_a_bucket_keeps_its_slashes() -> None:
    settings = load(assignments=["name=t", "pipeline.root=gs://b/runs", "serving.models=s3://b/models"])
    assert settings.run_place == "gs://b/runs/t"
    assert settings.models_place == "s3://b/models/t"
    with pytest.raises(SettingsError, match=r"pipeline\.root: found gs://b/runs"):
        settings.run_dir.exists()
    with pytest.raises(SettingsError, match=r"serving\.models: found s3://b/models"):
        settings.models_dir.exists()


def test_missing_inputs_are_refused_before_a_run(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="data: not set; give the corpus by --data DIR"):
        load(config="configs/wnut17.yaml").require_inputs()
    with pytest.raises(SettingsError, match=r"schema: found .*none\.pbtxt; expected a file"):
        load(assignments=[f"schema={tmp_path}/none.pbtxt"]).require_inputs()
    load(config="configs/wnut17.yaml", assignments=["data=sample/corpus"]).require_inputs()


def test_a_file_that_is_no_vectors_is_refused_before_a_run(tmp_path: Path) -> None:
    load().require_vectors()
    path = tmp_path / "v.txt"
    settings = load(assignments=[f"trainer.vectors={path}"])
    with pytest.raises(
        SettingsError, match=r"trainer\.vectors: .*/v\.txt: found no file; expected word vectors"
    ):
        settings.require_vectors()
    path.write_text("Dear reader,\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"trainer\.vectors: .*/v\.txt:1: found 'Dear reader"):
        settings.require_vectors()
    path.write_text("the 0.5 0.25\n", encoding="utf-8")
    settings.require_vectors()
    assert load(assignments=["trainer.vectors=v.txt"]).with_absolute_paths().trainer.vectors == str(
        Path("v.txt").absolute()
    )


def test_extra_words_are_of_a_frozen_file() -> None:
    assert refusal("trainer.vectors_extra_words=5").startswith(
        "trainer: vectors_extra_words: found 5 with vectors: null and vectors_frozen: true; expected a file, frozen"
    )
    assert "vectors_frozen: false" in refusal(
        "trainer.vectors=v.txt", "trainer.vectors_frozen=false", "trainer.vectors_extra_words=5"
    )
    load(assignments=["trainer.vectors=v.txt", "trainer.vectors_extra_words=5"])


def test_settings_need_no_tensorflow() -> None:
    program = (
        "import sys; from pipeline.settings import load; load(); "
        "print([m for m in ('tensorflow', 'tfx', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
