"""`./dev lint`: structure, format, common mistakes. See tools/dev/lint.sh for the usage text, README.md for the rules."""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import time
from pathlib import Path

import arrows
import banned
import clang
import core
import ratchet
import shape
import tables
from tree import Tree

ROOT = Path(__file__).resolve().parents[2]
STRUCTURE = (arrows, core, banned, shape, tables, ratchet)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev lint")
    parser.add_argument("--quick", action="store_true", help="leave out clang-tidy")
    parser.add_argument("--record-sizes", action="store_true", help="write the size of each folder's longest file to size.json")
    parser.add_argument("files", nargs="*", help="run clang-format and clang-tidy only on these")
    return parser.parse_args()


def record_sizes(tree: Tree) -> int:
    text, refused = ratchet.record(tree)
    (ROOT / ratchet.RECORD).write_text(text, encoding="utf-8")
    for path in refused:
        print(f"{path}:1: [size] longer than {shape.MAX_LINES} lines: no record is taken, split it")
    return 1 if refused else 0


def step(name: str, findings) -> int:
    started = time.monotonic()
    count = 0
    for finding in findings:
        print(finding, flush=True)
        count += 1
    print(f"lint: {name}: {count or 'no'} finding{'s' if count != 1 else ''} ({time.monotonic() - started:.1f} s)", file=sys.stderr)
    return count


def main() -> int:
    args = arguments()
    tree = Tree.read(ROOT)
    if args.record_sizes:
        return record_sizes(tree)
    own = subprocess.run([sys.executable, "-m", "unittest", "-q"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    if own.returncode != 0:
        print(own.stderr)
    unknown = [path for path in args.files if path not in tree.files]
    if unknown:
        print(f"lint: git does not know {', '.join(unknown)} (paths are relative to {ROOT})", file=sys.stderr)
        return 2
    files = [tree.files[path] for path in args.files] or tree.cpp()
    steps = [
        step("structure", itertools.chain.from_iterable(rule.check(tree) for rule in STRUCTURE)),
        step("format", clang.check_format(tree, [file for file in files if file.is_cpp])),
    ]
    if not args.quick:
        sources = [file for file in files if file.path.endswith(".cc") and not file.is_test]
        steps.append(step("clang-tidy", clang.check_tidy(tree, sources, ROOT / "build" / "release")))
    steps.append(1 if own.returncode else 0)
    bad = sum(1 for count in steps if count)
    print(f"{len(steps) - bad} passed, {bad} failed", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
