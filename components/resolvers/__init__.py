"""Looks up what earlier runs left: the baseline, a warm start's base model, the blessed data's statistics.

`pushed` answers the same three questions from the pushed versions, for back ends without a metadata store.
"""
