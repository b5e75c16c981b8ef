"""Transform's `preprocessing_fn`: makes the vocabularies of words and tags, and turns each sentence into ids.

Output features, all of varying length T (tokens of one sentence):

| feature | type | meaning |
|---|---|---|
| `tokens` | bytes | the tokens as they are; the model reads their bytes |
| `tags` | bytes | the tags as they are, for scoring tags that training never saw |
| `words` | int64 | id of the normalised token; 0 padding, 1 unknown |
| `cases` | int64 | id of the case pattern |
| `labels` | int64 | id of the tag; -1 for a tag that training never saw |
"""

import tensorflow as tf
import tensorflow_transform as tft

from trainer.features import token_features

WORDS_VOCABULARY = "words"
TAGS_VOCABULARY = "tags"


def preprocessing_fn(inputs: dict[str, tf.SparseTensor]) -> dict[str, tf.SparseTensor]:
    """Compute the output features; TFX Transform passes every feature of the schema as sparse strings."""
    tokens, tags = inputs["tokens"], inputs["tags"]
    words = tft.compute_and_apply_vocabulary(
        tokens.with_values(token_features.normalise(tokens.values)),
        vocab_filename=WORDS_VOCABULARY,
        store_frequency=True,  # training replaces words seen once by `unknown`, so it needs their counts
        num_oov_buckets=0,
        default_value=token_features.UNKNOWN_ID - token_features.FIRST_WORD_ID,
    )
    labels = tft.compute_and_apply_vocabulary(tags, vocab_filename=TAGS_VOCABULARY, num_oov_buckets=0)
    return {
        "tokens": tokens,
        "tags": tags,
        "words": words.with_values(words.values + token_features.FIRST_WORD_ID),
        "cases": tokens.with_values(token_features.case_ids(tokens.values)),
        "labels": labels,
    }
