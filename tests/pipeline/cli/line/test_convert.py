"""`tagline convert` as its users meet it: what it says, and its exit codes."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TEXT = "# domain = news\nAnn\tB-PER\nsings\tO\n\n"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for split in ("train", "dev", "test"):
        (folder / f"{split}.conll").write_text(TEXT)
    return folder


def convert(*arguments: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("tagline"), "convert", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"},
        **more,
    )


def test_it_says_what_it_read_wrote_left_out_and_lost(corpus: Path, tmp_path: Path) -> None:
    (corpus / "notes.txt").write_text("x\n")
    out = tmp_path / "out"
    done = convert(corpus, out, "--to", "spacy")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "tags read as: BIO",
        *(f"wrote {out}/{split}.json  1 sentence" for split in ("train", "dev", "test")),
        "left out notes.txt: its name names no split",
        "lost: the domain of 3 sentences",
    ]


def test_to_conllu_and_back_with_the_setting_it_names(corpus: Path, tmp_path: Path) -> None:
    done = convert(corpus, tmp_path / "u", "--to", "conllu", "--scheme", "bioes")
    assert done.stdout.splitlines()[-1] == "to read it: --set corpus.tag_column=misc.NER"
    assert "NER=S-PER" in (tmp_path / "u" / "train.conllu").read_text()
    back = convert(tmp_path / "u", tmp_path / "c", "--to", "conll", "--set", "corpus.tag_column=misc.NER")
    assert back.stdout.splitlines()[0] == "tags read as: BIOES"
    assert (tmp_path / "c" / "train.conll").read_text() == TEXT


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--to", "xml"), "error: --to: found xml; expected one of conll, conllu, jsonl, doccano, "),
        (
            ("--to", "conll", "--scheme", "BUMS"),
            "error: --scheme: unknown tag scheme 'BUMS'; expected one of",
        ),
        (("--to", "spacy", "--scheme", "BIO"), "error: --scheme: found BIO; expected none with --to spacy"),
        (("--to", "conll", "--set", "corpus.schema=BIO"), "error: corpus.schema: no such setting"),
    ],
)
def test_illegal_options_are_refused(
    corpus: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = convert(corpus, tmp_path / "out", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_bad_line_is_an_error_with_its_place(corpus: Path, tmp_path: Path) -> None:
    (corpus / "dev.conll").write_text(f"{TEXT}lost\n")
    done = convert(corpus, tmp_path / "out", "--to", "jsonl")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {corpus}/dev.conll:5: 1 column")
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


def test_a_file_that_may_not_grow_leaves_nothing(corpus: Path, tmp_path: Path) -> None:
    (corpus / "train.conll").write_text(TEXT * 1000)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    done = convert(corpus, tmp_path / "out", "--to", "jsonl", preexec_fn=limit)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {tmp_path}/out: cannot be written (File too large)")
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


def test_a_path_is_taken_as_it_is(corpus: Path, tmp_path: Path) -> None:
    corpus.rename(tmp_path / "[x]")
    done = convert(tmp_path / "[x]", tmp_path / "[y]", "--to", "prodigy")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"wrote {tmp_path}/[y]/train.jsonl  1 sentence" in done.stdout
