"""The client: tags text with a served model. Imports neither TensorFlow nor its stubs.

from serving.client import Tagger

with Tagger("localhost:8500") as tagger:
    for entity in tagger.tag("Ada Lovelace was born in London .").entities:
        print(entity.label, entity.text)
"""

from serving.client.answers import Entity, TaggedSentence, TaggedToken
from serving.client.errors import (
    DeadlineExceeded,
    ModelNotFound,
    Overloaded,
    RequestRefused,
    ServerUnreachable,
    SignatureMissing,
    TaggerError,
    UnexpectedAnswer,
)
from serving.client.tagger import Tagger, VersionStatus

__all__ = [
    "DeadlineExceeded",
    "Entity",
    "ModelNotFound",
    "Overloaded",
    "RequestRefused",
    "ServerUnreachable",
    "SignatureMissing",
    "TaggedSentence",
    "TaggedToken",
    "Tagger",
    "TaggerError",
    "UnexpectedAnswer",
    "VersionStatus",
]
