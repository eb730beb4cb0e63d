"""Topics with retention.ms and retention.bytes: they keep their messages longer, or shorter, than the log that all topics share."""
from ..case import case, check
from ..remoting import GET_MAX_OFFSET, GET_MIN_OFFSET, Connection
from .compacting import FIRST_FILE, MIB, SMALL, _log_files, _read


def _topic(c, server, what, *attributes):
    name = c.name(what)
    given = [word for attribute in attributes for word in ("-a", attribute)]
    c.admin("updateTopic", "-t", name, "-c", "DefaultCluster", "-r", "1", "-w", "1", *given, server=server)
    return name


def _range(server, topic):
    with Connection(server.port) as raw:
        return tuple(int(raw.call(code, {"topic": topic, "queueId": 0}).fields["offset"]) for code in (GET_MIN_OFFSET, GET_MAX_OFFSET))


def _in_order(got, n, where):
    numbers = [e["s"] for e in sorted(got, key=lambda e: e["o"])]
    check(numbers == list(range(n)), f"{where}: {len(numbers)} messages, not {n} in order")
    check(all(e["whole"] for e in got), f"{where}: a body changed")


@case("retention-longer-than-the-log", group=None, limit=240, against=("sluice",))
def _(c):
    """The log drops its files; every reader finds all messages of the topic that keeps them, at their offsets, also after kill -9."""
    server = c.new_server(SMALL).start()
    kept, other = _topic(c, server, "kept", "+retention.ms=-1"), _topic(c, server, "other")
    n = 3000
    c.send("java540", n, server, topic=kept, size=1000, mode="sync", seconds=90)
    c.send("java540", 10_000, server, topic=other, size=1000, mode="async", seconds=90)
    c.until(lambda: _range(server, other)[0] > 0, 90, "the log to drop files")
    check(_log_files(server)[0] > FIRST_FILE, "the first file is still there")
    check(_range(server, kept) == (0, n), f"the topic has {_range(server, kept)}")
    for client in ("java540", "java498"):
        _in_order(_read(c, server, kept, client), n, client)
    server.kill()
    server.start()
    check(_range(server, kept) == (0, n), f"after kill -9 the topic has {_range(server, kept)}")
    for model in ({}, {"pop": 20_000}):
        name = "pop" if model else "push"
        consumer = c.consumer("java540", server, topic=kept, group=c.name(name), **model)
        consumer.wait(lambda d: len({e["s"] for e in d.of("got")}) == n, 60, f"all messages, by {name}")
        _in_order(consumer.finish().of("got"), n, name)
    c.admin("updateTopic", "-t", kept, "-c", "DefaultCluster", "-r", "1", "-w", "1", "--attributes=-retention.ms", server=server)
    c.until(lambda: _range(server, kept)[0] > 0, 60, "what only the topic had kept to go")


@case("retention-shorter-than-the-log", group=None, limit=90, against=("sluice",))
def _(c):
    """A message expires by its topic's time though the log has it; what came later stays."""
    server = c.new_server({}).start()
    topic = _topic(c, server, "t", "+retention.ms=8000")
    c.send("java540", 20, server, topic=topic)
    c.until(lambda: _range(server, topic) == (20, 20), 40, "the messages to expire")
    c.send("java540", 5, server, topic=topic)
    check(_range(server, topic) == (20, 25), f"the topic has {_range(server, topic)}")
    check(len(_read(c, server, topic, quiet=1500)) == 5, "a reader from the start finds other messages")


@case("retention-is-checked", group=None, limit=60, against=("sluice",))
def _(c):
    """A value that is not allowed is refused with the range, and so is the retention of a compacted topic."""
    server = c.new_server({}).start()
    for attributes, words in ((["+retention.ms=-5"], "-1 to"), (["+retention.bytes=much"], "-1 to"),
                              (["+cleanup.policy=COMPACTION", "+retention.ms=5000"], "cleanup.policy=DELETE")):
        given = ",".join(attributes)
        said = c.admin("updateTopic", "-t", c.name("t"), "-c", "DefaultCluster", "-a", given, server=server, ok=False)
        check(words in said, f"{given}: {said[-300:]}")
