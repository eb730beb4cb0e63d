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
    check(topic in out and "6" in out, f"describe does not show it: {short(out)}")
    c.sluice("topic", "delete", topic, *at(c.server))
    _, out, _ = c.sluice("topic", "list", *at(c.server))
    check(topic not in out, "list shows it after delete")
    code, _, err = c.sluice("topic", "describe", topic, *at(c.server), ok=False)
    check(code != 0 and topic in err, f"describe of a topic that is gone: exit {code}, {short(err)}")


@command("cli-topic-json")
def _(c):
    topic = c.name("t")
    c.sluice("topic", "create", topic, "--queues", 3, *at(c.server))
    _, out, _ = c.sluice("topic", "list", "--json", *at(c.server))
    check(topic in json.dumps(as_json(out)), f"list --json does not have it: {short(out)}")
    _, out, _ = c.sluice("topic", "describe", topic, "--json", *at(c.server))
    check(topic in json.dumps(as_json(out)), f"describe --json does not have it: {short(out)}")


@command("cli-exit-codes")
def _(c):
    for words in (("nonsense",), ("topic", "nonsense"), ("topic", "create"), ("topic", "list", "--nonsense")):
        code, _, err = c.sluice(*words, ok=False)
        check(code > 0 and err.strip(), f"sluice {' '.join(words)}: exit {code}, {short(err)}")
    code, _, err = c.sluice("topic", "list", "--namesrv", "127.0.0.1:1", ok=False)
    check(code > 0 and "127.0.0.1:1" in err, f"a server that is not there: exit {code}, {short(err)}")
    code, out, _ = c.sluice("--help")
    check("serve" in out and "topic" in out, "--help does not name the commands")
    c.sluice("--version")


@command("cli-produce-consume")
def _(c):
    topic = c.topic()
    for i in range(5):
        c.sluice("produce", topic, f"text {i}", *at(c.server))
    _, out, _ = c.sluice("consume", topic, "--from", "first", "-n", 5, *at(c.server))
    for i in range(5):
        check(f"text {i}" in out, f"consume does not print text {i}: {short(out)}")


@command("cli-consume-json")
def _(c):
    topic = c.topic()
    c.sluice("produce", topic, "a text with \"quotes\" and ü", *at(c.server))
    _, out, _ = c.sluice("consume", topic, "--from", "first", "-n", 1, "--json", *at(c.server))
    check("quotes" in json.dumps(as_json(out)), f"the JSON does not hold the text: {short(out)}")


@command("cli-produce-java-consumes")
def _(c):
    topic = c.topic()
    consumer = c.consumer("java540", topic=topic, group=c.name("g"))
    c.sluice("produce", topic, "from the command line", "--tag", "t1", "--key", "k1", *at(c.server))
    consumer.wait_count("got", 1, 40)
    got = consumer.finish().of("got")[0]
    check((got["text"], got["tags"], got["keys"]) == ("from the command line", "t1", "k1"), f"Java got {got}")


@command("cli-consume-java-produces")
def _(c):
    topic = c.topic()
    c.send("java540", 3, topic=topic, text="from Java")
    _, out, _ = c.sluice("consume", topic, "--from", "first", "-n", 3, *at(c.server))
    check(out.count("from Java") == 3, f"consume printed {short(out)}")


@command("cli-consume-waits")
def _(c):
    """consume that waits gets a new message within a second."""
    topic = c.topic(queues=1)
    argv = [str(c.suite.binary), "consume", topic, "--from", "first", "-n", "1", *at(c.server)]
    waiting = c.nursery.spawn(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True)
    time.sleep(2)  # it has to be at the end of the queue, and does not say when
    check(waiting.poll() is None, f"it ended with {waiting.returncode} instead of waiting")
    begin = time.monotonic()
    c.sluice("produce", topic, "wake up", *at(c.server))
    try:
        out, _ = waiting.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        check(False, "nothing came within 10 s")
    took = time.monotonic() - begin
    check("wake up" in out and took < 1, f"it took {took:.1f} s: {short(out)}")
