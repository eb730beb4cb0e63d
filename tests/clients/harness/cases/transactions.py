"""Transactions: what is committed comes once, what is rolled back never; who says neither is asked. And requests that are replied to."""
import random
import shutil
import time

from .. import remoting
from ..case import case, check
from ..remoting import Connection
from .sending import STOCK, once

# Questions after a second, each second, without end.
QUICK = {"transactionTimeOut": 1000, "transactionCheckInterval": 1000, "transactionCheckMax": 1_000_000}
HOW, ASKED = ("commit", "rollback", "unknown", "commit"), ("commit", "rollback", "rollback")
END_TRANSACTION = 37


def _says(s):
    """What the producer has to say of message s in the end."""
    word = HOW[s % len(HOW)]
    return ASKED[s % len(ASKED)] if word == "unknown" else word


def _producer(c, client, server, topic, **more):
    return c.driver(client, "transact", server, topic=topic, group=c.name("p"), how=",".join(HOW), check=",".join(ASKED), **more)


def _committed(numbers):
    return [f"p0/{s}" for s in numbers if _says(s) == "commit"]


def _read(c, server, topic, quiet=3000, **more):
    """Every message of a topic, read from its start until no more comes for `quiet` ms."""
    reader = c.driver("java540", "litepull", server, topic=topic, group=c.name("judge"), how="assign", n=10**9, quiet=quiet, **more)
    return reader.finish(120).of("got")


def _transactions(c, client):
    server = c.new_server(QUICK).start()
    topic, n = c.topic(server=server), 48
    producer = _producer(c, client, server, topic, n=n, stay="true", tags="red")
    consumer = c.consumer("java540", server, topic=topic, group=c.name("g"), sub="red")
    expected = _committed(range(n))
    consumer.wait_count("got", len(expected), 60)
    undecided = {s for s in range(n) if HOW[s % len(HOW)] == "unknown"}
    producer.wait(lambda d: {e["s"] for e in d.of("checked")} >= undecided, 60, "a question about each")
    consumer.quiet(3, 10)
    once(consumer.finish().of("got"), expected)
    asked = producer.finish().of("checked")
    check({e["s"] for e in asked} == undecided, "it was asked about messages that it had decided")
    check(all(e["topic"] == topic for e in asked), "a question names another topic")
    check(all(e["at"] - e["born"] >= 990 for e in asked), "it was asked before transactionTimeOut")


for _client in (*STOCK, "cpp"):
    case(f"transactions-{_client}", group=None, limit=150, against=("sluice",))(lambda c, client=_client: _transactions(c, client))


@case("transaction-given-up", group=None, against=("sluice",))
def _(c):
    """A producer that never decides is asked transactionCheckMax times; then people decide."""
    server = c.new_server({**QUICK, "transactionCheckInterval": 500, "transactionCheckMax": 2}).start()
    topic = c.topic(server=server)
    producer = c.driver("java540", "transact", server, topic=topic, group=c.name("p"), how="unknown", n=3, stay="true")
    producer.wait_count("checked", 6, 30)
    got = c.consumer("java540", server, topic="TRANS_CHECK_MAX_TIME_TOPIC", group=c.name("people"))
    got.wait_count("got", 3, 60)
    producer.quiet(2, 5)
    once(got.finish().of("got"), [f"p0/{s}" for s in range(3)])
    check(len(producer.finish().of("checked")) == 6, "it was asked more than transactionCheckMax times")
    check(not _read(c, server, topic), "an undecided message was delivered")


@case("transaction-check-immunity", group=None, against=("sluice",))
def _(c):
    """CHECK_IMMUNITY_TIME_IN_SECONDS: the message itself says when its producer is asked first."""
    server = c.new_server(QUICK).start()
    topic = c.topic(server=server)
    producer = c.driver("java540", "transact", server, topic=topic, group=c.name("p"), how="unknown", check="commit", stay="true",
                        immunity=4)
    producer.wait_count("checked", 1, 30)
    wait = producer.finish().of("checked")[0]
    check(3900 <= wait["at"] - wait["born"] <= 6000, f"it was asked after {wait['at'] - wait['born']} ms, not after 4 s")


@case("transaction-producer-killed", group=None, against=("sluice",))
def _(c):
    """A producer dies between the two steps; another one of its group is asked."""
    server = c.new_server(QUICK).start()
    topic = c.topic(server=server)
    group = c.name("p")
    dead = c.driver("java540", "transact", server, topic=topic, group=group, how="halt")
    dead.wait_count("halted", 1, 30)
    heir = c.driver("java540", "transact", server, topic=topic, group=group, how="commit,halted", check="commit", first=100, stay="true")
    heir.wait_count("checked", 1, 30)
    once(_read(c, server, topic), ["p0/0", "p0/100"])
    check([e["s"] for e in heir.finish().of("checked")] == [0], "it was asked about something else, or again")


def _killed(c, flush):
    """kill -9 again and again while transactions run: committed ones come once, whoever's half was answered; others never."""
    server = c.new_server({**QUICK, "flushDiskType": flush}).start()
    topic = c.topic(server=server)
    rounds = 24 if c.full else 4
    producer = _producer(c, "java540", server, topic, n=10**9, pause=3, tolerant="true", stay="true", timeout=3000)
    producer.wait_count("sent", 50, 40)
    dice = random.Random(rounds)
    for _ in range(rounds):
        before = len(producer.of("sent"))
        time.sleep(dice.uniform(0.05, 0.7))  # a time at which it is killed, not one that is waited for
        server.kill()
        server.start()
        producer.wait_count("sent", before + 20, 40)
    producer.kill()
    sent = {e["s"] for e in producer.of("sent") if e["status"] == "SEND_OK"}
    last = max(e["s"] for e in producer.events if "s" in e)
    # It can have been killed between the two steps; one of its group decides what is left.
    heir = _producer(c, "java540", server, topic, first=10**6 * 12, n=1, stay="true")
    heir.wait_count("idle", 1, 40)
    heir.quiet(4, 60)
    got = _read(c, server, topic, quiet=5000)
    heir.finish()
    got = [e for e in got if e["s"] < 10**6]
    names = {e["n"] for e in got}
    must = set(_committed(sent))
    may = set(_committed(range(last + 2)))
    check(len(got) == len(names), lambda: f"{len(got) - len(names)} messages were committed twice")
    check(must <= names, lambda: f"{len(must - names)} of {len(must)} committed messages are lost, such as {sorted(must - names)[:3]}")
    check(names <= may, lambda: f"messages were delivered that were rolled back, such as {sorted(names - may)[:3]}")


for _flush in ("SYNC_FLUSH", "ASYNC_FLUSH"):
    case(f"transactions-broker-killed-{_flush.lower().replace('_', '-')}", group=None, limit=300, against=("sluice",), weight=2)(
        lambda c, flush=_flush: _killed(c, flush))


class _Raw:
    """A producer by hand."""

    def __init__(self, connection, topic):
        self.connection, self.topic = connection, topic

    def half(self, number, **more):
        """Sends the first step: (half offset, position)."""
        properties = {"TRAN_MSG": "true", "PGROUP": "raw", "UNIQ_KEY": f"{number:032X}", "p": "p0", "s": number, **more}
        answer = self.connection.call(remoting.SEND_MESSAGE, remoting.send_fields(
            self.topic, properties="".join(f"{k}\x01{v}\x02" for k, v in properties.items()), sysFlag=4), b"half")
        check(answer.code == 0, f"the half message was answered with {answer}")
        return int(answer.fields["queueOffset"]), int(answer.fields["msgId"][-16:], 16)

    def fields(self, half, how, group="raw", **more):
        offset, position = half
        return {"producerGroup": group, "tranStateTableOffset": offset, "commitLogOffset": position, "commitOrRollback": how,
                "fromTransactionCheck": "false", "msgId": "x", **more}

    def end(self, half, how, group="raw", **more):
        return self.connection.call(END_TRANSACTION, self.fields(half, how, group, **more))

    def stored(self):
        return int(self.connection.call(remoting.GET_MAX_OFFSET, {"topic": self.topic, "queueId": 0}).fields["offset"])


@case("transaction-ended-twice", group=None, against=("sluice",))
def _(c):
    """The second end of a transaction, and ends that are not its producer's, deliver nothing; also after restarts."""
    server = c.new_server().start()
    topic = c.topic(server=server, queues=1)
    with Connection(server.port) as connection:
        raw = _Raw(connection, topic)
        first, second, third = (raw.half(i) for i in range(3))
        check(raw.stored() == 0, "a half message can be seen")
        for what, answer in {"another group": raw.end(first, 8, group="others"), "a wrong offset": raw.end((9, first[1]), 8),
                             "a wrong position": raw.end((first[0], second[1]), 8), "no record": raw.end((0, 10**12), 8)}.items():
            check(answer.code == 1, f"an end with {what} was answered with {answer}")
        unknown = remoting.header(END_TRANSACTION, raw.fields(first, 0))
        connection.raw(remoting.frame(unknown))
        check(raw.end(first, 8).code == 0 and raw.stored() == 1, "the commit is not stored")
        check(raw.end(second, 12).code == 0 and raw.stored() == 1, "a rollback was stored")
        check(raw.end(first, 8).code == 1 and raw.end(second, 8).code == 1, "an end was taken twice")
        check(raw.stored() == 1, "the second end was stored")
    for restart in (server.kill, server.stop):
        restart()
        server.start()
        with Connection(server.port) as connection:
            raw = _Raw(connection, topic)
            check(raw.end(first, 8).code == 1 and raw.end(second, 8).code == 1, "an end was taken twice after a restart")
            check(raw.stored() == 1, "the second end was stored after a restart")
    with Connection(server.port) as connection:
        raw = _Raw(connection, topic)
        check(raw.end(third, 8).code == 0 and raw.stored() == 2, "an open transaction did not survive restarts")
        late = raw.half(7, CHECK_IMMUNITY_TIME_IN_SECONDS=0)
        time.sleep(0.02)
        check(raw.end(late, 8).code == 604, "a commit after the message's own time was taken")
        check(raw.end(late, 8, fromTransactionCheck="true").code == 0 and raw.stored() == 3, "the answer to a question was refused")


@case("transactions-rejected", group=None, against=("sluice",))
def _(c):
    server = c.new_server({"rejectTransactionMessage": "true"}).start()
    with Connection(server.port) as connection:
        answer = connection.call(remoting.SEND_MESSAGE, remoting.send_fields("t", properties="TRAN_MSG\x01true\x02", sysFlag=4), b"x")
    check(answer.code == 16 and "rejectTransactionMessage" in answer.remark, f"a half message was answered with {answer}")


def _request(c, client, replier=None):
    topic, n = c.topic(), 10
    replier = c.driver(replier or client, "reply", topic=topic, group=c.name("g"))
    replier.wait_count("ready", 1, 40)
    answers = c.driver(client, "request", topic=topic, n=n, timeout=15000).finish(90)
    check(not answers.of("failed"), lambda: f"a request failed: {answers.of('failed')[0]['why']}")
    got = {e["s"]: e["text"] for e in answers.of("answer")}
    check(got == {s: f"re: ask {s}" for s in range(n)}, lambda: f"the answers are {got}")
    replier.wait_count("replied", n, 10)


for _client in ("java540", "java498", "cpp"):
    case(f"request-reply-{_client}")(lambda c, client=_client: _request(c, client))
case("request-of-cpp-reply-of-java")(lambda c: _request(c, "cpp", "java540"))
case("request-of-java-reply-of-cpp")(lambda c: _request(c, "java540", "cpp"))


def _begin(c, server, topic):
    """24 transactions, some of which nobody has ended when the producer dies."""
    producer = c.driver("java540", "transact", server, topic=topic, group=c.name("p"), how=",".join(HOW), n=24, stay="true")
    producer.wait_count("idle", 1, 60)
    expected = sum(HOW[s % len(HOW)] == "commit" for s in range(24))
    reader = c.consumer("java540", server, topic=topic, group=c.name("early"))
    reader.wait_count("got", expected, 60)
    reader.finish()
    producer.kill()


def _go_on(c, server, topic, seconds):
    """Another producer of the group is asked by the server that took over; nothing is lost or doubled."""
    # The first request of this client on a new connection can fail in the client itself: see Clients.insist.
    heir = _producer(c, "java540", server, topic, first=1000, n=1, stay="true", retries=3)
    open_ones = {s for s in range(24) if HOW[s % len(HOW)] == "unknown"}
    heir.wait(lambda d: {e["s"] for e in d.of("checked")} >= open_ones, seconds, "a question about each open transaction")
    got = _read(c, server, topic)
    once(got, _committed([*range(24), 1000]))
    check({e["s"] for e in heir.finish().of("checked")} == open_ones, "it was asked about transactions that were over")


def _store_of(apache):
    return next(p.parent for p in apache.directory.rglob("commitlog") if p.is_dir())


@case("transactions-begun-with-apache", group=None, apache=True, against=("sluice",), limit=300)
def _(c):
    apache = c.new_apache().start()
    topic = c.topic(server=apache)
    _begin(c, apache, topic)
    apache.stop()
    server = c.new_server(QUICK)
    shutil.copytree(_store_of(apache), server.directory / "store", symlinks=True)
    _go_on(c, server.start(), topic, 40)


@case("transactions-ended-with-apache", group=None, apache=True, against=("sluice",), limit=400, full_only=True)
def _(c):
    server = c.new_server().start()
    topic = c.topic(server=server)
    _begin(c, server, topic)
    server.stop()
    apache = c.new_apache({"transactionCheckInterval": 3000}).start()
    apache.stop()
    store = _store_of(apache)
    shutil.rmtree(store)
    shutil.copytree(server.directory / "store", store)
    apache.start()
    _go_on(c, apache, topic, 120)
