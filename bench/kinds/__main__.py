"""Measures every kind of message on Sluice and on Apache RocketMQ 5.4.0, in turn in each round, and prints the ratios.

Server on one core, load on the other. The figure that counts is the server's CPU time per message: what the load generator, a
Python process, can send limits the rate of the cheapest kinds. The peer is tuned and warmed as in `bench/table`.
"""
import argparse
import contextlib
import json
import os
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from common import machine, places, processes, servers, warm  # noqa: E402
from kinds.rows import ROWS, SETTINGS, Bench  # noqa: E402


class MeasuredBench(Bench):
    """Notes the server's CPU time around what a row says is its work; without a word that is all of it."""

    def __init__(self, server, row, number):
        super().__init__(server.port, f"kinds-{row.key}-{number}")
        self._server, self._inner = server, None

    def measured(self, work):
        before, began = processes.cpu_seconds(self._server.pid), time.monotonic()
        done = work()
        self._inner = done, processes.cpu_seconds(self._server.pid) - before, time.monotonic() - began
        return done

    def run(self, row, seconds):
        self.measured(lambda: row.measure(self, 0.5))  # sockets and files are there
        self._inner = None
        before, began = processes.cpu_seconds(self._server.pid), time.monotonic()
        done = row.measure(self, seconds)
        done, cpu, took = self._inner or (done, processes.cpu_seconds(self._server.pid) - before, time.monotonic() - began)
        return {"cpu_us_per_msg": cpu * 1e6 / done, "msgs_per_s": done / took}


def measure(server, row, number, seconds):
    bench = MeasuredBench(server, row, number)
    try:
        return bench.run(row, seconds)
    finally:
        bench.close()


def options():
    parser = argparse.ArgumentParser(prog="./dev bench kinds", description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=4, help="of one measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="rows, by their keys: " + ",".join(row.key for row in ROWS))
    parser.add_argument("--warm", type=float, default=warm.FAIR_CPU_SECONDS, help="CPU seconds the peer uses before it is measured")
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--json", help="a file for all figures")
    return parser.parse_args()


def rounds(given, rows, settings, found):
    with contextlib.ExitStack() as stack:
        peer = None
        if not given.no_peer:
            peer = stack.enter_context(servers.RocketMQ(settings))
            warm.warm(peer, given.warm)
            processes.pause(peer.pid)
        for number in range(given.rounds):
            for row in rows:
                for side in ("sluice", "peer") if number % 2 == 0 else ("peer", "sluice"):
                    if side == "peer" and peer is None:
                        continue
                    one(side, peer, settings, row, number, given.seconds, found[row.key])


def one(side, peer, settings, row, number, seconds, found):
    if side == "peer":
        processes.resume(peer.pid)
        try:
            figures = measure(peer, row, number, seconds)
        finally:
            processes.pause(peer.pid)
    else:
        with servers.Sluice(settings=settings) as server:
            figures = measure(server, row, number, seconds)
    found.setdefault(side, []).append(figures)
    print(f"  {row.key:12} {side:7} {figures['cpu_us_per_msg']:8.2f} µs CPU/message {figures['msgs_per_s']:10.0f} messages/s",
          file=sys.stderr, flush=True)


def report(rows, found):
    print("| kind | Sluice: CPU µs per message | messages/s | Apache RocketMQ: CPU µs | messages/s | times less CPU |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        cells, cpu = [], {}
        for side in ("sluice", "peer"):
            figures = found[row.key].get(side)
            if not figures:
                cells += ["", ""]
                continue
            cpu[side] = statistics.median(f["cpu_us_per_msg"] for f in figures)
            cells += [f"{cpu[side]:.2f}", f"{statistics.median(f['msgs_per_s'] for f in figures):,.0f}"]
        ratio = f"{cpu['peer'] / cpu['sluice']:.1f}" if len(cpu) == 2 else ""
        print(f"| {row.title} | {' | '.join(cells)} | {ratio} |")


def main():
    given = options()
    why = places.why_no_load() or (None if given.no_peer else places.why_no_rocketmq())
    if why:
        sys.exit(f"skipped: {why}")
    wanted = given.only.split(",") if given.only else [row.key for row in ROWS]
    unknown = set(wanted) - {row.key for row in ROWS}
    if unknown:
        sys.exit(f"no such rows: {', '.join(sorted(unknown))}; there are {', '.join(row.key for row in ROWS)}")
    rows = [row for row in ROWS if row.key in wanted]
    found = {row.key: {} for row in rows}
    os.sched_setaffinity(0, {processes.LOAD_CORE})
    for name, settings in SETTINGS.items():
        if some := [row for row in rows if row.settings == name]:
            rounds(given, some, settings, found)
    report(rows, found)
    if given.json:
        with open(given.json, "w") as out:
            json.dump({"machine": machine.describe(), "seconds": given.seconds, "rows": found}, out, indent=1)


if __name__ == "__main__":
    main()
