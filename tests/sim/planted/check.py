"""Shows that the simulation finds planted bugs: each mutation is compiled by itself and linked before the libraries, so that it
takes the place of the file it was made of; then the simulation has to break. Nothing of the tree is touched."""
import argparse
import concurrent.futures
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

from bugs import BUGS

ROOT = Path(__file__).resolve().parents[3]
BUILD = ROOT / "build/release"
OUT = ROOT / "build/planted"
# What a process does to itself. Any other signal came from outside, and says nothing about the bug.
CRASHES = {signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP}


def compile_command(source):
    """How the build compiles that file: words without the output."""
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        if entry["file"] == str(source):
            return shlex.split(entry["command"])
    raise SystemExit(f"the build does not know {source}; run ./dev build release sluice_sim")


def link_command():
    """The link of the simulation, from ninja: words."""
    text = subprocess.run(["ninja", "-C", str(BUILD), "-t", "commands", "-s", "tests/sim/sluice_sim"],
                          capture_output=True, text=True, check=True).stdout.strip().splitlines()[-1]
    text = text.removeprefix(": && ").removesuffix(" && :")
    return shlex.split(text)


def plant(bug):
    """Compiles the mutation and links it into a simulation of its own."""
    source = ROOT / bug.file
    text = source.read_text()
    for old, new in ((bug.old, bug.new), *bug.also):
        if text.count(old) != 1:
            return f"does not fit any more: {bug.file} has its text {text.count(old)} times; renew planted/bugs.py"
        text = text.replace(old, new)
    folder = OUT / bug.name
    folder.mkdir(parents=True, exist_ok=True)
    mutated, object_file, program = folder / source.name, folder / "mutated.o", folder / "sluice_sim"
    mutated.write_text(text)
    command = compile_command(source)
    command[command.index("-o") + 1] = str(object_file)
    command[command.index(str(source))] = str(mutated)
    command += ["-w", f"-I{source.parent}"]
    done = subprocess.run(command, cwd=BUILD, capture_output=True, text=True)
    if done.returncode != 0:
        return f"does not compile: {done.stderr.strip().splitlines()[0] if done.stderr else '?'}"
    words = link_command()
    words[words.index("-o") + 1] = str(program)
    main = next(i for i, word in enumerate(words) if word.endswith("main.cc.o"))
    words.insert(main + 1, str(object_file))
    done = subprocess.run(words, cwd=BUILD, capture_output=True, text=True)
    return f"does not link: {done.stderr[-300:]}" if done.returncode != 0 else None


def hunt(bug, seconds):
    """(found, what or why not, seconds, seed)."""
    begin = time.monotonic()
    program = OUT / bug.name / "sluice_sim"
    try:
        done = subprocess.run([str(program), "--seed", "1", "--cpu", str(seconds)], capture_output=True, text=True,
                              timeout=20 * seconds + 60)
    except subprocess.TimeoutExpired:
        return True, "hangs", time.monotonic() - begin, ""
    took = time.monotonic() - begin
    said = re.search(r"^seed (\d+): BROKEN: (.*)$", done.stdout, re.M)
    if said:
        return True, said.group(2), took, said.group(1)
    return *judge_unsaid(done, seconds), took, ""


def judge_unsaid(done, seconds):
    """(found, what or why not) without a broken promise: a crash counts, that somebody ended the process does not."""
    if done.returncode == 0:
        return False, f"not found in {seconds} s"
    last = " ".join((done.stderr or done.stdout).strip().splitlines()[-1:])
    if "Sanitizer:" in done.stderr:
        return True, f"is stopped by a sanitizer: {last}"
    if done.returncode > 0:
        return False, f"ends with {done.returncode} and breaks no promise: {last}"
    cause = signal.Signals(-done.returncode)
    if cause in CRASHES:
        return True, f"crashes ({cause.name}): {last}"
    return False, f"ended from outside ({cause.name}) before it found anything: hunt again"


def main(argv):
    parser = argparse.ArgumentParser(prog="./dev sim --planted", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only those that every test run looks for")
    parser.add_argument("--seconds", type=int, default=60, help="of a processor, to find each in")
    parser.add_argument("--only", default="", help="those with that in their name")
    options = parser.parse_args(argv)
    bugs = [b for b in BUGS if (b.quick or not options.quick) and options.only in b.name]
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("SLUICE_JOBS", os.cpu_count() or 1))) as pool:
        troubles = list(pool.map(plant, bugs))
        found = 0
        for bug, trouble, result in zip(bugs, troubles, pool.map(
                lambda pair: None if pair[1] else hunt(pair[0], options.seconds), zip(bugs, troubles))):
            if trouble:
                print(f"FAIL {bug.name}: {trouble}", flush=True)
                continue
            ok, said, took, seed = result
            found += ok
            print(f"{'ok  ' if ok else 'FAIL'} {bug.name:26} {took:5.1f} s  seed {seed or '-':>4}  {bug.what}\n"
                  f"{'':16}{said[:150]}", flush=True)
    print(f"{found} passed, {len(bugs) - found} failed")
    return 0 if found == len(bugs) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
