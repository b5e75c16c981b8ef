"""Repaired copies: what goes, what stays to the byte, and that a diff tells all of it."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.checks.check import check
from corpus.codes import CODES
from corpus.errors import CorpusError
from corpus.options import CheckLimits, ReadOptions
from corpus.reading import sentences
from corpus.repair.copy import DIFF, Mended, mended_copy

ROOT = Path(__file__).resolve().parents[3]
BIO = ReadOptions(scheme="BIO")
CLEAN = {
    "train.conll": "# domain = news\nAnn\tB-PER\nsings\tO\n\nin\tO\nRome\tB-LOC\n",
    "dev.conll": "Eve\tB-PER\nleft\tO\n",
    "test.conll": "Kim\tB-PER\nsat\tO\n",
}


def corpus(root: Path, **files: str | bytes) -> Path:
    """A clean corpus in which some files are others; `train` stands for train.conll."""
    data = root / "data"
    data.mkdir(parents=True)
    chosen: dict[str, str | bytes] = {
        **CLEAN,
        **{name.replace("_", "."): text for name, text in files.items()},
    }
    for name, text in chosen.items():
        content = text.encode() if isinstance(text, str) else text
        (data / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return data


def mended(data: Path, options: ReadOptions = BIO, **more: frozenset[str]) -> tuple[Mended, Path]:
    out = data.parent / "out"
    return mended_copy(data, out, options, **more), out


def patched(data: Path, out: Path) -> Path:
    """The corpus after its diff has been applied by patch."""
    copy = data.parent / "patched"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(data, copy)
    with (out / DIFF).open("rb") as diff:
        subprocess.run(["patch", "-p1", "--binary", "--silent", "--fuzz=0"], stdin=diff, cwd=copy, check=True)
    return copy


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != DIFF
    }


def found(data: Path, options: ReadOptions = BIO) -> set[str]:
    limits = CheckLimits(min_examples=1, max_unseen_tokens=None, max_label_shift=None)
    return set(check(data, options, limits).counts)


def unreadable(data: Path) -> int:
    counts = check(data, BIO).counts
    return sum(count for code, count in counts.items() if code == "D101" or "D107" <= code <= "D116")


def test_a_clean_corpus_keeps_every_byte(tmp_path: Path) -> None:
    data = corpus(tmp_path, dev_conll="Eve\tB-PER\n \t \n\nleft\tO", notes_txt="left out\r\n")
    done, out = mended(data)
    assert (done.counts, done.files, done.left) == ({}, {}, [])
    assert contents(out) == contents(data)
    assert (out / DIFF).read_bytes() == b""


FAULTS: dict[str, tuple[str, str, set[str]]] = {
    "mark": ("\ufeffAnn\tB-PER\n", "Ann\tB-PER\n", {"D303"}),
    "line ends": ("Ann\tB-PER\r\n\r\nran\tO\r\n", "Ann\tB-PER\n\nran\tO\n", {"D304"}),
    "doubled carriage returns": ("Ann\tB-PER\r\r\nran\tO\n", "Ann\tB-PER\nran\tO\n", {"D115"}),
    "illegal tags": ("# x = y\nso\tx\tO\nAnn\ty\tI-PER\n", "# x = y\nso\tx\tO\nAnn\ty\tB-PER\n", {"D201"}),
    "columns lined up": ("so   NN O\nAnn  NN I-PER\n", "so   NN O\nAnn  NN B-PER\n", {"D201"}),
    "soft hyphens": ("soft\u00adly\tO\n", "softly\tO\n", {"D215"}),
    "zero width at an edge": ("# text = \u200bAnn .\n\u200bAnn\tO\n.\tO\n", "# text = Ann .\nAnn\tO\n.\tO\n", {"D215"}),
    "control characters": ("be\x07ll\tO\n", "bell\tO\n", {"D112"}),
    "white space at the ends": (" Ann \tB-PER\u00a0\n", "Ann\tB-PER\n", {"D111"}),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_mended(tmp_path: Path, name: str) -> None:
    before, after, codes = FAULTS[name]
    data = corpus(tmp_path, train_conll=before)
    assert codes <= found(data)
    done, out = mended(data)
    assert set(done.counts) == codes
    assert contents(out)["train.conll"].decode() == after
    assert not codes & found(out)
    assert contents(patched(data, out)) == contents(out)


STAYS = {
    "white space within": "New York\tB-LOC\n",
    "letters of a misread encoding": "don\x92t\tO\n",
    "two words": "watched\u200bwas\tO\n",
    "joined emoji": "\U0001f469\u200d\U0001f4bb\tO\n",
    "persian": "می\u200cخواهم\tO\n",
    "nothing but what is invisible": "\u200b\tO\n",
    "what would become a comment": "\u200b# O\nx y O\n",
    "columns": "a\tb\tO\nlost\n",
    "old line ends": "Ann\tO\rEve\tO\n",
    "unknown tags": "Ann\tX-PER\n",
    "replaced characters": "lost\ufffd\tO\n",
}


@pytest.mark.parametrize("name", STAYS)
def test_what_a_person_must_decide_stays(tmp_path: Path, name: str) -> None:
    data = corpus(tmp_path, train_conll=STAYS[name] + "\nAnn\tB-PER\n")
    done, out = mended(data)
    assert done.counts == {}
    assert contents(out) == contents(data)


def test_text_that_is_not_utf8_stays_and_the_rest_is_mended(tmp_path: Path) -> None:
    data = corpus(tmp_path, train_conll=b"caf\xe9\tO\r\n\nso\tO\nAnn\tI-PER\n")
    _, out = mended(data)
    assert contents(out)["train.conll"] == b"caf\xe9\tO\r\n\nso\tO\nAnn\tB-PER\n"


def test_files_in_another_encoding_are_refused_and_nothing_is_left(tmp_path: Path) -> None:
    data = corpus(tmp_path, train_conll="Ann\tB-PER\r\n".encode("utf-16"))
    with pytest.raises(CorpusError, match="UTF-16 text"):
        mended(data)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


JSON_FAULTS = {
    "off the edges": (
        '{"id": 1.50, "text": "in New York", "spans": [[3, 8, "LOC"]], "x": [ 1 ]}',
        '{"id": 1.50, "text": "in New York", "spans": [[3, 11, "LOC"]], "x": [ 1 ]}',
        "D202",
    ),
    "as objects": (
        '{"text":"in New York","spans":[{"start":3,"end":8,"label":"LOC","by":"me"}]}',
        '{"text":"in New York","spans":[{"start":3,"end":11,"label":"LOC","by":"me"}]}',
        "D202",
    ),
    "twice": (
        '{"text": "Rome", "spans": [[0, 4, "LOC"], {"start": 0, "end": 4, "label": "LOC"}]}',
        '{"text": "Rome", "spans": [[0, 4, "LOC"]]}',
        "D209",
    ),
    "crossing": (
        '{"text": "of New York", "spans": [[7, 11, "ORG"], [3, 11, "LOC"]]}',
        '{"text": "of New York", "spans": [[3, 11, "LOC"]]}',
        "D210",
    ),
    "no token": ('{"text": "so  what", "spans": [[2, 4, "X"]]}', '{"text": "so  what", "spans": []}', "D211"),
    "illegal": (
        '{"tokens": ["so", "\\u00c4nn"], "tags": ["O", "I-PER"], "z": null}',
        '{"tokens": ["so", "\\u00c4nn"], "tags": ["O", "B-PER"], "z": null}',
        "D201",
    ),
    "invisible in a text": (
        '{"text": "so soft\u00adly Ann", "spans": [[11, 14, "PER"]]}',
        '{"text": "so softly Ann", "spans": [[10, 13, "PER"]]}',
        "D215",
    ),
    "invisible in a token": (
        '{"tokens": ["soft\u00adly", "Ann"], "tags": ["O", "B-PER"], "text": "soft\u00adly Ann"}',
        '{"tokens": ["softly", "Ann"], "tags": ["O", "B-PER"], "text": "softly Ann"}',
        "D215",
    ),
    "a joiner too many beside one that is needed": (
        '{"text": "ab\u200d \U0001f468\u200d\U0001f469 Ann", "spans": [[8, 11, "PER"]]}',
        '{"text": "ab \U0001f468\u200d\U0001f469 Ann", "spans": [[7, 10, "PER"]]}',
        "D215",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", JSON_FAULTS)
def test_json_keeps_what_is_not_mended(tmp_path: Path, name: str) -> None:
    before, after, code = JSON_FAULTS[name]
    data = tmp_path / "data"
    data.mkdir()
    (data / "train.jsonl").write_text(before + "\n")
    for split in ("dev", "test"):
        (data / f"{split}.jsonl").write_text(
            f'{{"text": "{split} Ann", "spans": [[{len(split) + 1}, {len(split) + 4}, "PER"]]}}\n'
        )
    assert code in found(data)
    done, out = mended(data)
    assert set(done.counts) == {code}
    assert contents(out)["train.jsonl"].decode() == after + "\n"
    assert code not in found(out)
    assert contents(patched(data, out)) == contents(out)


def test_a_text_with_other_places_in_it_keeps_its_characters(tmp_path: Path) -> None:
    line = '{"text": "soft\u00adly Ann", "spans": [[8, 11, "PER"]], "relations": [[0, 7]]}\n'
    data = tmp_path / "data"
    data.mkdir()
    for split in ("train", "dev", "test"):
        (data / f"{split}.jsonl").write_text(line)
    _, out = mended(data, ignore=frozenset(("D205",)))
    assert contents(out) == contents(data)


@pytest.mark.parametrize("span", [[3, 10], [0, 4], [3, 4], [2, 5]])
def test_a_span_that_ends_at_an_invisible_character_keeps_its_tokens(tmp_path: Path, span: list[int]) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for split in ("train", "dev", "test"):
        row = {"text": f"Ann\u00ad sings {split}", "spans": [[*span, "PER"]]}
        (data / f"{split}.jsonl").write_text(json.dumps(row) + "\n")
    done, out = mended(data)
    assert done.counts["D215"] == 3
    before, after = ([one.tags for _, one in sentences(path / "train.jsonl", BIO)] for path in (data, out))
    assert before == after


@pytest.mark.parametrize("word", ["a\u200d\u200b", "a\u200b\u200d", "\u200d\u00ad"])
def test_what_has_been_mended_needs_no_mending(tmp_path: Path, word: str) -> None:
    lines = {f"{split}.conll": f"{word}{split}\tO\n" for split in ("train", "dev", "test")}
    _, once = mended(corpus(tmp_path, **lines))
    twice = mended_copy(once, tmp_path / "twice", BIO)
    assert twice.counts == {}


@pytest.mark.parametrize(
    "line",
    [
        '{"tokens": ["Ann"], "tags": ["I-PER"], "by": "me", "by": "you"}',
        '{"text": "in New York", "spans": [{"start": 3, "end": 8, "label": "LOC", "by": 1, "by": 2}]}',
    ],
)
def test_json_with_a_key_twice_is_left_to_a_person(tmp_path: Path, line: str) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "train.jsonl").write_text(line + "\n")
    for split in ("dev", "test"):
        (data / f"{split}.jsonl").write_text(f'{{"tokens": ["{split}"], "tags": ["B-PER"]}}\n')
    done, out = mended(data)
    assert done.counts == {}
    assert contents(out)["train.jsonl"].decode() == line + "\n"


def test_of_a_text_something_is_left(tmp_path: Path) -> None:
    line = '{"text": "\\u00ad", "spans": []}\n'
    data = tmp_path / "data"
    data.mkdir()
    for split in ("train", "dev", "test"):
        (data / f"{split}.jsonl").write_text(line)
    _, out = mended(data, ignore=frozenset(("D205",)))
    assert contents(out) == contents(data)


def test_conllu_keeps_all_other_columns(tmp_path: Path) -> None:
    row = "1\tsoft\u00adly\tsoft\u00adly\tADV\t_\t_\t0\troot\t_\tSpaceAfter=No\n"
    data = tmp_path / "data"
    data.mkdir()
    (data / "train.conllu").write_text("# text = soft\u00adly\n" + row + "1.1\t_\t_\t_\t_\t_\t_\t_\t_\t_\n\n")
    for split in ("dev", "test"):
        (data / f"{split}.conllu").write_text(f"1\t{split}\t_\tX\t_\t_\t_\t_\t_\t_\n")
    done, out = mended(data, ReadOptions())
    assert done.counts == {"D215": 1}
    assert contents(out)["train.conllu"].decode() == (
        "# text = softly\n" + row.replace("soft\u00adly", "softly", 1) + "1.1\t_\t_\t_\t_\t_\t_\t_\t_\t_\n\n"
    )


def many(count: int, *, label: str = "PER") -> str:
    return "".join(f"w{number}\tB-{label}\nx\tO\n\n" for number in range(count))


def test_train_sentences_of_dev_and_test_are_removed_from_train(tmp_path: Path) -> None:
    train = many(30) + "-DOCSTART- -X- O\nKim\tB-PER\nsat\tO\n\n\nlast\tO\n"
    data = corpus(tmp_path, train_conll=train)
    assert "D205" in found(data)
    done, out = mended(data)
    assert done.counts == {"D205": 1}
    assert contents(out)["train.conll"].decode() == many(30) + "-DOCSTART- -X- O\n\n\nlast\tO\n"
    assert "D205" not in found(out)
    assert contents(patched(data, out)) == contents(out)


def test_what_dev_and_test_share_is_left(tmp_path: Path) -> None:
    data = corpus(tmp_path, train_conll=many(30), dev_conll="Kim\tB-PER\nsat\tO\n")
    assert mended(data)[0].counts == {}
    assert "D205" in found(tmp_path / "out")


def test_the_last_example_of_a_label_stays(tmp_path: Path) -> None:
    data = corpus(tmp_path, train_conll=many(30) + "at\tO\nIBM\tB-ORG\n", test_conll="at\tO\nIBM\tB-ORG\n")
    done, _ = mended(data)
    assert done.counts == {}
    assert done.left == ["1 train sentence in dev or test too stayed, with the last example of ORG"]


def test_a_train_split_that_would_lose_much_stays(tmp_path: Path) -> None:
    data = corpus(tmp_path, train_conll=many(20), test_conll=many(3))
    done, _ = mended(data)
    assert done.counts == {}
    assert done.left[0].startswith("3 of 20 train sentences are in dev or test too; so many are not removed")


def test_an_ignored_code_is_left_alone(tmp_path: Path) -> None:
    data = corpus(tmp_path, train_conll=many(30) + "Kim\tI-PER\nsat\tO\r\n")
    done, out = mended(data, ignore=frozenset(("D205", "D201", "D304")))
    assert done.counts == {}
    assert contents(out) == contents(data)


def test_gzip_files_stay_gzip_files(tmp_path: Path) -> None:
    data = corpus(tmp_path)
    (data / "train.conll").unlink()
    (data / "train.conll.gz").write_bytes(gzip.compress(b"so\tO\r\nAnn\tI-PER\r\n"))
    _, out = mended(data)
    assert gzip.decompress((out / "train.conll.gz").read_bytes()) == b"so\tO\nAnn\tB-PER\n"


def test_a_single_file_lies_in_the_copy_under_its_name(tmp_path: Path) -> None:
    path = tmp_path / "all.conll"
    path.write_text(many(50) + "so\tO\nAnn\tI-PER\n")
    mended_copy(path, tmp_path / "out", BIO)
    assert (tmp_path / "out" / "all.conll").read_text() == many(50) + "so\tO\nAnn\tB-PER\n"


@pytest.mark.parametrize(
    "place", ["data", "data/fixed", "data/../data", "data/train.conll", "full", "file", "link"]
)
def test_where_a_copy_would_be_in_the_way(tmp_path: Path, place: str) -> None:
    data = corpus(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "something").write_text("")
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(data)
    before = contents(tmp_path)
    with pytest.raises(CorpusError, match=r"within the corpus|something already"):
        mended_copy(data, tmp_path / place, BIO)
    assert contents(tmp_path) == before


def test_an_empty_folder_is_taken_and_folders_above_are_made(tmp_path: Path) -> None:
    data = corpus(tmp_path)
    (tmp_path / "empty").mkdir()
    mended_copy(data, tmp_path / "empty", BIO)
    mended_copy(data, tmp_path / "a" / "b", BIO)
    assert contents(tmp_path / "empty") == contents(tmp_path / "a" / "b") == contents(data)


def test_a_killed_repair_leaves_nothing_at_its_place(tmp_path: Path) -> None:
    data = corpus(tmp_path, train_conll=many(20000).replace("O\n", "O\r\n"))
    out = tmp_path / "out"
    program = (
        "from corpus.repair.copy import mended_copy; from corpus.options import ReadOptions; "
        f"mended_copy({str(data)!r}, {str(out)!r}, ReadOptions())"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    while not any(path.stat().st_size for path in tmp_path.glob(".out.*/train.conll")):
        assert process.poll() is None, "ended before it could be killed"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not out.exists()
    # What it left bears a hidden name and is in nobody's way.
    mended_copy(data, out, BIO)
    assert contents(patched(data, out)) == contents(out)


def test_a_repair_that_fails_leaves_nothing_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    data = corpus(tmp_path)
    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(CorpusError, match=r"cannot be written .No space left on device"):
        mended(data)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


WORDS = st.sampled_from(
    [
        "Ann",
        "so",
        "soft\u00adly",
        "\u200bx",
        "be\x07ll",
        " a ",
        "b\u00a0",
        "#",
        "# y",
        "n\u00a0o",
        "z\u200bz",
        "é",
        "-DOCSTART-",
        "",
    ]
)
TAGS = st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B", "I-A ", "X-Q"])
ENDS = st.sampled_from(["\n", "\n", "\r\n", "\r\r\n"])


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file of some blocks, with faults of every kind that lines can have."""
    text = draw(st.sampled_from(["", "\ufeff"]))
    separator = draw(st.sampled_from(["\t", "\t", " ", "\tNN\t"]))
    for _ in range(draw(st.integers(1, 5))):
        text += draw(st.sampled_from(["", "", "# domain = x\n", "#comment\n", "# text = soft\u00adly\n"]))
        for _ in range(draw(st.integers(1, 3))):
            text += draw(WORDS) + separator + draw(TAGS) + draw(ENDS)
        text += draw(st.sampled_from(["\n", "\n\n", " \r\n", "\n"]))
    return text + draw(st.sampled_from(["", "end\tO"]))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(train=files(), dev=files(), test=files())
def test_on_any_files(tmp_path: Path, train: str, dev: str, test: str) -> None:
    shutil.rmtree(tmp_path)
    data = corpus(tmp_path, train_conll=train, dev_conll=dev, test_conll=test)
    done, out = mended(data)
    # The diff tells all of it.
    assert contents(patched(data, out)) == contents(out)
    assert bool((out / DIFF).read_bytes()) == bool(done.counts) == bool(done.files)
    # Nothing is mended that had not been told; of a line with two faults one hides the other.
    if not unreadable(data):
        assert set(done.counts) <= found(data)
    # No more lines than before cannot be read; of these two a person decides nothing.
    assert unreadable(out) <= unreadable(data)
    assert not found(out) & {"D201", "D303"}
    # Once is enough, but for what a first repair makes equal.
    again = mended_copy(out, data.parent / "again", BIO)
    assert set(again.counts) <= {"D205"}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from(["Ann", "so", "é", "7"]), st.sampled_from(["O", "B-A", "I-A", "I-B"])),
            min_size=1,
            max_size=5,
        ),
        min_size=1,
        max_size=6,
    )
)
def test_the_tags_written_are_the_tags_that_were_read(
    tmp_path: Path, blocks: list[list[tuple[str, str]]]
) -> None:
    from tagging.schemes import BIO as scheme
    from tagging.schemes import convert

    shutil.rmtree(tmp_path)
    text = "\n".join("".join(f"{word}\t{tag}\n" for word, tag in block) for block in blocks)
    data = corpus(tmp_path, train_conll=text, dev_conll="dev\tB-A\n", test_conll="test\tB-A\n")
    _, out = mended(data)
    tags = [list(sentence.tags) for _, sentence in sentences(out / "train.conll", BIO)]
    assert tags == [convert([tag for _, tag in block], scheme, scheme)[0] for block in blocks]


def test_every_code_that_says_it_is_fixed_is_tried_here() -> None:
    tried = {code for _, _, codes in FAULTS.values() for code in codes} | {
        code for _, _, code in JSON_FAULTS.values()
    }
    # The two of the shares go with the tags and spans they count.
    assert tried | {"D104", "D105", "D205"} == {code for code, known in CODES.items() if known.fixed}


def test_files_in_folders_of_their_split_keep_their_places(tmp_path: Path) -> None:
    for name in ("train/a.conll", "train/b.conll", "dev/a.conll", "test/a.conll"):
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).write_text(f"{name}\tI-PER\n")
    done, out = mended(tmp_path / "data")
    assert sorted(done.files) == ["dev/a.conll", "test/a.conll", "train/a.conll", "train/b.conll"]
    assert (out / "train" / "b.conll").read_text() == "train/b.conll\tB-PER\n"
    assert contents(patched(tmp_path / "data", out)) == contents(out)


def test_where_a_hash_cuts_one_split_the_other_still_leaks_nothing(tmp_path: Path) -> None:
    data = corpus(tmp_path, train_conll=many(200), dev_conll=many(9))
    (data / "test.conll").unlink()
    before = check(data, BIO).splits
    done, out = mended(data)
    # Those that the hash gives to test are not train's to lose.
    assert 0 < done.counts["D205"] <= before["train"].shared + before["dev"].shared
    after = check(out, BIO)
    assert after.splits["train"].sentences == before["train"].sentences - done.counts["D205"]
    assert not any("and in train " in one.message for one in after.findings if one.code == "D205")
