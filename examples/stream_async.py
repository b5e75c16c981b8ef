"""Tags every line of a file in asyncio, many at a time in bounded memory: host:port, model name, file."""

import asyncio
import contextlib
import sys

from serving.client import AsyncTagger


async def main(target: str, model: str, path: str) -> None:
    with open(path, encoding="utf-8") as lines:
        async with AsyncTagger(target, model) as tagger:
            texts = (line.rstrip("\n") for line in lines)
            async with contextlib.aclosing(tagger.stream(texts, in_flight=8)) as sentences:
                async for sentence in sentences:
                    print(*(f"{entity.label}:{entity.text}" for entity in sentence.entities), sep="\t")


asyncio.run(main(*sys.argv[1:]))
