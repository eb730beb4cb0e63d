"""kill -9, again and again, while delayed and transactional messages are under way: nothing is lost, early, or there twice."""
import random
import time

from ..case import case, check
from .transactions import QUICK, _committed, _producer, _read

SECOND = 1000
DELAYS = {1: SECOND, 2: 5 * SECOND}  # by level
FAR = 10**6  # sequence numbers of producers that came later


def _delayed(c, server, topic):
    return c.driver("java540", "load", server, topic=topic, delay=",".join(map(str, DELAYS)), retries=0, timeout=3000, pause=3)


def _check_delayed(sent, got):
    at = {}
    for e in got:
        at.setdefault(e["s"], []).append(e)
    lost = [e["s"] for e in sent if e["s"] not in at]
    check(not lost, lambda: f"{len(lost)} of {len(sent)} delayed messages are lost, such as {lost[:3]}")
    twice = [s for s, all_of in at.items() if len(all_of) > 1]
    check(not twice, lambda: f"{len(twice)} delayed messages came twice, such as {at[twice[0]]}")
    levels = list(DELAYS)
    early = [e for e in got if e["stored"] - e["born"] < DELAYS[levels[e["s"] % len(levels)]]]
    check(not early, lambda: f"{len(early)} messages came early, such as {early[0]}")


def _check_committed(sent, last, got):
    names = [e["n"] for e in got if e["s"] < FAR]
    check(len(names) == len(set(names)), lambda: f"{len(names) - len(set(names))} messages were committed twice")
    lost = set(_committed(sent)) - set(names)
    check(not lost, lambda: f"{len(lost)} committed messages are lost, such as {sorted(lost)[:3]}")
    wrong = set(names) - set(_committed(range(last + 2)))
    check(not wrong, lambda: f"messages were delivered that were rolled back, such as {sorted(wrong)[:3]}")


def _storm(c, flush):
    kills = c.suite.kills or (5 if c.full else 3)
    c.deadline += 12 * kills
    server = c.new_server({**QUICK, "flushDiskType": flush}).start()
    later, decided = c.topic("delayed", server=server), c.topic("tx", server=server)
    load = _delayed(c, server, later)
    producer = _producer(c, "java540", server, decided, n=10**9, pause=3, tolerant="true", stay="true", timeout=3000)
    producers = [producer]
    dice = random.Random(kills)
    for number in range(kills):
        before, loaded = len(producer.of("sent")), len(load.of("sent"))
        time.sleep(dice.uniform(0.05, 0.9))  # a time at which it is killed, not one that is waited for
        server.kill()
        if number % 10 == 3:  # the producer dies with it, between two steps perhaps, and another one of its group comes
            producer.kill()
            producer = _producer(c, "java540", server, decided, n=10**9, first=FAR * 12 * len(producers), pause=3, tolerant="true",
                                 stay="true", timeout=3000)
            producers.append(producer)
            before = 0
        server.start()
        producer.wait_count("sent", before + 10, 60)
        load.wait_count("sent", loaded + 10, 60)
    sent = load.finish(60).of("sent")
    producer.kill()
    heir = _producer(c, "java540", server, decided, first=FAR * 12 * len(producers), n=1, stay="true")
    heir.wait_count("idle", 1, 40)
    heir.quiet(4, 60)
    first = producers[0]
    committed = {e["s"] for e in first.of("sent") if e["status"] == "SEND_OK"}
    _check_committed(committed, max(e["s"] for e in first.events if "s" in e and e["s"] < FAR), _read(c, server, decided, quiet=5000))
    heir.finish()
    _check_delayed(sent, _read(c, server, later, quiet=7000))


for _flush in ("ASYNC_FLUSH", "SYNC_FLUSH"):
    case(f"kill-storm-{_flush.lower().replace('_', '-')}", group=None, limit=240, against=("sluice",), weight=90)(
        lambda c, flush=_flush: _storm(c, flush))
