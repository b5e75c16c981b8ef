"""Files of word vectors: every format as its own program writes it, and every way in which a file can be wrong."""

from __future__ import annotations

import gzip
import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.trainer.initial_weights.vector_writers import FORMATS, glove, word2vec_binary, word2vec_text, write
from trainer.initial_weights.vector_files import VectorsError, fingerprint, recognise

TABLE = {
    ",": [0.5, -1.25, 3.0, 0.0],
    "the": [1.5, 0.125, -2.0, 1e-4],
    "Zürich": [-0.75, 2.5, 0.25, 8.0],
    "1998": [4.0, 0.5, 0.5, -0.5],
    "東京": [1.0, 2.0, 3.0, 4.0],
}


def read(path: str) -> dict[str, list[float]]:
    file = recognise(path)
    return {row.word.decode(): file.vector(row).tolist() for row in file.rows()}


def refusal(path: str) -> str:
    with pytest.raises(VectorsError) as caught:
        read(path)
    return str(caught.value)


@pytest.mark.parametrize("gzipped", [False, True])
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_recognised_and_read(name: str, gzipped: bool, tmp_path: Path) -> None:
    path = write(tmp_path / "vectors", FORMATS[name](TABLE), gzipped=gzipped)
    file = recognise(path)
    assert file.format == {
        "glove": "GloVe text",
        "word2vec text": "word2vec or fastText text",
        "fasttext": "word2vec or fastText text",
    }.get(name, "word2vec binary")
    assert (file.width, file.count) == (4, None if name == "glove" else 5)
    found = read(path)
    assert list(found) == list(TABLE)
    for word, row in TABLE.items():
        np.testing.assert_allclose(found[word], row, rtol=1e-4, err_msg=word)


WORDS = st.text(st.characters(blacklist_categories=("Z", "C")), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(),
    width=st.integers(2, 6),
    words=st.lists(WORDS, min_size=1, max_size=12, unique=True),
    name=st.sampled_from(["glove", "word2vec text", "word2vec binary"]),
)
def test_what_is_written_is_read(
    data: st.DataObject, width: int, words: list[str], name: str, tmp_path: Path
) -> None:
    # Eighths below 1000 are exact in six digits; the least is 0.125, so that no vector is bytes of a text.
    numbers = st.integers(1, 8000).map(lambda n: n / 8)
    table = {word: data.draw(st.lists(numbers, min_size=width, max_size=width)) for word in words}
    assert read(write(tmp_path / "vectors", FORMATS[name](table))) == table


def test_words_of_several_parts_are_read_from_the_right(tmp_path: Path) -> None:
    content = b"the 0.1 0.2 0.3\n. . . 1 2 3\nat name@domain.com -0.5 0.5 1.5\nx 4 5 6\n"
    assert list(read(write(tmp_path / "v.txt", content))) == ["the", ". . .", "at name@domain.com", "x"]


def test_tabs_returns_a_byte_order_mark_and_blank_lines_are_accepted(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbfthe\t0.5\t1\r\nof\t2\t3\r\n\r\n"
    assert read(write(tmp_path / "v.txt", content)) == {"the": [0.5, 1.0], "of": [2.0, 3.0]}


def test_a_word_that_is_a_number_is_a_word(tmp_path: Path) -> None:
    assert read(write(tmp_path / "v.txt", b"5 0.5 1\n1998 2 3\n")) == {"5": [0.5, 1.0], "1998": [2.0, 3.0]}


GOOD = glove(TABLE)
PACKED = gzip.compress(GOOD, mtime=0)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", r"vectors: found an empty file; expected word vectors: word2vec"),
        (gzip.compress(b"", mtime=0), r"vectors: found an empty file"),
        (b"the 0.1 0.2\nof 0.1\n", r"vectors:2: expected a word and 2 numbers; found 1 numbers; repair"),
        (b"the 0.1 0.2\nof 0.1 0.2 0.3\n", r"vectors:2: expected a word and 2 numbers; found 3 numbers"),
        (b"the 0.1 0.2\nof 0.1 abc\n", r"vectors:2: expected a word and 2 numbers; found 'abc'"),
        (b"the 0.1 0.2\nof  0.1\n", r"vectors:2: expected a word and 2 numbers; found 1 numbers"),
        (b"the 0.1 0.2\nof nan 1\n", r"vectors:2: expected finite numbers; found nan"),
        (b"the 0.1 0.2\nof 1e60 1\n", r"vectors:2: expected finite numbers; found inf"),
        (b"Dear reader,\nthis is a text.\n", r"vectors:1: found 'Dear reader,.n'; expected word vectors"),
        (b"3 2\nthe 0.1 0.2\nof 1 2\n", r"vectors: expected 3 rows, as its first line says; found 2; fetch"),
        (b"2 2\nthe 0.1 0.2\nof 1\n", r"vectors:3: expected a word and 2 numbers"),
        (b"0 2\n", r"vectors:1: found 0 rows of 2 numbers and no more"),
        (b"PK\x03\x04rest", r"found a zip archive; .*; unzip it"),
        ("the 0.1 0.2\n".encode("utf-16"), r"found text in UTF-16; .*; write it as UTF-8"),
        (b"\xba\x16\x4f\x2f\x0c\0\0\0", r"found a fastText model \(\.bin\); .*; name its \.vec file"),
        (word2vec_binary(TABLE)[:-9], r"expected 5 rows of 4 numbers, .*; found that the file ends in row 5; fetch"),
        (word2vec_binary(TABLE) + b"more", r"expected the end after 5 rows of 4 numbers, .*; found 'more'"),
        (PACKED[:-12], r"vectors: expected a complete gzip file; found that it is cut off or damaged"),
        (PACKED[:30] + b"\0" * 30, r"vectors: expected a complete gzip file"),
    ],
)  # fmt: skip
def test_a_bad_file_is_an_error_with_its_place(content: bytes, expected: str, tmp_path: Path) -> None:
    message = refusal(write(tmp_path / "vectors", content))
    assert re.search(expected, message), message
    assert message.startswith(str(tmp_path))


def test_a_binary_file_of_another_width_is_an_error(tmp_path: Path) -> None:
    content = word2vec_binary({f"w{n}": [0.1] * 50 for n in range(400)})
    assert "expected" in refusal(write(tmp_path / "v", content.replace(b"400 50", b"400 60", 1)))


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    assert refusal(str(tmp_path / "none")).startswith(
        f"{tmp_path}/none: found no file; expected word vectors"
    )


def test_the_fingerprint_follows_the_content_alone(tmp_path: Path) -> None:
    one, copy, other = tmp_path / "one", tmp_path / "copy", tmp_path / "other"
    one.write_bytes(GOOD)
    copy.write_bytes(GOOD)
    os.utime(copy, (1, 1))
    other.write_bytes(GOOD.replace(b"8.0", b"9.0"))  # of the same size
    os.utime(other, (1, 1))
    assert fingerprint(str(one)) == fingerprint(str(copy)) != fingerprint(str(other))


def test_the_fingerprint_of_a_large_file_follows_size_date_and_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.initial_weights.vector_files._READ_COMPLETELY", 1000)
    path = tmp_path / "large"
    path.write_bytes(word2vec_text({f"word{n}": [n / 8] * 20 for n in range(2000)}))
    seen = [fingerprint(str(path))]
    content = bytearray(path.read_bytes())
    os.utime(path, ns=(1, 1))
    seen.append(fingerprint(str(path)))
    content[-10] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(1, 1))
    seen.append(fingerprint(str(path)))
    assert len(set(seen)) == 3
    os.utime(path, ns=(1, 1))
    assert fingerprint(str(path)) == seen[-1]
