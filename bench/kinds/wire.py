"""Connections that send many requests at once and count the answers. Requests are made once and only their keys change, so that
one Python process keeps a broker busy."""
import itertools
import json
import socket
import struct

_opaque = itertools.count(1)
KEY_BYTES = 32
NO_KEY = b"0" * KEY_BYTES


class Refused(Exception):
    """The broker answered with another code than 0."""


def frame(code, fields, body=b"", flag=0, opaque=None):
    head = json.dumps({"code": code, "language": "JAVA", "version": 477, "flag": flag, "serializeTypeCurrentRPC": "JSON",
                       "opaque": next(_opaque) if opaque is None else opaque,
                       "extFields": {k: str(v) for k, v in fields.items()}}).encode()
    return struct.pack(">II", 4 + len(head) + len(body), len(head)) + head + body


class Wave:
    """Requests that go out together. Each place of NO_KEY in them becomes another key whenever they go."""
    _numbers = itertools.count(1)

    def __init__(self, frames):
        self.bytes, self.count = bytearray(b"".join(frames)), len(frames)
        self._places, at = [], self.bytes.find(NO_KEY)
        while at >= 0:
            self._places.append(at)
            at = self.bytes.find(NO_KEY, at + KEY_BYTES)

    def fresh(self):
        for at in self._places:
            self.bytes[at:at + KEY_BYTES] = b"%032X" % next(self._numbers)
        return self.bytes


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._got = bytearray()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def take(self, count):
        """The next frames: (header, body) as bytes each."""
        frames, at = [], 0
        while len(frames) < count:
            while len(self._got) - at >= 4:
                size = struct.unpack_from(">I", self._got, at)[0]
                if len(self._got) - at < 4 + size:
                    break
                head = struct.unpack_from(">I", self._got, at + 4)[0] & 0xFFFFFF
                frames.append((bytes(self._got[at + 8:at + 8 + head]), bytes(self._got[at + 8 + head:at + 4 + size])))
                at += 4 + size
                if len(frames) == count:
                    break
            else:
                self._more()
                continue
            if len(frames) < count:
                self._more()
        del self._got[:at]
        return frames

    def _more(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._got += data

    def answers(self, count):
        """The headers of the next answers, none of which is a refusal."""
        frames = self.take(count)
        for head, _ in frames:
            if b'"code":0' not in head:
                raise Refused(head.decode(errors="replace")[:300])
        return [head for head, _ in frames]

    def call(self, code, fields, body=b""):
        self.send(frame(code, fields, body))
        return json.loads(self.answers(1)[0])


def text(properties):
    return "".join(f"{name}\1{value}\2" for name, value in properties.items())


def send_fields(topic, properties, queue=0, sys_flag=0):
    return {"a": "bench", "b": topic, "c": "TBW102", "d": 4, "e": queue, "f": sys_flag, "g": 1700000000000, "h": 0,
            "i": text(properties), "j": 0, "k": "false", "m": "false"}
