"""A WebSocket client (RFC 6455) on the standard library, as far as this protocol needs one."""

import base64
import hashlib
import os
import socket
import struct
from urllib.parse import urlsplit

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, BINARY, CLOSE, PING, PONG = 0x0, 0x2, 0x8, 0x9, 0xA


class Closed(Exception):
    """The other side has closed, with a status and a reason."""

    def __init__(self, status, reason):
        super().__init__(f"closed with {status} {reason}")
        self.status = status
        self.reason = reason


class WebSocket:
    def __init__(self, url):
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port or 80), timeout=60)
        self.waiting = b""
        key = base64.b64encode(os.urandom(16))
        lines = [
            f"GET {parts.path or '/'} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key.decode()}",
            "Sec-WebSocket-Version: 13",
        ]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = self._until(b"\r\n\r\n").decode("latin1")
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
        if " 101 " not in head.split("\r\n")[0] or accept not in head:
            raise RuntimeError(f"no WebSocket: {head.splitlines()[0]}")

    def send(self, payload, opcode=BINARY):
        mask = os.urandom(4)
        length = len(payload)
        if length < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | length)
        elif length < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, length)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, length)
        masked = bytes(byte ^ mask[i & 3] for i, byte in enumerate(payload))
        self.socket.sendall(head + mask + masked)

    def receive(self):
        """The next binary message. Raises Closed."""
        message = b""
        while True:
            first, second = self._exactly(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", self._exactly(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", self._exactly(8))
            payload = self._exactly(length)
            opcode = first & 0x0F
            if opcode == PING:
                self.send(payload, PONG)
            elif opcode == CLOSE:
                status = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005
                raise Closed(status, payload[2:].decode())
            elif opcode in (BINARY, CONTINUATION):
                message += payload
                if first & 0x80:
                    return message

    def close(self, status=1000):
        self.send(struct.pack("!H", status), CLOSE)
        self.socket.close()

    def _exactly(self, length):
        while len(self.waiting) < length:
            more = self.socket.recv(65536)
            if not more:
                raise Closed(1006, "the link broke")
            self.waiting += more
        taken, self.waiting = self.waiting[:length], self.waiting[length:]
        return taken

    def _until(self, end):
        while end not in self.waiting:
            self.waiting += self.socket.recv(4096)
        taken, self.waiting = self.waiting.split(end, 1)
        return taken
