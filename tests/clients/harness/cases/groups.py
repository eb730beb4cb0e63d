"""Consumer groups: who reads what, members that differ, and what administrators see and change."""
import json

from ..case import case, check
from ..remoting import Connection

HEART_BEAT, QUERY_ASSIGNMENT, SET_REQUEST_MODE, GET_ALL_REQUEST_MODES = 34, 400, 401, 402


def member(c, group, client_id, subscriptions):
    """A connection that is a member of the group: `subscriptions` is topic -> expression."""
    connection = Connection(c.server.port)
    connection.call(HEART_BEAT, body=json.dumps({
        "clientID": client_id, "producerDataSet": [], "heartbeatFingerprint": 0, "withoutSub": False,
        "consumerDataSet": [{
            "groupName": group, "consumeType": "CONSUME_PASSIVELY", "messageModel": "CLUSTERING",
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
