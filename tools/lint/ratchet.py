"""Rule `size`: the longest file of each folder is on record in size.json, and only gets shorter without being asked.

Files of up to FREE lines need no record. Between that and the limit of shape.py a file may grow only together with its
record (`./dev lint --record-sizes`), so that growth is seen in review. Above the limit no record is taken.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePosixPath

from shape import MAX_LINES
from tree import Finding, Tree

RECORD = "tools/lint/size.json"
FREE = 250


def longest(tree: Tree) -> dict[str, tuple[int, str]]:
    """Folder -> (lines, path) of its longest C++ file that needs a record."""
    found: dict[str, tuple[int, str]] = {}
    for file in tree.cpp():
        folder = str(PurePosixPath(file.path).parent)
        if len(file.lines) > max(FREE, found.get(folder, (0, ""))[0]):
            found[folder] = (len(file.lines), file.path)
    return found


def check(tree: Tree) -> Iterator[Finding]:
    recorded = json.loads(tree.text(RECORD) or "{}")
    for folder, (lines, path) in longest(tree).items():
        allowed = recorded.get(folder, FREE)
        if allowed < lines <= MAX_LINES:
            yield Finding(path, allowed + 1, "size",
                          f"{lines} lines; the longest file of {folder} has {allowed} on record. Split it by idea; if it "
                          "really is one idea, run `./dev lint --record-sizes` and say why in the commit")


def record(tree: Tree) -> tuple[str, list[str]]:
    """The new text of size.json, and the files that are too long to be recorded."""
    refused = [path for lines, path in longest(tree).values() if lines > MAX_LINES]
    sizes = {folder: min(lines, MAX_LINES) for folder, (lines, _) in sorted(longest(tree).items())}
    return json.dumps(sizes, indent=2) + "\n", refused
