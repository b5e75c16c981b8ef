"""Tagged sentences on standard output: for people, or a line or block each for programs."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.text import Text

from serving.client import TaggedSentence
from serving.client.formats import to_conll, to_jsonl

_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red")


class SentencePrinter:
    """Prints sentences as text, jsonl or conll; a label has the same colour from its first sentence to the last."""

    def __init__(self, console: Console, output_format: str) -> None:
        self._console = console
        self._format = output_format
        self._colours: dict[str, str] = {}

    def show(self, sentence: TaggedSentence) -> None:
        """Print one sentence."""
        if self._format == "jsonl":
            sys.stdout.write(to_jsonl(sentence) + "\n")
        elif self._format == "conll":
            sys.stdout.write(to_conll(sentence))
        else:
            self._show_to_people(sentence)

    def _show_to_people(self, sentence: TaggedSentence) -> None:
        """Print the text with its entities in colour, then each with offsets and confidence; plain tags as they are."""
        if not sentence.entities and any(token.tag != "O" for token in sentence.tokens):
            tagged = "  ".join(f"{token.text}/{token.tag}" for token in sentence.tokens)
            self._console.print(Text(tagged), soft_wrap=True)
            return
        text = Text(sentence.text)
        for entity in sentence.entities:
            text.stylize(f"bold {self._colour(entity.label)}", entity.start, entity.end)
        self._console.print(text, soft_wrap=True)
        for entity in sentence.entities:
            line = Text(f"  {entity.start:>4}-{entity.end:<4} ")
            line.append(f"{entity.label:<6} ", style=self._colour(entity.label))
            line.append(f"{entity.confidence:.3f}  {entity.text}")
            self._console.print(line, soft_wrap=True)
        self._console.print(f"  [dim]probability of the whole path {sentence.score:.3f}[/]")

    def _colour(self, label: str) -> str:
        return self._colours.setdefault(label, _COLOURS[len(self._colours) % len(_COLOURS)])
