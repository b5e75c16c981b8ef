"""CorpusGate: stops the run on a corpus that must not be trained on."""
