"""Rule `table`: rows of the tables that people read have all their texts.

A row is a braced value of a type named ...Row. No text in a row may be empty, and the error table must have a row, with
the enumerator's own name, for each error. A new table is covered by calling its row type SomethingRow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree import Finding, SourceFile, Tree

_ROW = re.compile(r"\b(\w+Row)\s*\{")
_ERRC_ROW = re.compile(r'ErrcRow\{\s*(\w+),\s*"([^"]*)",\s*"([^"]*)"')
_ENUM = re.compile(r"enum class Errc\b[^{]*\{([^}]*)\}")


def check(tree: Tree) -> Iterator[Finding]:
    for file in tree.cpp("src/"):
        if not file.is_test and file.path.endswith(".cc"):
            yield from _empty_texts(file)
    yield from _errors(tree)


def _empty_texts(file: SourceFile) -> Iterator[Finding]:
    code = "\n".join(file.code_lines)
    for match in _ROW.finditer(code):
        row = code[match.end():_closing(code, match.end())]
        if at := re.search(r'""', row):
            line = code.count("\n", 0, match.end() + at.start()) + 1
            if not file.allows(line, "table"):
                yield Finding(file.path, line, "table", f"a {match[1]} has an empty text: say it, people read this table")


def _closing(code: str, start: int) -> int:
    """The place of the brace that closes the one before `start`."""
    depth = 1
    for place in range(start, len(code)):
        depth += {"{": 1, "}": -1}.get(code[place], 0)
        if depth == 0:
            return place
    return len(code)


def _errors(tree: Tree) -> Iterator[Finding]:
    enum = _ENUM.search(tree.text("src/base/errc.h"))
    if not enum:
        return
    table = tree.text("src/base/errc.cc")
    rows = {match[1]: match for match in _ERRC_ROW.finditer(table)}
    for name in re.findall(r"\b([a-z]\w*)\b", re.sub(r"//[^\n]*", "", enum[1])):
        if name not in rows:
            yield Finding("src/base/errc.cc", 0, "table", f"no row for Errc::{name}: add one with name, text and codes")
            continue
        line = table.count("\n", 0, rows[name].start()) + 1
        if rows[name][2] != name:
            yield Finding("src/base/errc.cc", line, "table", f"the row of Errc::{name} is named \"{rows[name][2]}\": use the same name")
        if rows[name][3].endswith("."):
            yield Finding("src/base/errc.cc", line, "table", f"the text of Errc::{name} ends with a full stop: remove it")
