"""Names of all metrics, and the TFMA metrics by which TFX's Evaluator scores candidate and baseline."""
