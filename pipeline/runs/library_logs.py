"""Where the log records of a run go: TensorFlow's, TFX's, Beam's and our own. Imports none of them itself."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from pipeline.runs.progress import Progress, log_to_file


def quiet_libraries(verbose: bool) -> None:
    """Before TensorFlow and TFX are imported: their warnings go to the log file, not over the progress."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0" if verbose else "3")
    # Also for processes that components start.
    os.environ.setdefault("PYTHONWARNINGS", "default" if verbose else "ignore")
    # Before any component starts a GPU: the Trainer comes too late for it.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    logging.captureWarnings(True)


def send_logs(progress: Progress, log_path: Path, verbose: bool) -> None:
    """All records to the file `log_path` and to `progress`; to stderr too if `verbose`."""
    from absl import logging as absl_logging

    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
    # absl prints for itself unless told otherwise; its records go the way of all others.
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
