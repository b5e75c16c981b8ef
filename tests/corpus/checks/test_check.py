"""The check, on corpora of a few sentences: every code, with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from corpus.checks.check import check
from corpus.checks.report import CODES, Finding, Report
from corpus.options import CheckLimits, ReadOptions

QUIET: dict[str, Any] = {
    "min_examples": 1,
    "max_repaired": 1,
    "max_settled": 1,
    "max_unseen_tags": 1,
    "max_unseen_tokens": None,
    "max_label_shift": None,
}
TRAIN = "Ann\tB-PER\nsings\tO\n\nin\tO\nRome\tB-LOC\n\nBob\tB-PER\nDoe\tI-PER\nran\tO\n"
DEV = "Eve\tB-PER\nleft\tO\n"
TEST = "Kim\tB-PER\nsat\tO\n"


def corpus(root: Path, train: str = TRAIN, dev: str = DEV, test: str = TEST, **more: str) -> Path:
    for name, text in {"train": train, "dev": dev, "test": test, **more}.items():
        (root / f"{name}.conll").write_text(text, encoding="utf-8")
    return root


def look(data: Path, limits: dict[str, Any] | None = None, **options: Any) -> Report:
    return check(data, ReadOptions(**options), CheckLimits(**{**QUIET, **(limits or {})}))


def only(report: Report, code: str) -> Finding:
    assert report.counts == {code: 1}, report.findings
    return report.findings[0]


def test_a_clean_corpus_has_no_findings(tmp_path: Path) -> None:
    report = look(corpus(tmp_path))
    assert report.ok
    assert report.findings == []
    assert report.scheme == "BIO"
    train = report.splits["train"]
    assert (train.sentences, train.tokens, train.longest) == (3, 7, 3)
    assert train.longest_at == f"{tmp_path}/train.conll:7"
    assert train.entities == {"PER": 2, "LOC": 1}
    assert train.tags == {"O": 3, "B-PER": 2, "B-LOC": 1, "I-PER": 1}
    assert report.splits["dev"].unseen_tokens == 1.0
    assert report.files["dev"] == [f"{tmp_path}/dev.conll"]


def test_all_bad_lines_are_gathered(tmp_path: Path) -> None:
    train = f"{TRAIN}\nbroken\n\nX\tX-PER\n\n\tO\n\n"
    report = look(corpus(tmp_path, train, dev="lost\n\n" + DEV))
    assert not report.ok
    assert report.counts == {"D108": 2, "D109": 1, "D110": 1}
    assert [(Path(f.path).name, f.line) for f in report.findings] == [
        ("train.conll", 11),
        ("dev.conll", 1),
        ("train.conll", 15),
        ("train.conll", 13),
    ]
    assert "expected O, or one of B, I" in report.findings[3].message
    assert report.splits["train"].sentences == 3


def test_bad_lines_beyond_the_limit_are_counted_and_not_listed(tmp_path: Path) -> None:
    data = corpus(tmp_path, TRAIN + "\nbad\n" * 9)
    report = look(data, {"errors_per_file": 3})
    assert report.counts["D108"] == 9
    assert len(report.findings) == 3
    report = look(data, {"findings_per_code": 2})
    assert (report.counts["D108"], len(report.findings)) == (9, 2)


def test_missing_files_are_a_finding(tmp_path: Path) -> None:
    report = check(tmp_path / "nowhere", ReadOptions())
    assert only(report, "D102").message.startswith("no such file or folder")
    assert not report.ok
    (tmp_path / "train.conll.gz").write_bytes(b"not gzip")
    (tmp_path / "dev.conll").write_text(DEV)
    report = look(tmp_path)
    assert "broken gzip" in next(f for f in report.findings if f.code == "D102").message


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    report = look(corpus(tmp_path, dev="\n\n"))
    assert report.counts == {"D103": 2}
    assert [finding.message for finding in report.findings] == [
        "no sentence in the file",
        "no sentence in the split dev",
    ]


def test_a_split_by_hash_that_comes_out_empty_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "all.conll"
    path.write_text("".join(f"w{number}\tB-A\n\n" for number in range(3)))
    report = look(path)
    assert not report.ok
    assert {finding.message for finding in report.findings if finding.code == "D103"} <= {
        "no sentence in the split dev",
        "no sentence in the split test",
    }


def test_illegal_tags_are_repaired_and_told(tmp_path: Path) -> None:
    finding = only(look(corpus(tmp_path, dev="we\tO\nsaw\tO\nEve\tI-PER\n")), "D201")
    assert (finding.line, finding.example) == (3, "Eve")
    assert finding.message == "I-PER -> B-PER (BIO)"


def test_too_much_of_it_is_an_error(tmp_path: Path) -> None:
    data = corpus(tmp_path, dev="Eve\tI-PER\nsaw\tO\n\nit\tB-X\n")
    report = look(data, {"max_repaired": 0.4, "max_unseen_tags": 0.3})
    assert not report.ok
    assert report.counts == {"D104": 1, "D106": 1, "D201": 1, "D203": 1}
    assert report.findings[0].message == "dev: 1 of 2 entity tags are illegal; more than max_repaired 0.4"
    assert look(data, {"max_repaired": 0.5, "max_unseen_tags": 0.34}).ok


def test_spans_off_the_tokens_are_told(tmp_path: Path) -> None:
    line = '{"text": "New York", "spans": [[0, 5, "LOC"]]}\n'
    (tmp_path / "train.jsonl").write_text('{"text": "Rome", "spans": [[0, 4, "LOC"]]}\n\n' + line)
    (tmp_path / "dev.jsonl").write_text('{"text": "in Rome", "spans": [[3, 7, "LOC"]]}\n')
    (tmp_path / "test.jsonl").write_text('{"text": "to Rome", "spans": [[3, 7, "LOC"]]}\n')
    report = look(tmp_path)
    finding = only(report, "D202")
    assert finding.line == 3
    assert "off the token edges; taken as 0-8 'New York'" in finding.message
    assert report.splits["train"].settled == 1
    assert look(tmp_path, {"max_settled": 0.1}).counts == {"D105": 1, "D202": 1}


def test_tags_that_train_never_shows(tmp_path: Path) -> None:
    finding = only(look(corpus(tmp_path, dev="we\tO\n\nmet\tO\nIBM\tB-ORG\n")), "D203")
    assert finding.message == "label ORG of dev (1 time) is not in train"
    assert finding.line == 4
    (tmp_path / "plain").mkdir()
    plain = corpus(tmp_path / "plain", "a\tNOUN\nb\tVERB\n", "a\tADV\n", "c\tVERB\n")
    assert only(look(plain), "D203").message == "tag ADV of dev (1 time) is not in train"


def test_rare_labels(tmp_path: Path) -> None:
    finding = only(look(corpus(tmp_path), {"min_examples": 2}), "D204")
    assert finding.message == "label LOC has 1 example in train; fewer than min_examples 2"
    assert finding.line == 5


def test_leaks_between_splits(tmp_path: Path) -> None:
    finding = only(look(corpus(tmp_path, dev=DEV + "\n# domain = x\nAnn\tB-PER\nsings\tO\n")), "D205")
    assert finding.message == f"in dev, and in train at {tmp_path}/train.conll:1"
    assert (finding.line, finding.example) == (5, "Ann sings")


def test_the_same_sentence_tagged_differently(tmp_path: Path) -> None:
    finding = only(look(corpus(tmp_path, TRAIN + "\nAnn\tO\nsings\tO\n")), "D206")
    assert finding.message == f"Ann is O here, B-PER at {tmp_path}/train.conll:1"
    assert finding.line == 11


def test_long_sentences(tmp_path: Path) -> None:
    finding = only(look(corpus(tmp_path), {"max_tokens": 2}), "D207")
    assert finding.message == "3 tokens; more than max_tokens 2"
    assert finding.line == 7


def test_no_entity_at_all(tmp_path: Path) -> None:
    assert "D208" in look(corpus(tmp_path, "a\tO\nb\tO\n", "c\tO\n")).counts


def test_what_was_decided_unasked(tmp_path: Path) -> None:
    report = look(corpus(tmp_path, notes="left out\n"))
    assert only(report, "D301").path == f"{tmp_path}/notes.conll"
    (tmp_path / "dev.conll").unlink()
    (tmp_path / "test.conll").write_text(DEV)
    assert "train 0.8, dev 0.1, test 0)" in next(
        f.message for f in look(tmp_path).findings if f.code == "D302"
    )


def test_splits_by_hash_never_leak(tmp_path: Path) -> None:
    path = tmp_path / "all.conll"
    path.write_text("".join(f"w{number % 40}\tB-A\n\n" for number in range(400)))
    report = look(path)
    assert "D205" not in report.counts
    assert sum(split.sentences for split in report.splits.values()) == 400


def test_the_report_travels_as_json(tmp_path: Path) -> None:
    report = look(corpus(tmp_path, dev="Eve\tI-PER\n"), {"min_examples": 5})
    assert Report.from_json(report.to_json()) == report
    text = str(report.of_severity("warning")[0])
    assert text.startswith(f"D201 {tmp_path}/dev.conll:1: I-PER -> B-PER (BIO) (Eve); correct the tag")


def test_errors_come_first_and_every_code_has_its_remedy(tmp_path: Path) -> None:
    report = look(corpus(tmp_path, dev="Eve\tI-PER\n\nbroken\n"), {"min_examples": 5})
    ranks = [["error", "warning", "info"].index(finding.severity) for finding in report.findings]
    assert ranks == sorted(ranks)
    assert all(finding.remedy for finding in report.findings)
    assert all(code.remedy or code.severity == "info" for code in CODES.values())


def test_the_labels_of_a_split_are_held_against_those_of_train(tmp_path: Path) -> None:
    data = corpus(tmp_path, "a\tB-PER\nb\tB-LOC\n\n" * 60, "a\tB-PER\n\n" * 60, "a\tB-PER\nb\tB-LOC\n")
    finding = next(f for f in look(data, {"max_label_shift": 0.3}).findings if f.code == "D214")
    # Half of train's labels are PER, all of dev's: 0.311 bits.
    assert finding.message == (
        "dev: Jensen-Shannon divergence 0.311 from train; more than max_label_shift 0.3"
    )
    assert finding.example == "LOC 0.0% (train 50.0%), PER 100.0% (train 50.0%)"
    assert "D214" not in look(data, {"max_label_shift": 0.32}).counts
    # Two examples prove nothing.
    (tmp_path / "dev.conll").write_text("a\tB-PER\n\n" * 2)
    assert "D214" not in look(data, {"max_label_shift": 0.0}).counts


def test_many_tokens_that_train_never_shows(tmp_path: Path) -> None:
    finding = next(f for f in look(corpus(tmp_path), {"max_unseen_tokens": 0.5}).findings if f.code == "D213")
    assert finding.message == "100.0% of dev's tokens are not in train; more than max_unseen_tokens 50.0%"
    assert (finding.path, finding.line, finding.example) == (f"{tmp_path}/dev.conll", None, "Eve, left")
    assert "D213" not in look(tmp_path, {"max_unseen_tokens": None}).counts


def test_of_many_leaks_the_longest_are_listed(tmp_path: Path) -> None:
    leaks = ["a O\n", "b O\nb O\nb O\n", "c O\nc O\n", "d O\nd O\nd O\n"]
    data = corpus(tmp_path, TRAIN + "\n" + "\n".join(leaks), dev="\n".join(leaks))
    report = look(data, {"findings_per_code": 2})
    assert report.counts["D205"] == 4
    assert [one.example for one in report.findings if one.code == "D205"] == ["b b b", "d d d"]
    assert report.splits["dev"].shared == 4


def test_what_no_eye_sees(tmp_path: Path) -> None:
    family = "\U0001f468\u200d\U0001f469"
    tokens = [
        "soft\u00adly",
        "a\u200bb",
        "\u200bc",
        "d\u200ce",
        family,
        "\u0645\u06cc\u200c\u062e",
        "caf\u00e9",
        "x\ufffd",
    ]
    report = look(corpus(tmp_path, dev="".join(f"{token}\tO\n" for token in tokens)))
    told = [(one.code, one.line, one.message) for one in report.findings]
    assert told == [
        ("D215", 1, "U+00AD"),
        ("D215", 2, "U+200B between letters: two words?"),
        ("D215", 3, "U+200B"),
        ("D215", 4, "U+200C"),
        ("D216", 8, "U+FFFD"),
    ]
    assert report.findings[0].example == "soft\\xadly"


def test_an_unreadable_train_split_does_not_make_all_else_wrong(tmp_path: Path) -> None:
    data = corpus(tmp_path)
    (data / "train.conll").write_bytes("Ann\tB-PER\n".encode("utf-16"))
    report = check(data, ReadOptions(), CheckLimits())
    assert report.counts == {"D107": 1}
    assert report.splits["dev"].sentences == 1
