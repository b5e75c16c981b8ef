"""The penguin example that the pipeline is compared with: its data, and the ratios."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from benchmarks.measuring.command import Cost
from benchmarks.penguin import ratios
from benchmarks.rivals.penguin_example import write_data


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_data_have_the_examples_columns_and_are_always_the_same(tmp_path: Path) -> None:
    write_data(tmp_path / "a")
    write_data(tmp_path / "b")
    labelled = rows_of(tmp_path / "a/labelled/penguins.csv")
    assert labelled == rows_of(tmp_path / "b/labelled/penguins.csv")
    assert Counter(row["species"] for row in labelled) == {"0": 152, "1": 68, "2": 124}
    columns = ["culmen_length_mm", "culmen_depth_mm", "flipper_length_mm", "body_mass_g"]
    assert list(labelled[0]) == ["species", *columns]
    assert all(float(row[column]) > 0 for row in labelled for column in columns)
    # The rows without a species are the same.
    unlabelled = rows_of(tmp_path / "a/unlabelled/penguins.csv")
    assert unlabelled == [{column: row[column] for column in columns} for row in labelled]


def test_ratios_are_of_medians() -> None:
    def measured(*walls: float) -> list[Cost]:
        return [Cost(wall, 2 * wall, 0.1) for wall in walls]

    figures = ratios(
        {
            ("penguin example", "first run"): measured(10, 50, 20),
            ("tagline run", "first run"): measured(22, 18, 90),
            ("penguin example", "second run"): measured(10),
            ("tagline run", "second run"): measured(5),
        }
    )
    assert [(round(one.value, 6), one.most, one.is_met) for one in figures] == [
        (1.1, 1.0, False), (1.1, None, True), (0.5, 0.6, True), (0.5, None, True),
    ]  # fmt: skip
