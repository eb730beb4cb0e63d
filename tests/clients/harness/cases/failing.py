"""What fails: consumers that die, a broker that dies or restarts. Nothing acknowledged is lost, nothing is skipped."""
import time

from ..case import case, check
from ..remoting import QUERY_CONSUMER_OFFSET, SEND_MESSAGE, UPDATE_CONSUMER_OFFSET, Connection, frame, header, send_fields
from .sending import once


@case("consumer-killed", limit=150, weight=60)
def _(c):
    """The queues of a consumer that was killed move to the others; what it had not finished comes again."""
    topic, group = c.topic(queues=6), c.name("g")
    living = c.consumer("java540", topic=topic, group=group)
    doomed = c.consumer("java540", topic=topic, group=group)
    load = c.driver("java540", "load", topic=topic, size=100)
    doomed.wait_count("got", 100, 60)
    doomed.kill()
    killed = time.monotonic()
    queues = {e["q"] for e in doomed.of("got")}
    since = time.time() * 1000

    def moved():
        return {e["q"] for e in living.of("got") if e["at"] > since} >= set(range(6))

    c.until(moved, 45, f"messages of the queues {queues} of the killed consumer")
    took = time.monotonic() - killed
    check(took <= 30, f"the queues moved only after {took:.0f} s")
    sent = load.finish().of("sent")

    def all_came():
        return {e["s"] for d in (living, doomed) for e in d.of("got")} >= {e["s"] for e in sent}

    c.until(all_came, 30, "every acknowledged message")


def dense(queue, offsets):
    """Fails unless the sorted offsets are 0, 1, 2, ..."""
    doubled = [a for a, b in zip(offsets, offsets[1:]) if a == b]
    check(not doubled, lambda: f"queue {queue}: {len(doubled)} offsets came twice, such as {doubled[:3]}")
    missing = sorted(set(range(offsets[-1] + 1 if offsets else 0)) - set(offsets))
    check(not missing, lambda: f"queue {queue}: {len(missing)} offsets have no message, such as {missing[:3]} of {offsets[-1]}")


def _broker_killed(c, flush):
    """kill -9 under load, twice, on the same store: each acknowledged message is where it was acknowledged."""
    server = c.new_server({"flushDiskType": flush}).start()
    topic = c.topic(server=server)
    loads = [c.driver("java540", "load", server, topic=topic, p=f"p{i}", size=500, timeout=3000) for i in range(2)]
    consumer = c.consumer("java540", server, topic=topic, group=c.name("g"))
    for _ in range(2):
        marks = [len(load.of("sent")) for load in loads]
        for load, mark in zip(loads, marks):
            load.wait(lambda d, m=mark: len(d.of("sent")) >= m + 150, 60, "sends that succeed")
        server.kill()
        server.start()
    for load in loads:
        load.wait_count("sent", len(load.of("sent")) + 50, 60)
    sent = [e for load in loads for e in load.finish().of("sent")]
    wanted = {(e["p"], e["s"]) for e in sent}
    c.until(lambda: {(e["p"], e["s"]) for e in consumer.of("got")} >= wanted, 60, "every acknowledged message at the consumer")
    consumer.finish()
    # The judge is a fresh reader from the beginning: what the log says now.
    everything = c.driver("java540", "litepull", server, topic=topic, group=c.name("judge"), how="assign", n=10**9, quiet=2500)
    found = everything.finish(60).of("got")
    stands = {}
    for e in found:
        stands.setdefault((e["p"], e["s"]), set()).add((e["q"], e["o"]))
    for e in sent:
        place, seen = (e["q"], e["o"]), stands.get((e["p"], e["s"]), set())
        check(place in seen, f"message {e['p']}/{e['s']} was acknowledged at queue, offset {place}, stands at {seen or 'no place'}")
    check(all(e["whole"] for e in found), "a body changed")
    # The reader's seek to the beginning races with its own first pulls: it may show a message twice, but not two at one place.
    places = {(e["q"], e["o"], e["p"], e["s"]) for e in found}
    for q in range(4):
        dense(q, sorted(o for queue, o, _, _ in places if queue == q))


for _flush in ("SYNC_FLUSH", "ASYNC_FLUSH"):
    case(f"broker-killed-{_flush.lower().replace('_', '-')}", group=None, limit=200, weight=80)(
        lambda c, flush=_flush: _broker_killed(c, flush))


@case("clean-restart-keeps-progress", group=None, limit=200, weight=70)
def _(c):
    """SIGTERM and start again: a group that had stored its progress goes on from there, no message comes again."""
    server = c.new_server().start()
    topic, group, n = c.topic(server=server), c.name("g"), 200
    c.send("java540", n, server, topic=topic)
    # Its shutdown stores its progress: what its listeners have returned, so it must wait for those that have not.
    first = c.consumer("java540", server, topic=topic, group=group, **{"await": 20000})
    first.wait_count("got", n, 60)
    once(first.finish().of("got"), [f"p0/{i}" for i in range(n)])
    server.stop()
    server.start()
    c.send("java540", 50, server, topic=topic, first=n)
    second = c.consumer("java540", server, topic=topic, group=group)
    second.wait_count("got", 50, 60)
    second.quiet(2, 5)
    once(second.finish().of("got"), [f"p0/{i}" for i in range(n, n + 50)], "messages after the restart")


@case("clean-restart-under-consumer", group=None, limit=200, weight=70)
def _(c):
    """A consumer that stays while the broker restarts loses nothing; only unstored progress may come again."""
    server = c.new_server().start()
    topic = c.topic(server=server)
    consumer = c.consumer("java540", server, topic=topic, group=c.name("g"), persist=1000)
    c.send("java540", 200, server, topic=topic)
    consumer.wait_count("got", 200, 60)
    consumer.quiet(2, 3)  # one interval of storing progress goes by
    server.stop()
    server.start()
    c.send("java540", 50, server, topic=topic, first=200)
    consumer.wait_count("got", 250, 60)
    consumer.quiet(2, 5)
    once(consumer.finish().of("got"), [f"p0/{i}" for i in range(250)])


@case("progress-survives-kill", group=None, against=("sluice",))
def _(c):
    """Commits that were waited for survive a kill at once; one-way ones when they are a second old."""
    server = c.new_server().start()
    topic = c.topic(server=server)
    commit = {"consumerGroup": "g", "topic": topic, "queueId": 0}
    with Connection(server.port) as broker:
        for i in range(20):  # a start takes back what is past a queue's end
            check(broker.call(SEND_MESSAGE, send_fields(topic, i % 2), b"x").code == 0, "a send failed")
        raw = header(UPDATE_CONSUMER_OFFSET, {**commit, "queueId": 1, "commitOffset": 7}, flag=2)
        broker.raw(frame(raw))
        time.sleep(1.5)  # the promise is about time
        for offset in (5, 9, 4):
            answer = broker.call(UPDATE_CONSUMER_OFFSET, {**commit, "commitOffset": offset})
            check(answer.code == 0, f"the commit was answered with {answer}")
        server.kill()
    server.start()
    with Connection(server.port) as broker:
        for queue, wanted in ((0, "4"), (1, "7")):
            answer = broker.call(QUERY_CONSUMER_OFFSET, {**commit, "queueId": queue})
            check(answer.fields.get("offset") == wanted, f"queue {queue} of the group stands at {answer.fields}, {answer}")
