"""A linear-chain conditional random field as pure functions on emissions [B, T, K].

`transitions[i, j]` scores the step from tag i to tag j everywhere.
"""

from trainer.crf.decode import viterbi
from trainer.crf.k_best import k_best
from trainer.crf.likelihood import log_likelihood, log_norm
from trainer.crf.marginals import marginals, pair_marginals
from trainer.crf.readings import Readings, log_probability_and_marginals, readings
from trainer.crf.sample import sample
from trainer.crf.scores import sequence_score
from trainer.crf.spans import span_log_probability

__all__ = [
    "Readings",
    "k_best",
    "log_likelihood",
    "log_norm",
    "log_probability_and_marginals",
    "marginals",
    "pair_marginals",
    "readings",
    "sample",
    "sequence_score",
    "span_log_probability",
    "viterbi",
]
