"""How a row is measured: functions of a server that is up, a row, and the seconds of one measurement. They give figures by name."""
import time

from common import load as generator
from common import processes, servers

WARM_SECONDS = 0.5  # before each measurement: sockets and files are there, caches are full
FILL = 300_000  # messages to read: more than processor caches hold, little enough to be in the page cache


def _timed(row, seconds):
    return [*row.load.split(), "--warmup", WARM_SECONDS], seconds * row.stretch


def load(server, row, seconds):
    arguments, seconds = _timed(row, seconds)
    if server.name == "ceiling" and row.ceiling != "store":
        arguments.append("--no-dense")  # it gives no offsets
    return generator.run([*arguments, "--topic", row.key], server, seconds, refusals=True)


def end_to_end(server, row, seconds):
    once(server, row.key, lambda: generator.create_topics(server, row.key, 1))
    return load(server, row, seconds)


def pull(server, row, seconds):
    once(server, "filled", lambda: generator.run(
        ["produce", "--topic", "filled", "--conns", 16, "--depth", 16, "--messages", FILL], server, refusals=True))
    arguments, seconds = _timed(row, seconds)
    return generator.run([*arguments, "--topic", "filled"], server, seconds)


def many_topics(server, row, seconds):
    once(server, "topics", lambda: generator.create_topics(server, row.key, 1000))
    return load(server, row, seconds)


def hold(server, row, seconds):
    if not isinstance(server, servers.Ceiling):
        generator.create_topics(server, row.key, 1, queues=8)
    generator.run(["produce", "--topic", row.key, "--queues", 8, "--messages", 64], server)
    return generator.run([*row.load.split(), "--topic", row.key], server, seconds)


def start(server, row, seconds):
    return {"first_send_ms": server.first_send_ms}


def idle(server, row, seconds):
    """Once for a server: the first time tells what it is like when nothing has happened to it yet."""
    before, began = processes.cpu_seconds(server.pid), time.monotonic()
    time.sleep(max(3, seconds))
    used, took = processes.cpu_seconds(server.pid) - before, time.monotonic() - began
    return {"cpu_percent": 100 * used / took} | memory(server)


def traffic(server, row, seconds):
    """Memory after 10 GiB (a short run: 1 GiB). A server that lived through the whole run has had its traffic and gets no more."""
    wanted = (10 if seconds >= 3 else 1) << 30
    if not server.written > wanted / 10:
        generator.run([*row.load.split(), "--messages", wanted >> 10], server)
    return memory(server) | {"gib_written": server.written / 2**30}


def memory(server):
    now = processes.memory_mib(server.pid)
    return {"resident_mib": now["resident"], "own_mib": now["own"]}


def once(server, what, act):
    """Prepares a server that lives for several rounds only once."""
    if what not in server.prepared:
        act()
        server.prepared.add(what)
