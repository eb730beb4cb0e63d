"""The C++ client where networks and brokers fail: nothing hangs, nothing is lost, memory stays bounded."""
import time

from ..case import case, check
from ..context import resident_anonymous
from ..proxy import Proxy


def far_server(c):
    """A server whose clients reach its broker through a proxy, and that proxy."""
    server = c.new_server({"bindAddress": "127.0.0.1", "brokerIP1": "127.0.0.2"}).start()
    return server, Proxy(server.port)


def all_names(n):
    return {f"p0/{i}" for i in range(n)}


def came(driver):
    return {e["n"] for e in driver.of("got")}


def consumers(c, server, topic):
    """One of each kind that waits for messages, in groups of their own."""
    push = c.consumer("cpp", server, topic=topic, group=c.name("push"))
    pull = c.driver("cpp", "litepull", server, topic=topic, group=c.name("pull"), how="subscribe", n=10**6, quiet=600000, auto="true")
    pop = c.driver("cpp", "pop", server, topic=topic, group=c.name("pop"), invisible=20000)
    return push, pull, pop


@case("cpp-consumers-outlive-a-broker", group=None, limit=180, against=("sluice",))
def _(c):
    """The broker is killed and comes back: all consumers go on and miss nothing."""
    server = c.new_server().start()
    topic = c.topic(server=server)
    c.send("cpp", 40, server, topic=topic)
    running = consumers(c, server, topic)
    for driver in running:
        c.until(lambda d=driver: came(d) == all_names(40), 60, f"the first messages of {driver.what}")
    server.kill()
    time.sleep(1)  # a while without a broker
    server.start()
    c.send("cpp", 40, server, topic=topic, first=40, timeout=30000)
    for driver in running:
        c.until(lambda d=driver: came(d) >= all_names(80), 90, f"the messages after the restart of {driver.what}")
    running[0].finish(30)
    running[2].finish(30)


@case("cpp-consumers-notice-a-blackhole", group=None, limit=240, weight=60, against=("sluice",))
def _(c):
    """A network that swallows everything without a word: consumers find out by themselves, and end in time meanwhile."""
    server, proxy = far_server(c)
    topic = c.topic(server=server)
    running = consumers(c, server, topic)
    leaving = c.consumer("cpp", server, topic=topic, group=c.name("leaving"))
    c.send("cpp", 20, server, topic=topic)
    for driver in (*running, leaving):
        c.until(lambda d=driver: came(d) == all_names(20), 60, f"the first messages of {driver.what}")
    proxy.blackhole()
    begin = time.monotonic()
    leaving.finish(40)
    check(time.monotonic() - begin < 30, "a consumer did not end while its broker was silent")
    proxy.hole = False  # for new connections; the old ones stay silent: their bytes are gone
    c.send("cpp", 20, server, topic=topic, first=20, timeout=60000)
    for driver in running:
        c.until(lambda d=driver: came(d) >= all_names(40), 120, f"the messages after the blackhole of {driver.what}")
    proxy.close()


@case("cpp-consumers-bound-their-memory", group=None, limit=180, against=("sluice",))
def _(c):
    """A listener much slower than the broker: what is read ahead stays within the thresholds, however much waits."""
    server = c.new_server().start()
    topic = c.topic(queues=4, server=server)
    n = 4000 if c.full else 1500
    # One after the other: 150 MB on their way at once are more than a slow disk takes within a send's time limit.
    c.send("cpp", n, server, seconds=120, topic=topic, size=100_000, compress=0)
    slow = c.consumer("cpp", server, topic=topic, group=c.name("g"), threads=1, pause=100, cached=50)
    slow.wait_count("got", 20, 60)
    held = resident_anonymous(slow.process.pid)
    check(held < 150 << 20, f"{held >> 20} MiB for a cache of 4 x 50 messages of 100 kB, with {n * 100_000 >> 20} MiB waiting")
    slow.kill()
