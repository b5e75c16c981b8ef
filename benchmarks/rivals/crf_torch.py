"""Loss and gradient of a PyTorch CRF library, on one thread: `python crf_torch.py PEER SECONDS PROBLEM.npz ...`.

Runs in the peer's own environment (see crf_peers.py) and imports nothing of ours. Prints a JSON list: the median
CPU milliseconds of a call, and the loss, for each problem; null for one that would not fit into memory.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import torch

# torch-struct multiplies K x K matrices in a tree and keeps every product of its first level, K^3 a pair of tokens.
TREE_BYTES = 2e9


def pytorch_crf(problem: dict[str, torch.Tensor]) -> Callable[[], torch.Tensor]:
    from torchcrf import CRF

    emissions, tags = problem["emissions"], problem["tags"].long()
    model = CRF(emissions.shape[2], batch_first=True)
    with torch.no_grad():
        model.transitions.copy_(problem["transitions"])
        model.start_transitions.zero_()
        model.end_transitions.zero_()
    mask = torch.arange(emissions.shape[1]) < problem["lengths"][:, None]

    def run() -> torch.Tensor:
        model.zero_grad()
        inputs = emissions.detach().requires_grad_()
        loss = -model(inputs, tags, mask=mask, reduction="sum")
        loss.backward()
        return loss

    return run


def torch_struct(problem: dict[str, torch.Tensor]) -> Callable[[], torch.Tensor]:
    from torch_struct import LinearChainCRF

    # Written before PyTorch checked the arguments of distributions; its own declare none.
    torch.distributions.Distribution.set_default_validate_args(False)
    lengths = problem["lengths"].long()
    steps = int(lengths.max())  # it requires that the longest sentence fills the batch
    emissions, tags = problem["emissions"][:, :steps], problem["tags"][:, :steps].long()
    transitions = problem["transitions"].clone().requires_grad_()
    mask = torch.arange(emissions.shape[1]) < lengths[:, None]

    def run() -> torch.Tensor:
        transitions.grad = None
        inputs = emissions.detach().requires_grad_()
        # Its potentials are [B, T-1, to, from]; the first step carries the first token as well.
        first = torch.nn.functional.pad(inputs[:, :1, None, :], (0, 0, 0, 0, 0, inputs.shape[1] - 2))
        edges = inputs[:, 1:, :, None] + transitions.T + first
        norm = LinearChainCRF(edges, lengths=lengths).partition
        unary = inputs.gather(2, tags[:, :, None])[:, :, 0]
        taken = transitions[tags[:, :-1], tags[:, 1:]]
        path = (unary * mask).sum() + (taken * mask[:, 1:]).sum()
        loss = norm.sum() - path
        loss.backward()
        return loss

    return run


def timed(run: Callable[[], torch.Tensor], seconds: float) -> float:
    """Median CPU milliseconds."""
    run()
    turns: list[float] = []
    began = time.monotonic()
    while len(turns) < 5 or time.monotonic() - began < seconds:
        start = time.process_time()
        run()
        turns.append((time.process_time() - start) * 1e3)
    return statistics.median(turns)


def main() -> None:
    peer, seconds, *files = sys.argv[1:]
    torch.set_num_threads(1)
    make = {"pytorch-crf": pytorch_crf, "torch-struct": torch_struct}[peer]
    cells: list[dict[str, float] | None] = []
    for file in files:
        problem = {name: torch.from_numpy(value) for name, value in np.load(file).items()}
        batch, steps, tags = problem["emissions"].shape
        if peer == "torch-struct" and 4 * batch * steps * tags**3 > TREE_BYTES:
            cells.append(None)
            continue
        run = make(problem)
        cells.append({"loss": float(run().detach()), "ms": timed(run, float(seconds))})
    print(json.dumps(cells))


if __name__ == "__main__":
    main()
