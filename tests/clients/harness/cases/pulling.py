"""Pulling clients and what one can ask about queues and single messages."""
import time

from ..case import case, check
from .sending import once

JAVA = ("java540", "java498")


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


for _client in JAVA:
    for _how in ("assign", "subscribe"):
        case(f"litepull-{_how}-{_client}", limit=150)(lambda c, client=_client, how=_how: _lite(c, client, how))


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
