"""`tagline check` as its users meet it: formats, settings of codes, and the repaired copy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FAULTY = "Ann\tB-PER\nsings\tO\n\nso\tO\nEve\tI-PER\n"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "train.conll").write_text(FAULTY + "\nlast\tO\n")
    (folder / "dev.conll").write_text("Kim\tB-PER\nsat\tO\n")
    (folder / "test.conll").write_text("Ann\tB-PER\nsings\tO\n")
    return folder


def check(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    quiet = (
        "corpus.scheme=BIO",
        "checks.min_examples=1",
        "checks.max_repaired=1",
        "checks.max_unseen_tokens=null",
    )
    settings = [word for one in quiet for word in ("--set", one)]
    return subprocess.run(
        [Path(sys.executable).with_name("tagline"), "check", *map(str, arguments), *settings],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"},
    )


def test_findings_are_grouped_with_one_remedy_and_short_paths(corpus: Path) -> None:
    done = check(corpus)
    assert done.returncode == 0
    assert done.stderr == ""
    blocks = [block.splitlines() for block in done.stdout.split("\n\n")]
    assert blocks[2] == [
        "warning D201  illegal tag, repaired",
        "  correct the tag, or name the scheme of the files (scheme)",
        "  train.conll:5: I-PER -> B-PER (BIO)  (Eve)",
    ]
    assert blocks[3][0] == "warning D205  sentence in several splits"
    assert blocks[-1] == [
        "--fix OUT writes a copy that repairs D201, D205 where no decision is needed",
        "no errors",
    ]


def test_the_files_of_each_split_are_shown(corpus: Path) -> None:
    lines = check(corpus).stdout.splitlines()
    assert lines[1:4] == [
        "train: train.conll (3 sentences)",
        "dev: dev.conll (1 sentence)",
        "test: test.conll (1 sentence)",
    ]
    (corpus / "train.conll").unlink()
    for number in range(6):
        (corpus / f"train{number}.conll").write_text(FAULTY)
    assert check(corpus).stdout.splitlines()[1] == (
        "train: train0.conll (2 sentences), train1.conll (2 sentences), train2.conll (2 sentences), "
        "train3.conll (2 sentences) and 2 more files (12 sentences in all)"
    )


def test_files_are_chosen_by_a_setting(corpus: Path) -> None:
    (corpus / "train_extra.conll").write_text(FAULTY)
    stopped = check(corpus)
    assert stopped.returncode == 2
    assert "train.conll and train_extra.conll are both train" in stopped.stdout
    files = ("train=train*.conll", "dev=dev.conll", "test=test.conll")
    done = check(corpus, *(word for one in files for word in ("--set", f"corpus.files.{one}")))
    assert done.returncode == 0
    assert "train: train.conll (3 sentences), train_extra.conll (2 sentences)" in done.stdout


def test_a_path_in_a_token_is_not_shortened(tmp_path: Path) -> None:
    folder = tmp_path / "and"
    folder.mkdir()
    for name in ("train", "dev", "test"):
        (folder / f"{name}.conll").write_text("and/or\tI-PER\n\nand/or\tB-PER\n")
    out = check("./and", cwd=tmp_path).stdout
    assert "  train.conll:3: and/or is B-PER here, I-PER at train.conll:1  (and/or)\n" in out
    assert "  dev.conll:1: in dev, and in train at train.conll:1  (and/or)\n" in out
    assert "and/train.conll" not in out


def test_the_first_of_a_kind_are_shown_and_all_with_the_option(corpus: Path) -> None:
    (corpus / "train.conll").write_text("so\tO\nEve\tI-PER\n\n" * 9)
    short, everything = check(corpus).stdout, check(corpus, "--all").stdout
    assert short.count("I-PER -> B-PER") == 5
    assert "and 4 more\n" in short
    assert "--all shows more" in short
    assert everything.count("I-PER -> B-PER") == 9
    assert "more" not in everything


def test_errors_are_shown_as_far_as_they_are_listed(corpus: Path) -> None:
    (corpus / "train.conll").write_text("lost\n\n" * 9)
    assert check(corpus).stdout.count("1 column separated by white space") == 9


def test_json_has_two_names(corpus: Path) -> None:
    long, short = check(corpus, "--format", "json"), check(corpus, "--json")
    assert long.stdout == short.stdout
    assert set(json.loads(long.stdout)["counts"]) == {"D201", "D205"}


def test_sarif_names_paths_from_the_working_folder(corpus: Path) -> None:
    done = check("corpus", "--format", "sarif", cwd=corpus.parent)
    assert done.returncode == 0
    results = json.loads(done.stdout)["runs"][0]["results"]
    places = [one["locations"][0]["physicalLocation"] for one in results]
    assert places[0] == {"artifactLocation": {"uri": "corpus/train.conll"}, "region": {"startLine": 5}}


def test_an_unknown_format_is_refused(corpus: Path) -> None:
    done = check(corpus, "--format", "xml")
    assert done.returncode == 2
    assert done.stderr == "error: --format: found xml; expected one of text, json, sarif\n"


def test_a_warning_can_be_made_an_error_or_ignored(corpus: Path) -> None:
    strict = check(corpus, "--set", "checks.errors=[D205]")
    assert strict.returncode == 2
    assert strict.stdout.splitlines()[-1] == "1 error"
    assert "error D205  sentence in several splits" in strict.stdout
    assert "D205" not in check(corpus, "--set", "checks.ignore=[D205]").stdout


def test_an_unknown_code_is_refused_with_a_list_of_codes(corpus: Path) -> None:
    done = check(corpus, "--set", "checks.errors=[D999]")
    assert done.returncode == 2
    assert "checks: errors: found D999; expected codes among D101, " in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_unknown_comparator_is_refused_with_a_list(corpus: Path) -> None:
    done = check(corpus, "--set", "checks.skew={tags: {linf: 1}}")
    assert done.returncode == 2
    assert "checks.skew[].linf: no such setting; expected one of jensen_shannon, l_infinity" in done.stderr


def test_a_repaired_copy_and_its_remaining_findings(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = check(corpus, "--fix", out)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "repaired 1 line of 1 file:"
    assert lines[1].startswith("  D201  1  illegal tag, repaired: ")
    # Of three train sentences one would be much of train.
    assert lines[3].startswith("left 1 of 3 train sentences are in dev or test too")
    assert str(out) in lines
    assert "tags read as: BIO" in lines
    assert "D201" not in done.stdout.split("findings in the copy:")[1]
    assert (out / "train.conll").read_text() == (FAULTY + "\nlast\tO\n").replace("I-PER", "B-PER")
    assert "-Eve\tI-PER\n+Eve\tB-PER\n" in (out / "changes.diff").read_text()


def test_a_repaired_copy_as_json(corpus: Path, tmp_path: Path) -> None:
    document = json.loads(check(corpus, "--fix", tmp_path / "out", "--json").stdout)
    assert document["mended"]["counts"] == {"D201": 1}
    assert document["mended"]["files"] == {"train.conll": 1}
    assert set(document["counts"]) == {"D205"}


def test_a_copy_does_not_overwrite_files(corpus: Path) -> None:
    for place in (corpus, corpus / "fixed", corpus.parent):
        done = check(corpus, "--fix", place)
        assert done.returncode == 2
        assert "within the corpus" in done.stderr or "already exists" in done.stderr


def test_a_single_file_is_repaired_into_a_folder(corpus: Path, tmp_path: Path) -> None:
    text = "".join(f"w{number % 50}\tB-A\nx\tO\n\n" for number in range(400)) + "so\tO\nEve\tI-A\n"
    (tmp_path / "all.conll").write_text(text)
    done = check(tmp_path / "all.conll", "--fix", tmp_path / "out")
    assert done.returncode == 0, done.stdout
    assert f"{tmp_path}/out/all.conll\n" in done.stdout
    assert "tags read as: BIO" in done.stdout
