"""Files whose columns are not what the settings say."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.errors import CorpusError
from corpus.options import ReadOptions
from corpus.recognition.columns import require_columns, tag_columns
from corpus.splits.layout import find

CONLLU = "1\tAnn\tann\tPROPN\t_\t_\t0\troot\t_\t_\n2\tsings\tsing\tVERB\t_\t_\t1\tdep\t_\t_\n\n"


def required(tmp_path: Path, text: str, name: str = "all.txt", **options: int) -> None:
    path = tmp_path / name
    path.write_text(text)
    require_columns(find(path, ReadOptions(**options)), ReadOptions(**options))


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("1 Ann NNP O\n2 sings VBZ O\n\n1 Bo NNP O\n", "token_column=1"),
        ("0\tNNP\tAnn\tO\n1\tVBZ\tsings\tO\n2\tVBZ\tplays\tO\n", "token_column=2"),
        ("_ Ann O\n_ sings O\n", "token_column=1"),
        (CONLLU, "format=conllu"),
    ],
)
def test_a_column_of_no_tokens_is_an_error_that_names_the_right_one(
    tmp_path: Path, text: str, remedy: str
) -> None:
    with pytest.raises(CorpusError) as caught:
        required(tmp_path, text)
    assert caught.value.code == "D121"
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "This is a paragraph of text.\n\nHere is another one of them, and it is longer.\n",
        "Nothing happened today .\nZeta Labs opened an office in Berlin .\nWe saw Ida .\n",
    ],
)
def test_running_text_is_no_corpus(tmp_path: Path, text: str) -> None:
    with pytest.raises(CorpusError, match="running text: its lines have") as caught:
        required(tmp_path, text)
    assert caught.value.code == "D119"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ann O\nsings O\n", "all.txt"),
        ("1 O\n2 O\n\n1999 O\nwas O\n", "all.txt"),  # numbers, but no count
        ("1 O\n\n1 O\n", "all.txt"),
        ("Ann NNP B-NP B-PER\nlost\nsings VBZ O O\nwell RB O O\n", "all.txt"),
        ("", "all.txt"),
        ("# only a comment\n", "all.txt"),
        (CONLLU, "all.conllu"),
    ],
)
def test_other_files_are_left_to_their_reader(tmp_path: Path, text: str, name: str) -> None:
    required(tmp_path, text, name)


def test_columns_that_look_like_tags(tmp_path: Path) -> None:
    path = tmp_path / "all.txt"
    path.write_text("1 Ann NNP B-PER 0.9\n2 sings VBZ O 0.8\n3 . . O 0.7\n")
    assert tag_columns(path, ReadOptions(token_column=1)) == "tag_column=3 (BIO) or tag_column=2 (PLAIN)"
    assert tag_columns(tmp_path / "missing.txt", ReadOptions()) == ""


def test_lines_of_other_widths_do_not_hide_the_columns(tmp_path: Path) -> None:
    path = tmp_path / "all.txt"
    path.write_text("Ann B-PER 0.9\nlost\nsings O 0.8 x\n. O 0.7\n\n" * 3)
    assert tag_columns(path, ReadOptions()) == "tag_column=1 (BIO)"
