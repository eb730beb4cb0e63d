"""Reads everything that a server has, and compares it with what the clients were promised."""
from harness import remoting

from .clients import PULL, TOPIC
from .ledger import DELAYED, HALF, PLAIN, QUEUES
from .records import records_in


def read_queue(port, queue):
    """(first offset, every record)."""
    place = {"topic": TOPIC, "queueId": queue}
    records = []
    with remoting.Connection(port, timeout=30) as broker:
        first = int(broker.call(remoting.GET_MIN_OFFSET, place).fields["offset"])
        end = int(broker.call(remoting.GET_MAX_OFFSET, place).fields["offset"])
        at = first
        while at < end:
            answer = broker.call(PULL, {**place, "consumerGroup": "torture-judge", "queueOffset": at, "maxMsgNums": 32, "sysFlag": 4,
                                        "commitOffset": 0, "suspendTimeoutMillis": 0, "subscription": "*", "subVersion": 0,
                                        "expressionType": "TAG"})
            found = records_in(answer.body) if answer.code == 0 else []
            if not found:
                raise remoting.Failed(f"queue {queue} cannot be read at {at} of {end}: {answer}")
            records += found
            at = found[-1].offset + 1
    return first, records


def verdicts(ledger, queues, before=None, settled=True):
    """Sentences about what is wrong. `queues`: what read_queue gave, by number. `before`: only what was promised until then
    counts (monotonic ns). `settled`: whether delayed messages had the time to come."""
    places = {}
    for queue, (first, records) in queues.items():
        order = {}
        for expected, record in enumerate(records, first):
            if record.offset != expected:
                yield f"queue {queue} has {record.offset} where {expected} belongs"
            message = ledger.messages.get(record.number)
            if message is None or message.queue != queue:
                yield f"queue {queue} has at {record.offset} a message that nobody sent there: {record.body[:40]}"
                continue
            if message.number in places:
                yield f"message {message.number} ({message.kind}) is there twice: {places[message.number]} and {record.offset}"
            places[message.number] = record.offset
            yield from _allowed(message, record)
            if message.kind == PLAIN:
                if record.number < order.get(message.sender, -1):
                    yield f"message {record.number} lies behind {order[message.sender]}, which its sender sent later"
                order[message.sender] = record.number
    for message in ledger.messages.values():
        promised = message.promised()
        if promised is None or (before is not None and promised > before) or (message.kind == DELAYED and not settled):
            continue
        if message.number not in places:
            yield f"message {message.number} ({message.kind}, queue {message.queue}) was acknowledged, and is lost"
        elif message.offset is not None and places[message.number] != message.offset:
            yield f"message {message.number} was acknowledged at {message.offset}, and is at {places[message.number]}"


def _allowed(message, record):
    if message.kind == HALF and message.will == "rollback":
        yield f"message {message.number} was rolled back, and is there"
    if message.kind == HALF and not message.commit_sent:
        yield f"message {message.number} was never committed, and is there"
    if record.stored - message.sent_ms < message.delay_ms:
        yield f"message {message.number} came after {record.stored - message.sent_ms} of {message.delay_ms} ms"


def read_all(port):
    return {queue: read_queue(port, queue) for queue in range(QUEUES)}
