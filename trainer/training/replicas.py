"""Several workers that train one model: who leads, which replicas are a worker's own, what all agree on."""

from __future__ import annotations

import tensorflow as tf


def strategy_of_worker() -> tf.distribute.Strategy:
    """One of several workers, as `TF_CONFIG` in the environment has it; returns when all are there.

    To be called before TensorFlow has done anything else.
    """
    return tf.distribute.MultiWorkerMirroredStrategy()


def leads(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes checkpoints and curves: the first worker, or the only one."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.task_type:
        return True
    first = "chief" if "chief" in resolver.cluster_spec().jobs else "worker"
    return bool(resolver.task_type == first and resolver.task_id == 0)


def name_in(strategy: tf.distribute.Strategy) -> str:
    """This process among those that train together: `worker-1`, say, or `alone`."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.task_type:
        return "alone"
    return f"{resolver.task_type}-{resolver.task_id}"


def several(strategy: tf.distribute.Strategy) -> bool:
    """Whether other processes train with this one."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def own_replicas(context: tf.distribute.InputContext) -> range:
    """Of all replicas in their order, those that this worker's input pipeline feeds."""
    each = context.num_replicas_in_sync // context.num_input_pipelines
    return range(context.input_pipeline_id * each, (context.input_pipeline_id + 1) * each)


def told_by_leader(value: float, strategy: tf.distribute.Strategy) -> float:
    """The leader's `value`, in every process; who does not lead may hand in anything.

    All wait for each other here.
    """
    if not several(strategy):
        return value
    # The first replica is the leader's, so a sum of this and of zeros is what the leader says.
    values = strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(value if context.replica_id_in_sync_group == 0 else 0.0, tf.float64)
    )
    return float(strategy.reduce(tf.distribute.ReduceOp.SUM, values, axis=None))
