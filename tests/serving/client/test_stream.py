"""Streams: in order, with bounded requests in flight, errors in their place, and nothing left behind."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator

import grpc
import pytest

from serving.client import RequestRefused
from tests.serving.client.scripted_server import Gate, eventually, rows_of, scripted, tagged
from tests.serving.client.taggers import connect


def numbered(count: int | None = None) -> Iterator[str]:
    for number in itertools.count() if count is None else range(count):
        yield f"Anna saw {number}"


@pytest.mark.parametrize("in_flight", [1, 3])
def test_texts_in_their_order(in_flight):
    texts = [f"Anna saw {'x ' * (number % 7)}Bob" for number in range(100)]

    def out_of_order(request, context):
        time.sleep(0.002 * (len(rows_of(request)[0]) % 3))
        return tagged(request)

    with scripted(out_of_order) as target, connect(target, batch_size=7) as tagger:
        assert [sentence.text for sentence in tagger.stream(iter(texts), in_flight=in_flight)] == texts


def test_tokens_in_their_order():
    sentences = [["Anna", "saw", str(number)] for number in range(20)]
    with scripted(lambda request, _: tagged(request)) as target, connect(target, batch_size=3) as tagger:
        tagged_sentences = list(tagger.stream_tokens(tuple(tokens) for tokens in sentences))
    assert [[token.text for token in sentence.tokens] for sentence in tagged_sentences] == sentences


def test_a_long_text_in_a_stream_is_one_answer():
    texts = ["Bob left.", "Anna saw Bob. " * 50, "They left."]
    with (
        scripted(lambda request, _: tagged(request)) as target,
        connect(target, batch_size=2, max_characters=40) as tagger,
    ):
        assert [sentence.text for sentence in tagger.stream(texts, in_flight=2)] == texts


def test_an_empty_stream():
    with connect("localhost:1") as tagger:
        assert list(tagger.stream([])) == []
        assert list(tagger.stream_tokens(iter(()))) == []


def test_the_source_is_read_no_further_than_what_is_in_flight():
    read = 0

    def source() -> Iterator[str]:
        nonlocal read
        for text in numbered():
            read += 1
            yield text

    with scripted(lambda request, _: tagged(request)) as target, connect(target, batch_size=5) as tagger:
        stream = tagger.stream(source(), in_flight=4)
        assert read == 0, "nothing is read before the first answer is requested"
        furthest = 0
        for answered, _ in enumerate(itertools.islice(stream, 500)):
            furthest = max(furthest, read - answered)
        stream.close()
    assert furthest == 20


def test_one_request_at_a_time_reads_a_text_after_the_answer_before_it():
    answers: list[str] = []

    def source() -> Iterator[str]:
        for number, text in enumerate(numbered(5)):
            assert len(answers) == number
            yield text

    with scripted(lambda request, _: tagged(request)) as target, connect(target, batch_size=1) as tagger:
        for sentence in tagger.stream(source(), in_flight=1):
            answers.append(sentence.text)
    assert answers == list(numbered(5))


def test_several_requests_are_in_flight():
    gate = Gate()
    with scripted(gate) as target, connect(target, batch_size=2) as tagger:
        opener = threading.Thread(target=lambda: (eventually(lambda: gate.begun == 4), gate.open.set()))
        opener.start()
        assert len(list(tagger.stream(numbered(40), in_flight=4))) == 40
        opener.join()
    assert gate.most_at_once == 4


def test_closing_early_cancels_the_requests_in_flight():
    gate = Gate()

    def first_only(request, context):
        # The first request is answered, the others wait.
        return tagged(request) if rows_of(request)[0][-1][0] == "0" else gate(request, context)

    with scripted(first_only) as target, connect(target, batch_size=1) as tagger:
        stream = tagger.stream(numbered(), in_flight=4)
        assert next(stream).text == "Anna saw 0"
        eventually(lambda: gate.begun == 3)
        stream.close()
        eventually(lambda: gate.cancelled == 3)
        # The connection is as good as before.
        assert tagger.tag("Anna saw 0").text == "Anna saw 0"


def test_a_refusal_names_its_sentences_after_the_answers_before_it():
    gate = Gate()

    def refuse_seven(request, context):
        last = [row[-1][0] for row in rows_of(request)]
        if "7" in last:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "seven is not a number here")
        return tagged(request) if int(last[0]) < 7 else gate(request, context)

    with scripted(refuse_seven) as target, connect(target, batch_size=3) as tagger:
        answered: list[str] = []
        with pytest.raises(RequestRefused, match=r"sentences 6 to 8, counted from 0: .*seven") as caught:
            answered.extend(sentence.text for sentence in tagger.stream(numbered(), in_flight=4))
        assert answered == list(numbered(6))
        assert caught.value.index == 6
        eventually(lambda: gate.cancelled == gate.begun)
        with pytest.raises(RequestRefused) as alone:
            tagger.tag("Anna saw 7")
        assert alone.value.index is None
        with pytest.raises(RequestRefused, match="sentences 6 to 7, counted") as listed:
            tagger.tag(list(numbered(8)))
        assert listed.value.index == 6


@pytest.mark.parametrize("in_flight", [1, 4])
def test_an_error_of_the_source_comes_after_the_answers_before_it(in_flight):
    def source() -> Iterator[str]:
        yield from numbered(7)
        raise OSError("the disk is gone")

    with scripted(lambda request, _: tagged(request)) as target, connect(target, batch_size=3) as tagger:
        answered: list[str] = []
        with pytest.raises(OSError, match="the disk is gone"):
            answered.extend(sentence.text for sentence in tagger.stream(source(), in_flight=in_flight))
        assert answered == list(numbered(7))
        with pytest.raises(TypeError, match="sentence 1: expected a text"):
            list(tagger.stream(["Anna", None], in_flight=in_flight))


@pytest.mark.parametrize("in_flight", [1, 4])
def test_a_source_may_fail_with_the_clients_own_error(in_flight):
    def source() -> Iterator[str]:
        yield from numbered(4)
        raise RequestRefused("from another tagger's stream")

    with (
        scripted(lambda request, _: tagged(request)) as target,
        connect(target, batch_size=3) as tagger,
        pytest.raises(RequestRefused, match=r"^from another tagger's stream$"),
    ):
        list(tagger.stream(source(), in_flight=in_flight))


def test_a_stream_survives_a_moment_of_overload():
    refused = iter([True, False, True, True, False] + [False] * 100)
    lock = threading.Lock()

    def sometimes(request, context):
        with lock:
            full = next(refused)
        if full:
            context.abort(
                grpc.StatusCode.UNAVAILABLE,
                "The batch scheduling queue to which this task was submitted is full",
            )
        return tagged(request)

    with scripted(sometimes) as target, connect(target, batch_size=1) as tagger:
        assert [s.text for s in tagger.stream(numbered(10), in_flight=3)] == list(numbered(10))


def test_a_single_sentence_is_refused_at_once():
    with connect("localhost:1") as tagger:
        with pytest.raises(
            TypeError, match="expected an iterable of sentences, found one str; one sentence goes to"
        ):
            tagger.stream("Anna left")
        with pytest.raises(TypeError, match="found one str"):
            tagger.stream_tokens("Anna left")
        with pytest.raises(ValueError, match="in_flight: expected at least 1, found 0"):
            tagger.stream([], in_flight=0)
