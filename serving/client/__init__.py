"""The client: tags text with a served model. Imports neither TensorFlow nor its stubs.

from serving.client import Tagger

with Tagger("localhost:8500") as tagger:
    for entity in tagger.tag("Ada Lovelace was born in London .").entities:
        print(entity.label, entity.text)
    for sentence in tagger.stream(texts):  # any iterable, in bounded memory
        print(sentence.text, sentence.score)

`AsyncTagger` is the same in asyncio.
"""

from serving.client.answers import Entity, TaggedSentence, TaggedToken
from serving.client.async_tagger import AsyncTagger
from serving.client.protocol.channel import TLS
from serving.client.protocol.errors import (
    DeadlineExceeded,
    LabelNotFound,
    ModelNotFound,
    Overloaded,
    RequestRefused,
    RequestTooLarge,
    ServerUnreachable,
    SignatureMissing,
    TaggerError,
    TLSFailed,
    UnexpectedAnswer,
)
from serving.client.protocol.requests import VersionStatus
from serving.client.tagger import Tagger

__all__ = [
    "TLS",
    "AsyncTagger",
    "DeadlineExceeded",
    "Entity",
    "LabelNotFound",
    "ModelNotFound",
    "Overloaded",
    "RequestRefused",
    "RequestTooLarge",
    "ServerUnreachable",
    "SignatureMissing",
    "TLSFailed",
    "TaggedSentence",
    "TaggedToken",
    "Tagger",
    "TaggerError",
    "UnexpectedAnswer",
    "VersionStatus",
]
