"""Progress that an administrator sets while members run: they go on there, and nothing they still commit undoes it."""
import json
import time

from ..case import case, check

# Clients pause after "offset moved": Java since 5.2.0 not at all, older ones and Go for 10 s.
PAUSE = {"java540": 0, "java498": 10, "go": 10}


def _reset(c, client, model):
    topic, group, n = c.topic(queues=2), c.name("g"), 20
    consumer = c.consumer(client, topic=topic, group=group, model=model)
    c.send("java540", n, topic=topic)
    consumer.wait_count("got", n, 60)
    consumer.quiet(3, 6)  # its pulls wait at the broker now
    start = time.monotonic()
    c.sluice("group", "reset", group, "--to", "first", "--topic", topic, "-n", c.server.ns)
    consumer.wait_count("got", 2 * n, 60)
    took = time.monotonic() - start
    # Without being woken its pulls would wait for up to 20 s more, and its next rebalance for another 20.
    if model == "CLUSTERING":
        check(took < PAUSE[client] + 20, f"the first message of the second time came after {took:.1f} s")
    consumer.quiet(2, 5)
    got = [e["n"] for e in consumer.of("got")]
    check(sorted(got) == sorted(2 * [f"p0/{i}" for i in range(n)]), f"{len(got)} messages came, not all twice")
    if model == "CLUSTERING":
        consumer.finish()
        lag = json.loads(c.sluice("group", "describe", group, "--json", "-n", c.server.ns)[1])["lag"]
        check(lag == 0, f"after the second time {lag} messages are left")


for _client in PAUSE:
    case(f"reset-of-a-running-group-{_client}", limit=150, against=("sluice",))(
        lambda c, client=_client: _reset(c, client, "CLUSTERING"))
case("reset-of-a-broadcasting-group", limit=150, against=("sluice",))(lambda c: _reset(c, "java540", "BROADCASTING"))
