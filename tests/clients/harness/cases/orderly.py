"""Orderly listeners: one consumer a queue at a time, in the order of the queue."""
from ..case import case, check
from .mixed import in_order
from .sending import once


def received_in_order(events):
    """The lines of one consumer process, in the order it printed them, follow the offsets of each queue."""
    last = {}
    for e in events:
        check(e["o"] > last.get(e["q"], -1), f"queue {e['q']}: offset {e['o']} came after {last.get(e['q'])}")
        last[e["q"]] = e["o"]


@case("orderly-keeps-order", limit=150)
def _(c):
    topic, n = c.topic(queues=4), 2000 if c.full else 600
    consumer = c.consumer("java540", topic=topic, group=c.name("g"), listener="orderly", instances=2)
    c.driver("java540", "mix", topic=topic, n=n, producers=4, max=2000).finish(60)
    consumer.wait_count("got", n, 90)
    consumer.quiet(1, 4)
    got = consumer.finish().of("got")
    once(got, [f"p{p}/{s}" for p in range(4) for s in range(n // 4)])
    received_in_order(got)
    in_order(got)


@case("orderly-single-owner", limit=200, weight=50)
def _(c):
    """A second consumer joins while messages flow: at no time do two of them work on one queue, and order holds."""
    topic, group = c.topic(queues=4), c.name("g")
    one = c.consumer("java540", topic=topic, group=group, listener="orderly", pause=2)
    load = c.driver("java540", "load", topic=topic, pause=2)  # no faster than consumers that work in order
    one.wait_count("got", 200, 60)
    two = c.consumer("java498", topic=topic, group=group, listener="orderly", pause=2)
    two.wait_count("got", 200, 90)  # it owns queues now: the first gave up locks, the second took them
    sent = load.finish().of("sent")

    def all_came():
        return {e["s"] for d in (one, two) for e in d.of("got")} >= {e["s"] for e in sent}

    c.until(all_came, 60, "every acknowledged message")
    got_one, got_two = one.finish().of("got"), two.finish().of("got")
    # A consumer that gives a queue up may have worked on messages whose progress is not yet stored: the next one sees
    # those again, but only those; so each process for itself sees rising offsets, and the hand-over happens once a queue.
    received_in_order(got_one)
    received_in_order(got_two)
    for q in {e["q"] for e in got_two}:
        begin = min(e["at"] for e in got_two if e["q"] == q)
        end = max((e["at"] for e in got_one if e["q"] == q), default=0)
        check(end <= begin + 5, f"queue {q}: the first consumer worked on it {end - begin} ms after the second began")


def _by_key(c, client):
    """Messages with a sharding key: those of one key lie in one queue, in the order in which they were sent, and come in it."""
    topic, n, keys = c.topic(queues=4), 120, [f"customer{i}" for i in range(7)]
    sent = c.send(client, n, topic=topic, shard=",".join(keys))
    # One member: queues that change hands may bring a message again, which the cases of rebalancing are about.
    consumer = c.consumer(client, topic=topic, group=c.name("g"), listener="orderly")
    consumer.wait_count("got", n, 60)
    got = consumer.finish().of("got")
    once(got, [f"p0/{i}" for i in range(n)])
    received_in_order(got)
    for i in range(len(keys)):
        mine = [e for e in got if e["s"] % len(keys) == i]
        check(len({e["q"] for e in mine}) == 1, f"{keys[i]} is in several queues")
        numbers = [e["s"] for e in mine]
        check(numbers == sorted(numbers), f"{keys[i]} came in the order {numbers}")
    check(len({e["q"] for e in sent}) > 1, "all keys are in one queue")


for _client in ("java540", "java498"):
    case(f"ordered-by-sharding-key-{_client}")(lambda c, client=_client: _by_key(c, client))
