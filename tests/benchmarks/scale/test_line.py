"""Beam's runner holds no sentences between two stages, or a corpus could not grow in one process."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.scale import corpus as scale_corpus
from benchmarks.scale import line
from tests.beam_buffers import count_buffered
from tests.components.corpus_gen.corpora import corpus, generate

SENTENCE = "Ann\tB-PER\nDoe\tI-PER\nleft\tO\nRome\tB-LOC\n\n"


def test_corpus_gen_holds_no_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = count_buffered(monkeypatch)
    totals = []
    for sentences in (20, 2_000):
        held.clear()
        generate(corpus(tmp_path / str(sentences), train=SENTENCE * sentences), tmp_path / f"out-{sentences}")
        totals.append(held.total())
    assert totals[0] > 0
    # Only counts with more digits; the sentences are 70 kB.
    assert totals[1] < totals[0] + 1_000


@pytest.mark.slow
def test_the_line_up_to_transform_holds_no_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = count_buffered(monkeypatch)
    totals = []
    for times in (1, 10):
        data = tmp_path / str(times)
        scale_corpus.write(data, sentences=500)
        train = (data / "train.conll").read_text(encoding="utf-8")
        (data / "train.conll").write_text(train * times, encoding="utf-8")
        held.clear()
        places = (f"name=line{times}", f"data={data}", f"pipeline.root={tmp_path}/runs", "corpus.scheme=BIO")
        # Repeated sentences are a warning and do not stop the run.
        line.run("Transform", places)
        totals.append(held.total())
    written = sum(
        path.stat().st_size for path in tmp_path.glob("runs/line10/artifacts/Transform/**/Split-train/*")
    )
    assert written > 0
    # Ten times the sentences of the same words: only counts with more digits.
    assert totals[0] > 0
    assert totals[1] < 1.1 * totals[0], held.most_common(5)
