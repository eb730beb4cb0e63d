"""kill -9, again and again, while clients of every kind are at work."""
import random
import time

from harness import remoting
from harness.popping import Popper
from harness.processes import Nursery
from harness.server import SluiceServer

from .clients import POPPERS, TOPIC, Delayer, PopBook, PopMember, Puller, Sender, Transactor
from .judge import read_all, verdicts
from .ledger import QUEUES, Ledger


def cast(port, ledger, book):
    clients = [Sender(f"sender-{i}", port, ledger) for i in range(3)]
    clients += [Delayer("delayer", port, ledger, pause=0.005), Transactor("transactor", port, ledger, pause=0.002)]
    clients += [Puller(f"puller-{q}", port, ledger, q) for q in range(QUEUES)]
    clients += [PopMember(f"popper-{i}", port, ledger, book) for i in range(2)]
    return clients


def wait_for_answers(clients, count, seconds=60):
    """Until the clients together have had that many answers more."""
    end, start = time.monotonic() + seconds, sum(c.answers for c in clients)
    while sum(c.answers for c in clients) < start + count:
        if time.monotonic() > end:
            raise remoting.Failed(f"the clients had no {count} answers in {seconds} s")
        time.sleep(0.005)


def finish(clients):
    for client in clients:
        client.over.set()
    for client in clients:
        client.join(30)


def drain(port, book, seconds=40):
    """Pops and acknowledges until nothing came for longer than any lease lasts."""
    quiet = time.monotonic()
    end = quiet + seconds
    with Popper(port, POPPERS, TOPIC) as member:
        while time.monotonic() - quiet < 6 and time.monotonic() < end:
            messages = member.pop(32, invisible=5000)
            book.popped(messages, 5000)
            for message in messages:
                member.ack(message)
                book.finished(message)
            if messages:
                quiet = time.monotonic()
            else:
                time.sleep(0.05)


def storm(binary, directory, restarts, flush, seed):
    """Gives (what is wrong, figures)."""
    chance, ledger, book = random.Random(seed), Ledger(), PopBook()
    nursery = Nursery()
    try:
        # Small files, so that there are many to begin and to close.
        server = SluiceServer(nursery, directory, binary, {
            "flushDiskType": flush, "mappedFileSizeCommitLog": 4 << 20, "maxMessageSize": 1 << 20, "mappedFileSizeConsumeQueue": 20 * 1000,
            "maxHashSlotNum": 5000, "maxIndexNum": 20000})
        server.start()
        remoting.create_topic(server.port, TOPIC, QUEUES)
        clients = cast(server.port, ledger, book)
        for client in clients:
            client.start()
        begin = time.monotonic()
        for _ in range(restarts):
            wait_for_answers(clients, 20)
            time.sleep(chance.uniform(0, 0.3))  # a time at which it is killed, not one that is waited for
            server.kill()
            server.start()
        took = time.monotonic() - begin
        wait_for_answers(clients, 50)
        finish(clients)
        drain(server.port, book)  # longer than the longest delay
        queues = read_all(server.port)
        wrong = [*ledger.broken, *book.judge(), *verdicts(ledger, queues)]
        for _, records in queues.values():
            wrong += [f"message {r.number} was never given to {POPPERS}" for r in records if r.number not in book.given]
        server.stop()
        return wrong, f"{restarts} restarts in {took:.0f} s, {ledger.answered()} acknowledged, {len(book.done)} popped"
    finally:
        nursery.close()
