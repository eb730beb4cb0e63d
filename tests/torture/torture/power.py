"""Power cuts: the real program runs with its writes recorded; then it is started on what the disk would have held at many
moments, and must have all that was promised by then."""
import os
import random
import time

from harness import remoting
from harness.processes import Nursery
from harness.server import SluiceServer

from .clients import TOPIC, PopBook
from .judge import read_all, verdicts
from .ledger import QUEUES, Ledger
from .replay import flushed_at, image, read_changes
from .storm import cast, finish, wait_for_answers

SETTINGS = {"mappedFileSizeCommitLog": 1 << 20, "maxMessageSize": 256 << 10, "mappedFileSizeConsumeQueue": 20 * 500, "maxHashSlotNum": 1000,
            "maxIndexNum": 4000}


class RecordedServer(SluiceServer):
    """Sluice with the recording library in front of the C library."""

    def __init__(self, nursery, directory, binary, settings, shim):
        super().__init__(nursery, directory, binary, settings)
        self.recording = directory / "changes"
        self.shim = shim

    def argv(self):
        return ["env", f"LD_PRELOAD={self.shim}", f"SLUICE_RECORD_ROOT={self.directory / 'store'}",
                f"SLUICE_RECORD_TO={self.recording}", *super().argv()]


def record(nursery, binary, directory, shim, flush, seconds):
    """Load for that long; gives (ledger, changes, begin and end of the load)."""
    ledger, book = Ledger(), PopBook()
    server = RecordedServer(nursery, directory, binary, {**SETTINGS, "flushDiskType": flush}, shim).start()
    remoting.create_topic(server.port, TOPIC, QUEUES)
    clients = cast(server.port, ledger, book)
    for client in clients:
        client.start()
    wait_for_answers(clients, 50)
    begin = time.monotonic_ns()
    time.sleep(seconds)  # how much is recorded
    end = time.monotonic_ns()
    server.kill()
    finish(clients)
    return server, ledger, begin, end


def power_cuts(binary, directory, shim, cuts, flush, seed, seconds=4):
    """Gives (what is wrong, figures)."""
    chance, nursery = random.Random(seed), Nursery()
    try:
        recorded, ledger, begin, end = record(nursery, binary, directory / "recorded", shim, flush, seconds)
        changes = read_changes(recorded.recording)
        if not any(c.op == "w" for c in changes):
            raise remoting.Failed(f"nothing was recorded: does {shim} fit the program?")
        wrong = list(ledger.broken)
        checked = 0
        for number in range(cuts):
            moment = chance.randrange(begin, end)
            survives = (0.0, 0.5, 0.9)[number % 3]
            # With ASYNC_FLUSH a message is safe when a flush has begun after it and is over.
            safe = moment if flush == "SYNC_FLUSH" else flushed_at(changes, moment)
            found, seen = try_image(nursery, binary, directory / f"cut{number}", recorded.directory / "store",
                                    image(changes, moment, chance, survives), flush, safe, ledger)
            wrong += [f"power cut {number} (unsynced pages survive with {survives}): {what}" for what in found]
            checked += seen
        syncs = sum(c.op in "sa" for c in changes)
        return wrong, (f"{cuts} power cuts, {len(changes)} changes of the disk and {syncs} syncs recorded, "
                       f"{ledger.answered()} acknowledged, {checked} messages read")
    finally:
        nursery.close()


def try_image(nursery, binary, directory, store, files, flush, safe, ledger):
    server = SluiceServer(nursery, directory, binary, {**SETTINGS, "flushDiskType": flush})
    for path, data in files.items():
        place = directory / "store" / os.path.relpath(path, store)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    try:
        server.start(60)
        queues = read_all(server.port)
    except remoting.Failed as error:
        return [str(error)], 0
    finally:
        if server.process is not None:
            server.kill()
    for path in sorted(directory.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return list(verdicts(ledger, queues, before=safe, settled=False)), sum(len(records) for _, records in queues.values())
