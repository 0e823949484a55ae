"""Messages of the protocol as dicts and back, by what docs/protocol.json says of them."""

import json
import struct
from array import array

KINDS = {"float32": "f", "int32": "i", "uint8": "B"}


class Protocol:
    def __init__(self, path):
        with open(path, encoding="utf8") as file:
            self.spec = json.load(file)
        self.by_name = {message["name"]: message for message in self.spec["messages"]}
        self.by_code = {message["code"]: message for message in self.spec["messages"]}
        self.dtypes = self.spec["tensors"]["dtypes"]
        self.magic = bytes.fromhex(self.spec["frame"]["prefix"][0]["value"])

    def encode(self, name, **values):
        """A tensor is (dtype, shape, list of numbers)."""
        message = self.by_name[name]
        header, payload = {}, b""
        for field in message["fields"]:
            if "capability" in field:
                continue
            value = values.pop(field["name"])
            self.check(name, field, value)
            if field["type"] == "bytes":
                payload += value
            elif field["type"] == "tensors":
                header[field["name"]] = [[self.code_of(dtype), *shape] for dtype, shape, _ in value]
                payload += b"".join(array(KINDS[dtype], data).tobytes() for dtype, _, data in value)
            else:
                header[field["name"]] = value
        assert not values, f"{name} has no {list(values)}"
        packed = pack(header)
        prefix = struct.pack("<4sBBHI", self.magic, self.spec["version"], message["code"], len(packed), len(payload))
        return prefix + packed + payload

    def decode(self, frame):
        magic, version, code, header_length, payload_length = struct.unpack_from("<4sBBHI", frame)
        start = self.spec["frame"]["prefixBytes"]
        assert magic == self.magic and version == self.spec["version"], "not this protocol"
        assert len(frame) == start + header_length + payload_length, "wrong lengths"
        message = self.by_code[code]
        header, _ = unpack(frame, start)
        at = start + header_length
        values = {"type": message["name"]}
        for field in message["fields"]:
            if field["type"] == "bytes":
                values[field["name"]] = frame[at:]
                continue
            value = header.pop(field["name"], None)
            if field["type"] == "tensors":
                value, at = self.tensors(value, frame, at)
            else:
                self.check(message["name"], field, value)
            values[field["name"]] = value
        assert not header, f"{message['name']} has no {list(header)}"
        return values

    def tensors(self, entries, frame, at):
        read = []
        for code, *shape in entries:
            dtype = self.dtypes[code]
            count = 1
            for length in shape:
                count *= length
            end = at + count * dtype["bytes"]
            data = array(KINDS[dtype["name"]])
            data.frombytes(frame[at:end])
            read.append((dtype["name"], shape, list(data)))
            at = end
        return read, at

    def code_of(self, dtype):
        return next(each["code"] for each in self.dtypes if each["name"] == dtype)

    def check(self, name, field, value):
        where = f"{name}.{field['name']} is {value!r}"[:200]
        if value is None:
            assert field.get("optional") or "capability" in field, where
            return
        kind = field["type"]
        if kind == "count":
            assert value == int(value) and field["min"] <= value <= field["max"], where
        elif kind == "real":
            assert isinstance(value, (int, float)), where
            assert field.get("min", value) <= value <= field.get("max", value) or value != value, where
        elif kind == "flag":
            assert isinstance(value, bool), where
        elif kind == "text":
            assert len(value.encode("utf-16-le")) // 2 <= field["max"], where
        elif kind == "choice":
            assert value in field["options"], where
        elif kind == "pair":
            assert len(value) == 2, where
        elif kind in ("list", "tensors"):
            assert len(value) <= field["maxItems"], where


def pack(value):
    """MessagePack of what headers hold."""
    if value is None:
        return b"\xc0"
    if value is True or value is False:
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int) and 0 <= value < 128:
        return bytes([value])
    if isinstance(value, int):
        return struct.pack("!Bq", 0xD3, value)
    if isinstance(value, float):
        return struct.pack("!Bd", 0xCB, value)
    if isinstance(value, str):
        data = value.encode()
        return struct.pack("!BH", 0xDA, len(data)) + data
    if isinstance(value, (list, tuple)):
        return struct.pack("!BH", 0xDC, len(value)) + b"".join(map(pack, value))
    entries = b"".join(pack(key) + pack(each) for key, each in value.items())
    return struct.pack("!BH", 0xDE, len(value)) + entries


NUMBERS = {0xCA: "f", 0xCB: "d", 0xCC: "B", 0xCD: "H", 0xCE: "I", 0xCF: "Q", 0xD0: "b", 0xD1: "h", 0xD2: "i", 0xD3: "q"}
PLAIN = {0xC0: None, 0xC2: False, 0xC3: True}


def unpack(data, at):
    """The value at a place, and where it ends."""
    tag = data[at]
    at += 1
    if tag < 0x80:
        return tag, at
    if tag >= 0xE0:
        return tag - 256, at
    if tag in PLAIN:
        return PLAIN[tag], at
    if tag in NUMBERS:
        form = "!" + NUMBERS[tag]
        return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)
    if tag < 0x90:
        return many(data, at, tag & 15, True)
    if tag < 0xA0:
        return many(data, at, tag & 15, False)
    if tag < 0xC0:
        return string(data, at, tag & 31)
    if tag == 0xD9:
        return string(data, at + 1, data[at])
    (length,) = struct.unpack_from("!H", data, at)
    if tag == 0xDA:
        return string(data, at + 2, length)
    if tag in (0xDC, 0xDE):
        return many(data, at + 2, length, tag == 0xDE)
    raise ValueError(f"the header holds {tag:#x}")


def string(data, at, length):
    return bytes(data[at : at + length]).decode(), at + length


def many(data, at, length, is_map):
    items = []
    for _ in range(2 * length if is_map else length):
        item, at = unpack(data, at)
        items.append(item)
    return (dict(zip(items[::2], items[1::2])) if is_map else items), at
