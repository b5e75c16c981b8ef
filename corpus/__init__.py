"""Reading, splitting, checking and repairing tagged corpora. Pure Python: no TensorFlow, no TFX.

Each folder imports only what stands before it here: the files beside this one (sentences, errors, options),
`formats` (one file a format), `splits` (which file and sentence is train, dev or test), `reading` (from files
to sentences and their tags); then `checks` and `repair`, which do not import each other.
"""
