"""A stack of dense layers that learns, in plain Python."""

import json
import math
from array import array

ACTIVATIONS = {
    "linear": (lambda x: x, lambda y: 1.0),
    "relu": (lambda x: max(x, 0.0), lambda y: 1.0 if y > 0 else 0.0),
    "tanh": (math.tanh, lambda y: 1.0 - y * y),
    "sigmoid": (lambda x: 1.0 / (1.0 + math.exp(-x)), lambda y: y * (1.0 - y)),
}


class Dense:
    """One segment of a model definition whose layers are all dense."""

    def __init__(self, part):
        self.spec, self.optimizer = part["spec"], part["optimizer"]
        topology = json.loads(self.spec["topology"])
        self.layers = []
        for layer in topology["config"]["layers"]:
            if layer["class_name"] == "InputLayer":
                continue
            assert layer["class_name"] == "Dense", f"a layer is {layer['class_name']}"
            config = layer["config"]
            self.layers.append((config["name"], config["activation"], config["use_bias"]))
        self.updates = 0
        self.weights = []
        self.slots = []

    @property
    def width(self):
        return self.spec["outputs"][0]["shape"][0]

    def load(self, payload, updates):
        """The payload of a `bottom`: weights, and slots where there have been updates."""
        sizes = [math.prod(weight["shape"]) for weight in self.spec["weights"]]
        values = array("f")
        values.frombytes(payload)
        lists = take(values, sizes)
        self.weights = lists[: len(sizes)]
        if not self.slots:
            self.slots = [[[0.0] * size for _ in range(self.slot_count)] for size in sizes]
        rest = list(values)[sum(sizes) :]
        if updates is not None:
            self.updates = updates
            if updates > 0:
                flat = take(rest, [size for size in sizes for _ in range(self.slot_count)])
                self.slots = [flat[i * self.slot_count : (i + 1) * self.slot_count] for i in range(len(sizes))]
        else:
            assert not rest, "a payload is too long"

    def dump(self, with_optimizer):
        lists = list(self.weights)
        if with_optimizer and self.updates > 0:
            lists += [slot for slots in self.slots for slot in slots]
        payload = b"".join(array("f", values).tobytes() for values in lists)
        return payload, self.updates if with_optimizer else None

    @property
    def slot_count(self):
        return {"sgd": 0, "adam": 2}[self.optimizer["kind"]]

    def forward(self, rows):
        """The outputs for some rows; what `learn` needs is kept."""
        self.passed = [rows]
        for name, activation, use_bias in self.layers:
            kernel, bias = self.of(name, use_bias)
            function, _ = ACTIVATIONS[activation]
            units = self.shape(name)[1]
            outputs = []
            for row in self.passed[-1]:
                sums = list(bias) if bias else [0.0] * units
                for i, x in enumerate(row):
                    for j in range(units):
                        sums[j] += x * kernel[i * units + j]
                outputs.append([function(x) for x in sums])
            self.passed.append(outputs)
        return self.passed[-1]

    def learn(self, gradient):
        """One update from the gradient with respect to the outputs."""
        gradients = {}
        for place in reversed(range(len(self.layers))):
            name, activation, use_bias = self.layers[place]
            kernel, _ = self.of(name, use_bias)
            _, slope = ACTIVATIONS[activation]
            inputs, outputs = self.passed[place], self.passed[place + 1]
            units = self.shape(name)[1]
            local = [[g * slope(y) for g, y in zip(g_row, y_row)] for g_row, y_row in zip(gradient, outputs)]
            of_kernel = [0.0] * len(kernel)
            below = [[0.0] * len(inputs[0]) for _ in inputs]
            for row, (x_row, g_row) in enumerate(zip(inputs, local)):
                for i, x in enumerate(x_row):
                    for j, g in enumerate(g_row):
                        of_kernel[i * units + j] += x * g
                        below[row][i] += kernel[i * units + j] * g
            gradients[name, 0] = of_kernel
            if use_bias:
                gradients[name, 1] = [sum(g_row[j] for g_row in local) for j in range(units)]
            gradient = below
        self.update(gradients)

    def update(self, gradients):
        rate = self.optimizer["learningRate"]
        self.updates += 1
        for place, weight in enumerate(self.spec["weights"]):
            values, slots = self.weights[place], self.slots[place]
            for i, g in enumerate(gradients[weight["layer"], weight["index"]]):
                values[i] -= rate * (g if self.optimizer["kind"] == "sgd" else self.adam(slots, i, g))

    def adam(self, slots, i, g):
        beta1, beta2 = self.optimizer["beta1"], self.optimizer["beta2"]
        first, second = slots
        first[i] = beta1 * first[i] + (1 - beta1) * g
        second[i] = beta2 * second[i] + (1 - beta2) * g * g
        mean = first[i] / (1 - beta1**self.updates)
        square = second[i] / (1 - beta2**self.updates)
        return mean / (math.sqrt(square) + self.optimizer["epsilon"])

    def of(self, name, use_bias):
        found = [self.weights[i] for i, weight in enumerate(self.spec["weights"]) if weight["layer"] == name]
        return found[0], found[1] if use_bias else None

    def shape(self, name):
        return next(weight["shape"] for weight in self.spec["weights"] if weight["layer"] == name)


def take(values, sizes):
    lists, at = [], 0
    for size in sizes:
        lists.append(list(values[at : at + size]))
        at += size
    return lists
