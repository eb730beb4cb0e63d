"""Measures the rows in interleaved rounds: in each round every row is measured on every side before the next row's turn comes.

Sluice, an earlier build of it and the ceiling start anew for every measurement, which takes them milliseconds and keeps the disk
empty. The peer needs minutes to get warm, so one process serves all rounds; it is off the processors while others are measured.
"""
import contextlib
import sys

from common import load, machine, processes, servers, warm

from . import kinds


class Peer:
    """The warm peer of a flush mode, started when first needed."""

    def __init__(self, stack, sync, warm_seconds):
        settings = {"flushDiskType": "SYNC_FLUSH" if sync else "ASYNC_FLUSH"}
        say(f"starting the peer ({settings['flushDiskType']}), then warming it for {warm_seconds} s of CPU")
        self.server = stack.enter_context(servers.RocketMQ(settings))
        self.idle = kinds.idle(self.server, None, 3)
        self.warmed = warm.warm(self.server, warm_seconds)
        processes.pause(self.server.pid)

    def measure(self, row, seconds):
        if row.measure is kinds.idle:
            return self.idle  # of the time before it was warmed
        processes.resume(self.server.pid)
        try:
            return row.measure(self.server, row, seconds)
        finally:
            processes.pause(self.server.pid)


def say(text):
    print(text, file=sys.stderr, flush=True)


class Rounds:
    """`sides`: names of those to measure, of sluice, before (another build of it), peer, ceiling."""

    def __init__(self, sides, seconds, rounds, warm_seconds, before=None, without_sync_peer=False):
        self.sides, self.seconds, self.rounds, self.warm_seconds, self.before = sides, seconds, rounds, warm_seconds, before
        self.without_sync_peer = without_sync_peer
        self._peers = {}

    def run(self, rows):
        """{"machine": …, "rows": {key: {side: [figures of each round]}}}"""
        found = {row.key: {} for row in rows}
        with contextlib.ExitStack() as stack:
            for number in range(self.rounds):
                for row in rows:
                    for side in self._in_turn(row, number):
                        self._measure(stack, found[row.key], row, side)
            warmed = {mode: round(peer.warmed) for mode, peer in self._peers.items()}
        return {"machine": machine.describe(), "seconds": self.seconds, "rounds": self.rounds, "peer_warmed_cpu_seconds": warmed,
                "rows": found}

    def _in_turn(self, row, number):
        """Whose turn it is: each round begins with another side."""
        if row.once and number:
            return []
        missing = {"ceiling": not row.ceiling, "peer": row.sync and self.without_sync_peer}
        sides = [side for side in self.sides if not missing.get(side)]
        turn = number % len(sides)
        return sides[turn:] + sides[:turn]

    def _measure(self, stack, found, row, side):
        try:
            figures = self._on(stack, row, side)
        except (load.LoadFailed, RuntimeError) as failure:
            say(f"  {row.key:12} {side:8} failed: {failure}")
            return
        found.setdefault(side, []).append(figures)
        told = ", ".join(f"{value:.4g} {unit}" for name, unit in row.figures if (value := figure(figures, name)) is not None)
        say(f"  {row.key:12} {side:8} {told}" + (f"; others used {figures['others_cpu_pct']:.0f} % of a core" if busy(figures) else ""))

    def _on(self, stack, row, side):
        if side == "peer":
            return self._peer(stack, row.sync).measure(row, self.seconds)
        with self._fresh(row, side) as server:
            return row.measure(server, row, self.seconds)

    def _peer(self, stack, sync):
        if sync not in self._peers:
            try:
                self._peers[sync] = Peer(stack, sync, self.warm_seconds)
            except (load.LoadFailed, RuntimeError):
                self.sides = [side for side in self.sides if side != "peer"]  # said once, with the reason
                raise
        return self._peers[sync]

    def _fresh(self, row, side):
        if side == "ceiling":
            return servers.Ceiling(store=row.ceiling == "store", sync=row.ceiling == "sync")
        flush = {"flushDiskType": "SYNC_FLUSH"} if row.sync else {}
        return servers.Sluice(self.before if side == "before" else None, flush | row.settings)


def figure(figures, path):
    """The figure at "a.b", or None."""
    for name in path.split("."):
        if not isinstance(figures, dict) or name not in figures:
            return None
        figures = figures[name]
    return figures


def busy(figures):
    """Whether others disturbed the measurement noticeably."""
    return figures.get("others_cpu_pct", 0) > 15
