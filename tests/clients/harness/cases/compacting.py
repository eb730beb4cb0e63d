"""Compaction topics: the newest message of each key stays, whatever the log drops."""
from ..case import case, check
from ..remoting import GET_MAX_OFFSET, SEND_BATCH_MESSAGE, SEND_MESSAGE, Connection, batch_item, send_fields

MIB = 1 << 20
# Log files of 1 MiB, of which four stay; a look at each queue ten times a second.
SMALL = {"maxMessageSize": 65536, "mappedFileSizeCommitLog": MIB, "tailBytes": MIB, "logBytesMax": 4 * MIB,
         "compactionScheduleInternal": 100}
KEYS = [f"k{i}" for i in range(20)]
FIRST_FILE = "0" * 20


def _topic(c, server, queues=1):
    name = c.name("t")
    c.admin("updateTopic", "-t", name, "-c", "DefaultCluster", "-r", str(queues), "-w", str(queues), "-a", "+cleanup.policy=COMPACTION", server=server)
    return name


def _delete(server, topic, key):
    """A message without a body: the key is no more."""
    with Connection(server.port) as raw:
        answer = raw.call(SEND_MESSAGE, send_fields(topic, properties=f"KEYS\1{key}\2"), b"")
        check(answer.code == 0, f"deleting {key} was answered with {answer}")


def _read(c, server, topic, client="java540", quiet=4000):
    reader = c.driver(client, "litepull", server, topic=topic, group=c.name("judge"), how="assign", n=10**9, quiet=quiet)
    return reader.finish(60).of("got")


def _newest(sent):
    """By queue and key, what was sent last. Many sends at once are not stored in the order of their numbers: the offset tells."""
    return {(e["q"], KEYS[e["s"] % len(KEYS)]): e for e in sorted(sent, key=lambda e: e["o"])}


def _log_files(server):
    return sorted(f.name for f in (server.directory / "store" / "commitlog").iterdir())


@case("compaction-keeps-the-newest-of-each-key", group=None, limit=200, against=("sluice",))
def _(c):
    """The log drops its files; every reader still finds the newest of each key, where it was; also after kill -9."""
    server = c.new_server(SMALL).start()
    topic = _topic(c, server)
    n = 10_000
    sent = c.send("java540", n, server, topic=topic, key=",".join(KEYS), size=1000, mode="async", seconds=90)
    last = {key: e["s"] for (_, key), e in _newest(sent).items()}
    _delete(server, topic, "k3")
    c.until(lambda: _log_files(server)[0] > FIRST_FILE, 60, "the log to drop a file")
    c.until(lambda: len(_read(c, server, topic, quiet=1500)) < 2 * len(KEYS), 60, "compaction of what is there")

    def newest(got, where):
        at = {}
        for e in sorted(got, key=lambda e: e["o"]):
            at[e["keys"]] = e
        live = {k: e for k, e in at.items() if e["size"] > 0}
        check(set(live) == set(KEYS) - {"k3"}, f"{where}: keys {sorted(live)}")
        check(all(e["whole"] for e in live.values()), f"{where}: a body changed")
        wrong = {k: e["s"] for k, e in live.items() if e["s"] != last[k]}
        check(not wrong, f"{where}: not the newest: {wrong}")

    for client in ("java540", "java498"):
        newest(_read(c, server, topic, client), client)
    server.kill()
    server.start()
    newest(_read(c, server, topic), "after kill -9")
    wanted = {s for key, s in last.items() if key != "k3"}
    for model in ({}, {"pop": 20_000}):
        name = "pop" if model else "push"
        consumer = c.consumer("java540", server, topic=topic, group=c.name(name), **model)
        consumer.wait(lambda d: {e["s"] for e in d.of("got")} >= wanted, 40, f"the newest of each key, by {name}")
        newest(consumer.finish().of("got"), name)
    with Connection(server.port) as raw:
        end = int(raw.call(GET_MAX_OFFSET, {"topic": topic, "queueId": 0}).fields["offset"])
        check(end == n + 1, f"the queue ends at {end}")


@case("compaction-under-a-reader", group=None, limit=150, against=("sluice",))
def _(c):
    """A consumer that lives while messages are compacted away under it misses no key's last message, and goes nowhere else."""
    server = c.new_server(SMALL).start()
    topic = _topic(c, server, queues=2)
    reader = c.consumer("java540", server, topic=topic, group=c.name("g"), pause=2)
    n = 4000
    sent = c.send("java540", n, server, topic=topic, key=",".join(KEYS), size=1000, mode="async", seconds=60)
    last = {f"p0/{e['s']}" for e in _newest(sent).values()}
    reader.wait(lambda d: {e["n"] for e in d.of("got")} >= last, 80, "the last of each key")
    got = [(e["q"], e["o"]) for e in reader.finish().of("got")]
    check(len(got) == len(set(got)), "a message came twice")


@case("compaction-needs-a-key")
def _(c):
    """A message without KEYS is refused with Apache's code and words."""
    topic = _topic(c, c.server)
    with Connection(c.server.port) as raw:
        for properties in ("", "KEYS\1 \2", "TAGS\1a\2"):
            answer = raw.call(SEND_MESSAGE, send_fields(topic, properties=properties), b"x")
            check(answer.code == 13 and "Required message key is missing" in answer.remark, f"{properties!r}: {answer}")
        check(raw.call(SEND_MESSAGE, send_fields(topic, properties="KEYS\1a\2"), b"x").code == 0, "one with a key is refused")
        if c.suite.against == "sluice":
            fields = dict(zip("abcdefghijkm", ("raw", topic, "TBW102", 4, 0, 0, 1700000000000, 0, "", 0, "false", "true")))
            answer = raw.call(SEND_BATCH_MESSAGE, fields, batch_item(b"a", "KEYS\1a\2") + batch_item(b"b"))
            check(answer.code == 13, f"a batch with one that has none: {answer}")
    got = _read(c, c.server, topic)
    check([e["keys"] for e in got] == ["a"], f"it reads {got}")
