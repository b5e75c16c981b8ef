"""The config file: TensorFlow Serving's own message reads it back, and what others wrote in it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from serving.registry import label_history, model_config
from serving.registry.errors import Refused
from serving.registry.label_history import Change
from serving.registry.model_config import FILE, Served

OTHERS = """\
# ours since the spring
model_config_list {
  config {
    name: "other" # not ours
    base_path: "/models/other#1"
    model_platform: "tensorflow"
    model_version_policy { all {} }
  }
  config {
    name: "tagger"
    base_path: "/models/tagger"
    model_platform: "tensorflow"
    logging_config { sampling_config { sampling_rate: 0.5 } }
    version_labels { key: "beta" value: 3 }
    model_version_policy { specific { versions: 3 } }
  }
}
"""


def parsed(folder: Path) -> ModelServerConfig:
    return text_format.Parse((folder / FILE).read_text(), ModelServerConfig())


def put(folder: Path, text: str) -> None:
    (folder / FILE).write_text(text)


def test_a_new_config_serves_the_newest(tmp_path: Path) -> None:
    assert not (tmp_path / FILE).exists()
    model_config.write(tmp_path, model_config.read(tmp_path, "tagger"))
    (entry,) = parsed(tmp_path).model_config_list.config
    assert (entry.name, entry.base_path, entry.model_platform) == ("tagger", str(tmp_path), "tensorflow")
    assert entry.model_version_policy.latest.num_versions == 1
    assert not entry.version_labels
    assert model_config.read(tmp_path, "tagger").served == Served()


@given(
    versions=st.none() | st.frozensets(st.integers(1, 2**62), min_size=1, max_size=5),
    labels=st.dictionaries(st.text(min_size=1, max_size=8), st.integers(1, 2**62), max_size=4),
)
def test_tensorflow_serving_reads_the_same_config(
    tmp_path_factory: pytest.TempPathFactory, versions: frozenset[int] | None, labels: dict[str, int]
) -> None:
    folder = tmp_path_factory.mktemp("größe 1")
    served = Served(None, labels) if versions is None else Served.just(versions, labels)
    config = model_config.new(folder, "tagger").serving(served)
    model_config.write(folder, config)
    (entry,) = parsed(folder).model_config_list.config
    assert entry.base_path == str(folder)
    assert dict(entry.version_labels) == labels
    if versions is None:
        assert entry.model_version_policy.WhichOneof("policy_choice") == "latest"
    else:
        wanted = sorted(versions | set(labels.values()))
        assert list(entry.model_version_policy.specific.versions) == wanted
    again = model_config.read(folder, "tagger")
    assert again.served == served
    assert again.text() == config.text() == (folder / FILE).read_text()


def test_other_models_settings_and_comments_are_kept(tmp_path: Path) -> None:
    put(tmp_path, OTHERS)
    before = parsed(tmp_path)
    config = model_config.read(tmp_path, "tagger")
    assert config.served == Served((3,), {"beta": 3})
    model_config.write(tmp_path, config.serving(Served.just([5], {**config.labels, "stable": 5})))
    after = parsed(tmp_path)
    other, ours = after.model_config_list.config
    assert other == before.model_config_list.config[0]
    assert ours.logging_config.sampling_config.sampling_rate == 0.5
    assert dict(ours.version_labels) == {"beta": 3, "stable": 5}
    assert list(ours.model_version_policy.specific.versions) == [3, 5]
    text = (tmp_path / FILE).read_text()
    assert "# ours since the spring\n# not ours\n" in text
    # Read and written again it does not grow.
    again = model_config.read(tmp_path, "tagger")
    assert again.comments == ("# ours since the spring", "# not ours")
    assert again.text() == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model_config_list {", "not a ModelServerConfig in text form"),
        ('model_config_list { config { name: "tagger" new_field: 1 } }', 'no field named "new_field"'),
        ('model_config_list { config { name: "other" } }', "found the models other; expected 'tagger' once"),
        (
            'model_config_list { config { name: "tagger" } config { name: "tagger" } }',
            "found the models tagger, tagger; expected 'tagger' once",
        ),
        ("custom_model_config { }", "found a custom_model_config; expected a model_config_list"),
    ],
)
def test_a_file_of_another_kind_is_refused_and_not_touched(tmp_path: Path, text: str, message: str) -> None:
    put(tmp_path, text)
    with pytest.raises(Refused, match=message) as refusal:
        model_config.read(tmp_path, "tagger")
    assert str(tmp_path / FILE) in str(refusal.value)
    assert (tmp_path / FILE).read_text() == text


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\x80 model_config_list { }")
    with pytest.raises(Refused, match="not a ModelServerConfig in text form"):
        model_config.read(tmp_path, "tagger")


@pytest.mark.parametrize("policy", ["all {}", "latest { num_versions: 2 }"])
def test_another_version_policy_can_be_read_and_is_refused(tmp_path: Path, policy: str) -> None:
    put(tmp_path, f'model_config_list {{ config {{ name: "tagger" model_version_policy {{ {policy} }} }} }}')
    config = model_config.read(tmp_path, "tagger")
    with pytest.raises(Refused, match="expected `specific`, or `latest` with one version"):
        _ = config.served


def test_a_file_without_models_gets_this_one(tmp_path: Path) -> None:
    put(tmp_path, "# later\n")
    config = model_config.read(tmp_path, "tagger")
    assert (config.served, config.comments) == (Served(), ("# later",))


def test_another_base_path_for_a_container(tmp_path: Path) -> None:
    config = model_config.new(tmp_path, "tagger").serving(Served.just([2], {"stable": 2}))
    moved = text_format.Parse(config.based_on("/models/tagger").text(), ModelServerConfig())
    (entry,) = moved.model_config_list.config
    assert entry.base_path == "/models/tagger"
    assert dict(entry.version_labels) == {"stable": 2}
    assert config.base_path == str(tmp_path)


def test_the_same_content_does_not_touch_the_file(tmp_path: Path) -> None:
    config = model_config.new(tmp_path, "tagger")
    model_config.write(tmp_path, config)
    before = (tmp_path / FILE).stat()
    model_config.write(tmp_path, config)
    after = (tmp_path / FILE).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_an_empty_or_missing_file_gets_the_labels_of_the_history(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for version in (2, 3):
        (tmp_path / str(version)).mkdir()
        (tmp_path / str(version) / "saved_model.pb").touch()
    moves = {"stable": 2, "canary": 3, "gone": 9, "beta": 3}
    lines = [Change(change="promote", label=label, version=to, before=None) for label, to in moves.items()]
    label_history.append(
        tmp_path, [*lines, Change(change="uncanary", label="canary", version=None, before=3)]
    )
    expected = Served((2, 3), {"stable": 2, "beta": 3})
    assert model_config.read(tmp_path, "tagger").served == expected
    for text in ("", "\n", "# only this"):
        put(tmp_path, text)
        assert model_config.read(tmp_path, "tagger").served == expected
    assert len(caplog.messages) == 4
    assert caplog.messages[0].startswith(
        f"{tmp_path / FILE} lists no model; its labels are those of labels.jsonl"
    )


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_file_cut_short_or_garbled_is_refused_and_a_new_one_gets_the_labels(
    tmp_path: Path, cut: int
) -> None:
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "saved_model.pb").touch()
    model_config.write(tmp_path, model_config.new(tmp_path, "tagger").serving(Served((3,), {"stable": 3})))
    label_history.append(tmp_path, [Change(change="promote", label="stable", version=3, before=None)])
    content = (tmp_path / FILE).read_bytes()
    start = content.index(b"model_config_list")
    damaged = content[: start + (len(content) - start) * cut // 12] if cut > 1 else b"\xff\0\xfe"
    (tmp_path / FILE).write_bytes(damaged)
    with pytest.raises(
        Refused, match=r"models\.config: .*labels\.jsonl|models\.config: not a ModelServerConfig"
    ):
        model_config.read(tmp_path, "tagger")
    (tmp_path / FILE).unlink()
    assert model_config.read(tmp_path, "tagger").served == Served((3,), {"stable": 3})
