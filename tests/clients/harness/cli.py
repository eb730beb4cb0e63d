"""The command line of `run`."""
import argparse
import fnmatch
import importlib
import pkgutil
import signal
import sys
import threading
import time
from pathlib import Path

from . import cases as case_modules
from .case import CASES
from .suite import Suite

ROOT = Path(__file__).resolve().parents[3]


def options(argv):
    parser = argparse.ArgumentParser(prog="tests/clients/run", description="Proves Sluice with stock RocketMQ clients.")
    parser.add_argument("--server", type=Path, help="the sluice binary (default build/release/sluice)",
                        default=ROOT / "build" / "release" / "sluice")
    parser.add_argument("--only", action="append", metavar="PATTERN", help="cases whose name has this in it or matches it (repeatable)")
    parser.add_argument("--quick", action="store_true", help="fewer messages, no cases that take minutes")
    parser.add_argument("--full", action="store_true", help="everything (the default)")
    parser.add_argument("--against", choices=["sluice", "apache"], default="sluice",
                        help="apache: prove the cases themselves against Apache RocketMQ")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    parser.add_argument("--keep", action="store_true", help="keep stores and logs and say where they are")
    parser.add_argument("--jobs", type=int, default=4, help="cases at a time (default 4: most of them wait)")
    parser.add_argument("--kills", type=int, metavar="N", help="how often the cases that kill the broker again and again do it (default: a few times)")
    parser.add_argument("--drivers", type=Path, default=ROOT / "build" / "clients", help="where built drivers are kept")
    return parser.parse_args(argv)


def chosen(given):
    for module in pkgutil.iter_modules(case_modules.__path__):
        importlib.import_module(f"{case_modules.__name__}.{module.name}")

    def wanted(case):
        if given.against not in case.against or given.quick and case.full_only:
            return False
        return not given.only or any(p in case.name or fnmatch.fnmatch(case.name, p) for p in given.only)

    return [c for c in CASES if wanted(c)]


class Report:
    def __init__(self):
        self.counts, self.failures = {"ok": 0, "FAIL": 0, "skip": 0}, []
        self._lock = threading.Lock()

    def __call__(self, case, verdict, why, seconds):
        with self._lock:
            self.counts[verdict] += 1
            line = f"{verdict} {case.name}" + (f": {why}" if why else f" ({seconds:.1f} s)")
            if verdict == "FAIL":
                self.failures.append(line)
            print(line, flush=True)

    def summary(self, seconds):
        if self.failures:
            print("\n" + "\n".join(self.failures))
        skipped = f", {self.counts['skip']} skipped" if self.counts["skip"] else ""
        print(f"{self.counts['ok']} passed, {self.counts['FAIL']} failed{skipped} ({seconds:.0f} s)", flush=True)


def main(argv):
    given = options(argv)
    cases = chosen(given)
    if given.list:
        print("\n".join(c.name for c in cases))
        return 0
    if not cases:
        print("no case matches", file=sys.stderr)
        return 2
    given.server = given.server.resolve()
    given.drivers = given.drivers.resolve()
    if given.against == "sluice" and not given.server.is_file():
        print(f"no sluice binary at {given.server}: build it, or say --server PATH", file=sys.stderr)
        return 2
    suite, report, begin = Suite(ROOT, given), Report(), time.monotonic()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored for what runs in the background
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    # Cases run beside the main thread, so that Ctrl-C finds it free to end them.
    work = threading.Thread(target=suite.run, args=(cases, report))
    work.start()
    interrupted = False
    try:
        while work.is_alive():
            work.join(0.5)
    except KeyboardInterrupt:
        interrupted = True
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("stopped", file=sys.stderr)
    finally:
        suite.close()
        work.join(30)
    if given.keep:
        print(f"kept: {suite.directory}")
    report.summary(time.monotonic() - begin)
    return 130 if interrupted else 1 if report.counts["FAIL"] else 0
