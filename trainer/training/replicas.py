"""Several worker processes that train one model: which one leads, which replicas each feeds, what all agree on."""

from __future__ import annotations

import tensorflow as tf


def multi_worker_strategy() -> tf.distribute.Strategy:
    """Join the workers that `TF_CONFIG` in the environment names; returns when all are connected.

    Must be called before anything else of TensorFlow.
    """
    return tf.distribute.MultiWorkerMirroredStrategy()


def has_several_workers(strategy: tf.distribute.Strategy) -> bool:
    """Whether other processes train with this one."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def is_leader(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes checkpoints and curves: the first worker, or the only one."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.task_type:
        return True
    first = "chief" if "chief" in resolver.cluster_spec().jobs else "worker"
    return bool(resolver.task_type == first and resolver.task_id == 0)


def process_name(strategy: tf.distribute.Strategy) -> str:
    """Name this process among those that train together: `worker-1`, say, or `alone`."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.task_type:
        return "alone"
    return f"{resolver.task_type}-{resolver.task_id}"


def own_replicas(context: tf.distribute.InputContext) -> range:
    """Return the replicas, among all in their order, that this worker's input pipeline feeds."""
    each = context.num_replicas_in_sync // context.num_input_pipelines
    return range(context.input_pipeline_id * each, (context.input_pipeline_id + 1) * each)


def broadcast_from_leader(value: float, strategy: tf.distribute.Strategy) -> float:
    """Return the leader's `value` in every process; the other processes' values are ignored.

    All processes wait for each other here.
    """
    if not has_several_workers(strategy):
        return value
    # The first replica is the leader's, so the sum of its value and zeros is the leader's value.
    values = strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(value if context.replica_id_in_sync_group == 0 else 0.0, tf.float64)
    )
    return float(strategy.reduce(tf.distribute.ReduceOp.SUM, values, axis=None))
