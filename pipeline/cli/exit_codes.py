"""What commands exit with."""

OK = 0
# Something failed: a component, a server, a cluster.
BROKEN = 1
# The corpus, the settings or the options are wrong.
BAD_INPUT = 2
# A gate refused the model.
REFUSED = 3
INTERRUPTED = 130
