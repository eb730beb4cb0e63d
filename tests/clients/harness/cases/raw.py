"""Bad input on raw sockets: refused in words where the protocol can, never the end of the server, never its memory."""
import json
import os
import struct

from ..case import case, check
from ..context import resident_anonymous
from ..remoting import (GET_MAX_OFFSET, GET_ROUTE, SEND_MESSAGE, UPDATE_AND_CREATE_TOPIC, Connection, create_topic, frame, header,
                        send_fields)


def still_serves(c, topic):
    with Connection(c.server.port) as broker:
        answer = broker.call(SEND_MESSAGE, send_fields(topic), b"still here")
        check(answer.code == 0, f"after it, a good message is answered with {answer}")
    with Connection(c.server.namesrv_port) as ns:
        answer = ns.call(GET_ROUTE, {"topic": topic, "acceptStandardJsonOnly": "true"})
        check(answer.code == 0, f"after it, a route question is answered with {answer}")


def bad_frames():
    """Name and bytes of frames that are no commands."""
    good = frame(header(SEND_MESSAGE, send_fields("x")), b"x")
    text = json.dumps(header(SEND_MESSAGE)).encode()
    return {
        "length-of-2-gigabytes": struct.pack(">I", 0x7FFFFFFF) + b"x" * 100,
        "length-negative": struct.pack(">I", 0xFFFFFFFF) + b"x" * 100,
        "length-zero": struct.pack(">I", 0),
        "length-below-header": struct.pack(">II", 8, 1000) + b"abcd",
        "header-longer-than-frame": struct.pack(">II", 4 + len(text), len(text) + 1000) + text,
        "header-no-json": frame(b"{this is no json"),
        "header-an-array": frame(b"[1,2,3]"),
        "header-fields-of-wrong-type": frame(b'{"code":"ten","opaque":{},"extFields":7}'),
        "header-deep": frame(b'{"code":10,"extFields":' + b'{"a":' * 5000 + b"1" + b"}" * 5001),
        "header-unknown-coding": struct.pack(">II", 4 + len(text), 0x07000000 | len(text)) + text,
        "header-binary-cut": struct.pack(">II", 4 + 6, 0x01000006) + b"\x00\x0a\x00\x01\x00\x05",
        "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "noise": os.urandom(4096),
        "frame-cut-short": good[:-3],
    }


def _bad_frame(c, data, door):
    topic = c.topic()
    for _ in range(20):
        with Connection(getattr(c.server, door)) as bad:
            try:
                bad.raw(data)
            except ConnectionError:
                pass  # it hung up while we were still talking
    still_serves(c, topic)


for _name, _data in bad_frames().items():
    case(f"bad-frame-{_name}", group="raw")(
        lambda c, data=_data: [_bad_frame(c, data, door) for door in ("port", "namesrv_port")])


@case("bad-frame-is-hung-up-on", group="raw", against=("sluice",))
def _(c):
    """Who sends what can be no command is disconnected: it cannot be answered, and waiting would hold memory."""
    for name in ("length-of-2-gigabytes", "length-negative", "header-longer-than-frame", "header-no-json", "http"):
        for port in (c.server.port, c.server.namesrv_port):
            with Connection(port, timeout=10) as bad:
                bad.raw(bad_frames()[name])
                check(bad.closed_by_peer(), f"{name}: the connection stays open")


@case("bad-frames-cost-no-memory", group=None, against=("sluice",), limit=120)
def _(c):
    server = c.new_server().start()
    topic = "t"
    create_topic(server.port, topic)

    def round_of_bad_frames(n):
        for _ in range(n):
            for data in bad_frames().values():
                with Connection(server.port) as bad:
                    try:
                        bad.raw(data)
                    except ConnectionError:
                        pass
            with Connection(server.port) as bad:
                bad.call(31999)
                bad.call(SEND_MESSAGE, {"topic": topic})

    round_of_bad_frames(50)  # what the first of everything costs once is no leak
    before = resident_anonymous(server.pid)
    round_of_bad_frames(400)
    grown = resident_anonymous(server.pid) - before
    check(grown < 2 << 20, f"{400 * len(bad_frames())} bad frames cost {grown / 1024:.0f} KiB")
    with Connection(server.port) as broker:
        check(broker.call(SEND_MESSAGE, send_fields(topic), b"x").code == 0, "a good message fails after them")


@case("half-open-frames-cost-little", group=None, against=("sluice",), limit=60)
def _(c):
    """A client that promises 16 MB and sends nothing does not get 16 MB of memory."""
    server = c.new_server().start()
    create_topic(server.port, "t")
    before = resident_anonymous(server.pid)
    waiting = []
    for _ in range(100):
        connection = Connection(server.port)
        connection.raw(struct.pack(">I", 16_000_000) + b"x" * 10)
        waiting.append(connection)
    with Connection(server.port) as broker:
        check(broker.call(SEND_MESSAGE, send_fields("t"), b"x").code == 0, "a good message fails beside them")
    grown = resident_anonymous(server.pid) - before
    for connection in waiting:
        connection.socket.close()
    check(grown < 32 << 20, f"100 connections that promise 16 MB hold {grown >> 20} MiB")


@case("unknown-code-is-answered-3", group="raw")
def _(c):
    topic = c.topic()
    for port in (c.server.port, c.server.namesrv_port):
        with Connection(port) as bad:
            answer = bad.call(31999)
            check(answer.code == 3, f"code 31999 is answered with {answer}")
            answer = bad.call(GET_ROUTE if port == c.server.namesrv_port else GET_MAX_OFFSET, {"topic": topic, "queueId": 0})
            check(answer.code == 0, f"the same connection does not go on: {answer}")
    still_serves(c, topic)


@case("missing-field-is-answered", group="raw")
def _(c):
    topic = c.topic()
    with Connection(c.server.port) as bad:
        for code, fields in ((SEND_MESSAGE, {"topic": topic}), (SEND_MESSAGE, {}), (GET_MAX_OFFSET, {}),
                             (GET_MAX_OFFSET, {"topic": topic, "queueId": "many"})):
            answer = bad.call(code, fields, b"x")
            check(answer.code != 0 and answer.remark, f"code {code} with fields {fields} is answered with {answer}")
    with Connection(c.server.namesrv_port) as bad:
        answer = bad.call(GET_ROUTE, {})
        check(answer.code != 0, f"a route question without a topic is answered with {answer}")
    still_serves(c, topic)


@case("body-too-large-is-refused", group="raw")
def _(c):
    topic = c.topic()
    with Connection(c.server.port, timeout=20) as bad:
        answer = bad.call(SEND_MESSAGE, send_fields(topic), b"x" * (4 << 20))
        check(answer.code == 0, f"a body of 4 MiB is answered with {answer}")
        answer = bad.call(SEND_MESSAGE, send_fields(topic), b"x" * ((4 << 20) + 100_000))
        check(answer.code == 13, f"a body over 4 MiB is answered with {answer}, expected code 13")
    still_serves(c, topic)


@case("empty-body-is-kept", group="raw", against=("sluice",))
def _(c):
    """No Java client sends an empty body, other clients can. (Apache 5.4.0 answers with a null pointer.)"""
    topic = c.topic(queues=1)
    with Connection(c.server.port) as client:
        answer = client.call(SEND_MESSAGE, send_fields(topic, properties="p\1raw\2s\0010\2"), b"")
        check(answer.code == 0, f"a message without a body is answered with {answer}")
    got_by = c.consumer("java540", topic=topic, group=c.name("g"))
    got_by.wait_count("got", 1, 40)
    got = got_by.finish().of("got")[0]
    check((got["n"], got["size"]) == ("raw/0", 0), f"it came as {got['n']} with {got['size']} bytes")


@case("bad-topic-name-is-refused", group="raw")
def _(c):
    topic = c.topic()
    with Connection(c.server.port) as bad:
        for name in ("sp ace", "sl/ash", "x" * 200, "", "ünicode", "TBW102"):
            fields = {"topic": name, "defaultTopic": "TBW102", "readQueueNums": 4, "writeQueueNums": 4, "perm": 6,
                      "topicFilterType": "SINGLE_TAG", "topicSysFlag": 0, "order": "false"}
            answer = bad.call(UPDATE_AND_CREATE_TOPIC, fields)
            check(answer.code != 0, f"creating topic {name[:20]!r} succeeds")
        for name in ("sp ace", "sl/ash", "x" * 200):
            answer = bad.call(SEND_MESSAGE, send_fields(name), b"x")
            check(answer.code != 0, f"sending to topic {name[:20]!r} succeeds")
    still_serves(c, topic)


@case("bad-queue-is-refused", group="raw")
def _(c):
    topic = c.topic(queues=4)
    with Connection(c.server.port) as bad:
        for queue in (4, 10**9, 2**31 - 1):
            answer = bad.call(SEND_MESSAGE, send_fields(topic, queue), b"x")
            check(answer.code != 0, f"sending to queue {queue} of 4 succeeds")
        bad.call(SEND_MESSAGE, send_fields(topic, -5), b"x")  # Apache picks a queue then; either is fine, as long as it lives
    still_serves(c, topic)
