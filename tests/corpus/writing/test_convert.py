"""Conversion of a corpus: its files, tags that a form does not take, and faults that leave nothing."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from corpus.errors import CorpusError
from corpus.options import ReadOptions
from corpus.writing.convert import convert

ROOT = Path(__file__).resolve().parents[3]
TEXT = "# domain = news\nAnn\tB-PER\nsings\tO\n\n"
OPTIONS = ReadOptions()


def corpus(root: Path, *names: str, text: str = TEXT) -> Path:
    data = root / "data"
    for name in names or ("train.conll", "dev.conll", "test.conll"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        content = text.encode()
        (data / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return data


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_folder_keeps_its_files(tmp_path: Path) -> None:
    data = corpus(tmp_path)
    done = convert(data, tmp_path / "out", OPTIONS, form="conll")
    assert contents(tmp_path / "out") == contents(data)
    assert done.files == {tmp_path / "out" / path.name: 1 for path in data.iterdir()}
    assert (done.lost, done.ignored) == ([], ())


def test_names_and_folders_of_splits_stay(tmp_path: Path) -> None:
    data = corpus(tmp_path, "train/a.conll", "train/b.tsv.gz", "eng.dev", "x.test.txt", "notes.txt")
    done = convert(data, tmp_path / "a" / "out", OPTIONS, form="jsonl")
    out = tmp_path / "a" / "out"
    assert sorted(path.relative_to(out).as_posix() for path in done.files) == [
        "eng.dev.jsonl", "train/a.jsonl", "train/b.jsonl.gz", "x.test.jsonl",
    ]  # fmt: skip
    assert [ignored.path.name for ignored in done.ignored] == ["notes.txt"]
    row = {"tokens": ["Ann", "sings"], "tags": ["B-PER", "O"], "domain": "news"}
    assert json.loads(gzip.decompress((out / "train" / "b.jsonl.gz").read_bytes())) == row


def test_a_file_becomes_a_file(tmp_path: Path) -> None:
    path = corpus(tmp_path) / "train.conll"
    done = convert(path, tmp_path / "x.json", OPTIONS, form="spacy")
    assert done.files == {tmp_path / "x.json": 1}
    assert (tmp_path / "x.json").read_text() == '[["Ann sings",{"entities":[[0,3,"PER"]]}]]\n'
    assert done.lost == ["the domain of 1 sentence"]
    with pytest.raises(CorpusError, match=r"out.txt: the name of a spacy file; expected .* such as .json"):
        convert(path, tmp_path / "out.txt", OPTIONS, form="spacy")


def test_an_array_of_many_and_of_none(tmp_path: Path) -> None:
    path = corpus(tmp_path, text=TEXT * 3) / "train.conll"
    convert(path, tmp_path / "x.json", OPTIONS, form="labelstudio")
    lines = (tmp_path / "x.json").read_text().splitlines()
    assert [task["id"] for task in json.loads("".join(lines))] == [1, 2, 3]
    assert len(lines) == 3
    path.write_text("# only a comment\n")
    convert(path, tmp_path / "y.json", OPTIONS, form="labelstudio")
    assert json.loads((tmp_path / "y.json").read_text()) == []


def test_what_the_reader_settles_is_told(tmp_path: Path) -> None:
    path = corpus(tmp_path, text=TEXT + "Eve\tB-PER\nof\tI-ORG\n") / "train.conll"
    done = convert(path, tmp_path / "x.conll", ReadOptions(scheme="BIO"), form="conll")
    assert done.lost == ["1 fault (settled as the reader does; `tagline check` lists them)"]
    assert (tmp_path / "x.conll").read_text() == TEXT + "Eve\tB-PER\nof\tB-ORG\n\n"
    (tmp_path / "y.jsonl").write_text('{"text": " ", "spans": []}\n{"tokens": ["a"], "tags": ["O"]}\n')
    done = convert(tmp_path / "y.jsonl", tmp_path / "z.conll", OPTIONS, form="conll")
    assert done.lost == ["1 example (left out by the reader; `tagline check` lists them)"]


def test_plain_tags(tmp_path: Path) -> None:
    text = "so\tADV\nit\tPRON\nis\tAUX\n\n"
    data = corpus(tmp_path, text=text)
    for form in ("conll", "conllu", "jsonl"):
        convert(data, tmp_path / form, OPTIONS, form=form)
        convert(tmp_path / form, tmp_path / f"back-{form}", OPTIONS, form="conll")
        assert contents(tmp_path / f"back-{form}") == contents(data)
    message = "plain tags, which mark no entities; .* as conll, conllu, jsonl"
    for more in ({"form": "doccano"}, {"form": "conll", "scheme": "BIO"}):
        with pytest.raises(CorpusError, match=message):
            convert(data, tmp_path / "out", OPTIONS, **more)
    with pytest.raises(CorpusError, match=r"entity tags .BIO.; expected plain tags"):
        convert(corpus(tmp_path / "b"), tmp_path / "out", OPTIONS, form="conll", scheme="PLAIN")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("place", "message"), [
    ("data", "within the corpus"), ("data/out", "within the corpus"), ("full", "already exists"),
])  # fmt: skip
def test_places_that_are_refused(tmp_path: Path, place: str, message: str) -> None:
    data = corpus(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    before = contents(tmp_path)
    with pytest.raises(CorpusError, match=message):
        convert(data, tmp_path / place, OPTIONS, form="jsonl")
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("bad", "place"), [("lost\n", "test.conll:5: 1 column"), ("a\tB-X\nb\tQ-X\n", "test.conll:6: tag 'Q-X'")]
)
def test_a_bad_line_leaves_nothing(tmp_path: Path, bad: str, place: str) -> None:
    data = corpus(tmp_path)
    (data / "test.conll").write_text(TEXT + bad)
    with pytest.raises(CorpusError) as caught:
        convert(data, tmp_path / "out", OPTIONS, form="jsonl")
    assert str(caught.value).startswith(f"{data}/{place}")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = corpus(tmp_path) / "train.conll"
    with Path("/dev/full").open("wb", buffering=0) as full:
        monkeypatch.setattr("corpus.writing.convert.create", lambda _: full)
        with pytest.raises(CorpusError, match=r"out.jsonl: cannot be written .No space left on device"):
            convert(path, tmp_path / "out.jsonl", OPTIONS, form="jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("single", [True, False])
def test_a_killed_conversion_leaves_nothing_at_its_place(tmp_path: Path, single: bool) -> None:
    data = corpus(tmp_path, text=TEXT * 100_000)
    source, out = (data / "train.conll", tmp_path / "out.jsonl") if single else (data, tmp_path / "out")
    program = (
        "from corpus.writing.convert import convert; from corpus.options import ReadOptions; "
        f"convert({str(source)!r}, {str(out)!r}, ReadOptions(scheme='BIO'), form='jsonl')"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    while not any(path.is_file() and path.stat().st_size for path in tmp_path.glob(".out*/**/*.jsonl")):
        assert process.poll() is None, "ended before it could be killed"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not out.exists()
