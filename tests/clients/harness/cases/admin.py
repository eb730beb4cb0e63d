"""Apache's own admin tool, mqadmin 5.4.0, against the server: each command does it and prints what people look for."""
import re
import time

from ..case import Failed, case, check
from ..context import short
from ..remoting import GET_ROUTE, Connection


def says(text, *patterns):
    for pattern in patterns:
        check(re.search(pattern, text), lambda: f"the output has no {pattern!r}: {short(text)}")


@case("mqadmin-updateTopic")
def _(c):
    topic = c.name("t")
    says(c.admin("updateTopic", "-b", c.server.addr, "-t", topic, "-r", "6", "-w", "5"), "create topic to .* success", topic)
    with Connection(c.server.namesrv_port) as ns:
        queues = ns.call(GET_ROUTE, {"topic": topic, "acceptStandardJsonOnly": "true"}).json()["queueDatas"][0]
    check((queues["readQueueNums"], queues["writeQueueNums"]) == (6, 5), f"the route has {queues}")


@case("mqadmin-updateTopic-cluster")
def _(c):
    topic = c.name("t")
    says(c.admin("updateTopic", "-c", "DefaultCluster", "-t", topic), "create topic to .* success")
    c.send("java540", 1, topic=topic)


@case("mqadmin-topicRoute")
def _(c):
    says(c.admin("topicRoute", "-t", c.topic()), r'"brokerAddrs"', re.escape(c.server.addr), r'"readQueueNums":\s*4')


@case("mqadmin-clusterList")
def _(c):
    says(c.admin("clusterList"), r"DefaultCluster\s+\S+\s+0\s+" + re.escape(c.server.addr))


@case("mqadmin-topicStatus")
def _(c):
    topic = c.topic(queues=2)
    c.send("java540", 6, topic=topic)
    rows = re.findall(r"^\S+\s+([01])\s+0\s+3\s+20\d\d-", c.admin("topicStatus", "-t", topic), re.M)
    check(sorted(rows) == ["0", "1"], "no row for each of the two queues with offsets 0 to 3 and a time")


@case("mqadmin-consumerProgress", limit=120)
def _(c):
    """Shows how far a group is, also the lag, and lists the group among all."""
    topic, group = c.topic(queues=2), c.name("g")
    consumer = c.consumer("java540", topic=topic, group=group)
    c.send("java540", 6, topic=topic)
    consumer.wait_count("got", 6, 40)
    consumer.finish()
    c.send("java540", 2, topic=topic)
    text = c.admin("consumerProgress", "-g", group)
    rows = re.findall(re.escape(topic) + r"\s+\S+\s+\d+\s+(\d+)\s+(\d+)\s+(\d+)\s", text)
    check(sum(int(r[0]) for r in rows) == 8 and sum(int(r[1]) for r in rows) == 6, lambda: f"progress is not 6 of 8: {text}")
    says(text, r"Consume Diff Total: 2|Diff Total: 2")


@case("mqadmin-sendMessage-consumeMessage", limit=120)
def _(c):
    topic = c.topic(queues=1)
    says(c.admin("sendMessage", "-t", topic, "-p", "hello from mqadmin", "-k", "key7", "-c", "tagA"), "SEND_OK")
    says(c.admin("consumeMessage", "-t", topic, "-c", "1", seconds=100), "hello from mqadmin")


@case("mqadmin-queryMsgById")
def _(c):
    topic = c.topic()
    sent = c.send("java540", 1, topic=topic, tags="tagA", keys="k")[0]
    text = c.admin("queryMsgById", "-i", sent["offsetId"], "-t", topic)
    says(text, r"Topic:\s+" + re.escape(topic), r"Tags:\s+\[tagA\]", r"Keys:\s+\[k0 allk\]", rf"Queue Offset:\s+{sent['o']}\b")


@case("mqadmin-topicList")
def _(c):
    topic = c.topic()
    says(c.admin("topicList"), rf"(?m)^\s*{re.escape(topic)}\s*$")


@case("mqadmin-deleteTopic")
def _(c):
    topic = c.topic()
    says(c.admin("deleteTopic", "-c", "DefaultCluster", "-t", topic), "delete topic .* success")
    with Connection(c.server.namesrv_port) as ns:
        c.until(lambda: ns.call(GET_ROUTE, {"topic": topic}).code == 17, 10, "the end of the route")


@case("mqadmin-updateSubGroup")
def _(c):
    group = c.name("g")
    says(c.admin("updateSubGroup", "-b", c.server.addr, "-g", group, "-r", "3"), "create subscription group to .* success", group)


@case("mqadmin-brokerStatus")
def _(c):
    says(c.admin("brokerStatus", "-b", c.server.addr), r"(?m)^\s*putTps\b|^putTps", "runtime", "bootTimestamp")


@case("mqadmin-getBrokerConfig")
def _(c):
    says(c.admin("getBrokerConfig", "-b", c.server.addr), r"(?m)^listenPort\s*=\s*" + str(c.server.port), r"(?m)^brokerName\s*=", "flushDiskType")


@case("mqadmin-statsAll")
def _(c):
    topic = c.topic()
    c.send("java540", 2, topic=topic)
    says(c.admin("statsAll", "-t", topic), re.escape(topic))


@case("mqadmin-resetOffsetByTime", limit=150)
def _(c):
    """A group set back in time reads again what came after that time, and not what came before."""
    topic, group = c.topic(), c.name("g")
    consumer = c.consumer("java540", topic=topic, group=group)
    c.send("java540", 8, topic=topic)
    consumer.wait_count("got", 8, 60)
    # The offsets of a time must not depend on one millisecond: leave room on both sides.
    time.sleep(0.3)
    middle = int(time.time() * 1000)
    time.sleep(0.3)
    c.send("java540", 8, topic=topic, first=8)
    consumer.wait_count("got", 16, 60)
    said = c.admin("resetOffsetByTime", "-g", group, "-t", topic, "-s", str(middle))
    try:
        consumer.wait_count("got", 24, 60)
    except Failed as e:
        raise Failed(f"{e}; mqadmin said: {short(said)}") from None
    consumer.quiet(2, 6)
    again = [e["s"] for e in consumer.finish().of("got")][16:]
    check(sorted(again) == list(range(8, 16)), f"came again: {sorted(again)}, expected 8 to 15")
