"""Measures the table of docs/BENCHMARKS.md: each row on Sluice, on Apache RocketMQ 5.4.0 (tuned, warmed until it has used two minutes
of CPU) and on the ceiling (a program that receives the same frames, copies the bodies into a mapped file, and answers), in
interleaved rounds, the server on one core and the load on another. What is missing on the machine is said and left out.

Examples:  ./dev bench table --quick              three minutes
           ./dev bench table --rows '^send'       some rows; --list shows all
           ./dev bench table --baseline HEAD~1    also an earlier commit, in turn
"""
import argparse
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from common import places, processes, warm  # noqa: E402
from table import baseline, report  # noqa: E402
from table.rounds import Rounds, say  # noqa: E402
from table.rows import ROWS  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench table", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round, a second a measurement, a peer warmed for 25 s only, no SYNC_FLUSH peer")
    parser.add_argument("--rows", default="", metavar="REGEX", help="only rows whose key matches")
    parser.add_argument("--list", action="store_true", help="show the rows")
    parser.add_argument("--rounds", type=int, help="default 3")
    parser.add_argument("--seconds", type=float, help="of each measurement; default 3")
    parser.add_argument("--warm", type=float, metavar="S", help=f"CPU seconds to warm the peer for; default {warm.FAIR_CPU_SECONDS}")
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--no-ceiling", action="store_true")
    parser.add_argument("--baseline", metavar="REF", help="also measure the program of that commit, built in build/baseline/")
    parser.add_argument("--json", type=pathlib.Path, default=places.ROOT / "build" / "bench" / "table.json", metavar="FILE")
    return parser.parse_args()


def sides(asked, before):
    """Who is measured; says who is not, and why."""
    why = places.why_no_load()
    if why:
        sys.exit(f"skipped: {why}")
    without_peer = "as asked" if asked.no_peer else places.why_no_rocketmq()
    if without_peer:
        say(f"skipped: Apache RocketMQ ({without_peer})")
    return ["sluice"] + ["before"] * bool(before) + ["peer"] * (not without_peer) + ["ceiling"] * (not asked.no_ceiling)


def main():
    processes.stop_cleanly()
    asked = arguments()
    rows = [row for row in ROWS if re.search(asked.rows, row.key)]
    if asked.list:
        print("\n".join(f"{row.key:12} {row.title}" for row in rows))
        return
    before = baseline.build(asked.baseline) if asked.baseline else None
    measured = sides(asked, before)
    quick = asked.quick
    if quick and "peer" in measured:
        say("--quick: the SYNC_FLUSH row is measured without a peer of its own")
    rounds = Rounds(measured, asked.seconds or (1 if quick else 3), asked.rounds or (1 if quick else 3),
                    asked.warm or (25 if quick else warm.FAIR_CPU_SECONDS), before, without_sync_peer=quick)
    result = rounds.run(rows)
    lines = report.summary(result, rows)
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps(result | {"summary": lines}, indent=1, ensure_ascii=False))
    print(report.markdown(lines))
    for text in report.missed(lines):
        print(f"missed: {text}")
    print(f"\n{json.dumps(result['machine'])}\nall figures: {asked.json}")


if __name__ == "__main__":
    main()
