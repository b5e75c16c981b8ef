"""Two workers: real processes that meet by gRPC and train the tiny corpus."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from pathlib import Path

import msgspec
import pytest
import tensorflow as tf

from tests.trainer.tiny_training import NO_DROPOUT, train
from trainer.distributed import worker
from trainer.distributed.local_workers import WorkerFailed, _visible_gpus, run, tf_config
from trainer.features.vocabulary import Vocabulary
from trainer.training import loop
from trainer.training.history import History

# What `python -m trainer.distributed.worker` does, on a corpus that Transform has not made.
PROGRAM = """
import json, os, signal, sys
import msgspec
import tensorflow as tf
from trainer.distributed import worker
from trainer.training import replicas

path, vocabulary_json, directory, scenario = sys.argv[1:]
marker = os.path.join(directory, "killed")

def train(strategy):
    worker.log_to_stdout(is_leader=replicas.is_leader(strategy))
    from tagging.schemes import BIOES
    from tests.trainer import tiny_training
    from trainer.features.vocabulary import Vocabulary
    from trainer.input_pipeline import batches
    from trainer.model.bilstm_crf import BiLstmCrf

    vocabulary = msgspec.json.decode(vocabulary_json, type=Vocabulary)
    index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]

    def report(history):
        if scenario == "kill" and index == 1 and len(history.epochs) == 2 and not os.path.exists(marker):
            open(marker, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)

    class Model(BiLstmCrf):
        def log_likelihood(self, inputs, labels, *, seed):
            found = super().log_likelihood(inputs, labels, seed=seed)
            if scenario == "memory" and index == 1:
                sentences = tf.shape(inputs.lengths, out_type=tf.int64)[0]
                wanted = tf.where(sentences > 1, tf.constant(1 << 46, tf.int64), tf.constant(1, tf.int64))
                found += tf.zeros(tf.reshape(wanted, [1]))[0]
            return found

    hp = tiny_training.NO_DROPOUT
    _, history = tiny_training.train(
        batches.sentences([path]), vocabulary, directory, hp,
        build=lambda: Model(hp, vocabulary, BIOES), strategy=strategy, report=report,
    )
    with open(os.path.join(directory, f"history-{index}.json"), "w") as file:
        file.write(history.to_json())

worker.end_with_parent()
worker.exit_now(worker.exit_status(train))
"""


@pytest.fixture(scope="module")
def one_worker(
    tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path_factory: pytest.TempPathFactory
) -> History:
    return train(tiny_sentences, vocabulary, tmp_path_factory.mktemp("one"), NO_DROPOUT)[1]


def _two_workers(transformed: Path, vocabulary: Vocabulary, directory: Path, scenario: str) -> list[History]:
    """The histories of both workers."""
    command = [sys.executable, "-c", PROGRAM, str(transformed), msgspec.json.encode(vocabulary).decode()]
    command += [str(directory), scenario]
    run(command, workers=2, directory=str(directory))
    return [History.from_json((directory / f"history-{i}.json").read_text()) for i in (0, 1)]


def _assert_same(found: History, expected: History) -> None:
    assert [epoch.number for epoch in found.epochs] == [epoch.number for epoch in expected.epochs]
    assert [e.loss for e in found.epochs] == pytest.approx([e.loss for e in expected.epochs], rel=1e-4)
    assert [e.dev_score for e in found.epochs] == pytest.approx([e.dev_score for e in expected.epochs])


@pytest.mark.slow
def test_two_workers_learn_what_one_does_and_leave_it_for_the_export(
    one_worker: History,
    transformed: Path,
    tiny_sentences: tf.data.Dataset,
    vocabulary: Vocabulary,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "tagline.trainer"):
        both = _two_workers(transformed, vocabulary, tmp_path, "calm")
    for history in both:
        _assert_same(history, one_worker)
    # Only the leader logs.
    epochs = [m for m in caplog.messages if m.startswith("epoch ")]
    assert [message.split()[1] for message in epochs] == ["1/3", "2/3", "3/3"]

    # One process finds the training ended, with nothing left to do.
    model, restored = train(tiny_sentences, vocabulary, tmp_path, NO_DROPOUT)
    assert restored.epochs == both[0].epochs
    best = tmp_path / "best" / f"epoch-{restored.best.number}"
    kept = tf.train.load_variable(str(best), "model/transitions/.ATTRIBUTES/VARIABLE_VALUE")
    assert (model.transitions.numpy() == kept).all()


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_training_resumes_from_the_last_checkpoint(
    one_worker: History,
    transformed: Path,
    vocabulary: Vocabulary,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "tagline.trainer"):
        both = _two_workers(transformed, vocabulary, tmp_path, "kill")
    assert (tmp_path / "killed").exists()
    for history in both:
        _assert_same(history, one_worker)
    assert any(
        re.fullmatch(r"worker 1 of 2 ended \(SIGKILL\): all restart, from epoch-\d", m)
        for m in caplog.messages
    )
    assert any(re.match(r"resuming after epoch \d", m) for m in caplog.messages)
    # No epoch that a checkpoint holds is trained again.
    trained = [m.split()[1] for m in caplog.messages if m.startswith("epoch ")]
    assert trained in (["1/3", "2/3", "3/3"], ["1/3", "2/3", "2/3", "3/3"])


@pytest.mark.slow
def test_workers_agree_on_the_parts_of_a_batch_when_one_of_them_runs_out_of_memory(
    one_worker: History, transformed: Path, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    both = _two_workers(transformed, vocabulary, tmp_path, "memory")
    for history in both:
        _assert_same(history, one_worker)
        assert {epoch.parts for epoch in history.epochs} == {2}


def test_a_workers_own_error_is_raised_and_not_tried_again(tmp_path: Path) -> None:
    program = (
        "import os, sys; open(sys.argv[1], 'a').write('x'); print('no such file: words', file=sys.stderr);"
        "sys.exit(1)"
    )
    with pytest.raises(
        WorkerFailed, match=r"worker 0 ended with status 1; .*worker-0.log ends with: no such file"
    ):
        run([sys.executable, "-c", program, str(tmp_path / "runs")], workers=1, directory=str(tmp_path))
    assert (tmp_path / "runs").read_text() == "x"


def test_a_diverged_loss_is_the_same_error_as_without_workers(tmp_path: Path) -> None:
    program = "import sys; from trainer.distributed import worker; from trainer.training import loop\n"
    program += "def train(_): raise loop.Diverged('the loss of epoch 1 is nan')\n"
    program += "sys.exit(worker.exit_status(train, lambda: None))"
    with pytest.raises(loop.Diverged, match=r"^the loss of epoch 1 is nan$"):
        run([sys.executable, "-c", program], workers=1, directory=str(tmp_path))


def test_workers_that_keep_dying_are_given_up(tmp_path: Path) -> None:
    program = "import os, sys; open(sys.argv[1], 'a').write('x'); os.kill(os.getpid(), 9)"
    with pytest.raises(
        WorkerFailed, match=r"5 times without a new checkpoint; at last worker 0 ended \(SIGKILL\)"
    ):
        run([sys.executable, "-c", program, str(tmp_path / "runs")], workers=1, directory=str(tmp_path))
    assert (tmp_path / "runs").read_text() == "xxxxx"


def test_when_one_fails_the_others_are_ended(tmp_path: Path) -> None:
    program = """
import json, os, sys, time
index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
mine = os.path.join(sys.argv[1], str(index))
open(mine + ".draft", "w").write(str(os.getpid()))
os.rename(mine + ".draft", mine)
if index == 1:
    while not os.path.exists(os.path.join(sys.argv[1], "0")):
        time.sleep(0.05)
    sys.exit(1)
sys.stdin.read()
"""
    with pytest.raises(WorkerFailed, match="worker 1 ended with status 1"):
        run([sys.executable, "-c", program, str(tmp_path)], workers=2, directory=str(tmp_path))
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "0").read_text()), 0)


def test_tf_config_names_all_workers_and_which_one_this_is() -> None:
    assert json.loads(tf_config(["a:1", "b:2"], 1)) == {
        "cluster": {"worker": ["a:1", "b:2"]},
        "task": {"type": "worker", "index": 1},
    }


def test_only_transient_errors_ask_for_a_restart(capsys: pytest.CaptureFixture[str]) -> None:
    def gone(_: tf.distribute.Strategy) -> None:
        raise tf.errors.UnavailableError(None, None, "Connection reset by peer")

    def wrong(_: tf.distribute.Strategy) -> None:
        raise ValueError("no such word")

    def diverged(_: tf.distribute.Strategy) -> None:
        raise loop.Diverged("the loss is nan")

    strategy = tf.distribute.get_strategy()
    trainings = (gone, diverged, wrong, lambda _: None)
    statuses = [worker.exit_status(train, lambda: strategy) for train in trainings]
    assert statuses == [worker.RESTART, worker.DIVERGED, 1, 0]
    errors = capsys.readouterr().err
    assert "restart needed: Connection reset by peer" in errors
    assert "the loss is nan\nTraceback" in errors
    assert errors.rstrip().endswith("ValueError: no such word")


def test_gpus_are_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _visible_gpus(0, 2) == {} or tf.config.list_physical_devices("GPU")
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _: ["GPU"] * 4)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert [_visible_gpus(number, 2)["CUDA_VISIBLE_DEVICES"] for number in (0, 1)] == ["0,2", "1,3"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6,7")
    assert [_visible_gpus(number, 2)["CUDA_VISIBLE_DEVICES"] for number in (0, 1)] == ["4,6", "5,7"]
    with pytest.raises(WorkerFailed, match=r"trainer\.workers: found 5, but 4 GPUs"):
        _visible_gpus(0, 5)
