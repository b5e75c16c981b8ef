"""Floors that the corpus cannot answer stop `tagline run` before anything runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from corpus.checks.check import check
from corpus.options import ReadOptions
from corpus.splits.by_hash import split_of, text_key
from pipeline.runs.required_floors import domains_of_test, require_floors
from pipeline.settings import Settings, SettingsError, load

SENTENCES = """\
# domain = {domain}
Anna B-PER
went O
to O
Rome B-LOC

# domain = {domain}
It O
rained O

"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    for split, domain in (("train", "news"), ("dev", "chat"), ("test", "sport")):
        (tmp_path / f"{split}.conll").write_text(SENTENCES.format(domain=domain))
    return tmp_path


def settings_with(corpus: Path, *floors: str, **others: str) -> Settings:
    listed = ", ".join(f'"{floor}": 0.5' for floor in floors)
    return load(
        assignments=[
            f"data={corpus}",
            "evaluation.slice_by=[domain, genre]",
            f"evaluation.floors={{{listed}}}",
        ]
        + [f"{key.replace('__', '.')}={value}" for key, value in others.items()]
    )


def require(settings: Settings) -> None:
    require_floors(settings, check(settings.data, settings.corpus, settings.checks))


def test_floors_that_the_test_split_answers_are_taken(corpus: Path) -> None:
    require(settings_with(corpus))
    require(
        settings_with(
            corpus, "entity_f1_strict/PER", "primary@domain=sport", "entity_recall_strict@entity=unseen"
        )
    )


@pytest.mark.parametrize(
    ("floor", "expected"),
    [
        ("entity_f1_strict/ORG", "the test split has no entity of the label ORG; it has LOC, PER"),
        ("primary@domain=news", "no sentence of the test split is domain=news; domain is sport"),
        ("tag_f1/NOUN", "the corpus has entity tags"),
    ],
)
def test_others_are_refused(corpus: Path, floor: str, expected: str) -> None:
    with pytest.raises(SettingsError) as caught:
        require(settings_with(corpus, floor))
    assert str(caught.value).startswith(f"evaluation.floors: {floor}: ")
    assert expected in str(caught.value)


def test_plain_tags_have_tags(corpus: Path) -> None:
    require(settings_with(corpus, "tag_f1/B-PER", corpus__scheme="PLAIN"))
    with pytest.raises(SettingsError, match="the test split has no tag NOUN; it has B-LOC, B-PER, O"):
        require(settings_with(corpus, "tag_f1/NOUN", corpus__scheme="PLAIN"))
    with pytest.raises(SettingsError, match="the corpus has plain tags"):
        require(settings_with(corpus, "entity_f1_strict", corpus__scheme="PLAIN"))


def test_a_feature_that_files_may_give_otherwise_is_left_to_the_gate(corpus: Path) -> None:
    require(settings_with(corpus, "primary@genre=x"))


def test_domains_of_a_test_split_that_is_cut_by_hash(tmp_path: Path) -> None:
    """Every sentence its own domain: those that the hash gives to test, and no others."""
    path, expected = tmp_path / "all.conll", set()
    with path.open("w") as file:
        for number in range(200):
            file.write(f"# domain = d{number}\nword{number} O\n\n")
            if split_of(text_key((f"word{number}",)), ReadOptions().hash_split) == "test":
                expected.add(f"d{number}")
    assert 0 < len(expected) < 100
    assert domains_of_test(str(path), ReadOptions()) == expected


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli.app", "run", *arguments], capture_output=True, text=True
    )


def test_a_run_stops_before_anything_is_written(corpus: Path) -> None:
    done = run(
        "--data", str(corpus), "--set", f"pipeline.root={corpus}/runs",
        "--set", "evaluation.floors={entity_f1_strict/ORG: 0.5}",
    )  # fmt: skip
    assert done.returncode == 2
    assert "error: evaluation.floors: entity_f1_strict/ORG: the test split has no entity" in done.stderr
    assert not (corpus / "runs").exists()


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_force_without_a_reason_is_refused(corpus: Path, reason: str) -> None:
    done = run("--data", str(corpus), "--set", f"pipeline.root={corpus}/runs", "--force-bless", reason)
    assert done.returncode == 2
    assert "error: --force-bless: found no reason; expected one, which the manifest keeps" in done.stderr
    assert not (corpus / "runs").exists()
