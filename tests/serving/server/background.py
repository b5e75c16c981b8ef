"""Clients that send requests in the background while a test changes what is served."""

from __future__ import annotations

import threading

from serving.client import Tagger


class BackgroundClients:
    """Three threads that tag `Anna` by one tagger within a `with`, which fails if a request failed.

    Attributes:
      answers: by thread the labels answered, in order.
    """

    def __init__(self, tagger: Tagger) -> None:
        self.answers: list[list[str]] = [[], [], []]
        self._tagger = tagger
        self._failures: list[Exception] = []
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(answers,)) for answers in self.answers]

    @property
    def labels(self) -> set[str]:
        """All labels answered."""
        return {label for answers in self.answers for label in answers}

    def _run(self, answers: list[str]) -> None:
        while not self._done.is_set():
            try:
                answers.append(self._tagger.tag("Anna").entities[0].label)
            except Exception as error:
                self._failures.append(error)

    def __enter__(self) -> BackgroundClients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()
        assert self._failures == []
