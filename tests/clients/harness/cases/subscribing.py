"""How the broker learns what a member subscribes to."""
import json

from ..case import case, check
from ..remoting import Connection, frame, header
from .groups import CONSUMER_CONNECTIONS, CONSUMER_RUNNING_INFO, member

PULL, SUBSCRIPTION_NOT_LATEST = 11, 25


@case("a-newer-subscription-is-asked-for", against=("sluice",))
def _(c):
    """A pull under a subscription that no heartbeat has named: refused once, and the client is asked. It is not left waiting
    for its next heartbeat, as a Java consumer is that rebalances while one leaves."""
    topic, group = c.topic(queues=1), c.name("g")
    pull = {"consumerGroup": group, "topic": topic, "queueId": 0, "queueOffset": 0, "maxMsgNums": 32, "sysFlag": 0,
            "commitOffset": 0, "suspendTimeoutMillis": 0, "subVersion": 2}
    with member(c, group, "a", {topic: "old"}) as one:
        check(one.call(PULL, pull).code == SUBSCRIPTION_NOT_LATEST, "an unknown version is served by what was known before")
        asked = one.answer()
        check((asked.code, asked.fields["clientId"]) == (CONSUMER_RUNNING_INFO, "a"), f"not asked, but {asked}")
        newer = {"topic": topic, "subString": "new", "subVersion": 2, "expressionType": "TAG"}
        one.raw(frame(header(0, flag=1, opaque=asked.opaque), json.dumps({"subscriptionSet": [newer]}).encode()))
        c.until(lambda: one.call(PULL, pull).code != SUBSCRIPTION_NOT_LATEST, 10, "the answer to be known")
        with Connection(c.server.port) as admin:
            members = admin.call(CONSUMER_CONNECTIONS, {"consumerGroup": group}).json()
        check(members["subscriptionTable"][topic]["subString"] == "new", f"the broker knows {members}")
