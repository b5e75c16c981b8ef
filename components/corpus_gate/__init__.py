"""CorpusGate: nothing that would poison a model gets past it."""
