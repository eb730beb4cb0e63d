"""How the cost of a message grows: with queues, connections, bytes stored, and groups. Prints the figures, and with --plots FOLDER
writes one SVG each; docs/BENCHMARKS.md shows them.

Usage: ./dev bench growth [--only queues|connections|stored|groups] [--quick] [--plots docs/plots] [--gib N]
"""
import argparse
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from common import load, machine, places, plot, processes, servers  # noqa: E402
from common.remoting import Connection  # noqa: E402

SEND = ["produce", "--size", 1024]
MANY = [*SEND, "--conns", 16, "--depth", 64]


def cost(arguments, server, seconds):
    return load.run([*arguments, "--warmup", 0.5], server, seconds)["cpu_us_per_msg"]


def queues(asked):
    """1,000 bytes to each queue in turn; four queues a topic."""
    line = []
    for count in asked.steps([4, 40, 400, 4_000, 40_000, 100_000]):
        with servers.Sluice(settings={"autoCreateTopicEnable": "true"}) as server:
            topics = count // 4
            if topics > 1:
                with Connection(server.port) as connection:
                    connection.create_topics("t", topics)
            line.append((count, cost([*MANY, "--topic", "t", "--topics", topics], server, asked.seconds)))
    return "Cost of a send by queues", "queues", {"16 connections × 64": line}


def connections(asked):
    lines = {"one request in flight each": [], "idle ones beside 16 × 64": []}
    for count in asked.steps([1, 10, 100, 1_000, 9_000]):
        with servers.Sluice(settings={"connectionsMax": 20_000}) as server:
            lines["one request in flight each"].append((count, cost([*SEND, "--conns", count], server, asked.seconds)))
        with servers.Sluice(settings={"connectionsMax": 20_000}) as server:
            idle = [Connection(server.port) for _ in range(count)]
            lines["idle ones beside 16 × 64"].append((count, cost(MANY, server, asked.seconds)))
            for one in idle:
                one.__exit__()
    return "Cost of a send by connections", "connections", lines


def stored(asked):
    lines = {"send": [], "pull from the start": []}
    with servers.Sluice() as server:
        kept = 0
        for mebibytes in asked.steps([1, 10, 100, 1_000, 1_000 * asked.gib]):
            if mebibytes > kept:
                load.run([*MANY, "--messages", (mebibytes - kept) * 1024], server)
            lines["send"].append((mebibytes, cost(MANY, server, asked.seconds)))
            kept = server.written >> 20
            lines["pull from the start"].append((mebibytes, cost(["pull", "--loop"], server, asked.seconds)))
    return "Cost of a message by what is stored", "MiB stored", lines


def groups(asked):
    lines = {"send": [], "pull": []}
    for count in asked.steps([1, 10, 100, 1_000]):
        with servers.Sluice() as server:
            load.run([*MANY, "--messages", 200_000], server)
            with Connection(server.port) as connection:
                for number in range(count):
                    connection.pull(f"group-{number}", "bench", commit=1)
            lines["send"].append((count, cost(MANY, server, asked.seconds)))
            lines["pull"].append((count, cost(["pull", "--loop"], server, asked.seconds)))
    return "Cost of a message by groups of its topic", "groups", lines


DIMENSIONS = {"queues": queues, "connections": connections, "stored": stored, "groups": groups}


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench growth", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=DIMENSIONS)
    parser.add_argument("--quick", action="store_true", help="every second step, a second each")
    parser.add_argument("--plots", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--gib", type=int, default=10, help="how much the last step of `stored` has written")
    parser.add_argument("--json", type=pathlib.Path, default=places.ROOT / "build" / "bench" / "growth.json", metavar="FILE")
    asked = parser.parse_args()
    asked.seconds = 1 if asked.quick else 2
    asked.steps = lambda steps: steps[::2] if asked.quick else steps
    return asked


def main():
    processes.stop_cleanly()
    asked = arguments()
    if why := places.why_no_load():
        sys.exit(f"skipped: {why}")
    found = {}
    for name, measure in DIMENSIONS.items():
        if asked.only not in (None, name):
            continue
        title, label, lines = measure(asked)
        found[name] = lines
        for line, points in lines.items():
            print(f"{title}, {line}: " + ", ".join(f"{x:,} → {y:.2f} µs" for x, y in points), flush=True)
        if asked.plots:
            asked.plots.mkdir(parents=True, exist_ok=True)
            (asked.plots / f"{name}.svg").write_text(plot.line_plot(title, label, "server CPU µs per message", lines))
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps({"machine": machine.describe(), "growth": found}, indent=1))


if __name__ == "__main__":
    main()
