"""The client against a real server: answers, batches, retries, deadlines, errors."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
import time

import pytest

from serving.client import (
    DeadlineExceeded,
    Entity,
    ModelNotFound,
    RequestRefused,
    ServerUnreachable,
    SignatureMissing,
    TaggedToken,
    Tagger,
    TaggerError,
    UnexpectedAnswer,
    VersionStatus,
)
from serving.client.messages import serving_pb2
from serving.client.tensors import fill_strings
from serving.server.flags import Flags
from serving.server.server import Server
from tests.serving.tiny_model import CONFIDENCE, LAST_CONFIDENCE


@pytest.fixture(scope="module")
def tagger(server):
    with Tagger(server.target, timeout=20) as connected:
        yield connected


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_sentence(tagger):
    tagged = tagger.tag("Žofie Nováková met 李 Bob")
    assert tagged.text == "Žofie Nováková met 李 Bob"
    assert [token.tag for token in tagged.tokens] == ["B-PER", "I-PER", "O", "O", "B-PER"]
    assert tagged.tokens[2] == TaggedToken("met", "O", CONFIDENCE, 15, 18)
    assert tagged.entities == (
        Entity("PER", "Žofie Nováková", 0, 14, CONFIDENCE),
        Entity("PER", "Bob", 21, 24, LAST_CONFIDENCE),
    )
    assert tagged.score == 0.25
    for token in tagged.tokens:
        assert tagged.text[token.start : token.end] == token.text


def test_many_sentences_are_sent_in_batches_and_keep_their_order(server):
    texts = [f"Anna sees {'x ' * (number % 5)}Bob{number}" for number in range(50)]
    with Tagger(server.target, batch_size=7) as tagger:
        tagged = tagger.tag(texts)
        assert [sentence.text for sentence in tagged] == texts
        assert tagged == [tagger.tag(text) for text in texts], "alone and in a batch the same"


def test_nothing_and_empty_sentences(tagger):
    assert tagger.tag([]) == []
    assert tagger.tag_tokens([]) == []
    assert tagger.tag("").tokens == ()
    (empty, full) = tagger.tag_tokens([[], ["Anna", "", "runs"]])
    assert (empty.tokens, empty.text) == ((), "")
    assert [token.text for token in full.tokens] == ["Anna", "", "runs"]


def test_tokens(tagger):
    (tagged,) = tagger.tag_tokens([["Ada", "Lovelace", "wrote"]])
    assert tagged.text == "Ada Lovelace wrote"
    assert tagged.entities == (Entity("PER", "Ada Lovelace", 0, 12, CONFIDENCE),)


def test_a_lone_surrogate_keeps_the_offsets(tagger):
    assert [token.start for token in tagger.tag("a \ud800 Bob").tokens] == [0, 2, 4]


def test_a_long_sentence(tagger):
    assert len(tagger.tag("word " * 50_000).tokens) == 50_000


def test_status(tagger):
    assert tagger.status() == [VersionStatus(7, "AVAILABLE")]


def test_plain_tags_have_no_entities(exported, tmp_path):
    shutil.copytree(exported["NAME"], tmp_path / "1")
    flags = Flags(model_base_path=str(tmp_path), model_name="pos", port=0, file_system_poll_wait_seconds=0)
    with Server(flags) as server, Tagger(server.target, "pos", version=1) as tagger:
        tagged = tagger.tag("Anna runs")
        assert [token.tag for token in tagged.tokens] == ["NAME", "word"]
        assert tagged.entities == ()
        with pytest.raises(SignatureMissing, match=r"has no signature 'decode'.*export it"):
            tagger.tag_tokens([["Anna"]])


def test_unknown_model_and_version(server):
    with Tagger(server.target, "nobody") as tagger, pytest.raises(ModelNotFound, match=r"Latest\(nobody\)"):
        tagger.tag("Anna")
    with Tagger(server.target, version=3) as tagger:
        with pytest.raises(ModelNotFound, match=r"Specific\(tagger, 3\)"):
            tagger.tag("Anna")
        with pytest.raises(ModelNotFound, match="version 3 of model tagger"):
            tagger.status()


def test_an_unreachable_server_is_tried_again_and_then_told():
    with Tagger(f"127.0.0.1:{free_port()}", timeout=5, retries=2) as tagger:
        started = time.monotonic()
        with pytest.raises(ServerUnreachable, match="no server answers at 127"):
            tagger.tag("Anna")
        assert 0.05 < time.monotonic() - started < 2


def test_retries_stay_within_the_deadline():
    with Tagger(f"127.0.0.1:{free_port()}", timeout=0.4, retries=1000) as tagger:
        started = time.monotonic()
        with pytest.raises((ServerUnreachable, DeadlineExceeded)):
            tagger.tag("Anna")
        assert time.monotonic() - started < 1


def test_a_server_that_comes_up_late_is_found(exported, tmp_path):
    shutil.copytree(exported["ORG"], tmp_path / "1")
    flags = Flags(model_base_path=str(tmp_path), model_name="tagger", port=free_port())
    server = Server(flags)
    starter = threading.Timer(0.3, server.start)
    starter.start()
    with Tagger(f"127.0.0.1:{flags.port}", timeout=20, retries=20) as tagger:
        assert tagger.tag("Anna").entities[0].label == "ORG"
    starter.join()
    server.stop()


def test_a_silent_server_is_given_up_at_the_deadline():
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        Tagger(f"127.0.0.1:{silent.getsockname()[1]}", timeout=0.3) as tagger,
        pytest.raises(DeadlineExceeded, match=r"within 0\.3 s"),
    ):
        tagger.tag("Anna")


def test_other_refusals_carry_the_servers_words(tagger):
    request = serving_pb2.PredictRequest()
    request.model_spec.name = "tagger"
    fill_strings(request.inputs["texts"], [b"Anna"])
    with pytest.raises(RequestRefused, match=r"INVALID_ARGUMENT: .*not found in request"):
        tagger._call(tagger._predict, request, "serving_default")


def test_an_answer_of_another_kind_of_model(tagger):
    from serving.client.answers import read_answer

    with pytest.raises(UnexpectedAnswer, match="no tags, lengths"):
        read_answer(serving_pb2.PredictResponse(), ["Anna"])


@pytest.mark.parametrize(
    "wrong", [{"timeout": 0}, {"retries": -1}, {"batch_size": 0}, {"timeout": float("nan")}]
)
def test_numbers_that_make_no_sense(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Tagger("127.0.0.1:1", **wrong)


def test_all_errors_have_one_parent():
    assert issubclass(ServerUnreachable, TaggerError)


def test_import_is_quick_and_without_tensorflow():
    script = (
        "import time; started = time.perf_counter(); import serving.client, serving.client.formats, sys;"
        "heavy = {'tensorflow', 'tfx', 'numpy', 'tensorflow_serving'} & set(sys.modules);"
        "print(time.perf_counter() - started, heavy)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        for _ in range(3)
    ]
    assert all("set()" in run for run in runs), runs
    # The best of three: the first may read from a cold disk.
    assert min(float(run.split()[0]) for run in runs) <= 0.3
