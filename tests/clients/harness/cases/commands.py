"""The `sluice` command: topics, produce and consume, for people and for scripts (--json, exit codes)."""
import json
import subprocess
import time

from ..case import case, check
from ..context import short


def at(server):
    """How a command is told which server it talks to."""
    return ("--namesrv", server.ns)


def as_json(out):
    """The JSON a command prints: one value, or one a line."""
    try:
        return json.loads(out)
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in out.splitlines() if line.strip()]
    except ValueError:
        check(False, f"no JSON: {short(out)}")


def command(name, **options):
    return case(name, group="commands", against=("sluice",), **options)


@command("cli-topic")
def _(c):
    """create, list, describe, delete; a topic that is not there is an error in words."""
    topic = c.name("t")
    c.sluice("topic", "create", topic, "--queues", 6, *at(c.server))
    _, out, _ = c.sluice("topic", "list", *at(c.server))
    check(topic in out, f"list does not show it: {short(out)}")
    _, out, _ = c.sluice("topic", "describe", topic, *at(c.server))
    check("6 queues" in out, f"describe does not show it: {short(out)}")
    c.sluice("topic", "delete", topic, "--yes", *at(c.server))
    _, out, _ = c.sluice("topic", "list", *at(c.server))
    check(topic not in out, "list shows it after delete")
    code, _, err = c.sluice("topic", "describe", topic, *at(c.server), ok=False)
    check(code == 3 and topic in err, f"describe of a topic that is gone: exit {code}, {short(err)}")


@command("cli-topic-json")
def _(c):
    topic = c.name("t")
    c.sluice("topic", "create", topic, "--queues", 3, *at(c.server))
    _, out, _ = c.sluice("topic", "list", "--json", *at(c.server))
    check(topic in json.dumps(as_json(out)), f"list --json does not have it: {short(out)}")
    _, out, _ = c.sluice("topic", "describe", topic, "--json", *at(c.server))
    check(topic in json.dumps(as_json(out)), f"describe --json does not have it: {short(out)}")


@case("cli-top", group="commands")
def _(c):
    """Topics, what they hold, and how far a group is behind; for scripts a line of JSON."""
    topic, group = c.topic(), c.name("g")
    c.sluice("produce", topic, *at(c.server), stdin="".join(f"{i}\n" for i in range(9)))
    c.sluice("consume", topic, "--group", group, "--from", "first", "--count", 4, *at(c.server))
    _, out, _ = c.sluice("top", "--once", "--interval", "0.2", "--json", *at(c.server))
    shown = as_json(out)
    check([t["messages"] for t in shown["topics"] if t["topic"] == topic] == [9], f"the topic is not there: {short(out)}")
    check([g["lag"] for g in shown["groups"] if g["group"] == group] == [5], f"the group's lag is not 5: {short(out)}")
    _, out, _ = c.sluice("top", "--once", "--interval", "0.2", *at(c.server))
    check(topic in out and group in out, f"not shown: {short(out)}")


@case("cli-bench", group="commands")
def _(c):
    """Each load reports what it moved, on any broker; the group made for a run is gone after it."""
    topic = c.name("t")
    short_run = ("--seconds", 2, "--warmup", 1, "--json", *at(c.server))
    _, out, _ = c.sluice("bench", "produce", topic, "--rate", 500, "--size", 100, *short_run, seconds=60)
    produced = as_json(out)
    check(produced["failed"] == 0 and 250 < produced["messagesPerSecond"] < 750, f"not 500 a second: {short(out)}")
    check(0 < produced["latencyMicros"]["p50"] <= produced["latencyMicros"]["max"], f"no latency: {short(out)}")
    _, out, _ = c.sluice("bench", "end-to-end", topic, "--rate", 200, *short_run, seconds=60)
    received = as_json(out)
    check(received["failed"] == 0 and received["messages"] > 100, f"too little arrived: {short(out)}")
    _, out, _ = c.sluice("bench", "consume", topic, "--seconds", 2, "--warmup", 0, *at(c.server), seconds=60)
    check("messages/s" in out, f"no table: {short(out)}")
    _, out, _ = c.sluice("group", "list", "--json", *at(c.server))
    check("sluice_bench_" not in out, f"a group is left: {short(out)}")


@command("cli-bench-refused")
def _(c):
    """Nothing runs for seconds against what is not there or cannot be."""
    code, _, err = c.sluice("bench", "produce", "t", "--namesrv", "127.0.0.1:1", ok=False, seconds=60)
    check(code == 3 and "127.0.0.1:1" in err, f"a server that is not there: exit {code}, {short(err)}")
    code, _, err = c.sluice("bench", "end-to-end", "t", "--size", 8, *at(c.server), ok=False)
    check(code == 2 and "--size" in err, f"a body that is too small: exit {code}, {short(err)}")


@command("cli-exit-codes")
def _(c):
    for words in (("nonsense",), ("topic", "nonsense"), ("topic", "create"), ("topic", "list", "--nonsense")):
        code, _, err = c.sluice(*words, ok=False)
        check(code == 2 and err.strip(), f"sluice {' '.join(words)}: exit {code}, {short(err)}")
    code, _, err = c.sluice("topic", "list", "--namesrv", "127.0.0.1:1", ok=False)
    check(code == 3 and "127.0.0.1:1" in err, f"a server that is not there: exit {code}, {short(err)}")
    code, out, _ = c.sluice("--help")
    check("serve" in out and "topic" in out, "--help does not name the commands")
    c.sluice("--version")


def produce(c, topic, text, *more):
    """Sends each line of the text as a message."""
    return c.sluice("produce", topic, *more, *at(c.server), stdin=text + "\n")[1]


def consume(c, topic, n, *more):
    return c.sluice("consume", topic, "--from", "first", "--count", n, "--idle", 15, *more, *at(c.server), seconds=30)[1]


@command("cli-produce-consume")
def _(c):
    """Each line is a message; what consume prints are the lines again."""
    topic = c.topic()
    lines = [f"text {i} with ü and 'quotes'" for i in range(50)]
    produce(c, topic, "\n".join(lines))
    out = consume(c, topic, 50)
    check(sorted(out.splitlines()) == sorted(lines), f"consume printed {short(out)}")


@command("cli-produce-creates-topic")
def _(c):
    topic = c.name("new")
    produce(c, topic, "first of all")
    check(consume(c, topic, 1).strip() == "first of all", "the message did not come back")
    code, _, err = c.sluice("produce", c.name("other"), "--no-create", *at(c.server), stdin="x\n", ok=False)
    check(code != 0 and err.strip(), f"--no-create: exit {code}, {short(err)}")


@command("cli-json")
def _(c):
    topic = c.topic()
    sent = as_json(produce(c, topic, 'a text with "quotes" and ü', "--json", "--tag", "t1"))
    got = as_json(consume(c, topic, 1, "--format", "json"))
    check("offset" in json.dumps(sent), f"produce --json shows no offset: {sent}")
    check('a text with "quotes" and ü' in json.dumps(got, ensure_ascii=False).replace('\\"', '"'), f"consume as JSON: {got}")


@command("cli-consume-group")
def _(c):
    """As a group it goes on where it was."""
    topic, group = c.topic(queues=1), ("--group", c.name("g"))
    produce(c, topic, "one\ntwo")
    check(consume(c, topic, 2, *group).split() == ["one", "two"], "the first two did not come in order")
    produce(c, topic, "three")
    check(consume(c, topic, 1, *group).split() == ["three"], "the group did not go on at the third")


@command("cli-produce-java-consumes")
def _(c):
    topic = c.topic()
    consumer = c.consumer("java540", topic=topic, group=c.name("g"))
    produce(c, topic, "from the command line", "--tag", "t1", "--key", "k1", "--property", "test1=ü")
    consumer.wait_count("got", 1, 40)
    got = consumer.finish().of("got")[0]
    seen = (got["text"], got["tags"], got["keys"], got["prop"])
    check(seen == ("from the command line", "t1", "k1", {"test1": "ü"}), f"Java got {seen}")


@command("cli-consume-java-produces")
def _(c):
    topic = c.topic()
    c.send("java540", 3, topic=topic, text="from Java")
    c.send("java540", 1, topic=topic, size=20000)  # compressed on its way
    out = c.sluice("consume", topic, "--from", "first", "--count", 4, "--idle", 15, "--format", "json", *at(c.server), seconds=30)[1]
    check(out.count("from Java") == 3 and len(out) > 10000, f"consume printed {short(out)}")


@command("cli-consume-waits")
def _(c):
    """consume that waits gets a new message within a second."""
    topic = c.topic(queues=1)
    argv = [str(c.suite.binary), "consume", topic, "--from", "first", "--count", "1", *at(c.server)]
    waiting = c.nursery.spawn(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True)
    time.sleep(2)  # it has to be at the end of the queue, and does not say when
    check(waiting.poll() is None, f"it ended with {waiting.returncode} instead of waiting")
    begin = time.monotonic()
    produce(c, topic, "wake up")
    try:
        out, _ = waiting.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        check(False, "nothing came within 10 s")
    took = time.monotonic() - begin
    check("wake up" in out and took < 1, f"it took {took:.1f} s: {short(out)}")


@command("cli-config")
def _(c):
    """The table of settings, also as JSON; a wrong file is refused."""
    _, out, _ = c.sluice("config")
    check("listenPort" in out and "flushDiskType" in out, f"config does not show the keys: {short(out)}")
    _, out, _ = c.sluice("config", "--json")
    check("listenPort" in json.dumps(as_json(out)), f"config --json: {short(out)}")
    wrong = c.directory / "wrong.conf"
    wrong.write_text("listnPort=1\n")
    code, out, err = c.sluice("config", "--file", wrong, ok=False)
    check(code != 0 and "listenPort" in out + err, f"a wrong file: exit {code}, {short(err)}")


@case("cli-consume-by-pop", group="commands")
def _(c):
    topic, n = c.topic(), 100
    c.sluice("produce", topic, "--namesrv", c.server.ns, stdin="".join(f"{i}\n" for i in range(n)))
    take = ("consume", topic, "--namesrv", c.server.ns, "--group", c.name("g"), "--model", "pop", "--from", "first")
    _, first, _ = c.sluice(*take, "--count", 40)
    _, rest, _ = c.sluice(*take, "--idle", 2)
    got = sorted(int(line) for line in (first + rest).split())
    check(got == list(range(n)), f"{len(got)} messages of {n}, {len(set(got))} different ones")
    code, _, err = c.sluice("consume", topic, "--namesrv", c.server.ns, "--model", "pop", ok=False)
    check(code == 2 and "group" in err, f"without a group: exit {code}, {err}")


@case("cli-consume-by-push", group="commands", limit=120)
def _(c):
    """Members of a group share its queues; in mode failover under locks; in broadcast each gets everything."""
    topic, n = c.topic(), 60
    c.sluice("produce", topic, "--namesrv", c.server.ns, stdin="".join(f"{i}\n" for i in range(n)))
    take = ("consume", topic, "--namesrv", c.server.ns, "--model", "push", "--from", "first")

    def numbers(text):
        return sorted(int(line) for line in text.split())

    for mode in ("exclusive", "failover"):
        first = c.sluice(*take, "--group", c.name(mode), "--mode", mode, "--count", 25, seconds=60)[1]
        # One message may be given back by the first member: it comes again after a second.
        rest = c.sluice(*take, "--group", c.name(mode), "--mode", mode, "--idle", 5, seconds=60)[1]
        check(numbers(first + rest) == list(range(n)), f"{mode}: {len(numbers(first))} and {len(numbers(rest))} messages")
    for i in range(2):
        got = numbers(c.sluice(*take, "--group", c.name(f"all{i}"), "--mode", "broadcast", "--idle", 3, seconds=60)[1])
        check(got == list(range(n)), f"broadcast: {len(got)} messages")
    code, _, err = c.sluice(*take, "--group", c.name("x"), "--mode", "key-shared", ok=False)
    check(code == 2 and "exclusive, failover, broadcast" in err, f"a mode that is not there: exit {code}, {err}")


WAYS = (("--batch", 4), ("--in-flight", 16, "--linger", 20), ("--transaction", "commit"), ("--delay-level", 1),
        ("--compression", "zstd", "--compress-above", 1), ("--deliver-after", "1s"), ("--sharding-key", "k"), ("--trace",))


@case("cli-produce-every-way", group="commands", limit=120)
def _(c):
    """Each way of sending that `produce` knows brings all lines; what a transaction takes back never comes."""
    topic, lines = c.topic(), {way: [f"{way[0]} {i}" for i in range(9)] for way in WAYS}
    for way, text in lines.items():
        produce(c, topic, "\n".join(text), *way)
    produce(c, topic, "taken back", "--transaction", "rollback")
    got = consume(c, topic, 9 * len(WAYS), "--group", c.name("g"), "--model", "pop").splitlines()
    wanted = sorted(line for text in lines.values() for line in text)
    check(sorted(got) == wanted, lambda: f"missing {set(wanted) - set(got)}, unexpected {set(got) - set(wanted)}")


@case("cli-keys-keep-their-order", group="commands")
def _(c):
    """Lines that begin with a key: one queue for each key, in order; also in a namespace, and chosen by SQL."""
    topic, space = c.name("t"), ("--namespace", "north")
    produce(c, topic, "\n".join(f"{key}:{i}" for i in range(20) for key in "abc"), "--key-separator", ":", "--property", "n=5", *space)
    out = consume(c, topic, 60, "--format", "{key} {queue} {body}", "--sql", "n > 4", *space)
    for key in "abc":
        rows = [line.split() for line in out.splitlines() if line.startswith(key)]
        check(len({row[1] for row in rows}) == 1, f"key {key} is in several queues")
        check([row[2] for row in rows] == [str(i) for i in range(20)], f"key {key} came as {rows}")
    nothing = c.sluice("consume", topic, "--from", "first", "--idle", 1, "--sql", "n > 5", *space, *at(c.server))[1]
    check(nothing == "", f"what SQL leaves out came: {short(nothing)}")
