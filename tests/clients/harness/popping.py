"""The pop requests by hand: what a client does with a message it was given."""
import base64
import json
import struct
import time

from .remoting import Connection

POP, ACK, PEEK, CHANGE_INVISIBLE, NOTIFICATION, POLLING_INFO, BATCH_ACK = 200050, 200051, 200052, 200053, 200054, 200055, 200151
NO_MESSAGE, POLLING_TIMEOUT = 208, 210


class Message:
    """One popped message: its place, its body, how often it was out before, and its receipt."""

    def __init__(self, record, answer, broker):
        queue, offset = struct.unpack(">i4xq", record[12:28])
        sys_flag, = struct.unpack(">i", record[36:40])
        at = 48 + (20 if sys_flag & 0x10 else 8) + 8 + (20 if sys_flag & 0x20 else 8)
        self.attempts, = struct.unpack(">i", record[at:at + 4])
        length, = struct.unpack(">i", record[at + 12:at + 16])
        self.queue, self.offset, self.body = queue, offset, record[at + 16:at + 16 + length]
        fields = answer.fields
        self.popped, self.invisible = int(fields["popTime"]), int(fields["invisibleTime"])
        self.revive = fields["reviveQid"]
        starts = {int(q): int(start) for _, q, start in (s.split(" ") for s in fields["startOffsetInfo"].split(";"))}
        self.start = starts[queue]
        self.receipt = f"{self.start} {self.popped} {self.invisible} {self.revive} 0 {broker} {queue} {offset}"


class Popper:
    """A member of a group that pops from one topic, on a connection of its own."""

    def __init__(self, port, group, topic, broker="broker-a", timeout=30):
        self.connection = Connection(port, timeout=timeout)
        self.group, self.topic, self.broker = group, topic, broker

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.socket.close()

    def fields(self, **more):
        return {"consumerGroup": self.group, "topic": self.topic, **more}

    def ask(self, n=32, invisible=60_000, poll=0, queue=-1, tag="*", start=0, **more):
        return self.connection.call(POP, self.fields(**{
            "queueId": queue, "maxMsgNums": n, "invisibleTime": invisible, "pollTime": poll, "bornTime": int(time.time() * 1000),
            "initMode": start, "expType": "TAG", "exp": tag, **more}))

    def pop(self, *args, **kwargs):
        """The messages of one pop, [] when there were none."""
        answer = self.ask(*args, **kwargs)
        if answer.code == POLLING_TIMEOUT:
            return []
        assert answer.code == 0, str(answer)
        return self.messages(answer)

    def messages(self, answer):
        messages, rest = [], answer.body
        while rest:
            size, = struct.unpack(">i", rest[:4])
            messages.append(Message(rest[:size], answer, self.broker))
            rest = rest[size:]
        return messages

    def ack(self, message):
        return self.connection.call(ACK, self.fields(queueId=message.queue, extraInfo=message.receipt, offset=message.offset))

    def ack_all(self, messages):
        """One request for all messages of one pop."""
        acks = []
        for queue in {m.queue for m in messages}:
            mine = [m for m in messages if m.queue == queue]
            bits = bytearray(max(m.offset - m.start for m in mine) // 8 + 1)
            for m in mine:
                bits[(m.offset - m.start) // 8] |= 1 << (m.offset - m.start) % 8
            first = mine[0]
            acks.append({"c": self.group, "t": self.topic, "r": "0", "so": first.start, "q": queue, "rq": first.revive,
                         "pt": first.popped, "it": first.invisible, "b": base64.b64encode(bytes(bits)).decode()})
        return self.connection.call(BATCH_ACK, {}, json.dumps({"brokerName": self.broker, "acks": acks}).encode())

    def put_off(self, message, milliseconds):
        """A new receipt for the message, which comes back after that time."""
        answer = self.connection.call(CHANGE_INVISIBLE, self.fields(
            queueId=message.queue, extraInfo=message.receipt, offset=message.offset, invisibleTime=milliseconds))
        if answer.code == 0:
            message.popped = int(answer.fields["popTime"])
            message.receipt = (f"{message.offset} {message.popped} {milliseconds} {answer.fields['reviveQid']} 0 "
                               f"{self.broker} {message.queue} {message.offset}")
        return answer
