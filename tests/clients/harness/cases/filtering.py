"""Filters: a consumer gets exactly the messages its SQL expression or its tags choose."""
from ..case import case, check
from ..processes import Failed
from .sending import CLIENTS, once

N = 120
PRICES = ["5", "10", "20", "2.5", "", "cheap"]
KINDS = ["fruit", "it's", "", "bread"]
TAGS = ["red", "blue", "green"]


def price(i):
    return PRICES[i % len(PRICES)]


def kind(i):
    return KINDS[i % len(KINDS)]


def tag(i):
    return TAGS[i % len(TAGS)]


# What an expression means, in terms of the message's number. A text that is no whole number ends the comparison with one
# (2.5, cheap): no match. A property that is missing is NULL.
FILTERS = {
    "numbers": ("price > 5 AND price <= 20", lambda i: price(i) in ("10", "20")),
    "real-numbers": ("price >= 2.5 AND price <> 10.0", lambda i: price(i) in ("2.5", "5", "20")),
    "texts": ("kind = 'it''s' OR kind = 'fruit'", lambda i: kind(i) in ("it's", "fruit")),
    "in": ("kind IN ('fruit', 'bread') AND TAGS NOT IN ('red')", lambda i: kind(i) in ("fruit", "bread") and tag(i) != "red"),
    "between": ("price BETWEEN 5 AND 10 OR (price IS NOT NULL AND price NOT BETWEEN 1 AND 19)", lambda i: price(i) in ("5", "10", "20")),
    "null": ("price IS NULL OR kind IS NULL", lambda i: price(i) == "" or kind(i) == ""),
    "not": ("NOT (kind = 'fruit' OR TAGS = 'red')", lambda i: kind(i) not in ("fruit", "") and tag(i) != "red"),
    "search": ("kind STARTSWITH 'fr' OR kind CONTAINS 'rea' OR TAGS ENDSWITH 'een'",
               lambda i: kind(i) in ("fruit", "bread") or tag(i) == "green"),
}


def server_for(c):
    """Apache's broker must be told that it may filter by properties; ours need not."""
    return c.server if c.suite.against == "sluice" else c.new_server({"enablePropertyFilter": "true"}).start()


def fill(c, client, topic, server):
    c.send(client, N, server, topic=topic, tags=",".join(TAGS), each_price=",".join(PRICES), each_kind=",".join(KINDS))


def names(wanted):
    return [f"p0/{i}" for i in range(N) if wanted(i)]


def drain(consumer, wanted, what):
    expected = names(wanted)
    consumer.wait_count("got", len(expected), 60)
    consumer.quiet(1, 5)
    once(consumer.finish().of("got"), expected, f"messages with {what}")


def _sql(c, client):
    server = server_for(c)
    topic = c.topic(server=server)
    fill(c, client, topic, server)
    for name, (expression, wanted) in FILTERS.items():
        consumer = c.consumer(client, server, topic=topic, group=c.name("g-" + name), type="SQL92", sub=expression)
        drain(consumer, wanted, expression)


for _client in CLIENTS:
    case(f"sql-filter-{_client}", limit=150, weight=1)(lambda c, client=_client: _sql(c, client))


@case("sql-filter-of-messages-that-come-later")
def _(c):
    """A pull that waits is not woken for good by what it does not want, and is by what it wants."""
    server = server_for(c)
    topic = c.topic(queues=1, server=server)
    consumer = c.consumer("java540", server, topic=topic, group=c.name("g"), type="SQL92", sub="price = 20")
    for _ in range(2):
        c.send("go", 40, server, topic=topic, each_price="10,cheap,", p="unwanted")
    consumer.quiet(1, 3)
    check(not consumer.of("got"), lambda: f"unwanted messages came: {consumer.of('got')[:2]}")
    c.send("go", 3, server, topic=topic, each_price="10,20,", p="p1")
    consumer.wait_count("got", 1, 20)
    once(consumer.finish().of("got"), ["p1/1"])


@case("sql-filters-of-two-groups-and-tags-of-a-third")
def _(c):
    server = server_for(c)
    topic = c.topic(server=server)
    consumers = [
        (c.consumer("java540", server, topic=topic, group=c.name("g1"), type="SQL92", sub=FILTERS["numbers"][0]), FILTERS["numbers"][1]),
        (c.consumer("go", server, topic=topic, group=c.name("g2"), type="SQL92", sub=FILTERS["null"][0]), FILTERS["null"][1]),
        (c.consumer("java498", server, topic=topic, group=c.name("g3"), sub="red || blue"), lambda i: tag(i) in ("red", "blue")),
    ]
    fill(c, "java540", topic, server)
    for number, (consumer, wanted) in enumerate(consumers, 1):
        drain(consumer, wanted, f"the filter of group {number}")


def _refused(c, client, server, expression):
    """What the consumer says that must not start."""
    topic = c.topic(server=server)
    driver = c.driver(client, "consume", server, topic=topic, group=c.name("g"), type="SQL92", sub=expression)
    driver.wait(lambda d: d.events and d.events[-1]["event"] in ("error", "ready"), 40, "its refusal")
    try:
        driver.finish()
    except Failed as e:
        return str(e)
    raise Failed(f"a consumer with the filter {expression!r} started")


def _malformed(c, client):
    server = server_for(c)
    for expression in ("price >", "price > 'x'", "price BETWEEN 10 AND 0"):
        said = _refused(c, client, server, expression)
        check("CODE: 23" in said, f"{expression!r} was refused with {said}")
        if c.suite.against == "sluice":
            check("position" in said and "found" in said, f"{expression!r}: it does not say where: {said}")


for _client in ("java540", "java498"):
    case(f"sql-filter-malformed-is-refused-{_client}")(lambda c, client=_client: _malformed(c, client))


@case("sql-filter-switched-off-is-refused", group=None)
def _(c):
    server = c.new_server({"enablePropertyFilter": "false"}).start()
    said = _refused(c, "java540", server, "price > 5")
    check("CODE: 1 " in said, f"it was refused with {said}")
    if c.suite.against == "sluice":
        check("enablePropertyFilter" in said, f"it does not name the key: {said}")
