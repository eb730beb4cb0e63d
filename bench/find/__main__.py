"""How long `sluice message get|find|trace` takes, from its start to its end, with many messages stored.

Stores N messages (default 10 million of 100 bytes, each with a unique key and a word of KEYS; about 3.5 GiB below $TMPDIR), waits for
the key index, and looks for old, middle and new ones. Ends with 1 when a median is over the limit (default 50 ms).
"""
import argparse
import os
import pathlib
import statistics
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from common import places, processes, servers  # noqa: E402
from kinds.wire import NO_KEY, Connection, Wave, frame, send_fields, text  # noqa: E402

TOPIC, BATCH, CONNECTIONS, DEPTH = "found", 64, 4, 8
BODY = b"x" * 100


class Named(servers.Sluice):
    """With a name server, as the command line asks one where the broker is."""

    def _start(self):
        self.port, self.names = processes.free_port(), processes.free_port()
        settings = self.settings | {"storePathRootDir": self.folder / "store", "listenPort": self.port, "namesrvListenPort": self.names,
                                    "reactors": 0}
        self._spawn([self.program, "serve", *(word for k, v in settings.items() for word in ("--set", f"{k}={v}"))])


def wave():
    key = NO_KEY.decode()
    properties = text({"UNIQ_KEY": key, "KEYS": "k" + key}).encode()
    item = struct.pack(">iiii", 0, 0, 0, len(BODY)) + BODY + struct.pack(">h", len(properties)) + properties
    body = (struct.pack(">i", len(item) + 4) + item) * BATCH
    return Wave([frame(320, send_fields(TOPIC, {}) | {"m": "true"}, body) for _ in range(DEPTH)])


def fill(server, messages):
    """The unique keys of the first, a middle and the last message, counted as the waves count."""
    connections, waves = [Connection(server.port) for _ in range(CONNECTIONS)], [wave() for _ in range(CONNECTIONS)]
    at = waves[0].bytes.find(NO_KEY)
    samples, done = [], 0
    while done < messages:
        for connection, one in zip(connections, waves):
            connection.send(one.fresh())
        if done == 0 or (len(samples) == 1 and done > messages / 2):
            samples.append(waves[0].bytes[at:at + len(NO_KEY)].decode())
        for connection, one in zip(connections, waves):
            connection.answers(one.count)
            done += BATCH * one.count
    return [*samples, waves[0].bytes[at:at + len(NO_KEY)].decode()], done


def word_of(key):
    """The word of KEYS beside a unique key: its number is the next one."""
    return f"k{int(key, 16) + 1:032X}"


def run(server, *words):
    """Milliseconds of one `sluice message`, and what it printed."""
    began = time.monotonic()
    done = subprocess.run([server.program, "message", *words, "-n", f"127.0.0.1:{server.names}"], capture_output=True, text=True)
    return (time.monotonic() - began) * 1000, done.returncode, done.stdout + done.stderr


def wait_for_index(server, key):
    end = time.monotonic() + 600
    while run(server, "find", TOPIC, "--key", word_of(key))[1] != 0:
        if time.monotonic() > end:
            sys.exit("the key index did not come as far as the last message within ten minutes")
        time.sleep(0.5)


def main():
    parser = argparse.ArgumentParser(prog="./dev bench find", description=__doc__.split("\n\n")[0])
    parser.add_argument("--messages", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--limit", type=float, default=50, help="milliseconds that a median may be")
    given = parser.parse_args()
    if why := places.why_no_load():
        sys.exit(f"skipped: {why}")
    slow = False
    with Named(core=None) as server:
        began = time.monotonic()
        keys, stored = fill(server, given.messages)
        print(f"{stored:,} messages stored in {time.monotonic() - began:.0f} s", file=sys.stderr)
        wait_for_index(server, keys[-1])
        for what, words in (("get", lambda key: ["get", key]), ("find", lambda key: ["find", TOPIC, "--key", word_of(key)]),
                            ("trace", lambda key: ["trace", key])):
            times = []
            for key in keys * given.rounds:
                took, code, said = run(server, *words(key))
                if code != 0 or key not in said:
                    sys.exit(f"sluice message {what} {key}: exit {code}: {said[:300]}")
                times.append(took)
            median = statistics.median(times)
            slow |= median > given.limit
            print(f"message {what:6} median {median:6.1f} ms, most {max(times):6.1f} ms, of {len(times)} with {stored:,} messages stored")
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    os.environ.pop("NAMESRV_ADDR", None)
    main()
