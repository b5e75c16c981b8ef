"""CoNLL and CoNLL-U: faults that are repaired, and those that stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.options import ReadOptions
from tests.corpus.repair.repaired_corpora import codes_of, contents, corpus, patched, repaired

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
def test_faults_are_repaired(tmp_path: Path, name: str) -> None:
    before, after, codes = FAULTS[name]
    data = corpus(tmp_path, train_conll=before)
    assert codes <= codes_of(data)
    repair, out = repaired(data)
    assert set(repair.counts) == codes
    assert contents(out)["train.conll"].decode() == after
    assert not codes & codes_of(out)
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
def test_faults_that_a_person_must_decide_stay(tmp_path: Path, name: str) -> None:
    data = corpus(tmp_path, train_conll=STAYS[name] + "\nAnn\tB-PER\n")
    repair, out = repaired(data)
    assert repair.counts == {}
    assert contents(out) == contents(data)


def test_a_record_that_is_not_utf8_stays_and_the_rest_is_repaired(tmp_path: Path) -> None:
    data = corpus(tmp_path, train_conll=b"caf\xe9\tO\r\n\nso\tO\nAnn\tI-PER\n")
    _, out = repaired(data)
    assert contents(out)["train.conll"] == b"caf\xe9\tO\r\n\nso\tO\nAnn\tB-PER\n"


def test_conllu_keeps_all_other_columns(tmp_path: Path) -> None:
    row = "1\tsoft\u00adly\tsoft\u00adly\tADV\t_\t_\t0\troot\t_\tSpaceAfter=No\n"
    empty_node = "1.1\t_\t_\t_\t_\t_\t_\t_\t_\t_\n\n"
    data = tmp_path / "data"
    data.mkdir()
    other = row.replace("ADV", "ADJ").replace("\u00ad", "") + "\n"
    (data / "train.conllu").write_text("# text = soft\u00adly\n" + row + empty_node + other)
    for split in ("dev", "test"):
        (data / f"{split}.conllu").write_text(f"1\t{split}\t_\tX\t_\t_\t_\t_\t_\t_\n")
    repair, out = repaired(data, ReadOptions())
    assert repair.counts == {"D215": 1}
    assert contents(out)["train.conllu"].decode() == (
        "# text = softly\n" + row.replace("soft\u00adly", "softly", 1) + empty_node + other
    )


def test_conllu_plus_without_the_column_of_the_tokens_stays(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for split in ("train", "dev", "test"):
        (data / f"{split}.conllup").write_text("# global.columns = ID WORD NE\r\n1\tAnn\tB-PER\r\n")
    repair, out = repaired(data, ReadOptions())
    assert repair.counts == {"D304": 6}
    assert contents(out)["dev.conllup"] == contents(data)["dev.conllup"].replace(b"\r", b"")
