"""The files that the rules look at, and C++ text with comments and strings blanked out.

Rules are functions `check(tree)` that yield findings. They see files only through Tree, so tests hand them a few lines
of text instead of a folder.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_TOKENS = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      |(?P<raw>R"(?P<mark>[^()\\\s]*)\(.*?\)(?P=mark)")
      |(?P<string>"(?:\\.|[^"\\\n])*")
      |(?P<number>\b\d[\w.]*(?:'\w+)*)
      |(?P<char>'(?:\\.|[^'\\\n])+')""",
    re.DOTALL | re.VERBOSE,
)
_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


@dataclass(frozen=True)
class Finding:
    """One message: where, which rule, what is wrong and what to do. Line 0 means the file as a whole."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line or 1}: [{self.rule}] {self.message}"


@dataclass(frozen=True)
class Include:
    line: int
    path: str
    quoted: bool


class SourceFile:
    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text

    @property
    def folder(self) -> str:
        """`store` for src/store/x.cc, "" outside src/."""
        parts = self.path.split("/")
        return parts[1] if len(parts) > 2 and parts[0] == "src" else ""

    @property
    def is_cpp(self) -> bool:
        return self.path.endswith((".cc", ".h"))

    @property
    def is_test(self) -> bool:
        return self.path.endswith("_test.cc") or "/testing/" in self.path or self.path.startswith("tests/")

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def code_lines(self) -> list[str]:
        """The lines with comments and the inside of strings blanked; columns stay where they are."""
        return _blank(self.text, strings=True).splitlines()

    @cached_property
    def includes(self) -> list[Include]:
        found = []
        for number, line in enumerate(_blank(self.text, strings=False).splitlines(), 1):
            if match := _INCLUDE.match(line):
                found.append(Include(number, match[2], match[1] == '"'))
        return found

    def allows(self, line: int, rule: str) -> bool:
        """Whether the line, or the one above it, says `lint: allow(RULE)` (a reason should follow)."""
        mark = f"lint: allow({rule})"
        return any(mark in self.lines[i] for i in (line - 1, line - 2) if 0 <= i < len(self.lines))


def _blank(text: str, strings: bool) -> str:
    def replace(match: re.Match[str]) -> str:
        if match["number"] or (match["comment"] is None and not strings):
            return match[0]
        if match["comment"] is None:
            return match[0][0] + re.sub(r"[^\n]", " ", match[0][1:-1]) + match[0][-1]
        return re.sub(r"[^\n]", " ", match[0])

    return _TOKENS.sub(replace, text)


class Tree:
    """All files that git knows or would add, by path relative to the root."""

    def __init__(self, files: dict[str, str], root: Path | None = None) -> None:
        self.root = root
        self.files = {path: SourceFile(path, text) for path, text in sorted(files.items())}

    @classmethod
    def read(cls, root: Path) -> Tree:
        listed = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, capture_output=True, text=True,
        ).stdout
        files = {}
        for path in filter(None, listed.split("\0")):
            try:
                files[path] = (root / path).read_text(encoding="utf-8")
            except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
                continue
        return cls(files, root)

    def cpp(self, below: str = "") -> list[SourceFile]:
        return [f for f in self.files.values() if f.is_cpp and f.path.startswith(below)]

    def text(self, path: str) -> str:
        found = self.files.get(path)
        return found.text if found else ""

    def src_folders(self) -> list[str]:
        return sorted({f.folder for f in self.files.values() if f.folder})
