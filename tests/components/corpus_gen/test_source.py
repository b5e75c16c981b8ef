"""The source reads the same records wherever a file is cut."""

from __future__ import annotations

import gzip
import io
import itertools
from pathlib import Path
from typing import Any

import pytest
from apache_beam.io import source_test_utils
from hypothesis import given, settings
from hypothesis import strategies as st

from components.corpus_gen.source import BlockSource, lines_at
from corpus.formats.table import FileReader
from corpus.options import ReadOptions
from corpus.raw_records import BOM, raw_records

SHAPES = [
    b"a\tO\nb\tO\n\n\nc\tO\n \t \r\nd\tO\r\n\r\n\n  \ne\tO\n# x\nf O",
    BOM + b"  \na O\n\nb O\nc O\n\n\n",
    BOM + b"\n\na O\n\nb O\nc O\n\n",
    BOM + b"a O\n\nb O",
    b"\n\n \n" + BOM + b"a O\n \nb O",
    b"-DOCSTART- O\na O\n-DOCSTART- O\nb O\nc O\n\n-DOCSTART- O\n\nd O\n-DOCSTART-",
    b"x" * 5000 + b" O\n" + b" " * 9000 + b"\ny O\n\n" + b" " * 9000 + b"z O\n\nw O\n",
]


def write(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


CONLL, JSONL = FileReader("conll", ReadOptions()), FileReader("jsonl", ReadOptions())


def single(path: str, unit: Any = "block") -> Any:
    reader = CONLL if unit == "block" else JSONL
    return next(iter(BlockSource(path, reader).split(1 << 40))).source


def pieces(source: Any, cuts: list[int]) -> list[tuple[int, bytes]]:
    return [
        (found.offset, found.raw)
        for start, stop in itertools.pairwise(cuts)
        if start < stop
        for found in source_test_utils.read_from_source(source, start, stop)
    ]


@pytest.mark.parametrize("unit", ["block", "line"])
@pytest.mark.parametrize("data", SHAPES[:5])
def test_any_two_cuts_read_the_same(tmp_path: Path, data: bytes, unit: Any) -> None:
    whole = [(block.offset, block.raw) for block in raw_records(io.BytesIO(data), unit)]
    source = single(write(tmp_path / "a.conll", data), unit)
    for first in range(len(data) + 1):
        for second in range(first, len(data) + 1):
            assert pieces(source, [0, first, second, len(data)]) == whole, (first, second)


@pytest.mark.parametrize("unit", ["block", "line"])
def test_cuts_within_long_white_space(tmp_path: Path, unit: Any) -> None:
    data = SHAPES[5]
    whole = [(block.offset, block.raw) for block in raw_records(io.BytesIO(data), unit)]
    source = single(write(tmp_path / "a.conll", data), unit)
    for cut in [*range(4990, 5010), *range(9000, len(data), 997), *range(len(data) - 12, len(data))]:
        assert pieces(source, [0, cut, len(data)]) == whole, cut


@settings(max_examples=100, deadline=None)
@given(
    lines=st.lists(st.sampled_from([b"a O", b"", b" \t", b"b\tO\r", b"\r", b"# c"]), min_size=1, max_size=12),
    share=st.lists(st.floats(0, 1), max_size=4),
    mark=st.booleans(),
)
def test_any_cuts_of_anything_read_the_same(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], share: list[float], mark: bool
) -> None:
    data = (BOM if mark else b"") + b"\n".join(lines) + b"\n"
    source = single(write(tmp_path_factory.mktemp("source") / "a.conll", data))
    cuts = sorted([0, *(int(part * len(data)) for part in share), len(data)])
    assert pieces(source, cuts) == [
        (block.offset, block.raw) for block in raw_records(io.BytesIO(data), "block")
    ]


@pytest.mark.parametrize("data", SHAPES[:3])
def test_work_is_rebalanced_at_any_moment(tmp_path: Path, data: bytes) -> None:
    source_test_utils.assert_split_at_fraction_exhaustive(
        single(write(tmp_path / "a.conll", data)), perform_multi_threaded_test=False
    )


def test_all_bundles_together_read_the_whole_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conll", b"word O\nword O\n\n" * 200)
    source = BlockSource(path, CONLL)
    bundles = [(b.source, b.start_position, b.stop_position) for b in source.split(97)]
    assert len(bundles) > 20
    source_test_utils.assert_sources_equal_reference_source((source, None, None), bundles)


def test_a_gzip_file_is_not_split(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conll.gz", gzip.compress(b"a O\n\nb O\n" * 50))
    bundles = list(BlockSource(path, CONLL).split(10))
    assert len(bundles) == 1
    assert len(source_test_utils.read_from_source(bundles[0].source, None, None)) == 51


def test_lines_of_offsets(tmp_path: Path) -> None:
    data = b"a\n\nb\nc\n\nd"
    plain = write(tmp_path / "a.conll", data)
    packed = write(tmp_path / "a.conll.gz", gzip.compress(data))
    for path in (plain, packed):
        assert lines_at(path, CONLL, [3, 0, 8]) == {0: 1, 3: 3, 8: 6}
