"""How far do more reactors help, when every send passes through one log? A simulation from three measured figures.

Each reactor works through wakes: it decodes and checks a batch, has the log's tail for a moment, sees that what has a place is
written, and answers. The tail is free or waited for, first come first served. One at a time writes, for all who have a place by then;
who comes meanwhile waits for that write and the next. N broker shards are N logs, each with its share of the reactors. Work outside
takes exponentially distributed times, so that the queues are real. Disk, network and memory have no end here.

Usage: bench/tail_ceiling.py [--own NS] [--tail NS] [--write NS] [--batch MESSAGES]    what a message costs, and where
"""
import argparse
import heapq
import random

REACTORS = [1, 2, 4, 8, 16, 32]
SHARDS = [1, 2, 4]
WAKES = 20_000


def rate(reactors, own, tail, write):
    """Wakes per ns of so many reactors on one log; arguments in ns a wake."""
    chance = random.Random(1)
    ready = [chance.expovariate(1 / own) for _ in range(reactors)]  # when each next wants the tail
    heapq.heapify(ready)
    tail_free = write_free = 0.0
    waiting = 0  # have a place, for the next write
    done = 0
    while done < WAKES:
        if waiting and (not ready or max(ready[0], tail_free) + tail > write_free):
            write_free += write * waiting
            for _ in range(waiting):
                heapq.heappush(ready, write_free + chance.expovariate(1 / own))
            done, waiting = done + waiting, 0
            continue
        tail_free = max(tail_free, heapq.heappop(ready)) + tail
        write_free = max(write_free, tail_free) if not waiting else write_free
        waiting += 1
    return done / write_free


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--own", type=float, default=1730, help="ns of a reactor's own work per message")
    parser.add_argument("--tail", type=float, default=75, help="ns per message inside the tail (./dev bench tail)")
    parser.add_argument("--write", type=float, default=540, help="ns per message of a group write (./dev bench append, without the tail)")
    parser.add_argument("--batch", type=int, default=32, help="messages of a wake")
    asked = parser.parse_args()
    serial = max(asked.tail, asked.write)
    print(f"{asked.own:.0f} ns a message outside, {asked.tail:.0f} in the tail, {asked.write:.0f} written; {asked.batch} a wake; "
          f"one log ends at {1e3 / serial:.1f} million messages/s\n")
    print("| reactors | " + " | ".join(f"{n} log{'s' if n > 1 else ''}" for n in SHARDS) + " | no waiting at all |")
    print("| --- |" + " --- |" * (len(SHARDS) + 1))
    for count in REACTORS:
        costs = [asked.own * asked.batch, asked.tail * asked.batch, asked.write * asked.batch]
        cells = [f"{shards * rate(count // shards, *costs) * asked.batch * 1e3:.2f}" if count >= shards else "–" for shards in SHARDS]
        print(f"| {count} | " + " | ".join(cells) + f" | {count * 1e3 / (asked.own + asked.tail + asked.write):.2f} |")


if __name__ == "__main__":
    main()
