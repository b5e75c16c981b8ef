"""Entity scores as a TFMA metric, and the evaluation that gates on them."""
