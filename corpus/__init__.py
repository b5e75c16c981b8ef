"""Reading, splitting, checking, converting and repairing tagged corpora. Pure Python: no TensorFlow, no TFX.

Each folder imports only what stands before it here: the files beside this one (sentences, errors, options,
drafts of new files), `formats` (one file a format), `reading` (from files to sentences and their tags), `splits`
(which file and sentence is train, dev or test), `recognition` (what the corpus as a whole shows about its tags);
then `checks`, `writing` (the forms to convert to) and `repair`, which do not import each other.
"""
