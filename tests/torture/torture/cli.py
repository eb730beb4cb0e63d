"""The command line of the torture."""
import argparse
import random
import shutil
import tempfile
import time
from pathlib import Path

from harness.case import Failed

from .power import power_cuts
from .storm import storm

ROOT = Path(__file__).resolve().parents[3]
FLUSHES = ("ASYNC_FLUSH", "SYNC_FLUSH")


def parse(argv):
    parser = argparse.ArgumentParser(prog="tests/torture/run", description=__doc__)
    parser.add_argument("--server", type=Path, default=ROOT / "build/release/sluice", help="the program to torture")
    parser.add_argument("--shim", type=Path, default=ROOT / "build/release/tests/torture/libsluice_record_writes.so",
                        help="the library that records its writes")
    parser.add_argument("--restarts", type=int, default=200, help="kill -9 and start again so often, for each flushDiskType")
    parser.add_argument("--cuts", type=int, default=60, help="power cuts, for each flushDiskType")
    parser.add_argument("--flush", choices=FLUSHES, action="append", help="only with this flushDiskType")
    parser.add_argument("--seed", type=int, default=None, help="of the times of kills and cuts; default: another each time")
    parser.add_argument("--keep", action="store_true", help="keep stores and logs, and say where they are")
    return parser.parse_args(argv)


def attempt(name, work):
    """Runs one torture and prints what came of it; whether it was survived."""
    begin = time.monotonic()
    try:
        wrong, figures = work()
    except Failed as error:
        wrong, figures = [str(error)], "not done"
    print(f"{'ok' if not wrong else 'FAIL'} {name}: {figures}, {time.monotonic() - begin:.0f} s", flush=True)
    for line in wrong[:10]:
        print(f"    {line}", flush=True)
    if len(wrong) > 10:
        print(f"    and {len(wrong) - 10} more", flush=True)
    return not wrong


def main(argv):
    options = parse(argv)
    seed = options.seed if options.seed is not None else random.randrange(1 << 30)
    print(f"seed {seed}", flush=True)
    directory = Path(tempfile.mkdtemp(prefix="sluice-torture-"))
    results = []
    try:
        for flush in options.flush or FLUSHES:
            if options.restarts:
                results.append(attempt(f"kill-storm-{flush}", lambda f=flush: storm(
                    options.server, directory / f"storm-{f}", options.restarts, f, seed)))
            if options.cuts:
                results.append(attempt(f"power-cuts-{flush}", lambda f=flush: power_cuts(
                    options.server, directory / f"power-{f}", options.shim, options.cuts, f, seed)))
    finally:
        if options.keep:
            print(f"kept in {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1
