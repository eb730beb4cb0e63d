"""Requests that wait at the broker: a hundred thousand of them cost little, and none is in another's way."""
import time

from ..case import case, check
from ..context import resident
from ..popping import POP
from ..remoting import SEND_MESSAGE, Connection, create_topic, frame, header, send_fields

PULL, GET_MAX_OFFSET = 11, 30
CONNECTIONS, EACH, TOPICS = 100, 1000, 50


def pull(topic, queue, group):
    return frame(header(PULL, {
        "consumerGroup": group, "topic": topic, "queueId": queue, "queueOffset": 0, "maxMsgNums": 32, "sysFlag": 6, "commitOffset": 0,
        "suspendTimeoutMillis": 60_000, "subscription": "*", "subVersion": 0}))


def pop(topic, _, group):
    return frame(header(POP, {
        "consumerGroup": group, "topic": topic, "queueId": -1, "maxMsgNums": 32, "invisibleTime": 60_000, "pollTime": 60_000,
        "bornTime": int(time.time() * 1000), "initMode": 0, "expType": "TAG", "exp": "*"}))


def _hold(c, request):
    server = c.new_server().start()
    for i in range(TOPICS):
        create_topic(server.port, f"held{i}")
    idle = resident(server.process.pid)
    held = [Connection(server.port, timeout=60) for _ in range(CONNECTIONS)]
    for n, connection in enumerate(held):
        connection.raw(b"".join(request(f"held{(n + i) % TOPICS}", i % 4, f"g{i % 7}") for i in range(EACH)))
        connection.call(GET_MAX_OFFSET, {"topic": "held0", "queueId": 0})  # what came before is parked now
    more = (resident(server.process.pid) - idle) >> 20
    check(more <= 100, f"{CONNECTIONS * EACH} requests that wait take {more} MiB")
    # One more, on a queue of its own, is woken as if it were alone.
    create_topic(server.port, "alone", 1)
    with Connection(server.port) as waits, Connection(server.port) as sends:
        waits.raw(request("alone", 0, "g"))
        time.sleep(0.2)  # whether it waits already or not, it gets the message
        start = time.monotonic()
        check(sends.call(SEND_MESSAGE, send_fields("alone"), b"x").code == 0, "the send was refused")
        check(waits.answer().code == 0, "the waiting request got no message")
        check(time.monotonic() - start < 1, "the waiting request was woken late")
    for connection in held:
        connection.socket.close()


for _name, _request in (("pulls", pull), ("pops", pop)):
    case(f"hold-100000-{_name}", group=None, against=("sluice",))(lambda c, request=_request: _hold(c, request))
