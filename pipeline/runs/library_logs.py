"""The log records of a run, TensorFlow's, TFX's and Beam's among them, sent to one file. Imports none of them."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from pipeline.runs.progress import Progress, log_to_file


def quiet_libraries(verbose: bool) -> None:
    """Send warnings to the log file, not over the progress; to be called before TensorFlow and TFX are imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0" if verbose else "3")
    # Also for processes that components start.
    os.environ.setdefault("PYTHONWARNINGS", "default" if verbose else "ignore")
    # Before the first component uses a GPU, which is long before the Trainer.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    logging.captureWarnings(True)


def send_logs(progress: Progress, log_path: Path, verbose: bool) -> None:
    """Send all records to the file `log_path` and to `progress`, and to stderr too if `verbose`."""
    from absl import logging as absl_logging

    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
    # absl prints its records itself, unless its handlers are removed.
    absl_logger = absl_logging.get_absl_logger()
    absl_logger.handlers.clear()
    absl_logger.propagate = True
    absl_logging.set_verbosity(absl_logging.INFO)
    logging.getLogger("tensorflow").handlers.clear()
    root.setLevel(logging.INFO)
    root.addHandler(log_to_file(log_path))
    root.addHandler(progress)
    if verbose:
        root.addHandler(logging.StreamHandler())
