"""RocketMQ's remoting protocol by hand, for what no stock client does: bad frames, and quick set-up without a JVM."""
import itertools
import json
import socket
import struct

from .case import Failed

SEND_BATCH_MESSAGE = 320
SEND_MESSAGE, QUERY_CONSUMER_OFFSET, UPDATE_CONSUMER_OFFSET, UPDATE_AND_CREATE_TOPIC = 10, 14, 15, 17
GET_MAX_OFFSET, GET_MIN_OFFSET, GET_ROUTE = 30, 31, 105
_opaque = itertools.count(1)


def header(code, fields=None, flag=0, opaque=None):
    return {"code": code, "language": "PYTHON", "version": 477, "opaque": next(_opaque) if opaque is None else opaque,
            "flag": flag, "extFields": {k: str(v) for k, v in (fields or {}).items()}}


def frame(head, body=b""):
    """The bytes of a command: total length, header length (and JSON as its coding), header, body."""
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack(">II", 4 + len(text) + len(body), len(text)) + text + body


class Answer:
    def __init__(self, head, body):
        self.code, self.remark, self.body = head["code"], head.get("remark") or "", body
        self.fields, self.opaque = head.get("extFields") or {}, head["opaque"]

    def json(self):
        # Apache's answers may have bare numbers as keys: {"a":{0:"x"}}. Nothing the cases read has them.
        return json.loads(self.body)

    def __str__(self):
        return f"code {self.code} ({self.remark[:200]})"


class Connection:
    """One connection; not for several threads. Closes with `with`."""

    def __init__(self, port, host="127.0.0.1", timeout=5):
        self.socket = socket.create_connection((host, port), timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def raw(self, data):
        self.socket.sendall(data)

    def call(self, code, fields=None, body=b""):
        head = header(code, fields)
        self.raw(frame(head, body))
        while True:
            answer = self.answer()
            if answer.opaque == head["opaque"]:
                return answer

    def answer(self):
        total, = struct.unpack(">I", self._exactly(4))
        data = self._exactly(total)
        length = struct.unpack(">I", data[:4])[0]
        if length >> 24:
            raise Failed(f"the answer's header is coded as {length >> 24}, asked for JSON")
        return Answer(json.loads(data[4:4 + length]), data[4 + length:])

    def closed_by_peer(self):
        """Whether the peer closes the connection before the time-out, whatever it says first."""
        try:
            while self.socket.recv(65536):
                pass
            return True
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def _exactly(self, n):
        parts = []
        while n > 0:
            part = self.socket.recv(min(n, 1 << 20))
            if not part:
                raise ConnectionError("the server closed the connection")
            parts.append(part)
            n -= len(part)
        return b"".join(parts)


def send_fields(topic, queue=0, **more):
    """The header of SEND_MESSAGE."""
    return {"producerGroup": "raw", "topic": topic, "defaultTopic": "TBW102", "defaultTopicQueueNums": 4, "queueId": queue,
            "sysFlag": 0, "bornTimestamp": 1700000000000, "flag": 0, "properties": "", "reconsumeTimes": 0, "unitMode": "false",
            "batch": "false", **more}


def batch_item(body, properties="", flag=0):
    """One message in the body of SEND_BATCH_MESSAGE."""
    text = properties.encode()
    rest = struct.pack(">iiii", 0, 0, flag, len(body)) + body + struct.pack(">h", len(text)) + text
    return struct.pack(">i", len(rest) + 4) + rest


def create_topic(port, topic, queues=4):
    with Connection(port, timeout=30) as c:
        answer = c.call(UPDATE_AND_CREATE_TOPIC, {
            "topic": topic, "defaultTopic": "TBW102", "readQueueNums": queues, "writeQueueNums": queues, "perm": 6,
            "topicFilterType": "SINGLE_TAG", "topicSysFlag": 0, "order": "false"})
    if answer.code != 0:
        raise Failed(f"creating topic {topic}: {answer}")
