"""Kinds of messages: compressed, large, in batches, with traces; and those that break a limit."""
import json
import struct

from ..case import case, check
from ..remoting import GET_MAX_OFFSET, SEND_BATCH_MESSAGE, SEND_MESSAGE, UPDATE_AND_CREATE_TOPIC, Connection, batch_item, send_fields
from .sending import CLIENTS, once

JAVA = ("java540", "java498")


def _compressed(c, how, sender="java540"):
    """A body that the producer compressed: every client reads it, and so does the command line."""
    topic, n = c.topic(), 8
    c.send(sender, n, topic=topic, size=20_000, compression=how)
    for client in CLIENTS if how == "ZLIB" else ("java540", "cpp"):
        got_by = c.consumer(client, topic=topic, group=c.name("g-" + client))
        got_by.wait_count("got", n, 60)
        got = got_by.finish().of("got")
        once(got, [f"p0/{i}" for i in range(n)])
        check(all(e["size"] == 20_000 for e in got), f"{client} reads bodies of {sorted({e['size'] for e in got})} bytes")
    return topic


for _how in ("ZLIB", "LZ4", "ZSTD"):
    case(f"compressed-{_how.lower()}")(lambda c, how=_how: _compressed(c, how))
    case(f"compressed-{_how.lower()}-cpp")(lambda c, how=_how: _compressed(c, how, "cpp"))


@case("compressed-bodies-are-shown-plain", against=("sluice",))
def _(c):
    """`sluice consume` shows what was sent, whatever the producer compressed it with."""
    text = "the same line again and again, " * 400
    for how in ("ZLIB", "LZ4", "ZSTD"):
        topic = c.topic(how)
        c.send("java540", 1, topic=topic, text=text.strip(), compression=how)
        words = ["consume", topic, "--from", "first", "--count", 1, "-n", c.server.ns]
        _, body, _ = c.sluice(*words, "--format", "body")
        check(body.strip() == text.strip(), f"{how}: shown as {body[:60]!r}, {len(body)} bytes")
        _, line, _ = c.sluice(*words, "--format", "json")
        shown = json.loads(line)
        check(shown.get("body") == text.strip() and "compressed" not in shown, f"{how}: as JSON it is {line[:200]}")


@case("body-as-large-as-allowed", group=None, limit=150)
def _(c):
    """maxMessageSize is what a body may have: to the byte, and it can be raised."""
    most = 8 << 20
    server = (c.new_server({"maxMessageSize": most, "tailBytes": 16 << 20}) if c.suite.against == "sluice"
              else c.new_apache({"maxMessageSize": most})).start()
    topic = c.topic(server=server)
    c.send("java540", 1, server, topic=topic, size=most, maxsize=1 << 30, compress=1 << 30)
    failed = c.driver("java540", "send", server, topic=topic, n=1, size=most + 1, maxsize=1 << 30, compress=1 << 30, retries=0, batch=1)
    with Connection(server.port, timeout=20) as raw:
        answer = raw.call(SEND_MESSAGE, send_fields(topic), b"x" * (most + 1))
        check(answer.code == 13, f"a body of one byte more is answered with {answer}")
    check(len(failed.finish(60).of("failed")) == 1, "a batch of one byte more is taken")
    got_by = c.consumer("java540", server, topic=topic, group=c.name("g"))
    got_by.wait_count("got", 1, 60)
    once(got_by.finish().of("got"), ["p0/0"])


def _batches(c, client):
    topic, n = c.topic(), 60
    sent = c.driver(client, "send", topic=topic, n=n, batch=20, tags="red,blue", keys="k", prop_test1="one").finish(60).of("sent")
    check(len(sent) == 3 and all(len(e["id"].split(",")) == 20 == len(e["offsetId"].split(",")) for e in sent),
          lambda: f"three batches of 20 were answered with {sent}")
    got_by = c.consumer("java498", topic=topic, group=c.name("g"), sub="red")
    got_by.wait_count("got", n // 2, 60)
    got_by.quiet(1, 4)
    got = got_by.finish().of("got")
    once(got, [f"p0/{i}" for i in range(0, n, 2)])
    ids = [i for e in sent for i in e["id"].split(",")]
    for e in got:
        batch, i = sent[e["s"] // 20], e["s"] % 20
        check((e["q"], e["o"]) == (batch["q"], batch["o"] + i), f"message {e['s']} came from {(e['q'], e['o'])}, not behind its batch")
        check(e["id"] == ids[e["s"]], f"message {e['s']} has id {e['id']}, not {ids[e['s']]}")
        check(e["keys"] == f"k{e['s']} allk" and e["prop"] == {"test1": "one"}, f"message {e['s']} came as {e}")


for _client in (*JAVA, "cpp"):
    case(f"batch-{_client}")(lambda c, client=_client: _batches(c, client))


def _auto_batch(c, attributes=None, sender="java540"):
    """The producer gathers messages by itself; each is acknowledged as if it had been sent alone."""
    topic, n = c.name("t"), 200
    c.admin("updateTopic", "-t", topic, "-c", "DefaultCluster", "-r", "4", "-w", "4", *(["-a", attributes] if attributes else []))
    sent = c.send(sender, n, topic=topic, mode="async", autobatch="true", tags="red")
    got_by = c.consumer("java540", topic=topic, group=c.name("g"), sub="red")
    got_by.wait_count("got", n, 60)
    got_by.quiet(1, 4)
    got = got_by.finish().of("got")
    once(got, [f"p0/{i}" for i in range(n)])
    places = {(e["q"], e["o"]) for e in got}
    check(len(places) == n, f"{n} messages lie at {len(places)} offsets")
    return {e["s"]: e for e in sent}, {e["s"]: e for e in got}


def _auto_batch_of(c, sender):
    sent, got = _auto_batch(c, sender=sender)
    for s, e in got.items():
        check((e["q"], e["o"], e["id"]) == (sent[s]["q"], sent[s]["o"], sent[s]["id"]),
              f"message {s} was acknowledged as {sent[s]}, came as {e}")


case("auto-batch")(lambda c: _auto_batch_of(c, "java540"))
case("auto-batch-cpp")(lambda c: _auto_batch_of(c, "cpp"))


@case("auto-batch-inner")
def _(c):
    """A topic with queue.type=BatchCQ: the batch is acknowledged under one id of its own."""
    sent, got = _auto_batch(c, "+queue.type=BatchCQ")
    for s, e in got.items():
        check(e["q"] == sent[s]["q"] and e["o"] >= sent[s]["o"], f"message {s} was acknowledged as {sent[s]}, came as {e}")
    check(len({e["id"] for e in got.values()}) == 200, "messages of a batch share an id")
    check(len({e["id"] for e in sent.values()}) < 200, "no batch was acknowledged as one")


@case("batch-of-mixed-topics-is-refused")
def _(c):
    """The client refuses it: a batch names one topic, so no request can carry two."""
    topic, other = c.topic(), c.topic("other")
    run = c.driver("java540", "send", topic=topic, n=4, batch=4, **{"batch.topics": f"{topic},{other}"}).finish(60)
    check(len(run.of("failed")) == 1 and "topic" in run.of("failed")[0]["why"], lambda: f"it gave {run.events}")


@case("bad-batches-are-refused", group="raw")
def _(c):
    """Too much, cut short, or to a retry topic: one error, and nothing of it is stored."""
    topic = c.topic(queues=1)
    good = batch_item(b"good", "k\1v\2")
    size = 4 << 20
    bad = {
        "more bytes than maxMessageSize": (13, topic, batch_item(b"x" * (size // 2)) * 2),
        "to a retry topic": (13, "%RETRY%g", good),
        "cut in the middle": (1, topic, good + good[:-3]),
        "a length past the end": (1, topic, good + struct.pack(">i", 1 << 20)),
        "a negative length": (1, topic, good + struct.pack(">i", -5) + b"x" * 40),
    }
    with Connection(c.server.port, timeout=20) as raw:
        for what, (code, to, body) in bad.items():
            fields = dict(zip("abcdefghijkm", ("raw", to, "TBW102", 4, 0, 0, 1700000000000, 0, "", 0, "false", "true")))
            answer = raw.call(SEND_BATCH_MESSAGE, fields, body)
            check(answer.code == code or c.suite.against == "apache" and answer.code != 0, f"{what}: answered with {answer}")
            check(answer.remark, f"{what}: no word why")
        fields = dict(zip("abcdefghijkm", ("raw", topic, "TBW102", 4, 0, 0, 1700000000000, 0, "", 0, "false", "true")))
        answer = raw.call(SEND_BATCH_MESSAGE, fields, good * 3)
        check(answer.code == 0 and answer.fields["queueOffset"] == "0", f"after them, a good batch is answered with {answer} {answer.fields}")


@case("too-many-properties-are-refused", group="raw")
def _(c):
    """32,767 bytes of properties with what the broker adds: more is answered 13, however it is made up."""
    topic = c.topic(queues=1)
    with Connection(c.server.port, timeout=20) as raw:
        for what, text in {"one long value": "k\1" + "v" * 32_768 + "\2", "many pairs": "".join(f"k{i}\1v\2" for i in range(6000)),
                           "one name": "k" * 40_000 + "\1v\2", "no pair at all": "x" * 40_000}.items():
            answer = raw.call(SEND_MESSAGE, send_fields(topic, properties=text), b"x")
            check(answer.code == 13 and answer.remark, f"{what}: answered with {answer}")
        answer = raw.call(SEND_MESSAGE, send_fields(topic, properties="k\1" + "v" * 32_000 + "\2"), b"x")
        check(answer.code == 0, f"32,000 bytes are answered with {answer}")


@case("odd-properties-are-answered-as-by-apache", group="raw")
def _(c):
    """Levels that are none, many, long and broken properties: taken or refused with Apache's code, and the broker goes on."""
    topic = c.topic(queues=1)
    odd = {
        "a level above the highest": ("DELAY\00199\2", 0), "a level below 0": ("DELAY\1-3\2", 0), "level 0": ("DELAY\0010\2", 0),
        "a level that is no number": ("DELAY\1soon\2", 1), "a level that is no int": ("DELAY\00199999999999\2", 1),
        "3,000 properties": ("".join(f"k{i:04}\1v\2" for i in range(3000)), 0), "KEYS of 30,000 bytes": (f"KEYS\1{'k' * 30_000}\2", 0),
        "KEYS of 3,000 words": (f"KEYS\1{' '.join(f'w{i}' for i in range(3000))}\2", 0),
        "the same property a hundred times": ("k\1v\2" * 100, 0), "a UNIQ_KEY of 20,000 bytes": (f"UNIQ_KEY\1{'u' * 20_000}\2", 0),
        "no separator": ("justtext", 0), "separators only": ("\1\2\1\2\2\2\1\1", 0), "an empty value": ("k\1\2", 0),
        "tags of 20,000 bytes": (f"TAGS\1{'t' * 20_000}\2", 0)}
    with Connection(c.server.port, timeout=20) as raw:
        for what, (properties, code) in odd.items():
            answer = raw.call(SEND_MESSAGE, send_fields(topic, properties=properties), b"x")
            check(answer.code == code, f"{what}: answered with {answer}, not {code}")
            check(code == 0 or answer.remark, f"{what}: no word why")
        answer = raw.call(SEND_MESSAGE, send_fields(topic), b"the last one")
        at_once = sum(code == 0 for _, code in odd.values()) - 1
        check(answer.code == 0 and int(answer.fields["queueOffset"]) == at_once, f"behind them: {answer} {answer.fields}")


def _traced(c, client, kinds=("Pub", "SubBefore", "SubAfter")):
    """A producer and a consumer with traces switched on: what they did is told in RMQ_SYS_TRACE_TOPIC."""
    topic, n = c.topic(), 5
    producer = c.driver(client, "send", topic=topic, n=n, trace="true", keys="k", stay="true")
    producer.wait_count("sent", n, 60)
    consumer = c.consumer("java540" if len(kinds) == 1 else client, topic=topic, group=c.name("g"), trace="true")
    consumer.wait_count("got", n, 60)
    traces = c.consumer("java540", topic="RMQ_SYS_TRACE_TOPIC", group=c.name("traces"))

    def told(kind):
        text = "".join(e["text"] or "" for e in traces.of("got"))
        rows = [row.split("\1") for row in text.split("\2")]
        return {word for row in rows if row[0] == kind for word in row}

    ids = {e["id"] for e in producer.of("sent")}
    for kind in kinds:
        c.until(lambda kind=kind: ids <= told(kind), 40, f"a {kind} trace of each message", every=0.5)
    for driver in (producer, consumer, traces):
        driver.finish()


for _client in JAVA:
    case(f"trace-{_client}", limit=120)(lambda c, client=_client: _traced(c, client))
case("trace-cpp", limit=120)(lambda c: _traced(c, "cpp", ("Pub",)))


GET_TOPIC_CONFIG = 351


def _put_topic(raw, topic, attributes):
    return raw.call(UPDATE_AND_CREATE_TOPIC, {
        "topic": topic, "defaultTopic": "TBW102", "readQueueNums": 4, "writeQueueNums": 4, "perm": 6, "topicFilterType": "SINGLE_TAG",
        "topicSysFlag": 0, "order": "false", "attributes": attributes})


@case("topic-attributes")
def _(c):
    """Attributes are set, changed and removed as mqadmin does it; what Apache's broker refuses is refused, with its code."""
    topic = c.name("t")
    with Connection(c.server.port) as raw:
        for attributes, code in (("+colour=red", 1), ("+message.type=fifo", 1), ("-message.type", 1), ("message.type=FIFO", 1), ("+message.type", 1),
                                 ("+message.type=MIXED", 29), ("+reserve.time=-2", 1), ("+message.type=FIFO,+message.type=DELAY", 1)):
            answer = _put_topic(raw, topic, attributes)
            check(answer.code == code and answer.remark, f"a new topic with {attributes} is answered with {answer}")
        check(raw.call(GET_TOPIC_CONFIG, {"topic": topic}).code != 0, "a refused topic was made")
        for attributes, code, now in (
                ("+message.type=FIFO,+queue.type=SimpleCQ", 0, {"message.type": "FIFO", "queue.type": "SimpleCQ"}),
                ("+queue.type=BatchCQ", 1, None), ("-queue.type", 1, None), ("+cleanup.policy=COMPACTION", 1, None),
                ("-reserve.time", 1, None), ("", 0, None),
                ("+message.type=DELAY,+reserve.time=1000", 0, {"message.type": "DELAY", "queue.type": "SimpleCQ", "reserve.time": "1000"}),
                ("-message.type", 0, {"queue.type": "SimpleCQ", "reserve.time": "1000"})):
            answer = _put_topic(raw, topic, attributes)
            check(answer.code == code, f"{attributes} is answered with {answer}")
            got = raw.call(GET_TOPIC_CONFIG, {"topic": topic}).json()["attributes"]
            check(now is None or got == now, f"after {attributes} the attributes are {got}")
    c.admin("updateTopic", "-t", topic, "-c", "DefaultCluster", "-r", "4", "-w", "4", "-a", "+message.type=TRANSACTION")
    with Connection(c.server.port) as raw:
        got = raw.call(GET_TOPIC_CONFIG, {"topic": topic}).json()["attributes"]
    check(got.get("message.type") == "TRANSACTION", f"mqadmin made the attributes {got}")


@case("topic-attributes-are-described", against=("sluice",))
def _(c):
    topic = c.name("t")
    c.sluice("topic", "create", topic, "--attribute", "message.type=FIFO", "-n", c.server.ns)
    c.sluice("topic", "create", topic, "--update", "--attribute", "message.type=DELAY", "-n", c.server.ns)
    _, text, _ = c.sluice("topic", "describe", topic, "-n", c.server.ns)
    check("message.type = DELAY" in text, f"it says {text}")
    _, text, _ = c.sluice("topic", "describe", topic, "--json", "-n", c.server.ns)
    check(json.loads(text)["attributes"] == {"message.type": "DELAY"}, f"it says {text}")


@case("message-types-are-checked", group=None, against=("sluice",))
def _(c):
    """With enableTopicMessageTypeCheck a topic takes messages of its type; MIXED takes all; retries and replies go on."""
    server = c.new_server({"enableTopicMessageTypeCheck": "true", "enableMixedMessageType": "true"}).start()
    kinds = {"NORMAL": "", "FIFO": "__SHARDINGKEY\1k\2", "DELAY": "DELAY\0011\2", "TRANSACTION": "TRAN_MSG\1true\2PGROUP\1raw\2"}
    topics = {None: c.topic(server=server)}
    with Connection(server.port) as raw:
        for kind in (*kinds, "MIXED"):
            topics[kind] = c.name(kind)
            check(_put_topic(raw, topics[kind], f"+message.type={kind}").code == 0, f"no topic of type {kind}")
        for wanted, topic in topics.items():
            for kind, properties in kinds.items():
                answer = raw.call(SEND_MESSAGE, send_fields(topic, properties=properties), b"x")
                good = kind == wanted or wanted == "MIXED" or wanted is None and kind == "NORMAL"
                check(answer.code == (0 if good else 13), f"{kind} to a topic of type {wanted} is answered with {answer}")
                check(good or kind in answer.remark and "enableTopicMessageTypeCheck" in answer.remark, f"the remark is {answer.remark}")
    topic = topics[None]
    retried = c.consumer("java540", server, topic=topic, group=c.name("g"), fail=1, levels="1")
    retried.wait_count("got", 2, 60)
    retried.finish()


def _stored(connection, topic, queues=4):
    return sum(int(connection.call(GET_MAX_OFFSET, {"topic": topic, "queueId": q}).fields["offset"]) for q in range(queues))


def _sent_again(c, client, server):
    """A topic with dedup.window: what the client sends again is stored once and acknowledged as the first was; others repeat."""
    n = 10
    once_only, free = c.name("once"), c.topic("free", server=server)
    c.admin("updateTopic", "-t", once_only, "-c", "DefaultCluster", "-r", "4", "-w", "4", "-a", "+dedup.window=60000", server=server)
    before = int(_runtime(server)["putMessageDuplicateTimes"])
    for topic, stored in ((once_only, n), (free, 3 * n)):
        sent = c.driver(client, "send", server, topic=topic, n=n, again=2).finish(60).of("sent")
        check(len(sent) == 3 * n and all(e["status"] == "SEND_OK" for e in sent), lambda: f"it was answered {sent}")
        places = {(e["s"], e["q"], e["o"], e["id"], e["offsetId"]) for e in sent}
        check(len(places) == stored, f"{3 * n} sends were said to lie in {len(places)} places, not {stored}")
        with Connection(server.port) as raw:
            check(_stored(raw, topic) == stored, f"{_stored(raw, topic)} are stored, not {stored}")
    got_by = c.consumer(client, server, topic=once_only, group=c.name("g"))
    got_by.wait_count("got", n, 60)
    got_by.quiet(1, 4)
    once(got_by.finish().of("got"), [f"p0/{i}" for i in range(n)])
    counted = int(_runtime(server)["putMessageDuplicateTimes"]) - before
    check(counted == 2 * n, f"{counted} repeats are counted, not {2 * n}")


def _runtime(server):
    with Connection(server.port) as raw:
        return raw.call(28).json()["table"]


for _client in JAVA:
    case(f"sent-again-{_client}", group=None, against=("sluice",))(
        lambda c, client=_client: _sent_again(c, client, c.new_server().start()))


def _send_keyed(server, topic, key, body, queue):
    """Where the broker says that the message is."""
    with Connection(server.port) as raw:
        answer = raw.call(SEND_MESSAGE, send_fields(topic, queue, properties=f"UNIQ_KEY\1{key}\2"), body)
    check(answer.code == 0, f"a send is answered with {answer}")
    return answer.fields["queueId"], answer.fields["queueOffset"], answer.fields["msgId"], answer.fields["transactionId"]


def _sent_again_later(c, flush):
    """deduplicationWindow: a retry is known after kill -9 and after a stop, by key and body."""
    server = c.new_server({"deduplicationWindow": 600_000, "flushDiskType": flush}).start()
    topic = c.topic(server=server)
    first = _send_keyed(server, topic, "A", b"one", 2)
    check(_send_keyed(server, topic, "A", b"two", 2) != first, "another body was taken for a repeat")
    for restart in (server.kill, server.stop):
        restart()
        server.start()
        again = _send_keyed(server, topic, "A", b"one", 1)
        check(again == first, f"a repeat was answered {again}, the first {first}")
    with Connection(server.port) as raw:
        check(_stored(raw, topic) == 2, f"{_stored(raw, topic)} are stored, not 2")


@case("sent-again-after-the-window", group=None, against=("sluice",))
def _(c):
    server = c.new_server({"deduplicationWindow": 500}).start()
    topic = c.topic(server=server)
    first = _send_keyed(server, topic, "A", b"one", 2)
    c.until(lambda: _send_keyed(server, topic, "A", b"one", 1) != first, 20, "a message after the window to be stored again", every=0.6)


for _flush in ("SYNC_FLUSH", "ASYNC_FLUSH"):
    case(f"sent-again-after-restart-{_flush.lower().replace('_', '-')}", group=None, against=("sluice",))(
        lambda c, flush=_flush: _sent_again_later(c, flush))
