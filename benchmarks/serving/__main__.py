"""The cost of serving over that of the graph: `python -m benchmarks.serving [--model FOLDER] [--rounds N]`.

Most figures are ratios of two measurements taken in turns, in one run on one machine; medians over the
rounds. Those of one client are taken on one core, where they do not depend on how fast a sleeping core wakes.
The servers, the load and the graph without a server are processes of their own; the model is the one that
`make run` pushed, the request one sentence of 20 tokens as a tf.Example, for the signature `decode`.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import grpc

from benchmarks.measuring import results
from benchmarks.measuring.command_line import parser_of
from benchmarks.measuring.figures import Figure, show
from benchmarks.pushed_model import newest
from benchmarks.serving.child import Child
from benchmarks.serving.load import PREDICT
from serving.client import Tagger
from serving.client.protocol.messages import example_pb2, serving_pb2
from serving.client.protocol.tensors import fill_strings
from serving.server.process import ServerProcess, start_server_process

NAME = "model"
# A quarter of the load comes before the change, at least a quarter after it.
_CHANGE_SECONDS = 32.0
WORDS = ("Anna", "Keller", "flew", "from", "Berlin", "to", "Oslo", "in", "May", ",") * 2


def main() -> None:
    """Print each figure beside its bound, and write them as JSON; exit status 1 if a bound is not met."""
    parser = parser_of("serving", __doc__)
    parser.add_argument(
        "--model", type=Path, help="a version's folder; default: the newest of serving_models/sample"
    )
    parser.add_argument("--rounds", type=int, default=5, help="times each pair is measured")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of each load")
    parser.add_argument("--changes", type=int, default=50, help="version changes for the memory")
    parser.add_argument("--stream", type=int, default=100_000, help="sentences to stream")
    parser.add_argument("--only", choices=sorted(PARTS), nargs="+", help="parts to measure; all without it")
    options = parser.parse_args()
    model = (options.model or newest()).resolve()
    figures: list[Figure] = []
    for name in options.only or PARTS:
        for figure in PARTS[name](model, options):
            print(f"{figure.what}: {figure.value:.3g} {figure.unit}", file=sys.stderr, flush=True)
            figures.append(figure)
    show(figures)
    results.write("serving", figures=[asdict(figure) for figure in figures])
    sys.exit(0 if all(figure.is_met for figure in figures) else 1)


def latency(model: Path, options: argparse.Namespace) -> Iterator[Figure]:
    """Measure one client, with one sentence and with 32 sentences a request."""
    with (
        _one_core(),
        tempfile.TemporaryDirectory() as home,
        _server(model, Path(home, NAME)) as server,
        _inside(model) as inside,
    ):
        # Bytes in and out: encoding messages is the client's cost.
        predict = grpc.insecure_channel(server.target).unary_unary(PREDICT)
        for batch, calls in ((1, 50), (32, 10)):
            request, examples = _request(batch).SerializeToString(), [_as_text(_example())] * batch
            served, alone = [], []
            # Short turns, since a shared machine is slow for seconds at a time, which must affect both.
            for number in range(8 * options.rounds + 4):
                ours, theirs = [], inside.order(calls=calls, examples=examples)
                for _ in range(calls):
                    start = time.perf_counter()
                    predict(request)
                    ours.append(time.perf_counter() - start)
                if number >= 4:  # the first warm up
                    served += ours
                    alone += theirs
            if batch == 1:
                times = statistics.median(served) / statistics.median(alone)
                yield Figure("one client, median over the graph's own", times, "x", most=1.5)
                yield Figure(
                    "one client, p99 over its median", _p99(served) / statistics.median(served), "x", most=2
                )
                yield Figure("(one client, median)", statistics.median(served) * 1e3, "ms")
            else:
                share = 100 * statistics.median(alone) / statistics.median(served)
                yield Figure("32 sentences a request, of the graph's own throughput", share, "%", least=88)


def batching(model: Path, options: argparse.Namespace) -> Iterator[Figure]:
    """Measure many clients, with batching and without."""
    with contextlib.ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory())
        loads = {}
        for flag in ("false", "true"):
            server = stack.enter_context(_server(model, Path(home, flag), f"--enable_batching={flag}"))
            loads[flag] = Child("benchmarks.serving.load", server.target)
            stack.callback(loads[flag].close)
        request = _as_text(_request(1).SerializeToString())
        for clients, bound in ((16, 2.4), (64, 3.0)):
            rates: dict[str, list[float]] = {"false": [], "true": []}
            slow = []
            for _ in range(options.rounds):
                for flag, load in loads.items():
                    answer = load.order(clients=clients, seconds=options.seconds, request=request)
                    if answer["failed"]:
                        raise SystemExit(f"failed under load: {answer['failed'][:3]}")
                    rates[flag].append(len(answer["took"]) / options.seconds)
                    if flag == "true":
                        slow.append(_p99(answer["took"]))
            median = {flag: statistics.median(values) for flag, values in rates.items()}
            yield Figure(
                f"{clients} clients, batching over none", median["true"] / median["false"], "x", least=bound
            )
            yield Figure(f"({clients} clients, with batching)", median["true"], "sentences/s")
            yield Figure(f"({clients} clients, with batching, p99)", statistics.median(slow) * 1e3, "ms")


def change(model: Path, options: argparse.Namespace) -> Iterator[Figure]:
    """Measure a change of version under the load of 16 clients."""
    with contextlib.ExitStack() as stack:
        base = Path(stack.enter_context(tempfile.TemporaryDirectory()), NAME)
        server = stack.enter_context(
            _server(model, base, "--enable_batching", "--file_system_poll_wait_seconds=0.1")
        )
        load = Child("benchmarks.serving.load", server.target)
        stack.callback(load.close)
        tagger = stack.enter_context(Tagger(server.target, NAME))
        request = _as_text(_request(1).SerializeToString())
        version, failures = 1, 0
        before, during, after = [], [], []
        for _ in range(options.rounds):
            load.begin(clients=16, seconds=_CHANGE_SECONDS, request=request)
            time.sleep(_CHANGE_SECONDS / 4)
            pushed = time.monotonic()
            version += 1
            _push(model, base, version)
            _until_served(tagger, version)
            visible = time.monotonic()
            if visible > pushed + _CHANGE_SECONDS / 2:
                raise SystemExit(f"the new version took {visible - pushed:.0f} s: too long for this load")
            answer = json.loads(load.read())
            failures += len(answer["failed"])
            timed = list(zip(answer["began"], answer["took"], strict=True))
            before.append(_p99([took for began, took in timed if began + took < pushed]))
            during.append(_p99([took for began, took in timed if began < visible and began + took > pushed]))
            after.append(max(took for began, took in timed if began > visible))
        yield Figure("version change, failed requests", failures, "", most=0)
        times = statistics.median(b / a for a, b in zip(before, during, strict=True))
        yield Figure("version change, p99 during it over before", times, "x", most=3)
        yield Figure(
            "version change, slowest request after it", statistics.median(after) * 1e3, "ms", most=50
        )


def memory(model: Path, options: argparse.Namespace) -> Iterator[Figure]:
    """Measure the server's memory over many version changes."""
    with contextlib.ExitStack() as stack:
        base = Path(stack.enter_context(tempfile.TemporaryDirectory()), NAME)
        server = stack.enter_context(
            _server(model, base, "--enable_batching", "--file_system_poll_wait_seconds=0.1")
        )
        tagger = stack.enter_context(Tagger(server.target, NAME))
        version = 1
        grown = []
        for number in range(options.changes):
            version += 1
            _push(model, base, version)
            _until_served(tagger, version)
            _until_gone(tagger, version - 1)
            if number >= options.changes // 5:  # the first changes fill the allocator's pools
                grown.append(_memory_mb(server.pid))
        half = len(grown) // 2
        rise = statistics.median(grown[half:]) - statistics.median(grown[:half])
        yield Figure(
            f"memory over {options.changes} version changes, later half less earlier", rise, "MB", most=5
        )


def stream(model: Path, options: argparse.Namespace) -> Iterator[Figure]:
    """Measure the client's memory and speed in a stream of many sentences."""
    with (
        tempfile.TemporaryDirectory() as home,
        _server(model, Path(home, NAME), "--enable_batching") as server,
    ):
        code = (
            "import sys, time; from serving.client import Tagger\n"
            "def memory(): return int(open('/proc/self/statm').read().split()[1]) * 4096 / 1e6\n"
            "seen = []\n"
            "began = time.perf_counter()\n"
            f"with Tagger({server.target!r}, {NAME!r}) as tagger:\n"
            f"    texts = (f'Anna Keller flew from Berlin to Oslo {{n}} .' for n in range({options.stream}))\n"
            "    for number, sentence in enumerate(tagger.stream(texts)):\n"
            "        if number % 1000 == 999: seen.append(memory())\n"
            "half = len(seen) // 2\n"
            "print(sorted(seen[half:])[len(seen[half:]) // 2] - sorted(seen[:half])[half // 2])\n"
            "print((number + 1) / (time.perf_counter() - began))\n"
        )
        printed = subprocess.run(
            [sys.executable, "-c", code], cwd=results.ROOT, check=True, capture_output=True, text=True
        ).stdout.split()
        what = f"stream of {options.stream:,} sentences, memory, later half less earlier"
        yield Figure(what, float(printed[0]), "MB", most=5)
        yield Figure("(stream)", float(printed[1]), "sentences/s")


def client_import(model: Path, options: argparse.Namespace) -> Iterator[Figure]:
    """Measure time and memory of `import serving.client`."""
    code = (
        "import sys, time; began = time.perf_counter(); import serving.client\n"
        "print(time.perf_counter() - began)\n"
        "print(int(open('/proc/self/statm').read().split()[1]) * 4096 / 1e6)\n"
        "print('tensorflow' in sys.modules)\n"
    )
    printed = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=results.ROOT, check=True, capture_output=True, text=True
        ).stdout.split()
        for _ in range(options.rounds)
    ]
    yield Figure("client import", statistics.median(float(line[0]) for line in printed), "s", most=0.3)
    yield Figure("client import, the process", max(float(line[1]) for line in printed), "MB", most=60)
    yield Figure("client import, TensorFlow with it", float(printed[0][2] == "True"), "", most=0)


PARTS = {
    "latency": latency,
    "batching": batching,
    "change": change,
    "memory": memory,
    "stream": stream,
    "import": client_import,
}


@contextlib.contextmanager
def _one_core() -> Iterator[None]:
    """Keep this process, and those it starts meanwhile, on one core.

    Only one of them works at a time. On several cores each switch may wake a sleeping core, which on a virtual
    machine costs as much as the server does, and varies from minute to minute.
    """
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


@contextlib.contextmanager
def _server(model: Path, base: Path, *flags: str) -> Iterator[ServerProcess]:
    """Serve `model` as version 1 in the new folder `base`."""
    base.mkdir()
    _push(model, base, 1)
    with start_server_process(base, NAME, base / "server.log", extra_flags=flags) as server:
        yield server


@contextlib.contextmanager
def _inside(model: Path) -> Iterator[Child]:
    child = Child("benchmarks.serving.inside", str(model))
    child.read()
    try:
        yield child
    finally:
        child.close()


def _push(model: Path, base: Path, version: int) -> None:
    Path(shutil.copytree(model, base / f".{version}")).rename(base / str(version))


def _until_served(tagger: Tagger, version: int) -> None:
    _until(tagger, lambda states: states.get(version) == "AVAILABLE")


def _until_gone(tagger: Tagger, version: int) -> None:
    _until(tagger, lambda states: states.get(version) == "END")


def _until(tagger: Tagger, is_reached: Callable[[dict[int, str]], bool]) -> None:
    give_up = time.monotonic() + 60
    while not is_reached({entry.version: entry.state for entry in tagger.status()}):
        if time.monotonic() > give_up:
            raise SystemExit(f"the versions did not change within 60 s: {tagger.status()}")
        time.sleep(0.02)


def _request(batch: int) -> serving_pb2.PredictRequest:
    request = serving_pb2.PredictRequest()
    request.model_spec.name = NAME
    request.model_spec.signature_name = "decode"
    fill_strings(request.inputs["examples"], [_example()] * batch)
    return request


def _example() -> bytes:
    example = example_pb2.Example()
    example.features.feature["tokens"].bytes_list.value.extend(word.encode() for word in WORDS)
    return example.SerializeToString()


def _as_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


def _memory_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
