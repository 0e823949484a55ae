"""
A client that trains a dense bottom, written from docs/protocol.md and docs/protocol.json alone, on the standard library:

    python3 client.py protocol.json ws://127.0.0.1:8080 < work.json

`work.json` holds `shard`, `train` and `test` (each `features` and `labels`), and `batches`: the rows of each step.
"""

import json
import sys

from dense import Dense
from messages import Protocol
from websocket import WebSocket


class Client:
    def __init__(self, protocol, url, work):
        self.protocol, self.work = protocol, work
        self.socket = WebSocket(url)
        self.step = 0
        self.losses = []

    def say(self, name, **values):
        self.socket.send(self.protocol.encode(name, **values))

    def hear(self):
        """The next message that is not about the link."""
        while True:
            message = self.protocol.decode(self.socket.receive())
            if message["type"] == "ping":
                self.say("settled", number=0)
            elif message["type"] == "error":
                raise SystemExit(f"refused: {message['message']} ({message['code']})")
            else:
                return message

    def expect(self, name):
        message = self.hear()
        assert message["type"] == name, f"{message['type']} came, {name} was expected"
        return message

    def run(self):
        nothing = {"party": None, "segments": None, "bottom": None, "resumes": False, "capabilities": []}
        self.say("hello", role="train", shard=self.work["shard"], engine="plain Python", **nothing)
        self.welcome = self.expect("welcome")
        definition = json.loads(self.expect("model")["payload"])
        assert [part["role"] for part in definition["segments"]] == ["bottom"] and definition["loss"] is None
        self.label_type = definition["labels"][0]["dtype"]
        self.bottom = Dense(definition["segments"][0])
        sizes = {"samples": len(self.work["train"]["labels"]), "testSamples": len(self.work["test"]["labels"])}
        self.say("ready", **sizes)
        while True:
            message = self.hear()
            if message["type"] == "bottom":
                self.bottom.load(message["payload"], message["updates"])
            elif message["type"] == "train":
                self.train(message)
            elif message["type"] == "evaluate":
                self.evaluate(message)
            elif message["type"] == "finished":
                self.socket.close()
                return message

    def train(self, turn):
        for _ in range(turn["steps"]):
            self.step += 1
            rows = self.work["batches"][self.step - 1]
            self.say("smashed", step=self.step, **self.tensors("train", rows))
            answer = self.expect("cutGradient")
            assert answer["step"] == self.step
            self.losses.append(answer["loss"])
            (_, _, flat), width = answer["tensors"][0], self.bottom.width
            self.bottom.learn([flat[i * width : (i + 1) * width] for i in range(len(rows))])
        payload, updates = self.bottom.dump(turn["withOptimizer"])
        self.say("bottom", round=turn["round"], updates=updates, payload=payload)

    def evaluate(self, message):
        count, batch = len(self.work["test"]["labels"]), self.welcome["batch"]
        for number, first in enumerate(range(0, count, batch)):
            rows = range(first, min(first + batch, count))
            self.say("query", id=number, **self.tensors("test", rows))
            assert self.expect("prediction")["id"] == number
        self.say("evaluated", round=message["round"], loss=None, sums=[], confusion=[])

    def tensors(self, part, rows):
        data = self.work[part]
        outputs = self.bottom.forward([data["features"][row] for row in rows])
        smashed = ("float32", [len(rows), self.bottom.width], [value for row in outputs for value in row])
        labels = (self.label_type, [len(rows)], [data["labels"][row] for row in rows])
        return {"tensors": [smashed], "labels": [labels]}


def main():
    protocol = Protocol(sys.argv[1])
    client = Client(protocol, sys.argv[2], json.load(sys.stdin))
    finished = client.run()
    print(json.dumps({"finished": finished, "steps": client.step, "losses": client.losses}))


main()
