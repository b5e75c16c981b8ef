"""The dynamic programs over a linear chain: forward-backward, Viterbi, the k best paths, the chain rule."""
