"""The rows: what is done of each kind of message, as functions of a server that is up. They give how many messages were done; what they
prepare is not measured."""
import base64
import json
import struct
import time
import zlib
from dataclasses import dataclass

from .wire import NO_KEY, Connection, Wave, frame, send_fields, text

SEND, SEND_BATCH, SEND_REPLY, QUERY, HEARTBEAT, MAKE_TOPIC, MAX_OFFSET, END_TRANSACTION = 310, 320, 325, 12, 34, 17, 30, 37
RECALL = 370
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


def _late(properties):
    """Stored, and delivered a second later: the time until the last one has come is measured, too."""
    def measure(bench, seconds):
        before = bench.stored()
        done = sends(UNIQUE | properties)(bench, seconds)
        end = time.monotonic() + 120
        while bench.stored() < before + done:
            if time.monotonic() > end:
                raise TimeoutError(f"{bench.stored() - before} of {done} late messages came within two minutes")
            time.sleep(0.1)
        return done
    return measure


def _in_two_steps(bench, seconds, first, second):
    """Sends first(queue), and second(fields) with what the first was answered with."""
    waves = bench.waves(first)
    end, done = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for connection, wave in zip(bench.connections, waves):
            connection.send(wave.fresh())
        for connection, wave in zip(bench.connections, waves):
            connection.send(b"".join(second(json.loads(head)["extFields"]) for head in connection.answers(wave.count)))
        for connection, wave in zip(bench.connections, waves):
            connection.answers(wave.count)
            done += wave.count
    return done


def _transactions(bench, seconds):
    """The half message, and its commit."""
    properties = UNIQUE | {"TRAN_MSG": "true", "PGROUP": "bench"}

    def commit(half):
        return frame(END_TRANSACTION, {
            "producerGroup": "bench", "tranStateTableOffset": half["queueOffset"], "commitLogOffset": int(half["msgId"][-16:], 16),
            "commitOrRollback": 8, "fromTransactionCheck": "false", "msgId": "x", "transactionId": "x", "topic": bench.topic})

    return _in_two_steps(bench, seconds, lambda q: frame(SEND, send_fields(bench.topic, properties, q, 4), BODY), commit)


def _recalls(bench, seconds):
    """A message for the next hour, which is taken back at once."""
    def recall(stored):
        handle = stored["recallHandle"]
        broker = base64.urlsafe_b64decode(handle).split()[2].decode()
        return frame(RECALL, {"producerGroup": "bench", "topic": bench.topic, "recallHandle": handle, "bname": broker})

    properties = UNIQUE | {"TIMER_DELAY_SEC": 3600}
    return _in_two_steps(bench, seconds, lambda q: frame(SEND, send_fields(bench.topic, properties, q), BODY), recall)


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
        for _ in range(DEPTH):
            # One by one: Apache's broker keeps a thread for each reply until it is confirmed, and has fewer than these.
            head, _ = asker.take(1)[0]
            asker.send(frame(0, {}, flag=1, opaque=json.loads(head)["opaque"]))
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
    settings: str = "plain"  # which of SETTINGS its servers run with


# Of both servers. Wheel and light queues cost Apache's broker something even when no message uses them.
SETTINGS = {
    "plain": {"timerWheelEnable": "false"},
    "all": {"timerWheelEnable": "true", "recallMessageEnable": "true", "enableLmq": "true", "enableMultiDispatch": "true"},
}
_TEXT = b"the same line again and again, " * 133  # 4 KiB
ROWS = (
    Row("single", "single, 1 KiB", sends(UNIQUE)),
    Row("keyless", "without any key", sends({})),
    Row("keyed", "with KEYS of three words", sends(UNIQUE | {"KEYS": f"a{NO_KEY.decode()} b{NO_KEY.decode()} c"})),
    Row("batch", "batches of 32", _batch),
    Row("ordered", "ordered, by sharding key", sends(UNIQUE | {"__SHARDINGKEY": "customer"})),
    Row("compressed", "4 KiB compressed to less", sends(UNIQUE, zlib.compress(_TEXT), 1)),
    Row("delayed", "delayed by level 1, and delivered", _late({"DELAY": 1})),
    Row("transaction", "transaction: half and commit", _transactions),
    Row("request", "request and reply", _requests),
    Row("query", "query by key", _queries),
    Row("timed", "timed by a second, and delivered", _late({"TIMER_DELAY_SEC": 1}), "all"),
    Row("recall", "timed, and recalled", _recalls, "all"),
    Row("light", "in two light queues, too", sends(UNIQUE | {"INNER_MULTI_DISPATCH": "%LMQ%a,%LMQ%b"}), "all"),
)
