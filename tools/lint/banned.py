"""Rule `banned`: calls and words that have a better replacement, which each message names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tree import Finding, SourceFile, Tree


def _anywhere(_: SourceFile) -> bool:
    return True


def _in_tests(file: SourceFile) -> bool:
    return file.is_test


def _not_in_tests(file: SourceFile) -> bool:
    return not file.is_test


def _in_headers(file: SourceFile) -> bool:
    return file.path.endswith(".h")


def _not_a_program(file: SourceFile) -> bool:
    """Whoever may print: the program itself, benchmarks, tests, and the assertion that ends the process."""
    return file.folder not in ("", "app") and not file.is_test and file.path != "src/base/assert.cc"


def _not_macro_home(file: SourceFile) -> bool:
    return file.path not in ("src/base/result.h", "src/base/assert.h")


@dataclass(frozen=True)
class Ban:
    pattern: str
    instead: str
    where: Callable[[SourceFile], bool] = _anywhere


_FUNCTION = r"(?<![\w.>])(?:std::|::)?"  # not a member, not part of a longer name

BANS = (
    Ban(_FUNCTION + r"v?sprintf\s*\(", "can write past its buffer; use fmt::format or fmt::format_to_n"),
    Ban(_FUNCTION + r"(?:strcpy|strcat|strncpy|strncat|gets|strtok)\s*\(", "is unsafe with lengths; use std::string_view or memcpy"),
    Ban(_FUNCTION + r"s?rand\s*\(", "has one hidden state; pass in a seeded std::mt19937_64"),
    Ban(_FUNCTION + r"(?:system|popen)\s*\(", "runs a shell; call the function itself"),
    Ban(_FUNCTION + r"(?:gmtime|localtime|asctime|ctime)\s*\(", "returns shared memory; use std::chrono and fmt"),
    Ban(_FUNCTION + r"(?:ato[ilf]|atoll|strto(?:l|ul|ll|ull|d|f))\s*\(", "hides errors; use base/numbers.h"),
    Ban(r"\bstd::sto(?:i|l|ul|ll|ull|f|d)\s*\(", "throws on bad input; use base/numbers.h"),
    Ban(_FUNCTION + r"strerror\s*\(", "is not thread-safe; use std::error_code(errno, std::generic_category()).message()"),
    Ban(_FUNCTION + r"(?:alloca|setjmp|longjmp)\s*\(", "breaks the stack's rules; use a container or a Result"),
    Ban(r"\.detach\s*\(\s*\)", "leaves a thread nobody waits for; keep a std::jthread and join it"),
    Ban(r"\bthrow\b(?!\s*(?:\(|std::bad_alloc))", "errors of input, peers and disks are values: return a Result", _not_in_tests),
    Ban(r"\bstd::(?:cout|cerr|clog)\b", "prints from a library; return the text, or log it (base/log.h)", _not_a_program),
    Ban(r"(?<![\w.>:])(?:std::)?(?:printf|puts|putchar)\s*\(", "prints from a library; return the text, or log it (base/log.h)",
        _not_a_program),
    Ban(r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\s*\(",
        "makes a test slow and still not certain; wait for the event (condition, latch, future), or move a ManualClock", _in_tests),
    Ban(r"\busing\s+namespace\b", "changes the meaning of names in every file that includes this one; name what is used", _in_headers),
    Ban(r"^\s*#\s*define\b", "macros hide control flow and types; use a function, template or constant", _not_macro_home),
)
_COMPILED = tuple((re.compile(ban.pattern), ban) for ban in BANS)


def check(tree: Tree) -> Iterator[Finding]:
    for file in tree.cpp():
        for number, line in enumerate(file.code_lines, 1):
            for pattern, ban in _COMPILED:
                match = pattern.search(line)
                if match and ban.where(file) and not file.allows(number, "banned"):
                    yield Finding(file.path, number, "banned", f"`{match[0].strip('( ')}` {ban.instead}")
