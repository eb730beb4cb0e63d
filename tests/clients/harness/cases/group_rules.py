"""What a group may do and what is said of it: its configuration, contradictions among its members, many groups on one topic."""
import json
import time

from ..case import case, check
from ..remoting import Connection
from .groups import member


@case("contradicting-subscriptions-are-told", group=None, against=("sluice",))
def _(c):
    """Members of one group that want different things: a warning that names both, and a count in the runtime information."""
    server = c.new_server().start()
    topic, group = c.topic(server=server), c.name("g")

    def count():
        with Connection(server.port) as admin:
            return admin.call(28).json()["table"]["groupsWithDifferentSubscriptions"]

    with member(c, group, "client-a", {topic: "red"}, server=server), member(c, group, "client-b", {topic: "blue"}, server=server):
        check(count() == "1", f"{count()} groups are counted")
        line = c.until(lambda: next((x for x in server.log.read_text().splitlines() if "subscriptions_differ" in x), None), 10, "a warning")
        check(all(word in line for word in (group, topic, "client-a", "client-b", "red", "blue")), f"the warning is {line}")
    c.until(lambda: count() == "0", 10, "the count to go back")


PUT_GROUP, GROUP_FORBIDDEN, GET_TOPIC_CONFIG = 200, 353, 351
NOT_PERMITTED = 16


@case("group-fields-have-their-effect")
def _(c):
    """consumeEnable, consumeBroadcastEnable, a forbidden topic, retryQueueNums, notifyConsumerIdsChangedEnable."""
    topic, group = c.topic(queues=1), c.name("g")
    pull = {"consumerGroup": group, "topic": topic, "queueId": 0, "queueOffset": 0, "maxMsgNums": 32, "sysFlag": 0,
            "commitOffset": 0, "suspendTimeoutMillis": 0, "subVersion": 0}
    pop = {"consumerGroup": group, "topic": topic, "queueId": -1, "maxMsgNums": 1, "invisibleTime": 1000, "pollTime": 0,
           "bornTime": int(time.time() * 1000), "initMode": 0, "expType": "TAG", "exp": "*"}
    with Connection(c.server.port) as admin:

        def put(**fields):
            answer = admin.call(PUT_GROUP, body=json.dumps({"groupName": group, **fields}).encode())
            check(answer.code == 0, f"{fields} is answered with {answer}")

        def codes(connection):
            return connection.call(11, pull).code, connection.call(200050, {**pop, "bornTime": int(time.time() * 1000)}).code

        put(retryQueueNums=3, notifyConsumerIdsChangedEnable=False)
        with member(c, group, "a", {topic: "*"}) as one:
            check(codes(one) == (19, 210), f"a good group is answered {codes(one)}")
            answer = admin.call(GET_TOPIC_CONFIG, {"topic": f"%RETRY%{group}", "lo": "true"})
            check(answer.json()["readQueueNums"] == 3, f"the retry topic is {answer.body}")
            put(consumeEnable=False)
            check(codes(one) == (NOT_PERMITTED,) * 2, f"a group that may not consume is answered {codes(one)}")
            put(consumeEnable=True)
            check(admin.call(GROUP_FORBIDDEN, {"group": group, "topic": topic, "readable": "false"}).json()["readable"] is False,
                  "the topic is not forbidden")
            check(one.call(11, pull).code == NOT_PERMITTED, "a forbidden topic is read")
            admin.call(GROUP_FORBIDDEN, {"group": group, "topic": topic, "readable": "true"})
            check(one.call(11, pull).code == 19, "the topic is not readable again")
        put(consumeBroadcastEnable=False)
        with member(c, group, "b", {topic: "*"}, "BROADCASTING") as two:
            check(two.call(11, pull).code == NOT_PERMITTED, "a broadcasting member is served")
        put(notifyConsumerIdsChangedEnable=False)
        with member(c, group, "c", {topic: "*"}) as three, member(c, group, "d", {topic: "*"}):
            three.socket.settimeout(2)
            try:
                check(False, f"a member that is to be left alone was sent {three.answer()}")
            except TimeoutError:
                pass


@case("two-hundred-groups-on-one-topic", group=None, limit=240, against=("sluice",), weight=2)
def _(c):
    """Each of 200 groups (120 of Java's in two versions, 80 of Go's) gets every message, once."""
    server = c.new_server().start()
    topic, n = c.topic(queues=4, server=server), 25
    readers = [(c.driver(client, "consume", server, topic=topic, group=c.name(client), groups=groups, threads=1), groups)
               for client, groups in (("java540", 60), ("java498", 60), ("go", 80))]
    for reader, _ in readers:
        reader.wait_count("ready", 1, 100)
    c.send("go", n, server, topic=topic)
    for reader, groups in readers:
        reader.wait_count("got", groups * n, 120)
    for reader, groups in readers:
        reader.quiet(1, 3)
        got = [(e["by"], e["n"]) for e in reader.finish().of("got")]
        wanted = {(f"c{g}", f"p0/{i}") for g in range(groups) for i in range(n)}
        check(len(got) == len(wanted) and set(got) == wanted, f"{reader.what}: {len(got)} messages came, {len(set(got) & wanted)} of {len(wanted)}")
