"""Rules about how a file looks: `pragma-once`, `doc-comment`, `unfinished`, `length`, and `readme` for folders."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree import Finding, SourceFile, Tree

MAX_LINES = 350
_COUNTED = (".cc", ".h", ".py", ".sh", ".java", ".go", ".cmake")
_TEXT = _COUNTED + (".md", ".txt", ".json", ".yml")
_UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
_FOR_NOW = re.compile(r"(?://|#|\*).*\bfor now\b", re.IGNORECASE)
# What may stand before a header's first doc comment.
_PREAMBLE = re.compile(r"^\s*(?:$|#|namespace\b|extern\b|using\b|inline constexpr\b|constexpr\b|(?:class|struct|enum class)\s+\w+;|//(?!/))")


def check(tree: Tree) -> Iterator[Finding]:
    for file in tree.files.values():
        if file.is_cpp and file.path.endswith(".h"):
            yield from _header(file)
        if file.path.endswith(_TEXT) and not file.path.startswith("tools/lint/"):
            yield from _unfinished(file)
        if file.path.endswith(_COUNTED) and len(file.lines) > MAX_LINES:
            yield Finding(file.path, MAX_LINES + 1, "length",
                          f"{len(file.lines)} lines, {MAX_LINES} are allowed: split it by idea, one file each")
    yield from _readmes(tree)


def _header(file: SourceFile) -> Iterator[Finding]:
    if not any(line.strip() == "#pragma once" for line in file.lines[:5]):
        yield Finding(file.path, 1, "pragma-once", "write `#pragma once` as the first line")
    for number, line in enumerate(file.lines, 1):
        if _PREAMBLE.match(line):
            continue
        if not line.lstrip().startswith("///"):
            yield Finding(file.path, number, "doc-comment",
                          "a header is a manual: before the first declaration say in a /// comment what it is for "
                          "(and units, ownership, threads, errors where they matter)")
        return


def _unfinished(file: SourceFile) -> Iterator[Finding]:
    for number, line in enumerate(file.lines, 1):
        if (match := _UNFINISHED.search(line)) and not file.allows(number, "unfinished"):
            yield Finding(file.path, number, "unfinished", f"`{match[0]}`: finish it, or open an issue and remove the note")
        elif file.is_cpp and _FOR_NOW.search(line):
            yield Finding(file.path, number, "unfinished", "`for now`: say what holds and why, or finish it")


def _readmes(tree: Tree) -> Iterator[Finding]:
    picture = tree.text("docs/ARCHITECTURE.md")
    for name in tree.src_folders():
        if f"src/{name}/README.md" not in tree.files:
            yield Finding(f"src/{name}/README.md", 0, "readme",
                          f"missing: say in 5 to 15 lines what {name}/ is for, what it may use, and where to start reading")
        if not re.search(rf"\b{name}/", picture):
            yield Finding("docs/ARCHITECTURE.md", 0, "readme", f"does not name {name}/: add it to the picture of the folders")
