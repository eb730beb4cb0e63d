"""Rule `arrow`: a folder of src/ includes only itself and what its CMakeLists.txt links.

The one source of truth is the call in src/NAME/CMakeLists.txt:
    sluice_folder(NAME core|rim LINKS sluice_a sluice_b ONLY b/part)
ONLY narrows a link: with `ONLY b/part b/one.h`, of folder b only headers below b/part and that one may be included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tree import Finding, Tree

_CALL = re.compile(r"sluice_folder\(\s*(\w+)\s+(core|rim)\b([^)]*)\)")
_KEYWORDS = {"LINKS", "ONLY", "USES"}


@dataclass
class Folder:
    name: str
    kind: str
    links: list[str] = field(default_factory=list)
    only: list[str] = field(default_factory=list)

    def may_include(self, path: str) -> bool:
        target = path.split("/")[0]
        if target == self.name:
            return True
        parts = [part for part in self.only if part.split("/")[0] == target]
        return target in self.links and (not parts or any(path == part or path.startswith(part + "/") for part in parts))


def folders(tree: Tree) -> dict[str, Folder]:
    found = {}
    for name in tree.src_folders():
        if match := _CALL.search(tree.text(f"src/{name}/CMakeLists.txt")):
            found[match[1]] = _parse(match[1], match[2], match[3].split())
    return found


def _parse(name: str, kind: str, words: list[str]) -> Folder:
    folder, keyword = Folder(name, kind), ""
    for word in words:
        if word in _KEYWORDS:
            keyword = word
        elif keyword == "LINKS":
            folder.links.append(word.removeprefix("sluice_"))
        elif keyword == "ONLY":
            folder.only.append(word)
    return folder


def check(tree: Tree) -> Iterator[Finding]:
    known = folders(tree)
    for name in tree.src_folders():
        if name not in known:
            yield Finding(f"src/{name}/CMakeLists.txt", 0, "arrow",
                          f"folder without target: add `sluice_folder({name} core|rim LINKS ...)`")
    yield from _cycles(known)
    for file in tree.cpp("src/"):
        if file.folder not in known:
            continue
        for include in file.includes:
            target = include.path.split("/")[0]
            if not include.quoted or file.allows(include.line, "arrow"):
                continue
            if target not in known:
                yield Finding(file.path, include.line, "arrow",
                              f'"{include.path}" is not below src/: write the path from src/, or <...> for a library')
            elif not known[file.folder].may_include(include.path):
                yield Finding(file.path, include.line, "arrow", _refusal(known[file.folder], include.path))


def _refusal(folder: Folder, path: str) -> str:
    allowed = ", ".join(folder.only + [l for l in folder.links if not any(o.startswith(l + "/") for o in folder.only)])
    return (f'{folder.name}/ must not include "{path}": it may use {allowed or "nothing else"}. Move the code to the folder '
            f"that may, or declare an interface in {folder.name}/ (docs/ARCHITECTURE.md shows the arrows)")


def _cycles(known: dict[str, Folder]) -> Iterator[Finding]:
    """A depth-first walk: a link back to a folder on the path is a cycle."""
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> Iterator[Finding]:
        if name in path:
            ring = " -> ".join(path[path.index(name):] + [name])
            yield Finding(f"src/{name}/CMakeLists.txt", 0, "arrow", f"the folders form a cycle: {ring}; remove a link")
        elif name in known and name not in done:
            for link in known[name].links:
                yield from walk(link, path + [name])
            done.add(name)

    for name in known:
        yield from walk(name, [])
