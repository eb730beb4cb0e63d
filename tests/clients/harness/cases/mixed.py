"""Many messages of mixed sizes, from several producers to several consumers."""
import collections
import itertools

from ..case import case, check
from ..remoting import SEND_MESSAGE, Connection, send_fields
from .sending import CLIENTS, once


def _mixed_sizes(c, client):
    """4 producers, 3 push consumers, 1 B to 4 MiB: every message once, in the order of its producer, with no gap in a queue."""
    n, queues = 100_000 if c.full else 5_000, 12
    topic = c.topic(queues=queues)
    consumers = c.consumer(client, topic=topic, group=c.name("g"), instances=3, batch=8)
    wait_for_shares(c, consumers, topic, queues, instances=3)
    sent = c.driver(client, "mix", topic=topic, n=n, producers=4).finish(280).of("sent")
    check(len(sent) == n, f"{len(sent)} of {n} sends were acknowledged")
    probes = sum(e["p"] == "probe" for e in consumers.of("got"))
    consumers.wait_count("got", n + probes, 120)
    consumers.quiet(1, 5)
    got = consumers.of("got")  # before they leave one by one: who takes a queue over may see its last messages again
    consumers.finish()
    messages = [e for e in got if e["p"] != "probe"]
    once(messages, [f"{e['p']}/{e['s']}" for e in sent])
    stands_where_sent(sent, messages)
    dense({(e["q"], e["o"]): e for e in got}.values(), queues)  # a probe may have come twice
    in_order(messages)


for _client in ("java540", "java498", "go"):
    case(f"mixed-sizes-{_client}", limit=330, weight=100, group="mixed", full_only=_client != "java540")(
        lambda c, client=_client: _mixed_sizes(c, client))


def wait_for_shares(c, consumers, topic, queues, instances):
    """Waits until the queues are shared out: a queue that changes hands may bring messages twice, by design of the protocol.

    Whose a queue is shows only through messages, so each round sends a probe into every queue.
    """
    rounds = 0

    def shared():
        nonlocal rounds
        rounds += 1
        with Connection(c.server.port) as broker:
            for q in range(queues):
                properties = f"p\1probe\2s\1{rounds * queues + q}\2"
                check(broker.call(SEND_MESSAGE, send_fields(topic, q, properties=properties), b"probe").code == 0, "a probe fails")
        consumers.quiet(2, 6)
        owners = collections.Counter(e["by"] for e in consumers.of("got") if e["s"] >= rounds * queues)
        return sorted(owners.values()) == [queues // instances] * instances

    c.until(shared, 60, f"a fair share of {queues} queues for {instances} consumers")


def stands_where_sent(sent, got):
    where = {(e["p"], e["s"]): (e["q"], e["o"]) for e in sent}
    wrong = [e for e in got if where[e["p"], e["s"]] != (e["q"], e["o"])]
    check(not wrong, lambda: f"{len(wrong)} messages came from another place than acknowledged, such as {wrong[0]['n']}")


def by_queue(got):
    found = collections.defaultdict(list)
    for e in got:
        found[e["q"]].append(e)
    return {q: sorted(es, key=lambda e: e["o"]) for q, es in found.items()}


def dense(got, queues):
    found = by_queue(got)
    check(len(found) == queues, f"messages in {len(found)} of {queues} queues")
    for q, events in found.items():
        check([e["o"] for e in events] == list(range(len(events))), f"queue {q}: the offsets have gaps or doubles")


def in_order(got):
    for q, events in by_queue(got).items():
        last = collections.defaultdict(lambda: -1)
        for e in events:
            check(e["s"] > last[e["p"]], f"queue {q}: message {e['n']} stands after {e['p']}/{last[e['p']]}")
            last[e["p"]] = e["s"]


@case("largest-body", group="mixed")
def _(c):
    """4 MiB exactly, not compressed and compressed, comes through every client."""
    topic = c.topic(queues=1)
    for client in ("java540", "java498"):
        c.send(client, 1, topic=topic, p=client + "-plain", size=4 << 20, compress=1 << 30)
        c.send(client, 1, topic=topic, p=client + "-packed", size=4 << 20)
    c.send("go", 1, topic=topic, p="go", size=3 << 20)
    expected = [f"{p}/0" for p in ("java540-plain", "java540-packed", "java498-plain", "java498-packed", "go")]
    for client in ("java540", "go"):
        got_by = c.consumer(client, topic=topic, group=c.name("g-" + client))
        got_by.wait_count("got", len(expected), 60)
        once(got_by.finish().of("got"), expected)


def _broadcast(c, client, from_where):
    topic, n = c.topic(), 100
    if from_where == "first":
        c.send(client, n, topic=topic)
    consumers = c.consumer(client, topic=topic, group=c.name("g"), instances=3, model="BROADCASTING", **{"from": from_where})
    if from_where == "last":
        # A client looks up where the end is only after its start returned, and does not say when.
        consumers.quiet(3, 4)
        c.send("java540", n, topic=topic)
    consumers.wait_count("got", 3 * n, 60)
    consumers.quiet(1, 4)
    got = consumers.finish().of("got")
    for name in ("c0", "c1", "c2"):
        once([e for e in got if e["by"] == name], [f"p0/{i}" for i in range(n)], f"messages for consumer {name}")


for _client, _from in itertools.product(CLIENTS, ("first", "last")):
    case(f"broadcast-{_from}-{_client}", group="mixed")(lambda c, client=_client, where=_from: _broadcast(c, client, where))
