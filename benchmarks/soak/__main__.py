"""A server under honest and hostile traffic while its version changes: `python -m benchmarks.soak --minutes 30`.

The server is a process of its own, with batching, REST and gRPC. Honest clients ask for the tags of texts, and
know the answers from the quiet before; hostile ones send what no client should. Every 20 s the version changes,
to the same model under the next number. The closing lines tell what became of all requests, and how fast the
server's memory grew.

Exit status 1 if an honest request was answered wrongly or not at all, a hostile one by a status that means
a blunder (INTERNAL, UNKNOWN, 500, a hang), a version did not come, or the server died.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil

from benchmarks.measuring import results
from benchmarks.measuring.command_line import parser_of
from benchmarks.pushed_model import newest
from benchmarks.soak import honest, hostile
from benchmarks.soak.slope import slope_of
from benchmarks.soak.tally import Tally
from serving.client import Tagger
from serving.server.process import ServerProcess, start_server_process

NAME = "model"
_FLAGS = ("--enable_batching", "--file_system_poll_wait_seconds=0.5", "--rest_api_num_threads=16")
# Of the memory: samples before are of a server that still warms up.
_WARM = 0.2


class Memory(threading.Thread):
    """Samples the memory of a process, in MB, averaged over a span so that neighbours differ."""

    def __init__(self, pid: int, ended: threading.Event, span: float) -> None:
        super().__init__(daemon=True)
        self.times: list[float] = []
        self.values: list[float] = []
        self._process, self._ended, self._span = psutil.Process(pid), ended, span

    def run(self) -> None:
        try:
            while not self._ended.is_set():
                within, until = [], time.monotonic() + self._span
                while time.monotonic() < until and not self._ended.wait(0.5):
                    within.append(self._process.memory_info().rss / 1e6)
                if within:
                    self.times.append(time.monotonic() / 60)
                    self.values.append(statistics.fmean(within))
        except psutil.Error:
            # The server has ended, which is counted elsewhere.
            return

    def told(self) -> str:
        """Say the slope in MB/min with its noise."""
        first = int(len(self.times) * _WARM)
        if len(self.times) - first < 3:
            return "memory: too short to tell a slope"
        slope = slope_of(self.times[first:], self.values[first:])
        return f"memory: {self.values[-1]:.0f} MB, {slope.value:+.2f} MB/min, noise ±{slope.noise:.2f}"


def main() -> None:
    """Run the traffic for so long, print the closing lines, and end with status 1 if something was wrong."""
    parser = parser_of("soak", __doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="length of the traffic")
    parser.add_argument("--change", type=float, default=20.0, help="seconds between two changes of version")
    parser.add_argument(
        "--model", type=Path, help="a version's folder; default: the newest of serving_models/sample"
    )
    options = parser.parse_args()
    model = (options.model or newest()).resolve()
    with tempfile.TemporaryDirectory() as home:
        base = Path(home, NAME)
        base.mkdir()
        _put(model, base, 1)
        with start_server_process(
            base, NAME, Path(home, "server.log"), 120, rest_api_port=-1, extra_flags=_FLAGS
        ) as server:
            lines, status = _soak(server, base, 60 * options.minutes, options.change)
    print(*lines, sep="\n")
    results.write("soak", minutes=options.minutes, lines=lines)
    sys.exit(status)


def _soak(server: ServerProcess, base: Path, seconds: float, pause: float) -> tuple[list[str], int]:
    """Run all clients for `seconds`; return the closing lines and the exit status."""
    tally, ended = Tally(), threading.Event()
    memory = Memory(server.pid, ended, span=min(pause, seconds / 10))
    threads = [threading.Thread(target=work, daemon=True) for work in _clients(server, tally, ended)]
    for thread in (*threads, memory):
        thread.start()
    try:
        changes, late = _change_versions(server, base, time.monotonic() + seconds, pause)
    finally:
        ended.set()
    for thread in threads:
        thread.join(2 * honest.DEADLINE)
        if thread.is_alive():
            tally.add("client", "hangs", lost="a client still waits for its answer")
    lines = [
        f"version changes {changes}, late {late}",
        memory.told(),
        *(["the server died"] if not server.is_running else []),
        *[f"  wrong: {text}" for text in tally.wrong[:5]],
        *[f"  lost: {text}" for text in tally.lost[:5]],
        *reversed(tally.told()),
    ]
    return lines, int(bool(tally.wrong or tally.lost or late or not server.is_running))


def _clients(server: ServerProcess, tally: Tally, ended: threading.Event) -> list[Callable[[], None]]:
    """Make all clients; what the honest ones expect is asked for here, in the quiet."""
    assert server.rest_target is not None
    rest = server.rest_target
    asking = {
        "honest gRPC": honest.over_grpc(server.target, NAME),
        "honest tf.Example": honest.with_examples(server.target, NAME),
        "honest REST": honest.over_rest(rest, NAME),
    }
    honest_ones = [
        partial(honest.keep_asking, kind, ask, {text: ask(text) for text in honest.TEXTS}, tally, ended)
        for kind, ask in asking.items()
        for _ in range(2)
    ]
    return [
        *honest_ones,
        partial(hostile.over_grpc, server.target, NAME, tally, ended),
        partial(hostile.over_rest, rest, NAME, tally, ended),
        partial(hostile.as_bytes, [server.target, rest], tally, ended),
    ]


def _change_versions(server: ServerProcess, base: Path, end: float, pause: float) -> tuple[int, int]:
    """Push the model again and again; return the number of changes, and of those that did not come in time."""
    version, late = 1, 0
    with Tagger(server.target, NAME) as tagger:
        while time.monotonic() + pause < end and server.is_running:
            version += 1
            _put(base / str(version - 1), base, version)
            time.sleep(pause)
            states = {entry.version: entry.state for entry in tagger.status()}
            late += states.get(version) != "AVAILABLE"
            shutil.rmtree(base / str(version - 1))
    return version - 1, late


def _put(model: Path, base: Path, version: int) -> None:
    """Copy a model, and let the server see it complete."""
    copied = shutil.copytree(model, base / f".{version}")
    copied.rename(base / str(version))


if __name__ == "__main__":
    main()
