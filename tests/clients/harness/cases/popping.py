"""Pop: message by message, each under a lease that ends by an acknowledgement or runs out."""
import threading
import time

from ..case import case, check
from ..popping import NO_MESSAGE, NOTIFICATION, PEEK, POLLING_INFO, POLLING_TIMEOUT, Popper
from ..remoting import SEND_MESSAGE, Connection, send_fields
from .sending import once


def fill(c, topic, n, queue=0, server=None, **more):
    with Connection((server or c.server).port) as broker:
        for i in range(n):
            answer = broker.call(SEND_MESSAGE, send_fields(topic, queue, **more), b"%d" % i)
            check(answer.code == 0, f"a send was answered with {answer}")


def popper(c, topic, server=None, group="g"):
    return Popper((server or c.server).port, c.name(group), topic)


def bodies(messages):
    return sorted(int(m.body) for m in messages)


@case("pop-gives-each-message-to-one-member", group="raw")
def _(c):
    topic = c.topic(queues=2)
    fill(c, topic, 20), fill(c, topic, 20, queue=1)
    got = []
    with popper(c, topic) as a, popper(c, topic) as b:
        while (messages := a.pop(5) or b.pop(5)):
            got += messages
            messages = b.pop(3)
            got += messages
    places = [(m.queue, m.offset) for m in got]
    check(sorted(places) == [(q, o) for q in (0, 1) for o in range(20)], f"{len(places)} messages were given out, not each once")


# Apache RocketMQ writes what runs out again, seconds later: these two promise more.
@case("pop-acknowledged-does-not-come-back", group="raw", against=("sluice",))
def _(c):
    topic = c.topic(queues=1)
    fill(c, topic, 10)
    with popper(c, topic) as p:
        first = p.pop(10, invisible=300)
        check(len(first) == 10, f"{len(first)} of 10 messages")
        for m in first[:5]:
            check(p.ack(m).code == 0, "an acknowledgement was refused")
        check(p.pop() == [], "messages came again before their time")
        again = p.pop(poll=3000)
        check(bodies(again) == [5, 6, 7, 8, 9], f"came back: {bodies(again)}")
        check({m.attempts for m in again} == {1}, "the second delivery is not counted")
        check(p.ack_all(again).code == 0, "a batch acknowledgement was refused")
        check(p.pop(poll=500) == [], "an acknowledged message came back")


@case("pop-comes-back-at-its-time", group="raw", against=("sluice",))
def _(c):
    topic = c.topic(queues=1)
    fill(c, topic, 1)
    with popper(c, topic) as p:
        message, = p.pop(invisible=1000)
        again, = p.pop(poll=5000)
        late = time.time() * 1000 - message.popped - 1000
        check(0 <= late < 500, f"came back {late:.0f} ms after its time")  # 50 ms on a machine that is not busy
        check(again.offset == message.offset, "another message came")


@case("pop-put-off-comes-back-then", group="raw")
def _(c):
    topic = c.topic(queues=1)
    fill(c, topic, 2)
    with popper(c, topic) as p:
        a, b = p.pop()
        old = a.receipt
        check(p.put_off(a, 400).code == 0, "putting off was refused")
        check(p.ack(b).code == 0, "the other message's acknowledgement was refused")
        check([m.offset for m in p.pop(poll=5000)] == [0], "the message that was put off did not come back")
        a.receipt = old
        check(p.ack(a).code == 0, "a late acknowledgement is not answered with success")


@case("pop-waits-for-a-message", group="raw")
def _(c):
    topic = c.topic(queues=4)
    with popper(c, topic) as p:
        threading.Timer(0.5, lambda: fill(c, topic, 1, queue=3)).start()
        start = time.monotonic()
        messages = p.pop(poll=10_000)
        check(len(messages) == 1 and time.monotonic() - start < 5, "a waiting pop was not woken by a message")
        answer = p.ask(poll=300)
        check(answer.code == POLLING_TIMEOUT, f"an empty poll was answered with {answer}")


@case("polling-info-counts-waiting-pops", group="raw", against=("sluice",))
def _(c):
    """All pops of the group that wait are counted, on whichever connections and threads of the broker."""
    topic = c.topic(queues=1)
    many = [popper(c, topic) for _ in range(8)]

    def waiting():
        answer = many[0].connection.call(POLLING_INFO, many[0].fields(queueId=0))
        check(answer.code == 0, f"the question was answered with {answer}")
        return int(answer.fields["pollingNum"])

    check(many[0].pop() == [] and waiting() == 0, "a pop waits that nobody sent")
    others = [threading.Thread(target=p.pop, kwargs={"poll": 20_000}) for p in many[1:]]
    for other in others:
        other.start()
    c.until(lambda: waiting() == len(others), 10, "all pops to wait")
    fill(c, topic, len(others))  # wakes them one after the other; who comes first may take several messages
    c.until(lambda: waiting() < len(others), 10, "a pop to be answered")
    c.until(lambda: fill(c, topic, 1) or waiting() == 0, 10, "no pop to wait")
    for other in others:
        other.join()


@case("pop-of-other-tags-is-left-to-their-member", group="raw", against=("sluice",))
def _(c):
    topic = c.topic(queues=1)
    with popper(c, topic) as a, popper(c, topic) as b:
        check(a.pop(tag="A") == [] and b.pop(tag="B") == [], "messages in an empty topic")
        for i in range(6):
            fill(c, topic, 1, properties=f"TAGS\x01{'AB'[i % 2]}\x02")
        mine, theirs = a.pop(tag="A"), b.pop(tag="B")
        check([m.offset for m in mine] == [0, 2, 4], f"the member of A got {[m.offset for m in mine]}")
        check([m.offset for m in theirs] == [1, 3, 5], f"the member of B got {[m.offset for m in theirs]}")


@case("waiting-requests-are-not-woken-for-nothing", group="raw", against=("sluice",))
def _(c):
    """A pop and a pull that wait for a tag are not answered because of messages with another."""
    topic = c.topic(queues=1)
    answers = {}

    def pop():
        with popper(c, topic) as p:
            answers["pop"] = (p.ask(poll=2500, tag="A").code, time.monotonic())

    def pull():
        with Connection(c.server.port, timeout=20) as broker:
            answer = broker.call(11, {"consumerGroup": c.name("p"), "topic": topic, "queueId": 0, "queueOffset": 0, "maxMsgNums": 32,
                                      "sysFlag": 6, "commitOffset": 0, "suspendTimeoutMillis": 2500, "subscription": "A", "subVersion": 0})
            answers["pull"] = (answer.code, time.monotonic())

    start = time.monotonic()
    threads = [threading.Thread(target=ask) for ask in (pop, pull)]
    for thread in threads:
        thread.start()
    while time.monotonic() < start + 1.5:
        fill(c, topic, 1, properties="TAGS\x01B\x02")
    for thread in threads:
        thread.join()
    for what, expected in (("pop", POLLING_TIMEOUT), ("pull", 20)):
        code, at = answers[what]
        check(code == expected and at - start > 2.2, f"the {what} was answered {code} after {at - start:.1f} s")


@case("pop-by-sql", group="raw", against=("sluice",))
def _(c):
    topic = c.topic(queues=1)
    for i in range(6):
        fill(c, topic, 1, properties=f"price\x01{i}\x02")
    with popper(c, topic) as p:
        got = p.pop(expType="SQL92", exp="price > 2")
        check([m.offset for m in got] == [3, 4, 5], f"got {[m.offset for m in got]}")
        answer = p.ask(expType="SQL92", exp="price >")
        check(answer.code == 23, f"malformed SQL was answered with {answer}")


@case("pop-survives-kill", group=None, against=("sluice",))
def _(c):
    server = c.new_server()
    server.start()
    topic = c.topic(queues=2, server=server)
    fill(c, topic, 40, server=server)
    with popper(c, topic, server) as p:
        out = p.pop(32, invisible=8000)
        check(len(out) == 32, f"{len(out)} messages")
        for m in out[:16]:
            check(p.ack(m).code == 0, "an acknowledgement was refused")
    server.kill()
    server.start()
    with popper(c, topic, server) as p:
        rest = p.pop(32)
        check(bodies(rest) == list(range(32, 40)), f"after the restart came {bodies(rest)}, some of them leased or acknowledged")
        check(p.ack(out[16]).code == 0, "a receipt does not hold after the restart")
        again = p.pop(32, poll=20_000)
        early = out[0].popped + 8000 - time.time() * 1000
        check(early <= 0, f"came back {early:.0f} ms before the lease's end")
        check(bodies(again) == list(range(17, 32)), f"came back: {bodies(again)}")


@case("pop-ordered-waits-for-the-lease", group="raw")
def _(c):
    topic = c.topic(queues=1)
    fill(c, topic, 6)
    with popper(c, topic) as p:
        first = p.pop(2, order="true", attemptId="one")
        check(bodies(first) == [0, 1], f"first came {bodies(first)}")
        check(p.pop(2, order="true", attemptId="two") == [], "a second lease on a queue in order")
        same = p.pop(2, order="true", attemptId="one")
        check(bodies(same) == [0, 1], "the same attempt did not get its messages again")
        for m in same:
            check(p.ack(m).code == 0, "an acknowledgement was refused")
        check(bodies(p.pop(2, order="true", attemptId="three")) == [2, 3], "the queue does not go on after its lease")


@case("pop-notification", group="raw")
def _(c):
    topic = c.topic(queues=2)
    with popper(c, topic) as p:
        ask = {"queueId": -1, "pollTime": 300, "bornTime": int(time.time() * 1000)}
        answer = p.connection.call(NOTIFICATION, p.fields(**ask))
        check(answer.code == 0 and answer.fields["hasMsg"] == "false", "messages in an empty topic")
        fill(c, topic, 1)
        ask["bornTime"] = int(time.time() * 1000)
        answer = p.connection.call(NOTIFICATION, p.fields(**ask))
        check(answer.fields.get("hasMsg") == "true", "the message is not told of")


@case("pop-peek-takes-nothing", group="raw")
def _(c):
    topic = c.topic(queues=1)
    fill(c, topic, 3)
    with popper(c, topic) as p:
        for _ in range(2):
            answer = p.connection.call(PEEK, p.fields(queueId=0, maxMsgNums=2))
            check(answer.code == 0 and answer.body.count(b"%s" % topic.encode()) == 2, f"a peek was answered with {answer}")
        check(bodies(p.pop()) == [0, 1, 2], "a peek took messages")


@case("pop-bad-receipts", group="raw")
def _(c):
    topic = c.topic(queues=1)
    fill(c, topic, 1)
    with popper(c, topic) as p:
        message, = p.pop()
        good = message.receipt
        for bad in ("", "nonsense", "1 2 3", good.replace(" ", "x"), "9" * 400):
            message.receipt = bad
            check(p.ack(message).code != 0, f"the receipt '{bad[:20]}' was taken")
        message.receipt, message.offset = good, 77
        answer = p.ack(message)
        check(answer.code == NO_MESSAGE, f"an offset outside the queue was answered with {answer}")
        message.offset = 0
        check(p.ack(message).code == 0, "the good receipt was refused")
        for wrong, code in (({"maxMsgNums": 33}, 29), ({"queueId": 9}, 29)):
            answer = p.connection.call(200050, p.fields(**{
                "queueId": -1, "maxMsgNums": 1, "invisibleTime": 1000, "pollTime": 0, "bornTime": 0, "initMode": 0, **wrong}))
            check(answer.code == code, f"{wrong} was answered with {answer}")


def pop_mode(c, topic, group):
    c.admin("setConsumeMode", "-c", "DefaultCluster", "-t", topic, "-g", group, "-m", "POP", "-q", "0")


@case("pop-java-consumers-share-a-topic", limit=120)
def _(c):
    topic, group = c.topic(queues=4), c.name("g")
    pop_mode(c, topic, group)
    consumers = [c.consumer("java540", topic=topic, group=group, pop=30_000, name=f"m{i}-") for i in range(2)]
    c.send("java540", 400, topic=topic)
    c.until(lambda: sum(len(x.of("got")) for x in consumers) >= 400, 60, "400 messages")
    got = [e for x in consumers for e in x.finish().of("got")]
    once(got, [f"p0/{i}" for i in range(400)])


@case("pop-java-crash-of-a-consumer", limit=150)
def _(c):
    topic, group = c.topic(queues=2), c.name("g")
    pop_mode(c, topic, group)
    slow = c.consumer("java540", topic=topic, group=group, pop=10_000, pause=60_000, name="slow")
    c.send("java540", 50, topic=topic)
    slow.wait_count("got", 1, seconds=40)
    slow.kill()
    fast = c.consumer("java540", topic=topic, group=group, pop=10_000, name="fast")
    c.until(lambda: len({e["n"] for e in fast.of("got")}) >= 50, 60, "every message at the member that lives")
    got = fast.finish().of("got")
    check(len(got) == 50, f"{len(got)} messages for 50")
    again = [e for e in got if e["again"] > 0]
    check(again, "no message is marked as delivered before")
