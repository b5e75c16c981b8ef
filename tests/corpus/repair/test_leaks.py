"""Train sentences that dev or test have too: which are removed."""

from __future__ import annotations

from pathlib import Path

from corpus.checks.check import check
from tests.corpus.repair.repaired_corpora import BIO, codes_of, contents, corpus, many, patched, repaired


def test_train_sentences_of_dev_and_test_are_removed_from_train(tmp_path: Path) -> None:
    train = many(30) + "-DOCSTART- -X- O\nKim\tB-PER\nsat\tO\n\n\nlast\tO\n"
    data = corpus(tmp_path, train_conll=train)
    assert "D205" in codes_of(data)
    repair, out = repaired(data)
    assert repair.counts == {"D205": 1}
    assert contents(out)["train.conll"].decode() == many(30) + "-DOCSTART- -X- O\nlast\tO\n"
    assert "D205" not in codes_of(out)
    assert contents(patched(data, out)) == contents(out)


def test_sentences_that_dev_and_test_share_stay(tmp_path: Path) -> None:
    data = corpus(tmp_path, train_conll=many(30), dev_conll="Kim\tB-PER\nsat\tO\n")
    assert repaired(data)[0].counts == {}
    assert "D205" in codes_of(tmp_path / "out")


def test_the_last_example_of_a_label_stays(tmp_path: Path) -> None:
    data = corpus(tmp_path, train_conll=many(30) + "at\tO\nIBM\tB-ORG\n", test_conll="at\tO\nIBM\tB-ORG\n")
    repair, _ = repaired(data)
    assert repair.counts == {}
    assert repair.left == ["1 train sentence in dev or test too stayed, with the last example of ORG"]


def test_a_train_split_that_would_lose_many_sentences_stays(tmp_path: Path) -> None:
    data = corpus(tmp_path, train_conll=many(20), test_conll=many(3))
    repair, _ = repaired(data)
    assert repair.counts == {}
    assert repair.left[0].startswith(
        "3 of 20 train sentences are in dev or test too; so many are not removed"
    )


def test_a_split_by_hash_and_one_of_files(tmp_path: Path) -> None:
    data = corpus(tmp_path, train_conll=many(200), dev_conll=many(9))
    (data / "test.conll").unlink()
    before = check(data, BIO).splits
    repair, out = repaired(data)
    # Sentences that the hash assigns to test are not in train.
    assert 0 < repair.counts["D205"] <= before["train"].shared + before["dev"].shared
    after = check(out, BIO)
    assert after.splits["train"].sentences == before["train"].sentences - repair.counts["D205"]
    assert not any("and in train " in one.message for one in after.findings if one.code == "D205")
