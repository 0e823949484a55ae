"""PyTorch's side of `npm run bench:engine`: the same networks, unsplit, on one thread.

Reads lines of JSON, {"net": name, "ms": duration}, trains for about that long and answers {"samples": n, "ms": t}.
The first line it writes is its version.
"""
import os

# Before torch loads: its own setting does not reach OpenBLAS.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
import itertools
import json
import math
import sys
import time

import torch
from torch import nn

BATCH = 64
torch.set_num_threads(1)
torch.manual_seed(0)


class Attention(nn.Module):
    def __init__(self, width=64, heads=4):
        super().__init__()
        self.heads = heads
        self.maps = nn.ModuleList([nn.Linear(width, width, bias=False) for _ in range(4)])

    def forward(self, x):
        batch, length, width = x.shape
        split = lambda t: t.view(batch, length, self.heads, -1).transpose(1, 2)
        query, key, value = [split(self.maps[i](x)) for i in range(3)]
        shares = torch.softmax(query @ key.transpose(-2, -1) / math.sqrt(width / self.heads), -1)
        return self.maps[3]((shares @ value).transpose(1, 2).reshape(batch, length, width))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = Attention()
        self.first, self.second = nn.LayerNorm(64, eps=1e-3), nn.LayerNorm(64, eps=1e-3)
        self.forwards = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 64))
        self.logits = nn.Linear(64, 10)

    def forward(self, x):
        x = self.first(x + self.attention(x))
        return self.logits(self.second(x + self.forwards(x)).mean(1))


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


def mlp():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Linear(128, 10))


NETS = {"lenet": lenet, "mlp": mlp, "cnn": cnn, "transformer": Transformer}


def trainer(name):
    model = NETS[name]()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    loss = nn.CrossEntropyLoss()
    shape = (BATCH, 32, 64) if name == "transformer" else (BATCH, 1, 28, 28)
    # Several, so that no network learns them by heart: gradients near 0 are slow to compute with.
    batches = itertools.cycle([(torch.rand(*shape), torch.randint(0, 10, (BATCH,))) for _ in range(32)])

    def step():
        x, y = next(batches)
        optimizer.zero_grad()
        loss(model(x), y).backward()
        optimizer.step()

    return step


STEPS = {}
print(json.dumps({"version": f"PyTorch {torch.__version__}"}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    # Each network is built once and warmed up, as on the other side.
    known = request["net"] in STEPS
    step = STEPS.setdefault(request["net"], STEPS.get(request["net"]) or trainer(request["net"]))
    warm = time.perf_counter()
    while time.perf_counter() - warm < (request["ms"] / 10000 if known else 1):
        step()
    samples, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < request["ms"] / 1000:
        step()
        samples += BATCH
    print(json.dumps({"samples": samples, "ms": (time.perf_counter() - begin) * 1000}), flush=True)
