"""The few requests of RocketMQ's remoting protocol that benchmarks send themselves."""
import json
import socket
import struct


class Connection:
    """One blocking connection; requests and answers strictly in turn."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._file = self._socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()
        self._socket.close()

    def ask(self, code, fields=None, body=b""):
        """The answer's header as a dict, and its body."""
        header = json.dumps({"code": code, "flag": 0, "language": "CPP", "opaque": 1, "version": 493, "serializeTypeCurrentRPC": "JSON",
                             "extFields": {key: str(value) for key, value in (fields or {}).items()}}).encode()
        self._socket.sendall(struct.pack(">II", 4 + len(header) + len(body), len(header)) + header + body)
        size, mark = struct.unpack(">II", self._file.read(8))
        answer = self._file.read(size - 4)
        return json.loads(answer[:mark & 0xffffff]), answer[mark & 0xffffff:]

    def runtime_info(self):
        """What `mqadmin brokerStatus` shows, as a dict of texts (GET_BROKER_RUNTIME_INFO)."""
        return json.loads(self.ask(28)[1])["table"]

    def create_topics(self, topic, count, queues=4):
        """topic-0, topic-1, …, a thousand in one request (UPDATE_AND_CREATE_TOPIC_LIST): a broker writes all its topics down for each."""
        for first in range(0, count, 1000):
            names = [f"{topic}-{number}" for number in range(first, min(first + 1000, count))]
            configs = [{"topicName": name, "readQueueNums": queues, "writeQueueNums": queues, "perm": 6} for name in names]
            code = self.ask(18, body=json.dumps({"topicConfigList": configs}).encode())[0]["code"]
            assert code == 0, f"topics refused: {code}"

    def pull(self, group, topic, queue=0, offset=0, commit=None):
        """One pull that does not wait, with its subscription in the request (PULL_MESSAGE). Makes the group when it is new."""
        flags = 4 | (commit is not None)
        return self.ask(11, {"consumerGroup": group, "topic": topic, "queueId": queue, "queueOffset": offset, "maxMsgNums": 1,
                             "sysFlag": flags, "commitOffset": commit or 0, "suspendTimeoutMillis": 0, "subscription": "*",
                             "subVersion": 1, "expressionType": "TAG"})[0]
