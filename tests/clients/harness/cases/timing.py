"""Timed messages: delivered at a time, taken back, listed."""
import json
import random
import shutil
import time

from ..case import case, check
from .sending import once
from .storing import store_of

LATE = 2_000  # ms, on a machine that does other things
DAY = 86_400_000


def _judge(c, server, topic, quiet=4000):
    """Everything that the topic has, read without a group."""
    return c.driver("java540", "litepull", server, topic=topic, group=c.name("judge"), how="assign", n=10**9, quiet=quiet).finish(120).of("got")


def _on_time(sent, got, exact=True):
    """Not early, and not late; of Apache's broker, which keeps to seconds, not early only."""
    due = {e["s"]: e for e in sent}
    for e in got:
        asked = due[e["s"]]["due"]
        check(e["stored"] >= asked, lambda: f"message {e['n']} was delivered {asked - e['stored']} ms early")
        if not exact:
            continue
        check(e["stored"] - max(asked, due[e["s"]]["at"]) <= LATE,
              lambda: f"message {e['n']} was delivered {e['stored'] - asked} ms late")


def _timed(c, kind):
    topic, n = c.topic(), 20
    consumer = c.consumer("java540", topic=topic, group=c.name("g"))
    sent = c.driver("java540", "timed", topic=topic, n=n, kind=kind, ahead="2000,1000,3000").finish(60).of("sent")
    consumer.wait_count("got", n, 60)
    got = consumer.finish().of("got")
    once(got, [f"p0/{i}" for i in range(n)])
    # Of a delay the time counts from when the broker had the message, which is a little later.
    _on_time(sent, got)


for _kind in ("deliver", "ms", "sec"):
    case(f"timed-{_kind}", against=("sluice",))(lambda c, kind=_kind: _timed(c, kind))


@case("timed-too-far", against=("sluice",))
def _(c):
    """Ten years ahead is taken; a day more is refused with a text that names the limit; what has come is delivered at once."""
    topic = c.topic()
    run = c.driver("java540", "timed", topic=topic, n=3, kind="ms", ahead=f"{3650 * DAY},{3651 * DAY},0", tolerant="true", retries=0)
    run.finish(60)
    check([e["s"] for e in run.of("sent")] == [0, 2], lambda: f"taken: {run.of('sent')}")
    why = run.of("failed")[0]["why"]
    check("CODE: 13" in why and "timerMaxDelaySec" in why, f"refused with {why}")
    once(_judge(c, c.server, topic), ["p0/2"])


@case("timed-recall", against=("sluice",))
def _(c):
    """Each second message is taken back; a second recall, one of a delivered message and a forged handle say why they fail."""
    topic, n = c.topic(), 10
    run = c.driver("java540", "timed", topic=topic, n=n, ahead="3000", recall=2)
    sent = run.finish(60).of("sent")
    check([e["id"] for e in run.of("recalled")] == [e["id"] for e in sent if e["s"] % 2], "recalls are answered with other ids")
    again = c.driver("java540", "recall", topic=topic, handle=sent[1]["handle"]).finish(30).of("refused")[0]
    check(again["code"] == 604 and "recalled before" in again["why"], f"a second recall gave {again}")
    once(_judge(c, c.server, topic), [f"p0/{i}" for i in range(0, n, 2)])
    late = c.driver("java540", "recall", topic=topic, handle=sent[0]["handle"]).finish(30).of("refused")[0]
    check(late["code"] == 604 and "delivered" in late["why"], f"a late recall gave {late}")


@case("timed-restart", group=None, limit=150, against=("sluice",))
def _(c):
    """What waits is there after a stop and after a kill, in the command line's list, and can be taken back there."""
    server = c.new_server().start()
    topic = c.topic(server=server)
    c.driver("java540", "timed", server, topic=topic, n=6, ahead=f"{DAY},{2 * DAY},30000").finish(60)
    for end in (server.stop, server.kill):
        end()
        server.start()
        _, text, _ = c.sluice("message", "timed", "list", "--topic", topic, "--json", "-n", server.ns)
        waiting = [json.loads(line) for line in text.splitlines()]
        check(len(waiting) == 6, f"{len(waiting)} wait: {text}")
        check([m["due"] for m in waiting] == sorted(m["due"] for m in waiting), "they are not listed by their times")
    c.sluice("message", "timed", "cancel", waiting[0]["handle"], "-n", server.ns)
    got = _judge(c, server, topic, quiet=33_000)
    check(len(got) == 1, f"{[e['n'] for e in got]} came")


def _handed_over(c, server):
    """Two that are delivered before, two that wait, one that was taken back: numbers 0 and 3, 1 and 4, 2. No send is repeated: a broker
    that has just started takes its time, and would store the message twice."""
    topic = c.topic(server=server)
    run = c.driver("java540", "timed", server, topic=topic, n=3, ahead="1000,80000,80000", recall=3, timeout=20_000)
    sent = run.finish(60).of("sent")
    sent += c.driver("java540", "timed", server, topic=topic, n=2, first=3, kind="sec,deliver", ahead="1000,81000", timeout=20_000).finish(60).of("sent")
    once(_judge(c, server, topic, quiet=8000), ["p0/0", "p0/3"], "what was due at once")
    return topic, sent


def _found_there(c, server, topic, sent, repeats):
    reader = c.consumer("java540", server, topic=topic, group=c.name("after"))
    c.until(lambda: len({e["n"] for e in reader.of("got")}) >= 4, 120, "each of four messages")
    reader.finish()
    got = _judge(c, server, topic)
    names = sorted({e["n"] for e in got}) if repeats else [e["n"] for e in got]
    check(sorted(names) == ["p0/0", "p0/1", "p0/3", "p0/4"], lambda: f"it has {names}")
    _on_time([e for e in sent if e["s"] in (1, 4)], [e for e in got if e["s"] in (1, 4)], exact=not repeats)


@case("timed-of-apache", group=None, apache=True, against=("sluice",), limit=300, full_only=True, weight=150)
def _(c):
    """What waits in a store of Apache's broker comes once and not early; what that delivered, or was recalled there, does not come."""
    apache = c.new_apache({"recallMessageEnable": "true"}).start()
    topic, sent = _handed_over(c, apache)
    apache.stop()
    server = c.new_server()
    shutil.copytree(store_of(apache), server.directory / "store", symlinks=True)
    _found_there(c, server.start(), topic, sent, repeats=False)


@case("timed-for-apache", group=None, apache=True, against=("sluice",), limit=300, full_only=True, weight=150)
def _(c):
    """Apache's broker finds what waits here, and that a message was recalled; it may deliver again what is over. It must be up before
    they are due: what is overdue it delivers without a look at recalls."""
    apache = c.new_apache().start()
    apache.stop()
    server = c.new_server().start()
    topic, sent = _handed_over(c, server)
    server.stop()
    store = store_of(apache)
    shutil.rmtree(store)
    shutil.copytree(server.directory / "store", store)
    _found_there(c, apache.start(), topic, sent, repeats=True)


def _killed(c, flush, kills):
    """kill -9 while timed messages come in, wait, are taken back and are delivered: none lost, early, or twice."""
    c.deadline += 12 * kills
    server = c.new_server({"flushDiskType": flush, "logLevel": "warn"}).start()
    topic = c.topic(server=server)
    dice = random.Random(5)
    sent, recalled, unsure = {}, set(), set()
    first = 0
    for _ in range(kills):
        n = 400
        run = c.driver("java540", "timed", server, topic=topic, n=n, first=first, kind="deliver,ms", ahead="50,400,900,1700,2500,4000",
                       recall=5, tolerant="true", retries=0, timeout=2000, pause=2)
        run.wait_count("sent", 40, 60)
        time.sleep(dice.uniform(0.0, 0.6))  # a time at which it is killed, not one that is waited for
        server.kill()
        server.start()
        run.finish(90)
        sent.update({e["s"]: e for e in run.of("sent")})
        recalled |= {e["s"] for e in run.of("recalled")}
        unsure |= {e["s"] for e in run.of("failed")}
        first += n
    got = _judge(c, server, topic, quiet=8_000)
    names = [e["s"] for e in got]
    check(len(names) == len(set(names)), lambda: f"twice: {sorted(s for s in set(names) if names.count(s) > 1)[:9]}")
    missing = set(sent) - set(names) - recalled - unsure
    check(not missing, f"{len(missing)} lost: {sorted(missing)[:9]}")
    check(not recalled & set(names), lambda: f"delivered after a recall: {sorted(recalled & set(names))[:9]}")
    for e in got:
        if e["s"] in sent:
            check(e["stored"] >= sent[e["s"]]["due"], f"message {e['n']} was early")


for _flush in ("SYNC_FLUSH", "ASYNC_FLUSH"):
    case(f"timed-broker-killed-{_flush.lower().replace('_', '-')}", group=None, limit=200, against=("sluice",), weight=2)(
        lambda c, flush=_flush: _killed(c, flush, c.suite.kills or 2))
