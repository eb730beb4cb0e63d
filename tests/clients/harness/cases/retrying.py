"""What comes later: delayed messages, messages that consumers give back, dead letters. Never early, never lost."""
import time

from .. import remoting
from ..case import case, check
from .sending import CLIENTS, once

SHORT = {"messageDelayLevel": "1s 1s 1s 2s 2s 3s"}
STOCK = {1: 1000, 2: 5000, 3: 10000}  # ms
LATE = 1000  # ms; a message may be seen this much after its time on a busy machine
DELIVERED_LATE = 300  # ms; the broker's own share


def _by_try(got, name):
    """The lines of one message, in the order of its tries."""
    return sorted((e for e in got if e["n"] == name), key=lambda e: e["again"])


def _gaps(c, got, names, waits):
    """Fails unless each message came 1 + len(waits) times with those times (ms) between."""
    for name in names:
        lines = _by_try(got, name)
        tries = [e["again"] for e in lines]
        check(tries == list(range(len(waits) + 1)), lambda: f"message {name} came with reconsumeTimes {tries}")
        for wait, a, b in zip(waits, lines, lines[1:]):
            took = b["stored"] - a["at"]
            check(wait - 20 <= took, lambda: f"message {name} came again after {took} ms, its level has {wait}")
            check(took <= wait + LATE, lambda: f"message {name} came again only after {took} ms, its level has {wait}")


def _retry(c, client):
    server = c.new_server(SHORT).start()
    topic, group, n = c.topic(server=server), c.name("g"), 5
    consumer = c.consumer(client, server, topic=topic, group=group, fail=3)
    c.send(client, n, server, topic=topic)
    consumer.wait_count("got", 4 * n, 60)
    consumer.quiet(2, 5)
    got = consumer.finish().of("got")
    check(all(e["topic"] == topic for e in got), "a message came again with another topic")
    _gaps(c, got, [f"p0/{i}" for i in range(n)], [1000, 2000, 2000])


for _client in CLIENTS:
    case(f"retry-{_client}", group=None, against=("sluice",))(lambda c, client=_client: _retry(c, client))


@case("retry-at-levels-of-the-consumer")
def _(c):
    """A consumer that names the delay level of each retry, with stock levels: 1 s and 5 s."""
    topic = c.topic()
    consumer = c.consumer("java540", topic=topic, group=c.name("g"), fail=2, levels="1,2")
    c.send("java540", 3, topic=topic)
    consumer.wait_count("got", 9, 60)
    _gaps(c, consumer.finish().of("got"), [f"p0/{i}" for i in range(3)], [1000, 5000])


def _dead_letters(c, client):
    server = c.new_server(SHORT).start()
    topic, group, n = c.topic(server=server), c.name("g"), 4
    consumer = c.consumer(client, server, topic=topic, group=group, fail=99, max=2)
    c.send(client, n, server, topic=topic, tags="red")
    consumer.wait_count("got", 3 * n, 60)
    reader = c.consumer(client, server, topic=f"%DLQ%{group}", group=c.name("reader"))
    reader.wait_count("got", n, 60)
    consumer.quiet(2, 6)
    check(len(consumer.finish().of("got")) == 3 * n, "dead messages came again")
    dead = reader.finish().of("got")
    once(dead, [f"p0/{i}" for i in range(n)], "dead letters")
    for e in dead:
        kept = e["retry"]
        check(kept.get("DLQ_ORIGIN_TOPIC") == topic, f"a dead letter's origin is {kept}")
        check(kept.get("RETRY_TOPIC") == topic and kept.get("DLQ_ORIGIN_MESSAGE_ID"), f"a dead letter has {kept}")
        check("limit" in kept.get("DLQ_REASON", ""), f"a dead letter's reason is {kept}")
        check(e["again"] == 3 and e["tags"] == "red", f"a dead letter came with reconsumeTimes {e['again']}, tag {e['tags']}")


for _client in CLIENTS:
    case(f"dead-letters-{_client}", group=None, against=("sluice",))(lambda c, client=_client: _dead_letters(c, client))


def _on_time(sent, got):
    """Never early by the sender's own clock; late counted from the acknowledgement, as a client's first send takes its time."""
    acknowledged = {e["s"]: e["at"] for e in sent}
    for e in got:
        wait = STOCK[int(e["retry"]["DELAY"])]
        check(e["stored"] - e["born"] >= wait, lambda: f"message {e['n']} was delivered after {e['stored'] - e['born']} ms, its level has {wait}")
        stored, seen = e["stored"] - acknowledged[e["s"]], e["at"] - acknowledged[e["s"]]
        check(stored <= wait + DELIVERED_LATE, lambda: f"message {e['n']} was delivered only after {stored} ms, its level has {wait}")
        check(seen <= wait + LATE, lambda: f"message {e['n']} was seen only after {seen} ms, its level has {wait}")


def _delayed(c, client):
    topic, n = c.topic(), 30
    consumer = c.consumer(client, topic=topic, group=c.name("g"))
    sent = c.send(client, n, topic=topic, delay="1,2,3")
    consumer.wait_count("got", n, 60)
    got = consumer.finish().of("got")
    once(got, [f"p0/{i}" for i in range(n)])
    _on_time(sent, got)


for _client in CLIENTS:
    case(f"delayed-send-{_client}")(lambda c, client=_client: _delayed(c, client))


def _delayed_and_killed(c, flush):
    """kill -9 while messages wait and while they are delivered: none is lost, none is early, none comes twice."""
    server = c.new_server({"flushDiskType": flush}).start()
    topic = c.topic(server=server)
    n = 600
    sent = c.send("java540", n, server, topic=topic, delay="1,2,3", mode="async")
    for pause in (0.3, 2.0, 2.0):
        time.sleep(pause)  # a time at which it is killed, not one that is waited for
        server.kill()
        server.start()
    reader = c.driver("java540", "litepull", server, topic=topic, group=c.name("judge"), how="assign", n=10**9, quiet=12000)
    got = reader.finish(90).of("got")
    once(got, [f"p0/{e['s']}" for e in sent])
    for e in got:
        wait = STOCK[int(e["retry"]["DELAY"])]
        check(e["stored"] - e["born"] >= wait, lambda: f"message {e['n']} was early: {e['stored'] - e['born']} ms of {wait}")


for _flush in ("SYNC_FLUSH", "ASYNC_FLUSH"):
    case(f"delayed-broker-killed-{_flush.lower().replace('_', '-')}", group=None, limit=200, against=("sluice",))(
        lambda c, flush=_flush: _delayed_and_killed(c, flush))


@case("retry-topic-takes-delayed-sends")
def _(c):
    """What clients do when a message cannot be given back: an ordinary send to %RETRY%group with a delay."""
    topic, group = c.topic(), c.name("g")
    consumer = c.consumer("java540", topic=topic, group=group)
    properties = "".join(f"{k}\x01{v}\x02" for k, v in
                         {"DELAY": 1, "RETRY_TOPIC": topic, "p": "raw", "s": 0, "UNIQ_KEY": "0" * 32}.items())
    with remoting.Connection(c.server.port) as raw:
        sent = time.time() * 1000
        answer = raw.call(remoting.SEND_MESSAGE, remoting.send_fields(f"%RETRY%{group}", properties=properties, reconsumeTimes=1,
                                                                      maxReconsumeTimes=16), b"again")
    check(answer.code == 0, f"the send was answered with {answer}")
    consumer.wait_count("got", 1, 30)
    line = consumer.finish().of("got")[0]
    check(line["topic"] == topic and line["again"] == 1, f"came as {line['topic']}, reconsumeTimes {line['again']}")
    check(990 <= line["stored"] - sent <= 1000 + LATE, f"came after {line['stored'] - sent:.0f} ms")
