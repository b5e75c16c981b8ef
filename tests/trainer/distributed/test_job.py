from __future__ import annotations

from pathlib import Path

from tfx.components.trainer.fn_args_utils import FnArgs

from trainer.distributed.job import Job
from trainer.training.seed_trainer import TrainerArgs


def test_workers_read_the_arguments_that_tfx_hands_to_the_trainer(tmp_path: Path) -> None:
    fields = {
        "train_files": ["train-*"],
        "eval_files": ["eval-*"],
        "transform_graph_path": "graph",
        "model_run_dir": "run",
        "base_model": None,
        "hyperparameters": {"values": {"lstm_units": 9}},
        "custom_config": {"scheme": "BIOES", "hyperparameters": "{}"},
    }
    args = TrainerArgs.of(FnArgs(**fields, serving_model_dir="model"))
    job = Job(args=args, seed=3, directory="checkpoints")
    path = str(tmp_path / "new" / "job.json")
    job.write(path)
    assert Job.read(path) == job
    assert args == TrainerArgs(**fields)


def test_the_arguments_of_a_tuner_have_no_folder_of_events_and_no_best_settings() -> None:
    args = TrainerArgs.of(
        FnArgs(train_files=["train-*"], eval_files=["eval-*"], transform_graph_path="graph", custom_config={})
    )
    assert (args.model_run_dir, args.hyperparameters) == (None, None)
