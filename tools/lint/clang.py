"""clang-format and clang-tidy over the sources, several at a time.

clang-tidy is slow, so a source that passed is not read again until it, a header of ours that it includes, or .clang-tidy
changes: what passed is remembered by hash in the user's cache folder, beside the compiler's cache, for all clones.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tree import Finding, SourceFile, Tree

FORMAT = "clang-format-19"
TIDY = "clang-tidy-19"
_MESSAGE = re.compile(r"^(?P<path>[^:\n]+):(?P<line>\d+):\d+: (?:error|warning): (?P<text>.*?)(?: \[(?P<rule>[^\]]*)\])?$")


def jobs() -> int:
    return int(os.environ.get("SLUICE_JOBS", os.cpu_count() or 1))


def check_format(tree: Tree, files: list[SourceFile]) -> Iterator[Finding]:
    def run(chunk: list[str]) -> str:
        return subprocess.run([FORMAT, "--dry-run", "-Werror", "--ferror-limit=1", *chunk], cwd=tree.root, capture_output=True,
                              text=True, check=False).stderr

    paths = [file.path for file in files]
    chunks = [paths[i : i + 20] for i in range(0, len(paths), 20)]
    with ThreadPoolExecutor(jobs()) as pool:
        for out in pool.map(run, chunks):
            for line in out.splitlines():
                if match := _MESSAGE.match(line):
                    yield Finding(match["path"], int(match["line"]), "format", "is not formatted: run `./dev fmt`")


def check_tidy(tree: Tree, files: list[SourceFile], commands: Path) -> Iterator[Finding]:
    """`commands` is the folder with compile_commands.json. Sources that are not compiled there are left out."""
    passed = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "sluice", "lint")
    passed.mkdir(parents=True, exist_ok=True)
    compiled = {os.path.realpath(row["file"]) for row in json.loads((commands / "compile_commands.json").read_text())}
    wanted = [file for file in files if os.path.realpath(Path(tree.root, file.path)) in compiled]

    def run(file: SourceFile) -> list[Finding]:
        stamp = passed / _inputs_hash(tree, file)
        if stamp.exists():
            return []
        found = _tidy(tree, file, commands)
        if not found:
            stamp.touch()
        return found

    seen: set[Finding] = set()
    with ThreadPoolExecutor(jobs()) as pool:
        for found in pool.map(run, wanted):
            yield from (finding for finding in found if finding not in seen)
            seen.update(found)


def _tidy(tree: Tree, file: SourceFile, commands: Path) -> list[Finding]:
    done = subprocess.run([TIDY, "--quiet", "-p", str(commands), file.path], cwd=tree.root, capture_output=True, text=True, check=False)
    found = []
    for line in done.stdout.splitlines():
        if match := _MESSAGE.match(line):
            path = os.path.relpath(os.path.join(tree.root, match["path"]), tree.root)
            rule = (match["rule"] or "compiler").removesuffix(",-warnings-as-errors")
            found.append(Finding(path, int(match["line"]), rule, match["text"]))
    if done.returncode < 0:
        found.append(Finding(file.path, 0, "clang-tidy", f"{TIDY} was ended by signal {-done.returncode} (memory?); run it again"))
    elif done.returncode != 0 and not found:
        found.append(Finding(file.path, 0, "clang-tidy", f"{TIDY} failed: {(done.stderr or done.stdout).strip()[-300:]}"))
    return found


def _inputs_hash(tree: Tree, file: SourceFile) -> str:
    """Changes with the checks, the source, or any header of ours that it includes, also indirectly."""
    seen: dict[str, str] = {}
    waiting = [file]
    while waiting:
        current = waiting.pop()
        if current.path in seen:
            continue
        seen[current.path] = current.text
        for include in current.includes:
            if include.quoted and (header := tree.files.get("src/" + include.path)):
                waiting.append(header)
    rules = "".join(map(tree.text, (".clang-tidy", "tools/lint/clang.py", "tools/dev/packages.txt", "CMakePresets.json")))
    text = rules + json.dumps(seen, sort_keys=True)
    return hashlib.sha256(f"{file.path}\n{text}".encode()).hexdigest()
