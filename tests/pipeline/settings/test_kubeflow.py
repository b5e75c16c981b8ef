"""Illegal settings of a cluster are refused before anything is compiled."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.settings import SettingsError, load
from pipeline.settings.kubeflow import Kubeflow, unknown_nodes

NODES = ("CorpusGen", "Transform", "Trainer", "Evaluator", "AtomicPusher")


def refusal(*assignments: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(assignments=assignments)
    return str(caught.value)


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        (
            "kubeflow.components.Transform.gpus=1",
            "components.Transform.gpus: found 1; only Trainer and Tuner",
        ),
        ("kubeflow.components.Trainer.gpus=-1", "expected `int` >= 0"),
        ("kubeflow.components.Trainer.gpu_type=NVIDIA_L4", "found NVIDIA_L4, but no GPU; set"),
        (
            "kubeflow.components.Trainer.memory=16 GB",
            "kubeflow.components[...].memory: expected a quantity of Kubernetes, such as 500m, 4 or 16Gi; "
            "found {'Trainer': {'memory': '16 GB'}}",
        ),
        ("kubeflow.components.Trainer.gpuz=1", "no such setting; expected one of cache, cpu, gpu_type, gpus"),
        (
            "kubeflow.pvc=[{claim: a, mont: /x}]",
            "kubeflow.pvc[0].mont: no such setting; expected one of claim",
        ),
        (
            "kubeflow.pvc=[{claim: a, mount: x}]",
            "kubeflow.pvc[0].mount: expected an absolute path without a slash at its end",
        ),
        (
            "kubeflow.pvc=[{claim: a, mount: /x, sub_path: ../y}]",
            "sub_path: found '../y'; expected a path within",
        ),
        ("kubeflow.pvc=[{claim: a, mount: /x}, {claim: b, mount: /x}]", "each volume at a place of its own"),
        ("kubeflow.secrets={A: {secre: x}}", "kubeflow.secrets[].secre: no such setting"),
        ("kubeflow.metadata={host: h, port: 0}", "kubeflow.metadata.port: expected `int` >= 1"),
        (
            "kubeflow={env: {A: x}, secrets: {A: {secret: s, key: k}}}",
            "found A in both; expected each name in one",
        ),
    ],
)
def test_illegal_values_are_refused_with_their_place(assignment: str, expected: str) -> None:
    assert expected in refusal(assignment)


# Put together here, so that nobody who looks for credentials in the sources finds any.
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "x"),
        ("aws_secret_access_key", "x"),
        ("HF_TOKEN", "x"),
        ("KEYFILE", "-----" + "BEGIN PRIVATE KEY-----"),
        ("ID", "AKIA" + "ABCDEFGHIJKLMNOP"),
        ("JWT", "eyJ" + "hbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxIn0"),
        ("DATABASE", "postgres://me:" + "hunter2@db/x"),
        ("ANY", "Zm9v" + "YmFyYmF6cXV4Zm9vYmFyYmF6cXV4MTIz"),
    ],
)
def test_a_credential_is_refused_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"env.{name}: this looks like a credential") as caught:
        Kubeflow(env={name: value})
    assert value == "x" or value not in str(caught.value)
    assert f"secrets: {{{name}: {{secret: NAME, key: KEY}}}}" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TF_CPP_MIN_LOG_LEVEL", "2"),
        ("TOKENIZERS_PARALLELISM", "false"),
        ("S3_ENDPOINT", "http://minio-service.kubeflow:9000"),
        ("MONKEY", "a-rather-long-value-of-plain-words-that-somebody-wrote"),
        ("PATH", "/usr/local/bin:/usr/bin"),
    ],
)
def test_a_plain_value_is_none(name: str, value: str) -> None:
    assert Kubeflow(env={name: value}).env == {name: value}


def test_a_misspelt_component_gets_a_suggestion() -> None:
    assert unknown_nodes(["Trainer"], NODES) == []
    (line,) = unknown_nodes(["Trainor", "Evaluator"], NODES)
    assert line.startswith(
        "kubeflow.components.Trainor: no such component; did you mean Trainer? expected one of Corpus"
    )
    (line,) = unknown_nodes(["trainer"], NODES)
    assert "did you mean Trainer?" in line
    (line,) = unknown_nodes(["Xyzzy"], NODES)
    assert "did you mean" not in line


@settings(deadline=None)
@given(st.sampled_from(NODES), st.integers(1, 8))
def test_a_gpu_is_for_training_alone(node: str, count: int) -> None:
    assignment = f"kubeflow.components.{node}.gpus={count}"
    if node == "Trainer":
        assert load(assignments=[assignment]).kubeflow.components[node].gpus == count
    else:
        assert f"components.{node}.gpus: found {count}" in refusal(assignment)


@pytest.mark.parametrize(
    ("toleration", "expected"),
    [
        ("{operator: Equal, value: x}", "expected a key, or operator Exists"),
        ("{key: gpu, operator: Exists, value: x}", "expected no value beside Exists"),
    ],
)
def test_a_toleration_that_kubernetes_refuses_is_refused_here(toleration: str, expected: str) -> None:
    with pytest.raises(SettingsError, match=expected):
        load(assignments=[f"kubeflow.components.Trainer.tolerations=[{toleration}]"])
    load(assignments=["kubeflow.components.Trainer.tolerations=[{operator: Exists}]"])
