"""The rows: what is done of each kind of message, as functions of a server that is up. They give how many messages were done; what they
prepare is not measured."""
import json
import struct
import time
import zlib
from dataclasses import dataclass

from .wire import NO_KEY, Connection, Wave, frame, send_fields, text

SEND, SEND_BATCH, SEND_REPLY, QUERY, HEARTBEAT, MAKE_TOPIC, MAX_OFFSET, END_TRANSACTION = 310, 320, 325, 12, 34, 17, 30, 37
BODY = b"sluice-benchmark" * 64  # 1 KiB
UNIQUE = {"UNIQ_KEY": NO_KEY.decode()}
CONNECTIONS, DEPTH, QUEUES = 8, 32, 4


class Bench:
    """Some connections to a server, a topic for the row, and a clock."""

    def __init__(self, port, topic, connections=CONNECTIONS):
        self.topic = topic
        self.connections = [Connection(port) for _ in range(connections)]
        self.connections[0].call(MAKE_TOPIC, {
            "topic": topic, "defaultTopic": "TBW102", "readQueueNums": QUEUES, "writeQueueNums": QUEUES, "perm": 6,
            "topicFilterType": "SINGLE_TAG", "topicSysFlag": 0, "order": "false"})

    def close(self):
        for connection in self.connections:
            connection.close()

    def waves(self, make):
        """A wave for each connection: make(queue) gives a request."""
        return [Wave([make((i + j) % QUEUES) for j in range(DEPTH)]) for i in range(len(self.connections))]

    def go(self, waves, seconds):
        """Sends the waves again and again; gives how many requests were answered."""
        end, done = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            for connection, wave in zip(self.connections, waves):
                connection.send(wave.fresh())
            for connection, wave in zip(self.connections, waves):
                connection.answers(wave.count)
                done += wave.count
        return done

    def stored(self):
        return sum(int(self.connections[0].call(MAX_OFFSET, {"topic": self.topic, "queueId": q})["extFields"]["offset"])
                   for q in range(QUEUES))


def sends(properties, body=BODY, sys_flag=0):
    def measure(bench, seconds):
        return bench.go(bench.waves(lambda q: frame(SEND, send_fields(bench.topic, properties, q, sys_flag), body)), seconds)
    return measure


def _batch(bench, seconds, size=32):
    rest = struct.pack(">iiii", 0, 0, 0, len(BODY)) + BODY
    properties = text(UNIQUE).encode()
    item = rest + struct.pack(">h", len(properties)) + properties
    body = (struct.pack(">i", len(item) + 4) + item) * size

    def one(queue):
        fields = send_fields(bench.topic, UNIQUE, queue) | {"m": "true"}
        return frame(SEND_BATCH, fields, body)

    waves = [Wave([one(i % QUEUES)]) for i in range(len(bench.connections))]
    return bench.go(waves, seconds) * size


def _delayed(bench, seconds):
    """Stored, and delivered a second later: the time until the last one has come is measured, too."""
    done = sends(UNIQUE | {"DELAY": 1})(bench, seconds)
    end = time.monotonic() + 120
    while bench.stored() < done:
        if time.monotonic() > end:
            raise TimeoutError(f"{bench.stored()} of {done} delayed messages came within two minutes")
        time.sleep(0.1)
    return done


def _transactions(bench, seconds):
    """Both steps of each: the half message, and its commit when the first is answered."""
    properties = UNIQUE | {"TRAN_MSG": "true", "PGROUP": "bench"}
    halves = bench.waves(lambda q: frame(SEND, send_fields(bench.topic, properties, q, 4), BODY))
    end, done = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for connection, wave in zip(bench.connections, halves):
            connection.send(wave.fresh())
        for connection, wave in zip(bench.connections, halves):
            ends = []
            for head in connection.answers(wave.count):
                half = json.loads(head)["extFields"]
                ends.append(frame(END_TRANSACTION, {
                    "producerGroup": "bench", "tranStateTableOffset": half["queueOffset"], "commitLogOffset": int(half["msgId"][-16:], 16),
                    "commitOrRollback": 8, "fromTransactionCheck": "false", "msgId": "x", "transactionId": "x", "topic": bench.topic}))
            connection.send(b"".join(ends))
        for connection, wave in zip(bench.connections, halves):
            connection.answers(wave.count)
            done += wave.count
    return done


def _requests(bench, seconds):
    """A request is stored; its reply is stored and pushed to who asked, who confirms it."""
    asker, replier = bench.connections[:2]
    client = "bench@1"
    asker.call(HEARTBEAT, {}, json.dumps({"clientID": client, "producerDataSet": [{"groupName": "bench"}], "consumerDataSet": []}).encode())
    properties = UNIQUE | {"CORRELATION_ID": "c", "REPLY_TO_CLIENT": client, "TTL": "60000", "MSG_TYPE": "request"}
    asks = Wave([frame(SEND, send_fields(bench.topic, properties, q % QUEUES), BODY) for q in range(DEPTH)])
    answers = Wave([frame(SEND_REPLY, send_fields("DefaultCluster_REPLY_TOPIC", properties | {"MSG_TYPE": "reply"}), BODY) for _ in range(DEPTH)])
    end, done = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        asker.send(asks.fresh())
        asker.answers(DEPTH)
        replier.send(answers.fresh())
        pushed = asker.take(DEPTH)
        asker.send(b"".join(frame(0, {}, flag=1, opaque=json.loads(head)["opaque"]) for head, _ in pushed))
        replier.answers(DEPTH)
        done += DEPTH
    return done


def _queries(bench, seconds):
    """Finds one of 20,000 messages by its key."""
    keys = [f"key{i:06}" for i in range(20_000)]
    for at in range(0, len(keys), DEPTH):
        batch = [frame(SEND, send_fields(bench.topic, UNIQUE | {"KEYS": key}), b"x" * 100) for key in keys[at:at + DEPTH]]
        bench.connections[0].send(Wave(batch).fresh())
        bench.connections[0].answers(len(batch))

    def query(key):
        return frame(QUERY, {"topic": bench.topic, "key": key, "maxNum": 32, "beginTimestamp": 0, "endTimestamp": 1 << 62})

    time.sleep(2)  # the indexes are behind the logs
    waves = [Wave([query(keys[(i * 2477 + j * 613) % len(keys)]) for j in range(DEPTH)]) for i in range(len(bench.connections))]
    return bench.measured(lambda: bench.go(waves, seconds))


@dataclass(frozen=True)
class Row:
    key: str
    title: str
    measure: callable


_TEXT = b"the same line again and again, " * 133  # 4 KiB
ROWS = (
    Row("single", "single, 1 KiB", sends(UNIQUE)),
    Row("keyless", "without any key", sends({})),
    Row("keyed", "with KEYS of three words", sends(UNIQUE | {"KEYS": f"a{NO_KEY.decode()} b{NO_KEY.decode()} c"})),
    Row("batch", "batches of 32", _batch),
    Row("ordered", "ordered, by sharding key", sends(UNIQUE | {"__SHARDINGKEY": "customer"})),
    Row("compressed", "4 KiB compressed to less", sends(UNIQUE, zlib.compress(_TEXT), 1)),
    Row("delayed", "delayed by level 1, and delivered", _delayed),
    Row("transaction", "transaction: half and commit", _transactions),
    Row("request", "request and reply", _requests),
    Row("query", "query by key", _queries),
)
