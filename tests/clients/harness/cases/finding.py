"""Finding messages by key and by id: mqadmin, producers, `sluice message`; also after restarts, and in a store Apache wrote."""
import json
import re
import shutil

from ..case import case, check
from ..context import short
from ..popping import Popper

CLIENTS = ["java540", "java498"]


def find(c, client, topic, key, server=None, **args):
    """Which messages a producer's queryMessage finds."""
    return sorted(e["n"] for e in c.driver(client, "find", server, topic=topic, key=key, **args).finish().of("got"))


def found(c, client, topic, key, wanted, server=None, **args):
    """The same, once the index has come so far: it is a moment behind the log."""
    c.until(lambda: find(c, client, topic, key, server, **args) == sorted(wanted), 30, f"{wanted} by key {key}")


def by_command(c, topic, key, server, *more):
    """What `sluice message find` finds: objects."""
    code, out, err = c.sluice("message", "find", topic, "--key", key, "--json", "--namesrv", server.ns, *more, ok=False)
    check(code in (0, 3), f"message find: exit {code}: {short(err)}")
    return [json.loads(line) for line in out.splitlines()]


def _keys(c, client):
    topic, other = c.topic(), c.topic("other")
    c.send("java540", 5, topic=topic, keys="k")
    c.send("java540", 1, topic=other, keys="k")
    found(c, client, topic, "allk", [f"p0/{i}" for i in range(5)])
    check(find(c, client, topic, "k3") == ["p0/3"], "a key of one message")
    check(find(c, client, topic, "k33") == [], "a key nobody has")
    check(len(find(c, client, topic, "allk", max=2)) == 2, "at most two")


for _client in CLIENTS:
    case(f"find-by-key-{_client}", limit=120)(lambda c, client=_client: _keys(c, client))


def _unique(c, client):
    """viewMessage takes the unique id too: it is looked up by key."""
    topic = c.topic()
    sent = c.send("java540", 2, topic=topic, keys="k")
    found(c, client, topic, "allk", ["p0/0", "p0/1"])
    for one in sent:
        got = c.driver(client, "view", topic=topic, id=one["id"]).finish().of("got")[0]
        check((got["o"], got["q"], got["id"]) == (one["o"], one["q"], one["id"]), f"viewMessage gave {got} for {one}")


for _client in CLIENTS:
    case(f"find-by-unique-id-{_client}", limit=120)(lambda c, client=_client: _unique(c, client))


@case("find-in-time-range")
def _(c):
    topic = c.topic(queues=1)
    c.send("java540", 2, topic=topic, keys="a", first=0)
    c.send("java540", 2, topic=topic, keys="a", first=2)
    found(c, "java540", topic, "alla", [f"p0/{i}" for i in range(4)])
    stored = sorted(e["stored"] for e in c.driver("java540", "find", topic=topic, key="alla").finish().of("got"))
    check(find(c, "java540", topic, "alla", **{"from": stored[2]}) == ["p0/2", "p0/3"], "those since the third")
    check(find(c, "java540", topic, "alla", to=stored[1]) == ["p0/0", "p0/1"], "those until the second")


@case("find-shows-no-other-key-of-the-same-hash", against=("sluice",))
def _(c):
    """"Aa" and "BB" have the same hash in Java."""
    topic = c.topic()
    for key in ("Aa", "BB"):
        c.sluice("produce", topic, "--key", key, "--namesrv", c.server.ns, stdin=f"with {key}\n")
    got = c.until(lambda: by_command(c, topic, "BB", c.server), 10, "the message with the key BB")
    check([m["body"] for m in got] == ["with BB"], f"found {got}")


@case("mqadmin-queryMsgByKey")
def _(c):
    topic = c.topic()
    sent = c.send("java540", 3, topic=topic, keys="k")
    found(c, "java540", topic, "k1", ["p0/1"])
    text = c.admin("queryMsgByKey", "-t", topic, "-k", "k1")
    check(sent[1]["id"] in text and sent[0]["id"] not in text, f"queryMsgByKey shows {short(text)}")


@case("mqadmin-queryMsgByUniqueKey")
def _(c):
    topic = c.topic()
    sent = c.send("java540", 3, topic=topic, keys="k")
    found(c, "java540", topic, "k2", ["p0/2"])
    text = c.admin("queryMsgByUniqueKey", "-t", topic, "-i", sent[1]["id"])
    check(re.search(rf"Queue Offset:\s+{sent[1]['o']}\b", text) and re.search(r"Keys:\s+\[?k1 ", text), f"it shows {short(text)}")


@case("cli-message", against=("sluice",))
def _(c):
    """find by key, get by both kinds of id; people see every field."""
    topic = c.topic(queues=1)
    sent = c.send("java540", 2, topic=topic, keys="k", tags="red", text="hello")
    c.until(lambda: len(by_command(c, topic, "allk", c.server)) == 2, 10, "two messages by key")
    _, out, _ = c.sluice("message", "find", topic, "--key", "k1", "--from", "1h", "--namesrv", c.server.ns)
    for part in (topic, sent[1]["id"], sent[1]["offsetId"], "red", "k1 allk", "hello", "127.0.0.1:"):
        check(part in out, f"message find does not show {part}: {short(out)}")
    for identity in (sent[0]["id"], sent[0]["offsetId"]):
        _, out, _ = c.sluice("message", "get", identity, "--namesrv", c.server.ns)
        check("k0 allk" in out, f"message get {identity}: {short(out)}")
    code, _, err = c.sluice("message", "get", "0" * 32, "--namesrv", c.server.ns, ok=False)
    check(code == 3 and err.strip(), f"message get of nothing: exit {code}, {short(err)}")


@case("find-after-restart-and-kill", group=None, against=("sluice",), limit=120)
def _(c):
    server = c.new_server({"maxIndexNum": 1000}).start()  # several index files
    topic = c.topic(server=server)

    def everything(prefix, n):
        for key in (f"{prefix}0", f"{prefix}{n // 2}", f"{prefix}{n - 1}"):
            got = c.until(lambda: by_command(c, topic, key, server), 20, f"the message with the key {key}")
            check(len(got) == 1, f"{key} is found {len(got)} times")
        check(len(by_command(c, topic, f"all{prefix}", server)) == 64, "not the newest 64")

    c.send("java540", 1500, server, topic=topic, keys="k", mode="async")
    everything("k", 1500)
    server.stop()
    server.start()
    everything("k", 1500)
    c.send("java540", 500, server, topic=topic, keys="j", mode="async")
    server.kill()
    server.start()
    everything("k", 1500)
    everything("j", 500)
    shutil.rmtree(server.directory / "store" / "index")
    server.kill()
    server.start()
    everything("k", 1500)
    everything("j", 500)
    check("key_index_rebuilt" in server.log.read_text(), "it does not say that the index was rebuilt")


@case("find-in-a-store-apache-wrote", group=None, apache=True, against=("sluice",), limit=240)
def _(c):
    """The index files themselves are read: the log is not gone through again."""
    apache = c.new_apache().start()
    topic = c.topic(server=apache)
    sent = c.send("java540", 20, apache, topic=topic, keys="k")
    found(c, "java540", topic, "allk", [f"p0/{i}" for i in range(20)], apache)
    apache.stop()
    store = next(p.parent for p in apache.directory.rglob("commitlog") if p.is_dir())
    names = sorted(p.name for p in (store / "index").iterdir())
    server = c.new_server()
    shutil.copytree(store, server.directory / "store", symlinks=True)
    server.start()
    check(len(by_command(c, topic, "allk", server)) == 20, "not every message is found")
    for i in (0, 19):
        check([m["id"] for m in by_command(c, topic, f"k{i}", server)] == [sent[i]["id"]], f"the key k{i}")
    check("key_index_rebuilt" not in server.log.read_text(), "the index was rebuilt")
    check(sorted(p.name for p in (server.directory / "store" / "index").iterdir()) == names, "other index files")
    c.sluice("produce", topic, "--key", "k0", "--namesrv", server.ns, stdin="one more\n")
    c.until(lambda: len(by_command(c, topic, "k0", server)) == 2, 10, "the new message beside the old one")


def trace(c, message_id, topic, *more, server=None):
    """What the broker tells of a message's life; {} while its id is not in the index."""
    server = server or c.server
    code, out, err = c.sluice("message", "trace", message_id, "--topic", topic, "--json", "--namesrv", server.ns, *more, ok=False)
    check(code in (0, 3), f"message trace: exit {code}: {short(err)}")
    return json.loads(out) if code == 0 else {}


def share(life, group, record=0):
    return next((s for s in life.get("groups", []) if s["group"] == group and s["record"] == record), {})


@case("sluice-message-trace", against=("sluice",))
def _(c):
    """Stored, waiting for a group, consumed by it: by the unique id and by the one that says where the message lies."""
    topic, group = c.topic(queues=1), c.name("g")
    sent = c.send("java540", 3, topic=topic)
    life = c.until(lambda: trace(c, sent[1]["id"], topic), 20, "the id in the index")
    record = life["records"][0]
    check((record["role"], record["queue"], record["offset"]) == ("message", sent[1]["q"], sent[1]["o"]), f"the record is {record}")
    check(record["position"] == int(record["file"]) + record["positionInFile"], f"the place is {record}")
    check(life["groups"] == [] and life["complete"], f"nobody has asked for it, but {life}")
    consumer = c.consumer("java540", topic=topic, group=group)
    consumer.wait_count("got", 3, 40)
    consumer.quiet(1, 4)  # its listener has returned from every message, so that it commits them all
    consumer.finish()
    life = c.until(lambda: share(trace(c, sent[1]["id"], topic), group).get("since") and trace(c, sent[1]["id"], topic), 20,
                   "the time when the group had consumed it")
    told = share(life, group)
    check(told["state"] == "consumed" and record["stored"] <= told["since"] <= life["now"], f"the group's share is {told}")
    by_place = json.loads(c.sluice("message", "trace", record["liesAt"], "--json", "--namesrv", c.server.ns)[1])
    check(by_place["id"] == sent[1]["id"], f"by its place {by_place['id']} was found")
    text = c.sluice("message", "trace", sent[1]["id"], "--namesrv", c.server.ns)[1]
    check("consumed by " + group in text and "stored" in text, f"people read {text}")
    check(c.sluice("message", "trace", "0" * 32, "--namesrv", c.server.ns, ok=False)[0] == 3, "an unknown id was found")


@case("sluice-message-trace-of-a-lease", against=("sluice",))
def _(c):
    """Popped messages: the lease and its end, then the acknowledgement; also after the log was read again."""
    server = c.new_server().start()
    topic, group = c.topic(queues=1, server=server), c.name("g")
    sent = c.send("java540", 2, server, topic=topic)
    c.until(lambda: trace(c, sent[0]["id"], topic, server=server), 20, "the id in the index")
    with Popper(server.port, group, topic) as popper:
        taken = popper.pop(invisible=30_000)
        check(len(taken) == 2, f"{len(taken)} of 2 messages were popped")
        told = share(trace(c, sent[0]["id"], topic, server=server), group)
        check((told["state"], told["since"], told["until"]) == ("leased", taken[0].popped, taken[0].popped + 30_000), f"told is {told}")
        popper.ack(taken[0])
    server.kill()
    server.start()
    life = c.until(lambda: trace(c, sent[0]["id"], topic, server=server), 20, "the id in the index")
    told = share(life, group)
    check(told["state"] == "acknowledged" and told["since"] >= taken[0].popped, f"told is {told}")
    check(share(trace(c, sent[1]["id"], topic, server=server), group)["state"] == "leased", "the other message is not leased any more")


@case("sluice-message-trace-of-a-retry", against=("sluice",), limit=120)
def _(c):
    """A message that a consumer gives back until it is dead: each record that was made of it, in the order of time."""
    server = c.new_server({"messageDelayLevel": "1s 1s 1s 1s 1s 1s"}).start()
    topic, group = c.topic(queues=1, server=server), c.name("g")
    consumer = c.consumer("java540", server, topic=topic, group=group, fail=99, max=1)
    sent = c.send("java540", 1, server, topic=topic)
    consumer.wait_count("got", 2, 60)
    roles = c.until(lambda: (found := [r["role"] for r in trace(c, sent[0]["id"], topic, server=server).get("records", [])])
                    and found[-1] == "dead" and found, 30, "the dead letter")
    check(roles == ["message", "delayed", "retry", "dead"], f"the records are {roles}")
    records = trace(c, sent[0]["id"], topic, server=server)["records"]
    check(records[1]["fate"] == "delivered" and records[2]["madeOf"] == records[1]["position"], f"the records are {records}")
    check(all(a["stored"] <= b["stored"] for a, b in zip(records, records[1:])), "the records are not in order")


@case("sluice-message-trace-of-a-transaction", against=("sluice",), limit=120)
def _(c):
    """Half messages: undecided, committed, rolled back."""
    topic = c.topic(queues=1)
    producer = c.driver("java540", "transact", topic=topic, group=c.name("p"), how="commit,rollback,unknown", check="unknown",
                        n=3, stay="true")
    sent = producer.wait_count("sent", 3, 60) or producer.of("sent")
    sent = {e["s"]: e for e in producer.of("sent")}

    def half(s):
        records = trace(c, sent[s]["id"], topic).get("records", [])
        return next((r["fate"] for r in records if r["role"] == "half"), None)

    c.until(lambda: [half(s) for s in range(3)] == ["committed", "dropped", "open"], 30, "what became of each")
    records = trace(c, sent[0]["id"], topic)["records"]
    check([r["role"] for r in records] == ["half", "message"], f"the committed message's records are {records}")
    producer.finish()
