"""The same graph without a server: `python -m benchmarks.serving.inside MODEL_FOLDER`.

The graph is run as by the server. Reads orders from stdin, one JSON object per line: `{"calls": 100,
"examples": ["<base64>", ...]}`, and answers each with the seconds of every call.
"""

from __future__ import annotations

import base64
import json
import sys
import time
from pathlib import Path

import numpy as np

from serving.server.graph.calls import call_of
from serving.server.graph.servable import Servable


def main(folder: Path) -> None:
    """Carry out the orders until stdin ends."""
    servable = Servable("model", 1, folder)
    signature = servable.signatures["decode"]
    call = call_of(
        signature, [signature.inputs["examples"].name], tuple(sorted(signature.outputs)), batched=False
    )
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        examples = np.empty(len(order["examples"]), np.object_)
        examples[:] = [base64.b64decode(example) for example in order["examples"]]
        took = []
        for _ in range(order["calls"]):
            start = time.perf_counter()
            servable.session.run(call.feeds, call.fetches, [examples])
            took.append(time.perf_counter() - start)
        print(json.dumps(took), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
