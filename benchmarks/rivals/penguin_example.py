"""Run TFX's penguin example as installed: `python -m benchmarks.rivals.penguin_example [--shipped] FOLDER`.

Pipeline and training are those of the package (`tfx.examples.penguin`, Keras). Its data are not in the
package: `write_data` generates rows of the same columns, as many of each species. With `--shipped` it is what
the example's main program runs: a Tuner of six trials, bulk inference, a cache of Transform's analyses, and a
Beam process for each core. Without it, the example has none of these, which is its smallest form.
"""

from __future__ import annotations

import csv
import os
import random
import sys
from pathlib import Path
from typing import Any

# Rows of each species: 344 in all.
_ROWS = {0: 152, 1: 68, 2: 124}
# Mean and standard deviation of each column by species, close to those of real penguins.
_COLUMNS = {
    "culmen_length_mm": ((38.8, 2.7), (48.8, 3.3), (47.5, 3.1)),
    "culmen_depth_mm": ((18.3, 1.2), (18.4, 1.1), (15.0, 1.0)),
    "flipper_length_mm": ((190.0, 6.5), (196.0, 7.1), (217.0, 6.5)),
    "body_mass_g": ((3700.0, 460.0), (3730.0, 380.0), (5080.0, 500.0)),
}
_SEED = 20


def write_data(folder: Path) -> None:
    """Write generated rows, with and without their species, where the example reads them; always the same."""
    generator = random.Random(_SEED)
    rows = [
        [species, *(round(generator.gauss(*kinds[species]), 1) for kinds in _COLUMNS.values())]
        for species, count in _ROWS.items()
        for _ in range(count)
    ]
    generator.shuffle(rows)
    table: list[list[Any]] = [["species", *_COLUMNS], *rows]
    for name, first in (("labelled", 0), ("unlabelled", 1)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        with (folder / name / "penguins.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows(row[first:] for row in table)


def main(folder: Path, *, shipped: bool) -> None:
    """Run the example with all its output below `folder`; a second run uses its cache.

    Raises:
        SystemExit: no model was pushed, so the run was not complete.
    """
    # The example derives its paths from it when imported.
    os.environ["HOME"] = str(folder)
    from tfx.examples.penguin import penguin_pipeline_local as example
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner

    data, models = folder / "data", folder / "models"
    if not data.exists():
        write_data(data)
    pipeline = example.create_pipeline(
        pipeline_name="penguin",
        pipeline_root=str(folder / "artifacts"),
        data_root=str(data),
        module_file=str(Path(example.__file__).with_name("penguin_utils_keras.py")),
        accuracy_threshold=0.6,
        serving_model_dir=str(models),
        metadata_path=str(folder / "metadata.db"),
        user_provided_schema_path=None,
        enable_tuning=shipped,
        enable_bulk_inferrer=shipped,
        enable_example_diff=False,
        examplegen_input_config=None,
        examplegen_range_config_date=None,
        resolver_range_config=None,
        beam_pipeline_args=example._beam_pipeline_args_by_runner["DirectRunner"] if shipped else [],
        enable_transform_input_cache=shipped,
    )
    LocalDagRunner().run(pipeline)
    if not any(models.iterdir() if models.is_dir() else ()):
        raise SystemExit(f"{models}: found no model; expected the example to push one")


if __name__ == "__main__":
    main(Path(sys.argv[-1]).resolve(), shipped="--shipped" in sys.argv[1:-1])
