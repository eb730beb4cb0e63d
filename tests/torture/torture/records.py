"""Messages of the torture: what they say, and how a pull answer is read. Shares no code with the server."""
import struct
import zlib


def body_of(number):
    """Tells its number, and whether it is whole."""
    text = f"{number}:".encode()
    return text + bytes(97 + (number * 31 + i * 7) % 26 for i in range(number * 7919 % 400))


def number_of(body):
    """None when the body is not one of ours, or damaged."""
    head, colon, _ = body.partition(b":")
    if not colon or not head.isdigit() or body_of(int(head)) != body:
        return None
    return int(head)


class Record:
    """A message as it lies in the log and in answers."""

    def __init__(self, data):
        self.queue, = struct.unpack(">i", data[12:16])
        self.offset, self.position = struct.unpack(">qq", data[20:36])
        sys_flag, self.born = struct.unpack(">iq", data[36:48])
        at = 48 + (20 if sys_flag & 0x10 else 8)
        self.stored, = struct.unpack(">q", data[at:at + 8])
        at += 8 + (20 if sys_flag & 0x20 else 8)
        self.again, = struct.unpack(">i", data[at:at + 4])
        at += 12  # reconsumeTimes, prepared position
        length, = struct.unpack(">i", data[at:at + 4])
        self.body = data[at + 4:at + 4 + length]
        crc, = struct.unpack(">i", data[8:12])
        self.whole = zlib.crc32(self.body) & 0x7FFFFFFF == crc
        self.number = number_of(self.body) if self.whole else None


def records_in(data):
    records = []
    while data:
        size, = struct.unpack(">i", data[:4])
        records.append(Record(data[:size]))
        data = data[size:]
    return records
