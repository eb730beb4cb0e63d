"""Pulling clients and what one can ask about queues and single messages."""
import struct
import time

from ..case import case, check
from ..remoting import (GET_MAX_OFFSET, GET_MIN_OFFSET, SEND_BATCH_MESSAGE, SEND_MESSAGE, Connection, batch_item,
                        send_fields)
from .sending import once

PULL = 11
FOUND, NOT_FOUND, RETRY, MOVED = 0, 19, 20, 21
COMMIT, SUSPEND, SUBSCRIPTION = 1, 2, 4

JAVA = ("java540", "java498")
SEARCH_OFFSET, EARLIEST_TIME, VIEW_MESSAGE = 29, 32, 33


def _lite(c, client, how):
    topic, n = c.topic(), 80
    c.send(client, n, topic=topic)
    reader = c.driver(client, "litepull", topic=topic, group=c.name("g"), how=how, n=n, quiet=30000, commit="true")
    once(reader.finish(80).of("got"), [f"p0/{i}" for i in range(n)])
    if how == "subscribe":
        c.send(client, 12, topic=topic, first=n)
        reader = c.driver(client, "litepull", topic=topic, group=c.name("g"), how=how, n=12, quiet=30000)
        once(reader.finish(60).of("got"), [f"p0/{i}" for i in range(n, n + 12)], "messages after the committed offset")
    else:
        reader = c.driver(client, "litepull", topic=topic, group=c.name("g2"), how=how, n=n - 4 * 15, quiet=30000, seek=15)
        offsets = [e["o"] for e in reader.finish(60).of("got")]
        check(sorted(offsets) == sorted(list(range(15, 20)) * 4), f"after a seek to 15 came the offsets {sorted(offsets)}")


for _client in (*JAVA, "cpp"):
    for _how in ("assign", "subscribe"):
        case(f"litepull-{_how}-{_client}", limit=150)(lambda c, client=_client, how=_how: _lite(c, client, how))


def _go_pull(c, how, queues):
    """Once each, and the group goes on where it was."""
    topic, n = c.topic(queues=queues), 60
    for p, count in (("first", n), ("second", 12)):
        c.send("go", count, topic=topic, p=p)
        reader = c.driver("go", "pull", topic=topic, group=c.name("g"), how=how, n=count)
        once(reader.finish(70).of("got"), [f"{p}/{i}" for i in range(count)])


case("pull-go-poll", limit=150)(lambda c: _go_pull(c, "poll", 4))
# The broker holds the pull of a queue that has nothing more, and the client asks its queues in turn.
case("pull-go-pull", limit=150)(lambda c: _go_pull(c, "pull", 1))


@case("pull-go-from", limit=150)
def _(c):
    """The Go client's pulls from an offset on: what every queue has."""
    topic = c.topic()
    c.send("go", 60, topic=topic)
    reader = c.driver("go", "pull", topic=topic, group=c.name("g"), how="from", n=4 * 8, **{"from": 7})
    offsets = [e["o"] for e in reader.finish(100).of("got")]
    check(sorted(offsets) == sorted(list(range(7, 15)) * 4), f"from offset 7 on came {sorted(offsets)}")


def fill(c, topic, tags):
    with Connection(c.server.port) as broker:
        for i, tag in enumerate(tags):
            answer = broker.call(SEND_MESSAGE, send_fields(topic, properties=f"TAGS\x01{tag}\x02"), b"%d" % i)
            check(answer.code == 0, f"a send was answered with {answer}")


def asking(topic, group, offset, n=32, sub="*", flags=SUBSCRIPTION, commit=0, hold=0):
    return {"consumerGroup": group, "topic": topic, "queueId": 0, "queueOffset": offset, "maxMsgNums": n, "sysFlag": flags,
            "commitOffset": commit, "suspendTimeoutMillis": hold, "subscription": sub, "subVersion": 0, "expressionType": "TAG"}


@case("pull-result-codes")
def _(c):
    """Code, next offset, first offset and end of the queue for every way a pull can go, and whom to ask next."""
    topic, group = c.topic(queues=1), c.name("g")
    fill(c, topic, ["red", "blue"] * 5)
    with Connection(c.server.port) as broker:

        def pull(offset, **more):
            answer = broker.call(PULL, asking(topic, group, offset, **more))
            fields = {k: int(v) for k, v in answer.fields.items() if k in ("nextBeginOffset", "minOffset", "maxOffset", "suggestWhichBrokerId")}
            check(fields["suggestWhichBrokerId"] == 0, f"the next pull is to go to broker {fields['suggestWhichBrokerId']}")
            return answer.code, fields["nextBeginOffset"], fields["minOffset"], fields["maxOffset"]

        for what, expected, seen in (
                ("all", (FOUND, 10, 0, 10), pull(0)),
                ("four from 3", (FOUND, 7, 0, 10), pull(3, n=4)),
                ("red ones", (FOUND, 10, 0, 10), pull(0, sub="red")),
                ("two red ones of the first four", (FOUND, 3, 0, 10), pull(0, n=2, sub="red")),
                ("a tag that nothing has", (RETRY, 10, 0, 10), pull(0, sub="green")),
                ("a tag that nothing more has", (RETRY, 10, 0, 10), pull(9, sub="red")),
                ("the end", (NOT_FOUND, 10, 0, 10), pull(10)),
                ("one behind the end", (MOVED, 10, 0, 10), pull(11)),
                ("far behind the end", (MOVED, 10, 0, 10), pull(1000)),
                ("before the first", (MOVED, 0, 0, 10), pull(-1))):
            check(seen == expected, f"{what}: {seen}, expected {expected}")

        topic = c.topic("empty", queues=1)
        check(pull(0) == (NOT_FOUND, 0, 0, 0), f"an empty queue: {pull(0)}")
        check(pull(5)[:2] == (MOVED, 0), f"behind the end of an empty queue: {pull(5)}")


@case("pull-commits-progress-and-is-held")
def _(c):
    """The commit flag stores the offset that the pull brings; the suspend flag holds a pull at the end for its time, then 19."""
    topic, group = c.topic(queues=1), c.name("g")
    fill(c, topic, ["red"] * 3)
    with Connection(c.server.port, timeout=20) as broker:

        def stored():
            answer = broker.call(14, {"consumerGroup": group, "topic": topic, "queueId": 0, "setZeroIfNotFound": "false"})
            return int(answer.fields["offset"]) if answer.code == 0 else None

        broker.call(PULL, asking(topic, group, 0, commit=2))
        check(stored() is None, f"an offset was stored without the flag: {stored()}")
        broker.call(PULL, asking(topic, group, 0, commit=2, flags=SUBSCRIPTION | COMMIT))
        check(stored() == 2, f"with the flag {stored()} was stored, not 2")
        start = time.monotonic()
        answer = broker.call(PULL, asking(topic, group, 3, flags=SUBSCRIPTION | SUSPEND, hold=2000))
        took = time.monotonic() - start
        check(answer.code == NOT_FOUND and answer.fields["nextBeginOffset"] == "3", f"a pull at the end was answered with {answer}")
        check(1.9 <= took < 9, f"it was held for {took:.1f} s, asked for 2")  # Apache's broker looks every 5 s


def _old_pull(c, client):
    """The old pull consumer: the four results, waiting at the broker, its own progress."""
    topic, group = c.topic(queues=1), c.name("g")
    fill(c, topic, ["red", "blue"] * 5)

    def pull(at, **more):
        driver = c.driver(client, "pull", topic=topic, group=group, at=at, **more).finish(60)
        return driver, [(e["status"], e["next"], e["min"], e["max"], e["n"]) for e in driver.of("pulled")]

    _, rows = pull("0,8,10,99", max=4)
    check(rows == [("FOUND", 4, 0, 10, 4), ("FOUND", 10, 0, 10, 2), ("NO_NEW_MSG", 10, 0, 10, 0), ("OFFSET_ILLEGAL", 10, 0, 10, 0)],
          f"pulls gave {rows}")
    driver, rows = pull("0", sub="green", commit=7)
    check(rows == [("NO_MATCHED_MSG", 10, 0, 10, 0)], f"a pull for another tag gave {rows}")
    check([e["offset"] for e in driver.of("stored")] == [7], f"stored was {driver.of('stored')}")
    waiting = c.driver(client, "pull", topic=topic, group=group, at=10, block="true")
    waiting.wait_count("ready", 1, 40)
    time.sleep(1)
    fill(c, topic, ["red"])
    waiting.finish(40)
    rows = [(e["status"], e["next"], e["n"]) for e in waiting.of("pulled")]
    check(rows == [("FOUND", 11, 1)], f"a pull that waited gave {rows}")


for _client in JAVA:
    case(f"pull-consumer-{_client}", limit=200)(lambda c, client=_client: _old_pull(c, client))


@case("offsets-by-time")
def _(c):
    """First and last offset of a queue, and the offset at a time: before, between and after the messages."""
    topic = c.topic(queues=1)
    c.send("java540", 5, topic=topic)
    time.sleep(0.3)
    middle = int(time.time() * 1000)
    time.sleep(0.3)
    c.send("java540", 5, topic=topic, first=5)

    def at(when, client="java540"):
        row = c.driver(client, "offsets", topic=topic, at=when).finish().of("queue")[0]
        check((row["min"], row["max"]) == (0, 10), f"the queue is said to go from {row['min']} to {row['max']}")
        return row["at"]

    check(at(middle) == 5, "the offset in the middle is not 5")
    check(at(middle, "java498") == 5, "the offset in the middle is not 5 for the old client")
    check(at(1000) == 0, "the offset long ago is not 0")
    future = at(middle + 3_600_000)
    check(future == 10, f"the offset in an hour is {future}, not 10")


@case("offsets-by-time-with-boundaries")
def _(c):
    """LOWER and UPPER, to the millisecond: at the time of several messages, between, before the first, after the last; and without any."""
    topic = c.topic(queues=2)
    with Connection(c.server.port, timeout=20) as raw:
        def ask(code, queue=0, **more):
            answer = raw.call(code, {"topic": topic, "queueId": queue, **more})
            check(answer.code == 0, f"{code}: {answer}")
            return int(answer.fields.get("offset") or answer.fields["timestamp"])

        def at(time_ms, boundary, queue=0):
            return ask(SEARCH_OFFSET, queue, timestamp=time_ms, boundaryType=boundary)

        def stored(answer):
            position = int(answer.fields["msgId"].split(",")[0][-16:], 16)
            return struct.unpack_from(">q", raw.call(VIEW_MESSAGE, {"offset": position}).body, 56)[0]

        for boundary in ("LOWER", "UPPER"):
            check(at(5, boundary) == 0, f"an empty queue, {boundary}: {at(5, boundary)}")
        check(ask(EARLIEST_TIME) == -1, f"an empty queue's earliest time is {ask(EARLIEST_TIME)}")
        times = []
        for _ in range(3):  # three batches of three: messages of one have the same time
            fields = dict(zip("abcdefghijkm", ("raw", topic, "TBW102", 4, 0, 0, 1700000000000, 0, "", 0, "false", "true")))
            answer = raw.call(SEND_BATCH_MESSAGE, fields, batch_item(b"x") * 3)
            check(answer.code == 0, f"a batch is answered with {answer}")
            times.append(stored(answer))
            time.sleep(0.02)  # so that the next one has another time
        first, second, third = times
        c.until(lambda: ask(GET_MAX_OFFSET) == 9, 10, "the messages in the index")
        for time_ms, lower, upper in ((first - 1, 0, 0), (first, 0, 2), (first + 1, 3, 2), (second, 3, 5), (second + 1, 6, 5),
                                      (third, 6, 8), (third + 1, 9, 8), (third + 10**9, 9, 8)):
            got = at(time_ms, "LOWER"), at(time_ms, "UPPER")
            check(got == (lower, upper), f"{time_ms} among {times}: LOWER and UPPER are {got}, not {(lower, upper)}")
        check(ask(SEARCH_OFFSET, timestamp=second) == 3, "without a boundary it is not LOWER")
        check((ask(EARLIEST_TIME), ask(GET_MIN_OFFSET)) == (first, 0), f"the earliest time is {ask(EARLIEST_TIME)}, not {first}")


def _view(c, client):
    topic = c.topic()
    sent = c.send(client, 3, topic=topic, tags="t1", keys="k", size=9000)
    for one in sent:
        got = c.driver(client, "view", topic=topic, id=one["offsetId"]).finish().of("got")[0]
        check((got["s"], got["q"], got["o"], got["tags"]) == (one["s"], one["q"], one["o"], "t1") and got["whole"],
              f"asked for message {one['s']}, got {got['n']} at {(got['q'], got['o'])}")


for _client in JAVA:
    case(f"view-by-id-{_client}")(lambda c, client=_client: _view(c, client))


@case("long-poll-wakes")
def _(c):
    """A consumer that waits at the end of a queue gets a new message within a second, not at the next poll."""
    topic = c.topic(queues=2)
    consumer = c.consumer("java540", topic=topic, group=c.name("g"))
    c.send("java540", 2, topic=topic)
    consumer.wait_count("got", 2, 60)
    consumer.quiet(2, 4)  # its pulls wait at the broker now
    c.send("java540", 10, topic=topic, first=2)
    consumer.wait_count("got", 12, 30)
    late = {e["s"]: e["at"] - e["stored"] for e in consumer.finish().of("got")[2:]}
    check(max(late.values()) < 1000, f"milliseconds from store to consumer: {late}")
