"""CorpusGen: tagged corpora into `tf.Example`."""
