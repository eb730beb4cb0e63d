"""The rows, as a table. A row is a kind of measurement (kinds.py) with its arguments, the figures that are read from it, and goals.

A goal is the most (or with ">=" the least) that a figure of Sluice may be; "peer" goals compare with the peer's figure of the same row.
"""
from dataclasses import dataclass, field

from . import kinds

CPU = ("cpu_us_per_msg", "CPU µs/message")
RATE = ("msgs_per_s", "messages/s")
P50 = ("lat_us.p50", "p50 µs")
P99 = ("lat_us.p99", "p99 µs")


@dataclass(frozen=True)
class Row:
    key: str
    title: str
    measure: callable  # of kinds.py: (server, row, seconds) -> figures
    load: str = ""  # arguments of rmqload
    figures: tuple = (CPU, RATE)
    goals: dict = field(default_factory=dict)  # figure -> (comparison, value)
    times_peer: dict = field(default_factory=dict)  # figure -> how many times better than the peer's
    ceiling: str = "plain"  # plain, store, sync, or "" for none
    sync: bool = False  # SYNC_FLUSH instead of ASYNC_FLUSH
    settings: dict = field(default_factory=dict)  # of Sluice
    versus: str = ""  # the row whose messages/s this one's are divided by; with `sync`, the peer's of that row
    once: bool = False  # measured in the first round only
    stretch: float = 1  # this many times the usual seconds: a row with few messages needs them


def send(key, title, load, goal, times, **more):
    figures = more.pop("figures", (CPU, RATE))
    goals = {"cpu_us_per_msg": ("<=", goal)} | more.pop("goals", {})
    return Row(key, title, kinds.load, "produce " + load, figures, goals, {"cpu_us_per_msg": times} if times else {}, **more)


ROWS = (
    send("send", "send 1 KiB, 16 connections × 64 in flight", "--conns 16 --depth 64 --size 1024", 2.6, 10),
    send("send-128", "send 128 B, 16 × 64", "--conns 16 --depth 64 --size 128", 1.5, 16),
    send("send-16x1", "send 1 KiB, 16 × 1", "--conns 16 --depth 1 --size 1024", 8, 4),
    send("send-1x1", "send 1 KiB, 1 × 1 (round trip)", "--conns 1 --depth 1 --size 1024", 22, 3.5, figures=(CPU, P50, P99),
         goals={"lat_us.p50": ("<=", 30)}),
    send("batch", "batches of 32 × 1 KiB, 16 × 4", "--conns 16 --depth 4 --batch 32 --size 1024", 1.4, 4),
    Row("pull", "pull 1 KiB from memory", kinds.pull, "pull --loop --pull-max 32", (CPU, RATE), {"cpu_us_per_msg": ("<=", 0.7)},
        {"cpu_us_per_msg": 4}, ceiling="store"),
    Row("e2e-1000", "end to end at 1,000 messages/s", kinds.end_to_end, "e2e --rate 1000", (CPU, P50, P99),
        {"cpu_us_per_msg": ("<=", 60), "lat_us.p50": ("<=", 150), "lat_us.p99": ("<=", 1000)}, ceiling="store", stretch=2),
    Row("e2e-10000", "end to end at 10,000 messages/s", kinds.end_to_end, "e2e --rate 10000", (CPU, P50, P99),
        {"cpu_us_per_msg": ("<=", 35), "lat_us.p50": ("<=", 150)}, ceiling="store"),
    send("sync", "SYNC_FLUSH, send 1 KiB, 16 × 64", "--conns 16 --depth 64 --size 1024", 5, None, ceiling="sync", sync=True,
         versus="send", goals={"of_versus": (">=", 2)}),
    Row("start", "start to first send", kinds.start, figures=(("first_send_ms", "ms"),), goals={"first_send_ms": ("<=", 100)}, ceiling=""),
    Row("idle", "idle, no connection", kinds.idle, figures=(("cpu_percent", "% of a core"), ("resident_mib", "resident MiB"),
        ("own_mib", "own MiB")), goals={"cpu_percent": ("<=", 0.5), "resident_mib": ("<=", 32)}, ceiling="", once=True),
    Row("traffic", "memory after the traffic of the run", kinds.traffic, "produce --conns 16 --depth 64 --size 1024",
        (("own_mib", "own MiB"), ("gib_written", "GiB written")), {"own_mib": ("<=", 256)}, ceiling="", once=True),
    Row("hold", "2,000 held pulls, 250 on a queue", kinds.hold, "hold --conns 2000 --queues 8 --wakes 2",
        (("wake_us.p50", "wake p50 µs"), ("wake_us.p99", "wake p99 µs"), ("kb_per_conn", "KiB each")),
        {"wake_us.p50": ("<=", 2000), "wake_us.p99": ("<=", 10000), "kb_per_conn": ("<=", 1)}, ceiling="store"),
    Row("topics", "send to 1,000 topics × 4 queues", kinds.many_topics, "produce --conns 16 --depth 64 --size 1024 --topics 1000",
        (CPU, RATE), {"of_versus": (">=", 0.95)}, ceiling="", versus="send"),
)
