"""The clients of a storm: threads that send, pull, pop, delay and transact, and connect again when the server is gone."""
import random
import threading
import time

from harness import remoting
from harness.popping import Popper

from .ledger import DELAYED, HALF, PLAIN, QUEUES
from .records import body_of, number_of, records_in

PULL, END_TRANSACTION, SEND_OK = 11, 37, 0
LEVELS = {1: 1000, 2: 5000}
GONE = (OSError, remoting.Failed, ConnectionError)
TOPIC, PULLERS, POPPERS = "torture", "torture-pullers", "torture-poppers"


def properties(pairs):
    return "".join(f"{k}\x01{v}\x02" for k, v in pairs.items())


class Client(threading.Thread):
    """Acts until stopped; an answer that does not come, because the server died, leaves the outcome open."""

    def __init__(self, name, port, ledger, pause=0.0):
        super().__init__(name=name, daemon=True)
        self.port, self.ledger, self.pause = port, ledger, pause
        self.random = random.Random(name)
        self.over = threading.Event()
        self.connection = None
        self.answers = 0

    def run(self):
        while not self.over.is_set():
            try:
                if self.connection is None:
                    self.connection = self.connect()
                self.act()
                self.answers += 1
            except GONE:
                self.disconnect()
                self.over.wait(0.02)
            if self.pause:
                self.over.wait(self.pause)
        self.disconnect()

    def connect(self):
        return remoting.Connection(self.port)

    def disconnect(self):
        if self.connection is not None:
            getattr(self.connection, "connection", self.connection).socket.close()
        self.connection = None

    def call(self, code, fields, body=b""):
        return self.connection.call(code, fields, body)

    def send(self, message, pairs, **more):
        return self.call(remoting.SEND_MESSAGE, remoting.send_fields(
            TOPIC, queue=message.queue, bornTimestamp=message.sent_ms,
            properties=properties({"UNIQ_KEY": f"u{message.number}", **pairs}), **more), body_of(message.number))


class Sender(Client):
    """One message after the other, so that its messages have an order."""

    def act(self):
        message = self.ledger.new(PLAIN, self.random.randrange(QUEUES), self.name)
        answer = self.send(message, {})
        if answer.code == SEND_OK:
            message.offset, message.answered = int(answer.fields["queueOffset"]), time.monotonic_ns()


class Delayer(Client):
    def act(self):
        level = self.random.choice(list(LEVELS))
        message = self.ledger.new(DELAYED, self.random.randrange(QUEUES), self.name, LEVELS[level])
        if self.send(message, {"DELAY": level}).code == SEND_OK:
            message.answered = time.monotonic_ns()


class Transactor(Client):
    """Half messages and their ends; an end whose answer is missing is sent again, as the broker's question would have it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.open = []  # (message, half offset, position)

    def act(self):
        if self.open and (len(self.open) > 5 or self.random.random() < 0.5):
            return self.end(*self.open[0])
        message = self.ledger.new(HALF, self.random.randrange(QUEUES), self.name)
        message.will = "commit" if self.random.random() < 0.7 else "rollback"
        answer = self.send(message, {"TRAN_MSG": "true", "PGROUP": "torturers"}, sysFlag=4)
        if answer.code == SEND_OK:
            message.answered = time.monotonic_ns()
            self.open.append((message, int(answer.fields["queueOffset"]), int(answer.fields["msgId"][-16:], 16)))

    def end(self, message, offset, position):
        commit = message.will == "commit"
        first = not message.commit_sent
        message.commit_sent = True
        answer = self.call(END_TRANSACTION, {
            "producerGroup": "torturers", "tranStateTableOffset": offset, "commitLogOffset": position,
            "commitOrRollback": 8 if commit else 12, "fromTransactionCheck": "false", "msgId": "x"})
        if answer.code not in (0, 1):
            return  # the disk, perhaps: again later
        if answer.code == 1 and first:
            self.ledger.complain(f"half message {message.number} was stored, and its end is answered with {answer}")
        # Code 1: there is no such half message any more, as an end before, whose answer is missing, was carried out.
        message.ended = time.monotonic_ns()
        self.open.pop(0)


class Puller(Client):
    """Reads one queue in order and commits; each time it connects it goes on where the group stands."""

    def __init__(self, name, port, ledger, queue):
        super().__init__(name, port, ledger, pause=0.01)
        self.queue, self.at = queue, 0

    def fields(self, **more):
        return {"consumerGroup": PULLERS, "topic": TOPIC, "queueId": self.queue, **more}

    def connect(self):
        connection = super().connect()
        answer = connection.call(remoting.QUERY_CONSUMER_OFFSET, self.fields())
        known = self.ledger.commits.get(self.queue)
        if answer.code == 0:
            self.at = int(answer.fields["offset"])
        if known is not None and (answer.code != 0 or self.at < known):
            self.ledger.complain(f"{PULLERS} had committed {known} of queue {self.queue}, and is told {answer} {answer.fields}")
        return connection

    def act(self):
        answer = self.call(PULL, self.fields(queueOffset=self.at, maxMsgNums=32, sysFlag=4, commitOffset=0,
                                             suspendTimeoutMillis=0, subscription="*", subVersion=0, expressionType="TAG"))
        if answer.code != 0:
            return
        for record in records_in(answer.body):
            if record.offset != self.at:
                self.ledger.complain(f"a reader of queue {self.queue} was given {record.offset} where {self.at} was next")
            if record.number is None:
                self.ledger.complain(f"a reader of queue {self.queue} was given a damaged message at {record.offset}")
            self.at = record.offset + 1
        if self.call(remoting.UPDATE_CONSUMER_OFFSET, self.fields(commitOffset=self.at)).code == 0:
            self.ledger.commits[self.queue] = self.at


class PopMember(Client):
    """Pops for a second or two, acknowledges most; what it saw is judged as it comes."""

    def __init__(self, name, port, ledger, group):
        super().__init__(name, port, ledger, pause=0.005)
        self.group = group  # PopBook, shared by the members

    def connect(self):
        return Popper(self.port, POPPERS, TOPIC, timeout=5)

    def act(self):
        invisible = self.random.choice((800, 2000))
        messages = self.connection.pop(16, invisible=invisible)
        self.group.popped(messages, invisible)
        for message in messages:
            if self.random.random() < 0.85:
                if self.connection.ack(message).code == 0:
                    self.group.finished(message)


class PopBook:
    """The group's leases as its members know them. Judged at the end: members hear of their pops in another order than the
    broker made them."""

    def __init__(self):
        self.lock = threading.Lock()
        self.leases = {}  # place: [(popped, until, number)]
        self.done = {}    # place: (when the answer came, popped)
        self.given = set()

    def popped(self, messages, invisible):
        with self.lock:
            for m in messages:
                number = number_of(m.body)
                self.leases.setdefault((m.queue, m.offset), []).append((m.popped, m.popped + invisible, number))
                self.given.add(number)

    def finished(self, message):
        now = int(time.time() * 1000)
        with self.lock:
            if now < message.popped + message.invisible:  # later, another member may have it
                self.done[(message.queue, message.offset)] = (now, message.popped)

    def judge(self):
        """What contradicts the promises of leases: sentences."""
        with self.lock:
            for place, leases in self.leases.items():
                done, mine = self.done.get(place, (None, None))
                leases.sort()
                for popped, _, number in leases:
                    if number is None:
                        yield f"a pop gave a damaged message at {place}"
                    if done is not None and popped > done:
                        yield f"message {number} was acknowledged, and came again {popped - done} ms later"
                for (_, until, number), (popped, _, _) in zip(leases, leases[1:]):
                    if popped < until:
                        yield f"message {number} was handed out again {until - popped} ms before its lease ended"
