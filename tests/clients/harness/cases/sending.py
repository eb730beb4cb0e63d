"""Messages go in one way or another and come out once, with everything that was put on them."""
import itertools

from ..case import case, check
from ..remoting import SEND_MESSAGE, Connection, frame, header, send_fields

STOCK = ("java540", "java498", "go")
CLIENTS = (*STOCK, "cpp")


def once(got, expected, what="messages"):
    """Fails unless `got` has each of the expected p/s names exactly once, with a whole body."""
    names = [e["n"] for e in got]
    missing, more = set(expected) - set(names), len(names) - len(set(names))
    strange = set(names) - set(expected)
    check(not missing, lambda: f"{len(missing)} of {len(expected)} {what} never came, such as {sorted(missing)[:3]}")
    check(more == 0, lambda: f"{more} {what} came more than once{doubles(got)}")
    check(not strange, lambda: f"{what} came that nobody sent, such as {sorted(strange)[:3]}")
    broken = [e["n"] for e in got if not e["whole"]]
    check(not broken, lambda: f"the bodies of {len(broken)} {what} changed on the way, such as {broken[:3]}")


def doubles(got):
    """Where the first messages that came twice came to: ", such as ..."."""
    seen, told = {}, []
    for e in got:
        first = seen.setdefault(e["n"], e)
        if first is not e and len(told) < 3:
            ways = [f"{x['by']} from {(x['q'], x['o'])} at {x['at']}" for x in (first, e)]
            told.append(f"{e['n']} to {ways[0]} and to {ways[1]}")
    return ", such as " + "; ".join(told)


def _send_and_receive(c, client, mode):
    topic, n = c.name("t"), 40
    sent = c.send(client, n, topic=topic, mode=mode, keys="k", tags="red,blue", prop_test1="one", **{"prop.test2": "zwei ü €"})
    got_by = c.consumer(client, topic=topic, group=c.name("g"), sub="red || blue")
    got_by.wait_count("got", n, 60)
    got_by.quiet(1, 5)
    got = got_by.finish().of("got")
    once(got, [f"p0/{i}" for i in range(n)])
    for e in got:
        i = e["s"]
        check(e["tags"] == ("red", "blue")[i % 2], f"message {i} came with tag {e['tags']}")
        check(e["keys"].strip() == f"k{i} allk", f"message {i} came with keys {e['keys']!r}")
        check(e["prop"] == {"test1": "one", "test2": "zwei ü €"}, f"message {i} came with properties {e['prop']}")
    where = {e["s"]: (e["q"], e["o"]) for e in sent}
    for e in got:
        expected = where.get(e["s"])
        check(expected is None or expected == (e["q"], e["o"]),
              f"message {e['s']} was acknowledged at queue, offset {expected}, came from {(e['q'], e['o'])}")


for _client, _mode in itertools.product(CLIENTS, ("sync", "async", "oneway")):
    case(f"send-{_mode}-{_client}")(lambda c, client=_client, mode=_mode: _send_and_receive(c, client, mode))


def _tag_filter(c, client):
    topic = c.topic()
    c.send(client, 60, topic=topic, tags="red,blue,green")
    got_by = c.consumer(client, topic=topic, group=c.name("g"), sub="red || green")
    got_by.wait_count("got", 40, 60)
    got_by.quiet(2, 6)
    once(got_by.finish().of("got"), [f"p0/{i}" for i in range(60) if i % 3 != 1], "messages with tag red or green")


for _client in CLIENTS:
    case(f"tag-filter-{_client}")(lambda c, client=_client: _tag_filter(c, client))


@case("clients-read-each-other")
def _(c):
    """Each client reads what each other client wrote, compressed bodies too."""
    topic = c.topic()
    for client in CLIENTS:
        c.send(client, 10, topic=topic, p=client, size=10000)
    for client in CLIENTS:
        got_by = c.consumer(client, topic=topic, group=c.name("g-" + client))
        got_by.wait_count("got", 10 * len(CLIENTS), 60)
        once(got_by.finish().of("got"), [f"{p}/{i}" for p in CLIENTS for i in range(10)])


def _share(c, first, second, **args):
    """Two consumers of a group, of different make, share the queues: each message comes to one of them."""
    topic, group = c.topic(queues=8), c.name("g")
    one = c.consumer(first, topic=topic, group=group, **args)
    two = c.consumer(second, topic=topic, group=group, **args)
    total = 0

    def shared():
        # How the queues are shared becomes visible only through messages; some may come twice while it settles.
        nonlocal total
        c.send("java540", 16, topic=topic, first=total)
        total += 16
        one.quiet(1, 3)
        two.quiet(1, 3)
        last = [{e["q"] for e in d.of("got") if e["s"] >= total - 16} for d in (one, two)]
        return total >= 32 and len(last[0]) == 4 and len(last[1]) == 4 and not last[0] & last[1]

    c.until(shared, 60, "a fair share of the queues", every=1)
    got = one.finish().of("got") + two.finish().of("got")
    check({e["s"] for e in got} == set(range(total)), "messages were skipped")


case("two-consumers-share")(lambda c: _share(c, "java540", "java498"))
for _first, _second in itertools.permutations(("java540", "cpp")):
    case(f"two-consumers-share-{_first}-{_second}")(lambda c, one=_first, two=_second: _share(c, one, two))
case("two-consumers-share-in-order")(lambda c: _share(c, "java540", "cpp", listener="orderly"))


def _many_at_once(c, server):
    """What many connections send at the same moment goes into the log together: each is answered for its own message, whoever hangs up."""
    topic, queues, rounds = c.topic(server=server, queues=2), 2, 40
    connections = [Connection(server.port, timeout=20) for _ in range(24)]
    stored = {}
    try:
        for number in range(rounds):
            asked = []
            for i, one in enumerate(connections):
                body = b"%d/%d " % (number, i) + b"x" * (i * 137 % 3000)
                queue = 99 if i % 8 == 5 else i % queues  # there is no such queue
                head = header(SEND_MESSAGE, send_fields(topic, queue))
                one.raw(frame(head, body))
                asked.append((one, head["opaque"], queue, body))
            with Connection(server.port) as gone:
                gone.raw(frame(header(SEND_MESSAGE, send_fields(topic, 0)), b"gone"))
            for one, opaque, queue, body in asked:
                answer = one.answer()
                check(answer.opaque == opaque, f"answer {answer.opaque} came, not {opaque}")
                check((answer.code == 0) == (queue < queues), f"a send to queue {queue} is answered with {answer}")
                if answer.code == 0:
                    stored[queue, int(answer.fields["queueOffset"])] = body
    finally:
        for one in connections:
            one.socket.close()
    check(len(stored) == rounds * 21, f"{len(stored)} places for {rounds * 21} messages")
    with Connection(server.port) as broker:
        for (queue, offset), body in sorted(stored.items()):
            answer = broker.call(11, {"consumerGroup": "g", "topic": topic, "queueId": queue, "queueOffset": offset, "maxMsgNums": 1, "sysFlag": 4,
                                      "commitOffset": 0, "suspendTimeoutMillis": 0, "subscription": "*", "subVersion": 0, "expressionType": "TAG"})
            check(answer.code == 0 and body in answer.body, f"queue {queue}, offset {offset} is not {body[:20]}: {answer.code}")


for _flush in ("SYNC_FLUSH", "ASYNC_FLUSH"):
    case(f"send-by-many-at-once-{_flush.lower().replace('_', '-')}", group=None, against=("sluice",))(
        lambda c, flush=_flush: _many_at_once(c, c.new_server({"flushDiskType": flush, "reactors": 1}).start()))
