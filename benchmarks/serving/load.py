"""Load on a server, from a process of its own: `python -m benchmarks.serving.load TARGET`.

Reads orders from stdin, one JSON object per line: `{"clients": 16, "seconds": 3, "request": "<base64>"}`, and
answers each with a line: when each request began (monotonic seconds), how long it took, and the failures.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time

import grpc
import uvloop
from grpc import aio

PREDICT = "/tensorflow.serving.PredictionService/Predict"


async def main(target: str) -> None:
    """Carry out the orders until stdin ends."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        print(
            json.dumps(
                await load(target, order["clients"], order["seconds"], base64.b64decode(order["request"]))
            ),
            flush=True,
        )


async def load(target: str, clients: int, seconds: float, request: bytes) -> dict[str, list]:
    """Run `clients` clients for `seconds`, each with its own connection and one request at a time."""
    began: list[float] = []
    took: list[float] = []
    failed: list[str] = []

    async def client() -> None:
        options = [("grpc.use_local_subchannel_pool", 1)]
        async with aio.insecure_channel(target, options) as channel:
            # Bytes in and out: encoding messages is the client's cost.
            predict = channel.unary_unary(PREDICT)
            await predict(request, wait_for_ready=True)
            end = time.monotonic() + seconds
            while (start := time.monotonic()) < end:
                try:
                    await predict(request, timeout=10)
                except grpc.RpcError as error:
                    failed.append(f"{error.code().name}: {error.details()}")
                began.append(start)
                took.append(time.monotonic() - start)

    await asyncio.gather(*(client() for _ in range(clients)))
    return {"began": began, "took": took, "failed": failed}


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main(sys.argv[1]))
