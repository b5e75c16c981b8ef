"""Train a PyTorch BiLSTM-CRF on one thread, a turn per line of stdin: `python training_torch.py FOLDER`.

Runs in an environment of its own (see crf_peers.py) and imports nothing of this project. FOLDER has
`sizes.json` and the batches `0.npz`, `1.npz` and so on, sentences of a batch longest first. Prints `{}` when
ready; then, for each line read, the CPU seconds of training on all batches once, and the loss, as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torchcrf import CRF


class Tagger(nn.Module):
    """The same features, sizes and dropout as our model."""

    def __init__(self, sizes: dict[str, Any]) -> None:
        super().__init__()
        self.embeddings = nn.ModuleDict(
            {name: nn.Embedding(rows, width) for name, (rows, width) in sizes["embeddings"].items()}
        )
        self.bytes = nn.Embedding(256, sizes["byte_embedding"])
        widths = sizes["byte_filters"]
        self.filters = nn.ModuleList(
            [nn.Conv1d(sizes["byte_embedding"], count, width, padding="same") for width, count in widths]
        )
        self.byte_dropout = nn.Dropout(sizes["byte_dropout"])
        self.input_dropout = nn.Dropout(sizes["input_dropout"])
        self.output_dropout = nn.Dropout(sizes["output_dropout"])
        self.lstm = nn.LSTM(sizes["width"], sizes["units"], batch_first=True, bidirectional=True)
        self.projection = nn.Linear(2 * sizes["units"], sizes["tags"])
        self.crf = CRF(sizes["tags"], batch_first=True)

    def loss(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Mean negative log-likelihood of a sentence."""
        parts = []
        for name, table in self.embeddings.items():
            vectors = table(batch[name])
            parts.append(vectors.flatten(2) if vectors.dim() == 4 else vectors)
        ids = batch["bytes"].flatten(0, 1)  # [B*T,C]
        present = (ids > 0)[:, None, :]
        x = (self.byte_dropout(self.bytes(ids)).transpose(1, 2) * present).contiguous()
        for convolution in self.filters:
            strongest = (torch.relu(convolution(x)) * present).amax(2)
            parts.append(strongest.view(*batch["bytes"].shape[:2], -1))
        x = self.input_dropout(torch.cat(parts, 2))
        states, _ = self.lstm(pack_padded_sequence(x, batch["lengths"], batch_first=True))
        states, _ = pad_packed_sequence(states, batch_first=True)
        emissions = self.projection(self.output_dropout(states))
        mask = torch.arange(emissions.shape[1]) < batch["lengths"][:, None]
        return -self.crf(emissions, batch["labels"], mask=mask, reduction="mean")


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(1)
    sizes = json.loads((folder / "sizes.json").read_text())
    batches = [
        {name: torch.from_numpy(value).long() for name, value in np.load(folder / f"{number}.npz").items()}
        for number in range(sizes["batches"])
    ]
    model = Tagger(sizes)
    optimizer = torch.optim.Adam(model.parameters(), lr=sizes["learning_rate"], fused=True)
    model.train()
    print("{}", flush=True)
    for _ in sys.stdin:
        began, total = time.process_time(), 0.0
        for batch in batches:
            optimizer.zero_grad()
            loss = model.loss(batch)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), sizes["clip_norm"])
            optimizer.step()
            total += float(loss.detach())
        figures = {"seconds": time.process_time() - began, "loss": total / len(batches)}
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
