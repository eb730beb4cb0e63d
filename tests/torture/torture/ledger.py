"""What the clients know: what was sent, what was answered and when. The judge compares it with what the server still has."""
import itertools
import threading
import time

QUEUES = 3
PLAIN, DELAYED, HALF = "plain", "delayed", "half"


class Message:
    __slots__ = ("number", "kind", "queue", "sender", "delay_ms", "sent_ms", "answered", "offset", "will", "ended", "commit_sent")

    def __init__(self, number, kind, queue, sender, delay_ms=0):
        self.number, self.kind, self.queue, self.sender, self.delay_ms = number, kind, queue, sender, delay_ms
        self.sent_ms = int(time.time() * 1000)
        self.answered = None     # monotonic ns at which its sender knew it stored
        self.offset = None       # as answered, of a plain one
        self.will = None         # of a half message: "commit" or "rollback"
        self.ended = None        # monotonic ns at which its producer knew the end stored
        self.commit_sent = False

    def promised(self):
        """When its sender was promised that readers get it; None: it was not."""
        return self.ended if self.kind == HALF and self.will == "commit" else None if self.kind == HALF else self.answered


class Ledger:
    """Thread-safe where threads meet: numbers are given out once, each message belongs to one thread."""

    def __init__(self):
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self.messages = {}
        self.broken = []         # what a client saw that must not be
        self.commits = {}        # queue: the group's last commit that was answered

    def new(self, kind, queue, sender, delay_ms=0):
        with self._lock:
            message = Message(next(self._numbers), kind, queue, sender, delay_ms)
            self.messages[message.number] = message
            return message

    def complain(self, what):
        with self._lock:
            self.broken.append(what)

    def answered(self):
        with self._lock:
            return sum(1 for m in self.messages.values() if m.promised())
