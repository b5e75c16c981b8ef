"""The client against the embedded server, plain and in asyncio: answers, batches, versions, statuses."""

from __future__ import annotations

import shutil

import pytest

from serving.client import (
    Entity,
    LabelNotFound,
    ModelNotFound,
    SignatureMissing,
    TaggedToken,
    Tagger,
    VersionStatus,
)
from serving.server.process import start_server_process
from tests.serving.client.taggers import connect
from tests.serving.tiny_model import CONFIDENCE, LAST_CONFIDENCE


@pytest.fixture(scope="module")
def server(exported, tmp_path_factory):
    """Version 7 of `tagger`, in a process of its own."""
    base = tmp_path_factory.mktemp("served")
    shutil.copytree(exported["PER"], base / "7")
    with start_server_process(base, "tagger", base.parent / "server.log") as started:
        yield started


@pytest.fixture(scope="module")
def tagger(server):
    with connect(server.target, timeout=20) as connected:
        yield connected


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
    with connect(server.target, batch_size=7) as tagger:
        tagged = tagger.tag(texts)
        assert [sentence.text for sentence in tagged] == texts
        assert tagged == [tagger.tag(text) for text in texts], "alone and in a batch the same"


def test_no_sentences_and_empty_sentences(tagger):
    assert tagger.tag([]) == []
    assert tagger.tag_tokens([]) == []
    assert tagger.tag("").tokens == ()
    (empty, full) = tagger.tag_tokens([[], ["Anna", "", "runs"]])
    assert (empty.tokens, empty.text) == ((), "")
    assert [token.text for token in full.tokens] == ["Anna", "", "runs"]


def test_one_sentence_of_tokens_and_several(tagger):
    tagged = tagger.tag_tokens(["Ada", "Lovelace", "wrote"])
    assert tagged.text == "Ada Lovelace wrote"
    assert tagged.entities == (Entity("PER", "Ada Lovelace", 0, 12, CONFIDENCE),)
    assert tagger.tag_tokens(("Ada", "Lovelace", "wrote")) == tagged
    assert tagger.tag_tokens([["Ada", "Lovelace", "wrote"], ["a"]])[0] == tagged
    assert tagger.tag_tokens(iter([("Ada", "Lovelace", "wrote")])) == [tagged]


def test_a_list_of_texts_is_never_taken_for_tokens(tagger):
    assert [sentence.text for sentence in tagger.tag(["Ada", "Lovelace"])] == ["Ada", "Lovelace"]
    assert tagger.tag(iter(["Ada"])) == [tagger.tag("Ada")]


def test_inputs_of_other_types_are_refused(tagger):
    for call, message in (
        (lambda: tagger.tag([["Ada", "wrote"]]), "sentence 0: expected a text .str., found list"),
        (lambda: tagger.tag(b"Ada"), "found one bytes"),
        (lambda: tagger.tag(["Ada", None]), "sentence 1: expected a text .str., found NoneType"),
        (lambda: tagger.tag_tokens("Ada"), "expected tokens, found str; texts go to tag"),
        (lambda: tagger.tag_tokens(["Ada", ["wrote"]]), "sentence 0, token 1: expected a str, found list"),
        (
            lambda: tagger.tag_tokens([["Ada"], "wrote"]),
            "sentence 1: expected a list of its tokens, found str",
        ),
        (lambda: tagger.tag_tokens(iter(["Ada"])), "sentence 0: expected a list of its tokens, found str"),
    ):
        with pytest.raises(TypeError, match=message):
            call()


def test_a_lone_surrogate_keeps_the_offsets(tagger):
    assert [token.start for token in tagger.tag("a \ud800 Bob").tokens] == [0, 2, 4]


def test_a_long_sentence(tagger):
    assert len(tagger.tag("word " * 50_000).tokens) == 50_000


def test_status(tagger):
    assert tagger.status() == [VersionStatus(7, "AVAILABLE")]


def test_a_long_text_is_tagged_in_pieces_with_its_own_offsets(server):
    texts = ["Anna Berg left. " * 30 + "Bob", "Bob left."]
    with connect(server.target, max_characters=100, batch_size=3) as pieces, Tagger(server.target) as whole:
        joined = pieces.tag(texts)
        expected = whole.tag(texts)
    assert [sentence.text for sentence in joined] == texts
    for ours, theirs in zip(joined, expected, strict=True):
        assert [(t.text, t.start, t.end) for t in ours.tokens] == [
            (t.text, t.start, t.end) for t in theirs.tokens
        ]
        assert [(e.text, e.start, e.end) for e in ours.entities] == [
            (e.text, e.start, e.end) for e in theirs.entities
        ]
    assert (joined[0].score, joined[1].score) == (0.25**5, 0.25)


def test_a_stream(server):
    texts = [f"Anna sees {'x ' * (number % 5)}Bob{number}" for number in range(50)]
    with connect(server.target, batch_size=4) as tagger:
        assert list(tagger.stream(iter(texts), in_flight=4)) == tagger.tag(texts)
        tokens = [text.split() for text in texts]
        assert list(tagger.stream_tokens(iter(tokens), in_flight=4)) == tagger.tag_tokens(tokens)


def test_plain_tags_have_no_entities(exported, tmp_path):
    shutil.copytree(exported["NAME"], tmp_path / "models" / "1")
    with (
        start_server_process(tmp_path / "models", "pos", tmp_path / "server.log") as served,
        connect(served.target, "pos", version=1) as tagger,
    ):
        tagged = tagger.tag("Anna runs")
        assert [token.tag for token in tagged.tokens] == ["NAME", "word"]
        assert tagged.entities == ()
        with pytest.raises(SignatureMissing, match=r"has no signature 'decode'.*export it"):
            tagger.tag_tokens([["Anna"]])


def test_unknown_model_version_and_label(server):
    with connect(server.target, "nobody") as tagger, pytest.raises(ModelNotFound, match=r"Latest\(nobody\)"):
        tagger.tag("Anna")
    with connect(server.target, version=3) as tagger:
        with pytest.raises(ModelNotFound, match=r"Specific\(tagger, 3\)"):
            tagger.tag("Anna")
        with pytest.raises(ModelNotFound, match="version 3 of model tagger"):
            tagger.status()
    with connect(server.target, label="stable") as tagger:
        with pytest.raises(LabelNotFound, match=r"no version with the requested label .*stable"):
            tagger.tag("Anna")
        assert tagger.status() == [VersionStatus(7, "AVAILABLE")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"timeout": 0},
        {"timeout": float("nan")},
        {"retries": -1},
        {"batch_size": 0},
        {"max_characters": 0},
        {"max_tokens": 0},
        {"version": 1, "label": "stable"},
    ],
)
def test_options_out_of_range(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        connect("127.0.0.1:1", **wrong)
