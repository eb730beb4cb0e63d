"""Rule `core`: folders marked `core` in CMake do no I/O, start no threads and read no clock.

std::mutex and atomics are allowed: several reactors call the same objects. Time comes in as a parameter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from arrows import folders
from tree import Finding, Tree

# Parts of base that are the operating system's side, and why.
EXEMPT = {
    "src/base/os/": "the operating system parts of base",
    "src/base/assert.cc": "prints before it ends the process",
    "src/base/log.cc": "writes log lines",
}

_HEADERS = {
    r"thread|future|semaphore|latch|barrier|stop_token|condition_variable|pthread\.h":
        "starts or blocks threads; do that at the rim (net/, app/) and pass the result in",
    r"fstream|filesystem|iostream|cstdio|stdio\.h|fcntl\.h|unistd\.h":
        "does file or terminal I/O; go through store::Disk or return what is to be printed",
    r"sys/.*|netinet/.*|arpa/.*|netdb\.h|poll\.h|boost/asio.*|boost/beast.*":
        "is a socket or system header; that belongs to net/",
    r"ctime|time\.h|cstdlib_time": "reads the clock; take the time as a parameter",
}
_CALLS = {
    r"\b(?:system_clock|steady_clock|high_resolution_clock|utc_clock)::now\b": "reads the clock; take the time as a parameter",
    r"\b(?:clock_gettime|gettimeofday|std::time)\s*\(": "reads the clock; take the time as a parameter",
    r"\bstd::(?:jthread|thread|async|condition_variable(?:_any)?)\b": "starts or blocks threads; do that at the rim",
    r"\bsleep(?:_for|_until)?\s*\(": "blocks; hand out a deadline instead",
    r"\b(?:fopen|std::ofstream|std::ifstream|std::filesystem)\b": "touches files; go through store::Disk",
    r"\b(?:getenv|std::getenv)\s*\(": "reads the environment; take the value as a parameter",
    r"\bstd::random_device\b": "asks the system for chance; take a seed or a generator as a parameter",
}


def check(tree: Tree) -> Iterator[Finding]:
    core = {name for name, folder in folders(tree).items() if folder.kind == "core"}
    for file in tree.cpp("src/"):
        if file.folder not in core or file.is_test or any(file.path.startswith(path) for path in EXEMPT):
            continue
        for include in file.includes:
            for pattern, why in _HEADERS.items():
                if not include.quoted and re.fullmatch(pattern, include.path) and not file.allows(include.line, "core"):
                    yield Finding(file.path, include.line, "core", f"{file.folder}/ is core, and <{include.path}> {why}")
        for number, line in enumerate(file.code_lines, 1):
            for pattern, why in _CALLS.items():
                if (match := re.search(pattern, line)) and not file.allows(number, "core"):
                    yield Finding(file.path, number, "core", f"{file.folder}/ is core, and `{match[0].strip('( ')}` {why}")
