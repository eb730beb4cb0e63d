"""The store's files: they change hands with Apache's broker either way, and what is damaged in them is never served."""
import json
import shutil
import time

from .. import remoting
from ..case import case, check
from .finding import by_command
from .sending import once

GET_ALL_GROUPS, PUT_GROUP = 201, 200
GROUP = {"consumeEnable": True, "consumeFromMinEnable": True, "consumeBroadcastEnable": True, "retryQueueNums": 2,
         "retryMaxTimes": 7, "brokerId": 0, "whichBrokerWhenConsumeSlowly": 1, "notifyConsumerIdsChangedEnable": True}
DELAY = 30  # seconds, of level 4


def store_of(server):
    return next(p.parent for p in server.directory.rglob("commitlog") if p.is_dir())


def _progress(server, group, topic, queues):
    with remoting.Connection(server.port) as asked:
        answers = [asked.call(remoting.QUERY_CONSUMER_OFFSET, {"consumerGroup": group, "topic": topic, "queueId": queue}) for queue in range(queues)]
    return sum(int(answer.fields["offset"]) for answer in answers if answer.code == 0)


def fill(c, server):
    """Leaves something of every kind on the server: the names of what must come of it."""
    topic, slow = c.topic(queues=3, server=server), c.topic("slow", 2, server)
    group, settled = c.name("g"), c.name("settled")
    with remoting.Connection(server.port) as asked:
        answer = asked.call(PUT_GROUP, body=json.dumps({**GROUP, "groupName": settled}).encode())
        check(answer.code == 0, f"the group was not made: {answer}")
    c.send("java540", 40, server, topic=topic, keys="k", tags="red,blue")
    reader = c.consumer("java540", server, topic=topic, group=group)
    reader.wait_count("got", 40, 60)
    # A client's last commit asks for no answer, so on a busy machine it can be lost when the client ends.
    c.until(lambda: _progress(server, group, topic, 3) == 40, 30, "the group's progress to be stored", every=1)
    reader.finish()
    c.send("java498", 20, server, topic=topic, first=100)
    failing = c.consumer("java540", server, topic=slow, group=group + "r", fail=99)
    c.send("java540", 5, server, topic=slow, first=200)
    failing.wait_count("got", 5, 60)
    failing.quiet(2, 5)
    failing.finish()  # gave five messages back, which wait ten seconds now
    c.send("java540", 6, server, topic=slow, first=300, delay="4")
    return topic, slow, group, settled, time.time()


def take_over(c, server, topic, slow, group, settled, delayed_at):
    """Everything that fill() left is there, on a server that had no part in it."""
    all_names = [f"p0/{i}" for i in [*range(40), *range(100, 120)]]
    fresh = c.consumer("java540", server, topic=topic, group=c.name("fresh"))
    goes_on = c.consumer("java540", server, topic=topic, group=group)
    slow_ones = c.consumer("java540", server, topic=slow, group=group + "r")
    fresh.wait_count("got", 60, 90)
    once(fresh.finish().of("got"), all_names)
    goes_on.wait_count("got", 20, 60)
    goes_on.quiet(2, 8)
    once(goes_on.finish().of("got"), [f"p0/{i}" for i in range(100, 120)], "messages behind the group's offset")
    slow_ones.wait_count("got", 11, 120)
    slow_ones.quiet(2, 8)
    got = slow_ones.finish().of("got")
    once(got, [f"p0/{i}" for i in [*range(200, 205), *range(300, 306)]], "retried and delayed messages")
    check(all(e["again"] >= 1 for e in got if e["s"] < 300), "a retried message came as if for the first time")
    late = [e for e in got if e["s"] >= 300 and e["stored"] - e["born"] < DELAY * 1000]
    check(not late, lambda: f"a delayed message came {late[0]['stored'] - late[0]['born']} ms after it was made")
    found = by_command(c, topic, "allk", server)
    check(len(found) == 40, f"{len(found)} of 40 messages are found by their key")
    with remoting.Connection(server.port) as asked:
        answer = asked.call(GET_ALL_GROUPS)
        text = answer.body.decode()
        at = text.find(f'"{settled}"')
        check(at >= 0 and '"retryMaxTimes":7' in text.replace(" ", ""), "the group's configuration is lost")
        ends = [asked.call(remoting.GET_MAX_OFFSET, {"topic": topic, "queueId": queue}).fields for queue in range(3)]
        check(sum(int(e["offset"]) for e in ends) == 60, f"the queues end at {ends}")
    c.send("java540", 3, server, topic=topic, first=900)  # and it goes on behind what was there


@case("store-of-apache", group=None, apache=True, against=("sluice",), limit=420, weight=200)
def _(c):
    apache = c.new_apache().start()
    left = fill(c, apache)
    apache.stop()
    server = c.new_server()
    shutil.copytree(store_of(apache), server.directory / "store", symlinks=True)
    code, out, _ = c.sluice("store", "verify", server.directory / "store", "--json", seconds=60, ok=False)
    report = json.loads(out)
    check(code == 0 and report["good"] and report["messages"] > 60, f"the store of Apache's broker: {report}")
    take_over(c, server.start(), *left)


@case("store-of-apache-killed", group=None, apache=True, against=("sluice",), limit=420, full_only=True, weight=200)
def _(c):
    apache = c.new_apache().start()
    left = fill(c, apache)
    time.sleep(6)  # offsets are written every five seconds
    apache.kill()
    server = c.new_server()
    shutil.copytree(store_of(apache), server.directory / "store", symlinks=True)
    take_over(c, server.start(), *left)


@case("store-for-apache", group=None, apache=True, against=("sluice",), limit=480, full_only=True, weight=250)
def _(c):
    server = c.new_server().start()
    left = fill(c, server)
    server.stop()
    apache = c.new_apache().start()
    apache.stop()
    store = store_of(apache)
    shutil.rmtree(store)
    shutil.copytree(server.directory / "store", store)
    take_over(c, apache.start(), *left)


def _flip(path, at):
    with open(path, "r+b") as f:
        f.seek(at)
        byte = f.read(1)
        f.seek(at)
        f.write(bytes([byte[0] ^ 0xFF]))


def _damaged_store(c, server):
    """30 messages in one queue, of which the body of the eleventh is damaged on the disk."""
    topic = c.topic(queues=1, server=server)
    c.send("java540", 30, server, topic=topic, size=500)
    server.stop()
    log = server.directory / "store" / "commitlog" / f"{0:020d}"
    index = server.directory / "store" / "consumequeue" / topic / "0" / f"{0:020d}"
    entry = index.read_bytes()[10 * 20:11 * 20]
    position = int.from_bytes(entry[:8], "big")
    _flip(log, position + 100)
    return topic, position


@case("damaged-message-is-passed-over", group=None, against=("sluice",))
def _(c):
    server = c.new_server({"damagedMessages": "skip"}).start()
    topic, position = _damaged_store(c, server)
    server.start()
    reader = c.consumer("java540", server, topic=topic, group=c.name("g"))
    reader.wait_count("got", 29, 60)
    reader.quiet(1, 5)
    once(reader.finish().of("got"), [f"p0/{i}" for i in range(30) if i != 10])
    log = server.log.read_text()
    check("damaged_message_skipped" in log and str(position) in log, "the log does not say where the damage is")


@case("damaged-message-stops-its-readers", group=None, against=("sluice",))
def _(c):
    server = c.new_server().start()
    topic, position = _damaged_store(c, server)
    server.start()
    reader = c.consumer("java540", server, topic=topic, group=c.name("g"))
    reader.wait_count("got", 10, 60)
    c.until(lambda: "damaged_message" in server.log.read_text(), 20, "the damage in the log")
    check(str(position) in server.log.read_text(), "the log does not say where the damage is")
    reader.quiet(2, 8)
    once(reader.finish().of("got"), [f"p0/{i}" for i in range(10)])
    c.send("java540", 1, server, topic=topic, first=50)  # writers go on


@case("store-repair-keeps-what-it-cannot-read", group=None, against=("sluice",))
def _(c):
    server = c.new_server().start()
    topic, position = _damaged_store(c, server)
    store = server.directory / "store"
    code, out, _ = c.sluice("store", "verify", store, "--json", ok=False)
    report = json.loads(out)
    check(code == 1 and [d["from"] for d in report["logDamage"]] == [position], f"verify says {report}")
    c.sluice("store", "repair", store)
    code, out, _ = c.sluice("store", "verify", store, "--json", ok=False)
    check(code == 0 and json.loads(out)["good"], f"after the repair: {out}")
    check(any((store / "damaged").glob(f"commitlog-{position:020d}-*")), "no copy of the damaged bytes")
    server.start()
    reader = c.consumer("java540", server, topic=topic, group=c.name("g"))
    reader.wait_count("got", 29, 60)
    once(reader.finish().of("got"), [f"p0/{i}" for i in range(30) if i != 10])
    code, _, err = c.sluice("store", "verify", store, ok=False)
    check(code == 1 and "lock" in err, f"a store that is in use: {err}")


PULL_MESSAGE, PULL_OFFSET_MOVED = 11, 21


@case("removed-messages-are-passed-over", group=None, against=("sluice",))
def _(c):
    """Old files go by themselves; whoever stood in them goes on at the first message that is there."""
    server = c.new_server({"mappedFileSizeCommitLog": 1 << 20, "maxMessageSize": 65536, "tailBytes": 1 << 20,
                           "logBytesMax": 2 << 20}).start()
    topic, group = c.topic(queues=1, server=server), c.name("g")
    c.send("java540", 10, server, topic=topic)
    early = c.consumer("java540", server, topic=topic, group=group)
    early.wait_count("got", 10, 60)
    early.finish()
    c.send("java540", 6000, server, topic=topic, first=10, size=1000, mode="async")
    with remoting.Connection(server.port) as asked:
        def first():
            return int(asked.call(remoting.GET_MIN_OFFSET, {"topic": topic, "queueId": 0}).fields["offset"])
        c.until(lambda: first() > 1000, 40, "old files that are removed")
        least = first()
        answer = asked.call(PULL_MESSAGE, {"consumerGroup": c.name("raw"), "topic": topic, "queueId": 0, "queueOffset": 0, "maxMsgNums": 8,
                                           "sysFlag": 4, "commitOffset": 0, "suspendTimeoutMillis": 0, "subscription": "*",
                                           "subVersion": 0, "expressionType": "TAG"})
        check(answer.code == PULL_OFFSET_MOVED and int(answer.fields["nextBeginOffset"]) >= least,
              f"a pull below the first message was answered with {answer}, {answer.fields}")
    late = c.consumer("java540", server, topic=topic, group=group)
    late.wait_count("got", 500, 60)
    late.quiet(3, 20)
    got = sorted(e["o"] for e in late.finish().of("got"))
    check(got[-1] == 6009 and got == list(range(got[0], 6010)), f"it got {len(got)} messages, from {got[0]} to {got[-1]}")
    check(got[0] >= least, "a removed message came")
