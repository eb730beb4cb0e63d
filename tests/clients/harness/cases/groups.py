"""Consumer groups: who reads what, members that differ, and what administrators see and change."""
import json
import re
import time

from ..case import case, check
from ..remoting import Connection
from .admin import says
from .sending import once

CONSUMER_CONNECTIONS, CONSUMER_RUNNING_INFO = 203, 307
HEART_BEAT, QUERY_ASSIGNMENT, SET_REQUEST_MODE, GET_ALL_REQUEST_MODES = 34, 400, 401, 402


def member(c, group, client_id, subscriptions, model="CLUSTERING", server=None):
    """A connection that is a member of the group: `subscriptions` is topic -> expression."""
    connection = Connection((server or c.server).port)
    connection.call(HEART_BEAT, body=json.dumps({
        "clientID": client_id, "producerDataSet": [], "heartbeatFingerprint": 0, "withoutSub": False,
        "consumerDataSet": [{
            "groupName": group, "consumeType": "CONSUME_PASSIVELY", "messageModel": model,
            "consumeFromWhere": "CONSUME_FROM_FIRST_OFFSET", "unitMode": False,
            "subscriptionDataSet": [{"topic": t, "subString": e, "subVersion": 1, "expressionType": "TAG", "classFilterMode": False,
                                     "tagsSet": [], "codeSet": []} for t, e in subscriptions.items()]}]}).encode())
    return connection


def assignment(connection, topic, group, client_id, strategy="AVG"):
    """Places (queue id, mode) that the broker assigns; None: keep what you have."""
    answer = connection.call(QUERY_ASSIGNMENT, body=json.dumps({
        "topic": topic, "consumerGroup": group, "clientId": client_id, "strategyName": strategy,
        "messageModel": "CLUSTERING"}).encode())
    check(answer.code == 0, f"the assignment is answered with {answer}")
    places = answer.json().get("messageQueueAssignments")
    return None if places is None else sorted((p["messageQueue"]["queueId"], p["mode"]) for p in places)


@case("assignment-shares-queues")
def _(c):
    """Asked for an assignment, the broker shares the queues out like Apache's AVG; of another strategy it says nothing."""
    topic, group = c.topic(queues=5), c.name("g")
    with member(c, group, "a", {topic: "*"}) as one, member(c, group, "b", {topic: "*"}) as two:
        check(c.until(lambda: assignment(one, topic, group, "a") or None, 40, "a route") == [(q, "PULL") for q in (0, 1, 2)],
              "the first member has not the first three queues")
        check(assignment(two, topic, group, "b") == [(3, "PULL"), (4, "PULL")], "the second member has not the other two")
        check(assignment(one, topic, group, "a", "MACHINE_ROOM") is None, "an unknown strategy got an assignment")
        check(assignment(one, c.name("nowhere"), group, "a") is None, "an unknown topic got an assignment")


@case("mqadmin-setConsumeMode")
def _(c):
    """A group set to POP by mqadmin is told to pop each broker; the retry topic stays pulled."""
    topic, group = c.topic(queues=2), c.name("g")
    c.admin("setConsumeMode", "-b", c.server.addr, "-t", topic, "-g", group, "-m", "POP", "-q", "0")
    with member(c, group, "a", {topic: "*"}) as one:
        check(c.until(lambda: assignment(one, topic, group, "a"), 40, "a route") == [(-1, "POP")], "POP is not told")
        modes = one.call(GET_ALL_REQUEST_MODES).json()["messageRequestModeMap"]
        check(modes[topic][group]["mode"] == "POP", f"all modes are {modes}")


@case("request-mode-survives-a-restart", group=None, against=("sluice",))
def _(c):
    server = c.new_server().start()
    body = json.dumps({"topic": "t", "consumerGroup": "g", "mode": "POP", "popShareQueueNum": 2}).encode()
    with Connection(server.port) as admin:
        check(admin.call(SET_REQUEST_MODE, body=body).code == 0, "the mode is refused")
    server.stop()
    server.start()
    with Connection(server.port) as admin:
        modes = admin.call(GET_ALL_REQUEST_MODES).json()["messageRequestModeMap"]
    check(modes["t"]["g"] == {"topic": "t", "consumerGroup": "g", "mode": "POP", "popShareQueueNum": 2}, f"now it is {modes}")


def names(numbers):
    return {f"p0/{i}" for i in numbers}


def all_of(*drivers):
    return {e["n"] for d in drivers for e in d.of("got")}


def settle(consumer):
    """Stops a consumer whose listener has returned from every message, so that it commits them all."""
    consumer.quiet(1, 4)
    consumer.finish()


@case("disjoint-topics-in-one-group", limit=150, against=("sluice",))
def _(c):
    """Two consumers of one group with different topics: each reads all queues of its own."""
    one, two, group, n = c.topic("one"), c.topic("two"), c.name("g"), 40
    first = c.consumer("java540", topic=one, group=group)
    second = c.consumer("java498", topic=two, group=group)
    c.send("java540", n, topic=one)
    c.send("java540", n, topic=two)
    first.wait_count("got", n, 60)
    second.wait_count("got", n, 60)
    for driver, topic in ((first, one), (second, two)):
        got = driver.finish().of("got")
        once(got, names(range(n)))
        check({e["topic"] for e in got} == {topic}, "messages of the other's topic came")


def _different_tags(c, server, between):
    """Rounds of messages while both run, while one is away, while both are away; each gets all of its tag, once."""
    topic, group = c.topic(server=server), c.name("g")

    def start(tag):
        return c.consumer("java540", server, topic=topic, group=group, sub=tag)

    def send(first):
        c.send("java540", 40, server, topic=topic, tags="red,blue", first=first)

    red, blue = start("red"), start("blue")
    send(0)
    red.wait_count("got", 20, 60)
    blue.wait_count("got", 20, 60)
    settle(red)
    send(40)
    blue.wait_count("got", 40, 60)
    settle(blue)
    between()
    send(80)
    red2, blue2 = start("red"), start("blue")
    red2.wait_count("got", 40, 60)
    blue2.wait_count("got", 20, 60)
    settle(red2)
    settle(blue2)
    once(red.of("got") + red2.of("got"), names(range(0, 120, 2)), "red messages")
    once(blue.of("got") + blue2.of("got"), names(range(1, 120, 2)), "blue messages")


@case("different-tags-in-one-group", limit=240, weight=60, against=("sluice",))
def _(c):
    _different_tags(c, c.server, lambda: None)


@case("different-tags-survive-a-restart", group=None, limit=240, weight=60, against=("sluice",))
def _(c):
    server = c.new_server().start()

    def restart():
        server.stop()
        server.start()

    _different_tags(c, server, restart)


@case("java-and-go-share-a-group", limit=150)
def _(c):
    """Members that write the same tags differently are one group: they share the queues."""
    topic, group = c.topic(queues=4), c.name("g")
    java = c.consumer("java540", topic=topic, group=group, sub="red||blue")
    go = c.consumer("go", topic=topic, group=group, sub="blue || red")
    sent = 0

    def both_work():
        nonlocal sent
        c.send("java540", 20, topic=topic, tags="red,blue", first=sent)
        sent += 20
        return java.of("got") and go.of("got")

    c.until(both_work, 60, "messages at both")
    c.until(lambda: all_of(java, go) >= names(range(sent)), 40, "all messages")
    seen = len(java.of("got")), len(go.of("got"))
    c.send("java540", 40, topic=topic, tags="red,blue", first=sent)
    java.wait(lambda d: len(d.of("got")) + len(go.of("got")) >= sum(seen) + 40, 40, "the last messages")
    java.quiet(1, 4)
    once(java.of("got")[seen[0]:] + go.of("got")[seen[1]:], names(range(sent, sent + 40)), "messages shared by both")
    java.finish()
    go.finish()


@case("subscription-rolls-over", limit=240, weight=60, against=("sluice",))
def _(c):
    """A deployment replaces consumers one by one by others that want more: no message is missed on the way."""
    topic, group = c.topic(queues=4), c.name("g")
    sent = 0

    def start(tags):
        return c.consumer("java540", topic=topic, group=group, sub=tags)

    def send():
        nonlocal sent
        c.send("java540", 40, topic=topic, tags="red,blue", first=sent)
        sent += 40

    old = [start("red"), start("red")]
    send()
    c.until(lambda: all_of(*old) >= names(range(0, 40, 2)), 60, "the red messages")
    new = [start("red || blue")]
    send()
    old[0].finish()
    send()
    c.until(lambda: all_of(*new) >= names(range(41, 120, 2)), 60, "the blue messages")
    old[1].finish()
    new.append(start("red || blue"))
    send()
    c.until(lambda: all_of(*new) >= names(range(120, 160)), 60, "all messages after the change")
    check(all_of(*old, *new) >= names(range(0, 160, 2)), "red messages were missed")
    seen = [len(d.of("got")) for d in new]
    send()
    c.until(lambda: all_of(*new) >= names(range(160, 200)), 60, "all messages when only new consumers are left")
    new[0].quiet(1, 4)
    late = [e for d, n in zip(new, seen) for e in d.of("got")[n:]]
    once([e for e in late if e["s"] >= 160], names(range(160, 200)), "messages shared by the new consumers")
    for driver in new:
        driver.finish()


@case("mqadmin-consumerStatus", limit=120)
def _(c):
    """The broker asks running clients for mqadmin: what they run, and where they stand."""
    topic, group = c.topic(queues=2), c.name("g")
    java = c.consumer("java540", topic=topic, group=group)
    c.send("java540", 6, topic=topic)
    java.wait_count("got", 6, 40)
    client = connections(c, group)[0]["clientId"]
    text = c.admin("consumerStatus", "-g", group, "-i", client, ok=False)  # a property may name an Exception
    says(text, "#Consumer Subscription#|Consumer Subscription", re.escape(topic), "PROP_CONSUME_TYPE|CONSUME_PASSIVELY")
    java.finish()


@case("mqadmin-consumerStatus-go", limit=120)
def _(c):
    topic, group = c.topic(queues=2), c.name("g")
    go = c.consumer("go", topic=topic, group=group)
    c.send("java540", 6, topic=topic)
    go.wait_count("got", 6, 40)
    answer = ask_running(c, group, connections(c, group)[0]["clientId"])
    check(answer.code == 0 and topic.encode() in answer.body, f"the Go client's running info: {answer}")
    go.finish()


@case("running-info-of-nobody")
def _(c):
    answer = ask_running(c, c.name("g"), "nobody@nowhere")
    check(answer.code == 1, f"asked for a client that is not there: {answer}")


@case("mqadmin-queryMsgById-consumes-directly", limit=120)
def _(c):
    """A message that administrators pick is consumed once more by the client they name."""
    topic, group = c.topic(queues=1), c.name("g")
    java = c.consumer("java540", topic=topic, group=group)
    sent = c.send("java540", 1, topic=topic)[0]
    java.wait_count("got", 1, 40)
    client = connections(c, group)[0]["clientId"]
    text = c.admin("queryMsgById", "-i", sent["offsetId"], "-t", topic, "-g", group, "-d", client)
    says(text, "CR_SUCCESS")
    java.wait_count("got", 2, 20)
    java.finish()


@case("mqadmin-cloneGroupOffset", limit=120)
def _(c):
    """A group that takes over another's progress reads only what came later."""
    topic, old, new = c.topic(queues=2), c.name("old"), c.name("new")
    consumer = c.consumer("java540", topic=topic, group=old)
    c.send("java540", 6, topic=topic)
    consumer.wait_count("got", 6, 40)
    settle(consumer)
    c.admin("cloneGroupOffset", "-s", old, "-d", new, "-t", topic)
    c.send("java540", 4, topic=topic, first=6)
    after = c.consumer("java540", topic=topic, group=new)
    after.wait_count("got", 4, 40)
    after.quiet(1, 4)
    once(after.finish().of("got"), names(range(6, 10)))


@case("sluice-group", limit=150)
def _(c):
    """Members, owners, lag and contradictions as `sluice group` shows them; a reset and a deletion."""
    topic, group = c.topic(queues=2), c.name("g")
    red = c.consumer("java540", topic=topic, group=group, sub="red")
    blue = c.consumer("go", topic=topic, group=group, sub="blue")
    c.send("java540", 8, topic=topic, tags="red,blue")
    red.wait_count("got", 4, 40)
    blue.wait_count("got", 4, 40)

    def describe():
        return json.loads(c.sluice("group", "describe", group, "--json", "-n", c.server.ns)[1])

    state = describe()
    check({m["language"] for m in state["members"]} == {"JAVA", "GO"}, f"the members are {state['members']}")
    check(all(q["owner"] for q in state["queues"] if q["topic"] == topic), f"a queue has no owner: {state['queues']}")
    if c.suite.against == "sluice":
        check(sorted(f["expression"] for f in state["contradictions"][0]["filters"]) == ["blue", "red"],
              f"the contradictions are {state['contradictions']}")
    check(group in c.sluice("group", "list", "-n", c.server.ns)[1], "the group is not listed")
    # What a filter leaves out is skipped when the hold of a pull ends; 30 s is the longest that clients ask for.
    c.until(lambda: describe()["lag"] == 0, 60, "no lag")
    settle(red)
    settle(blue)
    before = describe()["lag"]  # the Go client stores where it stopped, which may be before what it left out
    c.sluice("group", "reset", group, "--to", "first", "--topic", topic, "--dry-run", "-n", c.server.ns)
    check(describe()["lag"] == before, "a dry run changed something")
    c.sluice("group", "reset", group, "--to", "first", "--topic", topic, "-n", c.server.ns)
    check(describe()["lag"] == 8, "the reset did not go to the first message")
    c.sluice("group", "delete", group, "--yes", "-n", c.server.ns)
    check(c.sluice("group", "describe", group, "-n", c.server.ns, ok=False)[0] == 3, "the group is still there")


@case("sluice-group-describe-lag")
def _(c):
    """Lag in messages, and in seconds: the age of the oldest message that the group has not read."""
    topic, group = c.topic(queues=1), c.name("g")
    c.send("java540", 4, topic=topic)
    consumer = c.consumer("java540", topic=topic, group=group)
    consumer.wait_count("got", 4, 40)
    settle(consumer)

    def queue():
        state = json.loads(c.sluice("group", "describe", group, "--json", "-n", c.server.ns)[1])
        return next(q for q in state["queues"] if q["topic"] == topic)

    c.until(lambda: queue()["lag"] == 0, 20, "no lag")
    check(queue()["lagMs"] == 0, f"nothing is unread, but {queue()}")
    before = time.time()
    c.send("java540", 1, topic=topic)
    time.sleep(1.5)  # the age that is measured
    c.send("java540", 2, topic=topic)
    row, after = queue(), time.time()
    check(row["lag"] == 3, f"three messages are unread, but {row}")
    check(1500 <= row["lagMs"] <= (after - before) * 1000 + 1, f"the oldest is {after - before:.1f} s old at most, but {row}")


def connections(c, group):
    """Those of a group, which is not known before its first member is."""
    with Connection(c.server.port) as admin:

        def listed():
            answer = admin.call(CONSUMER_CONNECTIONS, {"consumerGroup": group})
            return answer.code == 0 and answer.json().get("connectionSet")

        return c.until(listed, 10, "a connection of the group")


def ask_running(c, group, client):
    with Connection(c.server.port, timeout=15) as admin:
        return admin.call(CONSUMER_RUNNING_INFO, {"consumerGroup": group, "clientId": client, "jstackEnable": "false"})
