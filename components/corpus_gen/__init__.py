"""CorpusGen: reads a tagged corpus into `tf.Example`."""
