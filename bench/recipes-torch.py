"""PyTorch's side of `npm run bench:recipes`: the network that `tandem train` picked, undivided, in one process that has all rows.

Takes the folder that recipes/torch-side.ts has written: `job.json` with the topology as Keras writes it, and the encoded rows of both
parts as raw numbers. Trains with PyTorch's own first weights and Adam, and prints what every epoch came to as JSON.
"""
import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(1)


def strided(x, sizes, strides, padding, fill=0.0):
    """Pads as 'same' does in TensorFlow, which puts the odd place behind."""
    if padding != "same":
        return x
    pads = []
    for length, size, stride in reversed(list(zip(x.shape[2:], sizes, strides))):
        lacks = max((math.ceil(length / stride) - 1) * stride + size - length, 0)
        pads += [lacks // 2, lacks - lacks // 2]
    return F.pad(x, pads, value=fill)


class Convolution(nn.Module):
    def __init__(self, config, channels):
        super().__init__()
        self.sizes, self.strides, self.padding = config["kernel_size"], config["strides"], config["padding"]
        kind = nn.Conv1d if len(self.sizes) == 1 else nn.Conv2d
        self.inner = kind(channels, config["filters"], self.sizes, self.strides, bias=config["use_bias"])

    def forward(self, x):
        return self.inner(strided(x, self.sizes, self.strides, self.padding))


class MaxPooling(nn.Module):
    def __init__(self, config):
        super().__init__()
        listed = lambda value: value if isinstance(value, list) else [value]
        self.sizes, self.padding = listed(config["pool_size"]), config["padding"]
        self.strides = listed(config["strides"])

    def forward(self, x):
        pool = F.max_pool1d if len(self.sizes) == 1 else F.max_pool2d
        return pool(strided(x, self.sizes, self.strides, self.padding, -math.inf), self.sizes, self.strides)


class ChannelNorm(nn.Module):
    """Each place over its channels."""

    def __init__(self, config, channels):
        super().__init__()
        self.inner = nn.LayerNorm(channels, eps=config["epsilon"])

    def forward(self, x):
        return self.inner(x.movedim(1, -1)).movedim(-1, 1)


class Activation(nn.Module):
    def __init__(self, name):
        super().__init__()
        self.act = {"relu": F.relu, "linear": lambda x: x}[name]

    def forward(self, x):
        return self.act(x)


class Mean(nn.Module):
    def forward(self, x):
        return x.flatten(2).mean(2)


class Add(nn.Module):
    def forward(self, *inputs):
        return sum(inputs)


def layer(kind, config, x):
    channels = x[0].shape[1] if x else 0
    if kind == "Dense":
        made = nn.Linear(channels, config["units"], bias=config["use_bias"])
    elif kind in ("Conv1D", "Conv2D"):
        made = Convolution(config, channels)
    elif kind in ("MaxPooling1D", "MaxPooling2D"):
        made = MaxPooling(config)
    elif kind == "LayerNormalization":
        made = ChannelNorm(config, channels)
    else:
        made = {
            "Activation": lambda: Activation(config["activation"]),
            "Add": Add,
            "Dropout": lambda: nn.Dropout(config["rate"]),
            "GlobalAveragePooling1D": Mean,
            "GlobalAveragePooling2D": Mean,
        }[kind]()
    own = config.get("activation", "linear") if kind != "Activation" else "linear"
    return made if own == "linear" else nn.Sequential(made, Activation(own))


class Net(nn.Module):
    """Builds the layers in their order by sending one sample through."""

    def __init__(self, topology, sample):
        super().__init__()
        config = topology["config"]
        self.layers, self.steps = nn.ModuleDict(), []
        values, last = {}, None
        for each in config if isinstance(config, list) else config["layers"]:
            own, kind = each["config"], each["class_name"]
            name = own["name"]
            if kind == "InputLayer":
                values[name], last, self.first = sample, name, name
                continue
            nodes = each.get("inbound_nodes") or [[[last]]]
            if last is None:
                values["input"], nodes, self.first = sample, [[["input"]]], "input"
            takes = [node[0] for node in nodes[0]]
            inputs = [values[take] for take in takes]
            self.layers[name] = layer(kind, own, inputs)
            values[name] = self.layers[name](*inputs)
            self.steps.append((name, takes))
            last = name
        self.last = last

    def forward(self, x):
        values = {self.first: x}
        for name, takes in self.steps:
            values[name] = self.layers[name](*[values[take] for take in takes])
        return values[self.last]


def rows(folder, part, job):
    x = np.fromfile(folder / f"{part}-x.f32", "<f4").reshape([-1, *job["shape"]])
    y = np.fromfile(folder / f"{part}-y.f64", "<f8")
    labels = torch.from_numpy(y).float() if job["isNumber"] else torch.from_numpy(y).long()
    # Channels first, as PyTorch has them.
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(x, -1, 1))), labels


def score(net, x, y, job, loss):
    net.eval()
    with torch.no_grad():
        answers = torch.cat([net(part) for part in x.split(500)])
    net.train()
    if job["isNumber"]:
        answers = answers[:, 0]
        # In double: float32 loses digits in sums of squares.
        return loss(answers, y).item(), 1 - (((answers - y).double() ** 2).sum() / ((y.double() - y.double().mean()) ** 2).sum()).item()
    return loss(answers, y).item(), (answers.argmax(1) == y).double().mean().item()


def main(folder):
    job = json.loads((folder / "job.json").read_text())
    torch.manual_seed(job["seed"])
    (x, y), (test_x, test_y) = rows(folder, "train", job), rows(folder, "test", job)
    net = Net(job["topology"], x[:2])
    optimizer = torch.optim.Adam(net.parameters(), job["learningRate"])
    loss = nn.MSELoss() if job["isNumber"] else nn.CrossEntropyLoss()
    epochs = []
    for _ in range(job["epochs"]):
        for batch in torch.randperm(len(x)).split(job["batch"]):
            optimizer.zero_grad()
            answers = net(x[batch])
            loss(answers[:, 0] if job["isNumber"] else answers, y[batch]).backward()
            optimizer.step()
        test_loss, figure = score(net, test_x, test_y, job, loss)
        epochs.append({"testLoss": test_loss, "figure": figure})
        print(f"torch epoch {len(epochs)}/{job['epochs']}  test loss {test_loss:.4f}  {figure:.4f}", file=sys.stderr)
    weights = sum(weight.numel() for weight in net.parameters())
    print(json.dumps({"version": f"PyTorch {torch.__version__}", "weights": weights, "epochs": epochs}))


main(Path(sys.argv[1]))
