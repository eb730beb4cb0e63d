"""This project's own client and Java's, each with the other, on Sluice and on Apache's broker: every kind of message."""
import os
import signal
import time

from ..case import case, check
from .sending import once

PAIR = ("cpp", "java540")
KINDS = {
    "plain": {},
    "zlib": {"size": 20_000, "compression": "ZLIB"},
    "lz4": {"size": 20_000, "compression": "LZ4"},
    "zstd": {"size": 20_000, "compression": "ZSTD"},
    "batch": {"batch": 5},
    "gathered": {"mode": "async", "autobatch": "true"},
    "delayed": {"delay": "1"},
    "ordered": {"queue": 1},
    "oneway": {"mode": "oneway"},
}
# What the other cases show of Java's client alone is left out.
SENT_BY = {"cpp": tuple(KINDS), "java540": ("plain", "lz4", "zstd", "batch", "ordered")}
N = 10
HOW, ASKED = ("commit", "rollback", "unknown", "commit"), ("commit", "rollback", "rollback")


def _names(p):
    return [f"{p}/{i}" for i in range(N)]


def _matrix(c, server):
    """Each kind sent by both clients, read by a group of each."""
    topics = {kind: c.topic(kind, server=server) for kind in KINDS}
    readers = {by: c.consumer(by, server, topic=",".join(topics.values()), group=c.name("g-" + by), listener="orderly") for by in PAIR}
    for sender, kinds in SENT_BY.items():
        for kind in kinds:
            c.driver(sender, "send", server, topic=topics[kind], n=N, p=f"{sender}-{kind}", **KINDS[kind]).finish(60)
    expected = sorted(name for sender, kinds in SENT_BY.items() for kind in kinds for name in _names(f"{sender}-{kind}"))

    def sent(driver):
        return [e for e in driver.of("got") if e["tags"] != "fence"]

    for by, reader in readers.items():
        reader.wait(lambda d: len(sent(d)) >= len(expected), 90, f"{len(expected)} messages at {by}")
        once(sent(reader.finish()), expected, f"messages that {by} got")
        for sender in PAIR:
            ordered = [e["n"] for e in reader.of("got") if e["p"] == f"{sender}-ordered"]
            check(ordered == _names(f"{sender}-ordered"), lambda: f"{by} got them as {ordered}")


def _decided(c, server):
    """Transactions of this client: committed ones come once, others never, and it is asked about the open ones."""
    topic, n = c.topic("tx", server=server), 12
    producer = c.driver("cpp", "transact", server, topic=topic, group=c.name("p"), n=n, stay="true", how=",".join(HOW),
                        check=",".join(ASKED))
    consumer = c.consumer("java540", server, topic=topic, group=c.name("g-tx"))

    def says(s):
        return HOW[s % 4] if HOW[s % 4] != "unknown" else ASKED[s % 3]

    expected = [f"p0/{s}" for s in range(n) if says(s) == "commit"]
    consumer.wait_count("got", len(expected), 120)
    undecided = {s for s in range(n) if HOW[s % 4] == "unknown"}
    producer.wait(lambda d: {e["s"] for e in d.of("checked")} >= undecided, 60, "a question about each")
    consumer.quiet(2, 6)
    once(consumer.finish().of("got"), expected)
    producer.finish()


def _asked(c, server):
    """Requests and replies, in every pairing with this client."""
    for asker, replier in (("cpp", "cpp"), ("cpp", "java540"), ("java540", "cpp")):
        topic = c.topic(f"ask-{asker}-{replier}", server=server)
        answering = c.driver(replier, "reply", server, topic=topic, group=c.name(f"r-{asker}-{replier}"))
        answering.wait_count("ready", 1, 40)
        answers = c.driver(asker, "request", server, topic=topic, n=3, timeout=20_000).finish(90)
        got = {e["s"]: e["text"] for e in answers.of("answer")}
        check(got == {s: f"re: ask {s}" for s in range(3)}, lambda: f"{asker} asked {replier} and got {answers.events}")
        answering.finish()


@case("kinds-of-both-clients", limit=200)
def _(c):
    _matrix(c, c.server)


# Apache marks what is decided in batches; questions must be rarer than those, or it asks about, and sends again, what is over.
OFTEN = {"transactionCheckInterval": 3000, "transactionOpBatchInterval": 500, "recallMessageEnable": "true"}


@case("kinds-of-both-clients-on-apache", group=None, apache=True, limit=500, against=("sluice",), weight=2)
def _(c):
    server = c.new_apache(OFTEN).start()
    _matrix(c, server)
    _asked(c, server)
    _timed(c, server)
    _decided(c, server)


def _timed(c, server):
    """A time of delivery, and its recall."""
    topic = c.topic("timed", server=server)
    consumer = c.consumer("java540", server, topic=topic, group=c.name("g-timed"))
    kept = c.send("cpp", 2, server, topic=topic, p="kept", after=3000)
    back = c.driver("cpp", "send", server, topic=topic, n=2, p="recalled", **{"in": 8000}, recall="true").finish(60)
    check(all(e["recall"] for e in kept), lambda: f"no handle to recall a timed message by: {kept}")
    check([e["why"] for e in back.of("recalled")] == ["", ""], lambda: f"they were not recalled: {back.of('recalled')}")
    consumer.wait_count("got", 2, 30)
    consumer.quiet(8, 20)
    got = consumer.finish().of("got")
    once(got, ["kept/0", "kept/1"])
    check(all(e["at"] - e["born"] >= 2900 for e in got), "a timed message came early")


@case("timed-by-the-cpp-client", against=("sluice",))
def _(c):
    _timed(c, c.server)


ACCESS = {
    "authenticationEnabled": "true",
    "authenticationProvider": "org.apache.rocketmq.auth.authentication.provider.DefaultAuthenticationProvider",
    "authenticationMetadataProvider": "org.apache.rocketmq.auth.authentication.provider.LocalAuthenticationMetadataProvider",
    "initAuthenticationUser": '{"username":"keeper","password":"12345678"}',
    "innerClientAuthenticationCredentials": '{"accessKey":"keeper","secretKey":"12345678"}',
}


@case("apache-with-access-control-and-tls", group=None, apache=True, limit=300, against=("sluice",), weight=2)
def _(c):
    """Signed requests are taken, others are not; all of it through TLS too, which Apache's broker offers on the same port."""
    server = c.new_apache(ACCESS).start()
    topic, keys = c.name("t"), {"access": "keeper", "secret": "12345678"}
    sent = c.driver("cpp", "send", server, topic=topic, n=5, p="plain", **keys).finish(60)
    check(len(sent.of("sent")) == 5, lambda: f"signed requests were refused: {sent.events}")
    for wrong in ({}, {"access": "keeper", "secret": "wrong"}, {"access": "nobody", "secret": "12345678"}):
        refused = c.driver("cpp", "send", server, topic=topic, n=1, p="refused", retries=0, **wrong).finish(60)
        check(len(refused.of("failed")) == 1, lambda wrong=wrong: f"taken with {wrong}: {refused.events}")
    hidden = c.driver("cpp", "send", server, topic=topic, n=5, p="tls", tls="none", **keys).finish(60)
    check(len(hidden.of("sent")) == 5, lambda: f"with TLS requests were refused: {hidden.events}")
    unknown = c.driver("cpp", "send", server, topic=topic, n=1, p="refused", retries=0, tls="issuer", **keys).finish(60)
    check("certificate" in unknown.of("failed")[0]["why"], lambda: f"a certificate that nobody knows was taken: {unknown.events}")
    consumer = c.consumer("cpp", server, topic=topic, group=c.name("g"), tls="none", **keys)
    consumer.wait_count("got", 10, 60)
    once(consumer.finish().of("got"), [f"{p}/{i}" for p in ("plain", "tls") for i in range(5)])


def _stored(c, server, topic):
    reader = c.driver("java540", "litepull", server, topic=topic, group=c.name("judge"), how="assign", n=10**9, quiet=3000)
    return {e["n"] for e in reader.finish(120).of("got")}


@case("cpp-producer-and-a-broker-that-is-killed", group=None, limit=200, against=("sluice",), weight=2)
def _(c):
    """kill -9 and restart, three times, under a sender: it hangs nowhere, goes on by itself, and no answer it got is lost."""
    server = c.new_server().start()
    topic, n = c.topic(server=server), 30_000 if c.full else 6_000
    sender = c.driver("cpp", "send", server, topic=topic, n=n, retries=30, timeout=30_000)
    for part in (1, 2, 3):
        sender.wait_count("sent", n * part // 5, 90)
        server.kill()
        server.start()
    sender.wait(lambda d: len(d.of("sent")) + len(d.of("failed")) == n, 120, "an end of every send")
    acknowledged = {f"p0/{e['s']}" for e in sender.finish().of("sent")}
    check(len(acknowledged) >= n * 0.99, lambda: f"{n - len(acknowledged)} sends failed, such as {sender.of('failed')[:2]}")
    lost = acknowledged - _stored(c, server, topic)
    check(not lost, lambda: f"{len(lost)} acknowledged messages are lost, such as {sorted(lost)[:3]}")


@case("cpp-producer-and-a-broker-that-is-silent", group=None, limit=150, against=("sluice",))
def _(c):
    """A broker that takes connections and answers nothing: sends end in time, memory stays bounded; then it goes on."""
    server = c.new_server().start()
    topic = c.topic(server=server)
    c.send("cpp", 1, server, topic=topic, p="before")
    os.kill(server.pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        silent = c.driver("cpp", "send", server, topic=topic, n=200, p="silent", mode="async", timeout=2000, retries=1, size=1000)
        silent.wait_count("failed", 200, 40)
        check(time.monotonic() - started < 30, "sends to a silent broker took too long")
        check(silent.finish(30).process.returncode == 0, "the sender did not end well")
    finally:
        os.kill(server.pid, signal.SIGCONT)
    c.send("cpp", 5, server, topic=topic, p="after")
