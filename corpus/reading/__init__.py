"""From files to sentences, and from the tags of the files to those of training."""
