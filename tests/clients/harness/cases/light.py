"""Light message queues (LMQ): one record in many queues."""
from ..case import case, check
from ..remoting import GET_MAX_OFFSET, GET_MIN_OFFSET, SEND_MESSAGE, Connection, send_fields
from .sending import once

ON = {"enableLmq": "true", "enableMultiDispatch": "true"}


def _server(c, **more):
    settings = {**ON, **more}
    return (c.new_server(settings) if c.suite.against == "sluice" else c.new_apache(settings)).start()


def _pull(c, server, topic, lmq, n, client="java540"):
    got = c.driver(client, "lightpull", server, topic=topic, group=c.name("g-" + lmq), lmq=lmq, n=n, quiet=20000)
    return got.finish(60).of("got")


@case("light-queues", group=None, limit=150)
def _(c):
    """What names them lies in all of them, for pulling and for pushing consumers, also those that were there first."""
    server = _server(c)
    topic = c.topic(server=server)
    early = c.consumer("java540", server, topic="%LMQ%b", parent=topic, group=c.name("early"))
    c.send("java540", 10, server, topic=topic, lmq="a,b")
    c.send("java498", 5, server, topic=topic, lmq="b", first=10)
    c.send("java540", 5, server, topic=topic, first=15)
    once(_pull(c, server, topic, "a", 10), [f"p0/{i}" for i in range(10)])
    once(_pull(c, server, topic, "b", 15, "java498"), [f"p0/{i}" for i in range(15)])
    early.wait_count("got", 15, 60)
    once(early.finish().of("got"), [f"p0/{i}" for i in range(15)])
    with Connection(server.port, timeout=20) as raw:
        for lmq, most in (("%LMQ%a", 10), ("%LMQ%b", 15), ("%LMQ%never", 0)):
            end = raw.call(GET_MAX_OFFSET, {"topic": lmq, "queueId": 0})
            first = raw.call(GET_MIN_OFFSET, {"topic": lmq, "queueId": 0})
            check((end.fields.get("offset"), first.fields.get("offset")) == (str(most), "0"), f"{lmq}: {end.fields}, {first.fields}")


@case("light-queues-by-pop", group=None, limit=150, against=("sluice",))
def _(c):
    """The broker shares them out, members pop them, and acknowledge each message once."""
    server = _server(c, defaultMessageRequestMode="POP")
    topic = c.topic(server=server)
    c.send("java540", 12, server, topic=topic, lmq="a")
    popped = c.consumer("java540", server, topic="%LMQ%a", parent=topic, group=c.name("g"), pop=10_000)
    popped.wait_count("got", 12, 60)
    popped.quiet(12, 14)
    once(popped.finish().of("got"), [f"p0/{i}" for i in range(12)])


@case("light-queues-after-a-kill", group=None, limit=150, against=("sluice",))
def _(c):
    """They are as long as before, and go on there; a delayed and a committed message find them, too."""
    server = _server(c)
    topic = c.topic(server=server)
    c.send("java540", 10, server, topic=topic, lmq="a")
    c.send("java540", 3, server, topic=topic, lmq="a", first=10, delay="2")
    server.kill()
    server.start()
    c.send("java540", 5, server, topic=topic, lmq="a", first=13)
    once(_pull(c, server, topic, "a", 18), [f"p0/{i}" for i in range(18)])


@case("light-queues-with-bad-names", group=None, against=("sluice",))
def _(c):
    """Refused, with the name: Apache's broker takes them, and its index then stands still."""
    server = _server(c, maxLmqConsumeQueueNum=3)
    topic = c.topic(server=server)
    with Connection(server.port, timeout=20) as raw:
        def send(names):
            return raw.call(SEND_MESSAGE, send_fields(topic, properties=f"INNER_MULTI_DISPATCH\1{names}\2"), b"x")
        for names in ("plain", "%LMQ%", "%LMQ%a,plain", "%LMQ%a,%LMQ%a", "%LMQ%a/b"):
            answer = send(names)
            check(answer.code == 13 and "INNER_MULTI_DISPATCH" in answer.remark, f"{names}: {answer}")
        check(send("%LMQ%a,%LMQ%b,%LMQ%c").code == 0, "three queues are refused")
        answer = send("%LMQ%d")
        check(answer.code == 2 and "maxLmqConsumeQueueNum" in answer.remark, f"one queue too many: {answer}")
