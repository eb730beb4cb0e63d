"""What a disk holds after a power cut: the recorded changes up to a moment, without those that were not synced, or with a part
of them."""
import struct

PAGE, SECTOR = 4096, 512


class Change:
    __slots__ = ("op", "path", "other", "begin", "end", "at", "count", "data")


def read_changes(path):
    """In the order in which they ended, as the recording has them; a last one that is cut off is left out."""
    with open(path, "rb") as file:
        data = file.read()
    at, changes = 0, []
    while True:
        change = Change()
        try:
            change.op = chr(data[at])
            at += 1
            names = []
            for _ in range(2):
                length, = struct.unpack_from("=I", data, at)
                names.append(data[at + 4:at + 4 + length].decode())
                at += 4 + length
            change.path, change.other = names
            change.begin, change.end, change.at, change.count = struct.unpack_from("=qqqq", data, at)
            at += 32
        except (IndexError, struct.error):
            return changes
        change.data = b""
        if change.op == "w":
            change.data = data[at:at + change.count]
            if len(change.data) < change.count:
                return changes
            at += change.count
        changes.append(change)


class Inode:
    """A file's durable bytes, and the changes since its last sync."""

    def __init__(self):
        self.bytes, self.waiting = bytearray(), []

    def sync(self, begin):
        """What had ended before the sync began is durable now."""
        late = [c for c in self.waiting if c.end > begin]
        for change in self.waiting:
            if change.end <= begin:
                apply(self.bytes, change, change.data)
        self.waiting = late


def apply(data, change, part):
    if change.op == "r":
        del data[change.count:]
        data.extend(bytes(change.count - len(data)))
        return
    if change.at + len(part) > len(data):
        data.extend(bytes(change.at + len(part) - len(data)))
    data[change.at:change.at + len(part)] = part


class Disk:
    """Names and files as a process sees them, and as a power cut leaves them."""

    def __init__(self):
        self.names, self.durable, self.waiting = {}, {}, []

    def take(self, change):
        if change.op == "m":
            self.names[change.path] = Inode()
            self._name(change, self.names[change.path])
        elif change.op == "n":
            inode = self.names.pop(change.path, None)
            if inode is not None:
                self.names[change.other] = inode
                self._name(change, inode)
        elif change.op == "d":
            self.names.pop(change.path, None)
            self._name(change, None)
        elif change.op in "wr":
            if change.path in self.names:
                self.names[change.path].waiting.append(change)
        elif change.op == "s" and change.path in self.names:
            self.names[change.path].sync(change.begin)
        else:
            for inode in self.names.values() if change.op == "a" else ():
                inode.sync(change.begin)
            self._names_durable(change)

    def _name(self, change, inode):
        self.waiting.append((change, inode))

    def _names_durable(self, sync):
        """A folder was synced (or everything): what had changed in it before is durable."""
        late = []
        for change, inode in self.waiting:
            folder = (change.other or change.path).rpartition("/")[0]
            if change.end <= sync.begin and (sync.op == "a" or folder == sync.path):
                self._keep(change, inode)
            else:
                late.append((change, inode))
        self.waiting = late

    def _keep(self, change, inode):
        if change.op in "nd":
            self.durable.pop(change.path, None)
        if inode is not None:
            self.durable[change.other or change.path] = inode

    def cut(self, chance, survives):
        """{path: bytes}. Of the names' changes the first ones survive, as in a journal; of the data each page with the
        probability `survives`, and now and then a page in part."""
        for change, inode in self.waiting[:chance.randint(0, len(self.waiting)) if survives else 0]:
            self._keep(change, inode)
        return {path: self._bytes(inode, chance, survives) for path, inode in self.durable.items()}

    def _bytes(self, inode, chance, survives):
        data = bytearray(inode.bytes)
        for change in inode.waiting:
            if change.op == "r":
                if chance.random() < survives:
                    apply(data, change, b"")
                continue
            for begin, part in pages(change):
                if chance.random() >= survives:
                    continue
                if chance.random() < 0.1:
                    part = part[:chance.randrange(0, len(part) + 1, SECTOR)]
                piece = Change()
                piece.op, piece.at = "w", begin
                apply(data, piece, part)
        return data


def pages(change):
    """The write in parts that do not cross a page."""
    at, data = change.at, change.data
    while data:
        room = PAGE - at % PAGE
        yield at, data[:room]
        at, data = at + room, data[room:]


def flushed_at(changes, moment):
    """Since when what a client had been answered is on the disk at that moment: the newest flush of the log that was over began
    then. 0: there was none. A flush by the clock comes late on a machine that is busy, or stands still. That a new file's length is
    synced, before anything is written to it, is no flush."""
    written = {}
    for c in changes:
        if c.op == "w":
            written[c.path] = min(c.end, written.get(c.path, c.end))

    def flushes(c):
        return c.op == "a" or c.op == "s" and "/commitlog/" in c.path and written.get(c.path, c.begin) < c.begin

    return max((c.begin for c in changes if c.end <= moment and flushes(c)), default=0)


def image(changes, moment, chance, survives):
    """The files at that moment (monotonic ns). What was under way is there in part, or not."""
    disk = Disk()
    for change in changes:
        if change.end <= moment:
            disk.take(change)
        elif change.begin <= moment and change.op in "wrmnd":
            disk.take(change)
    return disk.cut(chance, survives)
